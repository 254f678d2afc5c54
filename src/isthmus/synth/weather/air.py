"""Extinction of light by fog, haze, rain and snow."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isthmus.synth.world.scene import Weather

KOSCHMIEDER = float(-np.log(0.05))
"""Visibility × extinction: contrast falls to 5 % at the visibility (WMO's optical range)."""


def extinction(weather: Weather) -> float:
    """Extinction coefficient of the air, 1/m, of all that floats or falls in it.

    Rain: 1.076 R^0.67 dB/km (Carbonneau & Wisely, Proc. SPIE 3232, 1998). Snow attenuates far
    more than rain of as much water: about 5.4 S^0.72 dB/km ("wet snow", ITU-R P.1817-1, eq. 9,
    without its dependence on the wavelength, which is weak in the visible).
    """
    decibel = np.log(10) / 10 / 1000
    rain = 1.076 * weather.rain**0.67 * decibel
    snow = 5.4 * weather.snowfall**0.72 * decibel
    return float(KOSCHMIEDER / weather.visibility + rain + snow)


def transmission(weather: Weather, distance: ArrayLike) -> NDArray[np.float64]:
    """Share of light (0–1) that passes through `distance` metres of air."""
    return np.asarray(np.exp(-extinction(weather) * np.asarray(distance, np.float64)))
