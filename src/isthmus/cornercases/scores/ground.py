"""The ground: wet road, snow cover.

A wet road mirrors what stands behind it: its columns follow the columns above the horizon, and its
own texture goes. Snow makes the ground the brightest thing beside the sky, without colour.
"""

from __future__ import annotations

import numpy as np

from isthmus.cornercases.order import quantile
from isthmus.cornercases.scores.picture import Picture
from isthmus.cornercases.scores.score import Cues, Score
from isthmus.features.blocks import shrink

ROAD_ROWS, ROAD_COLUMNS = (0.65, 0.95), (0.15, 0.85)


def road(picture: Picture) -> Cues:
    """Of the road before the camera, rows 65 to 95 %, columns 15 to 85 %.

    mirror: see the function; drawn: log ratio of differences across to those down (mirrored lights
    are drawn out downwards); bright: its median luma less the frame's; spread: deviation of its
    luma.
    """
    ground = picture.luma[picture.rows(*ROAD_ROWS), picture.columns(*ROAD_COLUMNS)]
    across = float(np.abs(np.diff(ground, axis=1)).mean())
    down = float(np.abs(np.diff(ground, axis=0)).mean())
    return {
        "mirror": mirror(picture),
        "drawn": float(np.log((across + 1e-3) / (down + 1e-3))),
        "bright": quantile(ground, 0.5) - quantile(picture.luma, 0.5),
        "spread": float(ground.std()),
    }


def mirror(picture: Picture) -> float:
    """Correlation of the brightness of the road's columns with that of the columns above."""
    profiles = []
    for rows in (ROAD_ROWS, (0.2, 0.5)):
        means = picture.luma[picture.rows(*rows), picture.columns(*ROAD_COLUMNS)].mean(axis=0)
        profiles.append(means - means.mean())
    below, above = profiles
    norm = float(np.sqrt((below**2).sum() * (above**2).sum())) + 1e-6
    return float((below * above).sum()) / norm


def snow(picture: Picture) -> Cues:
    """Of the lower 45 %: how light against the sky and what stands behind, and how it looks.

    against_sky: median L* less the upper part's; top: 90th percentile of L* less the upper part's
    (pale asphalt in the sun stays below a sky, snow does not); pale: pale grey area; high: 90th
    percentile of L* less the middle band's median; chroma: log10 of its median; blue: median b*
    (shaded snow takes the sky's colour); patches: log of the deviation of L* without fine detail;
    smooth: log of fine differences over brightness (snow hides the road's grain).
    """
    light, _, b = picture.lab
    lower, middle, upper = picture.rows(0.55, 1), picture.rows(0.3, 0.5), picture.rows(0, 0.3)
    ground, sky, chroma = light[lower], light[upper], picture.chroma[lower]
    pale = (ground > 0.7 * quantile(light, 0.9)) & (chroma < 10)
    fine = float(np.abs(picture.fine[lower]).mean()) / (float(picture.luma[lower].mean()) + 0.02)
    high = quantile(ground, 0.9)
    return {
        "against_sky": (quantile(ground, 0.5) - quantile(sky, 0.5)) / 100,
        "top": (high - quantile(sky, 0.9)) / 100,
        "pale": float(pale.mean()),
        "high": (high - quantile(light[middle], 0.5)) / 100,
        "chroma": float(np.log10(quantile(chroma, 0.5) + 0.5)),
        "blue": quantile(b[lower], 0.5) / 20,
        "patches": float(np.log(shrink(ground, 4).std() + 1)),
        "smooth": float(np.log(fine + 1e-3)),
    }


WET_ROAD = Score("wet_road", "Wet road", road)
SNOW_COVER = Score("snow_cover", "Snow on the ground", snow)
