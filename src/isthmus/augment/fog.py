"""Fog by Koschmieder's law (1924): L = J t + A (1 − t), t = exp(−β d), in linear light.

β = −ln 0.05 / V: at the meteorological visibility V an object's contrast has fallen to 5 % (WMO).
A, the airlight, is read off the frame: the brightest of what is bright in every colour (He, Sun,
Tang, "Single image haze removal using dark channel prior", 2009), held to the level at which
cameras show fog. Fog also diffuses the sunlight: the scene's own light falls a little.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from isthmus.augment.arrays import Arrays
from isthmus.augment.daylight import evened, unevenness
from isthmus.augment.depth import SKY
from isthmus.augment.linear import Floats, luminance
from isthmus.augment.mix import scaled
from isthmus.augment.physical import Changed, Physical
from isthmus.augment.severity import Scale
from isthmus.augment.smooth import normal_noise, smooth_noise
from isthmus.hydrometeors.air import fog_extinction

LOWEST_AIRLIGHT, HIGHEST_AIRLIGHT = 0.3, 0.5
DIFFUSION = 0.2
"""Share of the scene's light that thick fog takes away (no direct sun)."""
LADDER = Scale("m", "visibility", (400.0, 200.0, 120.0, 70.0, 40.0), ratio=True)


@dataclass(frozen=True)
class Fog(Physical):
    """Daylight fog of a given visibility.

    Attributes:
        heterogeneity: how unevenly it lies (standard deviation of the density, 0: even).
        evened: how far shadows and sunlit places are evened out, 0–1: in fog light comes from all
            around.
        noise: deviation, from pixel to pixel, that the camera adds to a surface as bright as fog.
    """

    heterogeneity: float = 0.15
    evened: float = 0.6
    noise: float = 0.015
    name: str = "fog"
    label: str = "fog by depth (Koschmieder)"
    cause: str = "fog"
    scale: Scale = LADDER

    def attributes(self, severity: float) -> Mapping[str, str]:
        """Foggy."""
        return {"weather": "foggy"} if severity > 0 else {}

    def extinction(self, severity: float) -> float:
        """β in 1/m; rises from 0 in proportion to severities below 1."""
        return fog_extinction(self.scale.value(severity)) * min(severity, 1.0)

    def change(
        self, light: Floats, arrays: Arrays, depth: Floats, severity: float,
        rng: np.random.Generator,
    ) -> Changed:  # fmt: skip
        """See `Physical.change`."""
        through = self.transmission(depth, severity, rng)
        strength = min(severity, 1.0)
        airlight = self.airlight(light) * np.float32(rng.uniform(0.92, 1.06))
        dim = np.float32(1 - DIFFUSION * strength * min(severity / 3, 1))
        level, sky = luminance(light), (depth >= SKY).astype(np.float32)
        factor = dim * evened(level, unevenness(level, sky), self.evened * strength)
        veiled = airlight + (scaled(light, factor) - airlight) * through[..., None]
        noise = np.float32(self.noise) * normal_noise(rng, level.shape) * (1 - through)
        return Changed(scaled(np.asarray(veiled, np.float32), 1 + noise), through)

    def transmission(self, depth: Floats, severity: float, rng: np.random.Generator) -> Floats:
        """Share of light (h, w) that comes through the fog before each pixel, 0–1."""
        density = np.float32(self.extinction(severity))
        distance = np.where(depth >= SKY, np.float32(4 * SKY), depth)
        optical = density * distance
        shape = (depth.shape[0], depth.shape[1])
        uneven = smooth_noise(rng, shape, (3, 7, 15))
        if self.heterogeneity > 0:
            optical = optical * np.clip(1 + self.heterogeneity * uneven, 0.3, 2.0)
        return np.exp(-optical).astype(np.float32)

    @staticmethod
    def airlight(light: Floats) -> Floats:
        """Linear RGB of fog in this frame's light."""
        dark = light.min(axis=2)[::2, ::2]
        limit = np.quantile(dark, 0.98)
        colour = light[::2, ::2][dark >= limit].mean(axis=0)
        level = float(np.clip(luminance(colour) * 0.8, LOWEST_AIRLIGHT, HIGHEST_AIRLIGHT))
        # Droplets scatter all colours alike: most of the tint goes.
        tint = 0.3 * colour / max(float(luminance(colour)), 1e-6) + 0.7
        return np.asarray(level * tint, np.float32)
