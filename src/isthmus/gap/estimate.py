"""The currency of the gap room: a distance together with what is known about its certainty.

A number without its noise floor cannot be judged: two halves of *one* data set are never at
distance zero either. An `Estimate` therefore carries the value, its confidence interval, the
permutation p-value and the distance that mere sampling produces (the floor), and says on how
many independent units all of that rests.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from isthmus.errors import InputError

Matrix = npt.NDArray[np.floating[Any]]
NAMED_ROWS = 8


@dataclass(frozen=True, slots=True)
class Estimate:
    """One measured distance between two samples of features.

    `value` is the estimate of the distance between the two *populations*: for metrics whose
    textbook formula is biased upward by finite samples the bias is removed, so that `value`
    may differ from `plug_in`, the textbook formula on all rows (what other tools print).
    `low`..`high` is a confidence interval of `level`; `p_value` is (b + 1) / (B + 1) over
    `permutations` exchanges of units. `floor_x` and `floor_y` are the upper `level` quantiles
    of the same metric between random halves of x and of y; `floor` is the larger one, `ratio`
    is value / floor. `None` stands for "cannot be known from this sample", never for zero.
    `n`, `m`: rows; `d`: features; `units_x`, `units_y`: independent units behind the inference;
    `block_length`: frames a unit, where units are blocks of a video.
    """

    metric: str
    value: float
    low: float | None
    high: float | None
    p_value: float | None
    floor: float | None
    floor_x: float | None
    floor_y: float | None
    ratio: float | None
    above_floor: bool | None
    plug_in: float
    n: int
    m: int
    d: int
    units_x: int
    units_y: int
    block_length: int | None
    estimator: str
    level: float
    permutations: int
    bootstraps: int
    params: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A JSON-like dictionary: numbers, strings, lists; `null` for what is not known."""
        return {item.name: _plain(getattr(self, item.name)) for item in fields(self)}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Estimate:
        """The estimate that `to_json` wrote; unknown keys are ignored."""
        known = {item.name for item in fields(cls)}
        values = {key: value for key, value in document.items() if key in known}
        values["warnings"] = tuple(values.get("warnings", ()))
        return cls(**values)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def checked_pair(x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Matrix, Matrix]:
    """`x` (n, d) and `y` (m, d) as float arrays of one type, or an `InputError` that says why not.

    float64 stays float64 when both are; anything else that is numeric becomes float64, except
    that a pair of float32 arrays stays float32 (half the memory of large samples).
    """
    left, right = checked(x, "x"), checked(y, "y")
    if left.shape[1] != right.shape[1]:
        raise InputError(
            f"features x {left.shape} and y {right.shape} differ in their number of columns; "
            "both must come from the same layer of the same extractor"
        )
    if left.dtype != right.dtype:
        left, right = left.astype(np.float64), right.astype(np.float64)
    return left, right


def checked(values: npt.ArrayLike, name: str, *, least: int = 2) -> Matrix:
    """`values` as a finite float matrix of at least `least` rows; the errors call it `name`."""
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise InputError(f"features {name}: rows of unequal length ({error})") from error
    if array.ndim != 2:
        raise InputError(
            f"features {name} have shape {array.shape}; expected two axes: rows (frames) × features"
        )
    if array.dtype.kind not in "fiub":
        raise InputError(f"features {name} are of type {array.dtype}; expected real numbers")
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float64)
    rows, columns = array.shape
    if rows < least or columns < 1:
        raise InputError(
            f"features {name} have shape {array.shape}; "
            f"a distance needs at least {least} rows and 1 feature a side"
        )
    bad = np.flatnonzero(~np.isfinite(array).all(axis=1))
    if bad.size:
        named = ", ".join(str(row) for row in bad[:NAMED_ROWS])
        more = f" and {bad.size - NAMED_ROWS} more" if bad.size > NAMED_ROWS else ""
        raise InputError(
            f"features {name}: NaN or infinite values in {bad.size} of {rows} rows "
            f"(rows {named}{more}); leave these frames out or repair their extraction"
        )
    return array
