"""Smoothing that several effects share: blurs, smooth noise, edge-aware maps."""

from __future__ import annotations

import numpy as np

from isthmus.augment.linear import Floats


def shrink(plane: Floats, factor: int) -> Floats:
    """Means of factor × factor blocks of (h, w); the last, partial blocks are left out."""
    height, width = (side // factor * factor for side in plane.shape)
    blocks = plane[:height, :width].reshape(height // factor, factor, width // factor, factor)
    return np.asarray(blocks.sum(axis=3).sum(axis=1) / np.float32(factor**2), np.float32)


def enlarge(plane: Floats, shape: tuple[int, int]) -> Floats:
    """(h, w) resampled to `shape`, bilinear."""
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(plane, np.float32))
    return np.asarray(image.resize(shape[::-1], Image.Resampling.BILINEAR), np.float32)


def gauss(plane: Floats, sigma: float) -> Floats:
    """Gaussian blur of (h, w), edges repeated; wide ones are made on a smaller picture."""
    from scipy.ndimage import gaussian_filter

    factor = int(np.clip(sigma // 3, 1, min(plane.shape) // 8))
    if factor == 1:
        return np.asarray(gaussian_filter(plane, sigma, mode="nearest", truncate=3), np.float32)
    small = gaussian_filter(shrink(plane, factor), sigma / factor, mode="nearest", truncate=3)
    return enlarge(np.asarray(small, np.float32), plane.shape)


def smooth_noise(
    rng: np.random.Generator, shape: tuple[int, int], cells: tuple[int, ...]
) -> Floats:
    """(h, w) noise with mean near 0 and deviation near 1: a sum of octaves.

    Args:
        rng: draws the same numbers whatever the size of the picture.
        shape: of the result.
        cells: number of noise cells across the picture, one octave each; halved amplitudes.
    """
    total = np.zeros(shape, np.float32)
    power = 0.0
    for octave, count in enumerate(cells):
        weight = 0.55**octave
        grid = rng.standard_normal((count, count), dtype=np.float32)
        total += np.float32(weight) * _cubic(grid, shape)
        power += weight**2
    return np.asarray(total / np.float32(0.94 * np.sqrt(power)), np.float32)


def normal_noise(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Independent normal deviates in 4096 steps: several times faster than exact ones."""
    from scipy.special import ndtri

    table = ndtri((np.arange(4096) + 0.5) / 4096).astype(np.float32)
    return np.take(table, rng.integers(0, 4096, shape, dtype=np.uint16))


def _cubic(grid: Floats, shape: tuple[int, int]) -> Floats:
    from PIL import Image

    image = Image.fromarray(grid)
    return np.asarray(image.resize(shape[::-1], Image.Resampling.BICUBIC), np.float32)


def guided(guide: Floats, plane: Floats, radius: int, epsilon: float) -> Floats:
    """`plane` (h, w) smoothed along the edges of `guide` (h, w, values 0–1).

    He, Sun, "Fast guided filter" (2015): the linear model is fitted on a smaller picture.
    """
    from scipy.ndimage import uniform_filter

    factor = max(1, min(4, min(guide.shape) // 32))
    small_guide, small_plane = shrink(guide, factor), shrink(plane, factor)
    size = 2 * max(1, radius // factor) + 1

    def mean(values: Floats) -> Floats:
        return np.asarray(uniform_filter(values, size, mode="nearest"), np.float32)

    mean_guide, mean_plane = mean(small_guide), mean(small_plane)
    variance = mean(small_guide**2) - mean_guide**2
    slope = (mean(small_guide * small_plane) - mean_guide * mean_plane) / (variance + epsilon)
    offset = mean_plane - slope * mean_guide
    shape = (guide.shape[0], guide.shape[1])
    return enlarge(mean(slope), shape) * guide + enlarge(mean(offset), shape)
