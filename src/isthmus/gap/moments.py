"""Means and covariances of many weightings at once, in the leading principal components.

The distances of Gaussians need a d × d eigenproblem for every resample. Rotating the pooled
sample onto its principal axes changes none of them, and with few frames most axes carry nothing:
the leading ones hold nearly all variance, cost little, and leave a covariance that the sample
can estimate. The axes come from the pooled rows, so that a permutation does not change them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from isthmus.errors import ConfigError
from isthmus.gap.estimate import Matrix
from isthmus.gap.metric import Counts, Floats, Rows, unit_sums

COMPONENTS = 64
KEPT = 0.99
FRAMES_A_COMPONENT = 5
"""Frames a side, for each component, below which a covariance is too rough to go without a word."""
ROWS_AT_ONCE = 4096
RESAMPLES_AT_ONCE = 64


@dataclass(frozen=True)
class Axes:
    """The pooled rows in `k` principal axes: `scores` (rows, k), what they keep, and a warning."""

    scores: Floats
    settings: dict[str, Any]
    warnings: tuple[str, ...]


def principal_axes(rows: Rows, components: int | None) -> Axes:
    """Scores of the pooled rows on their leading `components` axes (None: all that vary)."""
    if components is not None and components < 1:
        raise ConfigError(f"components = {components}; give at least 1, or None for all")
    count, d = rows.z.shape
    z = rows.z
    if d <= count:
        values, vectors = np.linalg.eigh((z.T @ z).astype(np.float64))
        values, vectors = values[::-1], vectors[:, ::-1]
    else:
        # The small Gram matrix has the same spectrum.
        values, left = np.linalg.eigh((z @ z.T).astype(np.float64))
        values, left = values[::-1], left[:, ::-1]
        safe = np.sqrt(np.maximum(values, np.finfo(float).tiny))
        vectors = (z.T.astype(np.float64) @ left) / safe
    values = np.maximum(values, 0)
    total = values.sum()
    varying = int((values > total * 1e-14).sum()) or 1
    k = min(varying, components or varying)
    share = float(values[:k].sum() / total) if total > 0 else 1.0
    settings = {"components": k, "variance_kept": round(share, 6)}
    warnings: tuple[str, ...] = ()
    if share < KEPT:
        warnings = (
            f"computed in the {k} leading principal components, which keep {share:.1%} of the "
            "variance (`components` sets how many): a gap outside them is not in this value",
        )
    return Axes(_scores(z, np.ascontiguousarray(vectors[:, :k])), settings, warnings)


def too_few_frames(rows: Rows, components: int, of: str) -> tuple[str, ...]:
    """A warning where the smaller side is small for covariances of so many `components`."""
    smaller = min(rows.rows_x, len(rows.unit) - rows.rows_x)
    if smaller >= FRAMES_A_COMPONENT * components:
        return ()
    if smaller <= components:
        return (
            f"{smaller} frames on one side for {components} dimensions: its covariance is singular "
            f"and the {of} leans on few directions; trust its ratio to the floor, not its size",
        )
    return (
        f"{smaller} frames on one side for {components} dimensions, fewer than "
        f"{FRAMES_A_COMPONENT} each: the {of} rests on rough covariances and may be off by more "
        "than its interval says; give more frames or lower `components`",
    )


def _scores(z: Matrix, axes: Floats) -> Floats:
    """`z` (rows, d) along `axes` (d, k) in float64, without a float64 copy of all rows."""
    out = np.empty((len(z), axes.shape[1]))
    for start in range(0, len(z), ROWS_AT_ONCE):
        out[start : start + ROWS_AT_ONCE] = z[start : start + ROWS_AT_ONCE].astype(float) @ axes
    return out


def weighted_moments(
    rows: Rows, scores: Floats, weights: Counts
) -> Iterator[tuple[slice, Floats, Floats, Floats]]:
    """Blocks of (which weightings, rows (r,), means (r, k), unbiased covariances (r, k, k))."""
    k = scores.shape[1]
    upper = np.triu_indices(k)
    w = weights.astype(np.float64)
    first, second = np.zeros((len(w), k)), np.zeros((len(w), len(upper[0])))
    for start in range(0, len(scores), ROWS_AT_ONCE):
        stop = min(start + ROWS_AT_ONCE, len(scores))
        part = scores[start:stop]
        u0, u1, sums = unit_sums(rows, part, start, stop)
        first += w[:, u0:u1] @ sums
        products = part[:, upper[0]] * part[:, upper[1]]
        second += w[:, u0:u1] @ unit_sums(rows, products, start, stop)[2]
    count = w @ rows.sizes
    for start in range(0, len(w), RESAMPLES_AT_ONCE):
        block = slice(start, min(start + RESAMPLES_AT_ONCE, len(w)))
        n = count[block]
        mean = first[block] / n[:, None]
        flat = second[block] - n[:, None] * mean[:, upper[0]] * mean[:, upper[1]]
        covariance = np.zeros((len(n), k, k))
        covariance[:, upper[0], upper[1]] = flat / np.maximum(n - 1, 1)[:, None]
        covariance[:, upper[1], upper[0]] = covariance[:, upper[0], upper[1]]
        yield block, n, mean, covariance
