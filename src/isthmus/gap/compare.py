"""Did it help: whether a generation or an adaptation has made the gap to the target smaller.

Two gaps with intervals that overlap may still differ beyond doubt, because both rest on the same
frames and the same target. The comparison is therefore paired: see `isthmus.gap.paired`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy.typing as npt

from isthmus.gap.paired import measure_pair

SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True)
class Comparison:
    """The gap before and after, and the difference.

    `before`, `after`: gaps, on the metric's own scale; `difference`: after less before, with its
    interval `low`..`high` of `level`; `p_value`: chance of so large a difference, either way, if
    nothing had changed; `floor`: what sampling alone produces, the larger of both gaps' floors;
    `verdict`: "lower", "higher" (p < 0.05), or "no difference seen"; `closed`: the gap after does
    not stand above its floor any more (None: no floor). `None` elsewhere: cannot be known.
    """

    metric: str
    before: float
    after: float
    difference: float
    low: float | None
    high: float | None
    p_value: float | None
    floor: float | None
    verdict: str
    closed: bool | None
    level: float
    n: int
    m: int
    units_x: int
    units_y: int
    unit_kind: str
    warnings: tuple[str, ...]

    def to_document(self) -> dict[str, Any]:
        """A JSON-like dictionary."""
        return {**asdict(self), "warnings": list(self.warnings)}


def compare_gaps(
    before: npt.ArrayLike,
    after: npt.ArrayLike,
    target: npt.ArrayLike,
    metric: str = "mmd",
    *,
    groups_x: Sequence[Any] | None = None,
    groups_target: Sequence[Any] | None = None,
    **options: Any,
) -> Comparison:
    """Whether `after` (n, d) lies nearer to `target` (m, d) than `before` (n, d) does.

    Row i of `before` and of `after` belong to the same frame, as it was and as it was generated
    or adapted. `metric`: a name in `isthmus.gap.paired.PAIRED`. `groups_x` (n,), `groups_target`
    (m,): the sequence of each row.
    Further `options` (level, numbers of resamples, seed, scale, device, the metric's own) as for
    `isthmus.gap.paired.measure_pair`.

    Raises:
        InputError: features that are no finite matrices, of unequal width, or not the same frames.
        ConfigError: a metric that is unknown or cannot be paired.
    """
    found = measure_pair(
        before,
        after,
        target,
        metric,
        groups_x=groups_x,
        groups_y=groups_target,
        **options,
    )
    low, high = found.difference_interval()
    p_value = found.difference_p_value()
    floors = [side.floor for side in (found.before, found.after) if side.floor is not None]
    verdict = "no difference seen"
    if p_value is not None and p_value < SIGNIFICANT:
        verdict = "lower" if found.difference < 0 else "higher"
    return Comparison(
        metric=metric,
        before=found.before.value,
        after=found.after.value,
        difference=found.difference,
        low=low,
        high=high,
        p_value=p_value,
        floor=max(floors) if len(floors) == 2 else None,
        verdict=verdict,
        closed=None if found.after.floor is None else found.after.value <= found.after.floor,
        level=found.level,
        n=found.n,
        m=found.m,
        units_x=found.units_x,
        units_y=found.units_y,
        unit_kind=found.kind,
        warnings=found.warnings,
    )
