"""What a metric must offer so that one engine gives all of them intervals, p-values and floors.

All resampling here works on *units* (independent frames, sequences, or blocks of a video) by
integer weights: a permutation gives every unit to one side, a bootstrap draw counts how often a
unit was drawn, a half-split gives each half of one side's units to one "side". A metric prepares
once what is expensive (kernel values, projections, moments) and then evaluates any number of
weightings, which is far cheaper than copying rows and starting over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from isthmus.gap.estimate import Matrix

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int16]
Indices = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# Below this many pooled values, computing in float64 costs less than the precision is worth.
SMALL = 1 << 24
ROWS_AT_ONCE = 4096


@dataclass(frozen=True)
class Rows:
    """Both samples, pooled, sorted by unit, less their common mean.

    `z` (rows, d) is centred: every metric here but the polynomial kernel is blind to a common
    shift, and small numbers keep their digits. `unit` (rows,) never decreases; units
    `0 .. units_x - 1` are those of x. `sizes` (units,) counts rows. `loose`: the rows of a unit
    are independent too (gathered at random to save work), so that pairs of them count. `device`:
    where products of all pairs are made.
    """

    z: Matrix
    centre: Floats
    unit: Indices
    sizes: Floats
    units_x: int
    loose: bool = False
    device: str = "cpu"

    @property
    def units(self) -> int:
        """The number of units of both sides."""
        return len(self.sizes)

    @property
    def rows_x(self) -> int:
        """The number of rows of x."""
        return int(self.sizes[: self.units_x].sum())

    @property
    def each_row_is_a_unit(self) -> bool:
        """True for independent frames."""
        return self.units == len(self.unit)

    @property
    def independent(self) -> tuple[int, int]:
        """Independent observations of x and of y: units, or rows where units are loose."""
        if self.loose:
            return self.rows_x, len(self.unit) - self.rows_x
        return self.units_x, self.units - self.units_x


def pooled_rows(
    x: Matrix,
    y: Matrix,
    unit_x: Indices | None = None,
    unit_y: Indices | None = None,
    *,
    loose: bool = False,
    device: str = "cpu",
) -> Rows:
    """Pool `x` (n, d) and `y` (m, d); rows of unit -1 are left out, without units each is its own.

    Unit numbers of a side must be 0 .. k - 1, each with at least one row.
    """
    unit_x = np.arange(len(x), dtype=np.int64) if unit_x is None else unit_x
    unit_y = np.arange(len(y), dtype=np.int64) if unit_y is None else unit_y
    units_x = int(unit_x.max()) + 1
    order_x = np.argsort(unit_x, kind="stable")[int((unit_x < 0).sum()) :]
    order_y = np.argsort(unit_y, kind="stable")[int((unit_y < 0).sum()) :]
    kind = np.float64 if (len(x) + len(y)) * x.shape[1] <= SMALL else x.dtype
    z = np.empty((len(order_x) + len(order_y), x.shape[1]), dtype=kind)
    for side, order, start in ((x, order_x, 0), (y, order_y, len(order_x))):
        for first in range(0, len(order), ROWS_AT_ONCE):  # no second copy of a large side
            part = order[first : first + ROWS_AT_ONCE]
            z[start + first : start + first + len(part)] = side[part]
    centre = z.mean(axis=0, dtype=np.float64)
    z -= centre.astype(kind)
    unit = np.concatenate([unit_x[order_x], unit_y[order_y] + units_x])
    sizes = np.bincount(unit).astype(np.float64)
    return Rows(
        z=z, centre=centre, unit=unit, sizes=sizes, units_x=units_x, loose=loose, device=device
    )


class Statistic(Protocol):
    """A metric made ready for one pooled sample."""

    @property
    def settings(self) -> dict[str, Any]:
        """The parameters in force, those found from the data included."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of the number has to know."""

    @property
    def stretch(self) -> float | Floats:
        """How much longer distances within y are than within x, for each component or all.

        1 where a component's bias is additive as it stands; see `conclusion`, bias.
        """

    def evaluate(self, wx: Counts, wy: Counts) -> Floats:
        """Components (r, c) for r weightings of the units, `wx` and `wy` (r, units).

        Components live on a scale where a finite sample's bias is additive (squared distances
        for metrics that are roots of one).
        """

    def draw(self, wx: Counts, wy: Counts) -> Floats | None:
        """Components of bootstrap draws, where `evaluate` would not show their spread.

        None, as for most: `evaluate` shows it.
        """

    def combine(self, components: Floats) -> Floats:
        """The metric (...,) from components (..., c); also for components below zero."""


@dataclass(frozen=True)
class Metric:
    """A distance between two samples of features: one file of this room, one line of `METRICS`.

    `distance(x, y, **params) -> float` is the textbook formula; `prepare(rows, seed=..., **params)
    -> Statistic` is its resampled form. `biased` says that the formula's expectation exceeds the
    populations' distance, so that inference has to take the bias out.
    """

    name: str
    label: str
    estimator: str
    biased: bool
    distance: Callable[..., float]
    prepare: Callable[..., Statistic]


@dataclass(frozen=True)
class Simple:
    """A `Statistic` from a function with one component that is the metric itself."""

    function: Callable[[Counts, Counts], Floats]
    settings: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    drawn: Callable[[Counts, Counts], Floats] | None = None
    bounds: tuple[float, float] = (-np.inf, np.inf)
    stretch: float = 1.0

    def evaluate(self, wx: Counts, wy: Counts) -> Floats:
        """Components (r, 1)."""
        return self.function(wx, wy)[:, None]

    def draw(self, wx: Counts, wy: Counts) -> Floats | None:
        """Components (r, 1), or None."""
        return None if self.drawn is None else self.drawn(wx, wy)[:, None]

    def combine(self, components: Floats) -> Floats:
        """The component, within the metric's `bounds`."""
        result: Floats = np.clip(components[..., 0], *self.bounds)
        return result


def observed(rows: Rows) -> tuple[Counts, Counts]:
    """The weights (1, units) of the samples as they are."""
    wx = np.zeros((1, rows.units), dtype=np.int16)
    wx[0, : rows.units_x] = 1
    return wx, (1 - wx).astype(np.int16)


def unit_sums(rows: Rows, values: Matrix, start: int, stop: int) -> tuple[int, int, Matrix]:
    """Sums by unit of `values` (stop - start, k), which belong to rows start .. stop - 1.

    Returns the first unit, one past the last, and the sums (units touched, k).
    """
    unit = rows.unit[start:stop]
    if rows.each_row_is_a_unit:
        return start, stop, values
    first = np.flatnonzero(np.r_[True, unit[1:] != unit[:-1]])
    return int(unit[0]), int(unit[-1]) + 1, np.add.reduceat(values, first, axis=0)
