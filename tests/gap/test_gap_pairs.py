"""The tiled, weighted U-statistic against the plain sums that it stands for."""

from __future__ import annotations

import numpy as np
import pytest

from isthmus.errors import ConfigError
from isthmus.gap import pairs
from isthmus.gap.inference import measure
from isthmus.gap.metric import pooled_rows
from isthmus.gap.resampling import make_plan

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(37, 3)), rng.normal(size=(29, 3)) + 0.5
UNIT_X = np.sort(rng.integers(0, 9, 37))
UNIT_X = np.unique(UNIT_X, return_inverse=True)[1]
UNIT_Y = np.unique(rng.integers(0, 7, 29), return_inverse=True)[1]


def plain(rows, wx, wy) -> np.ndarray:
    k = np.square(rows.z[:, None] - rows.z[None]).sum(-1)
    k = k * (rows.unit[:, None] != rows.unit[None])
    apart = (rows.unit[:, None] != rows.unit[None]).astype(float)
    out = []
    for a, b in zip(wx[:, rows.unit].astype(float), wy[:, rows.unit].astype(float), strict=True):
        out.append(
            a @ k @ a / (a @ apart @ a)
            + b @ k @ b / (b @ apart @ b)
            - 2 * a @ k @ b / (a @ apart @ b)
        )
    return np.array(out)


@pytest.mark.parametrize("tile", [5, 8, 1000])
@pytest.mark.parametrize("held", [0, 4096])
@pytest.mark.parametrize("units", [True, False])
def test_weighted_sums(monkeypatch: pytest.MonkeyPatch, tile: int, held: int, units: bool) -> None:
    """Small tiles cut units in two; `held = 0` streams."""
    monkeypatch.setattr(pairs, "TILE", tile)
    monkeypatch.setattr(pairs, "HELD_UNITS", held)
    rows = pooled_rows(X, Y, UNIT_X, UNIT_Y) if units else pooled_rows(X, Y)
    plan = make_plan(
        rows.units_x, rows.units - rows.units_x, permutations=7, bootstraps=6, splits=5, seed=0
    )
    found = pairs.u_statistic(rows, pairs.squared_distances(rows.z), plan.wx, plan.wy)
    np.testing.assert_allclose(found, plain(rows, plan.wx, plan.wy), rtol=1e-10, atol=1e-12)


def test_the_plan_keeps_sides_and_units_together() -> None:
    plan = make_plan(9, 5, permutations=50, bootstraps=40, splits=30, seed=1)
    observed, permuted, drawn, halves_x, halves_y, across = plan.parts
    np.testing.assert_array_equal(plan.wx[observed], [[1] * 9 + [0] * 5])
    assert (plan.wx[permuted].sum(axis=1) == 9).all()
    assert (plan.wx[permuted] + plan.wy[permuted] == 1).all()
    assert (plan.wx[drawn, :9].sum(axis=1) == 9).all()
    assert not plan.wx[drawn, 9:].any()
    assert (plan.wy[drawn, 9:].sum(axis=1) == 5).all()
    assert (np.count_nonzero(plan.wy[drawn], axis=1) >= 2).all()
    whole_x, whole_y = [1] * 9 + [0] * 5, [0] * 9 + [1] * 5
    assert (plan.wx[halves_x] + plan.wy[halves_x] == whole_x).all()
    assert (plan.wx[halves_y] + plan.wy[halves_y] == whole_y).all()
    assert len(plan.wx[across]) == 60
    assert len(np.unique(plan.wx[permuted], axis=0)) > 40


def test_too_few_exchanges_are_told() -> None:
    plan = make_plan(2, 3, permutations=10, bootstraps=10, splits=10, seed=0)
    assert any("10 ways" in warning for warning in plan.warnings)
    assert plan.parts[3].stop == plan.parts[3].start


@pytest.mark.parametrize("metric", ["mmd", "energy", "precision_gap"])
@pytest.mark.parametrize(("kind", "tolerance"), [(np.float64, 1e-10), (np.float32, 1e-5)])
def test_products_by_torch_give_the_same_estimate(metric, kind, tolerance):
    rng = np.random.default_rng(3)
    x = rng.standard_normal((70, 12)).astype(kind)
    y = (rng.standard_normal((50, 12)) + 0.4).astype(kind)
    few = {"permutations": 39, "bootstraps": 20, "floor_splits": 10}
    here = measure(x, y, metric, **few)
    there = measure(x, y, metric, device="cpu:0", **few)  # the processor, by way of torch
    for name in ("value", "low", "high", "p_value", "floor"):
        assert getattr(there, name) == pytest.approx(getattr(here, name), rel=tolerance, abs=1e-9)


def test_a_device_that_is_not_there_is_named():
    with pytest.raises(ConfigError, match="nowhere"):
        measure(np.eye(4), np.eye(4) + 1, "mmd", device="nowhere")


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"gamma": 50.0}, "polynomial kernel"),
        ({"kernel": "linear", "bandwidth": 3.0}, "has none"),
        ({"kernel": "rbf_mixture", "degree": 7}, "polynomial kernel"),
    ],
)
def test_a_kernel_refuses_options_that_are_not_its_own(params, said):
    x, y = np.random.default_rng(0).normal(size=(2, 20, 3))
    with pytest.raises(ConfigError, match=said):
        measure(x, y, "mmd", **params)


def test_values_without_halvings_say_that_their_bias_is_not_wholly_removed():
    x, y = np.random.default_rng(0).normal(size=(2, 40, 3))
    few = {"permutations": 0, "bootstraps": 0}
    with_splits, without = (
        measure(x, y, "sinkhorn", floor_splits=k, **few).warnings for k in (20, 0)
    )
    assert any("floor_splits=0" in w for w in without)
    assert not any("floor_splits=0" in w for w in with_splits)
    unbiased = measure(x, y, "mmd", floor_splits=0, **few).warnings
    assert not any("floor_splits=0" in w for w in unbiased)
