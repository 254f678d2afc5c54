"""Riders of two-wheelers: limbs that reach from the saddle to handlebar and pedals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from isthmus.synth.chance import one_of
from isthmus.synth.world.material import Material
from isthmus.synth.world.mesh import Mesh, join
from isthmus.synth.world.vehicles import paint
from isthmus.synth.world.vehicles.solids import ellipsoid, moved, tube

HELMETS = ((225, 225, 220), (30, 30, 32), (180, 30, 34), (30, 80, 150), (230, 190, 40))
Point = tuple[float, float, float]
Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Seat:
    """Where a rider touches the machine, metres; the right side is +X.

    Attributes:
        hip: middle of the hips. hands: the right hand. feet: right and left.
        lean: of the trunk, radians forward.
        helmet: "open" (or none) for bicycles, "full".
    """

    hip: Point
    hands: Point
    feet: tuple[Point, Point]
    lean: float
    helmet: Literal["open", "full"] = "open"


def rider(
    rng: np.random.Generator, seat: Seat, detail: int
) -> tuple[list[tuple[Mesh, Material]], Array]:
    """Meshes with materials, and COCO's keypoints (17, 3)."""
    sides = {2: 10, 1: 6, 0: 5}[detail]
    tall = float(rng.uniform(0.94, 1.04))
    hip = np.asarray(seat.hip)
    ahead = np.array([0.0, np.cos(seat.lean), np.sin(seat.lean)])
    neck = hip + 0.5 * tall * ahead
    head = neck + np.array([0, 0.17, 0.07 + 0.06 * seat.lean]) * tall
    chest = hip + 0.38 * tall * ahead
    joints = {}
    for name, side in (("right", 1.0), ("left", -1.0)):
        foot = np.asarray(seat.feet[0 if side > 0 else 1])
        socket = hip + _v(0.09 * side, 0, 0)
        knee = _joint(
            socket, foot + _v(0, 0.08, 0), 0.44 * tall, 0.44 * tall, np.array([0, 0.3, 1.0])
        )
        shoulder = neck + _v(0.18 * side, -0.05, -0.01)
        hand = np.asarray(seat.hands) * _v(side, 1, 1)
        elbow = _joint(shoulder, hand, 0.3 * tall, 0.29 * tall, np.array([0.6 * side, -0.8, -0.3]))
        joints[name] = (socket, knee, foot, shoulder, elbow, hand)
    colours = paint.people(rng)
    cloth = colours["driver_cloth"]
    trousers = Material(paint.rgb(*one_of(rng, ((40, 50, 80), (30, 30, 34), (90, 84, 70)))),
                        "denim", 0.9)  # fmt: skip
    skin, shoe = colours["driver_skin"], paint.MATERIALS["rubber"]
    trunk = tube([hip - 0.03 * ahead, hip + 0.16 * ahead, chest, neck - 0.03 * ahead, neck],
                 [0.15, 0.145, 0.17, 0.13, 0.06], sides + 4)  # fmt: skip
    arms, legs, hands, shoes = [], [], [], []
    for socket, knee, foot, shoulder, elbow, hand in joints.values():
        arms.append(_limb([shoulder, elbow, hand], (0.065, 0.05, 0.034), sides))
        legs.append(_limb([socket, knee, foot + _v(0, 0.08, 0)], (0.095, 0.065, 0.045), sides))
        hands.append(ellipsoid(tuple(hand), (0.04, 0.035, 0.055), 8, 6))
        shoes.append(ellipsoid(tuple(foot + _v(0, 0.03, 0.06)), (0.045, 0.045, 0.13), 8, 6))
    pieces = [
        (join([trunk, *arms]), cloth), (join(legs), trousers), (join(hands), skin),
        (join(shoes), shoe),
    ]  # fmt: skip
    pieces += _head(rng, head, seat, skin=skin, hair=colours["driver_hair"], detail=detail)
    right, left = joints["right"], joints["left"]
    order: list[Array] = [head + _v(0, -0.01, 0.12)]
    order += [head + _v(s * 0.035, 0.03, 0.1) for s in (-1, 1)]
    order += [head + _v(s * 0.08, 0.0, 0.0) for s in (-1, 1)]
    for k in (3, 4, 5, 0, 1):
        order += [left[k], right[k]]
    order += [left[2] + _v(0, 0.08, 0), right[2] + _v(0, 0.08, 0)]
    return pieces, np.asarray(order, np.float32)


def _v(x: float, y: float, z: float) -> Array:
    return np.array([x, y, z], np.float64)


def _limb(points: Sequence[Array], radii: Sequence[float], sides: int) -> Mesh:
    """A limb with a rounded joint in its middle."""
    a, b, c = (np.asarray(p, np.float64) for p in points)
    path = [a, 0.5 * (a + b), b + 0.12 * (a - b), b + 0.12 * (c - b), 0.5 * (b + c), c]
    r0, r1, r2 = radii
    return tube(path, [r0, 0.5 * (r0 + r1) + 0.006, r1, r1, 0.55 * r1 + 0.45 * r2, r2], sides)


def _joint(start: Array, end: Array, first: float, second: float, towards: Array) -> Array:
    """Where a limb of two bones bends on its way from start to end, on the side of `towards`."""
    way = end - start
    length = float(np.linalg.norm(way))
    reach = min(length, 0.999 * (first + second))
    along = way / max(length, 1e-9)
    share = (first**2 - second**2 + reach**2) / (2 * reach)
    out = towards - (towards @ along) * along
    out /= max(float(np.linalg.norm(out)), 1e-9)
    return np.asarray(start + along * share + out * np.sqrt(max(first**2 - share**2, 0.0)))


def _head(
    rng: np.random.Generator,
    head: Array,
    seat: Seat,
    *,
    skin: Material,
    hair: Material,
    detail: int,
) -> list[tuple[Mesh, Material]]:
    steps = 14 if detail == 2 else 9
    shell = Material(paint.rgb(*one_of(rng, HELMETS)), roughness=0.25, coat=0.8, porosity=0.05)
    if seat.helmet == "full":
        visor = moved(
            ellipsoid((0, 0, 0), (0.115, 0.06, 0.08), steps, steps - 2), head + _v(0, 0.02, 0.09)
        )
        full = ellipsoid(tuple(head + _v(0, 0.01, 0)), (0.135, 0.15, 0.16), steps, steps - 2)
        return [(full, shell), (visor, paint.MATERIALS["frit"])]
    face = ellipsoid(tuple(head), (0.077, 0.115, 0.095), steps, steps - 2)
    nose = ellipsoid(tuple(head + _v(0, -0.01, 0.095)), (0.014, 0.024, 0.02), 6, 5)
    top = ellipsoid(tuple(head + _v(0, 0.05, -0.02)), (0.09, 0.085, 0.11), steps, steps - 2)
    covered = rng.random() < 0.55
    return [(join([face, nose]), skin), (top, shell if covered else hair)]
