"""Drops of water on the glass: each shows the scene small, upside down and out of focus."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isthmus.augment.arrays import Arrays
from isthmus.augment.linear import Floats
from isthmus.augment.physical import Changed, Physical
from isthmus.augment.severity import Scale
from isthmus.augment.smooth import blurred
from isthmus.hydrometeors.glass import lens_drops

LADDER = Scale("drops", "water on the glass", (5.0, 12.0, 25.0, 60.0, 130.0), ratio=True)


@dataclass(frozen=True)
class LensDrops(Physical):
    """A wet lens or windscreen, not wiped."""

    name: str = "lens_drops"
    label: str = "drops of water on the glass, refracting"
    cause: str = "water on the glass"
    scale: Scale = LADDER

    def change(
        self, light: Floats, arrays: Arrays, depth: Floats, severity: float,
        rng: np.random.Generator,
    ) -> Changed:  # fmt: skip
        """See `Physical.change`."""
        number = round(self.scale.amount(severity))
        soft = blurred(light, light.shape[1] * 0.012)
        out, wet = lens_drops(light, soft, number, rng)
        return Changed(np.asarray(out, np.float32), np.asarray(1 - np.clip(wet, 0, 1), np.float32))
