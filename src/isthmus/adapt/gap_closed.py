"""How much of the gap's cost an arm took away, and whom it harmed.

Gap closed = (adapted - fair source) / (oracle - fair source). It is a ratio of two uncertain
numbers: its interval comes from paired draws (the same frames, the same seeds in all three), and
where the denominator may be nothing the ratio is *undefined*, not large.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from isthmus.detect.bootstrap import Score, interval

WARNING_DROP = 0.02


@dataclass(frozen=True)
class GapClosed:
    """`value` with `low` and `high`, or `defined` False and a `reason`."""

    value: float | None
    low: float | None
    high: float | None
    defined: bool
    reason: str


@dataclass(frozen=True)
class Change:
    """Change of one class against the fair source.

    `alarm`: the class got worse beyond chance; `warning`: its mean fell by more than 2 points.
    """

    value: float
    low: float
    high: float
    alarm: bool
    warning: bool


def gap_closed(adapted: Score, fair: Score, oracle: Score | None) -> GapClosed:
    """Share of the gap between `fair` and `oracle` that `adapted` closes, from paired draws."""
    if oracle is None:
        return GapClosed(
            None, None, None, False, "no oracle was trained: target-train labels were not given"
        )
    gap_draws = oracle.draws - fair.draws
    low, high = interval(gap_draws)
    if not low > 0:
        return GapClosed(
            None,
            None,
            None,
            False,
            f"the oracle's lead over the fair source, {100 * (oracle.mean - fair.mean):z.1f} "
            f"points, may be none (95 % interval {100 * low:z.1f} to {100 * high:z.1f})",
        )
    value = (adapted.mean - fair.mean) / (oracle.mean - fair.mean)
    usable = gap_draws > 0
    ratio = (adapted.draws - fair.draws)[usable] / gap_draws[usable]
    return GapClosed(float(value), *interval(ratio), True, "")


def changes(adapted: Mapping[str, Score], fair: Mapping[str, Score]) -> dict[str, Change]:
    """Change of each class (and of the mean) against the fair source, with its interval."""
    result = {}
    for name, score in adapted.items():
        if not (np.isfinite(score.mean) and np.isfinite(fair[name].mean)):
            continue
        value = score.mean - fair[name].mean
        low, high = interval(score.draws - fair[name].draws)
        result[name] = Change(value, low, high, high < 0, value < -WARNING_DROP)
    return result
