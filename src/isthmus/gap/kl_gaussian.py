"""Jeffreys divergence of Gaussians: Kullback-Leibler both ways, added.

Kullback, "Information theory and statistics" (1959), chapter 9:
J = ½ tr(S_x⁻¹ S_y + S_y⁻¹ S_x) - d + ½ (m_x - m_y)ᵀ (S_x⁻¹ + S_y⁻¹) (m_x - m_y).
It weighs a shift by the spread around it and so sees what happens in quiet directions, which
Fréchet's distance drowns. Inverting needs covariances of full rank: a `ridge` on the mean
variance is added to both, and inference works in few leading principal components, at most one
for ten rows of the smaller side, so that halves still have five for each. The inverse of a
sample's covariance is too large on average, (n - 1) / (n - k - 2) times for k Gaussian features
(Muirhead, "Aspects of multivariate statistical theory", 1982, theorem 3.2.12), which takes no part
in the value: every resample's inverses are scaled back; self-distances of halves do the rest.
There n counts independent rows: frames of one sequence resemble each other, so n is divided by
the design effect of second moments (Kish, "Survey sampling", 1965), the variance that they have
over sequences by the variance that as many independent rows would have.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from isthmus.errors import ConfigError
from isthmus.gap.estimate import Matrix, checked_pair
from isthmus.gap.metric import Counts, Floats, Metric, Rows, Simple
from isthmus.gap.moments import principal_axes, too_few_frames, weighted_moments

COMPONENTS = 16
ROWS_A_COMPONENT = 10
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


def jeffreys(
    mean_x: Floats,
    cov_x: Floats,
    mean_y: Floats,
    cov_y: Floats,
    ridge: float,
    *,
    shares: tuple[Floats, Floats] | None = None,
) -> Floats:
    """J (r,) for stacks of means (r, d) and covariances (r, d, d).

    `shares`, (r,) each: what the inverses of x's and y's covariances are multiplied by; 1 for the
    formula.
    """
    d = mean_x.shape[1]
    level = (np.trace(cov_x, axis1=1, axis2=2) + np.trace(cov_y, axis1=1, axis2=2)) / (2 * d)
    added = (ridge * level + np.finfo(float).tiny ** 0.5)[:, None, None] * np.eye(d)
    a, b = cov_x + added, cov_y + added
    difference = (mean_x - mean_y)[:, :, None]
    total = np.zeros(len(mean_x))
    share_x, share_y = shares or (np.ones(len(total)), np.ones(len(total)))
    for one, other, share in ((a, b, share_x), (b, a, share_y)):
        solved = np.linalg.solve(one, np.concatenate([other, difference], axis=2))
        total += share * np.trace(solved[:, :, :d], axis1=1, axis2=2) / 2
        total += share * (difference[:, :, 0] * solved[:, :, d]).sum(axis=1) / 2
    result: Floats = total - d
    return result


def prepare(
    rows: Rows,
    *,
    seed: int = 0,
    components: int | None = COMPONENTS,
    rows_a_component: int = ROWS_A_COMPONENT,
    ridge: float = RIDGE,
    design_effect: float | None = None,
) -> Simple:
    """The resampled form, in the pooled sample's `components` leading axes (None: all).

    Fewer are used where the smaller side has fewer than `rows_a_component` rows for each.
    `design_effect`: how many rows are worth one independent row, 1 at least; None: found from how
    much alike rows of a unit are.
    """
    del seed  # nothing here is drawn
    _check(ridge)
    if design_effect is not None and not design_effect >= 1:
        raise ConfigError(f"design_effect = {design_effect}; expected 1 or more, or None")
    used, notes = _supported(rows, components, rows_a_component)
    axes = principal_axes(rows, used)
    k = axes.scores.shape[1]
    effect = _design_effect(rows, axes.scores) if design_effect is None else design_effect

    def evaluate(wx: Counts, wy: Counts) -> Floats:
        out = np.empty(len(wx))
        share_x, share_y = (_of_expected_inverse(rows, w, k, effect) for w in (wx, wy))
        sides = (weighted_moments(rows, axes.scores, w) for w in (wx, wy))
        for (block, _, mean_x, cov_x), (_, _, mean_y, cov_y) in zip(*sides, strict=True):
            shares = share_x[block], share_y[block]
            out[block] = jeffreys(mean_x, cov_x, mean_y, cov_y, ridge, shares=shares)
        return out

    settings = {**axes.settings, "rows_a_component": rows_a_component, "ridge": ridge}
    settings["design_effect"] = round(effect, 6)
    warnings = axes.warnings + notes + too_few_frames(rows, k, "divergence")
    return Simple(evaluate, settings=settings, warnings=warnings)


def _supported(
    rows: Rows, components: int | None, rows_a_component: int
) -> tuple[int, tuple[str, ...]]:
    """Components that the smaller side has rows for, and what to say of it."""
    if rows_a_component < 1:
        raise ConfigError(f"rows_a_component = {rows_a_component}; expected 1 or more")
    d = rows.z.shape[1]
    smaller = min(rows.rows_x, len(rows.unit) - rows.rows_x)
    wanted = d if components is None else min(components, d)
    used = min(wanted, max(1, smaller // rows_a_component))
    warnings: tuple[str, ...] = ()
    if used < wanted:
        warnings = (
            f"{smaller} frames on one side support {used} of {wanted} components "
            f"({rows_a_component} frames each): the divergence is that of the {used} leading ones",
        )
    if smaller <= d:
        warnings += (
            f"{smaller} frames on one side for {d} features: the textbook value (`plug_in`) "
            "inverts a singular covariance, and its size is that of the ridge",
        )
    return used, warnings


def _design_effect(rows: Rows, scores: Floats) -> float:
    """How many rows (1 at least) tell as much of second moments as one independent row."""
    if rows.each_row_is_a_unit or rows.loose:
        return 1.0
    clustered = independent = 0.0
    n = rows.rows_x
    for side, unit in ((scores[:n], rows.unit[:n]), (scores[n:], rows.unit[n:])):
        z = side - side.mean(axis=0)
        z /= np.maximum(z.std(axis=0), np.finfo(float).tiny ** 0.5)
        second = z.T @ z / len(z)
        starts = np.flatnonzero(np.r_[True, unit[1:] != unit[:-1], True])
        spans = pairwise(starts)
        # What a unit adds to the sum of second moments, less what is expected of so many rows.
        own = [z[i:j].T @ z[i:j] - (j - i) * second for i, j in spans]
        clustered += sum(float(np.square(m).sum()) for m in own) * len(own) / max(len(own) - 1, 1)
        fourth = float(np.square(np.square(z).sum(axis=1)).sum())
        independent += fourth - len(z) * float(np.square(second).sum())
    return max(clustered / independent, 1.0) if independent > 0 else 1.0


def _of_expected_inverse(rows: Rows, weights: Counts, k: int, effect: float) -> Floats:
    """(r,): the population's inverse covariance over a sample's expected, (n - k - 2) / (n - 1).

    Rows that `weights` (r, units) repeat count as fewer: n is (Σ w)² / Σ w² over the `effect` of
    units whose rows resemble each other (Kish 1965).
    """
    w = weights.astype(np.float64)
    n = (w @ rows.sizes) ** 2 / np.maximum(np.square(w) @ rows.sizes, 1) / effect
    return np.asarray(np.maximum(n - k - 2, 1) / np.maximum(n - 1, 1))


def _check(ridge: float) -> None:
    if not ridge >= 0:
        raise ConfigError(f"ridge = {ridge}; expected 0 or more")


METRIC = Metric(
    name="kl_gaussian",
    label="Jeffreys divergence of Gaussians",
    estimator="divergence of regularised moments, bias removed by formula and halves",
    biased=True,
    distance=kl_gaussian,
    prepare=prepare,
)
