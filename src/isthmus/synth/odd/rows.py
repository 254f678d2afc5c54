"""From a domain to rows: one for every image, in the order in which they are rendered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from isthmus import seeds
from isthmus.errors import ConfigError
from isthmus.synth.odd.covering import count_combinations, covering_array
from isthmus.synth.odd.designs import DESIGNS, Points
from isthmus.synth.odd.distributions import Distribution
from isthmus.synth.odd.domain import Domain
from isthmus.synth.odd.sun import LOWEST, sun_position
from isthmus.synth.world.factors import FACTORS, Factors

TRIES = 2000
"""Draws in a row that the rules may turn down before the domain is called impossible."""
MOST_COMBINED = 1_000_000
"""Combinations of levels that a t-wise design may have to cover: more take many minutes."""
DEFAULTS = {name: field.default for name, field in FACTORS.items()}
Dimension = tuple[int, str]


@dataclass(frozen=True)
class Row:
    """One image.

    Attributes:
        scene: number of the scene: of the seeds of all that stands in it.
        variant: number of the combination of swept factors, 0 without a sweep.
        frame: number of the moment within the scene.
        time: seconds since the scene's first frame.
        factors: complete.
    """

    scene: int
    variant: int
    frame: int
    time: float
    factors: Factors


def sample_rows(domain: Domain, n: int, seed: int = 0) -> list[Row]:
    """The first `n` rows (images) of a domain under `seed`.

    Scenes are drawn by the domain's design; each gives `domain.frames` × `domain.variants` rows
    that follow one another.

    Raises:
        ConfigError: n is below 1; or no row, or next to none, satisfies the domain.
    """
    if n < 1:
        raise ConfigError(f"n: {n} images; at least 1")
    each = domain.frames * domain.variants
    scenes = list(_scenes(domain, -(-n // each), seed))
    rows = []
    names = tuple(domain.sweep)
    combined = list(product(*domain.sweep.values()))
    for number, drawn in enumerate(scenes):
        for frame in range(domain.frames):
            for variant, values in enumerate(combined):
                factors = Factors.of(drawn | dict(zip(names, values, strict=True)))
                rows.append(Row(number, variant, frame, frame / domain.fps, factors))
    return rows[:n]


def _dimensions(domain: Domain) -> list[tuple[Dimension, Distribution]]:
    """Every distribution that varies, its own and its dependencies', each on an axis of its own."""
    sources = [domain.factors, *(d.then for d in domain.when)]
    return [
        ((k, name), found)
        for k, factors in enumerate(sources)
        for name, found in factors.items()
        if found.values is None or len(found.values) > 1
    ]


def _scenes(domain: Domain, n: int, seed: int) -> Iterator[dict[str, Any]]:
    axes = _dimensions(domain)
    turned_down: Counter[str] = Counter()
    made, failed = 0, 0
    for point in _points(domain, axes, n, seed):
        row = _row(domain, dict(zip((a for a, _ in axes), point.tolist(), strict=True)))
        reason = _fault(domain, row)
        if reason is None:
            yield row
            made, failed = made + 1, 0
            if made == n:
                return
            continue
        turned_down[reason] += 1
        failed += 1
        if failed >= TRIES:
            most, count = turned_down.most_common(1)[0]
            raise ConfigError(
                f"ODD {domain.name!r}: {TRIES} draws in a row satisfy no rule set (scene {made}); "
                f"most are turned down ({count} of {turned_down.total()}) by: {most}"
            )


def _points(
    domain: Domain, axes: list[tuple[Dimension, Distribution]], n: int, seed: int
) -> Iterator[Points]:
    if not axes:
        while True:
            yield np.zeros(0)
    if domain.design == "t_wise":
        yield from _covering(domain, axes, seed)
        yield from DESIGNS["sobol"](len(axes), n, seed)
    else:
        yield from DESIGNS[domain.design](len(axes), n, seed)


def _covering(
    domain: Domain, axes: list[tuple[Dimension, Distribution]], seed: int
) -> Iterator[Points]:
    """A point for each row of the covering array, anywhere within its levels."""
    levels = [domain.levels if d.values is None else len(d.values) for _, d in axes]
    count = count_combinations(levels, domain.strength)
    if count > MOST_COMBINED:
        raise ConfigError(
            f"ODD {domain.name!r}: {count} combinations of {domain.strength} of {len(levels)} "
            f"factors' levels; t_wise covers up to {MOST_COMBINED}: take a smaller strength or "
            "fewer levels, or let fewer factors vary"
        )
    middles = [_middles(d) for _, d in axes]

    def point(row: tuple[int, ...], inside: Points) -> Points:
        """A point within the levels of `row`: of a bin anywhere, of a choice in its middle."""
        return np.array(
            [
                middles[k][level] if middles[k] else (level + inside[k]) / levels[k]
                for k, level in enumerate(row)
            ]
        )

    def allowed(row: tuple[int, ...]) -> bool:
        middle = point(row, np.full(len(axes), 0.5))
        made = _row(domain, dict(zip((a for a, _ in axes), middle.tolist(), strict=True)))
        return _fault(domain, made) is None

    rng = seeds.generator(seed, "odd", "covering")
    rows, _ = covering_array(levels, domain.strength, rng, allowed)
    for row in rows:
        inside = rng.random((8, len(axes)))
        inside[-1] = 0.5  # allowed, as the array was made with it
        for place in inside:
            made = point(row, place)
            drawn = _row(domain, dict(zip((a for a, _ in axes), made.tolist(), strict=True)))
            if _fault(domain, drawn) is None:
                yield made
                break


def _middles(found: Distribution) -> list[float]:
    """For each choice the middle of the stretch of [0, 1) that gives it; none if continuous.

    Choices have shares of their own; one with next to no share has no stretch and stands at 0.
    """
    if found.values is None:
        return []
    grid = ((np.arange(4096) + 0.5) / 4096).tolist()
    given = [found.at(u) for u in grid]
    mine = [[u for u, g in zip(grid, given, strict=True) if g == value] for value in found.values]
    return [stretch[len(stretch) // 2] if stretch else 0.0 for stretch in mine]


def _row(domain: Domain, at: Mapping[Dimension, float]) -> dict[str, Any]:
    """A scene's factors from its point: the domain's, then those of dependencies that hold."""
    row = {name: d.at(at.get((0, name), 0.0)) for name, d in domain.factors.items()}
    row = _with_sun(row)
    for k, dependency in enumerate(domain.when, 1):
        if dependency.condition.holds(_complete(row)):
            row |= {name: d.at(at.get((k, name), 0.0)) for name, d in dependency.then.items()}
    return row


def _with_sun(row: dict[str, Any]) -> dict[str, Any]:
    if "sun.day" not in row:
        return row
    latitude, day, hour, heading = (
        float(row.pop(f"sun.{name}")) for name in ("latitude", "day", "hour", "heading")
    )
    elevation, azimuth = sun_position(latitude, day, hour)
    row["sun_elevation"] = min(max(elevation, LOWEST), 75.0)
    row["sun_azimuth"] = (azimuth - heading) % 360
    return row


def _complete(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with defaults where it says nothing, whether or not it can be."""
    return DEFAULTS | dict(row)


def _fault(domain: Domain, row: dict[str, Any]) -> str | None:
    """The rule that a row breaks, at any of the values it is swept over; None if it may be."""
    for values in product(*domain.sweep.values()):
        shown = row | dict(zip(domain.sweep, values, strict=True))
        whole = _complete(shown)
        for condition in domain.never:
            if condition.holds(whole):
                return f"never: {condition}"
        try:
            Factors.of(shown)
        except ConfigError as fault:
            return " ".join(str(fault).split())
    return None


def counterfactual(row: Row, **factors: Any) -> Row:
    """The same scene and moment with some factors changed.

    Raises:
        ConfigError: an unknown factor, a value out of range, or a contradiction.
    """
    from dataclasses import asdict

    return replace(row, factors=Factors.of(asdict(row.factors) | factors))
