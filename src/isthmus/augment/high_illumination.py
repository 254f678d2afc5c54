"""High illumination: over-exposure, a low sun ahead, its veil over the picture.

The scene's light is raised by EV steps before it saturates; light from the sun and from what is
burnt out is scattered in the lens and lies over everything as a veil (disability glare falls with
the square of the angle: CIE 146:2002, Stiles–Holladay), so that contrast drops where it is least
wanted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isthmus.augment.arrays import Arrays
from isthmus.augment.depth import SKY
from isthmus.augment.linear import Floats, luminance
from isthmus.augment.physical import Changed, Physical
from isthmus.augment.severity import Scale
from isthmus.augment.smooth import gauss

SUN = np.array([1.0, 0.93, 0.8], np.float32)

LADDER = Scale("EV", "over-exposure", (0.5, 1.0, 1.5, 2.1, 2.8))


@dataclass(frozen=True)
class HighIllumination(Physical):
    """Too much light: exposure steps above the right one, with the glare that goes with it."""

    name: str = "high_illumination"
    label: str = "over-exposure and sun glare"
    cause: str = "glare"
    scale: Scale = LADDER

    def change(
        self, light: Floats, arrays: Arrays, depth: Floats, severity: float,
        rng: np.random.Generator,
    ) -> Changed:  # fmt: skip
        """See `Physical.change`."""
        return Changed(self.lit(light, depth, severity, rng))

    def lit(
        self, light: Floats, depth: Floats, severity: float, rng: np.random.Generator
    ) -> Floats:
        """Linear light (h, w, 3) that reaches the sensor."""
        height, width = depth.shape
        stops = self.scale.amount(severity)
        sun = (rng.uniform(0.1, 0.9) * width, rng.uniform(-0.05, 0.38) * height)
        rows = (np.arange(height, dtype=np.float32) - np.float32(sun[1]))[:, None]
        columns = (np.arange(width, dtype=np.float32) - np.float32(sun[0]))[None]
        angle2 = (rows**2 + columns**2) / np.float32(width**2)
        veil = np.float32(0.0035 * severity) / (angle2 + np.float32(0.006))
        level = luminance(light)
        burnt = np.maximum(level * np.float32(2**stops) - 0.8, 0)
        bloom = gauss(np.minimum(burnt, 3), width / 40) * np.float32(0.05 * severity)
        disc = np.exp(-angle2 / np.float32(0.0007)) * (depth >= SKY) * np.float32(severity)
        raised = light * np.float32(2**stops)
        return np.asarray(raised + (veil + bloom + disc)[..., None] * SUN, np.float32)
