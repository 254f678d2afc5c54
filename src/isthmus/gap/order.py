"""An order of units that follows from what they hold, not from the order in which they came.

Random assignments (folds, halves, exchanges) are dealt out by unit number. Numbered as files
happen to be listed, the same frames would get another assignment, and another value, when listed
anew. The key of a unit is the mean of its rows along one fixed random direction: unlike a hash it
bears rounding, a common offset and a common scale.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from isthmus import seeds
from isthmus.gap.estimate import Matrix
from isthmus.gap.metric import Floats, Indices, Rows
from isthmus.gap.units import Units

DIGITS = 9


def content_keys(values: Matrix, unit: Indices) -> Floats:
    """A number for each unit (units,) from its rows of `values` (n, d); unit -1 counts for none."""
    inside = unit >= 0
    d = values.shape[1]
    direction: Floats = seeds.generator(0, "content", d).standard_normal((d,))
    along = (values @ direction.astype(values.dtype)).astype(np.float64)[inside]
    along -= along.mean()
    keys = np.bincount(unit[inside], weights=along) / np.bincount(unit[inside])
    scale = float(np.abs(keys).max())
    # Copies must tie in spite of rounding, so that their order is left to the caller's numbers.
    rounded: Floats = np.round(keys / scale, DIGITS) if scale > 0 else keys
    return rounded


def content_order(rows: Rows) -> Indices:
    """All units, of both sides together, by content; copies by number, x before y."""
    return np.argsort(content_keys(rows.z, rows.unit), kind="stable")


def by_content(units: Units, x: Matrix, y: Matrix) -> Units:
    """The same units of `x` (n, d) and `y` (m, d), numbered by content on either side."""
    sides = []
    for values, unit in ((x, units.x), (y, units.y)):
        order = np.argsort(content_keys(values, unit), kind="stable")
        rank = np.empty(len(order) + 1, dtype=np.int64)
        rank[order], rank[-1] = np.arange(len(order)), -1  # rows left out stay so
        sides.append(rank[unit])
    return replace(units, x=sides[0], y=sides[1])
