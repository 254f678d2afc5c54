"""Sums over units for many weightings at once, without the products that are known to be zero.

Permutations give each unit to one side, so y's sums are the totals less x's; bootstrap draws and
halves leave one side's units out altogether. Together that saves more than half of the work.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from isthmus.gap.estimate import Matrix
from isthmus.gap.metric import Counts, Flags, Indices, Rows


def complementary(wx: Counts, wy: Counts) -> Flags:
    """(r,) weightings that give each unit to one side, once: y's sums are the totals less x's."""
    return np.asarray(((wx + wy) == 1).all(axis=1))


class Weightings:
    """The weightings `wx`, `wy` (r, units), ready to be multiplied with tables (units, k).

    Args:
        rows: the pooled sample.
        wx, wy: how often each unit counts on either side.
        kind: floating type of products.
    """

    def __init__(self, rows: Rows, wx: Counts, wy: Counts, kind: npt.DTypeLike) -> None:
        self.count = len(wx)
        self.whole = complementary(wx, wy)
        rest = np.flatnonzero(~self.whole)
        self._left = list(_parts(rows, wx, np.arange(len(wx)), kind))
        self._right = list(_parts(rows, wy, rest, kind))

    def sums(self, table: Matrix) -> tuple[Matrix, Matrix]:
        """`wx @ table` and `wy @ table`, (r, k) each, of the table's type."""
        left = self._product(self._left, table)
        right = self._product(self._right, table)
        right[self.whole] = table.sum(axis=0) - left[self.whole]
        return left, right

    def _product(self, parts: list[tuple[Indices, slice, Matrix]], table: Matrix) -> Matrix:
        out = np.zeros((self.count, table.shape[1]), dtype=table.dtype)
        for which, units, weights in parts:
            out[which] = weights @ table[units]
        return out


def _parts(
    rows: Rows, weights: Counts, among: Indices, kind: npt.DTypeLike
) -> Iterator[tuple[Indices, slice, Matrix]]:
    """Weightings with the same side's units in play: (which, units, their weights)."""
    chosen = weights[among]
    in_x = chosen[:, : rows.units_x].any(axis=1)
    in_y = chosen[:, rows.units_x :].any(axis=1)
    for flags, units in (
        (in_x & in_y, slice(0, rows.units)),
        (in_x & ~in_y, slice(0, rows.units_x)),
        (in_y & ~in_x, slice(rows.units_x, rows.units)),
    ):
        if flags.any():
            yield among[flags], units, np.ascontiguousarray(chosen[flags][:, units]).astype(kind)
