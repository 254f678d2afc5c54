"""A colour cast: white balance for a light of another colour temperature.

Steps are in mired (10⁶ / K), in which equal steps look alike (Judd 1935); the gains are those
between daylight of 6500 K and a black body of the other temperature (Planck's law at 610, 550 and
465 nm), with luminance kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isthmus.augment.arrays import Arrays
from isthmus.augment.linear import LUMINANCE, Floats
from isthmus.augment.physical import Changed, Physical
from isthmus.augment.severity import Scale

DAYLIGHT = 1e6 / 6500
WAVELENGTHS = np.array([610e-9, 550e-9, 465e-9])
SECOND_RADIATION = 1.438777e-2
"""Second radiation constant, m·K."""

LADDER = Scale("mired", "error of white balance", (15.0, 35.0, 60.0, 90.0, 130.0), ratio=True)


@dataclass(frozen=True)
class ColourCast(Physical):
    """A camera balanced for another light: too warm, or too cold."""

    name: str = "colour_cast"
    label: str = "colour cast: wrong white balance"
    cause: str = "the colour cast"
    scale: Scale = LADDER

    def change(
        self, light: Floats, arrays: Arrays, depth: Floats, severity: float,
        rng: np.random.Generator,
    ) -> Changed:  # fmt: skip
        """See `Physical.change`."""
        sign = 1.0 if rng.random() < 0.6 else -1.0
        return Changed(np.asarray(light * gains(sign * self.scale.amount(severity)), np.float32))


def gains(mired: float) -> Floats:
    """RGB factors (3,) of light that many mired warmer (above 0) or colder than daylight."""
    # Colder than a black body of any temperature is no light.
    there = _black_body(max(DAYLIGHT + mired, 20.0)) / _black_body(DAYLIGHT)
    return np.asarray(there / (there @ LUMINANCE), np.float32)


def _black_body(mired: float) -> Floats:
    exponent = SECOND_RADIATION * mired / 1e6 / WAVELENGTHS
    return np.asarray(1 / (WAVELENGTHS**5 * np.expm1(exponent)), np.float64)
