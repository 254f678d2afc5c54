"""Bicycles and motorcycles with their riders."""

from __future__ import annotations

import numpy as np

from isthmus.synth.chance import one_of
from isthmus.synth.world.material import Material
from isthmus.synth.world.mesh import Floats, Mesh, join
from isthmus.synth.world.thing import Lamp, Part, Thing
from isthmus.synth.world.vehicles import paint
from isthmus.synth.world.vehicles.riders import Seat, rider
from isthmus.synth.world.vehicles.solids import ellipsoid, moved, soft_box, tube, turned

FRAMES = ((30, 30, 32), (150, 24, 28), (30, 60, 120), (210, 210, 205), (40, 90, 60), (230, 180, 40))
SIDES = {2: 8, 1: 5, 0: 4}


def _ring(radius: float, thick: float, z: float, detail: int) -> Mesh:
    """A tyre about the X axis, on the ground, its middle at z."""
    count = {2: 36, 1: 20, 0: 12}[detail]
    angle = 2 * np.pi * np.arange(count + 1) / count
    path = np.stack([0 * angle, radius + (radius - thick) * np.sin(angle),
                     z + (radius - thick) * np.cos(angle)], axis=1)  # fmt: skip
    return tube(path, thick, SIDES[detail], caps=False)


def _spokes(radius: float, z: float, count: int) -> Mesh:
    angle = 2 * np.pi * np.arange(count) / count
    pieces = []
    for a in angle.tolist():
        end = (0.0, radius + radius * 0.94 * np.sin(a), z + radius * 0.94 * np.cos(a))
        pieces.append(tube([(0.0, radius, z), end], 0.0025, 3, caps=False))
    return join(pieces)


def bicycle(
    rng: np.random.Generator, *, detail: int = 2, driver: bool = True, overloaded: bool = False
) -> Thing:
    """A bicycle with its rider."""
    radius, front, rear = 0.34, 0.53, -0.53
    n = SIDES[detail]
    bars: list[list[tuple[float, float, float]]] = [
        [(0, 0.3, -0.02), (0, 0.82, -0.2)], [(0, 0.3, -0.02), (0, 0.72, 0.36)],
        [(0, 0.76, -0.18), (0, 0.8, 0.33)], [(0.04, 0.34, rear), (0.02, 0.3, -0.02)],
        [(-0.04, 0.34, rear), (-0.02, 0.3, -0.02)], [(0.04, 0.34, rear), (0.02, 0.78, -0.19)],
        [(-0.04, 0.34, rear), (-0.02, 0.78, -0.19)], [(0, 0.98, 0.28), (0, 0.7, 0.37)],
        [(0.04, 0.7, 0.37), (0.05, 0.34, front)], [(-0.04, 0.7, 0.37), (-0.05, 0.34, front)],
    ]  # fmt: skip
    frame = join([tube(bar, 0.017, n) for bar in bars])
    handle = tube([(-0.3, 1.02, 0.16), (-0.22, 1.03, 0.27), (0.22, 1.03, 0.27), (0.3, 1.02, 0.16)],
                  0.014, n)  # fmt: skip
    saddle = moved(soft_box((-0.075, 0.075), (0, 0.05), (-0.15, 0.12), 0.03), (0, 0.88, -0.22))
    crank = tube([(0.1, 0.18, -0.06), (0.09, 0.3, -0.02), (-0.09, 0.3, -0.02), (-0.1, 0.42, 0.02)],
                 0.012, n)  # fmt: skip
    colour = Material(paint.rgb(*one_of(rng, FRAMES)), roughness=0.35, coat=0.6, porosity=0.05)
    black, steel = paint.MATERIALS["rubber"], paint.MATERIALS["steel"]
    pieces: list[tuple[Mesh, Material]] = [
        (frame, colour), (join([handle, saddle]), black), (crank, steel),
        (join([_ring(radius, 0.02, z, detail) for z in (front, rear)]), black),
    ]  # fmt: skip
    if detail == 2:
        pieces.append((join([_spokes(radius, z, 18) for z in (front, rear)]), steel))
    tail = moved(ellipsoid((0, 0, 0), (0.025, 0.03, 0.02), 8, 6), (0, 0.72, -0.33))
    pieces.append((tail, paint.MATERIALS["tail"]))
    pedals = ((0.1, 0.16, -0.06), (-0.1, 0.4, 0.02))
    seat = Seat(hip=(0.0, 0.95, -0.2), hands=(0.28, 1.04, 0.2), feet=pedals, lean=0.42)
    return _assembled(rng, pieces, seat, category="bicycle", detail=detail, beam=None)


def motorcycle(
    rng: np.random.Generator, *, detail: int = 2, driver: bool = True, overloaded: bool = False
) -> Thing:
    """A motorcycle or scooter with its rider."""
    radius, front, rear = 0.31, 0.7, -0.68
    n = SIDES[detail]
    steps = 12 if detail == 2 else 8
    paintwork = Material(paint.rgb(*one_of(rng, FRAMES)), roughness=0.3, coat=1.0, porosity=0.05)
    tank = ellipsoid((0, 0.88, 0.16), (0.16, 0.14, 0.3), steps, steps - 2)
    rear_end = ellipsoid((0, 0.82, -0.55), (0.12, 0.09, 0.34), steps, steps - 2)
    fairing = ellipsoid((0, 0.92, 0.55), (0.2, 0.2, 0.2), steps, steps - 2)
    mudguard = ellipsoid((0, 0.52, front), (0.08, 0.14, 0.26), steps, steps - 2)
    saddle = soft_box((-0.14, 0.14), (0.8, 0.9), (-0.55, 0.0), 0.05)
    engine = soft_box((-0.2, 0.2), (0.3, 0.72), (-0.2, 0.34), 0.06)
    forks = [tube([(x, 0.31, front), (x, 0.98, 0.44)], 0.03, n) for x in (-0.1, 0.1)]
    arms = [tube([(x, 0.31, rear), (x, 0.45, -0.1)], 0.03, n) for x in (-0.12, 0.12)]
    pipe = tube([(0.17, 0.32, 0.2), (0.2, 0.28, -0.3), (0.22, 0.36, -0.8)], [0.03, 0.04, 0.05], n)
    handle = tube([(-0.36, 1.05, 0.28), (-0.2, 1.06, 0.42), (0.2, 1.06, 0.42), (0.36, 1.05, 0.28)],
                  0.018, n)  # fmt: skip
    lamp = moved(turned([(0.03, 0.085), (0.05, 1e-3)], 12), (0, 0, 0))
    turn = np.array([[0, 0, -1], [0, 1, 0], [1, 0, 0]], np.float32)
    lamp = moved(lamp.turned(turn), (0, 0.95, 0.71))
    discs = join([ellipsoid((0, radius, z), (0.05, 0.2, 0.2), steps, 6) for z in (front, rear)])
    tail = soft_box((-0.08, 0.08), (0.84, 0.9), (-0.9, -0.86), 0.01)
    m = paint.MATERIALS
    pieces: list[tuple[Mesh, Material]] = [
        (join([tank, rear_end, fairing, mudguard]), paintwork),
        (join([saddle, handle]), m["black"]), (join([engine, *forks, *arms, pipe]), m["steel"]),
        (join([_ring(radius, 0.06, z, detail) for z in (front, rear)]), m["tyre"]),
        (discs, m["steel"]), (lamp, m["headlamp"]), (tail, m["tail"]),
        (soft_box((-0.1, 0.1), (0.5, 0.63), (-0.93, -0.915), 0.004), m["plate"]),
    ]  # fmt: skip
    rests = ((0.18, 0.36, -0.1), (-0.18, 0.36, -0.1))
    seat = Seat((0.0, 0.94, -0.25), (0.33, 1.07, 0.32), rests, lean=0.3, helmet="full")
    beam = Lamp((0.0, 0.95, 0.75), (0.0, -0.03, 0.99955), (9000.0, 9000.0, 8600.0), 18.0, "head")
    return _assembled(rng, pieces, seat, category="motorcycle", detail=detail, beam=beam)


def _assembled(
    rng: np.random.Generator, pieces: list[tuple[Mesh, Material]], seat: Seat, *, category: str,
    detail: int, beam: Lamp | None,
) -> Thing:  # fmt: skip
    parts = [Part(mesh, material, category) for mesh, material in pieces]
    body, keypoints = rider(rng, seat, detail)
    parts += [Part(mesh, material, "rider", rider=True) for mesh, material in body]
    low = np.min([p.mesh.points.min(axis=0) for p in parts], axis=0)
    high = np.max([p.mesh.points.max(axis=0) for p in parts], axis=0)
    shift = np.array([-(low[0] + high[0]) / 2, -low[1], -(low[2] + high[2]) / 2], np.float32)
    placed = tuple(
        Part(Mesh(p.mesh.points + shift, p.mesh.faces, p.mesh.normals, p.mesh.uv), p.material,
             p.semantic, p.rider) for p in parts
    )  # fmt: skip
    width, height, length = (float(v) for v in high - low)
    lamps: tuple[Lamp, ...] = ()
    if beam is not None:
        x, y, z = (np.asarray(beam.position) + shift).tolist()
        lamps = (Lamp((x, y, z), beam.direction, beam.intensity, beam.spread, beam.group),)
    points: Floats = (keypoints + shift).astype(np.float32)
    return Thing(placed, category, (width, height, length), lamps, points, {"kind": category})
