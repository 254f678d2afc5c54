"""Sensor noise: a signal amplified so far that photons can be counted in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isthmus.augment.arrays import Arrays
from isthmus.augment.linear import Floats
from isthmus.augment.physical import Changed, Physical
from isthmus.augment.sensor import FULL_WELL, sensed
from isthmus.augment.severity import Scale

GREY = 0.18
"""Linear level at which the ratio of signal to noise is stated."""

LADDER = Scale("dB", "signal to noise at middle grey", (30.0, 26.0, 22.0, 17.0, 12.0))


@dataclass(frozen=True)
class SensorNoise(Physical):
    """Too little light for the exposure, amplified."""

    name: str = "sensor_noise"
    label: str = "shot and read noise"
    cause: str = "noise"
    scale: Scale = LADDER

    def change(
        self, light: Floats, arrays: Arrays, depth: Floats, severity: float,
        rng: np.random.Generator,
    ) -> Changed:  # fmt: skip
        """See `Physical.change`."""
        gain = gain_of(self.scale.value(severity)) * min(severity, 1.0) ** 2
        return Changed(sensed(light, gain, rng))


def gain_of(decibel: float) -> float:
    """Amplification at which middle grey's signal is so many dB above its shot noise.

    Shot noise of N electrons is √N: 20 log10 √N decibels.
    """
    return FULL_WELL * GREY / 10 ** (decibel / 10)
