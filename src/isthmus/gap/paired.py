"""Two gaps to the same target, of the same frames before and after something was done to them.

Frames before and after share what they show, and both gaps share the target: what sampling adds
to one it adds to the other, and much of it cancels in the difference. So both gaps are read from
one statistic that was prepared once for all three samples (one kernel bandwidth, one set of
directions and axes) and from the same resamples of units: a unit drawn twice is drawn twice
before and after. P-values, bias and floors are those of `isthmus.gap.inference`; intervals are
its bootstrap, taken of both gaps at once (Efron & Tibshirani, "An introduction to the bootstrap",
1993, ch. 8).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from isthmus.errors import ConfigError, InputError
from isthmus.gap.estimate import Matrix, checked_pair
from isthmus.gap.inference import Scale, scaled
from isthmus.gap.metric import Counts, Floats, Indices, Metric, Rows, Statistic, pooled_rows
from isthmus.gap.registry import METRICS
from isthmus.gap.resampling import Plan, make_plan
from isthmus.gap.units import Units, find_units

# Metrics whose value rests on the frames that a weighting counts and on no others. A classifier
# that learns from each sample anew, or neighbours among all rows, cannot be shared by two samples.
PAIRED = (
    "mmd",
    "sliced_wasserstein",
    "cmd",
    "frechet",
    "energy",
    "wasserstein",
    "kl_gaussian",
    "coral",
)
MOST_REPEATS = 1000


@dataclass(frozen=True)
class Reading:
    """One of the two gaps: `value` (bias removed), `floor` and `p_value`; None: cannot be known."""

    value: float
    floor: float | None
    p_value: float | None


@dataclass(frozen=True)
class PairedGaps:
    """Both gaps and draws (b,) of both around their values, from the same resamples.

    `n`, `m`: frames of either side; `units_x`, `units_y`: independent units behind the inference,
    of `kind` "frames", "sequences" or "blocks" (of `block_length` frames).
    """

    metric: str
    before: Reading
    after: Reading
    drawn_before: Floats
    drawn_after: Floats
    level: float
    n: int
    m: int
    units_x: int
    units_y: int
    kind: str
    block_length: int | None
    settings: dict[str, Any]
    warnings: tuple[str, ...]

    @property
    def difference(self) -> float:
        """After less before: below zero where the gap became smaller."""
        return self.after.value - self.before.value

    def difference_interval(self) -> tuple[float | None, float | None]:
        """The interval of the difference; (None, None) for a side of one unit."""
        return interval(self.drawn_after - self.drawn_before, self.level)

    def difference_p_value(self) -> float | None:
        """Chance of so large a difference, either way, if both gaps were equal.

        The draws' deviations from the measured difference stand for what chance does:
        (1 + count of deviations at least as large as the difference) / (b + 1).
        """
        if not len(self.drawn_before):
            return None
        deviations = self.drawn_after - self.drawn_before - self.difference
        # Two equal samples differ by rounding alone.
        tiny = 1e-12 * max(abs(self.before.value), abs(self.after.value))
        reached = int((np.abs(deviations) >= abs(self.difference) - tiny).sum())
        return (reached + 1) / (len(deviations) + 1)


def interval(draws: Floats, level: float) -> tuple[float | None, float | None]:
    """The central `level` of the draws, (None, None) for fewer than two or without a bound."""
    if len(draws) < 2:
        return None, None
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return (float(low), float(high)) if np.isfinite(low + high) else (None, None)


def measure_pair(
    before: npt.ArrayLike,
    after: npt.ArrayLike,
    y: npt.ArrayLike,
    metric: str = "mmd",
    *,
    repeats: Indices | None = None,
    groups_x: Sequence[Any] | None = None,
    groups_y: Sequence[Any] | None = None,
    level: float = 0.95,
    permutations: int = 499,
    bootstraps: int = 999,
    floor_splits: int = 100,
    seed: int = 0,
    scale: Scale = "none",
    **params: Any,
) -> PairedGaps:
    """The gaps `before` (n, d) to `y` (m, d) and `after` (n, d) to `y`.

    Args:
        before, after: features of the same frames, row by row.
        y: features of the target.
        metric: a name in `PAIRED`.
        repeats: (n,) how often each row of `after` counts, 0 to 1000 (importance weights as whole
            numbers); None: once each.
        groups_x, groups_y: the sequence of each row, as for `measure`.
        level, permutations, bootstraps, floor_splits, seed, scale: as for `measure`.
        **params: of the metric.

    Raises:
        InputError: features that are no finite matrices, of unequal width, or not the same frames.
        ConfigError: an unknown metric, or one that cannot be paired.
    """
    known = _metric(metric)
    left, changed, right = _three(before, after, y, scale)
    units = common_units(left, changed, right, groups_x, groups_y)
    rows, counted = _joined(left, changed, right, units, repeats)
    plan = make_plan(
        units.count_x,
        units.count_y,
        permutations=permutations,
        bootstraps=bootstraps,
        splits=floor_splits,
        seed=seed,
    )
    statistic = known.prepare(rows, seed=seed, **params)
    first = _Answers.of(statistic, plan, _Place(0, units.count_x, np.ones_like(counted)))
    second = _Answers.of(statistic, plan, _Place(units.count_x, units.count_x, counted))
    drawn = [
        answers.around_value(known, statistic, _wider(units, level)) for answers in (first, second)
    ]
    whole = np.isfinite(drawn[0]) & np.isfinite(drawn[1])
    return PairedGaps(
        metric=metric,
        before=first.reading(known, statistic, level),
        after=second.reading(known, statistic, level),
        drawn_before=drawn[0][whole],
        drawn_after=drawn[1][whole],
        level=level,
        n=len(left),
        m=len(right),
        units_x=units.count_x,
        units_y=units.count_y,
        kind=units.kind,
        block_length=units.block_length,
        settings={**statistic.settings, "scale": scale, "seed": seed},
        warnings=units.warnings + plan.warnings + statistic.warnings,
    )


@dataclass(frozen=True)
class UnitGap:
    """A gap between rows of units that were found elsewhere; fields as in `Estimate`."""

    value: float
    low: float | None
    high: float | None
    p_value: float | None
    floor: float | None
    warnings: tuple[str, ...]


def gap_of_units(
    x: Matrix,
    y: Matrix,
    units: Units,
    metric: str = "mmd",
    *,
    level: float = 0.95,
    permutations: int = 499,
    bootstraps: int = 199,
    floor_splits: int = 50,
    seed: int = 0,
    scale: Scale = "none",
    **params: Any,
) -> UnitGap:
    """The gap between `x` (n, d) and `y` (m, d) whose rows belong to `units`.

    For rows that are parts of frames (windows, objects), where independence is a matter of the
    frames and not of the rows. Arguments and errors as for `measure_pair`.
    """
    known = _metric(metric)
    left, right = checked_pair(x, y)
    if scale == "pooled":
        left, right, _ = scaled(left, right)
    plan = make_plan(
        units.count_x,
        units.count_y,
        permutations=permutations,
        bootstraps=bootstraps,
        splits=floor_splits,
        seed=seed,
    )
    statistic = known.prepare(pooled_rows(left, right, units.x, units.y), seed=seed, **params)
    answers = _Answers.of(statistic, plan, None)
    found = answers.reading(known, statistic, level)
    drawn = answers.around_value(known, statistic, _wider(units, level))
    low, high = interval(drawn[np.isfinite(drawn)], level)
    warnings = units.warnings + plan.warnings + statistic.warnings
    return UnitGap(found.value, low, high, found.p_value, found.floor, warnings)


def common_units(
    before: Matrix,
    after: Matrix,
    y: Matrix,
    groups_x: Sequence[Any] | None,
    groups_y: Sequence[Any] | None,
) -> Units:
    """Units for both comparisons: of the two the one with the longer blocks."""
    found = [find_units(x, y, groups_x, groups_y) for x in (before, after)]
    return max(found, key=lambda units: units.block_length or 0)


def _three(
    before: npt.ArrayLike, after: npt.ArrayLike, y: npt.ArrayLike, scale: Scale
) -> tuple[Matrix, Matrix, Matrix]:
    """The three samples as matrices, on one scale."""
    left, right = checked_pair(before, y)
    changed, _ = checked_pair(after, y)
    if len(left) != len(changed):
        raise InputError(
            f"{len(left)} frames before and {len(changed)} after: a paired comparison needs the "
            "same frames, row by row; leave out frames that miss their counterpart"
        )
    if scale == "pooled":
        both, right, _ = scaled(np.concatenate([left, changed]), right)
        left, changed = both[: len(left)], both[len(left) :]
    return left, changed, right


def _metric(name: str) -> Metric:
    if name not in PAIRED:
        raise ConfigError(
            f"metric {name!r} cannot be measured in pairs; choose one of {', '.join(PAIRED)}"
        )
    return METRICS[name]


def _joined(
    before: Matrix, after: Matrix, y: Matrix, units: Units, repeats: Indices | None
) -> tuple[Rows, Counts]:
    """All three samples pooled, and (units of x,) 0 for those that nothing is left of after.

    Units of x come first as they were before, then as they are after.
    """
    count = units.count_x
    chosen = np.ones(len(after), np.int64) if repeats is None else np.asarray(repeats, np.int64)
    if chosen.shape != (len(after),) or chosen.min() < 0 or chosen.max() > MOST_REPEATS:
        raise InputError(
            f"repeats of shape {chosen.shape}: expected one whole number from 0 to {MOST_REPEATS} "
            f"for each of {len(after)} frames"
        )
    inside = units.x >= 0
    left = np.bincount(units.x[inside], weights=chosen[inside], minlength=count)
    if not left.any():
        raise InputError("repeats are zero for every frame")
    # Every unit needs a row to exist at all; those that count for nothing keep one, of weight 0.
    first = np.unique(units.x[inside], return_index=True)[1]
    kept = chosen.copy()
    lost = np.flatnonzero(inside)[first][left == 0]
    kept[lost] = 1
    again = np.repeat(np.arange(len(after)), kept)
    numbers = np.where(units.x[again] >= 0, units.x[again] + count, -1)
    x = np.concatenate([before, after[again]])
    rows = pooled_rows(x, y, np.concatenate([units.x, numbers]), units.y)
    return rows, (left > 0).astype(np.int16)


@dataclass(frozen=True)
class _Place:
    """Where one version of x lies among the joint units, and which of its units count."""

    start: int
    count: int
    counted: Counts

    def spread(self, weights: Counts) -> Counts:
        """Weights (r, units of x + units of y) over the joint units (r, 2 · units of x + …)."""
        out = np.zeros((len(weights), weights.shape[1] + self.count), np.int16)
        out[:, self.start : self.start + self.count] = weights[:, : self.count] * self.counted
        out[:, 2 * self.count :] = weights[:, self.count :]
        return out


@dataclass(frozen=True)
class _Answers:
    """Components (·, c) of one version of x against y, for each part of the plan."""

    observed: Floats
    permuted: Floats
    drawn: Floats
    halves_x: Floats
    halves_y: Floats
    across: Floats

    @classmethod
    def of(cls, statistic: Statistic, plan: Plan, place: _Place | None) -> _Answers:
        """Ask for all parts at once; without a place the plan's units are the statistic's."""
        weights = [w if place is None else place.spread(w) for w in (plan.wx, plan.wy)]
        found = statistic.evaluate(*weights)
        return cls(*(found[part] for part in plan.parts))

    def center(self, metric: Metric) -> Floats:
        """(c,) components of the populations' distance; see `isthmus.gap.inference`."""
        if metric.biased and len(self.across):
            halves = (self.halves_x.mean(axis=0) + self.halves_y.mean(axis=0)) / 2
            return np.asarray(self.across.mean(axis=0) - halves)
        if metric.biased and len(self.drawn):
            return np.asarray(2 * self.observed[0] - self.drawn.mean(axis=0))
        return np.asarray(self.observed[0])

    def around_value(self, metric: Metric, statistic: Statistic, wider: float) -> Floats:
        """(b,) the draws' deviations from their mean, put around the value."""
        if not len(self.drawn):
            return np.zeros(0)
        deviations = self.drawn - np.nanmean(self.drawn, axis=0)
        return statistic.combine(self.center(metric) + wider * deviations)

    def reading(self, metric: Metric, statistic: Statistic, level: float) -> Reading:
        """Value, floor and p-value."""
        floors = [_floor(metric, statistic, h, level) for h in (self.halves_x, self.halves_y)]
        known = [floor for floor in floors if floor is not None]
        value = float(statistic.combine(self.center(metric)[None])[0])
        permuted = statistic.combine(self.permuted)
        permuted = permuted[np.isfinite(permuted)]
        p_value = None
        if len(permuted):
            seen = float(statistic.combine(self.observed)[0])
            tiny = 1e-9 * max(abs(seen), float(np.abs(permuted).max()))
            p_value = (int((permuted >= seen - tiny).sum()) + 1) / (len(permuted) + 1)
        return Reading(value, max(known) if len(known) == 2 else None, p_value)


def _floor(metric: Metric, statistic: Statistic, halves: Floats, level: float) -> float | None:
    halves = halves[np.isfinite(halves).all(axis=1)]
    if not len(halves):
        return None
    noise = halves - halves.mean(axis=0) if metric.biased else halves
    return max(0.0, float(np.quantile(statistic.combine(noise), level)))


def _wider(units: Units, level: float) -> float:
    """By how much few units widen a bootstrap's spread (Hesterberg 2015, sec. 5)."""
    from scipy.stats import norm, t

    k = min(units.count_x, units.count_y)
    if k < 2:
        return 1.0
    upper = (1 + level) / 2
    return float(np.sqrt(k / (k - 1)) * t.ppf(upper, k - 1) / norm.ppf(upper))
