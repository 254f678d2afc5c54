"""Which frames make the gap: each frame's share of MMD².

The witness function of Gretton et al. (JMLR 13, 2012, sec. 2.3) is the difference of the two
samples' kernel mean embeddings. In its unbiased form a frame is not compared with itself (nor
with its unit), and then

    mean of `x` - mean of `y` = MMD² exactly,

so that a frame's value is its contribution and not merely a score: high on x, a frame that y
has nothing like; low on x, a frame that might as well be one of y's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from isthmus.gap.estimate import Matrix, checked_pair
from isthmus.gap.metric import Floats, Indices, pooled_rows
from isthmus.gap.mmd import KernelName, kernel_of
from isthmus.gap.pairs import TILE


@dataclass(frozen=True)
class Witness:
    """The witness function at each row of `x` (n,) and `y` (m,), positive towards x."""

    x: Floats
    y: Floats

    @property
    def mmd(self) -> float:
        """MMD², unbiased."""
        return float(self.x.mean() - self.y.mean())

    def most_foreign_to_x(self, count: int) -> Indices:
        """Rows of y that x has least of, most foreign first."""
        return np.argsort(self.y, kind="stable")[:count]

    def most_like_y(self, count: int) -> Indices:
        """Rows of x that look most like y, most alike first."""
        return np.argsort(self.x, kind="stable")[:count]


def witness(
    x: Matrix,
    y: Matrix,
    *,
    units_x: Indices | None = None,
    units_y: Indices | None = None,
    kernel: KernelName = "rbf",
    **params: Any,
) -> Witness:
    """Each row's contribution to MMD² between `x` (n, d) and `y` (m, d).

    `units_x` (n,), `units_y` (m,): rows with equal numbers are not compared with each other, so
    that MMD² is the one `measure` gives for these units; None: a row is its own unit. Further
    `params` are those of the kernel.
    """
    left, right = checked_pair(x, y)
    rows = pooled_rows(left, right)
    n, total = len(left), len(left) + len(right)
    labels = np.concatenate(
        [
            np.arange(n) if units_x is None else np.asarray(units_x),
            (np.arange(total - n) if units_y is None else np.asarray(units_y)),
        ]
    )
    function, _, _ = kernel_of(rows, kernel, **params)
    own = np.zeros(total)
    other = np.zeros(total)
    for i0 in range(0, total, TILE):
        i1 = min(i0 + TILE, total)
        for start, stop in ((0, n), (n, total)):
            for j0 in range(start, stop, TILE):
                j1 = min(j0 + TILE, stop)
                tile = function(i0, i1, j0, j1)
                # A tile of rows may hold rows of both sides.
                mine = (np.arange(i0, i1) < n) == (j0 < n)
                same = (labels[i0:i1, None] == labels[None, j0:j1]) & mine[:, None]
                sums = np.where(same, 0, tile).sum(axis=1, dtype=np.float64)
                own[i0:i1][mine] += sums[mine]
                other[i0:i1][~mine] += sums[~mine]
    m = total - n
    # Each side's own mean runs over all its pairs of different units, not row by row: only then
    # do the shares of rows from larger units add up.
    sizes = [_partners(labels[:n]), _partners(labels[n:])]
    x_values = own[:n] * n / sizes[0].sum() - other[:n] / m
    y_values = other[n:] / n - own[n:] * m / sizes[1].sum()
    return Witness(x_values, y_values)


def _partners(labels: Indices) -> Floats:
    """How many rows of the same side belong to another unit, for each row."""
    _, inverse, counts = np.unique(labels, return_inverse=True, return_counts=True)
    result: Floats = (len(labels) - counts[inverse]).astype(np.float64)
    return result
