"""The planner's numbers against closed forms and against what happens when the plan is followed."""

from __future__ import annotations

import numpy as np
import pytest

from isthmus.errors import ConfigError, InputError
from isthmus.files import canonical_json
from isthmus.gap import measure
from isthmus.gap.planner import Spread, plan_sample

WIDTH = 1.6


def gaussian_gap(d: int, shift: float) -> float:
    """MMD² of N(0, I) and N(shift, I) under an RBF kernel, in closed form."""
    square = WIDTH**2
    together = (square / (square + 2)) ** (d / 2)
    return float(2 * together * (1 - np.exp(-d * shift**2 / (2 * (square + 2)))))


@pytest.mark.parametrize(("d", "shift"), [(3, 0.35), (2, 0.7)])
def test_following_the_plan_gives_the_power_planned(d: int, shift: float) -> None:
    rng = np.random.default_rng(d)
    x, y = rng.normal(size=(300, d)), rng.normal(size=(300, d)) + shift
    plan = plan_sample(x, y, gaussian_gap(d, shift), bandwidth=WIDTH)
    assert plan.variance_from == "sample"
    n = plan.units
    assert n is not None
    seen = 0
    for _ in range(250):
        a, b = rng.normal(size=(n, d)), rng.normal(size=(n, d)) + shift
        found = measure(a, b, bandwidth=WIDTH, permutations=99, bootstraps=0, floor_splits=0)
        seen += found.p_value is not None and found.p_value <= 0.05
    assert 0.70 <= seen / 250 <= 0.88


def test_the_threshold_is_the_quantile_of_the_null_distribution() -> None:
    spread = Spread(np.array([0.5, 0.2, 0.1, 0.05]), 0.5, 0.5)
    z = np.random.default_rng(0).standard_normal((400_000, 4))
    drawn = (z**2 - 1) @ spread.eigenvalues
    for level in (0.1, 0.05, 0.01):
        assert spread.threshold(1.0, level) == pytest.approx(
            np.quantile(drawn, 1 - level), rel=0.05
        )
    # One eigenvalue is a chi-square variable exactly.
    single = Spread(np.array([1.0]), 1.0, 1.0)
    assert single.threshold(2.0, 0.05) == pytest.approx(2 * (3.841459 - 1), rel=1e-5)


def test_without_a_gap_of_its_own_the_plan_errs_on_the_safe_side() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(2, 200, 3))
    gap = gaussian_gap(3, 0.35)
    blind = plan_sample(x, y, gap, bandwidth=WIDTH)
    knowing = plan_sample(x, y + 0.35, gap, bandwidth=WIDTH)
    assert (blind.variance_from, knowing.variance_from) == ("bound", "sample")
    assert blind.units is not None
    assert knowing.units is not None
    assert 0.95 * knowing.units <= blind.units <= 1.5 * knowing.units


def test_less_gap_more_power_and_a_stricter_level_need_more() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(100, 3)), rng.normal(size=(100, 3)) + 0.5
    base = plan_sample(x, y, 0.03)
    assert base.units is not None
    assert plan_sample(x, y, 0.015).units > base.units  # type: ignore[operator]
    assert plan_sample(x, y, 0.03, power=0.95).units > base.units  # type: ignore[operator]
    assert plan_sample(x, y, 0.03, level=0.01).units > base.units  # type: ignore[operator]
    at_now = plan_sample(x, y, base.smallest_now)
    assert at_now.units == pytest.approx(100, abs=1)
    assert at_now.power_now == pytest.approx(0.8, abs=0.01)
    powers = [power for _, power in base.curve]
    assert powers == sorted(powers)
    canonical_json(base.to_document())


def test_frames_of_a_drive_count_together() -> None:
    rng = np.random.default_rng(6)
    drives = np.repeat(rng.normal(size=(2, 12, 3)), 5, axis=1)
    x, y = drives + 0.05 * rng.normal(size=(2, 60, 3))
    groups = np.repeat(np.arange(12), 5).tolist()
    whole = plan_sample(x, y, 0.1, groups_x=groups, groups_y=groups)
    single = plan_sample(x, y, 0.1)
    assert whole.units_x == 12
    assert whole.frames_x == 5 * whole.units  # type: ignore[operator]
    assert whole.frames_x > 2 * single.frames_x  # type: ignore[operator]


def test_what_cannot_be_planned_is_refused() -> None:
    x = np.random.default_rng(7).normal(size=(20, 2))
    for wrong in ({"gap": -1.0}, {"power": 1.0}, {"level": 0.9}):
        with pytest.raises(ConfigError, match="expected a gap above 0"):
            plan_sample(x, x + 1, **wrong)
    with pytest.raises(InputError, match="three a side"):
        plan_sample(x[:2], x + 1)
    assert plan_sample(x, x[::-1]).units is None
