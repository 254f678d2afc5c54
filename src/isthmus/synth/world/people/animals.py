"""Animals that step on roads: dogs and deer, as lofts along back, neck and legs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from isthmus.synth.chance import one_of
from isthmus.synth.world.material import RGB, Material
from isthmus.synth.world.people import coats
from isthmus.synth.world.people.coats import spots
from isthmus.synth.world.people.figure import only
from isthmus.synth.world.people.loft import (
    Index,
    Reals,
    Surface,
    bar,
    blob,
    circle,
    curve,
    joined,
    oval,
    path_frames,
    sheet,
    swept,
)
from isthmus.synth.world.people.wheeled import part
from isthmus.synth.world.thing import Part, Thing

DogKind = Literal["small", "labrador", "shepherd"]
DeerKind = Literal["doe", "buck"]

# Place along the back (−1 rump to 1 breast), height of the axis, half breadth, up, down, all as
# shares of the height at the shoulder.
_BACKS = {
    "labrador": np.array([
        [-.60, .84, .05, .06, .06], [-.55, .82, .14, .13, .16], [-.38, .80, .17, .17, .20],
        [-.05, .78, .165, .17, .18], [.25, .77, .185, .20, .27], [.45, .78, .165, .19, .27],
        [.58, .80, .11, .13, .18], [.64, .81, .04, .05, .06],
    ]),
    "deer": np.array([
        [-.68, .79, .02, .03, .04], [-.64, .80, .08, .09, .12], [-.54, .83, .135, .135, .19],
        [-.36, .85, .155, .145, .19], [-.08, .83, .155, .14, .19], [.22, .82, .155, .15, .27],
        [.42, .84, .125, .16, .26], [.55, .88, .085, .14, .18], [.64, .92, .03, .05, .06],
    ]),
}  # fmt: skip

# Share of the way, then (z, y) and half breadth and half depth of neck and head.
_HEADS = {
    "labrador": np.array([
        [0, .36, .78, .14, .19], [.22, .50, .90, .125, .15], [.40, .60, 1.00, .125, .135],
        [.53, .68, 1.05, .13, .125], [.64, .76, 1.03, .115, .11], [.78, .87, .98, .075, .075],
        [.96, .98, .96, .062, .06], [1, 1.0, .96, .03, .03],
    ]),
    "deer": np.array([
        [0, .26, .78, .12, .16], [.25, .50, .98, .10, .16], [.45, .62, 1.16, .08, .115],
        [.58, .71, 1.30, .082, .09], [.68, .78, 1.30, .076, .082], [.82, .88, 1.23, .052, .06],
        [.96, .97, 1.17, .04, .044], [1, .99, 1.165, .02, .024],
    ]),
}  # fmt: skip

FUR = 0.4
"""Strands of fur are drawn this much larger than human hair, or they would only flicker."""

_COATS: dict[str, tuple[RGB, ...]] = {
    "small": ((0.45, 0.40, 0.33), (0.16, 0.09, 0.05), (0.60, 0.58, 0.55), (0.03, 0.026, 0.022)),
    "labrador": ((0.52, 0.38, 0.21), (0.018, 0.017, 0.017), (0.11, 0.06, 0.035)),
    "shepherd": ((0.22, 0.13, 0.06), (0.05, 0.04, 0.03), (0.30, 0.22, 0.13)),
    "doe": ((0.150, 0.100, 0.060), (0.170, 0.105, 0.060), (0.125, 0.095, 0.070)),
    "buck": ((0.142, 0.090, 0.054), (0.165, 0.098, 0.055), (0.117, 0.086, 0.064)),
}  # fmt: skip


@dataclass(frozen=True)
class Build:
    """How an animal is built, as shares of its height at the shoulder.

    Attributes:
        plan: "labrador" or "deer".
        height: at the shoulder, metres.
        length: of trunk and head relative to the plan.
        leg: thickness of the legs.
        thigh: by how much their upper parts are thicker still.
        ears: length; negative for hanging ears.
        tail: length.
    """

    plan: str
    height: float
    length: float
    leg: float
    thigh: float
    ears: float
    tail: float


def dog(rng: np.random.Generator, kind: DogKind | None = None, *, detail: int = 2) -> Thing:
    """A dog, walking or standing, facing +Z."""
    breed: DogKind = kind if kind is not None else one_of(rng, ("small", "labrador", "shepherd"))
    size = float(np.clip(rng.normal(1.0, 0.06), 0.85, 1.15))
    build = {
        "small": Build("labrador", 0.31 * size, 1.12, 0.062, 1.0, -0.16, 0.34),
        "labrador": Build("labrador", 0.56 * size, 1.0, 0.058, 1.0, -0.15, 0.62),
        "shepherd": Build("labrador", 0.62 * size, 1.06, 0.050, 1.0, 0.17, 0.60),
    }[breed]
    return _animal(rng, build, breed, "dog", detail)


def deer(rng: np.random.Generator, kind: DeerKind | None = None, *, detail: int = 2) -> Thing:
    """A roe deer, walking or standing, facing +Z; bucks have antlers."""
    sex: DeerKind = kind if kind is not None else one_of(rng, ("doe", "doe", "buck"))
    size = float(np.clip(rng.normal(1.0, 0.06), 0.85, 1.15))
    return _animal(
        rng, Build("deer", 0.72 * size, 1.0, 0.034, 1.5, 0.23, 0.05), sex, "deer", detail
    )


def _animal(rng: np.random.Generator, build: Build, kind: str, species: str, detail: int) -> Thing:
    shade = float(np.exp(0.18 * np.clip(rng.normal(), -2, 1)))
    r, g, b = (min(v * shade, 0.75) for v in one_of(rng, _COATS[kind]))
    phase = float(rng.random())
    stride = 22.0 if rng.random() < 0.7 else 3.0
    back, neck = _back(build, detail), _neck_and_head(build, detail)
    reach = float(_HEADS[build.plan][-1, 1])
    pieces = [
        (back, coats.trunk(spots(back), kind, build.length)),
        (neck, coats.head(spots(neck), kind, build.length, reach)),
    ]
    ears = _ears(build, detail)
    pieces.append((ears, coats.ear(spots(ears))))
    for fore in (True, False):
        for sign in (-1.0, 1.0):
            leg = _leg(build, detail, fore=fore, sign=sign, phase=phase, stride=stride)
            pieces.append((leg, coats.leg(spots(leg), kind)))
    marks = joined(_marks(build, detail))
    pieces.append((marks, np.full(len(marks.faces), coats.BLACK)))
    if species == "dog":
        tail = _tail(build, detail)
        pieces.append((tail, np.full(len(tail.faces), coats.BODY)))
    materials = coats.coat((r, g, b), species)
    if kind == "buck":
        antlers = _antlers(build)
        pieces.append((antlers, np.full(len(antlers.faces), len(materials))))
        materials = (*materials, Material((0.16, 0.11, 0.07), "bark", roughness=0.7))
    return _set_down(pieces, materials, build.height, kind, species)


def _set_down(
    pieces: list[tuple[Surface, Index]], materials: tuple[Material, ...], scale: float, kind: str,
    species: str,
) -> Thing:  # fmt: skip
    whole = joined([surface for surface, _ in pieces])
    paint = np.concatenate([numbers for _, numbers in pieces])
    points = whole.points * scale
    low, high = points.min(axis=0), points.max(axis=0)
    offset = np.array([-(low[0] + high[0]) / 2, -low[1], -(low[2] + high[2]) / 2])
    mesh = part(
        Surface(points, whole.faces, whole.uv * scale * FUR, whole.weld), materials[0], "animal",
        offset,
    ).mesh  # fmt: skip
    made = [
        Part(only(mesh, paint == number), material, "animal")
        for number, material in enumerate(materials) if (paint == number).any()
    ]  # fmt: skip
    width, height, length = (high - low).tolist()
    return Thing(tuple(made), "animal", (width, height, length),
                 attributes={"species": species, "kind": kind})  # fmt: skip


def _along(keys: Reals, rings: int, sides: int, power: float = 2.2) -> Surface:
    """A loft along the animal: place, height, half breadth, up, down."""
    t = np.linspace(0, 1, rings)
    at = keys[0, 0] + (keys[-1, 0] - keys[0, 0]) * (0.5 - 0.5 * np.cos(np.pi * t))
    y, broad, up, down = curve(keys, at).T
    centres = np.stack([np.zeros_like(at), y, at], axis=1)
    section = oval(circle(sides), broad, up, down, power)
    return sheet(swept(centres, [1.0, 0, 0], [0, 1.0, 0], section), caps=(True, True))


def _back(build: Build, detail: int) -> Surface:
    keys = _BACKS[build.plan].copy()
    keys[:, 0] *= build.length
    rings, sides = {2: (16, 16), 1: (8, 9), 0: (5, 6)}[detail]
    return _along(keys, rings, sides)


def _neck_and_head(build: Build, detail: int) -> Surface:
    rings, sides = {2: (18, 12), 1: (9, 7), 0: (5, 4)}[detail]
    z, y, broad, deep = curve(_HEADS[build.plan], np.linspace(0, 1, rings)).T
    path = np.stack([np.zeros_like(z), y, z * build.length + 0.04 * (1 - build.length)], axis=1)
    # The head sinks a little where the nose bends down, so frames follow the path.
    frames = path_frames(path, [0.0, 0.8, -0.6])
    return sheet(swept(path, *frames, oval(circle(sides), broad, deep, deep)), caps=(True, True))


def _crown(build: Build) -> tuple[float, float]:
    """(z, y) of the top of the skull."""
    k = 3
    row = _HEADS[build.plan][k]
    return float(row[1] * build.length), float(row[2] + 0.6 * row[4])


def _ears(build: Build, detail: int) -> Surface:
    z, y = _crown(build)
    size = abs(build.ears)
    rings, sides = {2: (5, 6), 1: (3, 4), 0: (2, 3)}[detail]
    one = blob([0, 0, 0], [size * 0.31, size * 0.5, size * 0.11], rings=rings, sides=sides)
    tilt = np.radians(32 if build.ears > 0 else 172)
    turn = np.array([[np.cos(tilt), np.sin(tilt), 0], [-np.sin(tilt), np.cos(tilt), 0], [0, 0, 1]])
    up = 0.30 if build.ears > 0 else -0.42
    right = one.moved([0.075 + 0.035 * (build.ears < 0), y + up * size, z - 0.07], turn)
    return joined([right, right.mirrored()])


def _marks(build: Build, detail: int) -> list[Surface]:
    """Nose and eyes."""
    head = _HEADS[build.plan]
    nose = [0.0, head[-1, 2] + 0.012, head[-1, 1] * build.length]
    out = [blob(nose, [0.034, 0.028, 0.026], rings=3, sides=6)]
    if detail:
        z, y = head[4, 1] * build.length, head[4, 2] + 0.55 * head[4, 4]
        for sign in (-1.0, 1.0):
            out.append(blob([sign * head[4, 3] * 0.86, y, z], [0.022] * 3, rings=3, sides=6))
    return out


_FORE = np.array([[.34, .72, 1.9, 2.6], [.30, .55, 1.25, 1.7], [.31, .34, .85, 1.0],
                  [.33, .10, .70, .75], [.36, .035, .85, 1.0], [.42, .01, .75, .7]])  # fmt: skip
_HIND = np.array([[-.40, .80, 2.3, 3.6], [-.34, .58, 1.5, 2.4], [-.47, .33, .80, 1.0],
                  [-.46, .12, .68, .75], [-.44, .035, .85, 1.0], [-.38, .01, .75, .7]])  # fmt: skip


def _leg(
    build: Build, detail: int, *, fore: bool, sign: float, phase: float, stride: float
) -> Surface:
    """One leg: knots (z, y, half breadth, half depth in leg thicknesses), swung about the top."""
    knots = (_FORE if fore else _HIND).copy()
    # A walk: hind left, fore left, hind right, fore right, a quarter of the stride apart.
    own = phase + (0.0 if sign < 0 else 0.5) + (0.25 if fore else 0.0)
    swing = np.radians(stride) * np.sin(2 * np.pi * own)
    lift = max(0.0, np.cos(2 * np.pi * own)) * np.radians(stride)
    z, y = knots[:, 0] * build.length, knots[:, 1]
    pivot_z, pivot_y = z[0], y[0]
    low = np.clip((0.6 - y) / 0.3, 0.0, 1.0)
    angle = swing + (-1.3 if fore else -0.7) * lift * low * (y < 0.3)
    dz, dy = z - pivot_z, y - pivot_y
    z, y = (pivot_z + dz * np.cos(angle) - dy * np.sin(angle),
            pivot_y + dz * np.sin(angle) + dy * np.cos(angle))  # fmt: skip
    rings, sides = {2: (14, 8), 1: (7, 5), 0: (4, 3)}[detail]
    t = np.linspace(0, 1, rings)
    at = np.linspace(0, 1, len(z))
    thick = build.leg * np.where(knots[:, 1] > 0.5, build.thigh, 1.0)[:, None]
    table = np.column_stack([at, z, y, knots[:, 2:] * thick])
    cz, cy, broad, deep = curve(table, t).T
    side = sign * (0.115 if build.plan == "labrador" else 0.095)
    path = np.stack([np.full_like(cz, side), cy, cz], axis=1)
    frames = path_frames(path, [0.0, 0.3, 1.0])
    return sheet(swept(path, *frames, oval(circle(sides), broad, deep, deep)), caps=(True, True))


def _tail(build: Build, detail: int) -> Surface:
    rings, sides = {2: (8, 6), 1: (4, 4), 0: (3, 3)}[detail]
    t = np.linspace(0, 1, rings)
    z = -0.56 * build.length - build.tail * (0.75 * t - 0.2 * t**2)
    y = 0.90 - build.tail * (0.55 * t - 0.25 * t**2)
    r = 0.05 * (1 - 0.6 * t)
    path = np.stack([np.zeros_like(t), y, z], axis=1)
    frames = path_frames(path, [1.0, 0.0, 0.0])
    return sheet(swept(path, *frames, oval(circle(sides), r, r, r)), caps=(True, True))


def _antlers(build: Build) -> Surface:
    z, y = _crown(build)
    beams = []
    for sign in (-1.0, 1.0):
        foot = [sign * 0.035, y - 0.01, z - 0.03]
        beams.append(bar(foot, [sign * 0.07, y + 0.14, z - 0.05], [sign * 0.09, y + 0.27, z - 0.09],
                         radius=0.013))  # fmt: skip
        beams.append(bar([sign * 0.066, y + 0.12, z - 0.05], [sign * 0.085, y + 0.20, z + 0.04],
                         radius=0.010))  # fmt: skip
        beams.append(bar([sign * 0.082, y + 0.20, z - 0.07], [sign * 0.11, y + 0.27, z - 0.17],
                         radius=0.009))  # fmt: skip
    return joined(beams)
