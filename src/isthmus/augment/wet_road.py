"""A wet road: darker, and a mirror of what stands on it and of the sky.

Water between the grains of a surface makes it darker (Lekner and Dorf, "Why some things are darker
when wet", 1988); its film sends back light by Fresnel's law (Schlick 1994), most at grazing angles.
A point at height H and depth D is mirrored as far below its foot on the road as it stands above it:
depth decides what is seen where. Rough asphalt stretches reflections upright; puddles do not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from isthmus.augment.arrays import Arrays
from isthmus.augment.depth import SKY
from isthmus.augment.lamp_streaks import streaks
from isthmus.augment.linear import Floats
from isthmus.augment.physical import Changed, Physical
from isthmus.augment.separable import upright
from isthmus.augment.severity import Scale
from isthmus.augment.smooth import gauss, normal_noise, smooth_noise
from isthmus.augment.surfaces import Plane, Surfaces, on_feet, on_road, surfaces

DARKER = 0.45
"""Share of its light that a soaked surface no longer sends back."""
DAMP = 0.3
"""Mirror of a damp, rough surface, as a share of that of still water."""
SCHLICK = 0.02
GRAIN = np.float32(0.4)
"""Spread, from pixel to pixel and as a logarithm, of the light that a wet road's grains mirror."""
SOAKED = 0.12
"""Film in mm at which two thirds of a surface's pores are filled."""

LADDER = Scale("mm", "water on the road", (0.1, 0.25, 0.5, 1.0, 2.0), ratio=True)


@dataclass(frozen=True)
class WetRoad(Physical):
    """Road and pavement under water."""

    name: str = "wet_road"
    label: str = "wet road: dark, mirroring"
    cause: str = "reflections"
    scale: Scale = LADDER

    def change(
        self, light: Floats, arrays: Arrays, depth: Floats, severity: float,
        rng: np.random.Generator,
    ) -> Changed:  # fmt: skip
        """See `Physical.change`."""
        film = self.scale.amount(severity)
        return Changed(wetted(light, arrays, depth, surfaces(arrays, depth), film=film, rng=rng))


def wetted(
    light: Floats, arrays: Arrays, depth: Floats, where: Surfaces, *, film: float,
    rng: np.random.Generator,
) -> Floats:  # fmt: skip
    """Light (h, w, 3) after `film` mm of water have come over the sealed ground."""
    shape = (depth.shape[0], depth.shape[1])
    sealed = gauss(where.sealed.astype(np.float32), max(0.6, shape[1] / 900))
    puddle = puddles(where.plane, shape, film, rng)
    share = mirroring(where.plane, puddle, film) * sealed
    standing = depth if arrays.exact else on_feet(depth, arrays.things, where.plane)
    # Even still water has ripples.
    mirrored = _upright(mirror(light, standing, where), shape[0] / 300)
    rough = _upright(mirrored, max(1.0, shape[0] / 60))
    darker = 1 - np.float32(DARKER * _soaked(film)) * sealed
    out = np.empty(light.shape, np.float32)
    _wet(np.ascontiguousarray(light), darker, rough, mirrored, puddle, share, out)
    if arrays.sources:
        rate = (np.float32(DAMP) + np.float32(1 - DAMP) * puddle) * np.float32(_soaked(film))
        grain = np.exp(GRAIN * normal_noise(rng, shape))
        out += streaks(arrays.sources, where.plane, rate * sealed * grain, puddle)
    return out


@njit(cache=True, nogil=True)
def _wet(light, darker, rough, still, puddle, share, out):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Darkened light with a `share` of what rough ground and standing water mirror."""
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            f, p, s = darker[y, x], puddle[y, x], share[y, x]
            for c in range(3):
                own, blurred = light[y, x, c] * f, rough[y, x, c]
                seen = blurred + (still[y, x, c] - blurred) * p
                out[y, x, c] = own + (seen - own) * s


def puddles(plane: Plane, shape: tuple[int, int], film: float, rng: np.random.Generator) -> Floats:
    """Where (h, w) water stands on a road under `film` mm: in what is low, the more there is."""
    low, _ = on_road(smooth_noise(rng, (128, 128), (4, 8, 16, 32)), plane, shape)
    level = 1.3 - 0.37 * np.log2(max(film, 1e-3) / 0.25)
    return np.asarray(np.clip((low - np.float32(level)) * 3, 0, 1), np.float32)


def mirroring(plane: Plane, puddle: Floats, film: float) -> Floats:
    """Share (h, w) of a wet road's light that it mirrors; `puddle` says where water stands."""
    smooth = np.float32(DAMP) + np.float32(1 - DAMP) * puddle
    shape = (puddle.shape[0], puddle.shape[1])
    return fresnel(plane, shape) * smooth * np.float32(_soaked(film))


def _soaked(film: float) -> float:
    return float(-np.expm1(-film / SOAKED))


def fresnel(plane: Plane, shape: tuple[int, int]) -> Floats:
    """Share of light (h, w) that still water sends back at each pixel; 0 above the horizon."""
    down = (np.arange(shape[0], dtype=np.float32) + np.float32(0.5 - plane.horizon))[:, None]
    across = (np.arange(shape[1], dtype=np.float32) + np.float32(0.5 - shape[1] / 2))[None]
    ray = np.sqrt(down**2 + across**2 + np.float32(plane.focal**2))
    cosine = np.clip(down / ray, 0, 1)
    value = SCHLICK + (1 - SCHLICK) * (1 - cosine) ** 5
    return np.asarray(np.where(down > 0, value, 0), np.float32)


def mirror(light: Floats, depth: Floats, where: Surfaces) -> Floats:
    """What a perfect mirror in the road's plane shows at each pixel (h, w, 3)."""
    plane = where.plane
    out = np.zeros_like(light)
    far = np.where(depth >= SKY, np.float32(1e6), depth).astype(np.float32)
    _mirrored(np.ascontiguousarray(light), far, where.sealed | where.soft,
              np.float32(plane.horizon), np.float32(plane.rate), out)  # fmt: skip
    return out


@njit(cache=True, nogil=True)
def _mirrored(light, depth, ground, horizon, rate, out):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Send each pixel to its mirror place in its column; the nearest wins, gaps are filled."""
    height, width = depth.shape
    nearest = np.empty(height, np.float32)
    for x in range(width):
        nearest[:] = np.float32(1e9)
        for y in range(height):
            z = depth[y, x]
            foot = np.float32(1.0) / (rate * z)
            # As far below its foot as it stands above it; the road itself is not mirrored.
            above = foot - (y + np.float32(0.5) - horizon)
            if above < 0 or ground[y, x]:
                continue
            to = int(horizon + foot + above)
            if 0 <= to < height and z < nearest[to]:
                nearest[to] = z
                for c in range(3):
                    out[to, x, c] = light[y, x, c]
        last = -1
        for y in range(height):
            if nearest[y] < np.float32(1e9):
                last = y
            elif last >= 0:
                for c in range(3):
                    out[y, x, c] = out[last, x, c]


def _upright(light: Floats, sigma: float) -> Floats:
    """Light blurred along columns far more than along rows."""
    return upright(light, 2 * int(1.5 * sigma) + 1)
