"""Bodies of the extra `[people]`: MakeHuman's anatomy in our poses and clothes.

Its mesh gives the skin that is seen (head, neck, arms, hands, legs) and the measures after which
our clothes are cut; hair, garments, shoes and poses are the same as for own bodies.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from isthmus.synth.world.people import makehuman
from isthmus.synth.world.people.dressing import WHITE, Bare
from isthmus.synth.world.people.figure import Figure
from isthmus.synth.world.people.flesh import arm_line, spine
from isthmus.synth.world.people.head import Face
from isthmus.synth.world.people.kernels import turn_about
from isthmus.synth.world.people.loft import Index, Reals, Surface
from isthmus.synth.world.people.physique import ARM_ANGLE, Body
from isthmus.synth.world.people.simplify import simplified
from isthmus.synth.world.people.skeleton import NUMBER, Pose, bent, joint_frames, rotation_vector
from isthmus.synth.world.people.wardrobe import Look

_FACES = {2: 4400, 1: 1000, 0: 280}
"""Faces of all skin that clothes may leave bare, by detail; about half of them are seen."""

_CURL = {"loose": 0.22, "fist": 1.25, "grip": 0.85, "flat": 0.0}
"""By how much (radians) each joint of a finger bends."""


@dataclass(frozen=True)
class Coarse:
    """The mesh at a detail.

    Attributes:
        faces: (f, 3) corners of the full mesh.
        paint: (f,) 0 skin, 1 lips, 2 brows, 3 whites, 4 irises.
    """

    faces: Index
    paint: Index


@lru_cache(maxsize=3)
def coarse(detail: int) -> Coarse:
    """The neutral body's skin and eyes with fewer faces; takes seconds, once a process."""
    if detail < 2:
        return _thinned(coarse(detail + 1), _FACES[detail])
    mesh = makehuman.base()
    left_eye, right_eye = mesh.triangles["helper-l-eye"], mesh.triangles["helper-r-eye"]
    eye = mesh.points[np.unique(left_eye)].mean(axis=0)
    body = mesh.triangles["body"]
    paint = _features(mesh.points, body, eye)
    # Trunk and feet are never bare.
    shares = mesh.shares
    shown = shares[:, NUMBER["neck"]] > 0.0
    for side in ("left", "right"):
        shown |= shares[:, NUMBER[f"{side}_shoulder"]] > 0.0
        leg = shares[:, NUMBER[f"{side}_hip"]] - shares[:, NUMBER[f"{side}_toe"]]
        shown |= (leg > 0.2) & (shares[:, NUMBER[f"{side}_ankle"]] < 0.9)
    top = np.abs(mesh.points[:, 0]) < 0.12
    shown |= top & (mesh.points[:, 1] > mesh.points[mesh.cubes[NUMBER["chest"]], 1].mean())
    kept = shown[body].all(axis=1)
    eyes = np.concatenate([left_eye, right_eye])
    middle = mesh.points[eyes].mean(axis=1)
    iris = np.where(middle[:, 2] > mesh.points[np.unique(eyes), 2].max() - 0.0024, 4, 3)
    faces = np.concatenate([body[kept], eyes])
    whole = Coarse(faces, np.concatenate([paint[kept], iris]))
    return _thinned(whole, _FACES[2])


def _thinned(mesh: Coarse, count: int) -> Coarse:
    base = makehuman.base()
    shares = base.shares
    face = (shares[:, NUMBER["head"]] > 0.5) & (base.points[:, 2] > 0.0)
    hand = np.maximum(shares[:, NUMBER["left_wrist"]], shares[:, NUMBER["right_wrist"]]) > 0.5
    weight = 1.0 + 7.0 * (shares[:, NUMBER["head"]] > 0.5) + 24.0 * face + 5.0 * hand
    faces, kept = simplified(base.points, mesh.faces, mesh.paint, weight, count)
    return Coarse(faces, mesh.paint[kept])


def _features(points: Reals, faces: Index, eye: Reals) -> Index:
    """Which faces (f,) are lips (1), by targets that swell them, and brows (2), over an eye."""
    paint = np.zeros(len(faces), np.int64)
    for name in ("mouth/mouth-lowerlip-volume-incr", "mouth/mouth-upperlip-volume-incr"):
        moved = np.linalg.norm(makehuman.target(name), axis=1)
        paint[(moved[faces] > 0.3 * moved.max()).all(axis=1)] = 1
    middle = points[faces].mean(axis=1)
    aside, up = np.abs(middle[:, 0]) - abs(eye[0]), middle[:, 1] - eye[1]
    arch = 0.021 - 6.0 * (aside - 0.004) ** 2
    over = (np.abs(up - arch) < 0.0048) & (np.abs(aside) < 0.024) & (middle[:, 2] > eye[2] - 0.01)
    paint[over] = 2
    return paint


@dataclass(frozen=True)
class Anatomy:
    """Somebody's full mesh in our rest pose; called to show its skin (see `dressing.Skin`)."""

    points: Reals
    body: Body

    def __call__(self, figure: Figure, look: Look, face: Face, detail: int, bare: Bare) -> None:
        """Adds the skin that clothes leave bare."""
        mesh, base = coarse(detail), makehuman.base()
        points = _with_hands(self.points, figure.pose.hands)
        seen = _seen(self.body, points, base.shares, bare)
        chosen = seen[mesh.faces].all(axis=1) | (mesh.paint >= 3)
        corners, faces = np.unique(mesh.faces[chosen], return_inverse=True)
        own = points[corners]
        surface = Surface(own, faces.reshape(-1, 3), _uv(own), np.arange(len(own)))
        figure.add_shared(surface, base.shares[corners], look.skin, look.lips, look.hair, WHITE,
                          look.eyes, paint=mesh.paint[chosen])  # fmt: skip


def _uv(points: Reals) -> Reals:
    """Surface coordinates round the vertical axis, metres."""
    around = np.arctan2(points[:, 0], points[:, 2] + 0.3) * 0.35
    return np.column_stack([around, points[:, 1]])


def _seen(body: Body, points: Reals, shares: Reals, bare: Bare) -> NDArray[np.bool_]:
    """Which corners (v,) no cloth covers."""
    wide = 0.05 if bare.arm > 0 else 0.2
    trunk = points[:, 1] > body.level(bare.neck)
    trunk &= np.abs(points[:, 0]) < wide * body.traits.height
    seen = (shares[:, NUMBER["neck"]] > 0.3) | trunk
    for side in ("left", "right"):
        shoulder, elbow, wrist = (body.at(f"{side}_{n}") for n in ("shoulder", "elbow", "wrist"))
        at = _along(points, shoulder, elbow, wrist)
        limb = shares[:, NUMBER[f"{side}_shoulder"]] > (0.6 if bare.arm > 0 else 0.02)
        seen |= limb & (at > min(bare.arm, 1.9) - 0.2)
        if bare.leg is not None:
            hip, knee, ankle = (body.at(f"{side}_{n}") for n in ("hip", "knee", "ankle"))
            at = _along(points, hip, knee, ankle)
            limb = shares[:, NUMBER[f"{side}_hip"]] > 0.3
            seen |= limb & (at > bare.leg[0]) & (at < bare.leg[1])
    return np.asarray(seen, np.bool_)


def _along(points: Reals, root: Reals, middle: Reals, end: Reals) -> Reals:
    """Limb coordinates (v,): 0 at the root, 1 at the middle joint, 2 at the end."""
    first, second = middle - root, end - middle
    upper = ((points - root) @ first) / (first @ first)
    lower = 1 + ((points - middle) @ second) / (second @ second)
    return np.where(upper < 1, upper, np.maximum(lower, 1.0))


def _with_hands(points: Reals, held: tuple[str, str]) -> Reals:
    """The mesh with its fingers bent as the (left, right) hand is held."""
    fingers = makehuman.base().fingers
    shares = np.zeros((len(points), len(fingers) + 1))
    joints, axes = np.zeros((len(fingers) + 1, 3)), np.zeros((len(fingers) + 1, 3))
    angles = np.zeros(len(fingers) + 1)
    places = {name: points[cube].mean(axis=0) for name, cube, _ in fingers}
    for k, (name, _, own) in enumerate(fingers, 1):
        finger, number, side = name.split("_")
        sign = -1.0 if side == "l" else 1.0
        shares[:, k], joints[k] = own, places[name]
        # Knuckles lie in a row; fingers bend about it towards the palm, which faces the body.
        row = places[f"index_01_{side}"] - places[f"pinky_01_{side}"]
        axes[k] = sign * row / np.linalg.norm(row)
        bend = _CURL[held[0 if side == "l" else 1]]
        angles[k] = bend * (0.35 if finger == "thumb" else 1.0) * (0.8 if number == "01" else 1.0)
    return np.asarray(turn_about(points, shares, joints, axes, angles))


def anatomy(body: Body, mix: Reals) -> Anatomy:
    """MakeHuman's body of the same sex, age, build and height as `body`, with its own measures."""
    base = makehuman.base()
    points = makehuman.shaped(body.traits, mix)
    joints = np.stack([points[cube].mean(axis=0) for cube in base.cubes])
    # The hips' middle goes where ours is.
    middle = (joints[NUMBER["left_hip"]] + joints[NUMBER["right_hip"]]) / 2
    shift = np.array([0.0, 0.0, body.at("right_hip")[2] - middle[2]])
    points, joints = points + shift, joints + shift
    pose = _to_rest(joints, body)
    points = bent(points, base.shares, joints, pose)
    _, rest = joint_frames(joints, pose)
    return Anatomy(points, _measured(body, points, rest, base.shares))


def _to_rest(joints: Reals, body: Body) -> Pose:
    """Turns that bring a mesh to our rest pose: arms straight, 20° off the trunk, legs together."""
    turns = {}
    for side, sign in (("left", -1.0), ("right", 1.0)):
        shoulder, elbow, wrist, hip, ankle = (
            joints[NUMBER[f"{side}_{n}"]] for n in ("shoulder", "elbow", "wrist", "hip", "ankle")
        )
        down = np.array([sign * np.sin(ARM_ANGLE), -np.cos(ARM_ANGLE), 0.0])
        first = _turn(elbow - shoulder, down)
        second = first.T @ _turn(first @ (wrist - elbow), down) @ first
        turns[f"{side}_shoulder"] = rotation_vector(first)
        turns[f"{side}_elbow"] = rotation_vector(second)
        straight = body.at(f"{side}_ankle") - body.at(f"{side}_hip")
        turns[f"{side}_hip"] = rotation_vector(_turn(ankle - hip, straight))
    return Pose(turns)


def _turn(start: Reals, end: Reals) -> Reals:
    """The shortest rotation (3, 3) from one direction to another."""
    a, b = start / np.linalg.norm(start), end / np.linalg.norm(end)
    axis = np.cross(a, b)
    skew = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.asarray(np.eye(3) + skew + skew @ skew / (1 + a @ b))


def _measured(body: Body, points: Reals, rest: Reals, shares: Reals) -> Body:
    """`body` with the joints, girths and head of a mesh in our rest pose."""
    h = body.traits.height
    skin = np.unique(makehuman.base().triangles["body"])
    p, w = points[skin], shares[skin]
    hip, knee, ankle = (rest[NUMBER[f"right_{n}"]] for n in ("hip", "knee", "ankle"))
    neck = rest[NUMBER["neck"]][1]
    shoulder = rest[NUMBER["right_shoulder"]][1]
    own = body.levels
    levels = own.copy()
    # Heights between hips and neck keep their order; only their ends are the mesh's.
    levels[[0, 1]] = ankle[1], knee[1]
    levels[2] = hip[1] - 0.052 * h
    levels[3:] = np.interp(own[3:], [own[3], own[6], own[7]], [hip[1], shoulder, neck])
    levels[8] = rest[NUMBER["head"]][1]
    skull = p[w[:, NUMBER["head"]] > 0.9]
    low = skull[skull[:, 2] > np.quantile(skull[:, 2], 0.85), 1].min()
    tall = float(skull[:, 1].max() - low)
    temple = np.abs(skull[:, 1] - (low + 0.72 * tall)) < 0.05 * tall
    # Hair and hats are shells over an ideal skull, which has to contain the real one.
    broad, deep = np.ptp(skull[temple, 0]) * 1.07, np.ptp(skull[temple, 2]) * 1.08
    head_size = (float(broad), tall * 1.02, float(deep))
    middle = float(skull[temple, 2].min() + skull[temple, 2].max()) / 2
    measured = replace(body, rest=rest, levels=levels, head=head_size, head_place=middle)
    return replace(measured, trunk=_trunk(measured, p, w), leg=_limb(measured, p, w, "leg"),
                   arm=_limb(measured, p, w, "arm"))  # fmt: skip


def _trunk(body: Body, p: Reals, w: Reals) -> Reals:
    """Keys of the trunk measured at the levels of ours; the shoulders' slope stays ours."""
    h, keys = body.traits.height, body.trunk.copy()
    arms = np.maximum(w[:, NUMBER["left_shoulder"]], w[:, NUMBER["right_shoulder"]]) > 0.35
    for row in keys:
        if 0.4 < row[0] < 3.8 or row[0] > 5.1:
            near = (np.abs(p[:, 1] - float(body.level(row[0]))) < 0.012 * h) & ~arms
            if near.sum() < 8:
                continue
            middle = float(spine(np.array([row[0]]))[0]) * h
            row[1] = np.abs(p[near, 0]).max()
            row[2], row[3] = p[near, 2].max() - middle, middle - p[near, 2].min()
    return keys


def _limb(body: Body, p: Reals, w: Reals, kind: str) -> Reals:
    """Keys of the right leg or arm, measured across and along its middle line."""
    names = ("hip", "knee", "ankle") if kind == "leg" else ("shoulder", "elbow", "wrist")
    joints = [body.at(f"right_{n}") for n in names]
    own = w[:, NUMBER[f"right_{names[0]}"]] > 0.5
    limb, at = p[own], _along(p[own], *joints)
    keys = (body.leg if kind == "leg" else body.arm).copy()
    for row in keys:
        near = np.abs(at - row[0]) < 0.06
        if row[0] < 0.2 or near.sum() < 8:
            continue
        line = arm_line(body, row[:1])[0] if kind == "arm" else _on_leg(joints, float(row[0]))
        off = limb[near] - line
        row[1] = off[:, 0].max() if kind == "leg" else np.ptp(off[:, 0]) / 2
        row[2], row[3] = off[:, 2].max(), -off[:, 2].min()
    return keys


def _on_leg(joints: list[Reals], at: float) -> Reals:
    hip, knee, ankle = joints
    return hip + at * (knee - hip) if at < 1 else knee + (at - 1) * (ankle - knee)


def sample_mix(rng: np.random.Generator, skin: tuple[float, float, float]) -> Reals:
    """(3,) shares of features that go with a colour of skin, though not by rule."""
    dark = float(np.clip((0.30 - skin[1]) / 0.25, 0.0, 1.0))
    pull = np.array([0.2 + 3.0 * dark, 1.0, 0.2 + 2.6 * (1 - dark)])
    mix = rng.dirichlet(pull)
    return np.asarray(mix)
