"""Many independent frames are resampled in groups, and sums take short cuts: same numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.gap import sliced_wasserstein as sw
from isthmus.gap.energy import energy
from isthmus.gap.inference import measure
from isthmus.gap.metric import pooled_rows
from isthmus.gap.mmd import mmd
from isthmus.gap.resampling import make_plan
from isthmus.gap.units import GATHERED, find_units, gather
from isthmus.gap.weightings import Weightings


def samples(n, m, d=3, shift=0.2, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)), rng.standard_normal((m, d)) + shift


@pytest.mark.parametrize(
    ("metric", "formula", "params"), [("mmd", mmd, {"bandwidth": 1.5}), ("energy", energy, {})]
)
def test_the_value_of_gathered_frames_is_the_u_statistic_over_all_pairs(metric, formula, params):
    x, y = samples(2600, 2100)
    found = measure(x, y, metric, permutations=19, bootstraps=0, floor_splits=0, **params)
    assert found.params["frames_resampled_together"] == 2
    assert (found.units_x, found.units_y) == (2600, 2100)
    assert found.value == pytest.approx(formula(x, y, **params), rel=1e-9)
    assert found.plug_in == found.value


def test_gathering_keeps_enough_units_and_only_touches_frames():
    x, y = samples(9000, 600)
    units = gather(find_units(x, y), 0)
    assert units.gathered == 1  # the smaller side would be left with fewer than 500
    x, y = samples(9000, 9000)
    units = gather(find_units(x, y), 0)
    assert units.gathered == 5
    assert units.count_x == 1800 <= GATHERED
    assert set(np.bincount(units.x)) == {5}
    videos = find_units(x, y, np.arange(9000) // 3, np.arange(9000) // 3)
    assert gather(videos, 0) is videos


def test_interval_and_p_value_of_gathered_frames_are_those_of_single_frames(monkeypatch):
    x, y = samples(2400, 2400, shift=0.12)
    together = measure(x, y, "mmd", bandwidth=1.5, seed=3, floor_splits=400)
    monkeypatch.setattr("isthmus.gap.units.GATHERED", 10_000)
    alone = measure(x, y, "mmd", bandwidth=1.5, seed=3, floor_splits=400)
    assert "frames_resampled_together" not in alone.params
    assert together.value == pytest.approx(alone.value, rel=1e-9)
    assert together.high - together.low == pytest.approx(alone.high - alone.low, rel=0.25)
    assert together.floor == pytest.approx(alone.floor, rel=0.35)
    assert together.p_value == alone.p_value == 0.001


@pytest.mark.parametrize("shift", [0.0, 0.3, 8.0])
def test_quantiles_from_stretches_give_the_sliced_distance(shift, monkeypatch):
    x, y = samples(3000, 2500, shift=shift)
    rows = pooled_rows(x, y)
    plan = make_plan(3000, 2500, permutations=20, bootstraps=20, splits=5, seed=0)
    statistic = sw.prepare(rows, projections=16)
    binned = statistic.evaluate(plan.wx, plan.wy)
    monkeypatch.setattr(sw, "BINNED_FROM", 10**9)
    exact = statistic.evaluate(plan.wx, plan.wy)
    # Noise within a stretch is smoothed away, for all resamples alike.
    assert np.corrcoef(binned[:, 0], exact[:, 0])[0, 1] > 0.98
    assert binned.mean() == pytest.approx(exact.mean(), rel=0.1)
    if shift:
        assert binned[0, 0] == pytest.approx(exact[0, 0], rel=0.02)


@settings(max_examples=30, deadline=None)
@given(st.integers(4, 30), st.integers(4, 30), st.integers(0, 2**31))
def test_sums_over_units_are_the_plain_products(units_x, units_y, seed):
    rng = np.random.default_rng(seed)
    rows = pooled_rows(rng.random((units_x, 2)), rng.random((units_y, 2)))
    plan = make_plan(units_x, units_y, permutations=7, bootstraps=5, splits=4, seed=seed)
    table = rng.random((units_x + units_y, 3))
    left, right = Weightings(rows, plan.wx, plan.wy, np.float64).sums(table)
    np.testing.assert_allclose(left, plan.wx @ table, rtol=1e-12)
    np.testing.assert_allclose(right, plan.wy @ table, rtol=1e-12, atol=1e-12)
