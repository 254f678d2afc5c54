"""How numbers and names are written."""

from __future__ import annotations

import pytest

from isthmus.report import wording


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (0.0, "0"),
        (0.012345, "0.0123"),
        (1.0, "1"),
        (38.44, "38.4"),
        (1234.5, "1234"),
        (-0.5, "−0.5"),
        (2.5e-7, "2.50e-07"),
        (3.0e9, "3.00e+09"),
    ],
)
def test_numbers(value: float | None, shown: str) -> None:
    assert wording.number(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.123, "0.12\u202f×"), (1.0, "1.0\u202f×"), (54.26, "54.3\u202f×"), (250.0, "250\u202f×")],
)
def test_ratios(value: float, shown: str) -> None:
    assert wording.times(value) == shown


def test_shares_and_their_intervals() -> None:
    cell = {"mean": 0.4904, "low": 0.455, "high": 0.5251}
    assert wording.percent_estimate(cell, key="mean") == "49.0\u202f% [45.5, 52.5]"
    assert wording.percent_estimate({"value": 0.5}) == "50.0\u202f%"
    assert wording.percent_estimate({}) == "–"
    assert wording.percent_interval(-0.1, 1.2, 0) == "[−10, 120]"


def test_differences_carry_their_sign() -> None:
    change = {"value": -0.061, "low": -0.092, "high": 0.021}
    assert wording.points_estimate(change) == "−6.1 [−9.2, +2.1]"
    assert wording.points_estimate({"value": 0.1}) == "+10.0"


def test_what_rounds_to_zero_has_no_sign() -> None:
    assert wording.points(-0.0004) == wording.points(0.0) == wording.points(0.0004) == "0.0"
    assert wording.percent(-0.0024, 0) == "0\u202f%"
    assert wording.percent_interval(-0.0001, 0.2) == "[0.0, 20.0]"
    assert wording.times(-0.001) == "0.00\u202f×"


def test_numbers_stay_with_their_sign() -> None:
    assert wording.kept_together("134 % [99, 191]; 8.9×.") == "134\u202f% [99, 191]; 8.9\u202f×."


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("timeofday", "Time of day"),
        ("timeOfDay", "Time of day"),
        ("road-type", "Road type"),
        ("cameraModel", "Camera model"),
        ("scene", "Scene"),
        ("HGV", "HGV"),
    ],
)
def test_attribute_names_become_words(name: str, shown: str) -> None:
    assert wording.attribute(name) == shown


def test_counts_and_lists() -> None:
    assert wording.count(412_338) == "412\u202f338"
    assert wording.several(1, "frame") == "1 frame"
    assert wording.several(0, "frame") == "0 frames"
    assert wording.listing([]) == ""
    assert wording.listing(["a"]) == "a"
    assert wording.listing(["a", "b", "c"]) == "a, b and c"


def test_a_p_value_is_never_written_as_zero() -> None:
    assert wording.p_value(0.00001) == "p = 1e-05"
    assert wording.p_value(0.001) == "p = 0.001"
    assert wording.p_value(None) == "p unknown"


def test_names_become_words() -> None:
    assert wording.plain("low_light") == "Low light"
    assert wording.plain("ap50") == "AP50"
    assert wording.plain("") == ""
    assert wording.metric("mmd") == "MMD"
    assert wording.metric("a_new_metric") == "A new metric"
