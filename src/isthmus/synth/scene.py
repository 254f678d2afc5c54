"""One scene: a street from one spot at one moment, with its traffic and its people.

`sample_scene` is a pure function of (seed, index): the same scene can be rendered under any
condition, and its truth stays the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from isthmus import seeds
from isthmus.synth import buildings, furniture, traffic
from isthmus.synth.stage import Actor, Stage, Thing, rectangle
from isthmus.synth.street import (
    CHUNK,
    KERB,
    Street,
    bend,
    chunk_scenery,
    lamps,
    land,
    sample_street,
)
from isthmus.synth.view import View

REACH = 160.0
"""How far ahead things are placed, in metres."""
SKYLINE = 210.0


@dataclass(frozen=True)
class Scene:
    """Everything that stands before the camera.

    Attributes:
        index: number of the scene (frame) under its seed.
        street: the place.
        step: number of the frame within its place.
        travelled: metres along the street.
        view: the camera.
        things: all meshes, laid out along a straight street.
        actors: labelled objects, where they are on the bent street.
        lamps: (x, z) of street lamps' heads on the bent street.
    """

    index: int
    street: Street
    step: int
    travelled: float
    view: View
    things: tuple[Thing, ...]
    actors: tuple[Actor, ...]
    lamps: tuple[tuple[float, float], ...]


def sample_scene(
    seed: int, index: int, *, size: tuple[int, int] = (320, 192), sequence_length: int = 10
) -> Scene:
    """Scene `index` under `seed`.

    Args:
        seed: of the data set.
        index: number of the frame; index // sequence_length is its place.
        size: (width, height) of the picture in pixels.
        sequence_length: frames driven at one place.
    """
    place, step = divmod(index, sequence_length)
    street = sample_street(seed, place)
    travelled = step * street.advance
    view = _mount(seed, index, street, size)
    stage = Stage(view, [_far(seed, street)])
    stage.things += _scenery(seed, street, travelled)
    posts = lamps(street, travelled - 5, travelled + REACH)
    for x, z, towards in posts:
        lamp = furniture.street_lamp(x, z - travelled, KERB, 6.5, towards)
        foot = rectangle(x, z - travelled, 0.08, 0.08, 0.0)
        stage.things.append(Thing(lamp, z - travelled, -1, foot, 6.5, KERB))
    moment = traffic.Moment(seed, street, step, travelled)
    traffic.drive(stage, moment)
    traffic.park(stage, moment)
    traffic.walk(stage, moment)
    heads = np.array([(x + 1.5 * t, 0.0, z - travelled) for x, z, t in posts]).reshape(-1, 3)
    heads = bend(heads, street.curvature)
    return Scene(
        index, street, step, travelled, view, tuple(stage.things),
        tuple(_follow(actor, street.curvature) for actor in stage.actors),
        tuple((float(x), float(z)) for x, _, z in heads),
    )  # fmt: skip


def _mount(seed: int, index: int, street: Street, size: tuple[int, int]) -> View:
    height, pitch, focal = street.camera
    shake = seeds.generator(seed, "scene", index, "mount")
    return View(
        *size,
        focal * size[0],
        (street.drive * street.lane * 0.5 + float(shake.normal(0, 0.12)), height, 0.0),
        pitch + float(shake.normal(0, 0.004)),
        float(shake.normal(0, 0.02)),
    )


def _far(seed: int, street: Street) -> Thing:
    rng = seeds.generator(seed, "scene", street.place, "skyline")
    return Thing(buildings.backdrop(rng, land(street, seed), SKYLINE), 5000.0)


def _scenery(seed: int, street: Street, travelled: float) -> list[Thing]:
    first = int(travelled // CHUNK)
    things: list[Thing] = []
    for number in range(first - 1, first + int(REACH / CHUNK) + 2):
        shift = number * CHUNK - travelled
        for k, thing in enumerate(chunk_scenery(seed, street, number)):
            # Ground first of all, farthest stretch first.
            order = 3000.0 + shift if k == 0 else max(thing.order + shift, 0.0)
            if k == 0 or thing.order + shift > 0:
                things.append(thing.shifted(shift, order))
    return things


def _follow(actor: Actor, curvature: float) -> Actor:
    x, y, z = actor.position
    moved = bend(np.array([[x, y, z]]), curvature)[0]
    turn = float(np.arctan(curvature * min(max(z, 0.0), 200.0)))
    return replace(actor, position=(float(moved[0]), y, z), heading=actor.heading + turn)
