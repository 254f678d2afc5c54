"""The lens and the shutter: motion blur, dirt.

Driving forward smears what is near and off the axis, along lines from the middle of the frame; what
is far ahead stays sharp. Dirt lies out of focus: soft blots that dim the scene or glow, where sky
and road themselves are smooth.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter, uniform_filter

from isthmus.cornercases.scores.picture import Picture
from isthmus.cornercases.scores.score import Cues, Score
from isthmus.features.sharpness import sharpness_by_axis


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
    """Soft blots of 2 to 5 % of the width in the smoother half; how uneven the sharpness is."""
    width = picture.rgb.shape[1]
    value = picture.luma
    fine, broad = (gaussian_filter(value, s * width, mode="nearest") for s in (0.008, 0.03))
    band = np.abs(fine - broad)
    edges = uniform_filter(np.abs(picture.fine), 11)
    quiet = edges <= np.median(edges)
    upper = picture.rows(0, 0.4)
    level = float(value.mean()) + 0.05
    return {
        "blots": float(np.log10(band[quiet].mean() / level + 1e-3)),
        "upper": float(np.log10(np.median(band[upper]) / level + 1e-3)),
        "soft": float(np.log10((np.quantile(edges, 0.9) + 1e-3) / (band.mean() + 1e-3))),
    }


MOTION_BLUR = Score("motion_blur", "Motion blur", smear, "motion_blur")
DIRT = Score("dirt", "Dirt or drops on the lens", blots)
