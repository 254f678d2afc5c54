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
from isthmus.augment.linear import Floats, luminance
from isthmus.augment.mix import scaled
from isthmus.augment.physical import Changed, Physical
from isthmus.augment.severity import Scale
from isthmus.augment.smooth import gauss
from isthmus.augment.surfaces import Surfaces, surfaces

SUN = np.array([1.0, 0.93, 0.8], np.float32)
VEIL = 0.002
"""Light that the lens scatters of a sun in view; a quarter of it of one behind something."""
BLOOM = 0.05
"""Share of what is burnt out that is scattered around it, each step."""
DISC = 0.0007
"""Size of the burnt-out disc: square of its radius over that of the picture's width."""
SHADE = 0.65
"""Light on what stands, relative to the road's, with the sun ahead: its shady side is seen."""
TRIES = 8
"""Places in which the sun is looked for until one lies in the sky."""

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
        return Changed(self.lit(light, surfaces(arrays, depth), severity, rng))

    def lit(
        self, light: Floats, where: Surfaces, severity: float, rng: np.random.Generator
    ) -> Floats:
        """Linear light (h, w, 3) that reaches the sensor."""
        height, width = where.sky.shape
        stops = self.scale.amount(severity)
        sun, free = sun_place(where, rng)
        rows = (np.arange(height, dtype=np.float32) - np.float32(sun[1]))[:, None]
        columns = (np.arange(width, dtype=np.float32) - np.float32(sun[0]))[None]
        angle2 = (rows**2 + columns**2) / np.float32(width**2)
        veil = np.float32((VEIL if free else VEIL / 4) * severity) / (angle2 + np.float32(0.006))
        raised = scaled(light, np.float32(2**stops) * shaded(where, min(severity, 1.0)))
        burnt = np.maximum(luminance(raised) - np.float32(0.8), 0)
        bloom = gauss(np.minimum(burnt, 3), width / 40) * np.float32(BLOOM * severity)
        disc = np.exp(-angle2 / np.float32(DISC)) * where.sky * np.float32(3 * severity)
        return np.asarray(raised + (veil + bloom + disc)[..., None] * SUN, np.float32)


def sun_place(where: Surfaces, rng: np.random.Generator) -> tuple[tuple[float, float], bool]:
    """Where a low sun ahead stands, (x, y) in pixels, and whether it is seen."""
    height, width = where.sky.shape
    free = False
    for _ in range(TRIES):
        x, y = rng.uniform(0.1, 0.9) * width, rng.uniform(-0.05, 0.38) * height
        free = y < 0 or bool(where.sky[int(y), int(x)])
        if free:
            break
    return (x, y), free


def shaded(where: Surfaces, amount: float) -> Floats:
    """Factor (h, w) on light: with the sun ahead what stands shows the side that is in shade."""
    up = ~(where.sky | where.sealed | where.soft)
    share = gauss(up.astype(np.float32), max(0.6, up.shape[1] / 900))
    return 1 - np.float32(amount * (1 - SHADE)) * share
