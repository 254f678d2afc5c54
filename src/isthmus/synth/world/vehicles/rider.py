"""The person on a two-wheeler: smooth limbs between joints found by two-bone kinematics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from isthmus.synth.world.mesh import Floats, Mesh
from isthmus.synth.world.vehicles.prototype import Slots
from isthmus.synth.world.vehicles.solids import bent, block, ellipsoid, pitch, tube, vec
from isthmus.synth.world.vehicles.subdivision import Array

THIGH, SHIN, UPPER_ARM, FOREARM, TRUNK = 0.435, 0.435, 0.295, 0.265, 0.49
"""Lengths of a person of 1.75 m, metres."""


@dataclass(frozen=True)
class Seat:
    """How a rider sits: right-hand points; the left ones are mirrored unless given.

    Attributes:
        hip: (y, z) of the hips' middle.
        lean: angle of the trunk from upright, radians, forward.
        hand: (x, y, z) of the right hand.
        feet: (2, 3) of the left and the right ankle.
        knees: how far knees point outwards, 0 to 1.
    """

    hip: tuple[float, float]
    lean: float
    hand: tuple[float, float, float]
    feet: tuple[tuple[float, float, float], tuple[float, float, float]]
    knees: float = 0.1


def elbow(start: Array, end: Array, first: float, second: float, towards: ArrayLike) -> Array:
    """The middle joint (3,) of two bones between `start` and `end`, bent `towards` a direction."""
    reach = end - start
    far = min(float(np.linalg.norm(reach)), 0.995 * (first + second))
    along = reach / np.linalg.norm(reach)
    share = (first**2 - second**2 + far**2) / (2 * far)
    rise = np.sqrt(max(first**2 - share**2, 0.0))
    side = np.asarray(towards, np.float64)
    side = side - along * (side @ along)
    return np.asarray(start + share * along + rise * side / max(float(np.linalg.norm(side)), 1e-9))


def limb(points: list[Array], radii: list[float], sides: int) -> Mesh:
    """A limb through three joints, round at the middle one."""
    a, b, c = points
    ra, rb, rc = radii
    if sides < 5:
        return tube(np.array([a, b, c]), np.array([ra, rb, rc]), sides, caps=False)
    path = [a, 0.5 * (a + b), b + 0.06 * (a - b) * 2, b + 0.06 * (c - b) * 2, 0.6 * b + 0.4 * c, c]
    width = [ra, 0.55 * ra + 0.45 * rb, rb, rb, 0.5 * (rb + rc) + 0.006, rc]
    return tube(np.array(path), np.array(width), sides)


def rider(seat: Seat, scale: float, level: int, helmet: str) -> tuple[Slots, Floats]:
    """Meshes of a rider by slot (all begin with `rider_`) and COCO keypoints (17, 3).

    Args:
        seat: the pose.
        scale: height in units of 1.75 m.
        level: of detail, 0 to 2.
        helmet: "full" (motorcycle), "open" (bicycle) or "" (hair).
    """
    sides = (4, 6, 9)[level]
    hip = np.array([0.0, *seat.hip])
    up = np.array([0.0, np.cos(seat.lean), np.sin(seat.lean)])
    chest = hip + TRUNK * scale * up
    out: Slots = {"rider_top": [_trunk(hip, chest, up, scale, sides)]}
    joints: dict[str, Array] = {}
    for k, (side, sign) in enumerate((("left", -1.0), ("right", 1.0))):
        shoulder = chest + vec(sign * 0.185 * scale, -0.02, 0.0)
        hand = np.array([sign * seat.hand[0], seat.hand[1], seat.hand[2]])
        arm = elbow(shoulder, hand, UPPER_ARM * scale, FOREARM * scale, (0.75 * sign, -0.8, -0.3))
        out["rider_top"].append(limb([shoulder, arm, hand], [0.060, 0.047, 0.034], sides))
        grip = ellipsoid(hand + vec(0, 0.005, 0.03), (0.036, 0.04, 0.055), 2 + level, 4 + level)
        out.setdefault("rider_hand", []).append(grip)
        socket = hip + vec(sign * 0.095 * scale, -0.01, 0.0)
        ankle = np.array(seat.feet[k])
        knee = elbow(socket, ankle, THIGH * scale, SHIN * scale, (sign * seat.knees, 0.35, 1.0))
        out.setdefault("rider_legs", []).append(
            limb([socket, knee, ankle], [0.088, 0.062, 0.042], sides)
        )
        out.setdefault("rider_shoe", []).append(_shoe(ankle, level))
        joints |= {f"{side}_shoulder": shoulder, f"{side}_elbow": arm, f"{side}_wrist": hand,
                   f"{side}_hip": socket, f"{side}_knee": knee, f"{side}_ankle": ankle}  # fmt: skip
    _head(chest, scale, level, helmet, seat.lean, out, joints)
    order = ["nose"] + [
        f"{side}_{name}"
        for name in ("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")
        for side in ("left", "right")
    ]
    return out, np.array([joints[name] for name in order], np.float32)


def _trunk(hip: Array, chest: Array, up: Array, scale: float, sides: int) -> Mesh:
    """Pelvis to neck: a tube wider than deep, the back a little rounded."""
    back = np.cross([1.0, 0.0, 0.0], up)
    path = [hip - 0.10 * up, hip, hip + 0.22 * up + 0.03 * back, hip + 0.38 * up + 0.04 * back,
            chest + 0.01 * up + 0.01 * back, chest + 0.10 * up]  # fmt: skip
    mesh = tube(
        np.array(path), np.array([0.085, 0.118, 0.108, 0.125, 0.10, 0.05]) * scale, sides + 1
    )
    return bent(mesh, np.diag([1.42, 1.0, 1.0]))


def _shoe(ankle: Array, level: int) -> Mesh:
    box = block((-0.045, 0.045), (-0.085, 0.015), (-0.075, 0.19), (0.03, 0.03, 0.05), level)
    return bent(box, pitch(-0.10), ankle)


def _head(  # noqa: PLR0917
    chest: Array, scale: float, level: int, helmet: str, lean: float, out: Slots,
    joints: dict[str, Array],
) -> None:  # fmt: skip
    """Head and helmet; the face looks ahead however the trunk leans."""
    centre = chest + np.array([0.0, 0.235, 0.055 + 0.04 * np.sin(lean)]) * scale
    rows, columns = 3 + 2 * level, 6 + 2 * level
    size = np.array([0.077, 0.115, 0.098])
    out["rider_skin"] = [ellipsoid(centre, size, rows, columns)]
    neck = [chest + vec(0, 0.02, 0.0), centre - vec(0, 0.05, 0.02)]
    out["rider_skin"].append(tube(np.array(neck), 0.055, 5 + level, caps=False))
    if helmet == "full":
        bowl = ellipsoid(centre + vec(0, 0.012, -0.008), (0.122, 0.145, 0.145), rows + 1, columns)
        visor = ellipsoid(centre + vec(0, 0.020, 0.022), (0.116, 0.070, 0.124), rows, columns)
        out["rider_helmet"], out["rider_visor"] = [bowl], [visor]
        out["rider_skin"] = out["rider_skin"][1:]
    elif helmet == "open":
        shell = ellipsoid(centre + vec(0, 0.052, -0.008), (0.098, 0.092, 0.132), rows, columns)
        out["rider_helmet"] = [_upper(shell, centre[1] + 0.035)]
    if helmet != "full":
        hair = ellipsoid(centre + vec(0, 0.022, -0.026), (0.083, 0.108, 0.088), rows, columns)
        out["rider_hair"] = [hair]
    for side, sign in (("left", -1.0), ("right", 1.0)):
        joints[f"{side}_eye"] = centre + vec(sign * 0.032, 0.02, 0.088)
        joints[f"{side}_ear"] = centre + vec(sign * 0.077, -0.005, 0.0)
    joints["nose"] = centre + vec(0.0, -0.012, 0.105)


def _upper(mesh: Mesh, y: float) -> Mesh:
    """The faces of a mesh above a height."""
    keep = mesh.points[mesh.faces][:, :, 1].mean(axis=1) > y
    return Mesh(mesh.points, mesh.faces[keep], mesh.normals, mesh.uv)


def backpack(seat: Seat, scale: float, level: int) -> Mesh:
    """A bag on the rider's back."""
    bag = block((-0.15, 0.15), (0.06, 0.46), (-0.27, -0.09), (0.06, 0.06, 0.05), level)
    return bent(bag, pitch(-seat.lean), (0.0, seat.hip[0] + 0.02 * scale, seat.hip[1]))
