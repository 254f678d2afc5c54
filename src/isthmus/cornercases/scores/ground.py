"""The ground: wet road, snow cover.

A wet road mirrors what stands behind it: its columns follow the columns above the horizon, and its
own texture goes. Snow makes the ground the brightest thing beside the sky, without colour.
"""

from __future__ import annotations

import numpy as np

from isthmus.cornercases.scores.picture import Picture
from isthmus.cornercases.scores.score import Cues, Score


def road(picture: Picture) -> dict[str, float]:
    """Of the road before the camera, rows 65 to 95 %, columns 15 to 85 %.

    mirror: correlation of its columns' brightness with that of the columns above; drawn: log ratio
    of differences across to those down (mirrored lights are drawn out downwards); bright: its
    median luma less the frame's; spread: deviation of its luma.
    """
    columns = picture.columns(0.15, 0.85)
    ground = picture.luma[picture.rows(0.65, 0.95), columns]
    above = picture.luma[picture.rows(0.2, 0.5), columns]
    profile, other = ground.mean(axis=0), above.mean(axis=0)
    profile, other = profile - profile.mean(), other - other.mean()
    norm = float(np.sqrt((profile**2).sum() * (other**2).sum())) + 1e-6
    across = float(np.abs(np.diff(ground, axis=1)).mean())
    down = float(np.abs(np.diff(ground, axis=0)).mean())
    return {
        "mirror": float((profile * other).sum()) / norm,
        "drawn": float(np.log((across + 1e-3) / (down + 1e-3))),
        "bright": float(np.median(ground) - np.median(picture.luma)),
        "spread": float(ground.std()),
    }


def snow(picture: Picture) -> Cues:
    """Of the lower 45 %: median L* less the upper part's, pale grey area, chroma."""
    light, a, b = picture.lab
    lower, upper = picture.rows(0.55, 1), picture.rows(0, 0.3)
    chroma = np.hypot(a[lower], b[lower])
    level = float(np.quantile(light, 0.9))
    pale = (light[lower] > 0.7 * level) & (chroma < 10)
    return {
        "against_sky": float(np.median(light[lower]) - np.median(light[upper])) / 100,
        "pale": float(pale.mean()),
        "chroma": float(np.log10(chroma.mean() + 0.5)),
    }


WET_ROAD = Score("wet_road", "Wet road", road)
SNOW_COVER = Score("snow_cover", "Snow on the ground", snow)
