"""Extinction of light by fog, haze, rain and snow."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isthmus.hydrometeors.air import fog_extinction, rain_extinction, snow_extinction
from isthmus.synth.world.scene import Weather


def extinction(weather: Weather) -> float:
    """Extinction coefficient of the air, 1/m, of all that floats or falls in it."""
    falling = rain_extinction(weather.rain) + snow_extinction(weather.snowfall)
    return fog_extinction(weather.visibility) + falling


def transmission(weather: Weather, distance: ArrayLike) -> NDArray[np.float64]:
    """Share of light (0–1) that passes through `distance` metres of air."""
    return np.asarray(np.exp(-extinction(weather) * np.asarray(distance, np.float64)))
