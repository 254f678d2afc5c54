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
from numba import njit
from numpy.typing import NDArray

from isthmus.augment.arrays import Arrays
from isthmus.augment.daylight import clouds, evened, unevenness
from isthmus.augment.lamp_streaks import source_at
from isthmus.augment.lamps import HEAD, SODIUM, VEHICLES, Lamp, at, shining, vehicle_lamps
from isthmus.augment.linear import Floats, luminance
from isthmus.augment.low_beam import grazing, low_beam, retroreflected
from isthmus.augment.mix import over, scaled
from isthmus.augment.physical import Changed, Physical
from isthmus.augment.sensor import sensed
from isthmus.augment.severity import Scale
from isthmus.augment.smooth import gauss
from isthmus.augment.surfaces import Plane, Surfaces, mark_ground, surfaces
from isthmus.augment.windows import lit, panes

LED = np.array([0.96, 1.0, 0.98], np.float32)
HEIGHT, SPACING, SIDE = 7.5, 28.0, 6.5
"""Of street lamps: height, distance along the street and from its middle, metres."""
REACH = 120.0
ABOVE, CUT_OFF = np.float32(0.05), np.float32(0.4)
"""Screened luminaires: what they send above the level at which they hang, relative to downwards,
and the sine of the angle below it from which on they send all."""
NEAREST = 2.0
WARM = np.array([1.0, 0.88, 0.68], np.float32)
SKY_TINT = np.array([1.1, 0.95, 0.9], np.float32)
TURNED = np.float32(0.6)
"""Cosine, in the horizontal plane, at which what stands faces a lamp."""
AROUND = 0.4
"""Light from all around, lux."""
SKY_GLOW = (0.12, 0.016)
"""Light of the clouds over a town, as lux on white paper: in any, and for each lux of its lamps."""
WINDOW = 0.5
"""Share of windows that are lit."""
PANE = 30.0
"""Light that a lit window sends out, as lux on white paper (10 cd/m²)."""
GLARE = 2.0
"""Width of the glow of other vehicles' lamps, relative to what they have at dusk."""
METERED = 0.42
"""Mean luminance that the camera aims at under `USUAL` lux, relative to the street's by day: it
keeps 1.2 EV of the darkness."""
USUAL = 12.0
KEPT = 0.28
"""How much of a change of light exposure leaves in the picture: 0 nothing, 1 all."""
BRIGHTEST = 0.12
"""Exposure that the camera does not exceed: white paper under 1 lux has this linear level."""
LOW = 0.4
"""Share of a vehicle's box beside which the road may be seen."""
PAINT = 1.8
"""Luminance of road markings by day, at least, relative to the road around them."""
ASPHALT = 0.11
"""Reflectance of a road, at most."""
PAPER = 1.2
"""Linear level from which on what is bright by day was sun or sky."""

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
        colour = balanced(SODIUM if rng.random() < 0.4 else LED)
        phase = rng.uniform(0, SPACING)
        out = relit(light, arrays, depth, where, sky=sky, lamps=colour * np.float32(lux),
                    phase=phase)  # fmt: skip
        glow = np.float32(SKY_GLOW[0] + SKY_GLOW[1] * lux) * SKY_TINT
        out = over(out, clouds(rng, shape)[..., None] * glow, sky)
        windows = lit(panes(arrays, depth, where, level), depth, where, WINDOW, rng)
        out += windows[..., None] * np.float32(PANE) * WARM
        street = _metered_part(level)[_metered_part(sky) < 0.5]
        by_day = float(np.clip(street.mean(), 0.02, 0.5)) if len(street) else 0.1
        exposure = metered(out, by_day * METERED * (lux / USUAL) ** KEPT)
        out *= np.float32(exposure)
        others = vehicle_lamps(arrays.boxes, shape, 8.0, rng, glare=GLARE, image=arrays.image)
        poles = lamp_heads(where.plane, phase, shape, colour * np.float32(lux))
        out += shining([*others, *(lamp for lamp, z in poles if seen(lamp, z, depth))], shape)
        bright = np.clip(luminance(out) - np.float32(0.5), 0, 4)
        out += (np.float32(0.06) * gauss(bright, shape[1] / 50))[..., None]
        dark = sensed(out, 10.0 * (exposure / 0.01) ** 0.5, rng)
        part = np.float32(min(severity, 1.0))
        sources = tuple(
            source_at(
                where.plane, lamp.spot, shape[1], z, lamp.candela * np.float32(exposure) * part
            )
            for lamp, z in [*((lamp, at(lamp.spot, depth)) for lamp in others), *poles]
        )
        if severity >= 1:
            return Changed(dark, sources=sources)
        return Changed(over(light, dark, np.full(shape, part)), sources=sources)


def relit(
    light: Floats, arrays: Arrays, depth: Floats, where: Surfaces, *,
    sky: Floats, lamps: Floats, phase: float,
) -> Floats:  # fmt: skip
    """What the ground and things send back (h, w, 3) of street lamps and one's own low beam.

    Args:
        light: by day.
        arrays, depth, where: the frame.
        sky: (h, w) share of each pixel that shows sky.
        lamps: (3,) lux of the street lamps on the road, by colour.
        phase: as for `street_lamps`.
    """
    level = luminance(light)
    ground = where.sealed | where.soft if arrays.exact else grounds(where, level, arrays)
    upright = standing(where, depth, ground, arrays.exact)
    spread = street_lamps(depth, where.plane, phase, upright)
    beam = low_beam(depth, where.plane)
    own = beam * grazing(depth, where.plane, upright)
    around = unevenness(level, sky)
    # What is lighter than white things are by day was sun or sky, and is not by night.
    sunless = evened(level, around, 0.7) / np.sqrt(1 + (level / np.float32(PAPER)) ** 2)
    paint = where.sealed & (level > np.float32(PAINT) * gauss(level, level.shape[1] / 25))
    sunless[ground] = asphalt(level, around, where.sealed, paint)[ground]
    out = scaled(light, sunless)
    for c in range(3):
        out[..., c] *= spread * lamps[c] + own * HEAD[c] + np.float32(AROUND)
    out += (beam * retroreflected(depth, where.plane) * paint)[..., None] * HEAD
    return out


def asphalt(
    level: Floats, around: Floats, sealed: NDArray[np.bool_], paint: NDArray[np.bool_]
) -> Floats:
    """Factor (h, w) on the ground by day that leaves its reflectance.

    Shadows of the sun are evened out, paint keeps its distance to the road, and a road that the
    sun showed lighter than asphalt is gets its reflectance back.
    """
    factor = np.asarray(np.clip(around ** np.float32(-0.66), 0.3, 1.8), np.float32)
    lower = np.s_[2 * level.shape[0] // 3 :: 2, level.shape[1] // 4 : -(level.shape[1] // 4) : 2]
    road = level[lower][sealed[lower] & ~paint[lower]]
    if len(road) > 20:
        factor[~paint] *= np.float32(min(1.0, ASPHALT / max(float(np.median(road)), 1e-3)))
    return factor


def standing(where: Surfaces, depth: Floats, ground: NDArray[np.bool_], exact: bool) -> Floats:
    """How upright (h, w) the surface is: 0 on the ground, 1 from half a metre above it on."""
    up = where.plane.height(depth) * np.float32(where.plane.eye)
    share = np.where(ground, 0, np.clip((up - np.float32(0.1)) / np.float32(0.4), 0, 1))
    share = share.astype(np.float32)
    return share if exact else gauss(share, depth.shape[1] / 160)


def grounds(where: Surfaces, level: Floats, arrays: Arrays) -> NDArray[np.bool_]:
    """(h, w) True for ground, also for what is seen of it within the boxes of vehicles.

    Estimated depth stands plates where objects are. Were the road beside a vehicle lit as its side
    is, the picture would give boxes away: what has the colour of the ground around the box, or is
    low in it and no lighter than the road, counts as ground. What is lost are dark sills, which
    send little light back anyway.
    """
    found = where.sealed | where.soft
    for box in arrays.things:
        x1, y1, x2, y2 = (max(0, int(side)) for side in box.xyxy)
        lower = slice(y2 - int(LOW * (y2 - y1)), y2 + 2)
        road = level[lower][where.sealed[lower]]
        if box.category in VEHICLES and len(road):
            part = (lower, slice(x1, x2 + 2))
            dark = level[part] < np.float32(1.2) * np.median(road)
            mark_ground(box, arrays.image, found, where.plane.horizon)
            found[part] |= dark
    return found


def metered(light: Floats, aim: float) -> float:
    """Exposure, at most `BRIGHTEST`, at which the lower two thirds of `light` come out at `aim`.

    Args:
        light: (h, w, 3) as lux on white paper.
        aim: mean luminance wanted, of white; what saturates counts as white.
    """
    level = _metered_part(luminance(light))
    low, high = 1e-5, BRIGHTEST
    for _ in range(24):  # the mean rises with exposure: halving finds it
        middle = (low * high) ** 0.5
        if float(np.minimum(level * np.float32(middle), 1).mean()) < aim:
            low = middle
        else:
            high = middle
    return high


def _metered_part(level: Floats) -> Floats:
    return level[level.shape[0] // 3 :: 3, ::3]


def balanced(colour: Floats) -> Floats:
    """A lamp's colour as an automatic white balance leaves it: two thirds of the way to grey."""
    return np.asarray(colour ** np.float32(0.55), np.float32)


def street_lamps(
    depth: Floats, plane: Plane, phase: float, upright: Floats | None = None
) -> Floats:
    """Illuminance (h, w) by lamps along the street; 1 on average on the road between them.

    Args:
        depth: (h, w) metres.
        plane: of the road.
        phase: how far ahead a lamp of the left side stands, metres.
        upright: (h, w) from 0 (level, as if None) to 1 (upright, half turned to the lamps).
    """
    over = plane.height(depth) * np.float32(plane.eye)
    out = np.empty_like(depth)
    standing_up = np.zeros_like(depth) if upright is None else upright
    _street_lamps(depth, over, standing_up, np.float32(plane.focal), np.float32(phase), out)
    return out


@njit(cache=True, nogil=True)
def _street_lamps(depth, over, upright, focal, phase, out):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Illuminance of each pixel by the lamp nearest to it on either side; others are too far."""
    height, width = depth.shape
    half, scale = np.float32(0.5 * SPACING), np.float32(HEIGHT**2 / 1.1)
    for y in range(height):
        for x in range(width):
            aside = depth[y, x] * (x + np.float32(0.5) - np.float32(0.5) * width) / focal
            under = np.float32(HEIGHT) - over[y, x]
            drop = max(under, np.float32(0.6))
            near, up, total = min(depth[y, x], np.float32(REACH)), upright[y, x], np.float32(0)
            for side in range(2):
                along = (near - phase - side * half + half) % np.float32(SPACING) - half
                across = aside - np.float32(SIDE) * (2 * side - 1)
                beside = across * across + along * along
                square = max(beside + drop * drop, np.float32(NEAREST**2))
                far = np.sqrt(square)
                screened = min(max(under / (CUT_OFF * far), np.float32(0)), np.float32(1))
                cosine = drop + (TURNED * np.sqrt(beside) - drop) * up
                total += (ABOVE + (1 - ABOVE) * screened) * cosine / (square * far)
            out[y, x] = total * scale


def lamp_heads(
    plane: Plane, phase: float, shape: tuple[int, int], lux: Floats
) -> list[tuple[Lamp, float]]:
    """The street lamps themselves, also those that are not in the picture, and their distance.

    Args:
        plane: of the road.
        phase: as for `street_lamps`.
        shape: of the picture.
        lux: (3,) by colour, that the lamps light the road with.
    """
    found = []
    for side in (-1.0, 1.0):
        for k in range(6):
            z = phase + k * SPACING + (SPACING / 2 if side > 0 else 0)
            if z < NEAREST:
                continue
            x = shape[1] / 2 + plane.focal * side * SIDE / z
            y = plane.horizon - plane.focal * (HEIGHT - plane.eye) / z
            shown = np.float32(1.6) * lux / lux.max()
            candela = lux * np.float32(HEIGHT**2)
            found.append((Lamp((x, y), max(0.7, 0.22 * plane.focal / z), shown, candela), z))
    return found


def seen(lamp: Lamp, z: float, depth: Floats) -> bool:
    """Whether a lamp `z` metres ahead is in the picture and nothing stands before it."""
    x, y = lamp.spot
    inside = 0 <= x < depth.shape[1] and 0 <= y < depth.shape[0]
    return inside and bool(depth[int(y), int(x)] >= z)
