"""Glare: the sun or a strong lamp in view, or just outside it.

A light that is far stronger than the scene saturates a compact place, and lenses scatter it: the
brightness falls off gently around that place, where a white wall or a pale sky ends at an edge.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from isthmus.cornercases.scores.picture import Picture
from isthmus.cornercases.scores.score import Cues, Score


def cues(picture: Picture) -> Cues:
    """Compact white place, bright surroundings of it, and how peaked the brightness is.

    peak: largest share of white within about 2 % of the width, less the share of the upper half;
    halo: mean luma in a ring around that place less the upper half's median; veil: 5th percentile
    of luma in the middle rows.
    """
    white = gaussian_filter(picture.white, 0.02 * picture.rgb.shape[1], mode="constant")
    upper = picture.rows(0, 0.6)
    y, x = np.unravel_index(int(white[upper].argmax()), white[upper].shape)
    rows, columns = np.ogrid[: white.shape[0], : white.shape[1]]
    radius = np.hypot(rows - y, columns - x) / white.shape[1]
    ring = (radius > 0.06) & (radius < 0.15)
    middle = picture.luma[picture.rows(0.3, 0.7)]
    return {
        "peak": float(white[upper].max() - picture.white[upper].mean()),
        "halo": float(picture.luma[ring].mean() - np.median(picture.luma[upper])),
        "veil": float(np.quantile(middle, 0.05)),
    }


SCORE = Score("glare", "Glare of the sun or lamps", cues, "high_illumination")
