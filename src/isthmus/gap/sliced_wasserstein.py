"""Sliced Wasserstein distance: the Wasserstein distance of projections, averaged over directions.

Bonneel et al., "Sliced and Radon Wasserstein barycenters of measures", JMIV 51 (2015):
SW_p = (mean over unit directions θ of W_p(θ·x, θ·y)^p)^(1/p); `maximum` takes the largest
instead of the mean (Deshpande et al., CVPR 2019). In one dimension W_p is the distance of the
quantile functions, exact for n ≠ m too.

Directions come in orthonormal sets (rotated by the seed), which averages a shift of the mean
exactly once there are d of them, and are shared by all resamples. The formula's bias is that of
the two empirical quantile functions; it is additive in W_2², from where inference removes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from isthmus import seeds
from isthmus.errors import ConfigError
from isthmus.gap.estimate import Matrix, checked_pair
from isthmus.gap.metric import Counts, Floats, Indices, Metric, Rows
from isthmus.gap.weightings import Weightings

PROJECTIONS = 256
QUANTILES = 128
VALUES_AT_ONCE = 1 << 22
# Few enough that resamples of one side alone mostly share a pass and skip the other side's rows.
RESAMPLES_AT_ONCE = 200
BINNED_FROM = 4096
"""Pooled rows from which quantiles are read off counts in `BINS` stretches of the ranking."""
BINS = 128


def sliced_wasserstein(
    x: Matrix,
    y: Matrix,
    *,
    p: float = 2.0,
    projections: int = PROJECTIONS,
    maximum: bool = False,
    directions: Matrix | None = None,
    seed: int = 0,
) -> float:
    """SW_p of `x` (n, d) and `y` (m, d), in the features' unit; 0 for equal samples.

    `directions` (d, L), unit columns, replaces the `projections` drawn ones.
    """
    left, right = checked_pair(x, y)
    _check(p, projections)
    chosen = directions if directions is not None else draw(left.shape[1], projections, seed)
    powers = np.concatenate(
        [
            quantile_distance(_sorted(left, chosen[:, a:b]), _sorted(right, chosen[:, a:b]), p)
            for a, b in _blocks(chosen.shape[1], len(left) + len(right))
        ]
    )
    return float((powers.max() if maximum else powers.mean()) ** (1 / p))


def _sorted(x: Matrix, directions: Matrix) -> Matrix:
    """Projections (n, k) in ascending order; each column lies in memory as one piece to sort."""
    values = np.asarray(directions.T.astype(x.dtype) @ x.T)
    values.sort(axis=1)
    return values.T


def draw(d: int, count: int, seed: int) -> Floats:
    """`count` unit directions (d, count) in orthonormal sets of at most d."""
    rng = seeds.generator(seed, "directions", d)
    sets = []
    for start in range(0, count, d):
        width = min(d, count - start)
        q, r = np.linalg.qr(rng.standard_normal((d, width)))
        # The sign makes the set uniform on the orthogonal group (Mezzadri 2007).
        sets.append(q * np.where(np.diag(r) < 0, -1.0, 1.0))
    return np.concatenate(sets, axis=1)


def quantile_distance(x: Matrix, y: Matrix, p: float) -> Floats:
    """W_p^p of each column of the sorted `x` (n, k) and `y` (m, k), exact."""
    n, m = len(x), len(y)
    if n == m:
        difference = np.abs(x - y, dtype=np.float64)
        mean: Floats = np.mean(difference**p, axis=0)
        return mean
    # Both quantile functions are constant between the breaks i/n and j/m; integers keep them exact.
    breaks = np.union1d(np.arange(n + 1) * m, np.arange(m + 1) * n)
    width = np.diff(breaks) / (n * m)
    difference = np.abs(x[breaks[:-1] // m] - y[breaks[:-1] // n], dtype=np.float64)
    result: Floats = width @ difference**p
    return result


def prepare(
    rows: Rows,
    *,
    seed: int = 0,
    p: float = 2.0,
    projections: int = PROJECTIONS,
    maximum: bool = False,
) -> SlicedStatistic:
    """The resampled form: W_p^p a direction, with quantile functions read at fixed levels."""
    _check(p, projections)
    return SlicedStatistic(
        rows=rows,
        directions=draw(rows.z.shape[1], projections, seed).astype(rows.z.dtype),
        p=p,
        maximum=maximum,
        settings={"p": p, "projections": projections, "maximum": maximum},
    )


@dataclass(frozen=True)
class SlicedStatistic:
    """W_p^p along shared directions for many weightings."""

    rows: Rows
    directions: Matrix
    p: float
    maximum: bool
    settings: dict[str, Any]
    warnings: tuple[str, ...] = ()
    stretch: float = 1.0

    def evaluate(self, wx: Counts, wy: Counts) -> Floats:
        """(r, 1): the mean over directions; (r, L) with `maximum`: each direction."""
        if len(self.rows.unit) >= BINNED_FROM:
            return self._evaluate_binned(wx, wy)
        count = self.directions.shape[1]
        out = np.zeros((len(wx), count if self.maximum else 1))
        step = min(RESAMPLES_AT_ONCE, max(1, VALUES_AT_ONCE // len(self.rows.unit)))
        for start in range(0, len(wx), step):
            part = slice(start, start + step)
            sides = [_Side(self.rows, weights[part]) for weights in (wx, wy)]
            for a, b in _blocks(count, len(self.rows.unit)):
                values = self.rows.z @ self.directions[:, a:b]
                for column in range(b - a):
                    quantiles = [side.quantiles(values[:, column]) for side in sides]
                    powers = self._powers(quantiles[0] - quantiles[1])
                    out[part, a + column if self.maximum else 0] += powers
        return out if self.maximum else out / count

    def _evaluate_binned(self, wx: Counts, wy: Counts) -> Floats:
        """The same for many rows, from each weighting's counts in stretches of the ranking."""
        count = self.directions.shape[1]
        weightings = Weightings(self.rows, wx, wy, np.float32)
        out = np.zeros((len(wx), count if self.maximum else 1))
        for a, b in _blocks(count, len(self.rows.unit)):
            values = self.rows.z @ self.directions[:, a:b]
            for column in range(b - a):
                ranking = _Ranking.of(self.rows, values[:, column])
                quantiles = [ranking.quantiles(n) for n in weightings.sums(ranking.counts)]
                powers = self._powers(quantiles[0] - quantiles[1])
                out[:, a + column if self.maximum else 0] += powers
        return out if self.maximum else out / count

    def _powers(self, difference: Floats) -> Floats:
        """W_p^p (r,) from differences of quantiles (r, QUANTILES)."""
        powers = np.square(difference) if self.p == 2 else np.abs(difference) ** self.p
        result: Floats = powers.mean(axis=1)
        return result

    def draw(self, wx: Counts, wy: Counts) -> Floats | None:
        """None: `evaluate` shows the spread."""

    def combine(self, components: Floats) -> Floats:
        """(mean or largest W_p^p)^(1/p); components below zero count as no distance."""
        result: Floats = np.maximum(components.max(axis=-1), 0) ** (1 / self.p)
        return result


@dataclass(frozen=True)
class _Ranking:
    """The pooled rows in order along one direction, cut into `BINS` stretches of equal length.

    Within a stretch a side's rows are taken to be spread evenly over the ranks; that shifts a
    quantile by some ranks where sampling shifts it by the root of all. Stretches that hold one
    side only are exact.

    Attributes: `ranked` values in order; `starts` (BINS + 1,) ranks where stretches begin;
    `counts` (units, BINS) rows of each unit in each stretch.
    """

    ranked: Floats
    starts: Indices
    counts: Matrix

    @classmethod
    def of(cls, rows: Rows, values: Matrix) -> _Ranking:
        """Rank `values` (pooled rows,)."""
        order = np.argsort(values, kind="stable")
        total = len(values)
        cell = rows.unit[order] * BINS + np.arange(total) * BINS // total
        counts = np.bincount(cell, minlength=rows.units * BINS).reshape(rows.units, BINS)
        starts = -(-np.arange(BINS + 1) * total // BINS)
        return cls(values[order].astype(np.float64), starts, counts.astype(np.float32))

    def quantiles(self, counts: Matrix) -> Floats:
        """(r, QUANTILES) of sides with `counts` (r, BINS) rows in the stretches."""
        # Sums of counts are whole numbers that float32 would round from 2^24 on.
        reached = np.cumsum(counts, axis=1, dtype=np.float64)
        total = reached[:, -1:]
        # Order statistic floor((q + 1/2) total / Q) lies in the first stretch that reaches it.
        below = np.ceil(reached * QUANTILES / total - 0.5).astype(np.int64)
        times = np.diff(below, axis=1, prepend=0)
        cells = np.repeat(np.arange(times.size), times.ravel())
        here = counts.ravel()[cells]
        before = reached.ravel()[cells] - here
        levels = (np.arange(QUANTILES) + 0.5) / QUANTILES
        wanted = np.minimum(np.floor(levels * total), total - 1).ravel()
        place = cells % BINS
        share = (wanted - before + 0.5) / here
        rank = self.starts[place] + share * (self.starts[place + 1] - self.starts[place])
        index = np.minimum(rank.astype(np.int64), len(self.ranked) - 1)
        return self.ranked[index].reshape(len(counts), QUANTILES)


class _Side:
    """Quantile functions of one side's weightings, for any values of the pooled rows."""

    def __init__(self, rows: Rows, weights: Counts) -> None:
        flags = weights.any(axis=0)
        self.used: Indices = np.flatnonzero(np.asarray(flags)[rows.unit])
        counts = weights[:, rows.unit[self.used]]
        self.once = bool(counts.max(initial=0) <= 1)
        self.counts = counts.astype(bool if self.once else np.int64)
        totals = counts.sum(axis=1, dtype=np.int64)
        ends = np.cumsum(totals)
        levels = (np.arange(QUANTILES) + 0.5) / QUANTILES
        inside = np.minimum((levels * totals[:, None]).astype(np.int64), totals[:, None] - 1)
        self.positions = (ends - totals)[:, None] + inside

    def quantiles(self, values: Matrix) -> Floats:
        """(r, QUANTILES) from `values` (pooled rows,): each value as often as its weight says."""
        here = values[self.used].astype(np.float64)
        order = np.argsort(here, kind="stable")
        ranked, counts = here[order], self.counts[:, order]
        if self.once:
            # Ten times faster than repeating, and permutations are most of the work.
            members = np.flatnonzero(counts)[self.positions]
            members -= np.arange(len(counts))[:, None] * len(ranked)
            result: Floats = ranked[members]
            return result
        repeated = np.repeat(np.broadcast_to(ranked, counts.shape).ravel(), counts.ravel())
        drawn: Floats = repeated[self.positions]
        return drawn


def _check(p: float, projections: int) -> None:
    if p < 1 or projections < 1:
        raise ConfigError(
            f"sliced Wasserstein with p = {p} and {projections} projections; "
            "both must be at least 1"
        )


def _blocks(count: int, rows: int) -> Iterator[tuple[int, int]]:
    step = max(1, VALUES_AT_ONCE // rows)
    for start in range(0, count, step):
        yield start, min(start + step, count)


METRIC = Metric(
    name="sliced_wasserstein",
    label="Sliced Wasserstein distance",
    estimator="quantile coupling along shared directions, finite-sample bias removed in W_p^p",
    biased=True,
    distance=sliced_wasserstein,
    prepare=prepare,
)
