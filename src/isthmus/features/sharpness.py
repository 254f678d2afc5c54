"""Sharpness: how much of an image's detail a blur would remove.

One minus the blur metric of Crété, Dolmiere, Ladret and Nicolas, "The blur effect: perception and
estimation with a new no-reference perceptual blur metric" (SPIE 6492, 2007).
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter1d

from isthmus.features.colour import Array

BLUR_TAPS = 9


def sharpness_by_axis(brightness: Array) -> tuple[float, float]:
    """Share of the neighbour differences of (h, w) that a 9-pixel blur takes away, [0, 1].

    First down the columns (what horizontal edges have), then along the rows.
    """
    kept = []
    for axis in (0, 1):
        smooth = uniform_filter1d(brightness, BLUR_TAPS, axis=axis, mode="reflect")
        before = np.abs(np.diff(brightness, axis=axis))
        after = np.abs(np.diff(smooth, axis=axis))
        total = float(before.sum(dtype=np.float64))
        lost = float(np.maximum(before - after, 0).sum(dtype=np.float64))
        kept.append(lost / total if total > 0 else 0.0)
    return kept[0], kept[1]


def sharpness_of(brightness: Array) -> float:
    """The smaller of both directions' sharpness, [0, 1].

    About 0.7 for crisp images, below 0.45 for visibly blurred ones. A constant image has 0.
    """
    return min(sharpness_by_axis(brightness))
