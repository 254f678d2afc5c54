"""`odd.yaml`: which factors vary, how they are drawn, what depends on what, what cannot be.

::

    name: wet dusk
    factors:
      sun_elevation: {uniform: [-6, 10]}
      rain: {log_uniform: [0.5, 20]}
      road_type: {choice: {street: 3, avenue: 1}}
    when:                                   # dependencies, in order
      - if: {rain: {above: 5}}
        then: {visibility: {uniform: [300, 3000]}}
    never:                                  # combinations that cannot be
      - {road_type: rural, pedestrian_density: {above: 30}}
    design: sobol                           # sobol, latin_hypercube, random, t_wise
    sweep: {visibility: [100, 1000]}        # every scene at each of these, all else equal
    frames: 1                               # frames of each scene, `fps` to the second

A time and a place instead of the sun's position::

    sun: {latitude: 48, day: {integers: [1, 365]}, hour: {uniform: [6, 22]}}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from isthmus.errors import ConfigError
from isthmus.option_file import OptionFile, describe, listed, nearest, read_options
from isthmus.synth.odd.conditions import Condition, condition_faults
from isthmus.synth.odd.distributions import Choice, Distribution, distribution
from isthmus.synth.world.factors import FACTORS, checked

Design = Literal["sobol", "latin_hypercube", "random", "t_wise"]
SUN = ("latitude", "day", "hour", "heading")
MOST_SWEPT = 1000
SWEPT = "swept, so nothing else may hang on it: take it out of `sweep`, or of this condition"
SOUND = {"lanes": 1}
"""Stands in for a condition of wrong form while the rest of its file is looked at."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WhenSection(_Section):
    """A dependency: factors that are drawn otherwise if a condition holds."""

    if_: dict[str, Any] = Field(alias="if", min_length=1)
    then: dict[str, Any] = Field(min_length=1)


class DomainFile(_Section):
    """The file as it is written."""

    name: str = Field("odd", description="name for people", max_length=200)
    factors: dict[str, Any] = Field(default_factory=dict, description="factor → distribution")
    sun: dict[str, Any] = Field(default_factory=dict, description="time and place of the sun")
    when: list[WhenSection] = Field(default_factory=list, max_length=200)
    never: list[dict[str, Any]] = Field(default_factory=list, max_length=200)
    design: Design = Field("sobol", description="how the space is covered")
    strength: Annotated[int, Field(ge=1, le=4)] = Field(2, description="t of t_wise")
    levels: Annotated[int, Field(ge=2, le=10)] = Field(3, description="bins of t_wise")
    sweep: dict[str, list[Any]] = Field(default_factory=dict, description="counterfactual values")
    frames: Annotated[int, Field(ge=1, le=10_000)] = Field(1, description="frames of a scene")
    fps: Annotated[float, Field(gt=0, le=1000)] = Field(10.0, description="frames a second")


@dataclass(frozen=True)
class Dependency:
    """Distributions that take over where a condition holds."""

    condition: Condition
    then: Mapping[str, Distribution]


@dataclass(frozen=True)
class Domain:
    """An operational design domain, checked.

    Attributes:
        name: for people.
        factors: distribution of each factor that is not at its default; with "sun.latitude",
            "sun.day", "sun.hour", "sun.heading" where the sun is given by time and place.
        when: dependencies, in order; the last that holds decides.
        never: combinations that cannot be.
        design, strength, levels: how rows cover the space.
        sweep: factor → values that each scene is rendered at, whatever else is said of the factor.
        frames, fps: frames of each scene.
    """

    name: str = "odd"
    factors: Mapping[str, Distribution] = field(default_factory=dict)
    when: tuple[Dependency, ...] = ()
    never: tuple[Condition, ...] = ()
    design: Design = "sobol"
    strength: int = 2
    levels: int = 3
    sweep: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    frames: int = 1
    fps: float = 10.0

    @property
    def variants(self) -> int:
        """Pictures of each scene and moment."""
        count = 1
        for values in self.sweep.values():
            count *= len(values)
        return count


def load_odd(path: Path | str) -> Domain:
    """Read an ODD file.

    Raises:
        ConfigError: all faults of the file at once, each with its line and its place in the file;
            or an empty file: the default scene alone is written ``factors: {}``.
    """
    file = Path(path)
    return domain(read_options(file, "ODD file"), str(file))


def domain(options: OptionFile, where: str = "ODD") -> Domain:
    """The domain that an option file describes; `where` names it in messages."""
    faults = [
        f"line {line}: {'.'.join(map(str, path))}: given twice" for path, line in options.repeated
    ]
    if options.values is None:
        raise ConfigError(
            f"{where}: empty, so nothing would vary; name factors and how they are drawn, such as "
            "`factors: {rain: {uniform: [0, 20]}}` (`isthmus synth schema` lists them), or write "
            "`factors: {}` for the default scene alone"
        )
    if not isinstance(options.values, Mapping):
        raise ConfigError(f"{where}: not an ODD file: it holds no options")
    made = _Reader(options, faults).read(_written(options, faults))
    if faults:
        raise listed(where, faults)
    return made


def _written(options: OptionFile, faults: list[str]) -> DomainFile:
    """The file's sections; faults of their form are noted, and what has them is left out."""
    try:
        return DomainFile.model_validate(options.values)
    except ValidationError as error:
        found = error.errors()
    faults += [describe(fault, DomainFile, options.lines, "the file")[1] for fault in found]
    return DomainFile.model_validate(_sound(options.values, [fault["loc"] for fault in found]))


def _sound(values: Mapping[Any, Any], faulty: Sequence[tuple[Any, ...]]) -> dict[Any, Any]:
    """Values without those of a wrong form, so that the others can be looked at too.

    Items of lists are not removed but replaced by sound ones: messages name them by their number.
    """
    usable = {
        name: value.copy() if isinstance(value, dict | list) else value
        for name, value in values.items()
    }
    for section, *inside in faulty:
        held: Any = usable.get(section)
        if inside and section == "when":
            held[inside[0]] = _sound_dependency(held[inside[0]])
        elif inside and section == "never":
            held[inside[0]] = SOUND
        elif inside and isinstance(held, dict):
            held.pop(inside[0], None)
        else:
            usable.pop(section, None)
    return usable


def _sound_dependency(item: Any) -> dict[str, Any]:
    """An item of `when` with what is sound of it."""
    made: dict[str, Any] = {"if": SOUND, "then": SOUND}
    for part in made:
        given = item.get(part) if isinstance(item, dict) else None
        named = (
            {k: v for k, v in given.items() if isinstance(k, str)}
            if isinstance(given, dict)
            else {}
        )
        made[part] = named or SOUND
    return made


class _Reader:
    """Turns the written file into a domain, noting every fault on the way."""

    def __init__(self, options: OptionFile, faults: list[str]) -> None:
        self.options, self.faults = options, faults

    def read(self, written: DomainFile) -> Domain:
        factors = self._distributions(written.factors, ("factors",))
        if written.sun:
            factors |= self._sun(written)
        when = []
        for k, item in enumerate(written.when):
            then = self._distributions(item.then, ("when", k, "then"))
            condition = self._condition(item.if_, ("when", k, "if"))
            for name in item.if_.keys() & written.sweep.keys():
                if (place := ("when", k, "if", name)) in self.options.lines:  # not of `SOUND`
                    self._note(place, SWEPT)
            if condition is not None:
                when.append(Dependency(condition, then))
        never = [self._condition(item, ("never", k)) for k, item in enumerate(written.never)]
        sweep = self._sweep(written)
        return Domain(
            written.name, factors, tuple(when), tuple(c for c in never if c is not None),
            written.design, written.strength, written.levels, sweep, written.frames, written.fps,
        )  # fmt: skip

    def _note(self, path: tuple[Any, ...], message: str) -> None:
        line = self.options.lines.get(path)
        start = f"line {line}: " if line else ""
        self.faults.append(f"{start}{'.'.join(map(str, path))}: {message}")

    def _distributions(
        self, written: Mapping[str, Any], path: tuple[Any, ...]
    ) -> dict[str, Distribution]:
        made = {}
        for name, value in written.items():
            if name not in FACTORS:
                self._note((*path, name), f"unknown factor{nearest(str(name), list(FACTORS))}")
                continue
            try:
                found = distribution(value)
            except ConfigError as fault:
                self._note((*path, name), str(fault))
                continue
            self._in_range(name, found.bounds, (*path, name))
            made[name] = found
        return made

    def _in_range(self, factor: str, values: Sequence[Any], path: tuple[Any, ...]) -> bool:
        """Whether a factor can have all these values; each that it cannot is noted."""
        good = True
        for value in values:
            try:
                checked(factor, value)
            except ConfigError as fault:
                self._note(path, str(fault))
                good = False
        return good

    def _sun(self, written: DomainFile) -> dict[str, Distribution]:
        limits = {"latitude": (-66, 66), "day": (1, 366), "hour": (0, 24), "heading": (0, 360)}
        for name in ("sun_elevation", "sun_azimuth"):
            if name in written.factors:
                self._note(("factors", name), "given as well as `sun`: leave one of them out")
        made: dict[str, Distribution] = {
            "sun.latitude": Choice((48.0,), (1.0,)),
            "sun.day": distribution({"integers": [1, 365]}),
            "sun.hour": distribution({"uniform": [0, 24]}),
            "sun.heading": distribution({"uniform": [0, 360]}),
        }
        for name, value in written.sun.items():
            if name not in SUN:
                self._note(("sun", name), f"unknown{nearest(name, list(SUN))}")
                continue
            try:
                found = distribution(value)
            except ConfigError as fault:
                self._note(("sun", name), str(fault))
                continue
            low, high = limits[name]
            if not all(isinstance(b, int | float) and low <= b <= high for b in found.bounds):
                self._note(("sun", name), f"not within {low} to {high}")
            made[f"sun.{name}"] = found
        return made

    def _condition(self, written: Mapping[str, Any], path: tuple[Any, ...]) -> Condition | None:
        faults = condition_faults(written)
        for factor, fault in faults:
            self._note((*path, factor), fault)
        return None if faults else Condition(tuple(written.items()))

    def _sweep(self, written: DomainFile) -> dict[str, tuple[Any, ...]]:
        made: dict[str, tuple[Any, ...]] = {}
        for name, values in written.sweep.items():
            if name not in FACTORS:
                self._note(("sweep", name), f"unknown factor{nearest(name, list(FACTORS))}")
                continue
            if not values or len(set(map(str, values))) < len(values):
                self._note(("sweep", name), "needs some values, each once")
            if self._in_range(name, values, ("sweep", name)):
                made[name] = tuple(checked(name, value) for value in values)
        count = Domain(sweep=made).variants
        if count > MOST_SWEPT:
            self._note(("sweep",), f"{count} pictures of each scene; at most {MOST_SWEPT}")
        return made
