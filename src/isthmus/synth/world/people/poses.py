"""Poses: what people on and beside streets do. A new pose is one function and one line of `POSES`.

Each function takes a generator, a body and a phase, and returns a `Pose`. Lengths within are shares
of the body's height, so that they fit children.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from isthmus.synth.chance import one_of, weighted
from isthmus.synth.world.people import gait
from isthmus.synth.world.people.loft import Reals
from isthmus.synth.world.people.physique import Body
from isthmus.synth.world.people.reach import Turns, arm_to, leg_to
from isthmus.synth.world.people.skeleton import SIDES, Pose, rotation, rotation_vector

Draw = np.random.Generator

HANDLE = 1.0
"""Height of a pram's handle above the ground, metres."""
REACH = 0.50
"""How far before the origin of somebody in the pose "pram" the pram's handle is, metres."""
HELD = (0.30, 0.80, 0.04)
"""Where a child's right wrist is that is led by the hand: (aside, up, ahead), metres."""


def degrees(x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Reals:
    """A rotation vector: turns about Z, then X, then Y; positive x nods forward, y turns right."""
    turned = rotation(np.radians([0, y, 0])) @ rotation(np.radians([x, 0, 0]))
    return rotation_vector(turned @ rotation(np.radians([0, 0, z])))


def walk(rng: Draw, body: Body, phase: float) -> Pose:
    """Walking; children and old people take shorter steps."""
    pace = float(np.clip(rng.normal(1.0, 0.14), 0.65, 1.35))
    if body.traits.group == "senior":
        pace *= 0.8
    pose = gait.walk(phase, pace)
    turns = dict(pose.turns)
    stoop = max(0.0, body.traits.age - 62.0) * 0.45 + 2.0 * float(rng.random())
    turns["waist"] = turns["waist"] + degrees(x=stoop * 0.5)
    turns["chest"] = turns["chest"] + degrees(x=stoop)
    turns["head"] = degrees(x=float(rng.normal(4.0, 6.0)) - stoop, y=float(rng.normal(0, 12.0)))
    return replace(pose, turns=turns)


def run(rng: Draw, body: Body, phase: float) -> Pose:
    """Running, to catch a bus or for sport."""
    return gait.run(phase, float(np.clip(rng.normal(1.0, 0.12), 0.7, 1.25)))


def stand(rng: Draw, body: Body, phase: float) -> Pose:
    """Standing at ease, the weight on one leg, arms hanging."""
    pose = _legs_at_ease(rng, body)
    turns = dict(pose.turns)
    for side in SIDES:
        turns.update(gait.hanging_arm(side, float(rng.uniform(-4, 8)), float(rng.uniform(8, 24)),
                                      float(rng.uniform(5, 9))))  # fmt: skip
    turns["head"] = degrees(x=float(rng.normal(6, 7)), y=float(rng.normal(0, 22)))
    return replace(pose, turns=turns)


def _legs_at_ease(rng: Draw, body: Body) -> Pose:
    """Contrapposto: one leg straight under the body, the other bent a little."""
    h = body.traits.height
    firm, free = SIDES if rng.random() < 0.5 else SIDES[::-1]
    sign = -1.0 if firm == "left" else 1.0
    tilt, yaw = float(rng.uniform(1.0, 5.5)), float(rng.normal(0, 5.0))
    # The free side's hip hangs lower: a turn about Z lifts +X.
    pelvis_turn = degrees(y=yaw, z=sign * tilt)
    pelvis = rotation(pelvis_turn)
    centre, hip = body.at("pelvis"), body.at(f"{firm}_hip")
    shin = body.at("right_hip")[1] - body.at("right_ankle")[1]
    posed = centre + pelvis @ (hip - centre)
    floor = posed[1] - 0.997 * shin
    out, ahead = float(rng.uniform(0.058, 0.085)), float(rng.uniform(-0.02, 0.07))
    turns: Turns = {"pelvis": pelvis_turn}
    turns.update(leg_to(body, firm, [sign * posed[0] * 0.86, floor, posed[2] - 0.004 * h], pelvis,
                        yaw=float(rng.uniform(0.05, 0.25))))  # fmt: skip
    turns.update(leg_to(body, free, [out * h, floor, ahead * h], pelvis,
                        yaw=float(rng.uniform(0.12, 0.45)), pole=[0.3, 0, 1.0]))  # fmt: skip
    stoop = max(0.0, body.traits.age - 62.0) * 0.5
    turns["waist"] = degrees(x=-1.0, y=-0.4 * yaw, z=-0.75 * sign * tilt)
    turns["chest"] = degrees(x=2.0 + stoop, y=-0.3 * yaw, z=-0.6 * sign * tilt)
    turns["neck"] = degrees(x=3.0, z=0.3 * sign * tilt)
    return Pose(turns)


def chest_point(body: Body, out: float, up: float, ahead: float) -> Reals:
    """A point before the chest: shares of the height outwards, up from the shoulders, ahead."""
    h = body.traits.height
    return np.array([out * h, float(body.at("right_shoulder")[1]) + up * h, ahead * h])


def phone(rng: Draw, body: Body, phase: float) -> Pose:
    """Standing and looking at a telephone held in the right hand."""
    return holding_phone(rng, body, stand(rng, body, phase))


def holding_phone(rng: Draw, body: Body, base: Pose) -> Pose:
    """`base` with a telephone before the chest."""
    turns = dict(base.turns)
    turns.update(arm_to(body, "right", chest_point(body, 0.035, -0.075, 0.19),
                        fingers=[-0.45, 0.75, 0.45], palm=[-0.3, 0.45, -0.9]))  # fmt: skip
    turns["neck"], turns["head"] = degrees(x=14), degrees(x=16, y=4)
    return replace(base, turns=turns, hands=(base.hands[0], "grip"))


def call(rng: Draw, body: Body, phase: float) -> Pose:
    """Standing with a telephone at the right ear."""
    base = stand(rng, body, phase)
    turns = dict(base.turns)
    turns.update(arm_to(body, "right", chest_point(body, 0.078, 0.055, 0.045),
                        pole=[0.45, -1.2, 0.6], fingers=[-0.25, 0.95, -0.2],
                        palm=[-1, -0.2, 0.0]))  # fmt: skip
    turns["head"] = degrees(x=6, y=-10, z=-5)
    return replace(base, turns=turns, hands=(base.hands[0], "grip"))


def crossed(rng: Draw, body: Body, phase: float) -> Pose:
    """Standing with crossed arms."""
    base = _legs_at_ease(rng, body)
    turns = dict(base.turns)
    bulk = float(np.interp(3.0, body.trunk[:, 0], body.trunk[:, 2])) / body.traits.height
    turns.update(arm_to(body, "right", chest_point(body, -0.055, -0.115, bulk + 0.052),
                        pole=[0.5, -1.0, 0.1], fingers=[-1, 0.15, -0.1],
                        palm=[0.1, 0.3, -1.0]))  # fmt: skip
    turns.update(arm_to(body, "left", chest_point(body, -0.050, -0.135, bulk + 0.028),
                        pole=[0.5, -1.0, 0.1], fingers=[-1, 0.10, -0.35],
                        palm=[0.1, 0.2, -1.0]))  # fmt: skip
    turns["head"] = degrees(x=4, y=float(rng.normal(0, 20)))
    return replace(base, turns=turns)


def pockets(rng: Draw, body: Body, phase: float) -> Pose:
    """Standing with both hands in the pockets."""
    base = _legs_at_ease(rng, body)
    turns = dict(base.turns)
    hip = body.at("right_hip")[1] - body.at("right_shoulder")[1]
    across = float(np.interp(1.2, body.trunk[:, 0], body.trunk[:, 1])) / body.traits.height
    for side in SIDES:
        at = chest_point(body, across + 0.008, hip / body.traits.height + 0.030, 0.030)
        turns.update(arm_to(body, side, at, pole=[0.8, 0, -1.0], fingers=[-0.25, -1, 0.15],
                            palm=[-1, 0.1, 0]))  # fmt: skip
    turns["head"] = degrees(x=5, y=float(rng.normal(0, 25)))
    return replace(base, turns=turns)


def look(rng: Draw, body: Body, phase: float) -> Pose:
    """Standing at a kerb and looking to one side for traffic."""
    base = stand(rng, body, phase)
    turn = float(rng.uniform(45, 70)) * one_of(rng, (-1.0, 1.0))
    turns = dict(base.turns)
    turns["chest"] = turns["chest"] + degrees(y=turn * 0.18)
    turns["neck"] = degrees(x=3, y=turn * 0.35)
    turns["head"] = degrees(x=1, y=turn * 0.6)
    return replace(base, turns=turns)


def talk(rng: Draw, body: Body, phase: float) -> Pose:
    """Standing in talk, one hand raised."""
    base = stand(rng, body, phase)
    side = one_of(rng, SIDES)
    turns = dict(base.turns)
    up, ahead = float(rng.uniform(-0.14, -0.05)), float(rng.uniform(0.16, 0.20))
    turns.update(arm_to(body, side, chest_point(body, 0.09, up, ahead), pole=[0.6, -1, -0.2],
                        fingers=[0.15, 0.5, 0.9], palm=[-0.6, 0.7, -0.3]))  # fmt: skip
    return replace(base, turns=turns)


def carry(rng: Draw, body: Body, phase: float) -> Pose:
    """Walking with heavy bags in both hands: arms straight, hardly swinging."""
    base = walk(rng, body, phase)
    turns = dict(base.turns)
    for side in SIDES:
        turns.update(gait.hanging_arm(side, float(rng.uniform(-3, 4)), 6.0, 9.0))
    return replace(base, turns=turns, hands=("fist", "fist"))


def pram(rng: Draw, body: Body, phase: float) -> Pose:
    """Walking behind a pram, both hands on its handle, which is HANDLE high and REACH ahead."""
    base = walk(rng, body, phase)
    turns = dict(base.turns)
    turns["pelvis"] = degrees(x=3) + turns["pelvis"] * [0.5, 0.3, 0.5]
    turns["waist"], turns["chest"] = degrees(x=3), degrees(x=4)
    turns["head"] = degrees(x=float(rng.uniform(2, 14)), y=float(rng.normal(0, 12)))
    for side in SIDES:
        at = [min(0.10 * body.traits.height, 0.17), HANDLE + 0.02, REACH - 0.55 * body.hand]
        turns.update(arm_to(body, side, at, pole=[0.5, -1, -0.6], fingers=[-0.25, -0.15, 1],
                            palm=[-0.1, -1, -0.1]))  # fmt: skip
    return replace(base, turns=turns, hands=("grip", "grip"))


def hand_in_hand(rng: Draw, body: Body, phase: float) -> Pose:
    """A child that walks with its right hand held up to a grown person beside it."""
    base = walk(rng, body, phase)
    turns = dict(base.turns)
    turns.update(arm_to(body, "right", HELD, pole=[0.5, -1.0, -0.4], fingers=[0.7, 0.35, 0.35],
                        palm=[0.2, -0.6, 0.5]))  # fmt: skip
    return replace(base, turns=turns, hands=("loose", "grip"))


def _seated(rng: Draw, body: Body, spread: float, ahead: float) -> Turns:
    turns: Turns = {"pelvis": degrees(x=-10), "waist": degrees(x=6), "chest": degrees(x=6)}
    pelvis = rotation(turns["pelvis"])
    thigh = body.at("right_hip")[1] - body.at("right_knee")[1]
    shin = body.at("right_knee")[1] - body.at("right_ankle")[1]
    for side in SIDES:
        far = thigh * 0.985 + ahead * shin * float(rng.uniform(0.6, 1.0))
        down = body.at("right_hip")[1] - shin * 0.98
        turns.update(leg_to(body, side, [spread * body.traits.height, down, far], pelvis,
                            yaw=float(rng.uniform(0.0, 0.3)), pole=[0.15, 1, 0.6]))  # fmt: skip
    turns["head"] = degrees(x=float(rng.uniform(0, 14)), y=float(rng.normal(0, 20)))
    return turns


def sit(rng: Draw, body: Body, phase: float) -> Pose:
    """Sitting on a bench, hands on the thighs; the front is where the knees point."""
    turns = _seated(rng, body, float(rng.uniform(0.055, 0.095)), float(rng.uniform(-0.15, 0.25)))
    for side in SIDES:
        at = chest_point(
            body, float(rng.uniform(0.05, 0.085)), -0.225, float(rng.uniform(0.13, 0.17))
        )
        turns.update(arm_to(body, side, at, pole=[0.9, -0.6, -0.5], fingers=[-0.35, -0.2, 1],
                            palm=[0, -1, -0.2]))  # fmt: skip
    return Pose(turns)


def wheelchair(rng: Draw, body: Body, phase: float) -> Pose:
    """Sitting in a wheelchair, hands on the rims of its wheels."""
    turns = _seated(rng, body, 0.055, 0.28)
    reach = 0.02 + 0.06 * np.cos(2 * np.pi * phase)
    for side in SIDES:
        at = chest_point(body, 0.158, -0.275, reach)
        turns.update(arm_to(body, side, at, pole=[0.5, 0.2, -1], fingers=[0.0, -1, 0.35],
                            palm=[-1, 0, 0]))  # fmt: skip
    return Pose(turns, hands=("grip", "grip"))


def bend(rng: Draw, body: Body, phase: float) -> Pose:
    """Bending down to pick something up."""
    h, depth = body.traits.height, float(rng.uniform(0.6, 1.0))
    turns: Turns = {"pelvis": degrees(x=38 * depth), "waist": degrees(x=26 * depth),
                    "chest": degrees(x=20 * depth), "head": degrees(x=-12)}  # fmt: skip
    pelvis = rotation(turns["pelvis"])
    length = body.at("right_hip")[1] - body.at("right_ankle")[1]
    floor = body.at("right_hip")[1] - length * (1 - 0.20 * depth)
    for side, step in zip(SIDES, (0.07, -0.04), strict=True):
        turns.update(leg_to(body, side, [0.07 * h, floor, (0.05 + step) * h], pelvis, yaw=0.2))
    for side in SIDES:
        turns.update(gait.hanging_arm(side, 78 * depth + float(rng.uniform(-8, 12)), 18, 8))
    return Pose(turns)


def lie(rng: Draw, body: Body, phase: float) -> Pose:
    """Lying on the back, a side or the belly, limbs as they fell; the head points to −Z."""
    way = weighted(rng, {"back": 0.4, "side": 0.4, "belly": 0.2})
    roll = {"back": float(rng.uniform(-12, 12)), "belly": 180.0 + float(rng.uniform(-8, 8)),
            "side": one_of(rng, (-1.0, 1.0)) * float(rng.uniform(74, 88))}[way]  # fmt: skip
    root = rotation([-np.pi / 2, 0, 0]) @ rotation([0, np.radians(roll), 0])
    turns: Turns = {"waist": degrees(x=float(rng.uniform(0, 6))),
                    "head": degrees(x=4.0, y=float(rng.uniform(-50, 50)))}  # fmt: skip
    bent = one_of(rng, SIDES)
    for name, sign in zip(SIDES, (-1.0, 1.0), strict=True):
        hip, knee, out = 3.0, 4.0, float(rng.uniform(6, 22))
        forward, away, elbow = 0.0, float(rng.uniform(25, 75)), float(rng.uniform(4, 40))
        if way == "back" and name == bent:
            hip = float(rng.uniform(12, 36))
            knee = 2.1 * hip
        elif way == "side":
            # As in a stride, limbs apart; what lies uppermost sinks towards the ground.
            upper = (roll > 0) == (name == "left")
            hip = float(rng.uniform(35, 60) if upper else rng.uniform(0, 15))
            knee = float(rng.uniform(30, 70) if upper else rng.uniform(5, 35))
            out = -10.0 if upper else 2.0
            forward, away = float(rng.uniform(40, 95)), -24.0 if upper else -16.0
            elbow = float(rng.uniform(10, 50))
        turns[f"{name}_hip"] = degrees(x=-hip, z=sign * out)
        turns[f"{name}_knee"] = degrees(x=knee)
        turns[f"{name}_ankle"] = degrees(x=float(rng.uniform(20, 38)))
        turns[f"{name}_shoulder"] = degrees(x=-forward, z=sign * away)
        turns[f"{name}_elbow"] = degrees(x=-elbow)
    return Pose(turns, root=root)


POSES: Mapping[str, Callable[[Draw, Body, float], Pose]] = MappingProxyType({
    "walk": walk, "run": run, "stand": stand, "phone": phone, "call": call, "crossed": crossed,
    "pockets": pockets, "look": look, "talk": talk, "carry": carry, "pram": pram,
    "hand_in_hand": hand_in_hand, "sit": sit, "wheelchair": wheelchair, "bend": bend, "lie": lie,
})  # fmt: skip
"""Name → pose."""
