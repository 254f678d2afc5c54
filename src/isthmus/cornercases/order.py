"""Order statistics of a picture: extremes within windows, openings by lines, and quantiles.

A window's extreme is found by doubling: the extreme of two windows of w pixels, w pixels apart, is
that of 2 w. A window of n pixels takes about log2(n) passes over all of the picture, which is seen
as one long row with a margin: a step in any direction is a shift of it, and what wraps round falls
into the margin.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", np.uint8, np.float32)


def extreme_around(values: NDArray[Number], size: int, extreme: np.ufunc) -> NDArray[Number]:
    """Smallest or greatest (`np.minimum`, `np.maximum`) in a square around each pixel of (h, w).

    Args:
        size: of the square, odd, 3 or more; the picture's edges are continued.
    """
    margin = size // 2
    padded = np.pad(values, margin, mode="edge")
    row = padded.shape[1]
    found = _windows(_windows(padded.ravel(), 1, size, extreme), row, size, extreme)
    start = margin * (1 + row)
    padded.ravel()[start : start + found.size] = found
    return padded[margin:-margin, margin:-margin]


def opened(
    values: NDArray[Number], steps: Iterable[tuple[int, int]], reach: int
) -> NDArray[Number]:
    """The greatest of the openings of (h, w) by lines: what is shorter in every direction goes.

    Args:
        steps: (rows, columns) from a line's pixel to the next: (1, 0), (0, 1), (1, 1) or (1, -1).
        reach: a line has `2 reach + 1` pixels; the picture's edges are continued.
    """
    margin, size = 2 * reach, 2 * reach + 1
    padded = np.pad(values, margin, mode="edge")
    flat, best = padded.ravel(), np.zeros(padded.size, padded.dtype)
    for down, across in steps:
        shift = down * padded.shape[1] + across
        lowest = _windows(flat, shift, size, np.minimum)
        highest = _windows(lowest, shift, size, np.maximum)
        part = best[margin * shift :][: highest.size]
        np.maximum(part, highest, out=part)
    return best.reshape(padded.shape)[margin:-margin, margin:-margin]


def _windows(flat: NDArray[Number], shift: int, size: int, extreme: np.ufunc) -> NDArray[Number]:
    """The extreme of `size` entries from each on, `shift` apart; as many fewer entries."""
    span = 1
    while span < size:
        more = min(span, size - span)
        flat = extreme(flat[: -more * shift], flat[more * shift :])
        span += more
    return flat


def quantile(values: NDArray[Any], share: float) -> float:
    """The value of which `share` of all lie below; one of them, not between two."""
    flat = values.ravel()
    rank = int((flat.size - 1) * share)
    return float(np.partition(flat, rank)[rank])
