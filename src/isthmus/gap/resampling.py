"""The plan of resamples: who is on which side, as integer weights of units.

All parts lie in one pair of matrices, so that a metric answers them in a single pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import comb

import numpy as np

from isthmus import seeds
from isthmus.gap.metric import Counts

HALVABLE = 4
ARRANGEMENTS = 100


@dataclass(frozen=True)
class Plan:
    """Weightings `wx`, `wy` (r, units) and the slices of their parts.

    Parts, in order: as observed; permutations; bootstrap draws; halves of x against each other;
    halves of y; halves of x against halves of y (two a split).
    """

    wx: Counts
    wy: Counts
    parts: tuple[slice, ...]
    permutations: int
    bootstraps: int
    warnings: tuple[str, ...]


def least_p_value(units_x: int, units_y: int) -> float:
    """The smallest p-value that exchanging so many units of either side can give."""
    return 1 / comb(units_x + units_y, units_x)


def make_plan(
    units_x: int, units_y: int, *, permutations: int, bootstraps: int, splits: int, seed: int
) -> Plan:
    """A plan for `units_x` and `units_y` units; parts that too few units forbid are empty."""
    warnings: tuple[str, ...] = ()
    if min(units_x, units_y) < 2:
        bootstraps = 0
        warnings += ("a side has a single unit: no interval can be given",)
    if min(units_x, units_y) < HALVABLE and splits:
        warnings += (
            f"{min(units_x, units_y)} units on one side: it takes {HALVABLE} to halve it; "
            "its noise floor is unknown",
        )
    arrangements = comb(units_x + units_y, units_x)
    if permutations and arrangements < ARRANGEMENTS:
        warnings += (
            f"{units_x} and {units_y} units can be exchanged in {arrangements} ways only: "
            f"no p-value can fall below {least_p_value(units_x, units_y):.3f}",
        )
    total = units_x + units_y
    start = np.zeros((1, total), dtype=np.int16)
    start[0, :units_x] = 1
    left = [start, _permutations(units_x, units_y, permutations, seed)]
    right = [1 - left[0], 1 - left[1]]
    draws = _draws(units_x, units_y, bootstraps, seed)
    left.append(_padded(draws[0], 0, total))
    right.append(_padded(draws[1], units_x, total))
    halves_x = _halves(units_x, splits if units_x >= HALVABLE else 0, seed, "x")
    halves_y = _halves(units_y, splits if units_y >= HALVABLE else 0, seed, "y")
    left += [_padded(halves_x, 0, total), _padded(halves_y, units_x, total)]
    right += [_padded(1 - halves_x, 0, total), _padded(1 - halves_y, units_x, total)]
    both = min(len(halves_x), len(halves_y))
    across_x = np.concatenate([halves_x[:both], 1 - halves_x[:both]])
    across_y = np.concatenate([halves_y[:both], 1 - halves_y[:both]])
    left.append(_padded(across_x, 0, total))
    right.append(_padded(across_y, units_x, total))
    ends = np.cumsum([0] + [len(part) for part in left])
    parts = tuple(slice(int(a), int(b)) for a, b in pairwise(ends))
    return Plan(
        np.concatenate(left).astype(np.int16),
        np.concatenate(right).astype(np.int16),
        parts,
        permutations,
        bootstraps,
        warnings,
    )


def _permutations(units_x: int, units_y: int, count: int, seed: int) -> Counts:
    rng = seeds.generator(seed, "permutations")
    out = np.zeros((count, units_x + units_y), dtype=np.int16)
    for row in out:
        row[rng.permutation(units_x + units_y)[:units_x]] = 1
    return out


def _draws(units_x: int, units_y: int, count: int, seed: int) -> tuple[Counts, Counts]:
    """How often each unit is drawn, with replacement, within its side.

    A draw that holds one unit only has no spread to speak of and is drawn anew.
    """
    rng = seeds.generator(seed, "bootstrap")
    sides = []
    for units in (units_x, units_y):
        out = np.zeros((count, units), dtype=np.int16)
        for row in out:
            while np.count_nonzero(row) < 2:
                row[:] = np.bincount(rng.integers(0, units, units), minlength=units)
        sides.append(out)
    return sides[0], sides[1]


def _halves(units: int, count: int, seed: int, side: str) -> Counts:
    """One half of the units of a side, at random; the other half is the rest."""
    rng = seeds.generator(seed, "halves", side)
    out = np.zeros((count, units), dtype=np.int16)
    for row in out:
        row[rng.permutation(units)[: units // 2]] = 1
    return out


def _padded(weights: Counts, start: int, total: int) -> Counts:
    out = np.zeros((len(weights), total), dtype=np.int16)
    out[:, start : start + weights.shape[1]] = weights
    return out
