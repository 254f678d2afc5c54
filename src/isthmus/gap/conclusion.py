"""What resamples say of one distance: its bias-free value, p-value, noise floor and spread.

Used by everything that infers: single estimates, layers, and pairs before and after.

p-value. Units are exchanged between the sides; p = (b + 1) / (B + 1), never zero (Phipson &
    Smyth 2010). Exact for exchangeable units whatever the metric, its bias and its parameters,
    because those are found from the pooled sample.
bias. Formulas such as Fréchet's exceed the populations' distance by an amount that, on the scale
    of a statistic's components, is a sum of one term for either sample: b_x(n) + b_y(m). Random
    halves of x are at distance 2 b_x(n/2) by sampling alone, halves of y at 2 b_y(m/2), and a
    half of x and a half of y at the true distance plus b_x(n/2) + b_y(m/2): the mean over splits
    of the last minus half the sum of the first two is free of it, without assuming how b falls
    with n (which is not 1/n once d > n). Optimal transport between samples that differ in
    spread adds less: W_2²(x, ρ y) = |x|² + ρ² |y|² - 2 ρ (the most that plans can correlate), so
    that the bias is ρ (b_x + b_y) in x's unit, where y's halves are 2 ρ² b_y apart. A statistic
    states such a `stretch` ρ, by which x's self-distances are multiplied and y's divided.
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

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isthmus.gap.metric import Floats, Metric, Statistic
from isthmus.gap.resampling import Plan

ROUNDING = 1e-9


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


@dataclass(frozen=True)
class Conclusion:
    """What the draws of one distance come to; None: cannot be known.

    `value`: without bias; `floor_x`, `floor_y`: the noise floor of either side; `drawn` (b,):
    bootstrap draws around the value, NaN where a draw has none; `tiny`: what is rounding at most.
    """

    value: float
    p_value: float | None
    floor_x: float | None
    floor_y: float | None
    drawn: Floats
    tiny: float

    @property
    def floor(self) -> float | None:
        """The larger of both sides' floors; None unless both are known."""
        if self.floor_x is None or self.floor_y is None:
            return None
        return max(self.floor_x, self.floor_y)


def conclude(
    metric: Metric, statistic: Statistic, draws: Draws, *, units: tuple[int, int], level: float
) -> Conclusion:
    """All that `draws` say, of `units` resampled on either side."""
    center = unbiased(metric, draws, statistic.stretch)
    tiny = ROUNDING * _magnitude(statistic, draws)
    return Conclusion(
        value=float(statistic.combine(center[None])[0]),
        p_value=p_value_of(statistic, draws, tiny),
        floor_x=floor_of(metric, statistic, draws.halves_x, level),
        floor_y=floor_of(metric, statistic, draws.halves_y, level),
        drawn=drawn_around(center, statistic, draws.drawn, widening(min(units), level)),
        tiny=tiny,
    )


def unbiased(metric: Metric, draws: Draws, stretch: float | Floats = 1.0) -> Floats:
    """The components (c,) of the populations' distance."""
    if not metric.biased:
        return np.asarray(draws.observed[0])
    if len(draws.across):
        own_x, own_y = draws.halves_x.mean(axis=0), draws.halves_y.mean(axis=0)
        return np.asarray(draws.across.mean(axis=0) - (own_x * stretch + own_y / stretch) / 2)
    if len(draws.drawn):
        # Too few units to halve: the bootstrap's own bias, which assumes that it falls as 1/n.
        return np.asarray(2 * draws.observed[0] - draws.drawn.mean(axis=0))
    return np.asarray(draws.observed[0])


def drawn_around(center: Floats, statistic: Statistic, drawn: Floats, wider: float) -> Floats:
    """The metric (b,) of the deviations of `drawn` (b, c) from their mean around `center` (c,)."""
    out = np.full(len(drawn), np.nan)
    known = np.isfinite(drawn).all(axis=1)
    if known.any():
        deviations = drawn[known] - drawn[known].mean(axis=0)
        out[known] = statistic.combine(center + wider * deviations)
    return out


def widening(units: int, level: float) -> float:
    """By how much so few units widen a bootstrap's spread (Hesterberg 2015, sec. 5)."""
    from scipy.stats import norm, t

    if units < 2:
        return 1.0
    tail = (1 - level) / 2
    factor = np.sqrt(units / (units - 1)) * t.ppf(1 - tail, units - 1) / norm.ppf(1 - tail)
    return float(factor)


def interval(drawn: Floats, level: float) -> tuple[float | None, float | None]:
    """The central `level` of the finite ones of `drawn` (b,); (None, None) for fewer than two."""
    known = drawn[np.isfinite(drawn)]
    if len(known) < 2:
        return None, None
    tail = (1 - level) / 2
    low, high = np.quantile(known, [tail, 1 - tail])
    return float(low), float(high)


def floor_of(metric: Metric, statistic: Statistic, halves: Floats, level: float) -> float | None:
    """The noise floor of one side from distances (splits, c) between its halves."""
    halves = halves[np.isfinite(halves).all(axis=1)]
    if not len(halves):
        return None
    noise = halves - halves.mean(axis=0) if metric.biased else halves
    # A classifier held to few units errs below chance on half of them; noise is never negative.
    return max(0.0, float(np.quantile(statistic.combine(noise), level)))


def p_value_of(statistic: Statistic, draws: Draws, tiny: float) -> float | None:
    """The share of exchanges that reach the observed distance, which counts as one of them."""
    permuted = statistic.combine(draws.permuted)
    permuted = permuted[np.isfinite(permuted)]
    if not len(permuted):
        return None
    # Exchanges that leave the sides as they are must count as ties in spite of rounding.
    reached = int((permuted >= statistic.combine(draws.observed)[0] - tiny).sum())
    return (reached + 1) / (len(permuted) + 1)


def _magnitude(statistic: Statistic, draws: Draws) -> float:
    """The scale of the numbers at hand, for what counts as rounding."""
    values = np.abs(statistic.combine(np.concatenate([draws.observed, draws.permuted])))
    values = values[np.isfinite(values)]
    return float(values.max()) if len(values) else 0.0
