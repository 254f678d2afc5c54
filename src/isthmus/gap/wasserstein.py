"""Wasserstein distance of each feature alone, averaged: what the marginals have moved.

W_p of one-dimensional samples is the L_p distance of their quantile functions; the average over
features is the sliced distance along the coordinate axes (Villani, "Topics in optimal
transportation", 2003, theorem 2.18). It names the features that moved, and is blind to changes
of how features go together.
"""

from __future__ import annotations

import numpy as np

from isthmus.gap import sliced_wasserstein as sliced
from isthmus.gap.estimate import Matrix, checked_pair
from isthmus.gap.metric import Floats, Metric, Rows


def wasserstein(x: Matrix, y: Matrix, *, p: float = 2.0) -> float:
    """(Mean over features of W_p^p)^(1/p) of `x` (n, d) and `y` (m, d), in the features' unit."""
    left, _ = checked_pair(x, y)
    axes = np.eye(left.shape[1], dtype=left.dtype)
    return sliced.sliced_wasserstein(x, y, p=p, directions=axes)


def by_feature(x: Matrix, y: Matrix, *, p: float = 1.0) -> Floats:
    """W_p of every feature (d,), exact for n ≠ m."""
    left, right = checked_pair(x, y)
    powers = sliced.quantile_distance(np.sort(left, axis=0), np.sort(right, axis=0), p)
    result: Floats = powers ** (1 / p)
    return result


def prepare(rows: Rows, *, seed: int = 0, p: float = 2.0) -> sliced.SlicedStatistic:
    """The resampled form."""
    del seed  # the axes are not drawn
    axes = np.eye(rows.z.shape[1], dtype=rows.z.dtype)
    return sliced.SlicedStatistic(rows, axes, p, maximum=False, settings={"p": p})


METRIC = Metric(
    name="wasserstein",
    label="Wasserstein distance by feature",
    estimator="quantile coupling of each feature, finite-sample bias removed in W_p^p",
    biased=True,
    distance=wasserstein,
    prepare=prepare,
)
