"""Haze and fog: a veil of scattered light over what is far (see `haze_of`)."""

from __future__ import annotations

import numpy as np

from isthmus.cornercases.measures import haze_of
from isthmus.cornercases.scores.picture import Picture
from isthmus.cornercases.scores.score import Cues, Score


def cues(picture: Picture) -> Cues:
    """Logarithm of the veil; deviation of L*, and chroma, near the horizon."""
    light = picture.lab[0]
    band = picture.rows(0.25, 0.55)
    return {
        "veil": float(np.log10(haze_of(picture.darkest) + 0.003)),
        "contrast": float(light[band].std()) / 50,
        "chroma": float(np.log10(picture.chroma[band].mean() + 0.5)),
    }


SCORE = Score("haze", "Haze or fog", cues, "fog")
