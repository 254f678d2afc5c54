"""Does a sample stand for a distribution, or for another sample? χ², Kolmogorov–Smirnov, GRTE.

Against a named distribution whose parameters are fitted to the very sample, the textbook null is
wrong: a fitted curve lies closer to its sample than the true one does (Lilliefors, JASA 62, 1967;
for χ², Chernoff & Lehmann 1954). Here the null is simulated with the fit repeated in every draw;
for families of location and scale it does not depend on the parameters. p = (b + 1) / (B + 1).

Between two samples n is what the frames are *worth*: those of a video count for fewer (see
`isthmus.quality.shares`).

GRTE (granular relative and theoretical entropy, as in dqm-ml) is exp(-2 |H expected - H observed|):
1 if the observed shares are as even as the expected ones. It compares entropies, not shares: use it
beside another test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isthmus import seeds
from isthmus.errors import InputError

Column = NDArray[np.float64]
DRAWS = 999
MOST_SIMULATED = 1000
"""Size of simulated samples; beyond it statistics are scaled as their limits are."""
LEAST_EXPECTED = 5.0
BINS = 10


@dataclass(frozen=True)
class Fit:
    """A test of a sample.

    Attributes:
        statistic: χ², D, or GRTE.
        p_value: chance of as much or more under the null; None where there is no test (GRTE).
        n: observations that counted.
        null: how the null was got: "exact", "asymptotic", "simulated".
    """

    statistic: float
    p_value: float | None
    n: float
    null: str


@dataclass(frozen=True)
class Family:
    """A family of location and scale: standard distribution function, sampler, and fit."""

    cdf: Callable[[Column], Column]
    draw: Callable[[np.random.Generator, int], Column]
    fit: Callable[[Column], tuple[float, float]]


def _normal_cdf(z: Column) -> Column:
    from scipy.special import ndtr

    return np.asarray(ndtr(z))


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "normal": Family(
            _normal_cdf,
            lambda rng, n: rng.standard_normal(n),
            lambda v: (float(v.mean()), float(v.std(ddof=1))),
        ),
        "uniform": Family(
            lambda z: np.clip(z, 0.0, 1.0),
            lambda rng, n: rng.random(n),
            lambda v: (float(v.min()), float(np.ptp(v))),
        ),
    }
)
"""Name → family that a sample can be held against."""


def kolmogorov_smirnov(
    values: Column, family: str, *, parameters: tuple[float, float] | None = None, seed: int = 0
) -> Fit:
    """Largest distance between the sample's distribution function and a family's.

    Args:
        values: (n,) finite.
        family: a name in `FAMILIES`.
        parameters: (location, scale) known beforehand: the exact null of Kolmogorov. None: fitted
            to the sample, and the null simulated with the fit.
        seed: decides the simulation.

    Raises:
        InputError: an unknown family, fewer than 5 values, or values without spread.
    """
    sample, known = _sample(values), _family(family)
    location, scale = parameters or known.fit(sample)
    if not scale > 0:
        raise InputError(f"{family}: scale {scale}: the values do not vary")
    d = _distance(known.cdf((np.sort(sample) - location) / scale))
    if parameters is not None:
        from scipy.stats import kstwo

        return Fit(d, float(kstwo.sf(d, len(sample))), len(sample), "exact")

    def refitted(drawn: Column) -> float:
        place, width = known.fit(drawn)
        return _scaled(_distance(known.cdf((np.sort(drawn) - place) / width)), len(drawn))

    null = _simulated(known, len(sample), refitted, f"ks-{family}", seed)
    return Fit(d, _p(null, _scaled(d, len(sample))), len(sample), "simulated")


def chi2(
    values: Column,
    family: str,
    *,
    parameters: tuple[float, float] | None = None,
    bins: int = BINS,
    seed: int = 0,
) -> Fit:
    """Pearson's χ² over `bins` equally probable bins of a family; see `kolmogorov_smirnov`.

    Raises:
        InputError: as `kolmogorov_smirnov`, or so many bins that fewer than 5 are expected in one.
    """
    sample, known = _sample(values), _family(family)
    if bins < 2 or len(sample) / bins < LEAST_EXPECTED:
        raise InputError(
            f"χ²: {len(sample)} values in {bins} bins; at least {LEAST_EXPECTED:.0f} a bin are "
            "needed, and two bins"
        )
    location, scale = parameters or known.fit(sample)
    if not scale > 0:
        raise InputError(f"{family}: scale {scale}: the values do not vary")
    found = _pearson(known.cdf((sample - location) / scale), bins)
    if parameters is not None:
        from scipy.stats import chi2 as law

        return Fit(found, float(law.sf(found, bins - 1)), len(sample), "asymptotic")

    def refitted(drawn: Column) -> float:
        place, width = known.fit(drawn)
        return _pearson(known.cdf((drawn - place) / width), bins)

    null = _simulated(known, len(sample), refitted, f"chi2-{family}", seed)
    return Fit(found, _p(null, found), len(sample), "simulated")


def grte(observed: NDArray[Any], expected: NDArray[Any]) -> Fit:
    """exp(-2 |H(expected) - H(observed)|) of counts or shares (k,), in (0, 1].

    Raises:
        InputError: other lengths, values below 0, or nothing in one of them.
    """
    ours, theirs = _shares(observed, expected)
    difference = abs(_entropy(theirs) - _entropy(ours))
    return Fit(float(np.exp(-2 * difference)), None, float(np.sum(observed)), "none")


def same_shares(
    observed: NDArray[Any], reference: NDArray[Any], *, worth: float | None = None
) -> Fit:
    """χ² of homogeneity: counts (k,) of kinds in two samples, kinds that are rare in both pooled.

    Args:
        observed, reference: counts of the same kinds.
        worth: share of each frame that is independent, in (0, 1]: n_effective / n. None: 1.

    Raises:
        InputError: as `grte`.
    """
    from scipy.stats import chi2 as law

    _shares(observed, reference)
    table = np.array([observed, reference], dtype=np.float64) * (1.0 if worth is None else worth)
    table = _pooled(table)
    n = float(table.sum())
    if table.shape[1] < 2:
        return Fit(0.0, 1.0, n, "asymptotic")
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    statistic = float((np.square(table - expected) / expected).sum())
    return Fit(statistic, float(law.sf(statistic, table.shape[1] - 1)), n, "asymptotic")


def same_distribution(x: Column, y: Column, *, worth_x: float, worth_y: float) -> Fit:
    """Two-sample Kolmogorov–Smirnov, with the numbers that the samples are worth.

    Raises:
        InputError: an empty sample, or values that are not finite.
    """
    from scipy.special import kolmogorov

    a, b = (np.sort(_sample(v, least=1)) for v in (x, y))
    grid = np.concatenate([a, b])
    ours = np.searchsorted(a, grid, side="right") / len(a)
    theirs = np.searchsorted(b, grid, side="right") / len(b)
    d = float(np.abs(ours - theirs).max())
    n = worth_x * worth_y / (worth_x + worth_y)
    return Fit(d, float(kolmogorov(_scaled(d, n))), n, "asymptotic")


TESTS: Mapping[str, Callable[..., Fit]] = MappingProxyType(
    {"chi2": chi2, "kolmogorov_smirnov": kolmogorov_smirnov, "grte": grte}
)
"""Name → test of how well a sample stands for a distribution."""


def _sample(values: Column, least: int = 5) -> Column:
    sample = np.asarray(values, dtype=np.float64).ravel()
    if len(sample) < least or not np.isfinite(sample).all():
        raise InputError(f"representativeness: needs {least} finite values or more")
    return sample


def _family(name: str) -> Family:
    if name not in FAMILIES:
        raise InputError(f"distribution {name!r}: known are {', '.join(FAMILIES)}")
    return FAMILIES[name]


def _distance(cdf: Column) -> float:
    n = len(cdf)
    steps = np.arange(n)
    return float(max((cdf - steps / n).max(), ((steps + 1) / n - cdf).max()))


def _scaled(d: float, n: float) -> float:
    """Stephens's form of D, whose law hardly depends on n (JASA 69, 1974)."""
    root = float(np.sqrt(n))
    return d * (root + 0.12 + 0.11 / root)


def _pearson(cdf: Column, bins: int) -> float:
    places = np.clip((cdf * bins).astype(np.int64), 0, bins - 1)
    counts = np.bincount(places, minlength=bins)
    expected = len(cdf) / bins
    return float((np.square(counts - expected) / expected).sum())


def _simulated(
    family: Family, n: int, statistic: Callable[[Column], float], what: str, seed: int
) -> Column:
    rng = seeds.generator(seed, "representativeness", what)
    size = min(n, MOST_SIMULATED)
    return np.array([statistic(family.draw(rng, size)) for _ in range(DRAWS)])


def _p(null: Column, found: float) -> float:
    return float((1 + (null >= found).sum()) / (1 + len(null)))


def _shares(observed: NDArray[Any], expected: NDArray[Any]) -> tuple[Column, Column]:
    sides = [np.asarray(side, dtype=np.float64) for side in (observed, expected)]
    if sides[0].shape != sides[1].shape or sides[0].ndim != 1:
        raise InputError("representativeness: both sides need a count for each of the same kinds")
    if any(not np.isfinite(s).all() or (s < 0).any() or not s.sum() > 0 for s in sides):
        raise InputError("representativeness: counts are from 0, and not all 0")
    return sides[0] / sides[0].sum(), sides[1] / sides[1].sum()


def _entropy(shares: Column) -> float:
    some = shares[shares > 0]
    return float(-(some * np.log(some)).sum())


def _pooled(table: Column) -> Column:
    """Columns in which fewer than 5 are expected on either side, taken together."""
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    rare = (expected < LEAST_EXPECTED).any(axis=0)
    if rare.sum() < 2:
        return table[:, table.sum(axis=0) > 0]
    joined = np.column_stack([table[:, ~rare], table[:, rare].sum(axis=1)])
    return joined[:, joined.sum(axis=0) > 0]
