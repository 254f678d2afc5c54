"""Covering arrays: few rows in which every combination of t factors' levels occurs.

Greedy, one row at a time, each the best of several candidates (Cohen, Dalal, Fredman & Patton,
"The AETG system", IEEE TSE 1997), with rules kept by rejection.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Levels = tuple[int, ...]
Numbers = NDArray[np.int64]
Tuple = tuple[tuple[int, int], ...]
CANDIDATES = 30
TRIES = 60


def count_combinations(levels: Sequence[int], strength: int) -> int:
    """How many combinations of `strength` factors' levels there are."""
    t = min(strength, len(levels))
    # Elementary symmetric polynomial of the numbers of levels: a factor is in, or it is not.
    sums = [1] + [0] * t
    for number in levels:
        for k in range(t, 0, -1):
            sums[k] += sums[k - 1] * number
    return sums[t]


def covering_array(
    levels: Sequence[int],
    strength: int,
    rng: np.random.Generator,
    allowed: Callable[[Levels], bool] = lambda row: True,
) -> tuple[list[Levels], list[Tuple]]:
    """Rows that cover every allowed combination of `strength` factors' levels.

    Args:
        levels: number of levels of each factor.
        strength: t; at most the number of factors.
        rng: breaks ties.
        allowed: tells whether a whole row may be.

    Returns:
        Rows of level numbers, and the combinations ((factor, level), …) of which no allowed row
        was found.
    """
    left = _Left(levels, min(strength, len(levels)))
    rows: list[Levels] = []
    unreachable: list[Tuple] = []
    while (seed := left.first()) is not None:
        best = _best(seed, left, levels, rng, allowed)
        if best is None:
            unreachable.append(seed)
            left.give_up()
            continue
        rows.append(best)
        left.cover(best)
    return rows, unreachable


class _Left:
    """Combinations of t factors' levels that no row covers yet.

    Those of one set of factors stand side by side, in the order of counting; sets of factors follow
    one another. So a row's own combination of each set is found without a search.

    Attributes:
        by_factor: (factors, most levels) in how many of them each level of each factor is.
    """

    def __init__(self, levels: Sequence[int], t: int) -> None:
        self.levels = levels
        self.sets = np.array(list(combinations(range(len(levels)), t)), np.int64).reshape(-1, t)
        sizes = np.asarray(levels, np.int64)[self.sets]
        after = np.cumprod(sizes[:, ::-1], axis=1)[:, ::-1]
        self.strides = np.concatenate([after[:, 1:], np.ones((len(after), 1), np.int64)], axis=1)
        counts = after[:, 0]
        self.starts = np.cumsum(counts) - counts
        self.open = np.ones(int(counts.sum()), bool)
        self.next = 0
        self.by_factor = np.zeros((len(levels), max(levels)), np.int64)
        for k in range(t):
            for factor in range(len(levels)):
                mine = self.sets[:, k] == factor
                shares = (counts[mine] // levels[factor]).sum()
                self.by_factor[factor, : levels[factor]] += shares

    def first(self) -> Tuple | None:
        """The first of them; None if all are covered."""
        ahead = self.open[self.next :]
        if not ahead.any():
            return None
        self.next += int(np.argmax(ahead))
        own = int(np.searchsorted(self.starts, self.next, side="right")) - 1
        factors = self.sets[own].tolist()
        digits = (self.next - self.starts[own]) // self.strides[own]
        return tuple(
            (factor, digit % self.levels[factor])
            for factor, digit in zip(factors, digits.tolist(), strict=True)
        )

    def gain(self, row: Levels) -> int:
        """How many of them a row covers."""
        return int(np.count_nonzero(self.open[self._places(row)]))

    def cover(self, row: Levels) -> None:
        """Strike out what a row covers."""
        places = self._places(row)
        new = self.open[places]
        factors = self.sets[new].ravel()
        np.subtract.at(self.by_factor, (factors, np.asarray(row, np.int64)[factors]), 1)
        self.open[places] = False

    def give_up(self) -> None:
        """Strike out the first of them."""
        for factor, level in self.first() or ():
            self.by_factor[factor, level] -= 1
        self.open[self.next] = False

    def _places(self, row: Levels) -> Numbers:
        chosen = np.asarray(row, np.int64)[self.sets]
        return np.asarray(self.starts + (chosen * self.strides).sum(axis=1), np.int64)


def _best(
    seed: Tuple,
    left: _Left,
    levels: Sequence[int],
    rng: np.random.Generator,
    allowed: Callable[[Levels], bool],
) -> Levels | None:
    """An allowed row that holds `seed` and covers most of what is left, of some candidates."""
    open_factors = [f for f in range(len(levels)) if f not in dict(seed)]
    # Levels with much left to cover first, but any level in time.
    weights = left.by_factor + 0.5
    best, most = None, -1
    found = 0
    for attempt in range(TRIES):
        row = dict(seed)
        for factor in rng.permutation(open_factors).tolist() if open_factors else []:
            weight = weights[factor, : levels[factor]]
            row[factor] = int(np.argmax(np.log(rng.random(levels[factor])) / weight))
        whole = tuple(row[f] for f in range(len(levels)))
        if not allowed(whole):
            continue
        found += 1
        gain = left.gain(whole)
        if gain > most:
            best, most = whole, gain
        if found >= CANDIDATES or (attempt >= CANDIDATES and best is not None):
            break
    return best
