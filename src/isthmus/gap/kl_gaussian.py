"""Jeffreys divergence of Gaussians: Kullback-Leibler both ways, added.

Kullback, "Information theory and statistics" (1959), chapter 9:
J = ½ tr(S_x⁻¹ S_y + S_y⁻¹ S_x) - d + ½ (m_x - m_y)ᵀ (S_x⁻¹ + S_y⁻¹) (m_x - m_y).
It weighs a shift by the spread around it and so sees what happens in quiet directions, which
Fréchet's distance drowns. Inverting needs covariances of full rank: a `ridge` on the mean
variance is added to both, and inference works in few leading principal components.
"""

from __future__ import annotations

import numpy as np

from isthmus.errors import ConfigError
from isthmus.gap.estimate import Matrix, checked_pair
from isthmus.gap.metric import Counts, Floats, Metric, Rows, Simple
from isthmus.gap.moments import principal_axes, weighted_moments

COMPONENTS = 16
RIDGE = 1e-3


def kl_gaussian(x: Matrix, y: Matrix, *, ridge: float = RIDGE) -> float:
    """J of `x` (n, d) and `y` (m, d) in nats; 0 for equal moments.

    `ridge`: share of the pooled mean variance added to both covariances' diagonals.
    """
    left, right = checked_pair(x, y)
    _check(ridge)
    means, covariances = [], []
    for rows in (left, right):
        z = rows.astype(np.float64)
        means.append(z.mean(axis=0))
        z -= means[-1]
        covariances.append(z.T @ z / (len(z) - 1))
    found = jeffreys(
        means[0][None], covariances[0][None], means[1][None], covariances[1][None], ridge
    )
    return float(found[0])


def jeffreys(mean_x: Floats, cov_x: Floats, mean_y: Floats, cov_y: Floats, ridge: float) -> Floats:
    """J (r,) for stacks of means (r, d) and covariances (r, d, d)."""
    d = mean_x.shape[1]
    level = (np.trace(cov_x, axis1=1, axis2=2) + np.trace(cov_y, axis1=1, axis2=2)) / (2 * d)
    added = (ridge * level + np.finfo(float).tiny ** 0.5)[:, None, None] * np.eye(d)
    a, b = cov_x + added, cov_y + added
    difference = (mean_x - mean_y)[:, :, None]
    total = np.zeros(len(mean_x))
    for one, other in ((a, b), (b, a)):
        solved = np.linalg.solve(one, np.concatenate([other, difference], axis=2))
        total += np.trace(solved[:, :, :d], axis1=1, axis2=2) / 2
        total += (difference[:, :, 0] * solved[:, :, d]).sum(axis=1) / 2
    result: Floats = total - d
    return result


def prepare(
    rows: Rows, *, seed: int = 0, components: int | None = COMPONENTS, ridge: float = RIDGE
) -> Simple:
    """The resampled form, in the pooled sample's `components` leading axes (None: all)."""
    del seed  # nothing here is drawn
    _check(ridge)
    axes = principal_axes(rows, components)

    def evaluate(wx: Counts, wy: Counts) -> Floats:
        out = np.empty(len(wx))
        sides = (weighted_moments(rows, axes.scores, w) for w in (wx, wy))
        for (block, _, mean_x, cov_x), (_, _, mean_y, cov_y) in zip(*sides, strict=True):
            out[block] = jeffreys(mean_x, cov_x, mean_y, cov_y, ridge)
        return out

    return Simple(evaluate, settings={**axes.settings, "ridge": ridge}, warnings=axes.warnings)


def _check(ridge: float) -> None:
    if not ridge >= 0:
        raise ConfigError(f"ridge = {ridge}; expected 0 or more")


METRIC = Metric(
    name="kl_gaussian",
    label="Jeffreys divergence of Gaussians",
    estimator="plug-in of regularised moments, bias removed by self-distances of halves",
    biased=True,
    distance=kl_gaussian,
    prepare=prepare,
)
