"""Shares of frames in the gap add up to it, and point at the right frames."""

from __future__ import annotations

import numpy as np
import pytest

from isthmus.gap import find_units, measure
from isthmus.gap.mmd import mmd
from isthmus.gap.witness import witness

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(53, 4)), rng.normal(size=(31, 4)) + 0.5


@pytest.mark.parametrize("kernel", ["rbf", "rbf_mixture", "linear", "polynomial"])
def test_mean_difference_is_mmd(kernel: str) -> None:
    found = witness(X, Y, kernel=kernel)
    assert found.mmd == pytest.approx(mmd(X, Y, kernel=kernel), abs=1e-12)


@pytest.mark.parametrize("tile", [7, 1000])
def test_with_units_it_is_the_measured_value(tile: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("isthmus.gap.witness.TILE", tile)
    groups_x, groups_y = np.minimum(np.arange(53) // 4, 11), np.arange(31) // 3
    units = find_units(X, Y, groups_x, groups_y)
    assert units.kind == "sequences"
    found = witness(X, Y, units_x=units.x, units_y=units.y)
    measured = measure(
        X,
        Y,
        "mmd",
        groups_x=groups_x,
        groups_y=groups_y,
        permutations=0,
        bootstraps=0,
        floor_splits=0,
    )
    assert found.mmd == pytest.approx(measured.value, abs=1e-12)


def test_against_the_plain_formula() -> None:
    gamma = 1 / (2 * 1.5**2)
    k = lambda a, b: np.exp(-gamma * np.square(a[:, None] - b[None]).sum(-1))  # noqa: E731
    expected = (k(X, X).sum(1) - 1) / 52 - k(X, Y).mean(1)
    np.testing.assert_allclose(witness(X, Y, bandwidth=1.5).x, expected, atol=1e-12)


def test_rankings_point_at_the_odd_frames() -> None:
    x, y = X.copy(), rng.normal(size=(40, 4))
    y[7] += 6  # nothing like it in x
    x[[3, 11]] = np.array([[3.0], [3.1]])
    y[20:34] = 3 + 0.2 * rng.normal(size=(14, 4))  # a cluster that only two frames of x belong to
    found = witness(x, y)
    assert set(found.most_like_y(2)) == {3, 11}
    assert set(found.most_foreign_to_x(14)) == set(range(20, 34))
    assert found.y[7] < np.median(found.y)
