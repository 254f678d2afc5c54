"""Snow: what lies on the ground and on all that faces upwards, and flakes that fall by depth.

Fallen snow sends back most of the light there is (albedo of fresh snow 0.8–0.9: Wiscombe and
Warren 1980), which the road in the picture tells: it lies where surfaces face up, patchy where
there is little of it, soiled on roads, gone from wheels' tracks. Flakes are as many and as large as
Gunn and Marshall (1958) say; what is too far for single flakes is veiled (ITU-R P.1817). The camera
meters anew: against white ground all else is dark.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isthmus.augment.arrays import Arrays
from isthmus.augment.daylight import airlight, metered, overcast
from isthmus.augment.depth import SKY
from isthmus.augment.falling import MOST, View, fallen
from isthmus.augment.lamps import VEHICLES
from isthmus.augment.linear import Floats, luminance
from isthmus.augment.mix import over, scaled
from isthmus.augment.physical import Changed, Physical
from isthmus.augment.severity import Scale
from isthmus.augment.smooth import gauss, normal_noise, smooth_noise
from isthmus.augment.surfaces import Surfaces, on_road, surfaces, upward
from isthmus.hydrometeors.air import fog_extinction, snow_extinction
from isthmus.hydrometeors.sizes import snow_flakes
from isthmus.hydrometeors.streaks import SNOW_REACH

SNOW_OVER_ROAD = 0.85 / 0.14
"""Albedo of snow over that of dry asphalt."""
COLOUR = np.array([0.97, 1.0, 1.04], np.float32)
"""Snow under clouds, by the light of a blueish sky."""
SNOW_BELOW = 1.3
"""Luminance of clouds over snow, which gives light back to them, over that above bare ground."""
HELD = 0.45
"""Share of twigs and leaves that lies under snow where all of the ground does."""
SHUTTER = 1 / 1000
"""Seconds: white ground lets cameras take short ones."""
MIST = 6000.0
"""Visibility in metres × mm/h beyond what flakes themselves take."""
LYING = (0.0, 0.35, 0.6, 0.85, 0.95, 1.0)
"""Share of the ground that is covered at severities 0 to 5."""
TRACKS = ((-0.75, 0.75, -4.0, -2.5, 2.5, 4.0), 0.22)
"""Wheels' tracks: metres to the right of the camera, and their half width."""
PRESSED = ((0.85, 0.95, 1.0), (1.0, 0.6, 0.3))
"""Share of the ground under snow, and how much of it wheels take out of their tracks: little snow
is thrown aside down to the asphalt, deep snow is pressed."""
WET_OVER_DRY = 0.55
"""Light that asphalt wet with slush sends back, over that of dry asphalt."""
SOILED = 0.35
"""Share of the snow on a road that slush and dirt hide, on the mean of its patches about half."""
GRAIN = 0.04
"""Deviation of snow's brightness close by: crumbs and crystals, and the noise that any camera adds
to a bright surface. Half of it is finer than a pixel, half as wide as two."""
KERB = 0.07
"""Height above the road, as a share of the camera's, from which nobody drives."""

LADDER = Scale("mm/h", "snowfall (water)", (0.5, 1.0, 2.0, 3.5, 6.0), ratio=True)


@dataclass(frozen=True)
class Snow(Physical):
    """Snow by day.

    Attributes:
        lying: snow lies on the ground and on things; without it flakes fall alone.
        shutter: exposure time, seconds.
    """

    lying: bool = True
    shutter: float = SHUTTER
    name: str = "snow"
    label: str = "snow: falling by depth, lying on what faces up"
    cause: str = "snow"
    scale: Scale = LADDER

    def attributes(self, severity: float) -> Mapping[str, str]:
        """Snowy."""
        return {"weather": "snowy"} if severity > 0 else {}

    def change(
        self, light: Floats, arrays: Arrays, depth: Floats, severity: float,
        rng: np.random.Generator,
    ) -> Changed:  # fmt: skip
        """See `Physical.change`."""
        rate, strength = self.scale.amount(severity), min(severity, 1.0)
        where = surfaces(arrays, depth)
        below = SNOW_BELOW if self.lying else 1.0
        out = overcast(light, where.sky, where.sealed, strength, rng, lit_from_below=below)
        if self.lying:
            lying = float(np.interp(severity, range(6), LYING))
            share, tracks = covered(arrays, depth, where, lying, rng)
            out = _whitened(out, where, share, tracks, rng)
        out = metered(out, light, strength)
        through = self.transmission(depth, rate)
        air = airlight(out, where.sky)
        # The sky's light has this air in it already.
        out = over(out, air, (1 - through) * ~where.sky)
        flakes = snow_flakes(rate, View.of(depth, arrays.geometry), SNOW_REACH, rng, MOST)
        # White and lit from everywhere: as bright as the bright quarter of the scene.
        white = np.quantile(out[::4, ::4].reshape(-1, 3), 0.8, axis=0).astype(np.float32)
        out, cover = fallen(
            out, depth, arrays.geometry, flakes, shutter=self.shutter, colour=white, rng=rng
        )
        return Changed(out, through * (1 - cover))

    @staticmethod
    def transmission(depth: Floats, rate: float) -> Floats:
        """Share of light (h, w) that comes through the snowfall before each pixel, 0–1."""
        density = snow_extinction(rate) + fog_extinction(MIST / max(rate, 1e-3))
        distance = np.where(depth >= SKY, np.float32(2 * SKY), depth)
        return np.asarray(np.exp(-np.float32(density) * distance), np.float32)


def covered(
    arrays: Arrays, depth: Floats, where: Surfaces, share: float, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """How much of each pixel (h, w) lies under snow, 0–1, where `share` of the ground does.

    Also returns how much of it (h, w) is a wheel's track, 0–1.
    """
    shape = (depth.shape[0], depth.shape[1])
    lie = smooth_noise(rng, (128, 128), (8, 16, 32, 64))
    patch, x = on_road(lie, where.plane, shape)
    ground = where.sealed | where.soft
    driven = where.sealed & (np.abs(where.plane.height(depth)) < KERB if arrays.exact else True)
    tracks = _tracks(x, patch) * driven
    worn = tracks * np.float32(np.interp(share, *PRESSED))
    level = np.float32(2.2 * (2 * share - 1))
    lying = np.clip((np.float32(0.6) * patch + level) * 1.5 + 0.5, 0, 1) * (1 - worn)
    # Slush and dirt of the wheels lie on what they do not carry away.
    lying *= 1 - np.float32(SOILED) * driven * np.clip(0.5 + patch, 0, 1.5)
    tops = np.clip((upward(depth, where.plane) - 0.55) / 0.3, 0, 1) if arrays.exact else (
        _roofs(arrays, patch)
    )  # fmt: skip
    on_things = tops * np.float32(min(1.0, 1.2 * share)) * ~(where.sky | ground)
    # Twigs and leaves hold some of it, on their upper sides; trunks, which are smooth, do not.
    held = np.float32(HELD * share) * _ragged(arrays, where.plants)
    on_things = np.where(where.plants, np.maximum(on_things, held), on_things)
    total = np.where(ground, lying, on_things).astype(np.float32)
    return gauss(total * ~where.sky, max(0.6, shape[1] / 900)), tracks


def _tracks(x: Floats, patch: Floats) -> Floats:
    """How much of each pixel (h, w) lies in a wheel's track, 0–1; `x`: metres to the right."""
    middles, half = TRACKS
    ragged = np.float32(half) + np.float32(0.06) * patch
    inside = np.full(x.shape, -1, np.float32)
    for middle in middles:
        inside = np.maximum(inside, (ragged - np.abs(x - np.float32(middle))) / np.float32(0.12))
    return np.asarray(np.clip(inside + np.float32(0.5), 0, 1), np.float32)


def _ragged(arrays: Arrays, plants: NDArray[np.bool_]) -> Floats:
    """How much (h, w) plants look like twigs and leaves, 0–1: by how uneven they are close by."""
    level = luminance(arrays.image.astype(np.float32))
    sigma = max(1.5, level.shape[1] / 320)
    mean = gauss(level, sigma)
    spread = np.sqrt(np.maximum(gauss(level * level, sigma) - mean * mean, 0)) / (mean + 4)
    return np.asarray(np.clip((spread - 0.12) / 0.25, 0, 1) * plants, np.float32)


def _roofs(arrays: Arrays, patch: Floats) -> Floats:
    """Where (h, w) snow lies on labelled vehicles, whose shape estimated depth does not tell."""
    tops = np.zeros(patch.shape, np.float32)
    for box in arrays.things:
        x1, y1, x2, y2 = box.xyxy
        # A box twice as wide as high holds more than one of them.
        if box.category not in VEHICLES or y1 <= 1 or x2 - x1 > 2 * (y2 - y1):
            continue
        rows = (np.arange(patch.shape[0], dtype=np.float32)[:, None] - y1) / max(y2 - y1, 1.0)
        columns = (np.arange(patch.shape[1], dtype=np.float32)[None] - x1) / max(x2 - x1, 1.0) - 0.5
        thick = np.float32(0.13) * np.sqrt(np.clip(1 - (columns / 0.36) ** 2, 0, 1))
        edge = np.clip((thick - np.abs(rows - 0.05)) / 0.05, 0, 1)
        tops = np.maximum(tops, edge)
    return tops


def _grain(shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Noise (h, w) of deviation near 1 at the scales of one and of two pixels."""
    wide = normal_noise(rng, (shape[0] // 2 + 1, shape[1] // 2 + 1)).repeat(2, 0).repeat(2, 1)
    total = normal_noise(rng, shape) + wide[: shape[0], : shape[1]]
    return np.asarray(total * np.float32(np.sqrt(0.5)), np.float32)


def _whitened(
    light: Floats, where: Surfaces, share: Floats, tracks: Floats, rng: np.random.Generator
) -> Floats:
    """Light (h, w, 3) with snow over `share` of each pixel, and asphalt wet where wheels went."""
    level = luminance(light)
    road = level[where.sealed]
    lit = float(np.median(road)) if len(road) > 50 else 0.4 * float(level.mean())
    # Snow lies in the shade that its place is in; lighter ground (slabs) makes it no lighter.
    ground = (where.sealed | where.soft).astype(np.float32)
    sigma = level.shape[1] / 40
    around = (gauss(level * ground, sigma) + 1e-3) / (gauss(ground, sigma) + 2e-3)
    shade = np.clip(around / max(lit, 1e-3), 0.3, 1.1) ** np.float32(0.5)
    shade = np.where(ground > 0, shade, 0.85)
    snow = share * shade * np.float32(SNOW_OVER_ROAD * lit)
    snow *= 1 + np.float32(GRAIN) * _grain(level.shape, rng)
    bare = (1 - share) * (1 - np.float32(1 - WET_OVER_DRY) * tracks)
    return np.asarray(scaled(light, bare) + snow[..., None] * COLOUR, np.float32)
