"""Where in the picture the gap lives: one gap for every cell of a grid over the frame.

Each frame is cut into rows × columns cells and every cell is described for itself (see
`isthmus.gap.cells`). `region_gaps` then compares each cell of the source with the *same* cell of
the target:

value   MMD² (Gretton et al., JMLR 13, 2012), unbiased, of the features of that one cell over
        frames, with the cell's own median bandwidth: a number without unit, near 0 without a gap,
        below 2 always. This is what the heat map shows.
excess  the value in deviations of what exchanging units between the domains gives in that cell.

Cells are tested together. "max" (Westfall & Young 1993): a cell's excess is compared with the
largest excess anywhere under the same exchange; cells of one frame are exchanged together, so
that whatever they have in common is accounted for. "bh": Benjamini & Hochberg over the cells' own
p-values. See `isthmus.gap.multiple`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from isthmus.errors import ConfigError, InputError
from isthmus.features.extractor import Matrix
from isthmus.gap.estimate import checked_pair
from isthmus.gap.inference import Scale, scaled
from isthmus.gap.metric import Flags, Floats, pooled_rows
from isthmus.gap.mmd import prepare
from isthmus.gap.multiple import benjamini_hochberg, largest_of_all
from isthmus.gap.resampling import Plan, make_plan
from isthmus.gap.units import Units, find_units

Correction = Literal["max", "bh"]


@dataclass(frozen=True)
class RegionMap:
    """A heat map of the gap; all arrays (rows, columns), row 0 at the top of the frame.

    `value`, `excess`: see the module; `floor`: upper `level` quantile of the value between random
    halves of one domain, the larger of both (NaN: too few units); `p_raw`: p-value of the cell
    alone; `p_value`: corrected for all cells by `correction`; `stands_out`: corrected p at most
    1 - `level`.
    """

    layer: str
    value: Floats
    excess: Floats
    floor: Floats
    p_raw: Floats
    p_value: Floats
    stands_out: Flags
    correction: str
    level: float
    n: int
    m: int
    units_x: int
    units_y: int
    unit_kind: str
    warnings: tuple[str, ...]

    @property
    def peak(self) -> tuple[int, int]:
        """(row, column) of the largest value."""
        row, column = np.unravel_index(int(np.argmax(self.value)), self.value.shape)
        return int(row), int(column)

    def to_document(self) -> dict[str, Any]:
        """A JSON-like dictionary: arrays as lists of rows, None for what is not known."""
        out: dict[str, Any] = {}
        for name, found in vars(self).items():
            if isinstance(found, np.ndarray):
                plain = found.astype(object)
                plain[np.isnan(found.astype(np.float64))] = None
                out[name] = plain.tolist()
            else:
                out[name] = list(found) if isinstance(found, tuple) else found
        out["peak"] = list(self.peak)
        return out


def region_gaps(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    layer: str = "",
    groups_x: Sequence[Any] | None = None,
    groups_y: Sequence[Any] | None = None,
    correction: Correction = "max",
    level: float = 0.95,
    permutations: int = 999,
    floor_splits: int = 50,
    seed: int = 0,
    scale: Scale = "none",
) -> RegionMap:
    """The heat map of the gap between cells `x` (n, rows, columns, d) and `y` (m, …).

    Args:
        x, y: from `isthmus.gap.cells`.
        layer: name for the result.
        groups_x, groups_y: the sequence of each frame, as for `measure`.
        correction: "max" or "bh"; see the module.
        level: of the floor; 1 - level of the test.
        permutations: 1 or more; with "bh" at least cells / (1 - level).
        floor_splits, seed, scale: as for `measure`; "pooled" scales each cell for itself.

    Raises:
        InputError: arrays of other shapes, not finite, or with fewer than 2 frames.
        ConfigError: an unknown correction, or numbers out of their range.
    """
    _check_options(correction, permutations, level)
    left, right, frames = _checked_cells(x, y)
    units = find_units(*frames, groups_x, groups_y)
    plan = make_plan(
        units.count_x,
        units.count_y,
        permutations=permutations,
        bootstraps=0,
        splits=floor_splits,
        seed=seed,
    )
    shape = left.shape[1:3]
    cells = [
        _Cell.of(left[:, r, c], right[:, r, c], units, plan, scale) for r, c in np.ndindex(shape)
    ]
    observed = np.array([cell.value for cell in cells])
    permuted = np.stack([cell.permuted for cell in cells], axis=1)
    corrected, excess = largest_of_all(observed, permuted)
    raw = _single(observed, permuted)
    if correction == "bh":
        corrected = np.array(benjamini_hochberg(raw.tolist()), np.float64)
    return RegionMap(
        layer=layer,
        value=observed.reshape(shape),
        excess=excess.reshape(shape),
        floor=np.array([cell.floor(level) for cell in cells]).reshape(shape),
        p_raw=raw.reshape(shape),
        p_value=corrected.reshape(shape),
        stands_out=(corrected <= 1 - level + 1e-12).reshape(shape),
        correction=correction,
        level=level,
        n=len(left),
        m=len(right),
        units_x=units.count_x,
        units_y=units.count_y,
        unit_kind=units.kind,
        warnings=units.warnings + plan.warnings,
    )


def _single(observed: Floats, permuted: Floats) -> Floats:
    """p-values (k,) of each cell alone, from its values under exchanges (b, k)."""
    tiny = 1e-9 * np.maximum(np.abs(observed), np.abs(permuted).max(axis=0))
    reached: Floats = ((permuted >= observed - tiny).sum(axis=0) + 1) / (len(permuted) + 1)
    return reached


@dataclass(frozen=True)
class _Cell:
    value: float
    permuted: Floats
    halves: tuple[Floats, Floats]

    @classmethod
    def of(cls, x: Matrix, y: Matrix, units: Units, plan: Plan, scale: Scale) -> _Cell:
        left, right = checked_pair(x, y)
        if scale == "pooled":
            left, right, _ = scaled(left, right)
        statistic = prepare(pooled_rows(left, right, units.x, units.y))
        found = statistic.evaluate(plan.wx, plan.wy)[:, 0]
        observed, permuted, _, halves_x, halves_y, _ = (found[part] for part in plan.parts)
        return cls(float(observed[0]), permuted, (halves_x, halves_y))

    def floor(self, level: float) -> float:
        if not all(len(half) for half in self.halves):
            return float("nan")
        return max(0.0, *(float(np.quantile(half, level)) for half in self.halves))


def _check_options(correction: str, permutations: int, level: float) -> None:
    if correction not in ("max", "bh") or permutations < 1 or not 0.5 < level < 1:
        raise ConfigError(
            f"correction = {correction!r}, permutations = {permutations}, level = {level}; "
            "expected 'max' or 'bh', 1 or more, and a level between 0.5 and 1"
        )


def _checked_cells(
    x: npt.ArrayLike, y: npt.ArrayLike
) -> tuple[Matrix, Matrix, tuple[Matrix, Matrix]]:
    """Cells (·, rows, columns, d) of both sides, and the same as one row a frame."""
    left, right = np.asarray(x), np.asarray(y)
    if left.ndim != 4 or right.ndim != 4 or left.shape[1:] != right.shape[1:]:
        raise InputError(
            f"cells of shape {left.shape} and {right.shape}; expected (frames, rows, columns, d) "
            "with the same grid and features on both sides"
        )
    return left, right, checked_pair(left.reshape(len(left), -1), right.reshape(len(right), -1))
