"""Small bright marks: drops and flakes in the air, splashes on the road.

Garg & Nayar ("Vision and rain", IJCV 2007): a drop refracts light of the whole scene and is
brighter than what is behind it. A mark is what an opening by lines in four directions takes away
(a top-hat): edges and road markings are long in one direction and stay. Noise makes as many dark
marks as bright ones: what counts is by how much the bright ones outweigh. Marks are seen where the
scene itself is smooth and not near white: there alone they are counted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))
REACH = 2
"""Pixels to either side of the middle of an opening's line."""
NEAR_WHITE = 0.75
FEWEST = 100
"""Pixels of smooth ground below which all of the part is taken."""
LOW = 0.6
"""Share of the height from which down a picture shows road."""
Array = NDArray[np.floating[Any]]


def marks_of(luma: Array) -> dict[str, float]:
    """Amount of bright marks, and how they outweigh dark ones, in the upper 60 % and below.

    Args:
        luma: (h, w), gamma-coded, [0, 1].

    amount_up, amount_low: log10 of their mean height in luma; outweigh_up, outweigh_low: log of
    the ratio of bright to dark.
    """
    ground = _opened(luma)
    bright, dark = luma - ground, 1 - luma - _opened(1 - luma)
    smooth = gaussian_filter(ground, 2)
    slope = np.hypot(*np.gradient(smooth))
    split = round(LOW * len(luma))
    found = {}
    for name, rows in (("up", slice(0, split)), ("low", slice(split, None))):
        grey = smooth[rows] < NEAR_WHITE
        chosen = grey & (slope[rows] <= np.median(slope[rows][grey])) if grey.any() else grey
        if chosen.sum() < FEWEST:
            chosen = np.ones_like(grey)
        above, below = (float(part[rows][chosen].mean()) + 1e-3 for part in (bright, dark))
        found[f"amount_{name}"] = float(np.log10(above))
        found[f"outweigh_{name}"] = float(np.log(above / below))
    return found


def _opened(value: Array) -> Array:
    """The greatest of the openings by a line of five pixels in each direction."""
    best = np.zeros_like(value)
    for step in DIRECTIONS:
        eroded = _along(value, step, np.minimum)
        np.maximum(best, _along(eroded, step, np.maximum), out=best)
    return best


def _along(value: Array, step: tuple[int, int], extreme: Callable[..., Any]) -> Array:
    """Smallest or greatest value along a line; edges are continued."""
    height, width = value.shape
    padded = np.pad(value, REACH, mode="edge")
    found = value.copy()
    for k in range(-REACH, REACH + 1):
        y, x = REACH + k * step[0], REACH + k * step[1]
        extreme(found, padded[y : y + height, x : x + width], out=found)
    return found
