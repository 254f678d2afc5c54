"""All scores by name, and the scores of one image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from isthmus.cornercases.scores import falling, glare, ground, haze, lens, light
from isthmus.cornercases.scores.picture import Picture
from isthmus.cornercases.scores.score import Score, calibrations

SCORES: dict[str, Score] = {
    score.name: score
    for score in (
        light.LOW_LIGHT,
        light.NIGHT,
        light.OVER_EXPOSURE,
        glare.SCORE,
        haze.SCORE,
        falling.RAIN,
        falling.SNOWFALL,
        ground.SNOW_COVER,
        ground.WET_ROAD,
        lens.MOTION_BLUR,
        lens.DIRT,
    )
}
"""Name → score, in the order in which they are listed."""


def score_image(rgb: NDArray[np.uint8]) -> dict[str, float]:
    """Every score of one uint8 (h, w, 3) RGB image, each in [0, 1]."""
    picture = Picture.of(rgb)
    known = calibrations()
    return {name: known[name].score(score.cues(picture)) for name, score in SCORES.items()}


def thresholds() -> dict[str, float]:
    """Score from which each condition holds."""
    return {name: calibration.threshold for name, calibration in calibrations().items()}
