"""What the transport metrics share: costs between rows, and samples of bounded size.

Exact transport grows with the third power of the rows, so every weighting is answered from at
most a fixed number of rows a side. Which ones follows from one order of the pooled rows that the
seed draws without looking at the sides: a side is its first rows in that order. Observed and
permuted samples are so treated alike, which keeps the permutation test exact, and small sides are
used whole. Within the order every unit comes up in proportion to its rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from isthmus import seeds
from isthmus.errors import ConfigError
from isthmus.gap.estimate import Matrix
from isthmus.gap.metric import ROWS_AT_ONCE, Counts, Floats, Indices, Rows, pooled_rows

FORMULA_ROWS = 2000
"""Rows a side from which the formula is computed unless its caller says otherwise."""


@dataclass(frozen=True)
class Side:
    """One side of a weighting: pooled `rows` (k,) and their `mass` (k,), which adds up to 1."""

    rows: Indices
    mass: Floats


@dataclass(frozen=True)
class Bounded:
    """Sides of at most `most` rows, counted with multiplicity; `order` (rows,) as they are taken.

    `most` None: all rows.
    """

    rows: Rows
    order: Indices
    most: int | None

    @classmethod
    def of(cls, rows: Rows, most: int | None, seed: int) -> Bounded:
        """Draw the order of the pooled rows."""
        if most is not None and most < 2:
            raise ConfigError(f"{most} rows a side; transport needs at least 2, or None for all")
        rng = seeds.generator(seed, "transport-rows")
        shuffled = rng.permutation(len(rows.unit))
        by_unit = shuffled[np.argsort(rows.unit[shuffled], kind="stable")]
        starts = np.cumsum(rows.sizes) - rows.sizes
        unit = rows.unit[by_unit]
        place = np.arange(len(unit)) - starts[unit] + rng.random(rows.units)[unit]
        return cls(rows, by_unit[np.argsort(place / rows.sizes[unit], kind="stable")], most)

    def side(self, weights: Counts) -> Side:
        """The side that `weights` (units,) describe; a row of a unit drawn twice counts twice."""
        counts = weights[self.rows.unit[self.order]].astype(np.int64)
        if self.most is not None:
            before = np.cumsum(counts) - counts
            counts = np.clip(self.most - before, 0, counts)
        used = np.flatnonzero(counts)
        mass = counts[used] / counts[used].sum()
        return Side(self.order[used], mass)

    def sides(self, wx: Counts, wy: Counts) -> list[tuple[Side, Side]]:
        """Both sides of every weighting `wx`, `wy` (r, units)."""
        return [(self.side(left), self.side(right)) for left, right in zip(wx, wy, strict=True)]


def bounded_pair(x: Matrix, y: Matrix, most: int | None, seed: int) -> tuple[Rows, Side, Side]:
    """`x` (n, d) and `y` (m, d) pooled, each with at most `most` of its rows."""
    rows = pooled_rows(x, y)
    bounded = Bounded.of(rows, most, seed)
    is_x = (np.arange(rows.units) < rows.units_x).astype(np.int16)
    return rows, bounded.side(is_x), bounded.side((1 - is_x).astype(np.int16))


def costs(a: Matrix, b: Matrix, p: int) -> Floats:
    """|a - b|^p (n, m) between the rows of `a` (n, d) and `b` (m, d), in float64."""
    left, right = a.astype(np.float64), b.astype(np.float64)
    out: Floats = left @ right.T
    out *= -2
    out += np.einsum("ij,ij->i", left, left)[:, None]
    out += np.einsum("ij,ij->i", right, right)[None, :]
    np.maximum(out, 0, out=out)
    return np.sqrt(out, out=out) if p == 1 else out


def stretch(rows: Rows) -> float:
    """Spread of y over that of x: roots of the mean squared distances from their own means."""
    x, y = _spread(rows.z[: rows.rows_x]), _spread(rows.z[rows.rows_x :])
    return float(np.sqrt(y / x)) if min(x, y) > 0 else 1.0


def _spread(side: Matrix) -> float:
    """Mean squared distance of the rows (n, d) from their mean."""
    mean, total = side.mean(axis=0, dtype=np.float64), 0.0
    for start in range(0, len(side), ROWS_AT_ONCE):  # no float64 copy of a large side
        total += float(np.square(side[start : start + ROWS_AT_ONCE] - mean).sum())
    return total / len(side)


def check_power(p: int) -> None:
    """Refuse powers other than 1 and 2 with a `ConfigError`."""
    if p not in (1, 2):
        raise ConfigError(f"p = {p}; expected 1 (cost: distance) or 2 (cost: squared distance)")


def reduction(
    rows: Rows, resampled: int, most: int | None
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Settings, and a warning, that tell how many rows a side are used."""
    n, m = rows.rows_x, len(rows.unit) - rows.rows_x
    settings = {"rows_x": min(n, resampled), "rows_y": min(m, resampled)}
    if max(n, m) <= resampled:
        return settings, ()
    whole = "all" if most is None or max(n, m) <= most else f"at most {most}"
    return settings, (
        f"every resample uses at most {resampled} rows of each side ({n} and {m} at hand), the "
        f"textbook value {whole}; value, interval and floor are those of samples of that size; "
        "resampled_rows sets it",
    )
