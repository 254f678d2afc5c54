"""A street: what holds for a whole place, and the scenery of each 20 m of it.

Everything is drawn from the seed by name, so a frame can be made alone, in any order, and again:
a place has its own draws, each stretch ("chunk") of it has its own, and each has one generator a
factor.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from isthmus import seeds
from isthmus.synth import buildings, furniture
from isthmus.synth.chance import one_of, weighted
from isthmus.synth.mesh import Floats, Material, Mesh, linear, mesh
from isthmus.synth.stage import Thing

CHUNK = 20.0
KERB = 0.12
TRUNK_OFFSET = 0.55


@dataclass(frozen=True)
class Street:
    """What holds for a whole place.

    Attributes:
        place: number of the place.
        kind: "terrace", "block" or "suburb".
        drive: side of the road on which one drives, +1 right, −1 left.
        lane, parking, pavement: widths in metres; two lanes, parking on `parked` sides.
        parked: (left, right) share of parking bays in use.
        curvature: of the road, 1/m, positive bends to the right.
        sun: (azimuth, elevation) in radians; azimuth 0 is straight ahead, positive to the right.
        clouds: share of sky covered on a clear day.
        bare: trees carry no leaves.
        greenery, people, traffic: densities relative to an average street.
        camera: (height m, pitch rad, focal length as share of the picture's width).
        advance: metres driven between two frames.
    """

    place: int
    kind: str
    drive: int
    lane: float
    parking: float
    pavement: float
    parked: tuple[float, float]
    curvature: float
    sun: tuple[float, float]
    clouds: float
    bare: bool
    greenery: float
    people: float
    traffic: float
    camera: tuple[float, float, float]
    advance: float
    lamp_spacing: float

    @property
    def half_road(self) -> float:
        """Distance from the middle of the road to the kerb."""
        return self.lane + self.parking


def sample_street(seed: int, place: int) -> Street:
    """The street at `place`."""
    layout = seeds.generator(seed, "scene", place, "layout")
    sky = seeds.generator(seed, "scene", place, "sky")
    mount = seeds.generator(seed, "scene", place, "camera")
    kind = weighted(layout, {"terrace": 0.42, "block": 0.3, "suburb": 0.28})
    return Street(
        place=place,
        kind=kind,
        drive=one_of(layout, (-1, 1)),
        lane=float(layout.uniform(3.0, 3.7)),
        parking=weighted(layout, {0.3: 0.3, 2.2: 0.7}),
        pavement=float(layout.uniform(2.2, 4.5)),
        parked=(float(layout.uniform(0.1, 0.9)), float(layout.uniform(0.1, 0.9))),
        curvature=float(np.clip(layout.normal(0, 0.0011), -0.0028, 0.0028)),
        sun=(float(sky.uniform(-np.pi, np.pi)), float(sky.uniform(0.3, 1.05))),
        clouds=float(sky.uniform(0.0, 0.75)),
        bare=bool(layout.random() < 0.3),
        greenery=float(layout.uniform(0.2, 1.8)),
        people=float(layout.uniform(0.4, 1.8)),
        traffic=float(layout.uniform(0.4, 1.6)),
        camera=(
            float(mount.uniform(1.25, 1.75)),
            float(mount.uniform(-0.015, 0.06)),
            float(mount.uniform(0.8, 1.05)),
        ),
        advance=float(layout.uniform(3.0, 7.0)),
        lamp_spacing=float(layout.uniform(24, 36)),
    )


@lru_cache(maxsize=64)
def chunk_scenery(seed: int, street: Street, number: int) -> tuple[Thing, ...]:
    """Ground, houses and furniture of the 20 m of street that begin at `number` · 20 m.

    Coordinates are those of the chunk: Z from 0 to 20, X across the road.
    """
    ground = Thing(_ground(seed, street, number), order=0.0)
    rng = seeds.generator(seed, "scene", street.place, "houses", number)
    things = [ground]
    for side in (-1, 1):
        things += _frontage(rng, street, side)
    rng = seeds.generator(seed, "scene", street.place, "furniture", number)
    for side in (-1, 1):
        things += _furniture(rng, street, side)
    return tuple(things)


def _frontage(rng: np.random.Generator, street: Street, side: int) -> list[Thing]:
    edge = street.half_road + street.pavement
    things: list[Thing] = []
    z = 0.0
    while z < CHUNK - 0.5:
        length = min(float(rng.uniform(6, 14)), CHUNK - z)
        if CHUNK - z - length < 4:
            length = CHUNK - z
        gap = rng.random() < (0.3 if street.kind == "suburb" else 0.1 * street.greenery)
        back = rng.uniform(3, 7) if street.kind == "suburb" else rng.uniform(0, 0.4)
        span = (z + (0.8 if street.kind == "suburb" else 0.0), z + length)
        if not gap:
            shape = buildings.house(rng, edge + back, side, span, style=street.kind, ground=KERB)
            x0, x1 = sorted((side * (edge + back), side * (edge + back + 10)))
            top = float(shape.points[:3, :, 1].max())
            things.append(Thing(shape, span[1], -1, _corners((x0, x1), span), top))
        if gap or street.kind == "suburb":
            strip = sorted((side * (edge + 0.1), side * (edge + 0.6)))
            things.append(Thing(furniture.hedge(rng, (strip[0], strip[1]), span), span[1]))
            for _ in range(int(rng.integers(0, 3 if gap else 2))):
                x = side * (edge + rng.uniform(1.5, 3.0 if not gap else 9))
                at = float(rng.uniform(*span))
                things.append(_tree(rng, street, x, at, 0.0))
        z += length
    return things


def _tree(rng: np.random.Generator, street: Street, x: float, z: float, base: float) -> Thing:
    shape = furniture.tree(rng, x, z, base, street.bare)
    half = 1.0 if not street.bare else 0.25
    return Thing(shape, z, -1, _corners((x - half, x + half), (z - half, z + half)), 6.0, base)


def _furniture(rng: np.random.Generator, street: Street, side: int) -> list[Thing]:
    kerbside = side * (street.half_road + TRUNK_OFFSET)
    wall = side * (street.half_road + street.pavement - 0.4)
    things: list[Thing] = []

    def add(shape: Mesh, x: float, z: float, half: float, height: float) -> None:
        corners = _corners((x - half, x + half), (z - half, z + half))
        things.append(Thing(shape, z, -1, corners, height, KERB))

    if rng.random() < 0.5 * street.greenery:
        things.append(_tree(rng, street, kerbside, float(rng.uniform(0, 9)), KERB))
    if rng.random() < 0.3 * street.greenery:
        things.append(_tree(rng, street, kerbside, float(rng.uniform(11, 20)), KERB))
    if rng.random() < 0.28:
        z = float(rng.uniform(0, 20))
        add(furniture.sign(rng, kerbside, z, KERB), kerbside, z, 0.05, 2.3)
    if rng.random() < 0.35:
        z = float(rng.uniform(0, 20))
        x = wall if rng.random() < 0.5 else kerbside
        add(furniture.bin_or_box(rng, x, z, KERB), x, z, 0.25, 1.1)
    if rng.random() < 0.12:
        z = float(rng.uniform(0, 20))
        add(furniture.signal(rng, kerbside, z, KERB), kerbside, z, 0.08, 3.0)
    if rng.random() < 0.14:
        z = float(rng.uniform(0, 20))
        add(furniture.pole(kerbside, z, KERB, 7.5), kerbside, z, 0.1, 7.5)
    if rng.random() < 0.1:  # a row of bollards
        for z in np.arange(2.0, 12.0, 2.0):
            shape = furniture.pole(kerbside, float(z), KERB, 0.95)
            add(shape, kerbside, float(z), 0.1, 0.95)
    return things


def lamps(street: Street, start: float, reach: float) -> list[tuple[float, float, float]]:
    """Posts (x, z, towards) with start ≤ z < reach along the street, on alternate sides."""
    first = int(np.ceil(start / street.lamp_spacing))
    posts = []
    for number in range(first, int(reach / street.lamp_spacing) + 1):
        side = 1 if number % 2 else -1
        x = side * (street.half_road + TRUNK_OFFSET)
        posts.append((x, number * street.lamp_spacing, -float(side)))
    return posts


def _corners(x: tuple[float, float], z: tuple[float, float]) -> Floats:
    return np.array([(x[0], z[0]), (x[1], z[0]), (x[1], z[1]), (x[0], z[1])], np.float32)


def _flat(x0: float, x1: float, z0: float, z1: float, y: float = 0.0) -> Floats:
    return np.array([(x0, y, z0), (x1, y, z0), (x1, y, z1), (x0, y, z1)], np.float32)


def _ground(seed: int, street: Street, number: int) -> Mesh:
    place = seeds.generator(seed, "scene", street.place, "ground")
    rng = seeds.generator(seed, "scene", street.place, "ground", number)
    asphalt = linear(np.full(3, place.uniform(82, 122)) + place.normal(0, 3, 3))
    slabs = linear(np.full(3, place.uniform(118, 158)) + np.array([4, 1, -4]) * place.normal())
    half, outer = street.half_road, street.half_road + street.pavement
    parts: list[tuple[Floats, Floats, int]] = []
    for z0, z1 in ((0.0, 10.0), (10.0, CHUNK)):
        parts.append((_flat(-half, half, z0, z1), asphalt, Material.ASPHALT))
        for side in (-1, 1):
            x0, x1 = sorted((side * half, side * outer))
            parts.append((_flat(x0, x1, z0, z1, KERB), slabs, Material.PAVING))
            kerb = [(side * half, 0, z0), (side * half, 0, z1), (side * half, KERB, z1),
                    (side * half, KERB, z0)]  # fmt: skip
            parts.append((np.array(kerb, np.float32), slabs * 1.25, Material.MARKING))
            x0, x1 = sorted((side * (half + 0.16), side * half))
            parts.append((_flat(x0, x1, z0, z1, KERB + 0.001), slabs * 1.2, Material.PAVING))
    parts += _wear(rng, half, asphalt)
    parts += _markings(place, street, number)
    if rng.random() < 0.1:
        parts += _zebra(rng, half)
    groups = np.zeros(len(parts), np.int32)  # painted in this order, not by distance
    shape = mesh([p for p, _, _ in parts], np.array([c for _, c, _ in parts]),
                 np.array([m for _, _, m in parts]), group=groups)  # fmt: skip
    kerbs = np.abs(shape.facing[:, 1]) < 0.5
    shape.facing[kerbs] = np.array([1, 0, 0]) * -np.sign(shape.points[kerbs, 0, 0])[:, None]
    return shape


def _wear(
    rng: np.random.Generator, half: float, asphalt: Floats
) -> list[tuple[Floats, Floats, int]]:
    parts: list[tuple[Floats, Floats, int]] = []
    for _ in range(int(rng.poisson(1.2))):  # mended places
        x, z = rng.uniform(-half, half - 1), rng.uniform(0, CHUNK - 3)
        width, length = rng.uniform(0.6, 1.8), rng.uniform(0.8, 6)
        shade = asphalt * rng.uniform(0.6, 1.2)
        patch = _flat(x, min(x + width, half), z, min(z + length, CHUNK))
        parts.append((patch, shade, Material.ASPHALT))
    if rng.random() < 0.5:  # a manhole
        x, z = rng.uniform(-half * 0.6, half * 0.6), rng.uniform(1, CHUNK - 1)
        angle = np.arange(8) * (np.pi / 4)
        cover = np.stack([x + 0.33 * np.cos(angle), np.zeros(8), z + 0.33 * np.sin(angle)], axis=1)
        parts.append((cover.astype(np.float32), asphalt * 0.4, Material.ASPHALT))
    return parts


def _markings(
    place: np.random.Generator, street: Street, number: int
) -> list[tuple[Floats, Floats, int]]:
    white = linear((208, 208, 200)) * place.uniform(0.55, 1.0)
    yellow = linear((206, 168, 52)) * place.uniform(0.6, 1.0)
    dash, period = (2.0, 5.0) if place.random() < 0.5 else (4.0, 10.0)
    solid = place.random() < 0.2
    parts: list[tuple[Floats, Floats, int]] = []
    if solid:
        parts.append((_flat(-0.07, 0.07, 0, CHUNK), white, Material.MARKING))
    else:
        for z in np.arange(0, CHUNK, period):
            parts.append((_flat(-0.07, 0.07, z, z + dash), white, Material.MARKING))
    if street.parking > 1:
        bays = place.random() < 0.6
        for side in (-1, 1) if bays else ():
            for z in np.arange(0, CHUNK, CHUNK / 3):
                x0, x1 = sorted((side * street.lane, side * street.half_road))
                parts.append((_flat(x0, x1, z, z + 0.1), white, Material.MARKING))
            x = side * street.lane
            parts.append((_flat(x - 0.05, x + 0.05, 0, CHUNK), white, Material.MARKING))
    else:
        lines = place.random() < 0.5
        for side in (-1, 1):
            for k in range(1 + int(lines)):
                x = side * (street.half_road - 0.25 - 0.2 * k)
                colour = yellow if lines else white
                parts.append((_flat(x - 0.05, x + 0.05, 0, CHUNK), colour, Material.MARKING))
    return parts


def _zebra(rng: np.random.Generator, half: float) -> list[tuple[Floats, Floats, int]]:
    white = linear((214, 214, 208))
    z = rng.uniform(2, CHUNK - 6)
    return [
        (_flat(x, min(x + 0.5, half), z, z + 3.2), white, Material.MARKING)
        for x in np.arange(-half, half - 0.3, 1.0)
    ]


def bend(points: Floats, curvature: float) -> Floats:
    """Lay a straight street's points (…, 3) along an arc that starts at the camera."""
    z = points[..., 2]
    inner = np.clip(z, 0, 200)
    shift = curvature * (0.5 * inner**2 + 200 * np.maximum(z - 200, 0))
    bent = points.copy()
    bent[..., 0] += shift
    return bent


def land(street: Street, seed: int) -> Mesh:
    """The ground around the street out to the horizon."""
    rng = seeds.generator(seed, "scene", street.place, "land")
    green = linear(rng.uniform((70, 80, 46), (104, 112, 70)))
    colour = green if street.kind == "suburb" or street.greenery > 1 else linear((112, 108, 100))
    return mesh([_flat(-6000, 6000, 0.5, 2800, -0.02)], colour, Material.GRASS)
