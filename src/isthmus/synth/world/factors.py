"""The factors of a street scene: what an ODD's row may say, in which units, and what it may not.

A row is a flat mapping of names to values; what it leaves out takes the default. `Factors.of`
collects every fault of a row before it complains.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, Literal

from isthmus.errors import ConfigError
from isthmus.synth.lens import Lens


def _choice(default: str, *others: str) -> Any:
    return field(default=default, metadata={"choices": (default, *others), "unit": ""})


def _number(default: float, low: float, high: float, unit: str) -> Any:
    return field(default=default, metadata={"range": (low, high), "unit": unit})


@dataclass(frozen=True, slots=True)
class Factors:
    """One row, complete. Each field's metadata holds `choices` or `range`, and `unit`.

    Attributes:
        sun_azimuth: from the direction of travel towards the right.
        traffic_density: moving vehicles per km and lane.
        parked_share: share of parking bays in use.
        pedestrian_density: persons per 100 m of street, both sides together.
        cyclist_share: of moving road users, those on two wheels.
        motion_blur: shutter's share of 1/30 s.
        lens_k1, lens_k2, lens_p1, lens_p2: distortion (`isthmus.synth.lens.Lens`).
        rolling_shutter: from the first row's reading to the last's.
        bodies: of people on foot: "anny" has MakeHuman's anatomy (extra `people`).
    """

    road_type: str = _choice("street", "avenue", "suburb", "rural")
    junction: str = _choice("none", "crossroads", "t_junction")
    junction_distance: float = _number(35.0, 15.0, 80.0, "m")
    curvature: float = _number(0.0, -0.012, 0.012, "1/m")
    lanes: int = field(default=1, metadata={"range": (1, 3), "unit": ""})
    parking: str = _choice("right", "none", "left", "both")
    crossing: str = _choice("none", "zebra", "signals")
    surroundings: str = _choice("residential", "downtown", "shops", "park", "industrial")
    season: Literal["summer", "autumn", "winter"] = _choice("summer", "autumn", "winter")
    traffic_density: float = _number(15.0, 0.0, 60.0, "1/km")
    parked_share: float = _number(0.5, 0.0, 1.0, "")
    pedestrian_density: float = _number(10.0, 0.0, 80.0, "1/100 m")
    child_share: float = _number(0.15, 0.0, 0.5, "")
    cyclist_share: float = _number(0.1, 0.0, 0.5, "")
    scenario: str = _choice(
        "none", "child_between_cars", "crowd", "fallen_cyclist", "animal", "overloaded_vehicle",
        "roadworks", "pram", "wheelchair",
    )  # fmt: skip
    sun_elevation: float = _number(40.0, -18.0, 75.0, "deg")
    sun_azimuth: float = _number(130.0, 0.0, 360.0, "deg")
    clouds: float = _number(0.2, 0.0, 1.0, "")
    visibility: float = _number(15000.0, 25.0, 20000.0, "m")
    rain: float = _number(0.0, 0.0, 50.0, "mm/h")
    snowfall: float = _number(0.0, 0.0, 10.0, "mm/h")
    wetness: float = _number(0.0, 0.0, 1.0, "")
    snow_cover: float = _number(0.0, 0.0, 1.0, "")
    street_lamps: str = _choice("auto", "on", "off")
    vehicle_lamps: str = _choice("auto", "on", "off")
    camera_height: float = _number(1.4, 1.1, 2.2, "m")
    camera_pitch: float = _number(1.0, -4.0, 6.0, "deg")
    camera_fov: float = _number(62.0, 45.0, 100.0, "deg")
    ego_speed: float = _number(8.0, 0.0, 20.0, "m/s")
    exposure_bias: float = _number(0.0, -2.0, 2.0, "EV")
    defocus: float = _number(0.4, 0.0, 2.0, "px")
    noise_gain: float = _number(1.0, 0.25, 8.0, "")
    lens_dirt: float = _number(0.0, 0.0, 1.0, "")
    motion_blur: float = _number(0.25, 0.0, 1.0, "")
    jpeg_quality: int = field(default=90, metadata={"range": (60, 98), "unit": ""})
    lens_k1: float = _number(0.0, -0.5, 0.5, "")
    lens_k2: float = _number(0.0, -0.25, 0.25, "")
    lens_p1: float = _number(0.0, -0.02, 0.02, "")
    lens_p2: float = _number(0.0, -0.02, 0.02, "")
    rolling_shutter: float = _number(0.0, 0.0, 33.0, "ms")
    bodies: Literal["own", "anny"] = _choice("own", "anny")

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Factors:
        """The factors of a row, missing ones by default.

        On a rural road nobody parks by default; if it rains, the ground is wet by default.

        Raises:
            ConfigError: unknown factors, values of the wrong kind or out of range, values that
                contradict each other; all faults at once.
        """
        faults, values = [], {}
        for name, value in row.items():
            if name not in FACTORS:
                near = get_close_matches(str(name), FACTORS, 1, 0.0)
                faults.append(f"factor {name!r}: not known; nearest is {near[0]!r}")
                continue
            try:
                values[name] = _checked(FACTORS[name], value)
            except ConfigError as fault:
                faults.append(str(fault))
        scenario = values.get("scenario")
        if not faults:
            if values.get("road_type") == "rural" and scenario != "child_between_cars":
                values.setdefault("parking", "none")
            values.setdefault("wetness", min(1.0, values.get("rain", 0.0) / 4))
            made = cls(**values)
            faults += [says for clash, says in CONTRADICTIONS if clash(made)]
        if faults:
            raise ConfigError("this row makes no scene:\n  " + "\n  ".join(faults))
        return made


FACTORS: Mapping[str, dataclasses.Field[Any]] = MappingProxyType(
    {f.name: f for f in dataclasses.fields(Factors)}
)
"""Every factor's field: its name, default, and metadata (`choices` or `range`; `unit`)."""


def _lens_folds(f: Factors) -> bool:
    """True if the lens shows no single ray in some place of a picture of 16:9."""
    lens = Lens(f.lens_k1, f.lens_k2, f.lens_p1, f.lens_p2)
    side = math.tan(math.radians(f.camera_fov) / 2)
    return lens.bends and not lens.covers(side, 0.5625 * side)


CONTRADICTIONS: tuple[tuple[Callable[[Factors], bool], str], ...] = (
    (
        lambda f: f.season == "summer" and (f.snow_cover > 0 or f.snowfall > 0),
        "season 'summer' has no snow: set snow_cover and snowfall to 0, or another season",
    ),
    (
        lambda f: f.scenario == "child_between_cars" and f.parking == "none",
        "scenario 'child_between_cars' needs parked cars: set parking to left, right or both",
    ),
    (
        _lens_folds,
        "lens_k1, lens_k2, lens_p1, lens_p2 fold the picture at its corners: take smaller ones, "
        "or a smaller camera_fov",
    ),
)
"""What a row cannot say at once: test of the complete factors, and the complaint."""


def _checked(factor: dataclasses.Field[Any], value: Any) -> Any:
    name = factor.name
    if "choices" in factor.metadata:
        choices = factor.metadata["choices"]
        if not isinstance(value, str) or value not in choices:
            near = get_close_matches(str(value), choices, 1, 0.0)[0]
            raise ConfigError(
                f"factor {name!r}: {value!r} is none of {', '.join(choices)}; nearest is {near!r}"
            )
        return str(value)
    low, high = factor.metadata["range"]
    unit = factor.metadata["unit"]
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ConfigError(f"factor {name!r}: {value!r} is not a number") from None
    if isinstance(factor.default, int):
        if not number.is_integer():
            raise ConfigError(f"factor {name!r}: {value!r} is not a whole number")
        number = int(number)
    if not (math.isfinite(number) and low <= number <= high):
        raise ConfigError(f"factor {name!r}: {value} is not within {low} to {high} {unit}".rstrip())
    return number


def checked(name: str, value: Any) -> Any:
    """The value of factor `name` as it is stored.

    Raises:
        ConfigError: not one of its choices, or not within its range.
    """
    return _checked(FACTORS[name], value)
