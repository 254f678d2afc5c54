"""Hands and shoes."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from isthmus.synth.world.people.loft import (
    Reals,
    Surface,
    blob,
    circle,
    curve,
    joined,
    oval,
    path_frames,
    sheet,
    swept,
)
from isthmus.synth.world.people.physique import ARM_ANGLE, Body
from isthmus.synth.world.people.skeleton import rotation

ShoeKind = Literal["sneaker", "leather", "boot", "flat", "heel"]

# Bends of a finger's three joints, degrees.
_CURL = {"loose": (26, 36, 24), "fist": (78, 95, 60), "grip": (58, 72, 45), "flat": (4, 6, 4)}

# Share of a palm's length, half thickness, half breadth as shares of the hand's length.
_PALM = np.array([
    [0, .066, .090], [.15, .072, .105], [.45, .080, .180], [.8, .074, .215], [1, .056, .205],
])  # fmt: skip

# Place across the palm, start and length of each finger, forefinger first.
_FINGERS = (
    (0.155, -0.50, 0.94), (0.055, -0.525, 1.03), (-0.048, -0.51, 0.97), (-0.145, -0.47, 0.78),
)  # fmt: skip

# Place along a shoe from the heel, half breadth, height, sole's clearance; shares of its length.
_SHOE = np.array([
    [0, .060, .17, .012], [.03, .096, .255, .0], [.12, .118, .30, .0], [.26, .122, .315, .0],
    [.36, .126, .285, .0], [.48, .140, .225, .0], [.64, .168, .180, .0], [.80, .164, .150, .0],
    [.91, .128, .122, .006], [.97, .080, .095, .018], [1, .030, .060, .030],
])  # fmt: skip


def hand(body: Body, held: str, detail: int) -> Surface:
    """The right hand at rest, palm towards the body, thumb in front.

    Args:
        body: whose.
        held: "loose", "fist", "grip" or "flat".
        detail: 2 has five fingers, 1 a mitten, 0 a stub.
    """
    whole, size = _unit_hand(held, detail), body.hand
    scaled = Surface(whole.points * size, whole.faces, whole.uv * size, whole.weld)
    return scaled.moved(body.at("right_wrist"), rotation([0.0, 0.0, ARM_ANGLE]))


@lru_cache(maxsize=16)
def _unit_hand(held: str, detail: int) -> Surface:
    """A hand of length 1, its wrist at the origin, fingers down."""
    curl = np.radians(_CURL[held])
    if detail == 2:
        parts = [_palm(5, 7)]
        for across, start, length in _FINGERS:
            parts.append(_finger(across, start, length, curl, 0.042, rings=4, sides=4))
        parts.append(_thumb(held, 4, 4))
    elif detail == 1:
        parts = [_palm(3, 5), _finger(0.0, -0.50, 1.0, curl, 0.10, rings=3, sides=4, wide=1.9)]
        parts.append(_thumb(held, 3, 3))
    else:
        parts = [_finger(0.0, 0.0, 1.9, curl * 0.5, 0.10, rings=3, sides=3, wide=1.6)]
    return joined(parts)


def _palm(rings: int, sides: int) -> Surface:
    t = np.linspace(-0.06, 1.0, rings)
    thick, broad = curve(_PALM, t).T
    centres = np.stack([np.zeros_like(t), -0.53 * t, np.zeros_like(t)], axis=1)
    section = oval(circle(sides), thick, broad, broad, 2.4)
    return sheet(swept(centres, [1.0, 0, 0], [0, 0, 1.0], section), caps=(False, True))


def _finger(
    across: float, start: float, length: float, curl: Reals, radius: float, *, rings: int,
    sides: int, wide: float = 1.0,
) -> Surface:  # fmt: skip
    bones = np.array([0.21, 0.15, 0.11]) * length
    bend = np.cumsum(curl)
    steps = np.stack([-np.sin(bend), -np.cos(bend), np.zeros(3)], axis=1) * bones[:, None]
    knots = np.concatenate([[[0.0, start + 0.02, across]],
                            np.cumsum(steps, axis=0) + np.array([0.0, start, across])])  # fmt: skip
    t = np.linspace(0.0, 1.0, rings)
    path = np.stack([np.interp(t, [0, 0.42, 0.74, 1.0], knots[:, k]) for k in range(3)], axis=1)
    r = radius * np.interp(t, [0, 0.85, 1.0], [1.0, 0.85, 0.6])
    frames = path_frames(path, [0.0, 0.0, 1.0])
    section = oval(circle(sides), r * (0.8 if wide > 1 else 1.0), r * wide, r * wide)
    return sheet(swept(path, *frames, section), caps=(False, True))


def _thumb(held: str, rings: int, sides: int) -> Surface:
    tight = held in ("fist", "grip")
    end = [-0.15, -0.44, 0.10] if tight else [-0.06, -0.50, 0.30]
    knots = np.array([[-0.02, -0.10, 0.08], [-0.05, -0.28, 0.24 if not tight else 0.22], end])
    t = np.linspace(0.0, 1.0, rings)
    path = np.stack([np.interp(t, [0, 0.5, 1.0], knots[:, k]) for k in range(3)], axis=1)
    r = 0.052 * np.interp(t, [0, 0.8, 1.0], [1.2, 0.85, 0.6])
    frames = path_frames(path, [1.0, 0.0, 0.3])
    return sheet(swept(path, *frames, oval(circle(sides), r, r, r)), caps=(False, True))


def shoe(body: Body, kind: ShoeKind, detail: int) -> tuple[Surface, NDArray[np.bool_]]:
    """The right shoe at rest, and which of its faces (f,) are the sole."""
    whole, sole = _unit_shoe(kind, detail)
    length = body.foot * (1.12 if kind in ("sneaker", "boot") else 1.06)
    scaled = Surface(whole.points * length, whole.faces, whole.uv * length, whole.weld)
    ankle = body.at("right_ankle")
    heel = 0.11 * length if kind == "heel" else 0.0
    return scaled.moved([ankle[0], -0.018 - heel, ankle[2]]), sole


@lru_cache(maxsize=16)
def _unit_shoe(kind: ShoeKind, detail: int) -> tuple[Surface, NDArray[np.bool_]]:
    """A shoe of length 1 and the faces of its sole; the ankle is above the origin."""
    sides = {2: 11, 1: 6, 0: 4}[detail]
    t = {2: np.array([0, .03, .09, .18, .29, .40, .52, .66, .80, .92, 1.0]),
         1: np.array([0, .05, .30, .62, 1.0]), 0: np.array([0, .3, 1.0])}[detail]  # fmt: skip
    breadth, top, bottom = curve(_SHOE, t).T
    if detail == 0:
        breadth, top = np.maximum(breadth, 0.09), np.maximum(top, 0.10)
    if kind in ("flat", "heel"):
        breadth, top = breadth * 0.86, top * np.where(t < 0.55, 0.62, 0.85)
    elif kind == "leather":
        breadth, top = breadth * 0.92, top * 0.90
    elif kind == "boot":
        top = top * np.where(t < 0.4, 1.12, 1.05)
    lift = 0.20 * np.clip((0.68 - t) / 0.55, 0.0, 1.0) * (kind == "heel")
    section = oval(circle(sides), breadth, top / 2, top / 2, 2.7)
    section[..., 1] += (top / 2)[:, None]
    section[..., 1] = np.maximum(section[..., 1], bottom[:, None]) + lift[:, None]
    # The sole stands out a little below the upper.
    low = section[..., 1] - lift[:, None] < 0.085
    section[..., 0] *= np.where(low, 1.06, 1.0)
    # The inner edge is straight: toes lie towards the middle of the body.
    centres = np.stack([-0.035 * np.sin(np.pi * t**1.5), np.zeros_like(t), t - 0.24], axis=1)
    surface = sheet(swept(centres, [1.0, 0, 0], [0, 1.0, 0], section), caps=(True, True))
    corners = surface.points[surface.faces]
    along = corners[..., 2] + 0.24
    height = (corners[..., 1] - np.interp(along, t, lift)).max(axis=1)
    least = {"sneaker": 0.11, "boot": 0.10}.get(kind, 0.07)
    parts = [surface]
    sole = [height < np.minimum(least, 0.6 * np.interp(along.mean(axis=1), t, top))]
    if kind == "heel" and detail == 2:
        spike = blob([0, 0.10, -0.17], [0.02, 0.115, 0.02], rings=3, sides=5, power=3.0)
        parts.append(spike)
        sole.append(np.ones(len(spike.faces), np.bool_))
    return joined(parts), np.concatenate(sole)
