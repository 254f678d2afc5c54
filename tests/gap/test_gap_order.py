"""The same frames give the same numbers, however they are listed and whichever side they are on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.gap import METRICS, h_divergence
from isthmus.gap.folds import Folds, fold_of_units
from isthmus.gap.h_divergence import proxy_a_distance
from isthmus.gap.inference import Options, measure_units
from isthmus.gap.metric import observed, pooled_rows
from isthmus.gap.order import by_content, content_keys, content_order
from isthmus.gap.units import Units, find_units

FEW = Options(level=0.95, permutations=39, bootstraps=30, floor_splits=10, seed=0, scale="none")
PARAMS = {"cmd": {"bounds": (-10.0, 10.0)}, "sliced_wasserstein": {"projections": 8}}


def two(n: int = 60, m: int = 60, d: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(n + m + d)
    return rng.normal(size=(n, d)), rng.normal(size=(m, d)) + 0.4


@pytest.mark.parametrize("name", METRICS)
def test_no_part_of_an_estimate_depends_on_the_order_of_frames(name: str) -> None:
    x, y = two()
    rng = np.random.default_rng(0)
    found = [
        measure_units(a, b, by_content(find_units(a, b), a, b), name, FEW, **PARAMS.get(name, {}))
        for a, b in ((x, y), (rng.permutation(x), rng.permutation(y)))
    ]
    for field in ("value", "plug_in", "low", "high", "floor", "p_value"):
        first, again = (getattr(estimate, field) for estimate in found)
        assert again == pytest.approx(first, rel=1e-9, abs=1e-12), field


@given(st.permutations(range(60)), st.permutations(range(60)), st.floats(-1e3, 1e3))
@settings(max_examples=25, deadline=None)
def test_proxy_a_distance_of_the_same_frames(
    order_x: list[int], order_y: list[int], offset: float
) -> None:
    x, y = two()
    expected = proxy_a_distance(x, y, repeats=2)
    assert proxy_a_distance(x[order_x] + offset, y[order_y] + offset, repeats=2) == expected
    assert proxy_a_distance(y[order_y], x[order_x], repeats=2) == expected


def test_folds_do_not_know_the_sides() -> None:
    """Any exchange of frames leaves each frame in its fold: what a permutation test rests on."""
    x, y = two(15, 4)
    pooled = np.concatenate([x, y])
    partitions = []
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(19)
        rows = pooled_rows(pooled[order[:15]], pooled[order[15:]])
        folds = Folds(rows, 5, 0, 0, order=content_order(rows), width=3)
        of_frame = np.empty(19, int)
        of_frame[order] = folds.partition
        partitions.append(of_frame)
    assert all((p == partitions[0]).all() for p in partitions)
    assert sorted(np.bincount(partitions[0])) == [3, 4, 4, 4, 4]


def test_folds_of_single_frames_hold_both_sides_evenly() -> None:
    rows = pooled_rows(*two(15, 10))
    fold = fold_of_units(rows, 5, 0, 0)
    assert (np.bincount(fold[:15]) == 3).all()
    assert (np.bincount(fold[15:]) == 2).all()


def test_copies_keep_their_order_and_units_their_rows() -> None:
    x = np.repeat(np.random.default_rng(0).normal(size=(5, 4)), 2, axis=0)
    keys = content_keys(x + 1e5, np.arange(10))
    assert (keys[::2] == keys[1::2]).all()
    assert len(set(keys)) == 5
    units = Units(np.array([0, 0, -1, 1, 1, 2, 2, -1, 3, 3]), np.arange(10), "blocks")
    again = by_content(units, x, x)
    assert (again.x[[2, 7]] == -1).all()
    assert sorted(set(again.x)) == [-1, 0, 1, 2, 3]
    for unit in range(4):
        assert len(set(again.x[units.x == unit])) == 1


def test_few_frames_of_many_features_are_judged_in_their_own_space(monkeypatch) -> None:
    x, y = np.random.default_rng(0).normal(size=(2, 25, 80))
    y += 0.3
    rows = pooled_rows(x, y)
    found = h_divergence.prepare(rows, repeats=2).evaluate(*observed(rows))
    monkeypatch.setattr(h_divergence, "in_row_space", lambda rows: rows)
    expected = h_divergence.prepare(rows, repeats=2).evaluate(*observed(rows))
    assert 0 < expected < 2
    assert found == pytest.approx(expected, abs=1e-12)


def test_frames_held_out_are_not_mistaken_without_a_gap() -> None:
    """With the threshold halfway they would seem the other side's: -0.34 in the mean."""
    rng = np.random.default_rng(0)
    found = [proxy_a_distance(*rng.normal(size=(2, 5, 30)), repeats=4) for _ in range(150)]
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(len(found))


def test_the_fewest_units_are_told_apart_in_full() -> None:
    """Folds that leave nothing of a side to learn from say nothing."""
    rng = np.random.default_rng(0)
    for n, m in ((2, 2), (2, 40), (3, 3)):
        assert proxy_a_distance(rng.normal(size=(n, 2)), rng.normal(size=(m, 2)) + 90) == 2.0
