"""Falling rain and snow: small bright marks before smooth ground, and splashes on the road.

Garg & Nayar ("Vision and rain", IJCV 2007): a drop refracts light of the whole scene and is
brighter than what is behind it. A mark is what an opening by lines in four directions takes away
(a top-hat): edges and road markings are long in one direction and stay. Noise makes as many dark
marks as bright ones: what counts is by how much the bright ones outweigh. Marks are seen where the
scene itself is smooth and not near white: there alone they are counted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from isthmus.cornercases.scores.picture import Picture
from isthmus.cornercases.scores.score import Cues, Score

DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))
REACH = 2
"""Pixels to either side of the middle of an opening's line."""
NEAR_WHITE = 0.75
FEWEST = 100
"""Pixels of smooth ground below which all of the part is taken."""
PARTS = {"up": (0.0, 0.6), "low": (0.6, 1.0)}


def marks(picture: Picture) -> dict[str, float]:
    """Amount of bright marks, and how they outweigh dark ones, in the upper 60 % and below.

    amount_up, amount_low: log10 of their mean height in luma; outweigh_up, outweigh_low: log of
    the ratio of bright to dark.
    """
    value = picture.luma
    ground = _opened(value)
    bright, dark = value - ground, 1 - value - _opened(1 - value)
    smooth = gaussian_filter(ground, 2)
    slope = np.hypot(*np.gradient(smooth))
    found = {}
    for name, (first, last) in PARTS.items():
        rows = picture.rows(first, last)
        grey = smooth[rows] < NEAR_WHITE
        chosen = grey & (slope[rows] <= np.median(slope[rows][grey])) if grey.any() else grey
        if chosen.sum() < FEWEST:
            chosen = np.ones_like(grey)
        above, below = (float(part[rows][chosen].mean()) + 1e-3 for part in (bright, dark))
        found[f"amount_{name}"] = float(np.log10(above))
        found[f"outweigh_{name}"] = float(np.log(above / below))
    return found


def _opened(value: NDArray[np.floating]) -> NDArray[np.floating]:
    """The greatest of the openings by a line of five pixels in each direction."""
    steps = range(-REACH, REACH + 1)
    best = np.zeros_like(value)
    for down, right in DIRECTIONS:
        lines = [np.roll(value, (k * down, k * right), (0, 1)) for k in steps]
        eroded = np.minimum.reduce(lines)
        lines = [np.roll(eroded, (k * down, k * right), (0, 1)) for k in steps]
        best = np.maximum(best, np.maximum.reduce(lines))
    return best


def _sky(picture: Picture) -> dict[str, float]:
    """Colour of the upper 60 % (rain and snow fall from grey skies), and its median L*."""
    part = picture.rows(0, 0.6)
    light, a, b = picture.lab
    return {
        "grey": float(np.log10(np.hypot(a[part], b[part]).mean() + 0.5)),
        "pale": float(np.median(light[part])) / 100,
    }


def rain_cues(picture: Picture) -> Cues:
    """Splashes on the road, marks above, the sky's grey, and how the road mirrors."""
    from isthmus.cornercases.scores.ground import road

    found = marks(picture)
    kept = {name: found[name] for name in ("amount_low", "outweigh_low", "outweigh_up")}
    return kept | {"grey": _sky(picture)["grey"], "mirror": road(picture)["mirror"]}


def snow_cues(picture: Picture) -> Cues:
    """Marks above and before the road, the sky's grey."""
    found = marks(picture)
    kept = {name: found[name] for name in ("amount_up", "outweigh_up", "outweigh_low")}
    return kept | _sky(picture)


RAIN = Score("rain", "Rain", rain_cues)
SNOWFALL = Score("snowfall", "Falling snow", snow_cues)
