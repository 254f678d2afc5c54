"""Scores: calibrated, bounded, and right about weather made on pictures."""

import numpy as np
import pytest
from made_weather import expose, fog, night

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
    assert median([night(image, sky) for image, sky in day], "night") > thresholds()["night"]
    dark = [expose(image, -5) for image in frames]  # the sky is still the brightest of it
    assert median(dark, "low_light") > thresholds()["low_light"] > median(frames, "low_light")
    assert median(frames, "night") < median(dark, "night") < thresholds()["night"]
    foggy = [fog(image, sky, 80) for image, sky in day]
    assert median(foggy, "haze") > median(frames, "haze")


def test_marks_are_bright_short_and_more_than_noise_makes():
    rng = np.random.default_rng(0)
    grey = np.clip(rng.normal(110, 4, (180, 320, 1)), 0, 255).repeat(3, 2).astype(np.uint8)
    plain = Picture.of(grey).marks
    assert abs(plain["outweigh_low"]) < 0.1  # as many dark marks as bright ones
    lined, flaked, specked = grey.copy(), grey.copy(), grey.copy()
    lined[::12, 40:280] = lined[:, ::40] = 200  # long in one direction: markings, windows
    rows, columns = rng.integers(0, 180, 900), rng.integers(0, 320, 900)
    flaked[rows, columns], specked[rows, columns] = 200, 20
    assert Picture.of(lined).marks["amount_low"] < plain["amount_low"] + 0.1
    for part in ("up", "low"):
        assert Picture.of(flaked).marks[f"outweigh_{part}"] > 0.5
        assert Picture.of(flaked).marks[f"amount_{part}"] > plain[f"amount_{part}"] + 0.2
        assert Picture.of(specked).marks[f"outweigh_{part}"] < -0.4


def test_dirt_is_round_and_soft_and_edges_are_not():
    rng = np.random.default_rng(0)
    scene = np.full((180, 320), 150.0)
    scene[100:] = 90
    scene[:, 200:230] = scene[60:90, 40:120] = 40  # a pole, a wall: straight edges
    y, x = np.mgrid[:180, :320]
    spotted = scene.copy()
    for row, column in [(row, column) for row in (30, 75, 130) for column in (25, 90, 160, 280)]:
        cover = 0.7 * np.clip(1.5 - np.hypot(y - row, x - column) / 10, 0, 1)
        spotted = spotted * (1 - cover) + 30 * cover
    grain = rng.normal(0, 2, scene.shape)
    pictures = [np.clip(s + grain, 0, 255).astype(np.uint8) for s in (scene, spotted)]
    clean, dirty = (SCORES["dirt"].cues(Picture.of(p[..., None].repeat(3, 2))) for p in pictures)
    assert dirty["strong"] > clean["strong"] + 0.3  # twice as round
