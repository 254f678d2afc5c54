"""Glare: the sun or a strong lamp in view, or just outside it.

A light that is far stronger than the scene saturates a compact place, and lenses scatter it: the
brightness falls off gently around that place, where a white wall or a pale sky ends at an edge.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from isthmus.cornercases.order import quantile
from isthmus.cornercases.scores.picture import Picture
from isthmus.cornercases.scores.score import Cues, Score
from isthmus.features.blocks import shrink

RING = (0.06, 0.15)
"""Inner and outer radius of a light's surroundings, shares of the width."""
SHRUNK = 4


def cues(picture: Picture) -> Cues:
    """Compact white place, bright surroundings of it, and how peaked the brightness is.

    peak: largest share of white within about 2 % of the width, less the share of the upper half;
    halo: mean luma in a ring around that place less the upper half's median; veil: 5th percentile
    of luma in the middle rows.
    """
    upper = picture.rows(0, 0.6)
    luma, width = picture.luma, picture.rgb.shape[1]
    small = shrink(picture.white[upper], SHRUNK)
    white = gaussian_filter(small, 0.02 * width / SHRUNK, mode="constant")
    y, x = (SHRUNK * (k + 0.5) for k in np.unravel_index(int(white.argmax()), white.shape))
    rows, columns = np.ogrid[: len(luma), :width]
    squared = (rows - y) ** 2 + (columns - x) ** 2
    ring = (squared > (RING[0] * width) ** 2) & (squared < (RING[1] * width) ** 2)
    return {
        "peak": float(white.max() - small.mean()),
        "halo": float(luma[ring].mean()) - quantile(luma[upper], 0.5),
        "veil": quantile(luma[picture.rows(0.3, 0.7)], 0.05),
    }


SCORE = Score("glare", "Glare of the sun or lamps", cues, "high_illumination")
