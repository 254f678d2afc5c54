"""Compression: what JPEG leaves of a picture at low quality (ITU-T T.81; IJG's quality scale)."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np

from isthmus.augment.arrays import Arrays
from isthmus.augment.linear import Floats, to_linear, to_srgb
from isthmus.augment.mix import over
from isthmus.augment.physical import Changed, Physical
from isthmus.augment.severity import Scale

LADDER = Scale("quality", "JPEG", (50.0, 30.0, 18.0, 10.0, 5.0), ratio=True)


@dataclass(frozen=True)
class Compression(Physical):
    """A picture sent or stored with too few bits."""

    name: str = "compression"
    label: str = "JPEG compression"
    cause: str = "compression"
    scale: Scale = LADDER

    def change(
        self, light: Floats, arrays: Arrays, depth: Floats, severity: float,
        rng: np.random.Generator,
    ) -> Changed:  # fmt: skip
        """See `Physical.change`."""
        from PIL import Image

        buffer = io.BytesIO()
        quality = round(self.scale.value(severity))
        Image.fromarray(to_srgb(light)).save(buffer, "JPEG", quality=quality, subsampling="4:2:0")
        after = to_linear(np.asarray(Image.open(buffer)))
        if severity >= 1:
            return Changed(after)
        return Changed(over(light, after, np.full(depth.shape, severity, np.float32)))
