"""Before and after: exact where nothing changed, sure where something did, calm otherwise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from isthmus.errors import ConfigError, InputError
from isthmus.files import canonical_json
from isthmus.gap import METRICS, measure
from isthmus.gap.compare import compare_gaps
from isthmus.gap.paired import PAIRED, UNPAIRED, measure_pair

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(50, 3)) + 0.8, rng.normal(size=(40, 3))
FEW = {"permutations": 99, "bootstraps": 99, "floor_splits": 20}


@pytest.mark.parametrize("metric", PAIRED)
def test_both_readings_are_the_ones_measured_alone(metric: str) -> None:
    """With parameters that are not found from the samples, whatever the other reading is of."""
    params = {"mmd": {"bandwidth": 2.0}, "cmd": {"bounds": (-6.0, 9.0)}}.get(metric, {})
    alone = measure(X, Y, metric, **FEW, **params)
    for other in (X, 2 * X + 1):
        readings = (
            measure_pair(X, other, Y, metric, **FEW, **params).before,
            measure_pair(other, X, Y, metric, **FEW, **params).after,
        )
        for reading in readings:
            assert reading.value == pytest.approx(alone.value, rel=1e-6)
            assert reading.floor == pytest.approx(alone.floor, rel=1e-6)
            assert reading.p_value == alone.p_value


@pytest.mark.parametrize("metric", PAIRED)
def test_nothing_done_is_no_difference(metric: str) -> None:
    found = measure_pair(X, X, Y, metric, **FEW)
    assert found.difference == pytest.approx(0, abs=1e-9)
    assert found.difference_p_value() == 1.0
    np.testing.assert_allclose(found.drawn_before, found.drawn_after, atol=1e-9)


def test_a_shift_taken_half_away_lowers_the_gap_beyond_doubt() -> None:
    found = compare_gaps(X, X - 0.5, Y, **FEW, seed=1)
    assert found.verdict == "lower"
    assert found.low < found.difference < found.high < 0
    assert found.difference == pytest.approx(found.after - found.before)
    assert found.p_value == 0.01  # none of 99 draws deviates as far
    # Both gaps' own intervals overlap all the same: pairing is what tells them apart.
    before, after = (measure(x, Y, **FEW, seed=1) for x in (X, X - 0.5))
    assert before.low < after.high
    worse = compare_gaps(X - 0.5, X, Y, **FEW, seed=1)
    assert worse.verdict == "higher"
    assert worse.difference == pytest.approx(-found.difference)


def test_changes_that_leave_the_distribution_alone_are_rarely_called() -> None:
    called = 0
    for trial in range(60):
        draw = np.random.default_rng(trial)
        x, y = draw.normal(size=(40, 3)), draw.normal(size=(40, 3))
        # Noise added and scaled out again: other frames of the same distribution.
        after = (x + 0.3 * draw.normal(size=x.shape)) / np.sqrt(1.09)
        shift = 0.7 * (trial % 2)
        found = compare_gaps(
            x + shift, after + shift, y, permutations=0, bootstraps=149, floor_splits=0
        )
        called += found.verdict != "no difference seen"
    assert called <= 6


def test_sequences_are_drawn_whole_and_make_the_interval_wider() -> None:
    draw = np.random.default_rng(3)
    drives = np.repeat(draw.normal(size=(10, 3)), 8, axis=0)
    x = drives + 0.1 * draw.normal(size=(80, 3))
    after = x - np.repeat(draw.normal(0.3, 0.3, size=(10, 3)), 8, axis=0)
    groups = np.repeat(np.arange(10), 8).tolist()
    y = draw.normal(size=(80, 3))
    apart = compare_gaps(x + 1, after + 1, y, **FEW)
    whole = compare_gaps(x + 1, after + 1, y, groups_x=groups, groups_target=groups, **FEW)
    assert whole.units_x == 10
    assert whole.high - whole.low > 1.5 * (apart.high - apart.low)  # type: ignore[operator]


def test_rows_can_count_more_often_or_not_at_all() -> None:
    repeats = np.zeros(50, int)
    repeats[:25] = 2
    found = measure_pair(X, X, Y, bandwidth=2.0, repeats=repeats, **FEW)
    assert found.after.value == pytest.approx(measure(X[:25], Y, bandwidth=2.0, **FEW).value)
    for wrong in (repeats[:4], -repeats, np.zeros(50, int)):
        with pytest.raises(InputError, match="repeats"):
            measure_pair(X, X, Y, repeats=wrong, **FEW)


def test_products_by_torch_give_the_same_comparison() -> None:
    """Torch on the processor ("cpu:0") against numpy ("cpu")."""
    here = compare_gaps(X, X - 0.2, Y, **FEW)
    there = compare_gaps(X, X - 0.2, Y, device="cpu:0", **FEW)
    for name in ("before", "after", "low", "high", "floor", "p_value"):
        assert getattr(there, name) == pytest.approx(getattr(here, name), rel=1e-5)
    with pytest.raises(ConfigError, match="nowhere"):
        compare_gaps(X, X, Y, device="nowhere", **FEW)


def test_the_same_seed_gives_the_same_document() -> None:
    one, two = (compare_gaps(X, X - 0.2, Y, **FEW, seed=5).to_document() for _ in range(2))
    assert canonical_json(one) == canonical_json(two)


@pytest.mark.parametrize("metric", sorted(set(METRICS) - set(PAIRED)))
def test_a_metric_that_cannot_be_paired_is_refused_with_the_reason(metric: str) -> None:
    reason = UNPAIRED.get(metric, "it may rest on all frames, before and after together")
    wanted = f"'{metric}' cannot be measured in pairs: {reason}. Choose one of mmd, sliced"
    with pytest.raises(ConfigError, match=wanted):
        compare_gaps(X, X, Y, metric)


def test_the_documentation_says_which_metrics_can_be_paired() -> None:
    page = Path(__file__).parents[2] / "docs/explaining.md"
    rows = [row.split("|") for row in page.read_text("utf-8").splitlines() if row.startswith("| `")]
    said = {row[2].strip(): row[1].replace("`", "").replace(" ", "").split(",") for row in rows}
    assert sorted(said["yes"]) == sorted(PAIRED)
    told = [n for r in rows if r[2] == " no " for n in r[1].replace("`", "").split(",")]
    assert sorted(n.strip() for n in told) == sorted(UNPAIRED)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(InputError, match="same frames"):
        compare_gaps(X, X[:-1], Y)
    with pytest.raises(ConfigError, match="metric 'colours' is not known"):
        compare_gaps(X, X, Y, "colours")
    with pytest.raises(ConfigError, match="mmd has no parameter 'width'"):
        compare_gaps(X, X, Y, width=2.0)
    with pytest.raises(ConfigError, match="bootstraps = -1"):
        compare_gaps(X, X, Y, bootstraps=-1)
