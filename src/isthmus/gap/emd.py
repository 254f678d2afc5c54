"""Wasserstein distance in all dimensions together: the least work that moves x onto y.

Kantorovich's problem (Villani, "Topics in optimal transportation", 2003, chapter 7), solved
exactly by the network simplex of POT (Bonneel et al. 2011; Flamary et al., JMLR 22, 2021):
W_p = (min over plans of the mean of |x - y|^p)^(1/p). Unlike the sliced and the coordinate-wise
distances it misses nothing, and unlike kernels it has no bandwidth.

Samples of n rows in d dimensions are n^(-1/d) away from their own population, far more than the
gap where d is large: compare values only of equal sizes, or read the bias-free estimate. Its
bias is additive in W²: for W_2 of a shifted population exactly, for W_1 where distances are
long against what they vary by. Where one sample is the other moved and stretched, it is removed
exactly; where they differ in shape, somewhat too much of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from isthmus.gap.estimate import Matrix, checked_pair
from isthmus.gap.metric import Counts, Floats, Metric, Rows
from isthmus.gap.transport import (
    FORMULA_ROWS,
    Bounded,
    Side,
    bounded_pair,
    check_power,
    costs,
    reduction,
    stretch,
)

RESAMPLED_ROWS = 256
HELD_ROWS = 3000
"""Rows up to which the costs of all pairs are held: 72 MB."""
PIVOTS = 10_000_000


def emd(
    x: Matrix, y: Matrix, *, p: int = 2, most_rows: int | None = FORMULA_ROWS, seed: int = 0
) -> float:
    """W_p of `x` (n, d) and `y` (m, d), in the features' unit; 0 for equal samples.

    `p` is 1 or 2. A side with over `most_rows` rows is thinned to that many by the seed (None:
    never; time grows as n^2.3 or faster, memory as n m).
    """
    check_power(p)
    rows, left, right = bounded_pair(*checked_pair(x, y), most_rows, seed)
    cost = costs(rows.z[left.rows], rows.z[right.rows], p)
    return float(_least_cost(left, right, cost) ** (1 / p))


def prepare(
    rows: Rows,
    *,
    seed: int = 0,
    p: int = 2,
    resampled_rows: int = RESAMPLED_ROWS,
    most_rows: int | None = FORMULA_ROWS,
) -> EmdStatistic:
    """The resampled form, from at most `resampled_rows` rows a side (`most_rows`: see `emd`)."""
    check_power(p)
    settings, warnings = reduction(rows, resampled_rows, most_rows)
    bounded = Bounded.of(rows, resampled_rows, seed)
    return EmdStatistic(bounded, p, {"p": p, **settings}, warnings, stretch(rows))


@dataclass(frozen=True)
class EmdStatistic:
    """W_p² for many weightings, one exact problem each."""

    bounded: Bounded
    p: int
    settings: dict[str, Any]
    warnings: tuple[str, ...]
    stretch: float

    def evaluate(self, wx: Counts, wy: Counts) -> Floats:
        """(r, 1): W_p²."""
        z = self.bounded.rows.z
        sides = self.bounded.sides(wx, wy)
        used = np.unique(np.concatenate([side.rows for pair in sides for side in pair]))
        held = costs(z[used], z[used], self.p) if len(used) <= HELD_ROWS else None
        out = np.empty((len(sides), 1))
        for number, (left, right) in enumerate(sides):
            if held is None:
                cost = costs(z[left.rows], z[right.rows], self.p)
            else:
                at = [np.searchsorted(used, side.rows) for side in (left, right)]
                cost = held[np.ix_(at[0], at[1])]
            out[number] = _least_cost(left, right, cost) ** (2 / self.p)
        return out

    def draw(self, wx: Counts, wy: Counts) -> Floats | None:
        """None: `evaluate` shows the spread."""

    def combine(self, components: Floats) -> Floats:
        """W_p from its square; components below zero count as no distance."""
        result: Floats = np.sqrt(np.maximum(components[..., 0], 0))
        return result


def _least_cost(left: Side, right: Side, cost: Floats) -> float:
    """The mean cost of the best plan."""
    import ot  # slow to load

    # Rounding may leave a cost of nothing a little below zero.
    return max(0.0, float(ot.emd2(left.mass, right.mass, cost, numItermax=PIVOTS)))


METRIC = Metric(
    name="emd",
    label="Wasserstein distance",
    estimator="exact optimal transport of bounded samples, bias removed in W_p²",
    biased=True,
    distance=emd,
    prepare=prepare,
)
