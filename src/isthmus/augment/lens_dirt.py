"""Dirt on the lens: specks and smears far out of focus, which dim what is behind and glow.

Dirt lies on the glass, so the lens blurs it into soft patches; it takes light from what is behind
it and scatters light from all around into its place (Gu et al., "Removing image artifacts due to
dirty camera lenses and thin occluders", 2009: image = scene · attenuation + scattered light).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isthmus.augment.arrays import Arrays
from isthmus.augment.linear import Floats
from isthmus.augment.mix import over
from isthmus.augment.physical import Changed, Physical
from isthmus.augment.severity import Scale
from isthmus.augment.smooth import blurred, enlarge, gauss, smooth_noise

SCATTERED = 0.6
"""Of the light all around, what a patch of dirt sends on."""
DENSEST = 0.93

LADDER = Scale("%", "glass under dirt", (6.0, 12.0, 22.0, 35.0, 55.0), ratio=True)


@dataclass(frozen=True)
class LensDirt(Physical):
    """A dirty lens or windscreen."""

    name: str = "lens_dirt"
    label: str = "dirt on the lens"
    cause: str = "dirt on the lens"
    scale: Scale = LADDER

    def change(
        self, light: Floats, arrays: Arrays, depth: Floats, severity: float,
        rng: np.random.Generator,
    ) -> Changed:  # fmt: skip
        """See `Physical.change`."""
        shape = (depth.shape[0], depth.shape[1])
        dirt = cover(rng, shape, self.scale.amount(severity) / 100)
        around = blurred(light, shape[1] / 12) * np.float32(SCATTERED)
        brown = np.array([1.0, 0.93, 0.82], np.float32)
        return Changed(over(light, around * brown, dirt), 1 - dirt)


def cover(rng: np.random.Generator, shape: tuple[int, int], share: float) -> Floats:
    """Opacity (h, w) of dirt that lies on `share` of the glass."""
    small = (max(16, shape[0] // 4), max(16, shape[1] // 4))
    field = smooth_noise(rng, small, (5, 9, 17, 33, 65))
    rows, columns = (np.arange(n, dtype=np.float32)[:, None] for n in small)
    for _ in range(40):
        y, x = rng.uniform(0, small[0]), rng.uniform(0, small[1])
        radius = small[1] * rng.uniform(0.006, 0.03)
        spot = ((rows - y) ** 2 + (columns.T - x) ** 2) / np.float32(radius**2)
        field += np.float32(rng.uniform(0.8, 2.5)) * np.exp(-np.minimum(spot, 30))
    limit = np.quantile(field, 1 - min(share, 0.98))
    dense = np.clip((field - limit) * 1.1 + 0.25, 0, 1) * (field > limit - 0.5)
    soft = gauss(np.asarray(dense, np.float32), max(0.8, small[1] / 130))
    return enlarge(soft, shape) * np.float32(DENSEST * min(1.0, share / 0.06))
