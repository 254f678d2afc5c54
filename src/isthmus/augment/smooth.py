"""Smoothing that several effects share: blurs, smooth noise, edge-aware maps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from isthmus.augment.linear import Floats, looked_up
from isthmus.augment.separable import gaussian
from isthmus.features.blocks import shrink


def enlarge(plane: Floats, shape: tuple[int, int]) -> Floats:
    """(h, w) resampled to `shape`, bilinear."""
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(plane, np.float32))
    return np.asarray(image.resize(shape[::-1], Image.Resampling.BILINEAR), np.float32)


def gauss(plane: Floats, sigma: float) -> Floats:
    """Gaussian blur of (h, w), edges repeated; wide ones are made on a smaller picture."""
    factor = _factor(plane, sigma)
    if factor == 1:
        return gaussian(plane, sigma)
    return enlarge(gaussian(shrink(plane, factor), sigma / factor), plane.shape)


def blurred(light: Floats, sigma: float) -> Floats:
    """Gaussian blur of (h, w, 3); see `gauss`."""
    factor = _factor(light, sigma)
    if factor == 1:
        return gaussian(light, sigma)
    small = gaussian(shrink(light, factor), sigma / factor)
    out = np.empty(light.shape, np.float32)
    for c in range(light.shape[2]):
        out[..., c] = enlarge(small[..., c], (light.shape[0], light.shape[1]))
    return out


def _factor(picture: Floats, sigma: float) -> int:
    """How many times smaller a picture is made before it is blurred by `sigma` pixels."""
    return int(np.clip(sigma // 3, 1, min(picture.shape[:2]) // 8))


def disc_blurred(light: Floats, radius: float) -> Floats:
    """(h, w, 3) with each point spread over a disc of `radius` pixels, edges repeated.

    Large discs are made on a smaller picture.
    """
    factor = int(np.clip(radius // 4, 1, min(light.shape[:2]) // 8))
    small = light if factor == 1 else shrink(light, factor)
    disc = _disc(radius / factor)
    half = len(disc) // 2
    padded = np.pad(small, ((half, half), (half, half), (0, 0)), mode="edge")
    height, width = small.shape[:2]
    out = np.zeros_like(small)
    for (i, j), weight in np.ndenumerate(disc):
        if weight > 0:
            out += np.float32(weight) * padded[i : i + height, j : j + width]
    if factor == 1:
        return out
    shape = (light.shape[0], light.shape[1])
    return np.stack([enlarge(out[..., c], shape) for c in range(3)], axis=-1)


def _disc(radius: float) -> NDArray[np.float64]:
    """(2 k + 1, 2 k + 1) weights of a disc on pixels, which sum to 1."""
    half = int(np.ceil(radius)) + 1
    # Points of the disc, each shared out among the four pixels around it.
    line = (np.arange(48) + 0.5) / 24 - 1
    y, x = (axis.ravel() * radius + half for axis in np.meshgrid(line, line, indexing="ij"))
    inside = (y - half) ** 2 + (x - half) ** 2 <= radius**2
    y, x = y[inside], x[inside]
    top, left = np.floor(y).astype(int), np.floor(x).astype(int)
    weights = np.zeros((2 * half + 1, 2 * half + 1))
    for i, down in ((0, 1 - (y - top)), (1, y - top)):
        for j, right in ((0, 1 - (x - left)), (1, x - left)):
            np.add.at(weights, (top + i, left + j), down * right)
    return np.asarray(weights / weights.sum())


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
    return looked_up(table, rng.integers(0, 4096, shape, dtype=np.uint16))


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
