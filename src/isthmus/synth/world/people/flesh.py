"""The shapes of trunk, legs and arms as grids of rings, for skin and for all that is worn over it.

Coordinates along a body: the trunk's from −2 (ankles) and 0 (crotch) over 1 (hips), 2 (waist),
3 (chest), 4 (shoulders) to 5 (neck); a limb's from 0 at its root over 1 at knee or elbow to 2 at
ankle or wrist.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from isthmus.synth.world.people.loft import (
    Reals,
    Surface,
    circle,
    curve,
    oval,
    path_frames,
    sheet,
    swept,
)
from isthmus.synth.world.people.physique import Body
from isthmus.synth.world.people.skeleton import ramp

_SPINE = np.array(
    [[-2, 0], [1, 0], [2, -0.004], [3, -0.011], [4, -0.012], [5, -0.012], [6, -0.004]]
)


def trunk(
    body: Body, stations: ArrayLike, sides: int, ease: ArrayLike = 0.0, straight: float = 0.0
) -> Reals:
    """Grid (r, s, 3) of a trunk; angle 0 is its left, π/2 its front.

    Args:
        body: whose.
        stations: (r,) trunk coordinates, upward.
        sides: points of a ring.
        ease: room between body and cloth, metres, (r,) or one.
        straight: cloth is nowhere below the chest narrower than this share of the chest.
    """
    s = np.asarray(stations, np.float64)
    room = np.broadcast_to(np.asarray(ease, np.float64), s.shape)
    across, front, back = (curve(body.trunk, s) + room[:, None]).T
    if straight:
        least = straight * (curve(body.trunk, [3.0])[0] + np.interp(3.0, s, room))
        below = np.clip(3.6 - s, 0.0, 0.6) / 0.6 * (s > -1.0)
        across, front, back = (
            v + below * np.maximum(width - v, 0.0)
            for v, width in zip((across, front, back), least, strict=True)
        )
    power = 2.0 + 0.5 * ramp(s, 0.0, 1.2) * ramp(s, 5.0, 4.4)
    angle = circle(sides)
    section = _full(sides) * oval(angle, across, front, back, power)
    section = (
        section * (1 + _curves(body, s, angle, room) / np.maximum(front[:, None], 0.02))[..., None]
    )
    centres = np.zeros((len(s), 3))
    centres[:, 1] = body.level(s)
    centres[:, 2] = spine(s) * body.traits.height
    return swept(centres, [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0], section)


def spine(stations: ArrayLike) -> Reals:
    """Depth (r,) of the trunk's middle line at trunk coordinates, shares of the height."""
    return curve(_SPINE, stations)[:, 0]


def _full(sides: int) -> float:
    """By how much a ring of few corners has to be larger to look as wide as a round one."""
    return float(2 / (1 + np.cos(np.pi / sides)))


def _curves(body: Body, s: Reals, angle: Reals, room: Reals) -> Reals:
    """What stands out from an oval trunk, metres (r, s): bust, seat, shoulder blades."""
    traits, h = body.traits, body.traits.height
    grown = float(np.clip((traits.age - 11.0) / 5.0, 0.0, 1.0))
    out = np.zeros((len(s), len(angle)))

    def add(size: float, at: float, tall: float, where: float, wide: float) -> None:
        level = np.exp(-(((s - at) / tall) ** 2))
        for sign in (-1.0, 1.0):
            off = (angle - (np.pi / 2 if size > 0 else -np.pi / 2) - sign * where + np.pi) % (
                2 * np.pi
            ) - np.pi
            out[:] += abs(size) * level[:, None] * np.exp(-((off / wide) ** 2))[None]

    if traits.sex == "female":
        # Cloth spans the hollow between, so that wide clothes show one soft slope.
        add(grown * h * (0.017 + 0.005 * traits.build), 3.05, 0.42, 0.48, 0.40)
    else:
        add(grown * h * 0.004, 3.35, 0.35, 0.45, 0.4)
    add(-h * (0.010 + 0.003 * traits.build), 0.75, 0.5, 0.45, 0.4)
    add(-h * 0.004, 3.5, 0.4, 0.6, 0.4)
    return out / (1 + 12.0 * np.maximum(room, 0.0))[:, None]


def leg(body: Body, stations: ArrayLike, sides: int, girth: ArrayLike | None = None,
        ease: ArrayLike = 0.0) -> Reals:  # fmt: skip
    """Grid (r, s, 3) of the right leg, downwards; angle 0 is the outside, π/2 the front.

    Args:
        body: whose.
        stations: (r,) limb coordinates from −0.3 (in the pelvis).
        sides: points of a ring.
        girth: (r,) least half breadth (m), what wide trousers have.
        ease: room between body and cloth, metres, (r,) or one.
    """
    u = np.asarray(stations, np.float64)
    room = np.broadcast_to(np.asarray(ease, np.float64), u.shape)
    across, front, back = (curve(body.leg, u) + room[:, None]).T
    if girth is not None:
        least = np.asarray(girth)
        across, front, back = (np.maximum(v, least) for v in (across, front, back))
    hip, knee, ankle = (body.at(f"right_{n}") for n in ("hip", "knee", "ankle"))
    # In the pelvis a leg leans inwards.
    up = hip + (hip - knee) * [0.0, 1.0, 1.0] - [0.36 * hip[0], 0.0, 0.0]
    down = ankle - (knee - ankle) * [0.0, 1.0, 0.0]
    keys = np.stack([up, hip, knee, ankle, down])
    centres = np.stack(
        [np.interp(u, [-1.0, 0.0, 1.0, 2.0, 3.0], keys[:, k]) for k in range(3)], axis=1
    )
    section = _full(sides) * oval(circle(sides), across, front, back, 2.1)
    return swept(centres, [1.0, 0.0, 0.0], [0.0, 0.0, 1.0], section)


def arm(body: Body, stations: ArrayLike, sides: int, girth: ArrayLike | None = None,
        ease: ArrayLike = 0.0) -> Reals:  # fmt: skip
    """Grid (r, s, 3) of the right arm from −1 (beside the neck) outwards; see `leg`."""
    u = np.asarray(stations, np.float64)
    room = np.broadcast_to(np.asarray(ease, np.float64), u.shape)
    across, front, back = (curve(body.arm, u) + room[:, None]).T
    if girth is not None:
        least = np.asarray(girth)
        across, front, back = (np.maximum(v, least) for v in (across, front, back))
    centres = arm_line(body, u)
    directions = path_frames(centres, [0.0, 0.0, 1.0])
    section = _full(sides) * oval(circle(sides), across, front, back)
    return swept(centres, *directions, section)


def arm_line(body: Body, stations: ArrayLike) -> Reals:
    """(r, 3) middle of the right arm at limb coordinates."""
    h = body.traits.height
    shoulder, elbow, wrist = (body.at(f"right_{n}") for n in ("shoulder", "elbow", "wrist"))
    inner = np.array([shoulder[0] * 0.38, shoulder[1] - 0.004 * h, shoulder[2]])
    middle = np.array([shoulder[0] * 0.76, shoulder[1] - 0.001 * h, shoulder[2]])
    past = shoulder + 0.22 * (elbow - shoulder) + [0.002 * h, 0.0, 0.0]
    points = np.stack([inner, middle, shoulder, past, elbow, wrist])
    at = np.array([-1.0, -0.4, 0.0, 0.22, 1.0, 2.0])
    return curve(np.column_stack([at, points]), stations)


def bare_arm(body: Body, start: float, detail: int) -> Surface:
    """The bare right arm from a limb coordinate to the wrist."""
    sides = {2: 10, 1: 6, 0: 4}[detail]
    count = {2: 12, 1: 5, 0: 3}[detail]
    return sheet(arm(body, np.linspace(start, 2.02, count), sides))


def bare_leg(body: Body, start: float, end: float, detail: int, ease: float = 0.0) -> Surface:
    """The bare right leg between two limb coordinates."""
    sides = {2: 12, 1: 7, 0: 4}[detail]
    count = max({2: 8, 1: 4, 0: 2}[detail], round((end - start) * {2: 8, 1: 3, 0: 1.5}[detail]))
    return sheet(leg(body, np.linspace(start, end, count + 1), sides, None,
                           ease * body.traits.height))  # fmt: skip


def neck(body: Body, low: float, detail: int) -> Surface:
    """The skin of neck and neckline from a trunk coordinate up into the head."""
    sides = {2: 14, 1: 7, 0: 4}[detail]
    s = np.linspace(low, 6.0, {2: 8, 1: 4, 0: 2}[detail])
    # Coarse rings would stand out of a coarse neckline.
    ease = 0.0 if detail == 2 else -0.006 * body.traits.height * ramp(s, 5.2, 4.7)
    return sheet(trunk(body, s, sides, ease))
