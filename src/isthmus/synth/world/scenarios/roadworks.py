"""Roadworks: cones and barriers close a part of the lane; workers, a heap, perhaps a digger."""

from __future__ import annotations

import numpy as np

from isthmus.synth.chance import one_of
from isthmus.synth.world import furniture
from isthmus.synth.world.figures import figure
from isthmus.synth.world.material import Material
from isthmus.synth.world.mesh import Mesh, box, join, linear, smooth
from isthmus.synth.world.placement import Motion, Stage, Standing
from isthmus.synth.world.scenarios.actor import find, in_picture, show
from isthmus.synth.world.stock import numbered
from isthmus.synth.world.thing import Part, Thing

NAME = "roadworks"
SIZE = (0.9, 1.9, 0.9)
"""Room for a worker, metres."""
POSES = ("bend", "stand", "look", "talk", "carry")


def roadworks(rng: np.random.Generator, stage: Stage) -> None:
    """On the right of the road, from 6 m ahead on."""
    layout = stage.layout
    kerb = layout.main.section.right.kerb
    wide = float(rng.uniform(1.9, 2.6))
    draws = rng.spawn(6)

    def propose(draw: np.random.Generator, far: float) -> Motion:
        d = kerb - float(draw.uniform(0.8, wide - 0.5)) - 0.6 * far
        return Motion(layout.main, float(draw.uniform(10.5, 14.0 + 12 * far)), d,
                      float(draw.uniform(0, 2 * np.pi)))  # fmt: skip

    first = find(rng, stage, SIZE, propose)
    show(stage, figure(draws[0], stage, first, one_of(rng, POSES), work=True, name=NAME), NAME)
    low, high = max(first.s - float(rng.uniform(3.5, 5.0)), 6.0), first.s + 8.0
    inner = min(kerb - wide, first.d - 1.0)
    heaped = Motion(layout.main, first.s + 2.7, kerb - 1.3)
    machine = Motion(layout.main, first.s + 7.2, kerb - 1.1, np.pi + float(rng.uniform(-0.2, 0.3)))
    _works(stage, Standing(heap(draws[3]), heaped))
    if rng.random() < 0.7:
        _works(stage, Standing(digger(draws[3]), machine))
    _cones(draws[1], stage, (low, high), (inner, kerb - 0.3))
    for draw in draws[4].spawn(int(rng.integers(0, 3))):
        s, d = first.s + float(draw.uniform(-1.5, 2.6)), kerb - float(draw.uniform(0.4, wide - 0.6))
        other = Motion(layout.main, s, d, float(draw.uniform(0, 6.28)))
        _works(stage, figure(draw, stage, other, one_of(draw, POSES), work=True, name=NAME))
    sign = numbered(furniture.sign, 0, kind="warning")
    _works(stage, Standing(sign, Motion(layout.main, low + 0.6, kerb + 0.4, np.pi)))


def _works(stage: Stage, item: Standing) -> None:
    """Something more, if there is room and it hides nobody."""
    thing, motion = item.thing, item.motion
    polygon = stage.footprint(motion, (thing.size[0], thing.size[2]), 0.1)
    if stage.room(polygon) and (not thing.category or in_picture(stage, motion, thing.size)):
        show(stage, item, NAME)


def _cones(
    rng: np.random.Generator, stage: Stage, s: tuple[float, float], d: tuple[float, float]
) -> None:
    """A taper before the works, a row beside them, barriers at its end.

    They are low: they may stand between the camera and what is to be seen.
    """
    number = int(rng.random() * 10)
    (low, high), (inner, outer) = s, d
    places = [(low + 2.6 * k / 3, outer - (outer - inner) * k / 3) for k in range(4)]
    places += [(float(at), inner) for at in np.arange(low + 4.3, high, 1.9)]
    for along, across in places:
        thing = numbered(furniture.cone, number)
        motion = Motion(stage.layout.main, along, across, float(rng.uniform(0, 6.28)))
        _low(stage, thing, motion)
    fence = numbered(furniture.barrier, number)
    for along in (high + 0.4, high + 2.8):
        _works(stage, Standing(fence, Motion(stage.layout.main, along, inner, -np.pi / 2)))


def _low(stage: Stage, thing: Thing, motion: Motion) -> None:
    polygon = stage.footprint(motion, (thing.size[0], thing.size[2]), 0.05)
    if stage.occupancy.free(polygon):
        show(stage, Standing(thing, motion), NAME)


def heap(rng: np.random.Generator) -> Thing:
    """A heap of gravel, 0.6 to 1 m high."""
    rings, sides = 6, 18
    radius = np.linspace(1.0, 0.0, rings)[:, None]
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)[None]
    rough = 1 + 0.12 * rng.normal(size=(rings, sides))
    tall = float(rng.uniform(0.6, 1.0))
    x, z = 1.1 * radius * rough * np.cos(angle), 1.3 * radius * rough * np.sin(angle)
    y = tall * (1 - radius) ** 0.9 * (1 + 0.08 * rng.normal(size=(rings, sides)))
    y[0] = 0.0
    points = np.stack([x, y, z], axis=-1).reshape(-1, 3)
    i, j = np.meshgrid(np.arange(rings - 1), np.arange(sides), indexing="ij")
    a, b = i * sides + j, i * sides + (j + 1) % sides
    faces = np.stack([np.stack([a, a + sides, b + sides], -1),
                      np.stack([a, b + sides, b], -1)], axis=2).reshape(-1, 3)  # fmt: skip
    stuff = Material(_colour((126, 116, 102)), "dirt", roughness=0.95, porosity=0.7)
    return Thing((Part(smooth(points, faces), stuff, "object"),), size=(2.4, tall, 2.8))


def digger(rng: np.random.Generator) -> Thing:
    """A small excavator on tracks, its arm bent before it."""
    yellow = one_of(rng, ((232, 170, 30), (226, 120, 30)))
    paint = Material(_colour(yellow), roughness=0.4, coat=0.4)
    dark = Material(_colour((34, 34, 36)), "rubber")
    glass = Material(_colour((26, 30, 34)), roughness=0.1)
    tracks = [box((x, x + 0.36), (0.0, 0.5), (-1.1, 1.1)) for x in (-0.85, 0.49)]
    deck = box((-0.8, 0.8), (0.58, 1.15), (-1.05, 0.75))
    cab = [box((-0.78, 0.0), (2.1, 2.25), (-0.45, 0.75)),
           *(box((x, x + 0.06), (1.15, 2.1), (z, z + 0.06))
             for x in (-0.78, -0.06) for z in (-0.45, 0.69))]  # fmt: skip
    panes = box((-0.74, -0.04), (1.2, 2.08), (-0.4, 0.7))
    boom = _limb((0.35, 1.1, 0.6), (0.35, 2.6, 1.7), 0.13)
    stick = _limb((0.35, 2.6, 1.7), (0.35, 1.2, 2.4), 0.1)
    bucket = box((0.05, 0.65), (0.75, 1.2), (2.2, 2.6))
    return Thing(
        (Part(join(tracks), dark, "object"), Part(join([deck, *cab, boom, stick]), paint, "object"),
         Part(panes, glass, "object"), Part(bucket, dark, "object")),
        size=(1.75, 2.75, 5.2),
    )  # fmt: skip


def _limb(start: tuple[float, float, float], end: tuple[float, float, float], half: float) -> Mesh:
    """A square bar in the plane of an arm (constant x)."""
    (x, y0, z0), (_, y1, z1) = start, end
    long = float(np.hypot(y1 - y0, z1 - z0))
    angle = np.arctan2(y1 - y0, z1 - z0)
    c, s = np.cos(angle), np.sin(angle)
    bar = box((-half, half), (-half, half), (0.0, long))
    turned = bar.turned([[1, 0, 0], [0, c, s], [0, -s, c]])
    return turned.placed((x, y0, z0))


def _colour(srgb: tuple[int, int, int]) -> tuple[float, float, float]:
    r, g, b = linear(srgb).tolist()
    return r, g, b
