"""CORAL distance: how far the covariances are apart, blind to the means.

Sun & Saenko, "Deep CORAL", ECCV 2016 workshops, equation 1: |S_x - S_y|²_F / (4 d²).
"""

from __future__ import annotations

import numpy as np

from isthmus.gap.estimate import Matrix, checked_pair
from isthmus.gap.metric import Counts, Floats, Metric, Rows, Simple
from isthmus.gap.moments import COMPONENTS, principal_axes, weighted_moments


def coral(x: Matrix, y: Matrix) -> float:
    """|S_x - S_y|²_F / (4 d²) of `x` (n, d) and `y` (m, d); covariances divide by n - 1."""
    covariances = []
    for rows in checked_pair(x, y):
        z = rows.astype(np.float64)
        z -= z.mean(axis=0)
        covariances.append(z.T @ z / (len(z) - 1))
    return coral_of(*covariances)


def coral_of(cov_x: Floats, cov_y: Floats) -> float:
    """The same from covariances (d, d)."""
    return float(np.square(cov_x - cov_y).sum() / (4 * len(cov_x) ** 2))


def prepare(rows: Rows, *, seed: int = 0, components: int | None = COMPONENTS) -> Simple:
    """The resampled form, in the pooled sample's `components` leading axes (None: all)."""
    del seed  # nothing here is drawn
    axes = principal_axes(rows, components)
    d = rows.z.shape[1]

    def evaluate(wx: Counts, wy: Counts) -> Floats:
        out = np.empty(len(wx))
        sides = (weighted_moments(rows, axes.scores, w) for w in (wx, wy))
        for (block, _, _, cov_x), (_, _, _, cov_y) in zip(*sides, strict=True):
            # A rotation changes no Frobenius norm, so this is the distance of the features.
            out[block] = np.square(cov_x - cov_y).sum(axis=(1, 2)) / (4 * d**2)
        return out

    return Simple(evaluate, settings=axes.settings, warnings=axes.warnings)


METRIC = Metric(
    name="coral",
    label="CORAL distance",
    estimator="squared difference of covariances, bias removed by self-distances of halves",
    biased=True,
    distance=coral,
    prepare=prepare,
)
