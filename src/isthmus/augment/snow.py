"""Snow: what lies on the ground and on all that faces upwards, and flakes that fall by depth.

Fallen snow sends back most of the light there is (albedo of fresh snow 0.8–0.9: Wiscombe and
Warren 1980), which the road in the picture tells: it lies where surfaces face up, patchy and worn
by wheels where there is little of it. Flakes are as many and as large as Gunn and Marshall (1958)
say; what is too far for single flakes is veiled (ITU-R P.1817). The camera meters anew: against
white ground all else is dark.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from isthmus.augment.arrays import Arrays
from isthmus.augment.daylight import airlight, metered, overcast
from isthmus.augment.depth import SKY
from isthmus.augment.falling import MOST, View, fallen
from isthmus.augment.lamps import VEHICLES
from isthmus.augment.linear import Floats, luminance
from isthmus.augment.mix import over, scaled
from isthmus.augment.physical import Changed, Physical
from isthmus.augment.severity import Scale
from isthmus.augment.smooth import gauss, smooth_noise
from isthmus.augment.surfaces import Surfaces, on_road, surfaces, upward
from isthmus.hydrometeors.air import fog_extinction, snow_extinction
from isthmus.hydrometeors.sizes import snow_flakes
from isthmus.hydrometeors.streaks import SNOW_REACH

SNOW_OVER_ROAD = 0.85 / 0.14
"""Albedo of snow over that of dry asphalt."""
COLOUR = np.array([0.97, 1.0, 1.04], np.float32)
"""Snow under clouds, by the light of a blueish sky."""
SHUTTER = 1 / 1000
"""Seconds: white ground lets cameras take short ones."""
MIST = 6000.0
"""Visibility in metres × mm/h beyond what flakes themselves take."""
LYING = (0.0, 0.35, 0.6, 0.85, 0.95, 1.0)
"""Share of the ground that is covered at severities 0 to 5."""
TRACKS = ((-0.75, 0.75, -4.0, -2.5, 2.5, 4.0), 0.22)
"""Wheels' tracks: metres to the right of the camera, and their half width."""

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
        out = overcast(light, where.sky, where.sealed, strength, rng)
        if self.lying:
            share = covered(arrays, depth, where, float(np.interp(severity, range(6), LYING)), rng)
            out = _whitened(out, where, share)
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
) -> Floats:
    """How much of each pixel (h, w) lies under snow, 0–1, where `share` of the ground does."""
    shape = (depth.shape[0], depth.shape[1])
    lie = smooth_noise(rng, (128, 128), (4, 8, 16, 32, 64))
    patch, x = on_road(lie, where.plane, shape)
    ground = where.sealed | where.soft
    # Wheels press it flat and carry it away; on grass nobody drives.
    middles, half = TRACKS
    gone = np.zeros(shape, np.float32)
    for middle in middles:
        gone = np.maximum(gone, np.exp(-(((x - np.float32(middle)) / np.float32(half)) ** 2)))
    worn = gone * where.sealed * np.float32(0.55 * (1.2 - share))
    level = np.float32(2.2 * (2 * share - 1))
    lying = np.clip((patch + level) * 1.5 + 0.5, 0, 1) * (1 - worn)
    tops = np.clip((upward(depth, where.plane) - 0.55) / 0.3, 0, 1) if arrays.exact else (
        _roofs(arrays, patch)
    )  # fmt: skip
    on_things = tops * np.float32(min(1.0, 1.2 * share)) * ~(where.sky | ground)
    # Twigs and leaves hold some of it, on their upper sides.
    on_things = np.where(where.plants, np.maximum(on_things, 0.3 * share), on_things)
    total = np.where(ground, lying, on_things).astype(np.float32)
    return gauss(total * ~where.sky, max(0.6, shape[1] / 900))


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


def _whitened(light: Floats, where: Surfaces, share: Floats) -> Floats:
    """Light (h, w, 3) with snow over `share` of each pixel."""
    level = luminance(light)
    road = level[where.sealed]
    lit = float(np.median(road)) if len(road) > 50 else 0.4 * float(level.mean())
    # Snow lies in the light and shade that its place is in.
    ground = (where.sealed | where.soft).astype(np.float32)
    sigma = level.shape[1] / 40
    around = (gauss(level * ground, sigma) + 1e-3) / (gauss(ground, sigma) + 2e-3)
    shade = np.clip(around / max(lit, 1e-3), 0.3, 1.6) ** np.float32(0.5)
    shade = np.where(ground > 0, shade, 0.85)
    snow = share * shade * np.float32(SNOW_OVER_ROAD * lit)
    return np.asarray(scaled(light, 1 - share) + snow[..., None] * COLOUR, np.float32)
