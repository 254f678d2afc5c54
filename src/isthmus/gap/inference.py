"""From a metric to an `Estimate`: p-value, interval and noise floor by resampling whole units.

One plan of weightings serves all metrics (see `resampling`). What is done with them:

p-value. Units are exchanged between the sides; p = (b + 1) / (B + 1), never zero (Phipson &
    Smyth 2010). Exact for exchangeable units whatever the metric, its bias and its parameters,
    because those are found from the pooled sample.
bias. Formulas such as Fréchet's exceed the populations' distance by an amount that, on the scale
    of a statistic's components, is a sum of one term for either sample: b_x(n) + b_y(m). Random
    halves of x are at distance 2 b_x(n/2) by sampling alone, halves of y at 2 b_y(m/2), and a
    half of x and a half of y at the true distance plus b_x(n/2) + b_y(m/2): the mean over splits
    of the last minus half the sum of the first two is free of it, without assuming how b falls
    with n (which is not 1/n once d > n).
interval. Units are drawn with replacement within either side. The draws' deviations from their
    own mean are put around the bias-free value (a percentile interval around the formula's value
    would be off by twice the bias), widened by sqrt(k / (k - 1)) and Student's over the normal
    quantile for few units (Hesterberg 2015, sec. 5), k the smaller side's units.
floor. The upper `level` quantile of the distance between halves of one side, less the mean over
    splits for biased metrics. Halves are smaller than the samples, so the floor is higher than
    the noise in the value itself: by about 2 for squared distances, by 1.4 for others. That is on
    purpose: "above the floor" should survive a smaller sample.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from isthmus.errors import ConfigError
from isthmus.gap.estimate import Estimate, Matrix, checked_pair
from isthmus.gap.metric import Floats, Metric, Rows, Statistic, pooled_rows
from isthmus.gap.registry import METRICS, PANEL
from isthmus.gap.resampling import Plan, make_plan
from isthmus.gap.units import Units, find_units, gather

Scale = Literal["none", "pooled"]
ROUNDING = 1e-9


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
    requests = {metric: params}
    return measure_all(
        x,
        y,
        requests,
        groups_x=groups_x,
        groups_y=groups_y,
        level=level,
        permutations=permutations,
        bootstraps=bootstraps,
        floor_splits=floor_splits,
        seed=seed,
        scale=scale,
        device=device,
    )[metric]


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
    check_numbers(level, permutations, bootstraps, floor_splits, scale)
    for name, params in requests.items():
        check_metric(name, params)
    left, right = checked_pair(x, y)
    notes: tuple[str, ...] = ()
    if scale == "pooled":
        left, right, notes = scaled(left, right)
    units = gather(find_units(left, right, groups_x, groups_y), seed)
    plan = make_plan(
        units.count_x,
        units.count_y,
        permutations=permutations,
        bootstraps=bootstraps,
        splits=floor_splits,
        seed=seed,
    )
    sample = Sample.of(
        left, right, units, plan,
        level=level, seed=seed, scale=scale, notes=notes, device=device,
    )  # fmt: skip
    return {name: _estimate(METRICS[name], params, sample) for name, params in requests.items()}


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
    level: float
    seed: int
    scale: str
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls,
        x: Matrix,
        y: Matrix,
        units: Units,
        plan: Plan,
        *,
        level: float,
        seed: int,
        scale: str,
        notes: tuple[str, ...] = (),
        device: str = "cpu",
    ) -> Sample:
        """Of `x` and `y`, resampled by a plan for their units."""
        rows = pooled_rows(x, y, units.x, units.y, loose=units.gathered > 1, device=device)
        notes = notes + units.warnings + plan.warnings
        return cls(x, y, units, rows, plan, level, seed, scale, notes)


@dataclass(frozen=True)
class Draws:
    """Components (·, c) of each part of the plan; (splits, c) of self-distances."""

    observed: Floats
    permuted: Floats
    drawn: Floats
    halves_x: Floats
    halves_y: Floats
    across: Floats

    @property
    def width(self) -> int:
        """Components of the statistic."""
        return int(self.observed.shape[1])

    @classmethod
    def joined(cls, parts: Sequence[Draws]) -> Draws:
        """Components of several statistics on one plan, side by side."""
        names = ("observed", "permuted", "drawn", "halves_x", "halves_y", "across")
        return cls(*(np.concatenate([getattr(p, n) for p in parts], axis=1) for n in names))


def _estimate(metric: Metric, params: dict[str, Any], sample: Sample) -> Estimate:
    statistic = metric.prepare(sample.rows, seed=sample.seed, **params)
    draws = evaluated(metric, statistic, sample.plan)
    plug_in = plugged_in(metric, statistic, params, draws, sample)
    return concluded(metric, statistic, draws, sample, plug_in=plug_in)


def concluded(
    metric: Metric, statistic: Statistic, draws: Draws, sample: Sample, *, plug_in: float
) -> Estimate:
    """The estimate that resamples lead to; `plug_in` is the textbook formula's value."""
    plan, rows = sample.plan, sample.rows
    center = _unbiased(metric, draws)
    value = float(statistic.combine(center[None])[0])
    low, high = _interval(statistic, center, draws.drawn, sample)
    floors = [_floor(metric, statistic, h, sample.level) for h in (draws.halves_x, draws.halves_y)]
    known = [floor for floor in floors if floor is not None]
    floor = max(known) if len(known) == 2 else None
    tiny = ROUNDING * _magnitude(statistic, draws)
    return Estimate(
        metric=metric.name,
        value=value,
        low=None if low is None else min(low, value),
        high=None if high is None else max(high, value),
        p_value=_p_value(statistic, draws, tiny),
        floor=floor,
        floor_x=floors[0],
        floor_y=floors[1],
        ratio=None if floor is None or floor <= tiny else value / floor,
        above_floor=None if floor is None else bool(value > max(floor, tiny)),
        plug_in=plug_in,
        n=len(sample.x),
        m=len(sample.y),
        d=sample.x.shape[1],
        units_x=rows.independent[0],
        units_y=rows.independent[1],
        block_length=sample.units.block_length,
        estimator=metric.estimator,
        level=sample.level,
        permutations=plan.permutations,
        bootstraps=plan.bootstraps,
        params=_settings(statistic, sample),
        warnings=sample.notes + statistic.warnings,
    )


def evaluated(metric: Metric, statistic: Statistic, plan: Plan) -> Draws:
    """The plan's components, in one call: a metric may have to pass over all pairs to answer."""
    drawn, across = plan.parts[2], plan.parts[5]
    needed = np.ones(len(plan.wx), dtype=bool)
    needed[across] = metric.biased
    own = statistic.draw(plan.wx[drawn], plan.wy[drawn]) if plan.bootstraps else None
    needed[drawn] = own is None
    found = statistic.evaluate(plan.wx[needed], plan.wy[needed])
    components = np.full((len(needed), found.shape[1]), np.nan)
    components[needed] = found
    if own is not None:
        components[drawn] = own
    return Draws(*(components[part] for part in plan.parts))


def _unbiased(metric: Metric, draws: Draws) -> Floats:
    """The components (c,) of the populations' distance."""
    if not metric.biased:
        return np.asarray(draws.observed[0])
    if len(draws.across):
        halves = (draws.halves_x.mean(axis=0) + draws.halves_y.mean(axis=0)) / 2
        return np.asarray(draws.across.mean(axis=0) - halves)
    if len(draws.drawn):
        # Too few units to halve: the bootstrap's own bias, which assumes that it falls as 1/n.
        return np.asarray(2 * draws.observed[0] - draws.drawn.mean(axis=0))
    return np.asarray(draws.observed[0])


def _interval(
    statistic: Statistic, center: Floats, drawn: Floats, sample: Sample
) -> tuple[float | None, float | None]:
    drawn = drawn[np.isfinite(drawn).all(axis=1)]
    if len(drawn) < 2:
        return None, None
    from scipy.stats import norm, t

    k = min(sample.rows.units_x, sample.rows.units - sample.rows.units_x)  # units drawn
    tail = (1 - sample.level) / 2
    wider = np.sqrt(k / (k - 1)) * t.ppf(1 - tail, k - 1) / norm.ppf(1 - tail)
    values = statistic.combine(center + wider * (drawn - drawn.mean(axis=0)))
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)


def _floor(metric: Metric, statistic: Statistic, halves: Floats, level: float) -> float | None:
    halves = halves[np.isfinite(halves).all(axis=1)]
    if not len(halves):
        return None
    noise = halves - halves.mean(axis=0) if metric.biased else halves
    # A classifier held to few units errs below chance on half of them; noise is never negative.
    return max(0.0, float(np.quantile(statistic.combine(noise), level)))


def _p_value(statistic: Statistic, draws: Draws, tiny: float) -> float | None:
    permuted = statistic.combine(draws.permuted)
    permuted = permuted[np.isfinite(permuted)]
    if not len(permuted):
        return None
    # Exchanges that leave the sides as they are must count as ties in spite of rounding.
    reached = int((permuted >= statistic.combine(draws.observed)[0] - tiny).sum())
    return (reached + 1) / (len(permuted) + 1)


def _magnitude(statistic: Statistic, draws: Draws) -> float:
    """The scale of the numbers at hand, for what counts as rounding."""
    pool = np.concatenate([draws.observed, draws.permuted])
    values = np.abs(statistic.combine(pool))
    return float(np.nanmax(values)) if np.isfinite(values).any() else 0.0


def plugged_in(
    metric: Metric, statistic: Statistic, params: dict[str, Any], draws: Draws, sample: Sample
) -> float:
    """The textbook formula on all rows."""
    if not metric.biased and sample.units.kind == "frames":
        # The value is the formula's: a second pass over all pairs would give it again.
        return float(statistic.combine(draws.observed)[0])
    known = inspect.signature(metric.distance).parameters
    chosen = {key: value for key, value in params.items() if key in known}
    if "seed" in known:
        chosen["seed"] = sample.seed
    x, y, units = sample.x, sample.y, sample.units
    if "groups_x" in known:
        # Frames between two blocks belong to neither side of a fold.
        in_x, in_y = units.x >= 0, units.y >= 0
        x, y = x[in_x], y[in_y]
        chosen.update(groups_x=units.x[in_x], groups_y=units.y[in_y])
    return metric.distance(x, y, **chosen)


def _settings(statistic: Statistic, sample: Sample) -> dict[str, Any]:
    out = {**statistic.settings, "scale": sample.scale, "seed": sample.seed}
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


def check_numbers(
    level: float, permutations: int, bootstraps: int, floor_splits: int, scale: str
) -> None:
    """Refuse numbers out of their range."""
    if not 0.5 < level < 1:
        raise ConfigError(f"level = {level}; expected a share between 0.5 and 1, such as 0.95")
    counts = {"permutations": permutations, "bootstraps": bootstraps, "floor_splits": floor_splits}
    for name, count in counts.items():
        if count < 0:
            raise ConfigError(f"{name} = {count}; expected 0 (leave out) or more")
    if scale not in ("none", "pooled"):
        raise ConfigError(f"scale = {scale!r}; expected 'none' or 'pooled'")
