"""How many frames it takes to see a gap: a sample-size planner for MMD².

With n units of x and m of y, and c = 1/n + 1/m:

under no gap    MMD² / c is distributed as Σ λ_l (z_l² - 1), z standard normal, λ the eigenvalues
                of the centred kernel's covariance operator (Gretton et al., JMLR 13, 2012, theorem
                12; their estimate from the pooled sample: Gretton et al., NIPS 2009). The level's
                quantile comes from the gamma distribution with the same mean, variance and
                skewness, in closed form.
under a gap g   MMD² is normal around g with variance
                4 (v_x / n + v_y / m) + 2 c² Σ λ², v the variances of the witness function over
                either side: the first term is that of the U-statistic (Serfling 1980, sec. 5.5;
                Sutherland et al., ICLR 2017, maximise power by it), the second what remains when
                it vanishes.

v is measured at the sample's own gap g0 and taken to grow with the gap, v = ρ g, because the
witness function is the difference of mean embeddings and |difference|² is the gap. Where the
sample's gap does not stand out, ρ is the largest eigenvalue λ_1, which it can never exceed: the
plan is then on the safe side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from isthmus.errors import ConfigError, InputError
from isthmus.gap.estimate import Matrix, checked_pair
from isthmus.gap.metric import Floats, Rows, pooled_rows
from isthmus.gap.mmd import KernelName, kernel_of
from isthmus.gap.resampling import HALVABLE, least_p_value
from isthmus.gap.units import find_units

MOST_UNITS = 1 << 24
MOST_ROWS = 3000
CURVE = 12
STANDS_OUT = 2.0


@dataclass(frozen=True, slots=True)
class SamplePlan:
    """How many units and frames a side are needed.

    `gap`: the MMD² to be seen; `power`, `level`: chance of seeing it, and of a false alarm;
    `units`: units a side, at least (None: no gap to see, or more than 16 million); `frames_x`,
    `frames_y`: the same in frames, at this sample's frames a unit; `power_now`: with this
    sample's own units; `smallest_now`: the smallest gap seen with `power` by this sample's units;
    `observed`: this sample's own MMD²; `variance_from`: "sample" or "bound" (see the module);
    `curve`: (units a side, power) from few units to beyond those needed; `bandwidth`: the
    kernel's, which the plan holds for.
    """

    gap: float
    power: float
    level: float
    units: int | None
    frames_x: int | None
    frames_y: int | None
    power_now: float
    smallest_now: float
    observed: float
    units_x: int
    units_y: int
    unit_kind: str
    variance_from: str
    curve: tuple[tuple[int, float], ...]
    settings: dict[str, Any]
    warnings: tuple[str, ...]

    def to_document(self) -> dict[str, Any]:
        """A JSON-like dictionary."""
        document = asdict(self)
        document["curve"] = [list(point) for point in self.curve]
        document["warnings"] = list(self.warnings)
        return document


@dataclass(frozen=True)
class Spread:
    """What decides MMD²'s spread: see the module.

    `eigenvalues` (k,): λ, largest first; `rho_x`, `rho_y`: variance of the witness function over
    the gap, for either side.
    """

    eigenvalues: Floats
    rho_x: float
    rho_y: float

    def threshold(self, c: float, level: float) -> float:
        """The value that MMD² exceeds with probability `level` where there is no gap."""
        from scipy.stats import gamma

        variance = 2 * float(np.square(self.eigenvalues).sum())
        third = 8 * float((self.eigenvalues**3).sum())
        if variance <= 0:
            return 0.0
        shape, scale = 4 * variance**3 / third**2, third / (2 * variance)
        return c * float(gamma.ppf(1 - level, shape) - shape) * scale

    def deviation(self, n: float, m: float, gap: float) -> float:
        """Standard deviation of MMD² around `gap` > 0."""
        c = 1 / n + 1 / m
        first = 4 * gap * (self.rho_x / n + self.rho_y / m)
        return float(np.sqrt(first + 2 * c**2 * np.square(self.eigenvalues).sum()))

    def power(self, n: float, m: float, gap: float, level: float) -> float:
        """Chance that MMD² exceeds the threshold of `level` at a gap of `gap`."""
        from scipy.stats import norm

        deviation = self.deviation(n, m, gap)
        above = gap - self.threshold(1 / n + 1 / m, level)
        return float(norm.cdf(above / deviation)) if deviation > 0 else float(above > 0)


def plan_sample(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    gap: float | None = None,
    *,
    power: float = 0.8,
    level: float = 0.05,
    groups_x: Sequence[Any] | None = None,
    groups_y: Sequence[Any] | None = None,
    kernel: KernelName = "rbf",
    **params: Any,
) -> SamplePlan:
    """Units a side that show an MMD² of `gap` with `power` at `level`, planned from a sample.

    Args:
        x, y: features (n, d) and (m, d) of a pilot sample, such as what is there already; at most
            3000 rows of both sides together are used, evenly spaced.
        gap: MMD² > 0 to be seen; None: the sample's own.
        power, level: between 0 and 1, power above level.
        groups_x, groups_y: the sequence of each row, as for `measure`.
        kernel, **params: of `mmd`.

    Raises:
        ConfigError: numbers out of their range.
        InputError: features that are no finite matrices, or fewer than three units a side.
    """
    _check_numbers(gap, power, level)
    left, right = checked_pair(x, y)
    units = find_units(left, right, groups_x, groups_y)
    if min(units.count_x, units.count_y) < 3:
        raise InputError(
            f"{units.count_x} and {units.count_y} units: planning needs three a side at least"
        )
    frames = len(left) / units.count_x, len(right) / units.count_y
    rows = _thinned(pooled_rows(left, right, units.x, units.y))
    function, settings, warnings = kernel_of(rows, kernel, **params)
    spread, observed, source = spread_of(rows, _between_units(rows, function))
    wanted = observed if gap is None else gap
    n, m = units.count_x, units.count_y
    if wanted <= 0:
        warnings += ("this sample shows no gap of its own; name the gap to be seen",)
        wanted = 0.0
    needed = _fewest(spread, wanted, power, level) if wanted > 0 else None
    return SamplePlan(
        gap=wanted,
        power=power,
        level=level,
        units=needed,
        frames_x=None if needed is None else int(np.ceil(needed * frames[0])),
        frames_y=None if needed is None else int(np.ceil(needed * frames[1])),
        power_now=spread.power(n, m, wanted, level) if wanted > 0 else level,
        smallest_now=_smallest(spread, n, m, power, level),
        observed=observed,
        units_x=n,
        units_y=m,
        unit_kind=units.kind,
        variance_from=source,
        curve=_curve(spread, wanted, needed, level),
        settings=settings,
        warnings=units.warnings + warnings,
    )


def _check_numbers(gap: float | None, power: float, level: float) -> None:
    if not 0 < level < power < 1 or (gap is not None and not gap > 0):
        raise ConfigError(
            f"gap = {gap}, power = {power}, level = {level}; expected a gap above 0 and "
            "0 < level < power < 1"
        )


def _thinned(rows: Rows) -> Rows:
    """At most `MOST_ROWS` rows, those of a unit evenly spaced, or fewer units where all are small.

    Eigenvalues and variances are means over units: fewer of them estimate the same.
    """
    total = len(rows.unit)
    if total <= MOST_ROWS:
        return rows
    keep = np.arange(MOST_ROWS) * total // MOST_ROWS
    numbers, renumbered = np.unique(rows.unit[keep], return_inverse=True)
    return Rows(
        z=rows.z[keep],
        centre=rows.centre,
        unit=renumbered.astype(np.int64),
        sizes=np.bincount(renumbered).astype(np.float64),
        units_x=int((numbers < rows.units_x).sum()),
    )


def _between_units(rows: Rows, kernel: Any) -> Floats:
    """Mean kernel (units, units) over the rows of two units, a row with itself included."""
    total = len(rows.unit)
    gram: Matrix = kernel(0, total, 0, total).astype(np.float64)
    if not rows.each_row_is_a_unit:
        first = np.flatnonzero(np.r_[True, rows.unit[1:] != rows.unit[:-1]])
        gram = np.add.reduceat(np.add.reduceat(gram, first, axis=0), first, axis=1)
        gram /= rows.sizes[:, None] * rows.sizes[None]
    return np.asarray(gram)


def spread_of(rows: Rows, gram: Floats) -> tuple[Spread, float, str]:
    """Eigenvalues and variances, the sample's MMD² over units, and where the variances come from.

    `gram` (units, units): mean kernel of units. Eigenvalues are those of the *within-domain*
    covariance: each side is centred on its own mean, so that the gap itself is no noise.
    """
    n = rows.units_x
    m = rows.units - n
    centred = gram.copy()
    for a, b in ((0, n), (n, n + m)):
        centred[a:b] -= centred[a:b].mean(axis=0)
    for a, b in ((0, n), (n, n + m)):
        centred[:, a:b] -= centred[:, a:b].mean(axis=1, keepdims=True)
    # Either side weighs the same, whatever its number of units.
    weight = np.sqrt(np.r_[np.full(n, 0.5 / max(n - 1, 1)), np.full(m, 0.5 / max(m - 1, 1))])
    values = np.linalg.eigvalsh(centred * weight[:, None] * weight[None])[::-1]
    values = np.maximum(values, 0)
    # The sum of squares of estimated eigenvalues is too large by (Σλ)²/units.
    own_x, own_y = _witness_at_units(gram, n)
    observed = float(own_x.mean() - own_y.mean())
    c = 1 / n + 1 / m
    noise = float(np.square(values).sum())
    bound = float(values[0]) if len(values) else 0.0
    spread = Spread(values, bound, bound)
    if observed <= STANDS_OUT * c * np.sqrt(2 * noise):
        return spread, observed, "bound"
    # The witness function is itself estimated, which adds its noise to the variance.
    found = [max(float(v.var(ddof=1)) - noise * c, 0.0) / observed for v in (own_x, own_y)]
    return Spread(values, *(min(rho, 2 * bound) for rho in found)), observed, "sample"


def _witness_at_units(gram: Floats, n: int) -> tuple[Floats, Floats]:
    """The witness function at units of x and of y; a unit is not compared with itself."""
    m = len(gram) - n
    xx, yy, xy = gram[:n, :n], gram[n:, n:], gram[:n, n:]
    at_x = (xx.sum(axis=1) - np.diag(xx)) / (n - 1) - xy.mean(axis=1)
    at_y = xy.mean(axis=0) - (yy.sum(axis=1) - np.diag(yy)) / (m - 1)
    return at_x, at_y


def _fewest(spread: Spread, gap: float, power: float, level: float) -> int | None:
    """The smallest number of units a side that reaches the power; it grows with the number.

    However large the gap, it takes as many as can be halved (for the noise floor), and as can be
    exchanged in so many ways that a p-value can fall to the level.
    """
    high = HALVABLE
    while least_p_value(high, high) > level:
        high += 1
    low = high - 1
    while spread.power(high, high, gap, level) < power:
        low, high = high, high * 2
        if high > MOST_UNITS:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        reached = spread.power(middle, middle, gap, level) >= power
        low, high = (low, middle) if reached else (middle, high)
    return high


def _smallest(spread: Spread, n: int, m: int, power: float, level: float) -> float:
    """The smallest gap that n and m units show with the power, by bisection."""
    low = spread.threshold(1 / n + 1 / m, level)
    high = 2 * low + 1e-12
    while spread.power(n, m, high, level) < power:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        reached = spread.power(n, m, middle, level) >= power
        low, high = (low, middle) if reached else (middle, high)
    return high


def _curve(
    spread: Spread, gap: float, needed: int | None, level: float
) -> tuple[tuple[int, float], ...]:
    if needed is None:
        return ()
    counts = np.unique(np.geomspace(2, max(4, 3 * needed), CURVE).round().astype(int))
    return tuple((int(k), spread.power(k, k, gap, level)) for k in counts)
