"""Limbs that reach for a place: two bones and a hinge, solved in closed form (law of cosines)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from isthmus.synth.world.people.loft import Reals
from isthmus.synth.world.people.physique import Body
from isthmus.synth.world.people.skeleton import rotation, rotation_vector

Turns = dict[str, Reals]


def _unit(vector: ArrayLike) -> Reals:
    v = np.asarray(vector, np.float64)
    return np.asarray(v / max(float(np.sqrt((v * v).sum())), 1e-12))


def _frame(along: Reals, hinge: Reals) -> Reals:
    """(3, 3) rotation whose columns are a bone, its hinge (made square to it) and the third."""
    h = _unit(hinge - along * float(hinge @ along))
    return np.stack([along, h, np.cross(along, h)], axis=1)


def _two_bones(
    root: Reals, middle: Reals, end: Reals, target: Reals, pole: ArrayLike, *, hinge: Reals
) -> tuple[Reals, Reals]:
    """Rotations of root and (in its axes) of the middle joint that take `end` to `target`.

    The middle joint goes towards `pole`; `hinge` is the axis about which it bends at rest. A
    target out of reach is approached as far as the limb goes.
    """
    a, b = float(np.linalg.norm(middle - root)), float(np.linalg.norm(end - middle))
    way = target - root
    distance = float(np.clip(np.linalg.norm(way), abs(a - b) * 1.02 + 1e-6, (a + b) * 0.9995))
    n = _unit(way)
    p = np.asarray(pole, np.float64)
    p = _unit(p - n * float(p @ n))
    cosine = float(np.clip((a * a + distance**2 - b * b) / (2 * a * distance), -1.0, 1.0))
    upper = n * cosine + p * float(np.sqrt(1 - cosine * cosine))
    lower = _unit(n * distance - upper * a)
    at_rest = _unit(middle - root)
    first = _frame(upper, np.cross(p, n)) @ _frame(at_rest, hinge).T
    bend = float(np.arccos(np.clip(upper @ lower, -1.0, 1.0)))
    axis = _unit(hinge - at_rest * float(hinge @ at_rest))
    rest_bend = float(np.arccos(np.clip(at_rest @ _unit(end - middle), -1.0, 1.0)))
    return first, rotation(axis * max(bend - rest_bend, 0.0))


def arm_to(
    body: Body, side: str, target: ArrayLike, *, pole: ArrayLike = (0.35, -1.0, -0.5),
    fingers: ArrayLike | None = None, palm: ArrayLike = (-1.0, 0.0, 0.0),
) -> Turns:  # fmt: skip
    """Turns of an arm whose wrist is at `target`.

    Args:
        body: whose.
        side: "left" or "right". Directions are given for the right and mirrored for the left.
        target: (3,) metres in the axes of the chest at rest, x towards the arm's own side.
        pole: where the elbow points.
        fingers: where the fingers point, None along the forearm.
        palm: where the palm faces, if `fingers` is given.
    """
    sign = -1.0 if side == "left" else 1.0
    mirror = np.array([sign, 1.0, 1.0])
    root, middle, end = (body.at(f"{side}_{n}") for n in ("shoulder", "elbow", "wrist"))
    hinge = np.array([-1.0, 0.0, 0.0])
    first, second = _two_bones(root, middle, end, np.asarray(target) * mirror,
                               np.asarray(pole, np.float64) * mirror, hinge=hinge)  # fmt: skip
    turns = {f"{side}_shoulder": rotation_vector(first), f"{side}_elbow": rotation_vector(second)}
    if fingers is not None:
        rest_palm = np.array([-sign, 0.0, 0.0])
        wanted = _frame(_unit(np.asarray(fingers) * mirror), np.asarray(palm) * mirror)
        own = _frame(_unit(end - middle), rest_palm)
        turns[f"{side}_wrist"] = rotation_vector((first @ second).T @ wanted @ own.T)
    return turns


def leg_to(
    body: Body, side: str, target: ArrayLike, pelvis: Reals, *, yaw: float = 0.0,
    pitch: float = 0.0, pole: ArrayLike = (0.12, 0.0, 1.0),
) -> Turns:  # fmt: skip
    """Turns of a leg whose ankle is at `target`, its foot level.

    Args:
        body: whose.
        side: "left" or "right"; x of `target` and `pole`, and `yaw`, count outwards.
        target: (3,) metres, with the pelvis where it is at rest.
        pelvis: (3, 3) rotation of the pelvis.
        yaw: of the foot, radians.
        pitch: of the foot, radians, toes up.
        pole: where the knee points.
    """
    sign = -1.0 if side == "left" else 1.0
    mirror = np.array([sign, 1.0, 1.0])
    root, middle, end = (body.at(f"{side}_{n}") for n in ("hip", "knee", "ankle"))
    centre = body.at("pelvis")
    local = pelvis.T @ (np.asarray(target) * mirror - centre) + centre
    towards = pelvis.T @ (np.asarray(pole, np.float64) * mirror)
    first, second = _two_bones(root, middle, end, local, towards, hinge=np.array([1.0, 0.0, 0.0]))
    foot = rotation([0.0, sign * yaw, 0.0]) @ rotation([-pitch, 0.0, 0.0])
    return {
        f"{side}_hip": rotation_vector(first),
        f"{side}_knee": rotation_vector(second),
        f"{side}_ankle": rotation_vector((pelvis @ first @ second).T @ foot),
    }
