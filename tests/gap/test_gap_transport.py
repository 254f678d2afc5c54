"""Exact and entropic transport against POT's own, closed forms, and the limits between them."""

from __future__ import annotations

import itertools
import math

import numpy as np
import ot
import pytest
from scipy.stats import norm, wasserstein_distance

from isthmus.errors import ConfigError
from isthmus.gap import measure
from isthmus.gap import sinkhorn as sinkhorn_module
from isthmus.gap.emd import emd
from isthmus.gap.metric import observed, pooled_rows
from isthmus.gap.resampling import make_plan
from isthmus.gap.sinkhorn import _alone, sinkhorn
from isthmus.gap.transport import Bounded, costs, stretch

rng = np.random.default_rng(4)
X = rng.normal(size=(41, 3))
Y = rng.normal(size=(29, 3)) * [1, 2, 0.5] + 0.6
FEW = {"permutations": 99, "bootstraps": 60, "floor_splits": 40}


@pytest.mark.parametrize("p", [1, 2])
def test_emd_is_the_best_of_all_assignments(p: int) -> None:
    x, y = X[:6], Y[:6]
    cost = np.linalg.norm(x[:, None] - y[None], axis=2) ** p
    plans = itertools.permutations(range(6))
    least = min(cost[np.arange(6), list(plan)].mean() for plan in plans)
    assert emd(x, y, p=p) == pytest.approx(least ** (1 / p), rel=1e-12)


def test_emd_against_scipy_in_one_dimension_and_unequal_sizes() -> None:
    expected = wasserstein_distance(X[:, 0], Y[:, 1])
    assert emd(X[:, :1], Y[:, 1:2], p=1) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("metric", [emd, sinkhorn])
def test_a_shifted_copy_is_exactly_the_shift_away(metric) -> None:
    """The cross term of the squared cost splits into marginals: no plan gains from the shift."""
    shift = np.array([0.3, -1.2, 2.0])
    squared = {"emd": 2, "sinkhorn": 1}[metric.__name__]
    assert metric(X, X + shift) ** squared == pytest.approx(shift @ shift, rel=1e-8)
    assert metric(X, X) == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("epsilon", [0.5, 2.0])
def test_sinkhorn_against_the_plans_of_pot(p: int, epsilon: float) -> None:
    """POT's divergence leaves out the entropy; its plans give the term that Feydy's keeps."""

    def entropic(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
        cost = np.linalg.norm(a[:, None] - b[None], axis=2) ** p
        mass = np.full(len(a), 1 / len(a)), np.full(len(b), 1 / len(b))
        plan = ot.sinkhorn(*mass, cost, epsilon, "sinkhorn_log", numItermax=3000, warn=False)
        return (plan * cost).sum(), (plan * np.log(plan * len(a) * len(b))).sum()

    (c_xy, e_xy), (c_xx, e_xx), (c_yy, e_yy) = entropic(X, Y), entropic(X, X), entropic(Y, Y)
    sharp = c_xy - (c_xx + c_yy) / 2
    if p == 2:
        peer = ot.bregman.empirical_sinkhorn_divergence(X, Y, epsilon, numIterMax=3000, warn=False)
        assert sharp == pytest.approx(peer, rel=1e-5)
    expected = sharp + epsilon * (e_xy - (e_xx + e_yy) / 2)
    assert sinkhorn(X, Y, p=p, regularisation=epsilon) == pytest.approx(expected, rel=1e-6)


def test_sinkhorn_lies_between_transport_and_the_mean_distance() -> None:
    def mean_cost(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.linalg.norm(a[:, None] - b[None], axis=2).mean())

    half_energy = mean_cost(X, Y) - (mean_cost(X, X) + mean_cost(Y, Y)) / 2
    assert sinkhorn(X, Y, p=1, regularisation=1e6) == pytest.approx(half_energy, rel=1e-5)
    means = np.square(X.mean(axis=0) - Y.mean(axis=0)).sum()
    assert sinkhorn(X, Y, regularisation=1e7) == pytest.approx(means, rel=1e-5)
    assert sinkhorn(X, Y, regularisation=0.01) == pytest.approx(emd(X, Y) ** 2, rel=0.02)
    assert sinkhorn(X, Y, p=1, regularisation=0.01) == pytest.approx(emd(X, Y, p=1), rel=0.02)


def test_sinkhorn_of_gaussians_in_one_dimension() -> None:
    """Closed form of Janati et al., NeurIPS 2020, theorem 1, with ε = 2σ²; constants cancel."""
    epsilon, s, t, shift = 0.7, 1.0, 1.6, 0.8

    def entropic(a: float, b: float) -> float:
        root = math.sqrt(1 + 16 * (a * b / epsilon) ** 2)
        return a**2 + b**2 - epsilon / 2 * (root - math.log(1 + root) + math.log(2) - 1)

    truth = shift**2 + entropic(s, t) - (entropic(s, s) + entropic(t, t)) / 2
    grid = norm.ppf((np.arange(800) + 0.5) / 800)[:, None]
    found = sinkhorn(grid * s, grid * t + shift, regularisation=epsilon)
    assert found == pytest.approx(truth, rel=0.01)


def test_matrix_products_and_logarithms_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that leaves the range of float64 is solved by logarithms, to the same number."""
    far = Y + 40.0
    calls = []

    def counted(*arguments) -> float:
        calls.append(1)
        return _alone(*arguments)

    monkeypatch.setattr(sinkhorn_module, "_alone", counted)
    found = sinkhorn(X, far, regularisation=1.0)
    assert calls
    assert np.isfinite(found)
    # A shift by t adds |t|² + 2 <t, difference of the means> and changes nothing else.
    shift = np.full(3, 40.0)
    moved = sinkhorn(X, Y, regularisation=1.0) + shift @ shift
    moved += 2 * shift @ (Y.mean(axis=0) - X.mean(axis=0))
    assert found == pytest.approx(moved, rel=1e-8)
    cost = costs(X, Y, 2)
    a, b = np.full(41, 1 / 41), np.full(29, 1 / 29)
    products = sinkhorn_module._between(cost, a[:, None], b[:, None])[0]
    assert _alone(cost, a, b) == pytest.approx(products, rel=1e-6)


@pytest.mark.parametrize(
    ("metric", "params"), [("emd", {"p": 2}), ("emd", {"p": 1}), ("sinkhorn", {})]
)
def test_bias_is_taken_out(metric: str, params: dict[str, int]) -> None:
    generator = np.random.default_rng(3)
    x, y = generator.normal(size=(120, 32)), generator.normal(size=(90, 32)) + 0.25
    found = measure(x, y, metric, **params, **FEW)
    truth = 32 * 0.25**2 if metric == "sinkhorn" else math.sqrt(32) * 0.25
    assert found.plug_in > 2 * truth
    assert found.low < truth < found.high
    assert abs(found.value - truth) < 0.2 * abs(found.plug_in - truth)
    assert found.p_value == 0.01
    assert found.above_floor


@pytest.mark.parametrize("metric", ["emd", "sinkhorn"])
@pytest.mark.parametrize(("n", "m"), [(40, 40), (90, 25)])
def test_p_values_of_thinned_samples_are_uniform_without_a_gap(metric: str, n: int, m: int) -> None:
    generator = np.random.default_rng(1)
    plan = {"permutations": 19, "bootstraps": 0, "floor_splits": 0}
    found = []
    for seed in range(40):
        x, y = generator.normal(size=(n, 4)), generator.normal(size=(m, 4))
        found.append(measure(x, y, metric, resampled_rows=20, seed=seed, **plan).p_value)
    # 40 draws of a uniform: below 0.25 lie 10 ± 2.7, their mean is 0.53 ± 0.05.
    assert 1 < sum(p <= 0.25 for p in found) < 20
    assert 0.36 < np.mean(found) < 0.69


def test_thinned_sides_take_units_evenly_and_tell_so() -> None:
    unit = np.repeat(np.arange(10), 30)
    rows = pooled_rows(np.zeros((300, 1)), np.zeros((40, 1)), unit, np.arange(40))
    wx, wy = observed(rows)
    (left, right), *_ = Bounded.of(rows, 50, seed=0).sides(wx, wy)
    assert (np.bincount(rows.unit[left.rows]) == 5).all()
    assert len(right.rows) == 40
    wx[0, :9], wx[0, 9] = 0, 2
    only = Bounded.of(rows, 50, seed=0).side(wx[0])
    assert len(only.rows) == 25
    assert only.mass.sum() == pytest.approx(1)
    found = measure(X, Y, "emd", resampled_rows=20, **FEW)
    assert found.params["rows_x"] == found.params["rows_y"] == 20
    assert any("at most 20 rows" in warning for warning in found.warnings)
    assert found.plug_in == pytest.approx(emd(X, Y), rel=1e-12)
    assert not measure(X, Y, "emd", **FEW).warnings


@pytest.mark.parametrize("metric", ["emd", "sinkhorn"])
def test_evaluating_in_blocks_changes_nothing(metric: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from isthmus.gap import METRICS
    from isthmus.gap import emd as emd_module

    rows = pooled_rows(X, Y)
    plan = make_plan(41, 29, permutations=9, bootstraps=9, splits=4, seed=0)
    statistic = METRICS[metric].prepare(rows, resampled_rows=15)
    whole = statistic.evaluate(plan.wx, plan.wy)
    monkeypatch.setattr(emd_module, "HELD_ROWS", 0)
    monkeypatch.setattr(sinkhorn_module, "UNION_ROWS", 20)
    parts = statistic.evaluate(plan.wx, plan.wy)
    np.testing.assert_allclose(parts, whole, rtol=1e-6)


def test_requests_that_make_no_sense_are_refused() -> None:
    for call, words in (
        (lambda: emd(X, Y, p=3), "p = 3"),
        (lambda: sinkhorn(X, Y, p=0), "p = 0"),
        (lambda: sinkhorn(X, Y, regularisation=0.0), "regularisation 0.0"),
        (lambda: measure(X, Y, "emd", resampled_rows=1), "1 rows a side"),
    ):
        with pytest.raises(ConfigError, match=words):
            call()


@pytest.mark.parametrize(
    ("metric", "truth", "within"), [("emd", 8**0.5, 0.1), ("sinkhorn", 8.0, 0.3)]
)
def test_bias_of_samples_of_unlike_spread(metric: str, truth: float, within: float) -> None:
    """Half the sum of the self-distances would take off too much: W_2 would read 2.0, W_2² 4."""
    generator = np.random.default_rng(5)
    plan = {"permutations": 0, "bootstraps": 40, "floor_splits": 15, "resampled_rows": 32}
    found = []
    for seed in range(10):
        x, y = generator.normal(size=(50, 8)), 2 * generator.normal(size=(30, 8))
        found.append(measure(x, y, metric, seed=seed, **plan))
    assert np.mean([one.value for one in found]) == pytest.approx(truth, rel=within)
    assert sum(one.low <= truth <= one.high for one in found) >= 8


def test_the_stretch_of_samples_is_that_of_their_spreads() -> None:
    assert stretch(pooled_rows(X, 3 * X - 7)) == pytest.approx(3)
    assert stretch(pooled_rows(np.zeros((4, 2)), np.ones((4, 2)))) == 1


@pytest.mark.parametrize(("factor", "warned"), [(1.2, False), (2.0, True), (0.5, True)])
def test_sinkhorn_warns_of_the_bias_that_unlike_spreads_leave(factor: float, warned: bool) -> None:
    rows = pooled_rows(X, factor * X)
    found = [w for w in sinkhorn_module.prepare(rows).warnings if "spreads" in w]
    assert len(found) == warned
    if warned:
        assert "differ by a factor of 2: the value reads high" in found[0]
