"""The ground: wet road, snow cover.

A wet road mirrors what stands behind it: its columns follow the columns above the horizon, and its
own texture goes. Snow makes the ground the brightest thing beside the sky, without colour.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from isthmus.cornercases.scores.picture import Picture
from isthmus.cornercases.scores.score import Cues, Score

FLOOR = 0.005
"""Linear luminance below which a camera shows noise."""


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
    """Of the lower 45 %: how light against the sky, the frame's dark parts and what stands behind.

    against_sky: median L* less the upper part's; pale: pale grey area; against_dark: log ratio of
    its median luminance to the frame's 10th percentile (snow lights shadows from below); high:
    90th percentile of L* less the middle band's median; chroma: log10 of its median; blue: median
    b* (shaded snow takes the sky's colour); patches: log of the deviation of L* without fine
    detail; smooth: log of fine differences over brightness (snow hides the road's grain).
    """
    light, a, b = picture.lab
    lower, middle, upper = picture.rows(0.55, 1), picture.rows(0.3, 0.5), picture.rows(0, 0.3)
    chroma = np.hypot(a[lower], b[lower])
    level = float(np.quantile(light, 0.9))
    pale = (light[lower] > 0.7 * level) & (chroma < 10)
    linear = picture.linear
    own, dark = float(np.median(linear[lower])), float(np.quantile(linear, 0.1))
    fine = float(np.abs(picture.fine[lower]).mean()) / (float(picture.luma[lower].mean()) + 0.02)
    return {
        "against_sky": float(np.median(light[lower]) - np.median(light[upper])) / 100,
        "pale": float(pale.mean()),
        "against_dark": float(np.log((own + FLOOR) / (dark + FLOOR))),
        "high": float(np.quantile(light[lower], 0.9) - np.median(light[middle])) / 100,
        "chroma": float(np.log10(np.median(chroma) + 0.5)),
        "blue": float(np.median(b[lower])) / 20,
        "patches": float(np.log(gaussian_filter(light[lower], 2).std() + 1)),
        "smooth": float(np.log(fine + 1e-3)),
    }


WET_ROAD = Score("wet_road", "Wet road", road)
SNOW_COVER = Score("snow_cover", "Snow on the ground", snow)
