"""Fidelity and coverage by nearest neighbours: what one sample has that the other has not.

Improved precision and recall: Kynkäänniemi et al., NeurIPS 2019; density and coverage: Naeem et
al., ICML 2020. Around each row lies a ball that reaches to its k-th nearest neighbour within its
own sample. `precision`: share of y inside some ball of x; `recall`: share of x inside some ball
of y; `density`: how many balls of x a row of y lies in, over k; `coverage`: share of balls of x
that hold a row of y. Two distances in place of one number: what y has beyond x, what it lacks.

A ball whose k nearest are copies of its centre has no radius: it holds further copies and nothing
else. (Strictly inside, as the papers have it, there is nothing; then two sets of one constant
would have nothing in common.)

This is the formula, once, from as few distances as it takes. `neighbour_lists` answers thousands
of weightings of the same rows; it sorts the distances of all pairs for that, which for a single
answer takes half as long again.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from isthmus.errors import ConfigError
from isthmus.gap.estimate import Matrix, checked_pair
from isthmus.gap.metric import Flags, Floats, Indices, pooled_rows
from isthmus.gap.pairs import Kernel, squared_distances, unresolved

ROWS_AT_ONCE = 1024


@dataclass(frozen=True)
class Neighbourhood:
    """Shares in [0, 1]; `density` in [0, n / k]; `realism` (m,): above 1 inside a ball of x."""

    precision: float
    recall: float
    density: float
    coverage: float
    realism: Floats


def neighbourhood(
    x: Matrix,
    y: Matrix,
    *,
    k: int = 5,
    groups_x: Indices | None = None,
    groups_y: Indices | None = None,
) -> Neighbourhood:
    """Neighbourhood scores of `y` (m, d) with regard to `x` (n, d).

    With groups (sequences), neighbours from the row's own group do not count for its radius: a
    video's next frame is always near. A row is inside a ball when strictly nearer than the
    radius, or a copy of the centre. `realism` is the largest ratio of a ball's radius to the row's
    distance from its centre.
    """
    left, right = checked_pair(x, y)
    for name, count in (("x", len(left)), ("y", len(right))):
        if not 1 <= k < count:
            raise ConfigError(
                f"k = {k} neighbours among {count} rows of {name}; expected 1 to n - 1"
            )
    rows = pooled_rows(left, right)
    n, total = len(left), len(left) + len(right)
    tile = squared_distances(rows.z, rows.device)
    radius_x = _radii(tile, 0, n, k, groups_x)
    radius_y = _radii(tile, n, total, k, groups_y)
    lost = np.concatenate([radius_x, radius_y]) <= unresolved(rows.z)
    twin = copies(rows.z) if lost.any() else None
    if twin is not None:
        points = np.concatenate([_points(twin[:n], k, groups_x), _points(twin[n:], k, groups_y)])
        radius_x, radius_y = np.where(points[:n], 0, radius_x), np.where(points[n:], 0, radius_y)
    inside = np.zeros(total - n)
    realism = np.zeros(total - n)
    recalled = covered = 0
    for start in range(0, n, ROWS_AT_ONCE):
        stop = min(start + ROWS_AT_ONCE, n)
        distances = tile(start, stop, n, total)
        reach = radius_x[start:stop, None]
        hit, back = distances < reach, distances < radius_y
        if twin is not None:
            same = twin[start:stop, None] == twin[None, n:]
            hit |= same & points[start:stop, None]
            back |= same & points[None, n:]
        inside += hit.sum(axis=0)
        covered += int(hit.any(axis=1).sum())
        recalled += int(back.any(axis=1).sum())
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(distances > 0, reach / distances, np.where(hit, np.inf, 0.0))
        realism = np.maximum(realism, ratio.max(axis=0))
    return Neighbourhood(
        precision=float((inside > 0).mean()),
        recall=recalled / n,
        density=float(inside.mean() / k),
        coverage=covered / n,
        realism=np.sqrt(realism),
    )


def copies(z: Matrix) -> Indices:
    """A number (rows,) for each row of `z` (rows, d) that equal rows share."""
    known: dict[bytes, int] = {}
    # Zero added makes one zero of both.
    digests = (blake2b((row + 0.0).tobytes(), digest_size=16).digest() for row in z)
    return np.array([known.setdefault(digest, len(known)) for digest in digests], dtype=np.int64)


def _points(twin: Indices, k: int, groups: Indices | None) -> Flags:
    """Which rows of a sample have k copies, by `twin` (rows,), outside of their own group."""
    copied = np.bincount(twin)[twin]
    if groups is None:
        return np.asarray(copied - 1 >= k)
    both = np.stack([np.unique(groups, return_inverse=True)[1], twin])
    _, pair, count = np.unique(both, axis=1, return_inverse=True, return_counts=True)
    return np.asarray(copied - count[pair.ravel()] >= k)


def _radii(tile: Kernel, start: int, stop: int, k: int, groups: Indices | None) -> Floats:
    """Squared distance (stop - start,) of each row to its k-th neighbour in its own sample."""
    out = np.empty(stop - start)
    labels = np.arange(stop - start) if groups is None else np.asarray(groups)
    for first in range(start, stop, ROWS_AT_ONCE):
        last = min(first + ROWS_AT_ONCE, stop)
        distances = tile(first, last, start, stop)
        own = labels[first - start : last - start, None] == labels[None, :]
        distances[own] = np.inf
        out[first - start : last - start] = np.partition(distances, k - 1, axis=1)[:, k - 1]
    if not np.isfinite(out).all():
        raise ConfigError(
            f"some rows have fewer than k = {k} neighbours outside their own group; lower k"
        )
    return out
