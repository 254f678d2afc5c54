"""What an effect is: a physical change of a frame's light, with a unit, a ladder and an audit.

Severity is a real number from 0 (nothing happens) to 5; whole steps 1–5 stand for the physical
values of an effect's ladder and the values between them are interpolated. Effects work in linear
light, take their randomness from the generator they are given, and keep size, shape and type.
A new effect is a file of its own and a line in `EFFECTS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from isthmus.augment.arrays import Arrays
from isthmus.augment.audit import Audit
from isthmus.augment.colour_cast import ColourCast
from isthmus.augment.composition import Composition, Part
from isthmus.augment.compression import Compression
from isthmus.augment.defocus import Defocus
from isthmus.augment.fog import Fog
from isthmus.augment.high_illumination import HighIllumination
from isthmus.augment.lens_dirt import LensDirt
from isthmus.augment.lens_drops import LensDrops
from isthmus.augment.linear import Floats
from isthmus.augment.low_light import LowLight
from isthmus.augment.motion_blur import MotionBlur
from isthmus.augment.night import Night
from isthmus.augment.rain import Rain
from isthmus.augment.sensor_noise import SensorNoise
from isthmus.augment.severity import Scale
from isthmus.augment.snow import Snow
from isthmus.augment.tunnel_exit import TunnelExit
from isthmus.augment.wet_road import WetRoad


class Effect(Protocol):
    """An augmentation with a physical meaning."""

    @property
    def name(self) -> str:
        """Word by which users choose it."""
        ...

    @property
    def label(self) -> str:
        """What it does, in a few words."""
        ...

    @property
    def scale(self) -> Scale:
        """Unit and ladder of its severity."""
        ...

    def attributes(self, severity: float) -> Mapping[str, str]:
        """Frame attributes (weather, timeofday) that hold afterwards."""
        ...

    def apply(
        self, arrays: Arrays, depth: Floats, severity: float, rng: np.random.Generator
    ) -> tuple[Arrays, Audit]:
        """The frame after the effect, and what it left of the boxes.

        Args:
            arrays: the frame; at least 32 × 32 pixels.
            depth: (h, w) metres, camera z; beyond `isthmus.augment.depth.SKY` is sky.
            severity: 0–5.
            rng: source of all randomness.
        """
        ...


RAIN, WET_ROAD, NIGHT = Rain(), WetRoad(), Night()
EFFECTS: dict[str, Effect] = {
    "fog": Fog(),
    "low_light": LowLight(),
    "high_illumination": HighIllumination(),
    "motion_blur": MotionBlur(),
    "rain": RAIN,
    "snow": Snow(),
    "night": NIGHT,
    "wet_road": WET_ROAD,
    "tunnel_exit": TunnelExit(),
    "lens_dirt": LensDirt(),
    "lens_drops": LensDrops(),
    "defocus": Defocus(),
    "sensor_noise": SensorNoise(),
    "compression": Compression(),
    "colour_cast": ColourCast(),
    # What is wet mirrors lamps: the dark comes first.
    "storm": Composition(
        "storm",
        "storm: rain in failing light",
        (Part(LowLight(), 0.5), Part(Rain(shutter=1 / 80, bright=False))),
        leading=1,
    ),
    "wet_night": Composition(
        "wet_night", "wet road at night", (Part(NIGHT), Part(WET_ROAD)), leading=1
    ),
    "sleet": Composition(
        "sleet", "sleet: wet snow and rain", (Part(Snow(lying=False), 0.8), Part(RAIN, 0.6))
    ),
}
"""Name → effect, in the order in which they are offered."""
