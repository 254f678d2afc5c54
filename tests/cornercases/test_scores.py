"""Scores: calibrated, bounded, and right about weather made on pictures."""

import numpy as np
import pytest
from made_weather import expose, fog

from isthmus.cornercases.scores.picture import Picture
from isthmus.cornercases.scores.registry import SCORES, score_image, thresholds
from isthmus.cornercases.scores.score import Calibration, calibrations


def test_every_score_is_calibrated_for_its_cues():
    picture = Picture.of(np.random.default_rng(0).integers(0, 256, (90, 160, 3), dtype=np.uint8))
    assert set(calibrations()) == set(SCORES)
    for name, score in SCORES.items():
        assert set(calibrations()[name].weight) == set(score.cues(picture)), name
        assert 0.5 <= thresholds()[name] < 1


@pytest.mark.parametrize("level", [0, 128, 255])
def test_scores_of_flat_and_tiny_images_are_within_bounds(level):
    for shape in ((33, 40, 3), (500, 700, 3), (32, 320, 3)):
        scores = score_image(np.full(shape, level, np.uint8))
        assert set(scores) == set(SCORES)
        assert all(0 <= value <= 1 for value in scores.values())


def test_a_calibration_is_a_logistic_curve_with_bounded_cues():
    made = Calibration({"a": 1.0}, {"a": 2.0}, {"a": 1.5}, -0.5, 0.6)
    assert made.score({"a": 3.0}) == pytest.approx(1 / (1 + np.exp(-1.0)))
    assert made.score({"a": 1e9}) == made.score({"a": 9.0})


def median(images, name):
    return float(np.median([score_image(image)[name] for image in images]))


def test_real_dusk_and_made_night_and_fog_are_told_from_day(day, dusk):
    frames = [image for image, _ in day]
    assert median(dusk, "low_light") > median(frames, "low_light")
    dark = [expose(image, -5) for image in frames]
    assert median(dark, "night") > thresholds()["night"]
    assert median(frames, "night") < 0.5
    foggy = [fog(image, sky, 80) for image, sky in day]
    assert median(foggy, "haze") > median(frames, "haze")
