"""How bright sun and sky are: photometry from noon to deep night.

Sun and diffuse illuminance by day follow the IES's daylight availability (RP-21, 1984): beams
weakened along the air mass (Kasten and Young 1989), diffuse light of clear, partly cloudy and
overcast skies. Twilight follows tabulated ground illuminances (Seidelmann 1992). The sky of a town
never falls under the glow of its own lamps, which clouds throw back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isthmus.hydrometeors.air import fog_extinction
from isthmus.synth.world.mesh import Floats
from isthmus.synth.world.scene import Weather

SOLAR = 127_500.0
"""Illuminance outside the atmosphere, lux."""
DEPTHS = np.array([0.185, 0.23, 0.32])
"""Optical depth of a clear vertical atmosphere at about 610, 550 and 465 nm."""
TWILIGHT = ((-18.0, -3.2), (-12.0, -2.1), (-9.0, -0.9), (-6.0, 0.53), (-3.0, 1.75), (0.0, 2.9))
"""Sun's height in degrees, log10 of illuminance in lux."""
FOG_DEPTH = 120.0
"""Thickness of a bank of fog, metres."""
BLUE, WHITE = np.array([0.82, 1.0, 1.5]), np.array([0.96, 1.0, 1.06])
GLOW = np.array([1.35, 0.95, 0.62])
"""Colours, of luminance about 1, of clear sky (12 000 K), cloud and a town's glow."""


@dataclass(frozen=True)
class Daylight:
    """Light from above.

    Attributes:
        direction: (3,) unit vector towards the sun.
        sun: (3,) illuminance of a surface that faces the sun, lux, RGB; 0 below the horizon.
        sky: (3,) illuminance of open ground by the sky alone, lux, RGB.
        cover: share of the sky that is cloud or fog, 0–1.
        extinction: of the air, 1/m.
    """

    direction: Floats
    sun: Floats
    sky: Floats
    cover: float
    extinction: float

    @property
    def ground(self) -> Floats:
        """(3,) illuminance of open ground, lux."""
        total = self.sky + self.sun * max(float(self.direction[1]), 0.0)
        return np.asarray(total, np.float32)


def daylight(weather: Weather) -> Daylight:
    """The light from above in a weather."""
    elevation = float(weather.sun_elevation)
    height = max(np.sin(np.radians(elevation)), 0.0)
    extinction = fog_extinction(max(weather.visibility, 1.0))
    veil = float(np.exp(-max(extinction - 3e-4, 0.0) * FOG_DEPTH / max(height, 0.05)))
    cover = 1 - (1 - float(weather.clouds)) * veil
    shine = 1 - _smooth(0.55, 0.97, float(weather.clouds))
    sun = SOLAR * np.exp(-DEPTHS * _air_mass(elevation)) * shine * veil
    sun *= _smooth(-0.6, 0.4, elevation)  # the disc sets
    return Daylight(
        direction=weather.sun_direction,
        sun=sun.astype(np.float32),
        sky=_diffuse(elevation, height, cover).astype(np.float32),
        cover=cover,
        extinction=extinction,
    )


def _diffuse(elevation: float, height: float, cover: float) -> np.ndarray:
    """Illuminance (3,) of open ground by the sky, lux."""
    # The IES's root of the height, without its endless slope at the horizon.
    clear = 800 + 17_500 * (np.sqrt(height + 0.03) - np.sqrt(0.03))
    partly, overcast = 300 + 45_000 * height, 300 + 21_000 * height
    middle = max(partly, clear)
    lux = np.interp(cover, (0.0, 0.5, 1.0), (clear, middle, overcast))
    if elevation < 0:
        degrees, logs = zip(*TWILIGHT, strict=True)
        lux *= 10 ** float(np.interp(elevation, degrees, logs) - logs[-1])
    colour = BLUE * (1 - cover) + WHITE * cover
    return np.asarray(lux * colour + 0.12 * (1 + 4 * cover) * GLOW)


def _air_mass(elevation: float) -> float:
    """Optical path relative to the zenith's (Kasten and Young 1989)."""
    above = max(elevation, 0.0)
    return float(1 / (np.sin(np.radians(above)) + 0.50572 * (above + 6.07995) ** -1.6364))


def _smooth(low: float, high: float, value: float) -> float:
    share = min(max((value - low) / (high - low), 0.0), 1.0)
    return share * share * (3 - 2 * share)
