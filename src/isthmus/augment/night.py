"""Night in a lit town: street lamps along the road, one's own headlamps, windows, other lamps.

The daylight picture tells what surfaces send back; the light on them is made anew from lamps at
their usual places. Street lamps stand along both sides at usual spacing and height: each lights by
the cosine law and the square of distance, the places of pixels being known from depth. Then come
the low beam, lit windows on walls, the lamps of labelled vehicles, bloom around what is bright, the
camera's white balance between the lamps' colours, and few photons: shot and read noise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from isthmus.augment.arrays import Arrays
from isthmus.augment.daylight import clouds, evened, unevenness
from isthmus.augment.lamps import HEAD, SODIUM, add_glow, headlamp_beam, vehicle_lamps
from isthmus.augment.linear import Floats, luminance
from isthmus.augment.mix import over, scaled
from isthmus.augment.physical import Changed, Physical
from isthmus.augment.sensor import sensed
from isthmus.augment.severity import Scale
from isthmus.augment.smooth import gauss
from isthmus.augment.surfaces import Plane, Surfaces, surfaces

LED = np.array([0.96, 1.0, 0.98], np.float32)
HEIGHT, SPACING, SIDE = 7.5, 28.0, 6.5
"""Of street lamps: height, distance along the street and from its middle, metres."""
REACH = 120.0
FULL = 30.0
"""Lux on the road at which it appears as in a picture by day, were the camera to meter by it."""
METERED = 1.0
"""Exposure under `FULL` lux, relative to the one that shows the road as a picture by day does."""
OWN_BEAM = 12.0
"""Lux of one's own low beam on a wall 10 m ahead."""
SKY_GLOW = np.array([0.011, 0.0095, 0.009], np.float32)
PAPER = 1.2
"""Linear level from which on what is bright by day was sun or sky."""
WINDOW = 0.38
"""Share of windows that are lit."""

LADDER = Scale("lux", "street lighting", (50.0, 25.0, 12.0, 5.0, 1.0), ratio=True)


@dataclass(frozen=True)
class Night(Physical):
    """Night, metered by an automatic camera."""

    name: str = "night"
    label: str = "night: street lamps, headlamps, windows"
    cause: str = "darkness"
    scale: Scale = LADDER

    def attributes(self, severity: float) -> Mapping[str, str]:
        """Night."""
        return {"timeofday": "night"} if severity >= 0.5 else {}

    def change(
        self, light: Floats, arrays: Arrays, depth: Floats, severity: float,
        rng: np.random.Generator,
    ) -> Changed:  # fmt: skip
        """See `Physical.change`."""
        shape = (depth.shape[0], depth.shape[1])
        where = surfaces(arrays, depth)
        lux = self.scale.value(severity)
        level = luminance(light)
        sky = gauss(where.sky.astype(np.float32), max(0.6, shape[1] / 900))
        colour = SODIUM if rng.random() < 0.4 else LED
        colour = balanced(colour)
        # Exposure follows the light part of the way: a darker street is a darker picture.
        exposure = METERED / (lux + 4) * (lux / FULL) ** 0.35
        lamps = street_lamps(depth, where.plane, rng) * np.float32(lux * exposure)
        beam = headlamp_beam(depth, shape, where.plane.horizon / shape[0])
        own = beam * np.float32(OWN_BEAM * exposure)
        skylight = np.float32(0.3 * exposure)
        # What is lighter than white things are by day was sun or sky, and is not by night.
        paper = 1 / np.sqrt(1 + (level / np.float32(PAPER)) ** 2)
        albedo = scaled(light, evened(level, unevenness(level, sky), 0.7) * paper)
        out = np.empty_like(light)
        for c in range(3):
            shine = lamps * colour[c] + own * HEAD[c] + skylight
            out[..., c] = albedo[..., c] * shine
        if arrays.exact:  # estimated depth does not tell walls from trees
            out += windows(arrays, depth, where, rng)
        out = over(out, clouds(rng, shape)[..., None] * SKY_GLOW, sky)
        out += vehicle_lamps(arrays.boxes, shape, 6.0, rng)
        out += lamp_heads(where.plane, depth, shape, rng) * colour
        bright = np.clip(luminance(out) - np.float32(0.5), 0, 4)
        out += (np.float32(0.06) * gauss(bright, shape[1] / 50))[..., None]
        dark = sensed(out, 15.0 * (exposure / 0.01) ** 0.5, rng, muted=0.15)
        if severity >= 1:
            return Changed(dark)
        return Changed(over(light, dark, np.full(shape, severity, np.float32)))


def balanced(colour: Floats) -> Floats:
    """A lamp's colour as an automatic white balance leaves it: two thirds of the way to grey."""
    return np.asarray(colour ** np.float32(0.55), np.float32)


def street_lamps(depth: Floats, plane: Plane, rng: np.random.Generator) -> Floats:
    """Illuminance (h, w) by lamps along the street; 1 on average on the road between them."""
    width = depth.shape[1]
    columns = np.arange(width, dtype=np.float32) + np.float32(0.5 - width / 2)
    x = depth * (columns / np.float32(plane.focal))[None]
    over = plane.height(depth) * np.float32(plane.eye)
    drop = np.maximum(HEIGHT - over, 0.6)
    near = np.minimum(depth, REACH)
    phase = rng.uniform(0, SPACING)
    total = np.zeros_like(depth)
    for side in (-1.0, 1.0):
        # The nearest lamp of a side and its neighbours: others are too far to matter.
        start = phase + (SPACING / 2 if side > 0 else 0)
        along = np.mod(near - np.float32(start) + SPACING / 2, SPACING) - np.float32(SPACING / 2)
        across = (x - np.float32(side * SIDE)) ** 2 + drop**2
        square = across + along * along
        total += drop / (square * np.sqrt(square))
    return np.asarray(total * np.float32(HEIGHT**2 / 1.1), np.float32)


def lamp_heads(
    plane: Plane, depth: Floats, shape: tuple[int, int], rng: np.random.Generator
) -> Floats:
    """Linear light (h, w, 3) of the lamps themselves where nothing stands before them."""
    light = np.zeros((*shape, 3), np.float32)
    phase = rng.uniform(0, SPACING)
    for side in (-1.0, 1.0):
        for k in range(1, 6):
            z = phase + k * SPACING + (SPACING / 2 if side > 0 else 0)
            x = shape[1] / 2 + plane.focal * side * (SIDE - 1.5) / z
            y = plane.horizon - plane.focal * (HEIGHT - plane.eye) / z
            if not (0 <= x < shape[1] and 0 <= y < shape[0]) or depth[int(y), int(x)] < z:
                continue
            radius = max(0.7, 0.22 * plane.focal / z)
            add_glow(light, (x, y), radius, np.full(3, 1.6, np.float32))
    return light


def windows(arrays: Arrays, depth: Floats, where: Surfaces, rng: np.random.Generator) -> Floats:
    """Linear light (h, w, 3) of lit windows, laid on walls in storeys of 3 m."""
    plane, shape = where.plane, depth.shape
    lit = rng.random((2, 16, 256)) < WINDOW
    power = np.where(lit, rng.uniform(0.2, 2.0, lit.shape), 0).astype(np.float32)
    power[:, 0] *= 1.6
    ground = where.sky | where.sealed | where.soft | where.plants
    for box in arrays.boxes:  # things have windows of their own, which are dark
        x1, y1, x2, y2 = (max(0, int(side)) for side in box.xyxy)
        ground[y1 : y2 + 1, x1 : x2 + 1] = True
    rows, columns = np.nonzero(~ground & (depth < REACH))
    z = depth[rows, columns]
    up = 1 - z * ((rows + np.float32(0.5 - plane.horizon)) * np.float32(plane.rate))
    up = (up * np.float32(plane.eye)).astype(np.float32)
    across = z * ((columns + np.float32(0.5 - shape[1] / 2)) / np.float32(plane.focal))
    # Along walls beside the street places differ by depth, on those ahead by what is across.
    along = (z + np.abs(across)).astype(np.float32)
    u, v = np.mod(along, 2.6) / np.float32(2.6), np.mod(up, 3.0) / np.float32(3.0)
    # Shops below, flats above.
    wide = np.where(up < 3, np.float32(0.42), np.float32(0.22))
    pane = (np.abs(u - 0.5) < wide) & (v > 0.32) & (v < 0.78) & (up > 0.9) & (np.abs(across) > 3.5)
    rows, columns, along, up, across = (a[pane] for a in (rows, columns, along, up, across))
    bay = np.clip(along / 2.6, 0, 255).astype(np.int32)
    storey = np.clip(up / 3.0, 0, 15).astype(np.int32)
    shine = np.zeros(shape, np.float32)
    shine[rows, columns] = power[(across > 0).astype(np.int32), storey, bay]
    warm = np.array([1.0, 0.88, 0.68], np.float32)
    return gauss(shine, 0.7)[..., None] * warm
