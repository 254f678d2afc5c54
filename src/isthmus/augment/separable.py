"""Gaussian and box filters of pictures, a line at a time over whole rows of memory.

The sums are those of `scipy.ndimage` (edges repeated, doubles added in the same order), and so are
the bits of the results; walking rows rather than columns takes a third of the time.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from isthmus.augment.linear import Floats


def gaussian(picture: Floats, sigma: float, truncate: float = 3.0) -> Floats:
    """Picture (h, w) or (h, w, c) blurred by a Gaussian of `sigma` pixels, cut off at `truncate`.

    Equals ``gaussian_filter(…, mode="nearest")`` on each channel.
    """
    weights = _weights(sigma, truncate)
    return _along_rows(_down_columns(picture, weights), weights)


def upright(picture: Floats, size: int) -> Floats:
    """Picture (h, w, c) blurred along columns by two boxes of `size` pixels, which is odd.

    Along rows it is blurred a little, by a Gaussian of 0.8 pixels.
    """
    twice = _boxed(_boxed(_plain(picture), size), size)
    return _along_rows(twice.reshape(picture.shape), _weights(0.8, 2.0))


def _plain(picture: Floats) -> Floats:
    return np.ascontiguousarray(picture, np.float32).reshape(len(picture), -1)


def _weights(sigma: float, truncate: float) -> NDArray[np.float64]:
    """(r + 1,) weights of a point and of those 1 to r pixels away, on one side."""
    radius = int(truncate * sigma + 0.5)
    weights = np.exp(-0.5 / sigma**2 * np.arange(-radius, radius + 1) ** 2)
    return np.asarray((weights / weights.sum())[radius:])


def _down_columns(picture: Floats, weights: NDArray[np.float64]) -> Floats:
    out = np.empty(picture.shape, np.float32)
    _columns(_plain(picture), weights, out.reshape(len(out), -1))
    return out


def _along_rows(picture: Floats, weights: NDArray[np.float64]) -> Floats:
    out = np.empty(picture.shape, np.float32)
    channels = picture.shape[2] if picture.ndim == 3 else 1
    _rows(_plain(picture), weights, channels, out.reshape(len(out), -1))
    return out


def _boxed(picture: Floats, size: int) -> Floats:
    out = np.empty_like(picture)
    _box(picture, size, out)
    return out


@njit(cache=True, nogil=True)
def _columns(picture, weights, out):  # type: ignore[no-untyped-def]
    """Correlate each column with symmetric weights, farthest points first."""
    height, width = picture.shape
    total = np.empty(width)
    for y in range(height):
        row = picture[y]
        for x in range(width):
            total[x] = row[x] * weights[0]
        for step in range(len(weights) - 1, 0, -1):
            above, below = picture[max(y - step, 0)], picture[min(y + step, height - 1)]
            for x in range(width):
                total[x] += (np.float64(above[x]) + np.float64(below[x])) * weights[step]
        for x in range(width):
            out[y, x] = total[x]


@njit(cache=True, nogil=True)
def _rows(picture, weights, channels, out):  # type: ignore[no-untyped-def]
    """Correlate each row with symmetric weights, farthest points first."""
    height, width = picture.shape
    reach = (len(weights) - 1) * channels
    line = np.empty(width + 2 * reach)
    total = np.empty(width)
    for y in range(height):
        for x in range(width):
            line[reach + x] = picture[y, x]
        for x in range(reach):
            line[x] = picture[y, x % channels]
            line[reach + width + x] = picture[y, width - channels + x % channels]
        for x in range(width):
            total[x] = line[reach + x] * weights[0]
        for step in range(len(weights) - 1, 0, -1):
            left, right = line[reach - step * channels :], line[reach + step * channels :]
            for x in range(width):
                total[x] += (left[x] + right[x]) * weights[step]
        for x in range(width):
            out[y, x] = total[x]


@njit(cache=True, nogil=True)
def _box(picture, size, out):  # type: ignore[no-untyped-def]
    """Mean of `size` points of each column, as a running sum."""
    height, width = picture.shape
    half = size // 2
    total = np.zeros(width)
    for step in range(-half, half + 1):
        row = picture[min(max(step, 0), height - 1)]
        for x in range(width):
            total[x] += row[x]
    for x in range(width):
        out[0, x] = total[x] / size
    for y in range(1, height):
        gone = picture[min(max(y - 1 - half, 0), height - 1)]
        come = picture[min(y + half, height - 1)]
        for x in range(width):
            total[x] += np.float64(come[x]) - np.float64(gone[x])
            out[y, x] = total[x] / size
