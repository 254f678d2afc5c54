"""Motion blur of a camera that drives: what is near and off the axis smears most.

Driving ahead at v for a shutter time T moves the image of a point at depth z by (u − u₀) v T / z
(optical flow of pure translation, Longuet-Higgins and Prazdny 1980); a pitching camera moves all
of it alike. The path is averaged in linear light.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isthmus.augment.arrays import Arrays
from isthmus.augment.linear import Floats
from isthmus.augment.physical import Changed, Physical
from isthmus.augment.severity import Scale

SAMPLES = 7
SPEED = 14.0
"""Assumed speed in m/s (50 km/h)."""
SHAKE = 0.045
"""Vertical shake, shares of the picture's width a second."""

LADDER = Scale("ms", "shutter time", (12.0, 25.0, 45.0, 75.0, 120.0), ratio=True)


@dataclass(frozen=True)
class MotionBlur(Physical):
    """A shutter too slow for the speed."""

    name: str = "motion_blur"
    label: str = "motion blur by depth"
    cause: str = "motion blur"
    scale: Scale = LADDER

    def change(
        self, light: Floats, arrays: Arrays, depth: Floats, severity: float,
        rng: np.random.Generator,
    ) -> Changed:  # fmt: skip
        """See `Physical.change`."""
        return Changed(self.smeared(light, depth, self.scale.amount(severity) / 1000, rng,
                                    horizon=arrays.geometry.horizon))  # fmt: skip

    @staticmethod
    def smeared(
        light: Floats, depth: Floats, shutter: float, rng: np.random.Generator,
        *, horizon: float = 0.48,
    ) -> Floats:  # fmt: skip
        """Mean of the light (h, w, 3) along each pixel's path during `shutter` seconds.

        Paths run away from the middle of the `horizon`, a share of the picture's height.
        """
        height, width = depth.shape
        speed = SPEED * rng.uniform(0.7, 1.2)
        shake = SHAKE * width * shutter * rng.normal()
        rows = np.arange(height, dtype=np.float32)[:, None]
        columns = np.arange(width, dtype=np.float32)[None]
        # At most a twelfth of the picture: nearer things would leave it altogether.
        share = np.clip(speed * shutter / np.maximum(depth, 1.0), 0, 0.5)
        dx = ((columns - width / 2) * share).clip(-width / 12, width / 12)
        dy = ((rows - np.float32(height * horizon)) * share).clip(
            -width / 12, width / 12
        ) + np.float32(shake)
        flat = light.reshape(-1, 3)
        total = np.zeros_like(flat)
        for moment in np.linspace(-0.5, 0.5, SAMPLES):
            y = np.clip(rows + dy * np.float32(moment) + 0.5, 0, height - 1).astype(np.int32)
            x = np.clip(columns + dx * np.float32(moment) + 0.5, 0, width - 1).astype(np.int32)
            total += np.take(flat, (y * width + x).ravel(), axis=0)
        return (total / np.float32(SAMPLES)).reshape(light.shape)
