"""Fréchet distance: the squared 2-Wasserstein distance of the Gaussians with the samples' moments.

Dowson & Landau (1982): |m_x - m_y|² + tr(S_x + S_y - 2 (S_x S_y)^(1/2)); with Inception features
this is FID (Heusel et al., NIPS 2017). The trace of the root is the nuclear norm of A Bᵀ for
centred, scaled samples A and B, which stays exact where covariances are singular (n < d).

The formula is biased upward by roughly 1/n + 1/m times the square of the dimension; at 10 000
rows of 2048 features it can read 76 where the truth is 2. `distance` is the formula.
`extrapolated` is the value at infinite samples in all features, with a standard error: the
jackknife (Quenouille 1956; Tukey 1958) over parts left out of both samples at once, which takes
out any bias of the form b_x/n + b_y/m. (Chong & Forsyth, CVPR 2020, fit a line in 1/n, for one of
the samples; the line's own error tells nothing of the sample's.) `measure` works in the leading
principal components of the pooled sample and takes the bias out: its leading term by formula, the
rest by self-distances of halves.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isthmus import seeds
from isthmus.errors import ConfigError
from isthmus.gap.estimate import Matrix, checked_pair
from isthmus.gap.metric import Counts, Floats, Indices, Metric, Rows, Simple, pooled_rows
from isthmus.gap.moments import COMPONENTS, principal_axes, too_few_frames, weighted_moments

ROWS_AT_ONCE = 4096
COLUMNS_AT_ONCE = 256
PARTS, FEWEST_PARTS = 10, 4
AFFORDABLE = 3e10
"""Multiplications, under a second of one core, that `prepare` spends unasked."""
EIGENPROBLEM = 10  # an eigenproblem of size d costs as much as the moments of so many times d rows
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
    mean = total / len(x)
    # In the order of memory, for a mismatch costs as much as a tenth of the products.
    gram -= np.outer(len(x) * mean, mean).T
    gram /= len(x) - 1
    return pilot + mean, _mirrored(gram.T)


def _mirrored(lower: Floats) -> Floats:
    """The symmetric matrix (d, d) of which `lower` holds the lower triangle; in place."""
    for start in range(0, len(lower), COLUMNS_AT_ONCE):
        stop = start + COLUMNS_AT_ONCE
        block = lower[start:stop, start:stop]
        block[:] = np.tril(block) + np.tril(block, -1).T
        lower[start:stop, stop:] = lower[stop:, start:stop].T
    return lower


def _upper_gram(z: Matrix) -> Matrix:
    """The upper triangle of zᵀ z (d, d), zeros below: half of the products of a full one."""
    from scipy.linalg.blas import dsyrk, ssyrk

    rank_k = ssyrk if z.dtype == np.float32 else dsyrk
    result: Matrix = rank_k(1.0, z.T)
    return result


def _trace_root(cov_x: Floats, cov_y: Floats) -> float:
    """The trace of (S_x S_y)^(1/2), from the eigenvalues of S_x S_y.

    They are those of the symmetric Rᵀ S_x R for any R Rᵀ = S_y: Cholesky's factor, or a root from
    the eigenvalues of an S_y that is singular. (LAPACK's sygv does the same; its sygst, which
    forms the product in small steps, takes longer than all the rest.)
    """
    from scipy.linalg import LinAlgError, cholesky
    from scipy.linalg.blas import dtrmm

    try:
        factor = cholesky(cov_y, lower=True, check_finite=False)
    except LinAlgError:
        own, vectors = np.linalg.eigh(cov_y)
        root = vectors * np.sqrt(np.maximum(own, 0))
        product = root.T @ cov_x @ root
    else:
        half = dtrmm(1.0, factor, cov_x, side=0, lower=1, trans_a=1)
        product = np.zeros_like(half)
        for start in range(0, len(half), COLUMNS_AT_ONCE):  # its lower triangle, which is all of it
            part = slice(start, start + COLUMNS_AT_ONCE)
            product[start:, part] = half[start:, start:] @ factor[start:, part]
    values = np.linalg.eigvalsh(product)
    return float(np.sqrt(np.maximum(values, 0)).sum())


def extrapolated(x: Matrix, y: Matrix, *, parts: int = PARTS, seed: int = 0) -> tuple[float, float]:
    """The Fréchet distance of `x` (n, d) and `y` (m, d) at infinite samples, its standard error.

    Squared units, in all d features, for independent rows and n, m > d: with fewer rows the bias
    does not fall as 1/n and most of it stays. The value is negative at times where there is no
    gap. `parts`: how many the rows of either side are dealt into, 4 at least; cost grows with it.

    Raises:
        InputError: not two finite matrices of equal width.
        ConfigError: more parts than rows of a side, or fewer than 4.
    """
    rows = pooled_rows(*checked_pair(x, y))
    most = min(rows.rows_x, len(rows.unit) - rows.rows_x)
    if not FEWEST_PARTS <= parts <= most:
        raise ConfigError(
            f"parts = {parts} of {rows.rows_x} and {len(rows.unit) - rows.rows_x} rows; "
            f"expected {FEWEST_PARTS} to {most}"
        )
    return _jackknife(rows, parts, seed)


def _jackknife(rows: Rows, parts: int, seed: int) -> tuple[float, float]:
    """Mean of the pseudo-values parts·F - (parts - 1)·F_without_a_part, and its standard error.

    A part is a share of the units of both sides, so that both samples shrink alike and the bias
    b_x/n + b_y/m grows by the same factor.
    """
    n = rows.rows_x
    x, y = rows.z[:n], rows.z[n:]
    rng = seeds.generator(seed, "frechet-extrapolation")
    sides = (rows.sizes[: rows.units_x], rows.sizes[rows.units_x :])
    part = np.concatenate([_dealt(sizes, parts, rng) for sizes in sides])[rows.unit]
    without = [frechet(x[part[:n] != one], y[part[n:] != one]) for one in range(parts)]
    pseudo = parts * frechet(x, y) - (parts - 1) * np.array(without)
    return float(pseudo.mean()), float(pseudo.std(ddof=1) / np.sqrt(parts))


def _dealt(sizes: Floats, parts: int, rng: np.random.Generator) -> Indices:
    """The part of each unit: random, with about as many rows in each part."""
    shuffled = rng.permutation(len(sizes))
    order = shuffled[np.argsort(-sizes[shuffled], kind="stable")]
    turn, place = np.divmod(np.arange(len(sizes)), parts)
    out = np.empty(len(sizes), dtype=np.int64)
    # Dealt to and fro, so that no part gets the larger unit in every turn.
    out[order] = np.where(turn % 2, parts - 1 - place, place)
    return out


def prepare(
    rows: Rows,
    *,
    seed: int = 0,
    components: int | None = COMPONENTS,
    extrapolate: bool | None = None,
) -> Simple:
    """The resampled form, in the pooled sample's `components` leading axes (None: all).

    `extrapolate`: whether `settings` carry `extrapolated`, the distance in all features at
    infinite samples, and `extrapolated_se`, its standard error. None: where that takes a second
    at most and either side has more independent observations than features.
    """
    axes = principal_axes(rows, components)
    settings, notes = _extrapolation(rows, extrapolate, seed)
    few = too_few_frames(rows, axes.scores.shape[1], "Fréchet distance")

    def evaluate(wx: Counts, wy: Counts) -> Floats:
        return _distances(rows, axes.scores, wx, wy)

    warnings = axes.warnings + few + notes
    return Simple(evaluate, settings={**axes.settings, **settings}, warnings=warnings)


def _extrapolation(
    rows: Rows, wanted: bool | None, seed: int
) -> tuple[dict[str, float], tuple[str, ...]]:
    """What `settings` say of infinite samples, and warnings; nothing where it is not wanted."""
    total, d = rows.z.shape
    parts = min(PARTS, rows.units_x, rows.units - rows.units_x)
    enough = min(rows.independent) * (1 - 1 / parts) > d
    if wanted is None:
        affordable = (parts + 1) * (total + EIGENPROBLEM * d) * d**2 <= AFFORDABLE
        wanted = affordable and enough and parts >= FEWEST_PARTS
    if not wanted:
        return {}, ()
    if parts < FEWEST_PARTS:
        return {}, (
            f"{parts} units on one side: it takes {FEWEST_PARTS} to extrapolate the Fréchet "
            "distance to infinite samples",
        )
    value, error = _jackknife(rows, parts, seed)
    settings = {"extrapolated": value, "extrapolated_se": error}
    if enough:
        return settings, ()
    return settings, (
        f"{min(rows.independent)} independent observations on one side for {d} features: much of "
        "the bias stays in the extrapolated Fréchet distance, beyond its standard error",
    )


def _distances(rows: Rows, scores: Floats, wx: Counts, wy: Counts) -> Floats:
    """(r,) less what sampling adds to each on average, to first order and for Gaussian rows.

    Self-distances alone would take off too much: two samples of one covariance are farther apart
    by chance than chance adds to the distance of two covariances that differ.
    """
    out = np.empty(len(wx))
    sides = (weighted_moments(rows, scores, w) for w in (wx, wy))
    for (block, n, mean_x, cov_x), (_, m, mean_y, cov_y) in zip(*sides, strict=True):
        spread_x, spread_y = (np.trace(cov, axis1=1, axis2=2) for cov in (cov_x, cov_y))
        roots = _roots(cov_x, cov_y)
        formula = np.square(mean_x - mean_y).sum(axis=1) + spread_x + spread_y
        out[block] = formula - 2 * roots.sum(axis=1) - spread_x / n - spread_y / m
        degrees = 1 / np.maximum(n - 1, 1) + 1 / np.maximum(m - 1, 1)
        out[block] -= degrees * _curvature(roots) / 2
    return out


def _curvature(roots: Floats) -> Floats:
    """Σ_ij r_i r_j / (r_i + r_j) + Σ_i r_i / 2 for `roots` (r, k) of the eigenvalues of S_x S_y.

    Half of it over n - 1 is what Wishart noise of S_x adds to -2 tr (S_x S_y)^(1/2) on average:
    half the second derivative of the trace of a root, in the eigenvectors of
    M = S_y^(1/2) S_x S_y^(1/2), where the noise's variances are (1 + δ_ij) M_ii M_jj / (n - 1).
    """
    both = roots[:, :, None] + roots[:, None, :]
    products = roots[:, :, None] * roots[:, None, :]
    shares = np.divide(products, both, out=np.zeros_like(both), where=both > 0)
    result: Floats = shares.sum(axis=(1, 2)) + roots.sum(axis=1) / 2
    return result


def _roots(cov_x: Floats, cov_y: Floats) -> Floats:
    """Roots (r, k) of the eigenvalues of S_x S_y for stacks (r, k, k).

    A tiny jitter keeps the factor.
    """
    k = cov_x.shape[1]
    jitter = JITTER * np.trace(cov_x, axis1=1, axis2=2) + np.finfo(float).tiny ** 0.5
    try:
        factor = np.linalg.cholesky(cov_x + jitter[:, None, None] * np.eye(k))
    except np.linalg.LinAlgError:  # draws of few frames: rounding exceeds the jitter
        levels, vectors = np.linalg.eigh(cov_x)
        factor = vectors * np.sqrt(np.maximum(levels, 0))[:, None, :]
    values: Any = np.linalg.eigvalsh(factor.transpose(0, 2, 1) @ cov_y @ factor)
    result: Floats = np.sqrt(np.maximum(values, 0))
    return result


METRIC = Metric(
    name="frechet",
    label="Fréchet distance",
    estimator="Gaussian 2-Wasserstein distance, squared, bias removed by formula and halves",
    biased=True,
    distance=frechet,
    prepare=prepare,
)
