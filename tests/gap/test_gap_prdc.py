"""Neighbourhood scores of any weighting against their definition, and what is known of them."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from isthmus.errors import ConfigError
from isthmus.gap import measure, neighbour_lists
from isthmus.gap.metric import pooled_rows
from isthmus.gap.neighbour_lists import SCORES, NeighbourLists
from isthmus.gap.neighbours import neighbourhood
from isthmus.gap.prdc import coverage_gap, precision_gap, recall_gap, scores
from isthmus.gap.resampling import make_plan

rng = np.random.default_rng(2)
X, Y = rng.normal(size=(47, 3)), rng.normal(size=(31, 3)) + 0.5
# Copies of one point in both samples, of another in y alone; farther than any ball elsewhere.
X_COPIES, Y_COPIES = X.copy(), Y.copy()
X_COPIES[::3], Y_COPIES[::3], Y_COPIES[1::3] = [0.1, 30.3, 0.7], [0.1, 30.3, 0.7], [-90.9, 0, 1.3]
FEW = {"permutations": 49, "bootstraps": 40, "floor_splits": 20}


def test_the_gaps_are_the_published_scores() -> None:
    """`neighbourhood` is held to cdist elsewhere; strictly inside, k-th neighbour without self."""
    expected = neighbourhood(X, Y, k=4)
    assert precision_gap(X, Y, k=4) == pytest.approx(1 - expected.precision, abs=1e-12)
    assert recall_gap(X, Y, k=4) == pytest.approx(1 - expected.recall, abs=1e-12)
    assert coverage_gap(X, Y, k=4) == pytest.approx(1 - expected.coverage, abs=1e-12)
    found = scores(X, Y, k=4, **FEW)
    for name in ("precision", "recall", "density", "coverage"):
        assert found[name].value == pytest.approx(getattr(expected, name), abs=1e-12), name


def by_definition(rows, wx, wy, k: int) -> list[float]:
    """One weighting by loops: rows of one's own unit are no neighbours, but for loose units."""
    d = cdist(rows.z, rows.z)
    apart = rows.unit[:, None] != rows.unit[None]
    if rows.loose:
        apart = ~np.eye(len(d), dtype=bool)
    x, y = wx[rows.unit].astype(int), wy[rows.unit].astype(int)

    def radii(weights: np.ndarray) -> dict[int, float]:
        out = {}
        for i in np.flatnonzero(weights):
            others = np.sort(np.repeat(d[i][apart[i]], weights[apart[i]]))
            out[i] = others[min(k, len(others)) - 1] if len(others) else None
        return out

    balls, back = radii(x), radii(y)

    def holds(i: int, j: int, r: float | None) -> bool:
        if r is None or not apart[i, j]:
            return False
        return d[i, j] < r or (r == 0 and d[i, j] == 0)

    near = {i: [j for j in np.flatnonzero(y) if holds(i, j, r)] for i, r in balls.items()}
    found = {j for inside in near.values() for j in inside}
    recalled = {i for j, r in back.items() for i in np.flatnonzero(x) if holds(j, i, r)}
    return [
        sum(y[j] for j in found) / y.sum(),
        sum(x[i] for i in recalled) / x.sum(),
        sum(x[i] * y[j] for i, inside in near.items() for j in inside) / (k * y.sum()),
        sum(x[i] for i, inside in near.items() if inside) / x.sum(),
    ]


@pytest.mark.parametrize("pair", [(X, Y), (X_COPIES, Y_COPIES)], ids=["apart", "copies"])
@pytest.mark.parametrize("kind", ["frames", "sequences", "loose"])
@pytest.mark.parametrize(("listed", "columns"), [(1 << 25, 32), (1 << 25, 2), (0, 1)])
def test_every_weighting_by_definition(
    pair, kind: str, listed: int, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without room for lists every row is answered from all distances: the same numbers."""
    monkeypatch.setattr(neighbour_lists, "LISTED_VALUES", listed)
    monkeypatch.setattr(neighbour_lists, "COLUMNS", columns)
    monkeypatch.setattr(neighbour_lists, "VALUES_AT_ONCE", 300)
    units = () if kind == "frames" else (np.arange(47) // 4, np.arange(31) // 4)
    rows = pooled_rows(*pair, *units, loose=kind == "loose")
    k = 3
    lists = NeighbourLists.of(rows, k)
    plan = make_plan(
        rows.units_x, rows.units - rows.units_x, permutations=8, bootstraps=8, splits=4, seed=0
    )
    expected = [by_definition(rows, wx, wy, k) for wx, wy in zip(plan.wx, plan.wy, strict=True)]
    np.testing.assert_allclose(lists.evaluate(plan.wx, plan.wy), expected, atol=1e-12)


@pytest.mark.parametrize("name", ["precision_gap", "recall_gap", "coverage_gap"])
@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_two_sets_of_one_value_each_are_wholly_apart(name: str, kind: type) -> None:
    """Their balls have no radius. Rounding must not make a distance of a copy's."""
    a, b = np.random.default_rng(0).normal(size=(2, 40)).astype(kind)
    x, y = np.tile(a, (30, 1)), np.tile(b, (24, 1))
    apart, same = measure(x, y, name, **FEW), measure(x, x[:24].copy(), name, **FEW)
    assert (apart.value, apart.plug_in, apart.low, apart.floor) == (1, 1, 1, 0)
    assert apart.p_value == 0.02
    assert apart.above_floor
    assert (same.value, same.plug_in, same.p_value) == (0, 0, 1)
    assert sum("balls have no radius" in warning for warning in apart.warnings) == 2
    assert not any("radius" in warning for warning in measure(X, Y, name, **FEW).warnings)
    almost = x + np.random.default_rng(1).normal(size=x.shape).astype(kind) * 1e-12
    assert any("rounding" in warning for warning in measure(almost, y, name, **FEW).warnings)


def test_copies_are_held_by_balls_without_a_radius() -> None:
    x = np.array([[0.0, 0.0]] * 4 + [[5.0, 0.0], [6.0, 0.0], [7.0, 0.0], [8.0, 0.0]])
    y = np.array([[0.0, 0.0], [0.0, 1.0], [5.5, 0.0], [99.0, 0.0]])
    found = neighbourhood(x, y, k=2)
    assert found.precision == 0.5  # the copy, and 5.5
    assert found.coverage == 6 / 8  # of 7 and 8 the balls hold nothing
    assert found.density == pytest.approx(6 / (2 * 4))
    assert found.realism[0] == np.inf
    assert found.realism[1] == pytest.approx(2 / np.sqrt(26))
    moved = neighbourhood(x + 1000.1, y + 1000.1, k=2)
    assert (moved.precision, moved.coverage) == (0.5, 6 / 8)


@pytest.mark.parametrize(("n", "m"), [(60, 60), (90, 30)])
def test_coverage_and_density_of_equal_distributions(n: int, m: int) -> None:
    """Naeem et al., section 3.2: coverage from ranks alone, density 1, in any dimension."""
    k = 3
    generator = np.random.default_rng(0)
    draws = [
        neighbourhood(generator.normal(size=(n, 4)), generator.normal(size=(m, 4)), k=k)
        for _ in range(100)
    ]
    uncovered = prod((n - i) / (n + m - i) for i in range(1, k + 1))
    for values, truth in (
        ([draw.coverage for draw in draws], 1 - uncovered),
        ([draw.density for draw in draws], 1.0),
    ):
        assert abs(np.mean(values) - truth) < 4 * np.std(values) / np.sqrt(len(draws))


@pytest.mark.parametrize(("n", "m"), [(70, 70), (140, 35), (35, 140)])
def test_without_a_gap_the_scores_are_the_usual_ones(n: int, m: int) -> None:
    """Also where coverage is far below 1 because one side has so few rows."""
    generator = np.random.default_rng(n)
    plan = {"permutations": 19, "bootstraps": 0, "floor_splits": 20}
    draws, below, p_values = 16, dict.fromkeys(SCORES, 0), []
    for seed in range(draws):
        x, y = generator.normal(size=(n, 4)), generator.normal(size=(m, 4))
        for name, found in scores(x, y, seed=seed, **plan).items():
            below[name] += found.below_usual
            p_values.append(found.p_value)
    assert max(below.values()) <= 4, below  # 16 draws with a chance of 1 in 20: 0.8 ± 0.9
    # Ties (full coverage) push p-values up, never down.
    assert np.mean(p_values) > 0.4
    assert np.mean(np.array(p_values) <= 0.1) < 0.25


@pytest.mark.parametrize("name", ["precision_gap", "recall_gap", "coverage_gap"])
@pytest.mark.parametrize(("n", "m"), [(70, 70), (140, 35), (35, 140)])
def test_without_a_gap_the_gaps_are_none_whatever_the_sizes(name: str, n: int, m: int) -> None:
    generator = np.random.default_rng(n)
    plan = {"permutations": 0, "bootstraps": 0, "floor_splits": 20}
    found = [
        measure(generator.normal(size=(n, 4)), generator.normal(size=(m, 4)), name, **plan)
        for _ in range(10)
    ]
    assert np.mean([one.value for one in found]) < 0.04
    assert sum(one.above_floor for one in found) <= 2


def test_what_y_lacks_and_what_y_has_beyond_x_are_told_apart() -> None:
    generator = np.random.default_rng(5)
    x = generator.normal(size=(300, 4))
    y = np.concatenate([generator.normal(size=(150, 4)), generator.normal(size=(50, 4)) + 9])
    found = scores(x, y, permutations=99, bootstraps=50, floor_splits=40)
    assert found["precision"].below_usual
    assert found["precision"].p_value == 0.01
    assert found["precision"].value == pytest.approx(0.75, abs=0.05)
    assert not found["recall"].below_usual
    beyond = measure(x, y, "precision_gap", **FEW)
    lacking = measure(x, y, "recall_gap", **FEW)
    assert beyond.value == pytest.approx(0.25, abs=0.05)
    assert beyond.above_floor
    assert not lacking.above_floor
    assert precision_gap(y, x) == recall_gap(x, y)


def test_the_interval_has_the_width_that_new_samples_show() -> None:
    generator = np.random.default_rng(7)
    pairs = [
        (generator.normal(size=(120, 5)), generator.normal(size=(120, 5)) + 0.5) for _ in range(60)
    ]
    drawn = {"permutations": 0, "bootstraps": 100, "floor_splits": 0}
    found = [scores(x, y, **drawn) for x, y in pairs[:8]]
    plain = [neighbourhood(x, y) for x, y in pairs]
    for name in ("precision", "recall", "density", "coverage"):
        spread = np.std([getattr(one, name) for one in plain])
        shown = np.mean([one[name].high - one[name].low for one in found]) / (2 * 1.96)
        assert 0.7 < shown / spread < 1.6, (name, shown, spread)


def test_frames_of_a_video_are_one_observation() -> None:
    """Ten copies of each frame add nothing, and are nobody's neighbours in their own video."""
    groups_x, groups_y = np.repeat(np.arange(47), 10), np.repeat(np.arange(31), 10)
    videos = [np.repeat(a, 10, axis=0) + 1e-6 * rng.normal(size=(len(a) * 10, 3)) for a in (X, Y)]
    found = scores(*videos, k=10, groups_x=groups_x, groups_y=groups_y, **FEW)
    single = scores(X, Y, k=1, **FEW)
    assert found["coverage"].units_x == 47
    assert found["recall"].value == pytest.approx(single["recall"].value, abs=0.1)
    assert found["precision"].value == pytest.approx(single["precision"].value, abs=0.1)
    alone = scores(*videos, k=5, **FEW)
    assert alone["precision"].value < 0.1  # every ball ends within its own video


def test_too_few_rows_and_wrong_numbers_are_told() -> None:
    few = scores(X[:4], Y[:3], k=5, **FEW)
    assert few["coverage"].k == 2
    assert few["coverage"].usual is None
    assert any("say little" in warning for warning in few["coverage"].warnings)
    with pytest.raises(ConfigError, match="k = 0"):
        scores(X, Y, k=0)
    with pytest.raises(ConfigError, match="level = 2"):
        scores(X, Y, level=2)
    assert few["density"].to_json()["usual"] is None
