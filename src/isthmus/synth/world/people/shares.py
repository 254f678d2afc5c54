"""How far each part of a body follows each joint: the weights of its skin."""

from __future__ import annotations

from typing import Literal

import numpy as np

from isthmus.synth.world.people.loft import Reals
from isthmus.synth.world.people.physique import Body
from isthmus.synth.world.people.skeleton import JOINTS, NUMBER, PARENT, ramp

Region = Literal[
    "trunk", "hair", "head", "chest", "pelvis",
    "left_arm", "right_arm", "left_hand", "right_hand",
    "left_leg", "right_leg", "left_foot", "right_foot",
]  # fmt: skip
"""Which part of a body a surface belongs to; "hair" hangs from the head onto the trunk, "chest",
"pelvis", hands and heads are rigid."""


def shares(points: Reals, region: Region, body: Body) -> Reals:
    """(v, 19) shares by which points (v, 3) at rest follow the joints."""
    out = np.zeros((len(points), len(JOINTS)))
    out[:, 0] = 1.0
    if region == "pelvis":
        return out
    side, _, part = region.partition("_")
    if part in ("arm", "hand"):
        _arm(out, points, side, body, rigid=part == "hand")
    elif part in ("leg", "foot"):
        _leg(out, points, side, body, foot=part == "foot")
    else:
        _trunk(out, points, region, body)
    return out


def rigid_to(joint: str, count: int) -> Reals:
    """(count, 19) shares of points that move with one joint."""
    out = np.zeros((count, len(JOINTS)))
    k = NUMBER[joint]
    while k >= 0:
        out[:, k] = 1.0
        k = PARENT[k]
    return out


def _trunk(out: Reals, points: Reals, region: str, body: Body) -> None:
    h, y = body.traits.height, points[:, 1]
    if region in ("chest", "head", "hair"):
        out[:, NUMBER["waist"]] = out[:, NUMBER["chest"]] = 1.0
    if region == "head":
        out[:, NUMBER["neck"]] = out[:, NUMBER["head"]] = 1.0
        return
    if region == "chest":
        return
    waist, chest, neck, head = (body.at(n)[1] for n in ("waist", "chest", "neck", "head"))
    if region == "trunk":
        out[:, NUMBER["waist"]] = ramp(y, waist - 0.07 * h, waist + 0.05 * h)
        out[:, NUMBER["chest"]] = ramp(y, chest - 0.05 * h, chest + 0.05 * h)
    wide = 0.05 if region == "hair" else 0.02
    out[:, NUMBER["neck"]] = ramp(y, neck - wide * h, neck + 0.02 * h)
    out[:, NUMBER["head"]] = ramp(y, head - wide * h, head + 0.015 * h)


def _arm(out: Reals, points: Reals, side: str, body: Body, *, rigid: bool) -> None:
    h = body.traits.height
    out[:, NUMBER["waist"]] = out[:, NUMBER["chest"]] = 1.0
    shoulder, elbow, wrist = (body.at(f"{side}_{n}") for n in ("shoulder", "elbow", "wrist"))
    names = [f"{side}_{n}" for n in ("shoulder", "elbow", "wrist")]
    if rigid:
        out[:, [NUMBER[n] for n in names]] = 1.0
        return
    along = (wrist - shoulder) / np.sqrt(((wrist - shoulder) ** 2).sum())
    reach = (points - shoulder) @ along
    for name, joint, width in zip(
        names, (shoulder, elbow, wrist), (0.042, 0.024, 0.012), strict=True
    ):
        middle = float((joint - shoulder) @ along)
        out[:, NUMBER[name]] = ramp(reach, middle - width * h, middle + width * h)


def _leg(out: Reals, points: Reals, side: str, body: Body, *, foot: bool) -> None:
    h, y = body.traits.height, points[:, 1]
    hip, knee, ankle = (float(body.at(f"{side}_{n}")[1]) for n in ("hip", "knee", "ankle"))
    if foot:
        out[:, [NUMBER[f"{side}_{n}"] for n in ("hip", "knee", "ankle")]] = 1.0
        ball = body.at(f"{side}_toe")[2]
        out[:, NUMBER[f"{side}_toe"]] = ramp(points[:, 2], ball - 0.012 * h, ball + 0.012 * h)
        return
    out[:, NUMBER[f"{side}_hip"]] = ramp(y, hip + 0.035 * h, hip - 0.045 * h)
    out[:, NUMBER[f"{side}_knee"]] = ramp(y, knee + 0.032 * h, knee - 0.032 * h)
    out[:, NUMBER[f"{side}_ankle"]] = ramp(y, ankle + 0.018 * h, ankle - 0.018 * h)
