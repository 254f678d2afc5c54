"""Energy distance: 2 E|x - y| - E|x - x'| - E|y - y'|, zero only for equal distributions.

Székely & Rizzo, "Energy statistics", J. Statistical Planning and Inference 143 (2013). It needs
no bandwidth and no bounds, sees any difference of location or spread, and keeps the features'
unit. The unbiased form over distinct pairs may fall below zero when there is no gap.
"""

from __future__ import annotations

import numpy as np

from isthmus.gap.estimate import Matrix, checked_pair
from isthmus.gap.metric import Counts, Floats, Metric, Rows, Simple, observed, pooled_rows
from isthmus.gap.pairs import squared_distances, u_statistic


def energy(x: Matrix, y: Matrix) -> float:
    """The energy distance of `x` (n, d) and `y` (m, d), unbiased, in the features' unit."""
    rows = pooled_rows(*checked_pair(x, y))
    return float(prepare(rows).evaluate(*observed(rows))[0, 0])


def prepare(rows: Rows, *, seed: int = 0) -> Simple:
    """The resampled form; pairs of rows from one unit do not count (see `pairs`)."""
    del seed  # nothing here is drawn
    distances = squared_distances(rows.z, rows.device)

    def negative_distance(i0: int, i1: int, j0: int, j1: int) -> Matrix:
        out = distances(i0, i1, j0, j1)
        np.sqrt(out, out=out)
        return np.negative(out, out=out)

    def evaluate(wx: Counts, wy: Counts) -> Floats:
        return u_statistic(rows, negative_distance, wx, wy)

    return Simple(evaluate)


METRIC = Metric(
    name="energy",
    label="Energy distance",
    estimator="unbiased U-statistic over pairs from different units",
    biased=False,
    distance=energy,
    prepare=prepare,
)
