"""The mouth of a tunnel: the camera is set for the dark, and what is outside burns out.

What is nearer than the mouth, and what stands in its opening, stays in sight; all around is the
tunnel's lining. Light from outside falls in and fades with the distance from the mouth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isthmus.augment.arrays import Arrays
from isthmus.augment.linear import Floats, luminance
from isthmus.augment.mix import over, scaled
from isthmus.augment.physical import Changed, Physical
from isthmus.augment.severity import Scale
from isthmus.augment.smooth import gauss, smooth_noise
from isthmus.augment.surfaces import road_plane

MOUTH = (18.0, 35.0)
"""Distance of the mouth, metres."""
HALF_WIDTH, HEIGHT = 6.0, 5.5
"""Of the opening, metres."""
INSIDE = 0.35
"""Level of what is inside, relative to what the daylight picture shows."""
LINING = np.array([0.05, 0.046, 0.04], np.float32)

LADDER = Scale("EV", "over-exposure outside", (0.8, 1.5, 2.2, 3.0, 4.0))


@dataclass(frozen=True)
class TunnelExit(Physical):
    """Leaving a tunnel by day."""

    name: str = "tunnel_exit"
    label: str = "tunnel exit: dark inside, burnt out outside"
    cause: str = "the tunnel's contrast"
    scale: Scale = LADDER

    def change(
        self, light: Floats, arrays: Arrays, depth: Floats, severity: float,
        rng: np.random.Generator,
    ) -> Changed:  # fmt: skip
        """See `Physical.change`."""
        shape = (depth.shape[0], depth.shape[1])
        plane = road_plane(depth, arrays.geometry)
        distance, strength = rng.uniform(*MOUTH), np.float32(min(severity, 1.0))
        across = (np.arange(shape[1], dtype=np.float32) + np.float32(0.5 - shape[1] / 2))[None]
        across = np.abs(across) * np.float32(distance / plane.focal)
        down = (np.arange(shape[0], dtype=np.float32) + np.float32(0.5 - plane.horizon))[:, None]
        up = np.float32(plane.eye) - down * np.float32(distance / plane.focal)
        arch = np.clip((up - HEIGHT * 0.6) / (HEIGHT * 0.4), 0, 1)
        opening = (across < HALF_WIDTH * np.sqrt(np.clip(1 - arch**2, 0, 1))) & (up < HEIGHT)
        near = depth < distance
        outside = gauss((opening & ~near).astype(np.float32), max(0.6, shape[1] / 700))
        hidden = gauss((~opening & ~near).astype(np.float32), max(0.6, shape[1] / 700))
        bright = np.float32(2 ** self.scale.amount(severity))
        daylight = np.clip(depth / np.float32(distance), 0.15, 1) ** 2
        dim = 1 + (np.float32(INSIDE) * (0.4 + 0.6 * daylight) - 1) * strength
        out = scaled(light, dim + (bright - dim) * outside)
        grain = 1 + np.float32(0.2) * smooth_noise(rng, shape, (9, 21, 45))
        lining = (grain * (0.4 + 0.6 * daylight))[..., None] * LINING
        out = over(out, lining, hidden * strength)
        veil = gauss(np.clip(luminance(out) - 0.9, 0, 3), shape[1] / 18)
        out += (np.float32(0.12) * veil)[..., None]
        return Changed(np.asarray(out, np.float32), 1 - hidden * strength)
