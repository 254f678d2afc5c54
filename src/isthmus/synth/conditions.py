"""Light and weather: the same scene by day, in fog, at dusk, at night.

Illuminances are in lux, luminances in cd/m² (of a white surface: E/π), so that street lamps,
headlamps and the sky stand in their true proportion and the camera has to cope, as it must.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from isthmus.errors import ConfigError
from isthmus.synth.mesh import Floats
from isthmus.synth.street import Street

CONTRAST_THRESHOLD = 0.05
KOSCHMIEDER = float(-np.log(CONTRAST_THRESHOLD))
"""Visibility × extinction coefficient: contrast falls to 5 % at the visibility (2.996)."""


@dataclass(frozen=True)
class Light:
    """The light over a scene.

    Attributes:
        weather, timeofday: words for labels (BDD100K's).
        sun: (3,) illuminance of a surface that faces the sun, lux, RGB.
        sky: (3,) illuminance of the ground by the sky alone, lux, RGB.
        zenith, horizon: (3,) luminance of the sky, cd/m².
        direction: (3,) unit vector towards the sun.
        clouds: share of sky covered.
        visibility: meteorological visibility in metres.
        airlight: (3,) luminance that fog or haze takes on, cd/m².
        lamps: vehicles' lamps, street lamps and windows shine.
        lit_windows: share of windows with light.
    """

    weather: str
    timeofday: str
    sun: Floats
    sky: Floats
    zenith: Floats
    horizon: Floats
    direction: Floats
    clouds: float
    visibility: float
    airlight: Floats
    lamps: bool
    lit_windows: float

    @property
    def extinction(self) -> float:
        """Extinction coefficient of the air, 1/m."""
        return KOSCHMIEDER / self.visibility


def _rgb(*values: float) -> Floats:
    return np.array(values, np.float32)


def _towards(azimuth: float, elevation: float) -> Floats:
    flat = np.cos(elevation)
    return _rgb(flat * np.sin(azimuth), np.sin(elevation), flat * np.cos(azimuth))


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _clear_day(street: Street, rng: np.random.Generator) -> Light:
    azimuth, elevation = street.sun
    height = np.sin(elevation)
    sun = 95000 * height**0.3 * np.array([1.0, 0.93 + 0.05 * height, 0.78 + 0.16 * height])
    sky = 15000 * np.array([0.86, 0.97, 1.2]) * (0.8 + 0.5 * street.clouds)
    overcast = street.clouds > 0.6
    if overcast:  # thin cloud over all of the sky
        sun = sun * 0.06
        sky = 16000 * np.array([0.97, 1.0, 1.05])
    horizon = sky / np.pi * 1.9 * np.array([1.05, 1.0, 0.9])
    return Light(
        weather="overcast" if overcast else ("partly cloudy" if street.clouds > 0.3 else "clear"),
        timeofday="daytime",
        sun=sun.astype(np.float32),
        sky=sky.astype(np.float32),
        zenith=(sky / np.pi * (_rgb(0.95, 1, 1.04) if overcast else _rgb(0.42, 0.72, 1.15))).astype(
            np.float32
        ),
        horizon=horizon.astype(np.float32),
        direction=_towards(azimuth, elevation),
        clouds=1.0 if overcast else street.clouds,
        visibility=_log_uniform(rng, 6000, 20000),
        airlight=(horizon * 0.85).astype(np.float32),
        lamps=False,
        lit_windows=0.0,
    )


def _fog(street: Street, rng: np.random.Generator) -> Light:
    sky = rng.uniform(5000, 11000) * _rgb(0.98, 1.0, 1.03)
    airlight = sky / np.pi * rng.uniform(0.82, 1.0)
    return Light(
        weather="foggy",
        timeofday="daytime",
        sun=0 * sky,
        sky=sky,
        zenith=airlight * 1.15,
        horizon=airlight,
        direction=_towards(*street.sun),
        clouds=1.0,
        visibility=_log_uniform(rng, 35, 130),
        airlight=airlight.astype(np.float32),
        lamps=bool(rng.random() < 0.7),
        lit_windows=0.05,
    )


def _dusk(street: Street, rng: np.random.Generator) -> Light:
    lux = _log_uniform(rng, 12, 160)
    sky = lux * _rgb(0.82, 0.94, 1.25)
    warm = np.array([1.5, 1.0, 0.72]) if rng.random() < 0.5 else np.array([1.0, 1.0, 1.05])
    horizon = sky / np.pi * 2.4 * warm
    return Light(
        weather="clear" if street.clouds < 0.6 else "overcast",
        timeofday="dawn/dusk",
        sun=0 * sky,
        sky=sky,
        zenith=sky / np.pi * _rgb(0.75, 0.85, 1.05),
        horizon=horizon.astype(np.float32),
        direction=_towards(street.sun[0], 0.02),
        clouds=max(street.clouds, 0.35),
        visibility=_log_uniform(rng, 4000, 12000),
        airlight=(horizon * 0.6).astype(np.float32),
        lamps=True,
        lit_windows=float(rng.uniform(0.1, 0.3)),
    )


def _night(street: Street, rng: np.random.Generator) -> Light:
    sky = _log_uniform(rng, 0.15, 1.2) * _rgb(0.85, 0.9, 1.15)
    glow = sky / np.pi * _rgb(1.9, 1.5, 1.1)  # town light on haze
    return Light(
        weather="clear",
        timeofday="night",
        sun=0 * sky,
        sky=sky,
        zenith=sky / np.pi * 0.5,
        horizon=glow.astype(np.float32),
        direction=_towards(street.sun[0], 0.5),
        clouds=street.clouds,
        visibility=_log_uniform(rng, 2000, 10000),
        airlight=(glow * 0.7).astype(np.float32),
        lamps=True,
        lit_windows=float(rng.uniform(0.12, 0.35)),
    )


CONDITIONS: Mapping[str, Callable[[Street, np.random.Generator], Light]] = MappingProxyType(
    {"clear_day": _clear_day, "fog": _fog, "dusk": _dusk, "night": _night}
)


def light_for(condition: str, street: Street, rng: np.random.Generator) -> Light:
    """The light of `condition` over `street`.

    Raises:
        ConfigError: the condition is not one of `CONDITIONS`.
    """
    if condition not in CONDITIONS:
        known = ", ".join(CONDITIONS)
        raise ConfigError(f"condition {condition!r}: not known; one of {known}")
    return CONDITIONS[condition](street, rng)
