"""The lens and the shutter: motion blur, dirt.

Driving forward smears what is near and off the axis, along lines from the middle of the frame; what
is far ahead stays sharp. Dirt lies out of focus: soft round blots that dim the scene or glow, and
take away its detail.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter, uniform_filter

from isthmus.cornercases.order import quantile
from isthmus.cornercases.scores.picture import Picture
from isthmus.cornercases.scores.score import Cues, Score
from isthmus.features.blocks import shrink
from isthmus.features.sharpness import sharpness_by_axis

SHRUNK = 4
BLOT = 0.018
"""Scale at which blots are looked for, share of the width."""
FAINT = 0.004
"""Fine detail, in luma, below which a place is smooth."""


def smear(picture: Picture) -> Cues:
    """Sharpness of the sides and the road against that of the middle, and in all."""
    value = picture.luma
    side = picture.columns(0, 0.25), picture.columns(0.75, 1)
    rows = picture.rows(0.35, 0.9)
    outer = [sharpness_by_axis(value[rows, columns]) for columns in side]
    middle = sharpness_by_axis(value[picture.rows(0.35, 0.6), picture.columns(0.35, 0.65)])
    road = sharpness_by_axis(value[picture.rows(0.7, 1), picture.columns(0.2, 0.8)])
    across = float(np.mean([found[1] for found in outer]))
    return {
        "outer": across,
        "outer_to_middle": across - middle[1],
        "road": min(road),
        "direction": float(np.mean([found[1] - found[0] for found in outer])),
    }


def blots(picture: Picture) -> Cues:
    """Round soft blots: bulges of the brightness where there is little fine detail.

    A bulge is the determinant of the Hessian at a scale of 1.8 % of the width (Lindeberg, "Feature
    detection with automatic scale selection", 1998): large at the middle of what is round, zero
    along straight edges. Over the fine detail around it, it tells blots from leaves and windows.
    strong, usual: log10 of that ratio's 97th and 75th percentile; soft: log10 of strong fine detail
    over differences of 1 to 3 % of the width.
    """
    luma = shrink(picture.luma, SHRUNK)
    detail = uniform_filter(shrink(np.abs(picture.fine), SHRUNK), 3, mode="nearest")
    small, bulge, broad = (size * luma.shape[1] for size in (0.008, BLOT, 0.03))
    smooth = gaussian_filter(luma, bulge, mode="nearest")
    down, across = np.gradient(smooth)
    (twice_down, mixed), twice_across = np.gradient(down), np.gradient(across, axis=1)
    round_ = np.sqrt(np.maximum(twice_down * twice_across - mixed * mixed, 0)) * bulge**2
    ratio = round_ / (gaussian_filter(detail, bulge, mode="nearest") + FAINT)
    band = np.abs(
        gaussian_filter(luma, small, mode="nearest") - gaussian_filter(luma, broad, mode="nearest")
    )
    return {
        "strong": float(np.log10(quantile(ratio, 0.97) + 0.01)),
        "usual": float(np.log10(quantile(ratio, 0.75) + 0.01)),
        "soft": float(np.log10((quantile(detail, 0.9) + 1e-3) / (band.mean() + 1e-3))),
    }


MOTION_BLUR = Score("motion_blur", "Motion blur", smear, "motion_blur")
DIRT = Score("dirt", "Dirt or drops on the lens", blots)
