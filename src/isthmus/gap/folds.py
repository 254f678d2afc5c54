"""Folds of whole units, and the second moments of each, made once for all weightings.

The discriminant of every permutation, draw and half-split needs the covariance of the rows it
learns from; those are sums of the same few Gram matrices, one for either side of each fold.

Units are dealt out in the order of their content (see `order`), so that the same frames fall into
the same folds however they are listed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from isthmus import seeds
from isthmus.gap.estimate import Matrix
from isthmus.gap.metric import Flags, Floats, Indices, Rows
from isthmus.gap.order import content_order

SIDES = (0, 1)


@dataclass(frozen=True)
class Moments:
    """Of some rows: `gram` (d, d) sum of z zᵀ, `total` (d,) sum of z, `count`."""

    gram: Matrix
    total: Floats
    count: int

    @staticmethod
    def sum(parts: Sequence[Moments]) -> Moments:
        """Of all rows together."""
        gram = parts[0].gram.astype(np.float64)
        for part in parts[1:]:
            gram += part.gram
        total = np.sum([part.total for part in parts], axis=0)
        return Moments(gram, total, sum(part.count for part in parts))

    def without(self, part: Moments) -> Moments:
        """Of the rows that are not in `part`."""
        return Moments(self.gram - part.gram, self.total - part.total, self.count - part.count)

    def covariance(self) -> Floats:
        """(d, d), over the count."""
        count = max(self.count, 1)
        mean = self.total / count
        result: Floats = self.gram / count - np.outer(mean, mean)
        return result


class Folds:
    """One partition of the units into `count` folds, blind to the sides.

    Blind, because folds that hold either side's units in their proportion favour the sides as
    they are over every exchange, whose folds are uneven: a permutation test of 15 and 4 frames
    would reject a true null hypothesis in 8 % of cases at the 5 % level.

    Attributes: `partition` (units,) the fold of each unit; `width` the number of features, where
    `rows` hold them in fewer coordinates.
    """

    def __init__(
        self, rows: Rows, count: int, seed: int, repeat: int, *, order: Indices, width: int
    ) -> None:
        self.rows, self.count, self.width = rows, count, width
        dealt = seeds.generator(seed, "folds", repeat).permutation(np.arange(rows.units) % count)
        self.partition = np.empty(rows.units, dtype=np.int64)
        self.partition[order] = dealt

    def units(self, fold: int | None, sides: Sequence[int]) -> Flags:
        """(units,) which units of these sides are in the fold (None: in any)."""
        side = (np.arange(self.rows.units) >= self.rows.units_x).astype(int)
        held = np.ones(len(side), bool) if fold is None else self.partition == fold
        return np.asarray(held & np.isin(side, sides))

    @cached_property
    def _parts(self) -> list[list[Moments]]:
        out = []
        for fold in range(self.count):
            picked = [self.rows.z[self.units(fold, [s])[self.rows.unit]] for s in SIDES]
            out.append([Moments(z.T @ z, z.sum(axis=0, dtype=np.float64), len(z)) for z in picked])
        return out

    def moments(self, fold: int | None, sides: Sequence[int]) -> Moments:
        """Of a fold's rows on these sides, or (None) of all folds' rows."""
        folds = self._parts if fold is None else [self._parts[fold]]
        return Moments.sum([part[s] for part in folds for s in sides])

    def shrinkage(self, whole: Moments, sides: Sequence[int]) -> float:
        """Ledoit and Wolf's intensity for these sides' covariance, as a ridge on the mean variance.

        (1 - s) S + s μ I points the discriminant the same way as S + s / (1 - s) μ I. A unit
        counts as one observation.
        """
        used = self.units(None, sides)
        rows = np.flatnonzero(used[self.rows.unit])
        n, d = len(rows), self.width
        covariance = whole.covariance()
        squared = float(np.square(covariance).sum())
        mean_variance = float(np.trace(covariance)) / d
        spread = squared - d * mean_variance**2
        lengths = _squared_lengths(self.rows.z, rows, whole.total / max(n, 1))
        noise = (float(np.square(lengths).mean()) - squared) / n
        noise *= 1 if self.rows.loose else n / int(used.sum())
        share = min(max(noise / spread, 0.0), 0.99) if spread > 0 else 0.99
        return max(share / (1 - share), 1e-6)


def fold_of_units(rows: Rows, folds: int, seed: int, repeat: int) -> Indices:
    """A fold number for each unit; either side's units are dealt out evenly.

    For scores of single frames, where either side has to be in training. Tests need `Folds`.
    """
    order = content_order(rows)
    out = np.empty(rows.units, dtype=np.int64)
    rng = seeds.generator(seed, "folds", repeat)
    for side in (order[order < rows.units_x], order[order >= rows.units_x]):
        out[side] = rng.permutation(np.arange(len(side)) % folds)
    return out


def _squared_lengths(z: Matrix, rows: Indices, mean: Floats, at_once: int = 1024) -> Floats:
    """|z - mean|² of the chosen rows, in float64."""
    out = np.empty(len(rows))
    for start in range(0, len(rows), at_once):
        part = z[rows[start : start + at_once]].astype(np.float64) - mean
        out[start : start + at_once] = np.square(part).sum(axis=1)
    return out
