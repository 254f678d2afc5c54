"""Defocus: each point of light becomes a disc, its circle of confusion (thin lens)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isthmus.augment.arrays import Arrays
from isthmus.augment.linear import Floats
from isthmus.augment.physical import Changed, Physical
from isthmus.augment.severity import Scale
from isthmus.augment.smooth import disc_blurred

LADDER = Scale("mrad", "circle of confusion", (2.0, 4.0, 7.0, 11.0, 16.0), ratio=True)


@dataclass(frozen=True)
class Defocus(Physical):
    """A lens that is out of focus; a fixed-focus camera is so everywhere alike."""

    name: str = "defocus"
    label: str = "out of focus"
    cause: str = "defocus"
    scale: Scale = LADDER

    def change(
        self, light: Floats, arrays: Arrays, depth: Floats, severity: float,
        rng: np.random.Generator,
    ) -> Changed:  # fmt: skip
        """See `Physical.change`."""
        focal = arrays.geometry.focal * light.shape[1]
        return Changed(disc_blurred(light, focal * self.scale.amount(severity) / 2000))
