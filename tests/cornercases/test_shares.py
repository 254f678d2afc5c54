"""Intervals of shares: known values, coverage, and what dependence costs."""

import numpy as np
import pytest

from isthmus.cornercases.measures import MEASURES
from isthmus.cornercases.shares import effective_frames
from isthmus.cornercases.table import ConditionTable
from isthmus.quality.shares import autocorrelation_time, wilson


def test_wilson_as_published():
    # Newcombe (1998), table I, Wilson score without continuity correction.
    assert wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(15 / 148, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0, 0.1611), abs=5e-5)
    assert wilson(1 / 29, 29) == pytest.approx((0.0061, 0.1718), abs=5e-5)


def test_wilson_at_the_ends():
    assert wilson(1, 10)[1] == 1
    assert wilson(1, 10)[0] == pytest.approx(1 - wilson(0, 10)[1])
    assert wilson(0.3, 0) == (0, 1)
    assert wilson(0.3, 8.5)[0] < wilson(0.3, 9)[0]


def autoregressive(rng, n, memory):
    values = np.empty(n)
    values[0] = rng.normal()
    for i in range(1, n):
        values[i] = memory * values[i - 1] + np.sqrt(1 - memory**2) * rng.normal()
    return values


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.9])
def test_time_of_an_autoregressive_series(memory):
    """For x[t] = m x[t-1] + noise the time is (1 + m) / (1 - m)."""
    rng = np.random.default_rng(1)
    times = [
        autocorrelation_time(autoregressive(rng, 3000, memory), ["s"] * 3000) for _ in range(8)
    ]
    assert np.mean(times) == pytest.approx((1 + memory) / (1 - memory), rel=0.15)


def test_sequences_that_differ_as_wholes_count_as_their_number():
    rng = np.random.default_rng(2)
    sequences = [f"s{i}" for i in range(6) for _ in range(100)]
    levels = np.repeat(rng.normal(size=6), 100)
    time = autocorrelation_time(levels + 0.01 * rng.normal(size=600), sequences)
    assert 6 <= 600 / time < 14


def test_neighbours_in_different_sequences_are_strangers():
    rng = np.random.default_rng(3)
    values = np.repeat(rng.normal(size=300), 2)
    together = autocorrelation_time(values, ["s"] * 600)
    apart = autocorrelation_time(values, [f"s{i}" for i in range(600)])
    assert together > 1.7
    assert apart == 1


def table(columns, sequences):
    n = len(sequences)
    values = {name: np.zeros(n) for name in MEASURES}
    return ConditionTable(tuple(f"f{i}" for i in range(n)), tuple(sequences), values | columns)


def test_frames_are_worth_what_their_measures_say():
    rng = np.random.default_rng(4)
    free = {name: rng.normal(size=400) for name in ("lightness", "haze", "contrast")}
    bound = {name: autoregressive(rng, 400, 0.9) for name in ("lightness", "haze", "contrast")}
    assert effective_frames(table(free, ["s"] * 400)) > 280
    assert effective_frames(table(bound, ["s"] * 400)) < 60
    assert effective_frames(table({}, ["s"] * 5)) == 5
    assert effective_frames(table({"haze": np.array([1.0])}, ["s"])) == 1


def test_intervals_cover_the_truth_although_frames_depend():
    """Of 200 made videos, about 95 % must have the true share inside; naive ones far fewer."""
    rng = np.random.default_rng(5)
    covered = naive = 0
    for _ in range(200):
        values = autoregressive(rng, 300, 0.8)
        made = table({"lightness": values}, ["s"] * 300)
        share = float((values > 0.5).mean())
        truth = 0.3085
        low, high = wilson(share, effective_frames(made))
        covered += low <= truth <= high
        low, high = wilson(share, 300)
        naive += low <= truth <= high
    assert covered >= 180
    assert naive < 150
