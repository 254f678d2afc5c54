"""Two gaps to the same target, of the same frames before and after something was done to them.

Frames before and after share what they show, and both gaps share the target: what sampling adds
to one it adds to the other, and much of it cancels in the difference. So both gaps are read from
one statistic that was prepared once for all three samples (one kernel bandwidth, one set of
directions and axes) and from the same resamples of units: a unit drawn twice is drawn twice
before and after. P-values, bias and floors are those of `isthmus.gap.conclusion`; intervals are
its bootstrap, taken of both gaps at once (Efron & Tibshirani, "An introduction to the bootstrap",
1993, ch. 8).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from isthmus.errors import ConfigError, InputError
from isthmus.gap.conclusion import Conclusion, conclude, evaluated, interval
from isthmus.gap.estimate import Matrix, checked_pair
from isthmus.gap.inference import Options, Scale, check_metric, scaled
from isthmus.gap.metric import Counts, Floats, Indices, Metric, Rows, pooled_rows
from isthmus.gap.registry import METRICS
from isthmus.gap.resampling import Plan
from isthmus.gap.units import Units, longest_units

__all__ = ["PAIRED", "PairedGaps", "interval", "measure_pair"]

# Metrics whose value, once parameters such as the bandwidth are found, rests on the frames that a
# weighting counts and on no others: the gap before is then the same whatever comes after.
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
_TRANSPORT = (
    "large samples are thinned, and frames that are kept before need not be those kept after"
)
_NEIGHBOURS = "halves are brought to a size that all frames set, before and after together"
UNPAIRED = {
    "proxy_a_distance": "folds and covariance are those of all frames, before and after together",
    "emd": _TRANSPORT,
    "sinkhorn": _TRANSPORT,
    "precision_gap": _NEIGHBOURS,
    "recall_gap": _NEIGHBOURS,
    "coverage_gap": _NEIGHBOURS,
}
MOST_REPEATS = 1000


@dataclass(frozen=True)
class PairedGaps:
    """Both gaps and draws (b,) of both around their values, from the same resamples.

    `drawn_before`, `drawn_after`: those draws that have a value on either side.
    `n`, `m`: frames of either side; `units_x`, `units_y`: independent units behind the inference,
    of `kind` "frames", "sequences" or "blocks" (of `block_length` frames).
    """

    metric: str
    before: Conclusion
    after: Conclusion
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
    device: str = "cpu",
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
        level, permutations, bootstraps, floor_splits, seed, scale, device: as for `measure`.
        **params: of the metric.

    Raises:
        InputError: features that are no finite matrices, of unequal width, or not the same frames.
        ConfigError: an unknown metric, or one that cannot be paired.
    """
    about = _metric(metric, params)
    options = Options(level, permutations, bootstraps, floor_splits, seed, scale, device)
    left, changed, right = _three(before, after, y, scale)
    units = longest_units([(left, right), (changed, right)], groups_x, groups_y)
    rows, counted = _joined(left, changed, right, units, repeats=repeats, device=device)
    plan = options.plan(units)
    statistic = about.prepare(rows, seed=seed, **params)
    drawn_units = units.count_x, units.count_y
    first, second = (
        conclude(
            about,
            statistic,
            evaluated(about, statistic, place.planned(plan)),
            units=drawn_units,
            level=level,
        )
        for place in (_Place(0, np.ones_like(counted)), _Place(units.count_x, counted))
    )
    whole = np.isfinite(first.drawn) & np.isfinite(second.drawn)
    return PairedGaps(
        metric=metric,
        before=first,
        after=second,
        drawn_before=first.drawn[whole],
        drawn_after=second.drawn[whole],
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


def _metric(name: str, params: dict[str, Any]) -> Metric:
    if name in METRICS and name not in PAIRED:
        reason = UNPAIRED.get(name, "it may rest on all frames, before and after together")
        raise ConfigError(
            f"metric {name!r} cannot be measured in pairs: {reason}. Choose one of "
            f"{', '.join(PAIRED)}, or measure both gaps by themselves"
        )
    check_metric(name, params)
    return METRICS[name]


def _joined(
    before: Matrix,
    after: Matrix,
    y: Matrix,
    units: Units,
    *,
    repeats: Indices | None,
    device: str,
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
    rows = pooled_rows(x, y, np.concatenate([units.x, numbers]), units.y, device=device)
    return rows, (left > 0).astype(np.int16)


@dataclass(frozen=True)
class _Place:
    """Where one version of x starts among the joint units, and (units of x,) which count."""

    start: int
    counted: Counts

    def planned(self, plan: Plan) -> Plan:
        """A plan for units of x and y, on the joint units: those of the other version weigh 0."""
        return replace(plan, wx=self._spread(plan.wx), wy=self._spread(plan.wy))

    def _spread(self, weights: Counts) -> Counts:
        """Weights (r, units of x + units of y) over the joint units (r, 2 · units of x + …)."""
        count = len(self.counted)
        out = np.zeros((len(weights), weights.shape[1] + count), np.int16)
        out[:, self.start : self.start + count] = weights[:, :count] * self.counted
        out[:, 2 * count :] = weights[:, count:]
        return out
