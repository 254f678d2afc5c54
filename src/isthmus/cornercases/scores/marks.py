"""Small bright marks: drops and flakes in the air, splashes on the road.

Garg & Nayar ("Vision and rain", IJCV 2007): a drop refracts light of the whole scene and is
brighter than what is behind it. A mark is what an opening by lines in four directions takes away
(a top-hat): edges and road markings are long in one direction and stay. Noise makes as many dark
marks as bright ones: what counts is by how much the bright ones outweigh. Marks are seen where the
scene itself is smooth and not near white: there alone they are counted.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from isthmus.cornercases.order import opened, quantile
from isthmus.features.blocks import shrink
from isthmus.features.colour import Array

DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))
REACH = 2
"""Pixels to either side of the middle of an opening's line."""
NEAR_WHITE = 0.75
SHRUNK = 2
"""Blocks of so many pixels a side are told smooth or not."""
FEWEST = 25
"""Blocks of smooth ground below which all of the part is taken."""
LOW = 0.6
"""Share of the height from which down a picture shows road."""


def marks_of(luma: Array) -> dict[str, float]:
    """Amount of bright marks, and how they outweigh dark ones, in the upper 60 % and below.

    Args:
        luma: (h, w), gamma-coded, [0, 1].

    amount_up, amount_low: log10 of their mean height in luma; outweigh_up, outweigh_low: log of
    the ratio of bright to dark.
    """
    ground = opened(luma, DIRECTIONS, REACH)
    inverse = 1 - luma
    bright, dark = luma - ground, inverse - opened(inverse, DIRECTIONS, REACH)
    smooth = np.asarray(gaussian_filter(shrink(ground, SHRUNK), 2 / SHRUNK, mode="nearest"))
    down, across = np.gradient(smooth)
    steep = np.asarray(down * down + across * across, np.float32)
    bright, dark = shrink(bright, SHRUNK), shrink(dark, SHRUNK)
    split = round(LOW * len(smooth))
    found = {}
    for name, rows in (("up", slice(0, split)), ("low", slice(split, None))):
        grey = smooth[rows] < NEAR_WHITE
        slope = steep[rows]
        chosen = grey & (slope <= quantile(slope[grey], 0.5)) if grey.any() else grey
        if chosen.sum() < FEWEST:
            chosen = np.ones_like(grey)
        above, below = (float(mark[rows][chosen].mean()) + 1e-3 for mark in (bright, dark))
        found[f"amount_{name}"] = float(np.log10(above))
        found[f"outweigh_{name}"] = float(np.log(above / below))
    return found
