"""Precision, recall, density and coverage of many weightings from distances computed once.

Which rows lie in a row's ball depends on nothing but the order of the others by distance: its
radius is where, going outwards, its own side's k-th row is met, and the rows of the other side
met before are inside. So every pooled row keeps the list of its nearest others; a weighting only
says which of them are there. Lists are made block by block and kept as long as most rows need
them; the few rows whose list ends too early are answered from their distances to all rows.

Rows of a row's own unit are on no list: a video's next frame is always near. The rows of loose
units (independent, gathered at random) are, but for the row itself. A row that was drawn twice
counts twice for others, and never for itself. Where a side holds fewer than k other rows, as
halves of few units may, the farthest of them gives the radius. Balls without a radius hold copies
of their centre, as in `neighbours`, where the plain formula is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isthmus.gap.estimate import Matrix
from isthmus.gap.metric import Counts, Flags, Floats, Indices, Rows
from isthmus.gap.neighbours import copies
from isthmus.gap.pairs import Kernel, squared_distances, unresolved
from isthmus.gap.transport import Bounded

LISTED_VALUES = 1 << 25
"""Entries of all lists together: 256 MiB in float32, 384 in float64."""
VALUES_AT_ONCE = 1 << 23
COLUMNS = 32
SCORES = ("precision", "recall", "density", "coverage")

Multiplicities = npt.NDArray[np.int32]


@dataclass(frozen=True)
class NeighbourLists:
    """The nearest others of every pooled row.

    Attributes: `k` neighbours make a ball; `nearest` (rows, q) numbers of the nearest rows that
    count, in order; `distance` (rows, q) squared, infinite where there are no more; `twin` (rows,)
    the same number for copies of a row; `alike` (rows,) how many of them are no neighbours of the
    row, itself included.
    """

    rows: Rows
    k: int
    nearest: npt.NDArray[np.int32]
    distance: Matrix
    twin: Indices
    alike: Indices
    tile: Kernel

    @classmethod
    def of(cls, rows: Rows, k: int) -> NeighbourLists:
        """Make the lists, in bounded memory."""
        total = len(rows.unit)
        q = _length(rows, k)
        tile = squared_distances(rows.z, rows.device)
        nearest = np.empty((total, q), dtype=np.int32)
        distance = np.empty((total, q), dtype=rows.z.dtype)
        step = max(1, VALUES_AT_ONCE // total)
        for start in range(0, total, step):
            block = np.arange(start, min(start + step, total))
            found = _apart(rows, tile, block)
            picked = np.arange(total)[None, :].repeat(len(block), axis=0)
            if q < total:
                picked = np.argpartition(found, q - 1, axis=1)[:, :q]
            values = np.take_along_axis(found, picked, axis=1)
            order = np.argsort(values, axis=1, kind="stable")
            nearest[block] = np.take_along_axis(picked, order, axis=1)
            distance[block] = np.take_along_axis(values, order, axis=1)
        near = distance[:, 0] <= unresolved(rows.z)
        twin = copies(rows.z) if near.any() else np.arange(total)
        return cls(rows, k, nearest, distance, twin, _alike(rows, twin), tile)

    def evaluate(
        self,
        wx: Counts,
        wy: Counts,
        wanted: Sequence[str] = SCORES,
        thin: Bounded | None = None,
    ) -> Floats:
        """(r, len(wanted)): those of precision, recall, density, coverage of y with regard to x.

        `thin` bounds the sides of halves, that is of weightings that use no unit twice and some
        not at all.
        """
        unit = self.rows.unit
        out = np.empty((len(wx), len(wanted)))
        for number, (left, right) in enumerate(zip(wx, wy, strict=True)):
            if thin is not None and (left + right).min() == 0 and max(left.max(), right.max()) == 1:
                x, y = _once(thin, left), _once(thin, right)
            else:
                x, y = left[unit].astype(np.int32), right[unit].astype(np.int32)
            found = {}
            if set(wanted) - {"recall"}:
                hit, balls, held = self._inside(x, y)
                weight = x[balls].astype(np.float64)
                found["precision"] = y[hit].sum() / y.sum()
                found["density"] = weight @ held / (self.k * y.sum())
                found["coverage"] = weight[held > 0].sum() / weight.sum()
            if "recall" in wanted:
                found["recall"] = x[self._inside(y, x)[0]].sum() / x.sum()
            out[number] = [found[name] for name in wanted]
        return out

    def without_radius(self, weights: Counts) -> float:
        """The share of a side's balls, `weights` (units,), whose radius is lost in rounding."""
        own = weights[self.rows.unit].astype(np.int32)
        members = np.flatnonzero(own)
        radius, unsettled = self._radii(own, members, self._points(own, members))
        return float(((radius <= unresolved(self.rows.z)[members]) & ~unsettled).mean())

    def _inside(self, own: Multiplicities, other: Multiplicities) -> tuple[Flags, Indices, Indices]:
        """What the balls of one side, `own` (rows,), hold of the `other` (rows,).

        Returns which rows are in some ball (rows,), the balls' centres (b,), and how many rows
        of the other side each ball holds (b,).
        """
        members = np.flatnonzero(own)
        point = self._points(own, members)
        radius, unsettled = self._radii(own, members, point)
        hit = np.zeros(len(own), dtype=bool)
        held = np.zeros(len(members), dtype=np.int64)
        if point.any():
            centres = self.twin[members[point]]
            held[point] = np.bincount(self.twin, weights=other)[centres].astype(np.int64)
            hit |= np.isin(self.twin, centres)
        active = np.flatnonzero(~(unsettled | point))
        for start in range(0, self.nearest.shape[1], COLUMNS):
            # Once a row's list has left the ball it is done with.
            active = active[self.distance[members[active], start] < radius[active]]
            if not len(active):
                break
            columns = slice(start, start + COLUMNS)
            there = self.nearest[members[active], columns]
            counts = other[there]
            counts[self.distance[members[active], columns] >= radius[active, None]] = 0
            hit[there[counts > 0]] = True
            held[active] += counts.sum(axis=1)
        step = max(1, VALUES_AT_ONCE // len(own))
        late = np.flatnonzero(unsettled)
        for part in np.split(late, range(step, len(late), step)):
            inside, held[part] = self._held(own, other, members[part])
            hit |= inside
        return hit, members, held

    def _points(self, own: Multiplicities, members: Indices) -> Flags:
        """Which of `members` have k copies among their neighbours, so that balls are points."""
        if self.twin[-1] == len(self.twin) - 1:  # no row has a copy
            return np.zeros(len(members), dtype=bool)
        copied = np.bincount(self.twin, weights=own)[self.twin[members]]
        result: Flags = copied - own[members] * self.alike[members] >= self.k
        return result

    def _radii(self, own: Multiplicities, members: Indices, point: Flags) -> tuple[Matrix, Flags]:
        """Squared radius of each of `members`, and which lists end before it is known.

        Zero, and known, for those that are a `point`.
        """
        radius = np.zeros(len(members), dtype=self.distance.dtype)
        active = np.flatnonzero(~point)
        met = np.zeros(len(members), dtype=np.int32)
        for start in range(0, self.nearest.shape[1], COLUMNS):
            columns = slice(start, start + COLUMNS)
            counts = own[self.nearest[members[active], columns]]
            counts[~np.isfinite(self.distance[members[active], columns])] = 0
            counts[:, 0] += met[active]
            reached = np.cumsum(counts, axis=1)
            met[active] = reached[:, -1]
            done = reached[:, -1] >= self.k
            place = (reached[done] >= self.k).argmax(axis=1)
            radius[active[done]] = self.distance[members[active[done]], start + place]
            active = active[~done]
            if not len(active):
                break
        unsettled = np.zeros(len(members), dtype=bool)
        unsettled[active] = True
        return radius, unsettled

    def _held(
        self, own: Multiplicities, other: Multiplicities, centres: Indices
    ) -> tuple[Flags, Indices]:
        """Rows in some ball (rows,), rows each ball holds (b,), from distances to all rows."""
        hit = np.zeros(len(own), dtype=bool)
        if not len(centres):
            return hit, np.zeros(0, dtype=np.int64)
        mine, theirs = np.flatnonzero(own), np.flatnonzero(other)
        found = _apart(self.rows, self.tile, centres)
        order = np.argsort(found[:, mine], axis=1, kind="stable")
        within = np.take_along_axis(found[:, mine], order, axis=1)
        reached = np.cumsum(np.where(np.isfinite(within), own[mine][order], 0), axis=1)
        # The k-th, or the last there is.
        wanted = np.minimum(reached[:, -1], self.k)
        place = (reached >= wanted[:, None]).argmax(axis=1)
        radius = np.where(wanted > 0, within[np.arange(len(centres)), place], 0)
        inside = found[:, theirs] < radius[:, None]
        hit[theirs[inside.any(axis=0)]] = True
        held: Indices = np.where(inside, other[theirs], 0).sum(axis=1, dtype=np.int64)
        return hit, held


def _once(thin: Bounded, weights: Counts) -> Multiplicities:
    counts = np.zeros(len(thin.order), dtype=np.int32)
    counts[thin.side(weights).rows] = 1
    return counts


def _alike(rows: Rows, twin: Indices) -> Indices:
    """Of each row's copies (rows,), itself included, those that do not count as its neighbours."""
    if rows.loose or rows.each_row_is_a_unit:
        return np.ones(len(twin), dtype=np.int64)
    _, group, count = np.unique(
        np.stack([rows.unit, twin]), axis=1, return_inverse=True, return_counts=True
    )
    result: Indices = count[group.ravel()]
    return result


def _length(rows: Rows, k: int) -> int:
    """Entries a list needs, so that nearly all of them reach the k-th row of the smallest half."""
    total = len(rows.unit)
    share = min(rows.rows_x, total - rows.rows_x) / (2 * total)
    wanted = int(np.ceil((k + 4 * np.sqrt(k) + 4) / share))
    return max(1, min(total, wanted, max(COLUMNS, LISTED_VALUES // total)))


def _apart(rows: Rows, tile: Kernel, which: Indices) -> Matrix:
    """Squared distances (k, rows) from the rows `which`, infinite to those that do not count."""
    total = len(rows.unit)
    if which[-1] - which[0] + 1 == len(which):
        found = tile(int(which[0]), int(which[-1]) + 1, 0, total)
    else:
        found = np.concatenate([tile(int(row), int(row) + 1, 0, total) for row in which])
    if rows.loose or rows.each_row_is_a_unit:
        found[np.arange(len(which)), which] = np.inf
    else:
        found[rows.unit[which][:, None] == rows.unit[None, :]] = np.inf
    return found
