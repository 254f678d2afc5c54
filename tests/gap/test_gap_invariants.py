"""What must hold for every metric, whatever the numbers."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.errors import ConfigError, InputError
from isthmus.files import canonical_json
from isthmus.gap import METRICS, PANEL, Estimate, measure, measure_all
from isthmus.gap.metric import observed, pooled_rows

FEW = {"permutations": 39, "bootstraps": 30, "floor_splits": 10}
# Without a scale of its own CMD would take its bounds from the sample, and they would move.
PARAMS = {"cmd": {"bounds": (-10.0, 10.0)}, "sliced_wasserstein": {"projections": 8}}


def two(n: int = 40, m: int = 25, d: int = 3, shift: float = 0.7):
    rng = np.random.default_rng(n + m + d)
    return rng.normal(size=(n, d)), rng.normal(size=(m, d)) + shift


# As many components as there are features, however few the rows.
# Rows that are chosen have no units by which to see how much alike they are.
PREPARED = {**PARAMS, "kl_gaussian": {"rows_a_component": 1, "design_effect": 1.0}}


def resampled(name: str, x: np.ndarray, y: np.ndarray, **params: object) -> float:
    """What the resampled form is of: the formula, for Gaussians less its bias to first order."""
    formula = METRICS[name].distance(x, y, **params)
    if name not in ("frechet", "kl_gaussian"):
        return formula
    n, m, s_x, s_y = len(x), len(y), np.cov(x.T), np.cov(y.T)
    if name == "kl_gaussian":
        d, shift = len(s_x), x.mean(axis=0) - y.mean(axis=0)
        ridge = 1e-3 * (np.trace(s_x) + np.trace(s_y)) / (2 * d) * np.eye(d)
        to_y, to_x = np.linalg.inv(s_x + ridge), np.linalg.inv(s_y + ridge)
        of_y = np.trace(to_y @ (s_y + ridge)) + shift @ to_y @ shift
        of_x = np.trace(to_x @ (s_x + ridge)) + shift @ to_x @ shift
        assert formula == pytest.approx((of_x + of_y) / 2 - d)
        return (of_y * (n - d - 2) / (n - 1) + of_x * (m - d - 2) / (m - 1)) / 2 - d
    roots = np.sqrt(np.linalg.eigvals(s_x @ s_y).real)
    terms = np.multiply.outer(roots, roots) / np.add.outer(roots, roots) * (1 + np.eye(len(roots)))
    pairs = terms.sum()
    bias = np.trace(s_x) / n + np.trace(s_y) / m + pairs * (1 / (n - 1) + 1 / (m - 1)) / 2
    return formula - bias


def test_the_registry_names_its_metrics() -> None:
    assert all(name == metric.name for name, metric in METRICS.items())
    assert set(PANEL) <= set(METRICS)


@pytest.mark.parametrize("name", METRICS)
def test_prepared_form_agrees_with_the_formula(name: str) -> None:
    x, y = two()
    params = PARAMS.get(name, {})
    rows = pooled_rows(x, y)
    statistic = METRICS[name].prepare(rows, seed=0, **PREPARED.get(name, {}))
    found = statistic.combine(statistic.evaluate(*observed(rows)))[0]
    expected = resampled(name, x, y, **params)
    # Quantile functions are read at fixed levels there, which cuts the outermost tails.
    slack = 0.02 if "wasserstein" in name else 1e-6
    assert found == pytest.approx(expected, rel=slack)


@pytest.mark.parametrize("name", METRICS)
def test_weighting_equals_choosing_rows(name: str) -> None:
    """A unit drawn twice is its rows twice (where pairs of copies are not the question)."""
    x, y = two(24, 18)
    unit_x, unit_y = np.arange(24) // 2, np.arange(18) // 2
    params = PARAMS.get(name, {})
    rows = pooled_rows(x, y, unit_x, unit_y)
    statistic = METRICS[name].prepare(rows, seed=0, **PREPARED.get(name, {}))
    wx, wy = observed(rows)
    wx[0, :4], wy[0, rows.units_x : rows.units_x + 2] = 0, 0
    if name not in ("mmd", "energy", "proxy_a_distance", "kl_gaussian"):
        wx[0, 5] = 2
    found = statistic.combine(statistic.evaluate(wx, wy))[0]
    left = np.concatenate([np.repeat(x[unit_x == u], wx[0, u], axis=0) for u in range(12)])
    right = np.concatenate([np.repeat(y[unit_y == u], wy[0, 12 + u], axis=0) for u in range(9)])
    if name == "sinkhorn":
        params = {"regularisation": statistic.settings["regularisation"]}
    if name in ("mmd", "energy"):
        chosen = pooled_rows(left, right, np.arange(16) // 2, np.arange(14) // 2)
        if name == "mmd":
            params = {"bandwidth": statistic.settings["bandwidth"]}
        again = METRICS[name].prepare(chosen, **params)
        expected = again.evaluate(*observed(chosen))[0, 0]
    elif name == "proxy_a_distance":
        return  # its whitening looks at all rows, by design
    else:
        expected = resampled(name, left, right, **params)
    assert found == pytest.approx(expected, rel=0.05 if "wasserstein" in name else 1e-6)


@pytest.mark.parametrize("name", METRICS)
def test_identical_samples_are_at_or_below_the_floor(name: str) -> None:
    x, _ = two(30)
    found = measure(x, x.copy(), name, **FEW, **PARAMS.get(name, {}))
    assert found.value <= found.floor
    assert not found.above_floor
    assert found.p_value > 0.5


@pytest.mark.parametrize("name", METRICS)
def test_symmetry(name: str) -> None:
    x, y = two()
    forward = METRICS[name].distance(x, y, **PARAMS.get(name, {}))
    swapped = {"precision_gap": "recall_gap", "recall_gap": "precision_gap"}.get(name, name)
    back = METRICS[swapped].distance(y, x, **PARAMS.get(name, {}))
    if name == "coverage_gap":  # asks how y covers x, and nothing else
        return
    assert back == pytest.approx(forward, abs=1e-9)


@pytest.mark.parametrize("name", METRICS)
def test_order_of_rows_does_not_matter(name: str) -> None:
    x, y = two()
    params = PARAMS.get(name, {})
    turned = METRICS[name].distance(
        x[::-1], y[np.random.default_rng(0).permutation(len(y))], **params
    )
    assert turned == pytest.approx(METRICS[name].distance(x, y, **params), rel=1e-9)


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_common_offset_of_a_thousand(name: str, kind: type) -> None:
    x, y = (np.round(a.astype(kind) * 64) / 64 for a in two(60, 50))  # exact in float32 at 1000
    params = dict(PARAMS.get(name, {}))
    expected = METRICS[name].distance(x, y, **params)
    if name == "cmd":
        params["bounds"] = (990.0, 1010.0)
    moved = METRICS[name].distance(x + kind(1000), y + kind(1000), **params)
    assert moved == pytest.approx(expected, rel=1e-4 if kind is np.float32 else 1e-7, abs=1e-7)


@pytest.mark.parametrize("name", METRICS)
def test_an_estimate_does_not_move_with_the_origin(name: str) -> None:
    x, y = (np.round(a * 64) / 64 for a in two(60, 34))
    params, moved = PREPARED.get(name, {}), dict(PREPARED.get(name, {}))
    if name == "cmd":
        moved["bounds"] = (990.0, 1010.0)
    here = measure(x, y, name, **FEW, **params)
    there = measure(x + 1000, y + 1000, name, **FEW, **moved)
    assert (there.n, there.m) == (60, 34)
    for field in ("value", "plug_in", "low", "high", "floor", "p_value"):
        expected = getattr(here, field)
        assert getattr(there, field) == pytest.approx(expected, rel=1e-6, abs=1e-7), field


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("side", ["x", "y"])
def test_every_metric_refuses_rows_that_are_not_finite(name: str, side: str) -> None:
    sides = dict(zip("xy", two(), strict=True))
    sides[side][[7, 19], 2] = np.nan
    for function in (measure, METRICS[name].distance):
        arguments = (name,) if function is measure else ()
        with pytest.raises(InputError, match=rf"features {side}: .*2 of \d+ rows \(rows 7, 19\)"):
            function(sides["x"], sides["y"], *arguments)


@pytest.mark.parametrize("name", METRICS)
def test_constant_features_are_no_gap_and_no_crash(name: str) -> None:
    x, y = np.full((20, 4), 3.0), np.full((16, 4), 3.0)
    found = measure(x, y, name, **FEW, **({"bounds": (0, 5)} if name == "cmd" else {}))
    assert found.value == pytest.approx(0, abs=1e-6)
    assert found.p_value == 1
    assert found.ratio is None
    assert not found.above_floor
    canonical_json(found.to_json())


@pytest.mark.parametrize("name", METRICS)
def test_some_constant_features_change_nothing_but_d(name: str) -> None:
    x, y = two()
    wide = [np.concatenate([a, np.full((len(a), 2), 5.0)], axis=1) for a in (x, y)]
    found = measure(*wide, name, **FEW, **PARAMS.get(name, {}))
    assert found.d == 5
    # CORAL is blind to a shift, and neighbours need more than 40 rows to tell so small a one.
    assert found.p_value <= 0.05 or name in ("coral", "precision_gap", "coverage_gap")
    assert np.isfinite([found.value, found.low, found.high, found.floor]).all()


@pytest.mark.parametrize("name", METRICS)
def test_a_far_gap_stands_out_for_any_sizes(name: str) -> None:
    x, y = two(90, 14, shift=4.0)
    found = measure(x, y, name, **FEW, **PARAMS.get(name, {}))
    if name == "coral":  # blind to a shift
        return
    assert (found.n, found.m) == (90, 14)
    assert found.above_floor
    assert found.p_value == pytest.approx(1 / 40)
    assert found.low <= found.value <= found.high
    if name == "coverage_gap":  # seven rows cover seven others always: no noise to compare with
        assert found.floor == 0
        assert found.ratio is None
        assert "say little" in found.warnings[0]
        return
    assert found.ratio == pytest.approx(found.value / found.floor)


def test_same_seed_same_bytes_other_seed_other_draws() -> None:
    x, y = two()
    first, again, other = (
        {k: e.to_json() for k, e in measure_all(x, y, seed=seed, **FEW).items()}
        for seed in (1, 1, 2)
    )
    assert canonical_json(first) == canonical_json(again)
    assert first["mmd"]["floor"] != other["mmd"]["floor"]
    assert first["mmd"]["value"] == other["mmd"]["value"]


def test_measuring_all_equals_measuring_each() -> None:
    x, y = two()
    together = measure_all(x, y, ["frechet", "mmd"], **FEW)
    assert together["mmd"] == measure(x, y, "mmd", **FEW)
    assert list(together) == ["frechet", "mmd"]


def test_json_round_trip() -> None:
    x, y = two(6, 3)
    found = measure(x, y, "mmd", **FEW)
    assert found.floor is None
    assert found.ratio is None
    assert any("halve" in warning for warning in found.warnings)
    text = canonical_json(found.to_json())
    assert Estimate.from_json(json.loads(text)).to_json() == found.to_json()


def test_parts_can_be_left_out() -> None:
    x, y = two()
    found = measure(x, y, "coral", permutations=0, bootstraps=0, floor_splits=0)
    assert (found.p_value, found.low, found.high, found.floor) == (None, None, None, None)
    assert found.value == pytest.approx(found.plug_in)


def test_pooled_scale_frees_from_units() -> None:
    x, y = two()
    units = np.array([1.0, 1e4, 1e-4])
    plain = measure(x, y, "mmd", scale="pooled", **FEW)
    scaled = measure(x * units, y * units, "mmd", scale="pooled", **FEW)
    assert scaled.value == pytest.approx(plain.value, rel=1e-9)
    assert scaled.params["scale"] == "pooled"
    assert measure(x * units, y * units, "mmd", **FEW).value != pytest.approx(plain.value, rel=0.1)


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        (np.zeros((4, 2)), np.zeros((4, 3)), ["columns", "(4, 2)", "(4, 3)"]),
        (np.zeros(4), np.zeros((4, 3)), ["x", "two axes"]),
        (np.zeros((1, 3)), np.zeros((4, 3)), ["x", "at least 2 rows"]),
        (np.zeros((4, 0)), np.zeros((4, 0)), ["1 feature"]),
        (np.array([["a"], ["b"]]), np.zeros((4, 1)), ["real numbers"]),
        ([[1.0], [1.0, 2.0]], np.zeros((4, 1)), ["unequal length"]),
    ],
)
def test_unusable_features_are_named(x, y, words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        measure(x, y)
    assert all(word in str(caught.value) for word in words)


@given(st.sets(st.integers(0, 29), min_size=1, max_size=30), st.sampled_from([np.nan, np.inf]))
@settings(max_examples=20, deadline=None)
def test_rows_that_are_not_finite_are_named(rows: set[int], value: float) -> None:
    x = np.zeros((30, 2))
    x[sorted(rows), 1] = value
    with pytest.raises(InputError, match=f"{len(rows)} of 30 rows .*rows {min(rows)}"):
        measure(x, np.zeros((5, 2)))


def test_wrong_requests_name_what_exists() -> None:
    x, y = two()
    with pytest.raises(ConfigError, match=r"fid.*frechet"):
        measure(x, y, "fid")
    with pytest.raises(ConfigError, match=r"'sigma'.*bandwidth"):
        measure(x, y, "mmd", sigma=1)
    for wrong in (
        {"level": 1.0},
        {"permutations": -1},
        {"scale": "robust"},
        {"kernel": "cosine"},
        {"bandwidth": 0.0},
        {"bandwidth": np.inf},
    ):
        with pytest.raises(ConfigError, match=next(iter(wrong))):
            measure(x, y, "mmd", **wrong)
    with pytest.raises(ConfigError, match="bounds"):
        measure(x, y, "cmd", bounds=(1, 0))
    with pytest.raises(ConfigError, match="classifier"):
        measure(x, y, "proxy_a_distance", classifier="tree")
    with pytest.raises(InputError, match="groups_x has 2 entries for 40 rows"):
        measure(x, y, "mmd", groups_x=["a", "b"])


def test_warnings_where_a_number_means_little() -> None:
    x, y = two(20, 15, d=40)
    frechet = measure(x, y, "frechet", **FEW)
    assert any("15 frames on one side for 34 dimensions" in w for w in frechet.warnings)
    assert any("bounds" in w for w in measure(x, y, "cmd", **FEW).warnings)
    beyond = measure(x, y, "cmd", bounds=(0, 1), **FEW)
    assert any("beyond the CMD bounds" in w for w in beyond.warnings)
    assert any("far below" in w for w in measure(x, y, "mmd", bandwidth=1e-3, **FEW).warnings)
    assert any("far above" in w for w in measure(x, y, "mmd", bandwidth=1e5, **FEW).warnings)
    doubled = np.repeat(np.eye(2), 20, axis=0) * [[1, 0]]
    assert not measure(doubled, y[:, :2], "mmd", **FEW).warnings
    same = np.zeros((40, 2))
    same[:3] = 1
    assert any("identical" in w for w in measure(same, same, "mmd", **FEW).warnings)
