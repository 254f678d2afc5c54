"""Covering arrays: few rows in which every combination of t factors' levels occurs.

Greedy, one row at a time, each the best of several candidates (Cohen, Dalal, Fredman & Patton,
"The AETG system", IEEE TSE 1997), with rules kept by rejection.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations, product

import numpy as np

Levels = tuple[int, ...]
Tuple = tuple[tuple[int, int], ...]
CANDIDATES = 30
TRIES = 60


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
    t = min(strength, len(levels))
    left: dict[Tuple, None] = {}
    for factors in combinations(range(len(levels)), t):
        for chosen in product(*(range(levels[f]) for f in factors)):
            left[tuple(zip(factors, chosen, strict=True))] = None
    rows: list[Levels] = []
    unreachable: list[Tuple] = []
    while left:
        seed = next(iter(left))
        best = _best(seed, left, levels, rng, allowed)
        if best is None:
            unreachable.append(seed)
            del left[seed]
            continue
        rows.append(best)
        for covered in [c for c in left if _covers(best, c)]:
            del left[covered]
    return rows, unreachable


def _covers(row: Levels, combination: Tuple) -> bool:
    return all(row[factor] == level for factor, level in combination)


def _best(
    seed: Tuple,
    left: dict[Tuple, None],
    levels: Sequence[int],
    rng: np.random.Generator,
    allowed: Callable[[Levels], bool],
) -> Levels | None:
    """An allowed row that holds `seed` and covers most of what is left, of some candidates."""
    open_factors = [f for f in range(len(levels)) if f not in dict(seed)]
    by_factor: dict[tuple[int, int], int] = {}
    for combination in left:
        for pair in combination:
            by_factor[pair] = by_factor.get(pair, 0) + 1
    best, most = None, -1
    found = 0
    for attempt in range(TRIES):
        row = dict(seed)
        for factor in rng.permutation(open_factors).tolist() if open_factors else []:
            # Levels with much left to cover first, but any level in time.
            weight = [by_factor.get((factor, k), 0) + 0.5 for k in range(levels[factor])]
            keys = np.log(rng.random(levels[factor])) / np.asarray(weight)
            row[factor] = int(np.argmax(keys))
        whole = tuple(row[f] for f in range(len(levels)))
        if not allowed(whole):
            continue
        found += 1
        gain = sum(_covers(whole, c) for c in left)
        if gain > most:
            best, most = whole, gain
        if found >= CANDIDATES or (attempt >= CANDIDATES and best is not None):
            break
    return best
