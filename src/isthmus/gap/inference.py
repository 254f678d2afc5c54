"""From features to an `Estimate`: resampling whole units by one plan that serves all metrics.

Here arguments are checked, units found, and the plan made (see `resampling`); what its resamples
say of a distance is worked out in `conclusion`.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from isthmus.errors import ConfigError
from isthmus.gap.conclusion import Draws, conclude, evaluated, interval
from isthmus.gap.estimate import Estimate, Matrix, checked_pair
from isthmus.gap.metric import Metric, Rows, Statistic, pooled_rows
from isthmus.gap.registry import METRICS, PANEL
from isthmus.gap.resampling import Plan, make_plan
from isthmus.gap.units import Units, find_units, gather

Scale = Literal["none", "pooled"]


@dataclass(frozen=True)
class Options:
    """What every measurement is asked for besides its metric; fields as in `measure`.

    Raises:
        ConfigError: a number out of its range, or an unknown scale.
    """

    level: float
    permutations: int
    bootstraps: int
    floor_splits: int
    seed: int
    scale: Scale
    device: str = "cpu"

    def __post_init__(self) -> None:
        if not 0.5 < self.level < 1:
            raise ConfigError(
                f"level = {self.level}; expected a share between 0.5 and 1, such as 0.95"
            )
        for name in ("permutations", "bootstraps", "floor_splits"):
            if getattr(self, name) < 0:
                raise ConfigError(f"{name} = {getattr(self, name)}; expected 0 (leave out) or more")
        if self.scale not in ("none", "pooled"):
            raise ConfigError(f"scale = {self.scale!r}; expected 'none' or 'pooled'")

    def plan(self, units: Units) -> Plan:
        """The resamples of these units."""
        return make_plan(
            units.count_x,
            units.count_y,
            permutations=self.permutations,
            bootstraps=self.bootstraps,
            splits=self.floor_splits,
            seed=self.seed,
        )


BIAS_LEFT = (
    "without halvings (floor_splits=0) the bias that finite samples add is taken out by the "
    "bootstrap alone, or not at all where there is none: compare such values only at equal sizes"
)
BELOW_FLOOR = "the gap lies within its noise floor: these samples do not tell it from none"


def measure(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    metric: str = "mmd",
    *,
    groups_x: Sequence[Any] | None = None,
    groups_y: Sequence[Any] | None = None,
    level: float = 0.95,
    permutations: int = 999,
    bootstraps: int = 400,
    floor_splits: int = 100,
    seed: int = 0,
    scale: Scale = "none",
    device: str = "cpu",
    **params: Any,
) -> Estimate:
    """The distance of `x` (n, d) and `y` (m, d) by `metric`, with its certainty.

    Args:
        x, y: features, one row a frame; n and m may differ.
        metric: a name in `METRICS`.
        groups_x, groups_y: the sequence of each row, rows of a sequence in order of time. With
            None on both sides frames count as independent.
        level: of the interval and the floor, between 0.5 and 1.
        permutations, bootstraps, floor_splits: numbers of resamples; 0 leaves that part out.
        seed: same seed, same numbers.
        scale: "pooled" divides each feature by its pooled robust spread, for features in
            different units; "none" takes them as they are.
        device: where products of all pairs of rows (most of the work of MMD, energy distance and
            neighbours) are made: "cpu", or any device of torch, such as "cuda".
        **params: of the metric (see its file).

    Raises:
        InputError: features that are not two finite matrices of equal width.
        ConfigError: an unknown metric or parameter, or a number out of its range.
    """
    options = Options(level, permutations, bootstraps, floor_splits, seed, scale, device)
    return _measured(x, y, {metric: params}, (groups_x, groups_y), options)[metric]


def measure_all(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    metrics: Iterable[str] | dict[str, dict[str, Any]] = PANEL,
    *,
    groups_x: Sequence[Any] | None = None,
    groups_y: Sequence[Any] | None = None,
    level: float = 0.95,
    permutations: int = 999,
    bootstraps: int = 400,
    floor_splits: int = 100,
    seed: int = 0,
    scale: Scale = "none",
    device: str = "cpu",
) -> dict[str, Estimate]:
    """Several metrics on the same units and resamples; see `measure`.

    `metrics`: names, or names with their parameters.
    """
    requests = metrics if isinstance(metrics, dict) else {name: {} for name in metrics}
    options = Options(level, permutations, bootstraps, floor_splits, seed, scale, device)
    return _measured(x, y, requests, (groups_x, groups_y), options)


def measure_units(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    units: Units,
    metric: str,
    options: Options,
    **params: Any,
) -> Estimate:
    """The distance of `x` (n, d) and `y` (m, d) whose rows belong to `units`.

    For rows that are parts of frames (windows, objects), where independence is a matter of the
    frames and not of the rows. `params`, errors: as for `measure`.
    """
    check_metric(metric, params)
    left, right, notes = on_scale(*checked_pair(x, y), options.scale)
    sample = Sample.of(left, right, units, options.plan(units), options=options, notes=notes)
    return _estimate(METRICS[metric], params, sample)


def _measured(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    requests: dict[str, dict[str, Any]],
    groups: tuple[Sequence[Any] | None, Sequence[Any] | None],
    options: Options,
) -> dict[str, Estimate]:
    for name, params in requests.items():
        check_metric(name, params)
    left, right, notes = on_scale(*checked_pair(x, y), options.scale)
    units = gather(find_units(left, right, *groups), options.seed)
    sample = Sample.of(left, right, units, options.plan(units), options=options, notes=notes)
    return {name: _estimate(METRICS[name], params, sample) for name, params in requests.items()}


def on_scale(x: Matrix, y: Matrix, scale: Scale) -> tuple[Matrix, Matrix, tuple[str, ...]]:
    """Both sides on the scale asked for, and what is to be said about it."""
    return scaled(x, y) if scale == "pooled" else (x, y, ())


def scaled(x: Matrix, y: Matrix) -> tuple[Matrix, Matrix, tuple[str, ...]]:
    """Both sides less the pooled median, over the pooled robust spread of each feature.

    The spread is the interquartile range over 1.349, the standard deviation where that is zero
    (features that are mostly zero), and 1 for constant features, which then say nothing.
    """
    pooled = np.concatenate([x, y])
    low, middle, high = np.quantile(pooled, [0.25, 0.5, 0.75], axis=0)
    spread = (high - low) / 1.349
    spread = np.where(spread > 0, spread, pooled.std(axis=0, dtype=np.float64))
    constant = (pooled == pooled[0]).all(axis=0)
    spread = np.where(constant | ~(spread > 0), 1.0, spread)
    notes = (f"{int(constant.sum())} of {x.shape[1]} features are constant",)
    sides = [((a - middle) / spread).astype(a.dtype) for a in (x, y)]
    return sides[0], sides[1], notes if constant.any() else ()


@dataclass(frozen=True)
class Sample:
    """What all metrics of one call share."""

    x: Matrix
    y: Matrix
    units: Units
    rows: Rows
    plan: Plan
    options: Options
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls,
        x: Matrix,
        y: Matrix,
        units: Units,
        plan: Plan,
        *,
        options: Options,
        notes: tuple[str, ...] = (),
    ) -> Sample:
        """Of `x` and `y`, resampled by a plan for their units."""
        loose = units.gathered > 1
        rows = pooled_rows(x, y, units.x, units.y, loose=loose, device=options.device)
        return cls(x, y, units, rows, plan, options, notes + units.warnings + plan.warnings)


def _estimate(metric: Metric, params: dict[str, Any], sample: Sample) -> Estimate:
    statistic = metric.prepare(sample.rows, seed=sample.options.seed, **params)
    draws = evaluated(metric, statistic, sample.plan)
    plug_in = plugged_in(metric, statistic, params, draws, sample)
    return concluded(metric, statistic, draws, sample, plug_in=plug_in)


def concluded(
    metric: Metric, statistic: Statistic, draws: Draws, sample: Sample, *, plug_in: float
) -> Estimate:
    """The estimate that resamples lead to; `plug_in` is the textbook formula's value."""
    plan, rows, level = sample.plan, sample.rows, sample.options.level
    drawn_units = sample.units.count_x, sample.units.count_y
    found = conclude(metric, statistic, draws, units=drawn_units, level=level)
    low, high = interval(found.drawn, level)
    value, floor = found.value, found.floor
    above = None if floor is None else bool(value > max(floor, found.tiny))
    said: tuple[str, ...] = (BELOW_FLOOR,) if above is False else ()
    if metric.biased and not sample.options.floor_splits:
        said += (BIAS_LEFT,)
    return Estimate(
        metric=metric.name,
        value=value,
        low=None if low is None else min(low, value),
        high=None if high is None else max(high, value),
        p_value=found.p_value,
        floor=floor,
        floor_x=found.floor_x,
        floor_y=found.floor_y,
        ratio=None if floor is None or floor <= found.tiny else value / floor,
        above_floor=above,
        plug_in=plug_in,
        n=len(sample.x),
        m=len(sample.y),
        d=sample.x.shape[1],
        units_x=rows.independent[0],
        units_y=rows.independent[1],
        block_length=sample.units.block_length,
        estimator=metric.estimator,
        level=level,
        permutations=plan.permutations,
        bootstraps=plan.bootstraps,
        params=_settings(statistic, sample),
        warnings=sample.notes + statistic.warnings + said,
    )


def plugged_in(
    metric: Metric, statistic: Statistic, params: dict[str, Any], draws: Draws, sample: Sample
) -> float:
    """The textbook formula on all rows."""
    every_row = sample.rows.each_row_is_a_unit or sample.rows.loose
    if not metric.biased and every_row:
        # The value is the formula's: a second pass over all pairs would give it again.
        return float(statistic.combine(draws.observed)[0])
    known = inspect.signature(metric.distance).parameters
    chosen = {key: value for key, value in params.items() if key in known}
    if "seed" in known:
        chosen["seed"] = sample.options.seed
    x, y, units = sample.x, sample.y, sample.units
    if "groups_x" in known:
        # Frames between two blocks belong to neither side of a fold.
        in_x, in_y = units.x >= 0, units.y >= 0
        x, y = x[in_x], y[in_y]
        chosen.update(groups_x=units.x[in_x], groups_y=units.y[in_y])
    return metric.distance(x, y, **chosen)


def _settings(statistic: Statistic, sample: Sample) -> dict[str, Any]:
    out = {**statistic.settings, "scale": sample.options.scale, "seed": sample.options.seed}
    out["units"] = sample.units.kind
    if sample.units.gathered > 1:
        out["frames_resampled_together"] = sample.units.gathered
    if sample.units.kind == "blocks":
        out["gap_between_blocks"] = sample.units.gap
        out["decorrelation_frames"] = sample.units.decorrelation
        out["frames_used_x"] = sample.rows.rows_x
        out["frames_used_y"] = len(sample.rows.unit) - sample.rows.rows_x
    return out


def check_metric(name: str, params: dict[str, Any]) -> None:
    """Refuse a metric or a parameter that does not exist."""
    if name not in METRICS:
        raise ConfigError(f"metric {name!r} is not known; known are {', '.join(METRICS)}")
    signature = inspect.signature(METRICS[name].prepare).parameters
    known = [key for key in signature if key not in ("rows", "seed")]
    for key in params:
        if key not in known:
            raise ConfigError(
                f"metric {name} has no parameter {key!r}; it has {', '.join(known) or 'none'}"
            )
