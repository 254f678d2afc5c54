"""Of which kind the gap is: colour and light, texture, shape, or what is seen (semantic).

Distances of different features have different units and cannot be compared; their ratio to
their own noise floor can: how many times what sampling alone would produce. Per kind, the
median over its estimates (metrics, layers) is taken, because single metrics are blind to some
differences and a mean would follow the loudest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from isthmus.gap.estimate import Estimate

SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True)
class KindOfGap:
    """What the estimates of one kind say together.

    `ratio`, `low`, `high`: median over estimates of value, low and high over the floor (None:
    no estimate has a floor); `share`: this kind's part of what stands above the floors of all
    kinds, 0 to 1 (None: nothing stands out anywhere); `above`, `estimates`: how many stand above
    their floor, of how many; `p_value`: the smallest, times their number (Bonferroni);
    `stands_out`: most stand above their floor, and `p_value` is below 0.05.
    """

    kind: str
    ratio: float | None
    low: float | None
    high: float | None
    share: float | None
    above: int
    estimates: int
    p_value: float | None
    stands_out: bool

    def to_json(self) -> dict[str, Any]:
        """A JSON-like dictionary."""
        return asdict(self)


def characterise(estimates: Iterable[tuple[str, Estimate]]) -> tuple[KindOfGap, ...]:
    """One `KindOfGap` for every kind among (kind, estimate), the strongest first."""
    by_kind: dict[str, list[Estimate]] = {}
    for kind, estimate in estimates:
        by_kind.setdefault(kind, []).append(estimate)
    ratios = {kind: _median(_over_floor(found, "value")) for kind, found in by_kind.items()}
    excess = {kind: max(0.0, (ratio or 0.0) - 1.0) for kind, ratio in ratios.items()}
    total = sum(excess.values())
    kinds = [
        _one(kind, found, ratios[kind], excess[kind] / total if total > 0 else None)
        for kind, found in by_kind.items()
    ]
    return tuple(sorted(kinds, key=lambda found: -(found.ratio or float("-inf"))))


def _one(kind: str, found: list[Estimate], ratio: float | None, share: float | None) -> KindOfGap:
    above = sum(bool(estimate.above_floor) for estimate in found)
    known = [estimate.p_value for estimate in found if estimate.p_value is not None]
    p_value = min(1.0, min(known) * len(known)) if known else None
    return KindOfGap(
        kind=kind,
        ratio=ratio,
        low=_median(_over_floor(found, "low")),
        high=_median(_over_floor(found, "high")),
        share=share,
        above=above,
        estimates=len(found),
        p_value=p_value,
        stands_out=2 * above > len(found) and p_value is not None and p_value < SIGNIFICANT,
    )


def _over_floor(found: list[Estimate], name: str) -> list[float]:
    return [
        getattr(estimate, name) / estimate.floor
        for estimate in found
        if estimate.ratio is not None and estimate.floor and getattr(estimate, name) is not None
    ]


def _median(values: list[float]) -> float | None:
    return float(np.median(values)) if values else None
