"""Fréchet distance: the squared 2-Wasserstein distance of the Gaussians with the samples' moments.

Dowson & Landau (1982): |m_x - m_y|² + tr(S_x + S_y - 2 (S_x S_y)^(1/2)); with Inception features
this is FID (Heusel et al., NIPS 2017). The trace of the root is the nuclear norm of A Bᵀ for
centred, scaled samples A and B, which stays exact where covariances are singular (n < d).

The formula is biased upward by roughly 1/n + 1/m times the square of the dimension; at 10 000
rows of 2048 features it can read 76 where the truth is 2. `distance` is the formula.
`extrapolated` fits it against 1/size on both samples (Chong & Forsyth, CVPR 2020, extrapolate one)
and gives the infinite-sample value with a standard error. `measure` works in the leading
principal components of the pooled sample and takes the bias out by self-distances.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isthmus import seeds
from isthmus.errors import InputError
from isthmus.gap.estimate import Matrix, checked_pair
from isthmus.gap.metric import Counts, Floats, Metric, Rows, Simple
from isthmus.gap.moments import COMPONENTS, principal_axes, weighted_moments

ROWS_AT_ONCE = 4096
JITTER = 1e-13


def frechet(x: Matrix, y: Matrix) -> float:
    """The Fréchet distance of `x` (n, d) and `y` (m, d) by its textbook formula, squared units.

    Covariances divide by n - 1. Exact for n < d, though then it says more about n than about
    the populations.
    """
    left, right = checked_pair(x, y)
    if min(len(left), len(right)) > left.shape[1]:
        return frechet_of(*_moments(left), *_moments(right))
    mean_x, mean_y = (a.mean(axis=0, dtype=np.float64) for a in (left, right))
    a = (left.astype(np.float64) - mean_x) / np.sqrt(len(left) - 1)
    b = (right.astype(np.float64) - mean_y) / np.sqrt(len(right) - 1)
    root = float(np.linalg.svd(a @ b.T, compute_uv=False).sum())
    traces = np.square(a).sum() + np.square(b).sum()
    return float(np.square(mean_x - mean_y).sum() + traces - 2 * root)


def frechet_of(mean_x: Floats, cov_x: Floats, mean_y: Floats, cov_y: Floats) -> float:
    """The same from means (d,) and covariances (d, d)."""
    traces = np.trace(cov_x) + np.trace(cov_y)
    root = _trace_root(cov_x, cov_y)
    return float(np.square(mean_x - mean_y).sum() + traces - 2 * root)


def _moments(x: Matrix) -> tuple[Floats, Floats]:
    """Mean and covariance with float64 sums; a pilot mean keeps float32 products exact enough."""
    d = x.shape[1]
    pilot = x[: min(len(x), 256)].mean(axis=0)
    total, gram = np.zeros(d), np.zeros((d, d), order="F")
    for start in range(0, len(x), ROWS_AT_ONCE):
        z = x[start : start + ROWS_AT_ONCE] - pilot
        total += z.sum(axis=0, dtype=np.float64)
        gram += _upper_gram(z)
    gram += np.triu(gram, 1).T
    mean = total / len(x)
    return pilot + mean, (gram - len(x) * np.outer(mean, mean)) / (len(x) - 1)


def _upper_gram(z: Matrix) -> Matrix:
    """The upper triangle of zᵀ z (d, d), zeros below: half of the products of a full one."""
    from scipy.linalg.blas import dsyrk, ssyrk

    rank_k = ssyrk if z.dtype == np.float32 else dsyrk
    result: Matrix = rank_k(1.0, z.T)
    return result


def _trace_root(cov_x: Floats, cov_y: Floats) -> float:
    """The trace of (S_x S_y)^(1/2), from the eigenvalues of S_x S_y.

    They are those of the symmetric problem S_x S_y v = λ v (LAPACK's sygv, type 2), which needs a
    root of S_y; a singular S_y gets its root from its own eigenvalues.
    """
    from scipy.linalg import LinAlgError, eigh

    try:
        values = eigh(cov_x, cov_y, type=2, eigvals_only=True, check_finite=False)
    except LinAlgError:
        own, vectors = np.linalg.eigh(cov_y)
        factor = vectors * np.sqrt(np.maximum(own, 0))
        values = np.linalg.eigvalsh(factor.T @ cov_x @ factor)
    return float(np.sqrt(np.maximum(values, 0)).sum())


def extrapolated(
    x: Matrix,
    y: Matrix,
    *,
    seed: int = 0,
    fractions: tuple[float, ...] = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
    repeats: int = 4,
) -> tuple[float, float]:
    """The Fréchet distance at infinite samples and its standard error, from both sides at once.

    Subsets of the same fraction of both samples give distances that grow linearly in
    1 / fraction; the line's value at 0 is the answer. Rows must be independent. The standard
    error is that of the line; because subsets overlap it is a little small (by a quarter where
    it was simulated), and it knows nothing of d > n.
    """
    left, right = checked_pair(x, y)
    smallest = min(fractions) * min(len(left), len(right))
    if smallest < 4:
        raise InputError(
            f"extrapolating a Fréchet distance from {len(left)} and {len(right)} rows; the "
            f"smallest subset would hold {int(smallest)} of them: give at least "
            f"{int(np.ceil(4 / min(fractions)))} a side"
        )
    inverse, values = [], []
    for step, fraction in enumerate(sorted(fractions)):
        for repeat in range(repeats if fraction < 1 else 1):
            rng = seeds.generator(seed, "frechet-extrapolation", step, repeat)
            parts = [
                a[np.sort(rng.choice(len(a), max(4, round(fraction * len(a))), replace=False))]
                for a in (left, right)
            ]
            inverse.append(1 / fraction)
            values.append(frechet(*parts))
    design = np.stack([np.ones(len(values)), np.array(inverse)], axis=1)
    observed = np.array(values)
    solution, *_ = np.linalg.lstsq(design, observed, rcond=None)
    residual = observed - design @ solution
    variance = residual @ residual / max(1, len(values) - 2)
    return float(solution[0]), float(np.sqrt(variance * np.linalg.inv(design.T @ design)[0, 0]))


def prepare(rows: Rows, *, seed: int = 0, components: int | None = COMPONENTS) -> Simple:
    """The resampled form, in the pooled sample's `components` leading axes (None: all)."""
    del seed  # nothing here is drawn
    axes = principal_axes(rows, components)
    warnings = axes.warnings
    n, k = rows.rows_x, axes.scores.shape[1]
    smaller = min(n, len(rows.unit) - n)
    if smaller <= k:
        warnings += (
            f"{smaller} frames on one side for {k} dimensions: its covariance is singular and the "
            "Fréchet distance leans on few directions; trust its ratio to the floor, not its size",
        )

    def evaluate(wx: Counts, wy: Counts) -> Floats:
        return _distances(rows, axes.scores, wx, wy)

    return Simple(evaluate, settings=axes.settings, warnings=warnings)


def _distances(rows: Rows, scores: Floats, wx: Counts, wy: Counts) -> Floats:
    out = np.empty(len(wx))
    sides = (weighted_moments(rows, scores, w) for w in (wx, wy))
    for (block, _, mean_x, cov_x), (_, _, mean_y, cov_y) in zip(*sides, strict=True):
        traces = np.trace(cov_x, axis1=1, axis2=2) + np.trace(cov_y, axis1=1, axis2=2)
        out[block] = np.square(mean_x - mean_y).sum(axis=1) + traces - 2 * _roots(cov_x, cov_y)
    return out


def _roots(cov_x: Floats, cov_y: Floats) -> Floats:
    """Traces of (S_x S_y)^(1/2) for stacks (r, k, k); a tiny jitter keeps the factor."""
    k = cov_x.shape[1]
    jitter = JITTER * np.trace(cov_x, axis1=1, axis2=2) + np.finfo(float).tiny ** 0.5
    try:
        factor = np.linalg.cholesky(cov_x + jitter[:, None, None] * np.eye(k))
    except np.linalg.LinAlgError:  # draws of few frames: rounding exceeds the jitter
        levels, vectors = np.linalg.eigh(cov_x)
        factor = vectors * np.sqrt(np.maximum(levels, 0))[:, None, :]
    values: Any = np.linalg.eigvalsh(factor.transpose(0, 2, 1) @ cov_y @ factor)
    result: Floats = np.sqrt(np.maximum(values, 0)).sum(axis=1)
    return result


METRIC = Metric(
    name="frechet",
    label="Fréchet distance",
    estimator="Gaussian 2-Wasserstein distance, squared, bias removed by self-distances of halves",
    biased=True,
    distance=frechet,
    prepare=prepare,
)
