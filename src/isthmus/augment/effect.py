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
from isthmus.augment.fog import Fog
from isthmus.augment.high_illumination import HighIllumination
from isthmus.augment.linear import Floats
from isthmus.augment.low_light import LowLight
from isthmus.augment.motion_blur import MotionBlur
from isthmus.augment.severity import Scale


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


EFFECTS: dict[str, Effect] = {
    "fog": Fog(),
    "low_light": LowLight(),
    "high_illumination": HighIllumination(),
    "motion_blur": MotionBlur(),
}
"""Name → effect, in the order in which they are offered."""
