"""People as jointed bodies: proportions by age, a gait or a stance, clothes, hair, bags.

Limbs are outlines that face the viewer, hung between joints that move in three dimensions, so
that a crossing person shows the stride and one seen from behind does not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from isthmus.synth.chance import one_of, weighted
from isthmus.synth.mesh import Floats, Material, Mesh, capsules, join, linear, mesh

SKINS = [(232, 196, 170), (214, 168, 136), (176, 124, 92), (120, 80, 56), (84, 56, 42)]
HAIRS = [(28, 22, 18), (58, 40, 28), (104, 74, 44), (170, 138, 86), (150, 148, 146), (90, 44, 26)]
TOPS = {
    (30, 32, 38): 14,
    (48, 52, 62): 12,
    (84, 84, 86): 9,
    (34, 48, 84): 10,
    (62, 90, 138): 8,
    (120, 30, 34): 7,
    (178, 46, 40): 5,
    (62, 84, 58): 7,
    (196, 190, 176): 7,
    (222, 220, 216): 7,
    (150, 118, 84): 6,
    (206, 150, 44): 3,
    (110, 60, 110): 3,
    (206, 222, 60): 2,
}
BOTTOMS = [(26, 28, 34), (40, 48, 72), (62, 74, 102), (70, 66, 60), (120, 108, 88), (44, 40, 38)]
SHOES = [(24, 22, 22), (70, 52, 40), (206, 204, 200)]


At = Callable[[float, float, float], Floats]
"""World point of (forward, sideways, up) metres from a person's feet."""
Limb = tuple[Floats, Floats, tuple[float, float], int]
"""Start, end, radii at both, colour."""


@dataclass(frozen=True)
class Person:
    """What one person looks like; all lengths in metres.

    Attributes:
        height: with shoes.
        child: head and limbs in a child's proportions.
        build: breadth relative to the average.
        stride: swing of the legs in radians (0: stands still).
        phase: moment of the gait in radians.
        garment: "jacket", "coat" or "skirt".
        bag: "none", "backpack" or "handbag".
        colours: (6, 3) linear: skin, hair, top, bottom, shoes, bag.
    """

    height: float
    child: bool
    build: float
    stride: float
    phase: float
    garment: str
    bag: str
    colours: Floats


SKIN, HAIR, TOP, BOTTOM, SHOE, BAG = range(6)


def sample_person(rng: np.random.Generator, *, standing: bool) -> Person:
    """A passer-by, walking or standing; one in five is a child."""
    child = bool(rng.random() < 0.2)
    height = rng.uniform(1.02, 1.45) if child else rng.normal(1.71, 0.085)
    colours = linear(
        [
            one_of(rng, SKINS),
            one_of(rng, HAIRS),
            weighted(rng, TOPS),
            one_of(rng, BOTTOMS),
            one_of(rng, SHOES),
            one_of(rng, list(TOPS)),
        ]
    )
    colours[TOP : BAG + 1] *= rng.uniform(0.75, 1.2, (4, 1))
    return Person(
        height=min(max(float(height), 1.0), 1.98),
        child=child,
        build=min(max(float(rng.normal(1.0, 0.12)), 0.8), 1.35),
        stride=float(rng.uniform(0.0, 0.08)) if standing else float(rng.uniform(0.28, 0.52)),
        phase=float(rng.uniform(0, 2 * np.pi)),
        garment=weighted(rng, {"jacket": 0.66, "coat": 0.22, "skirt": 0.12}),
        bag=weighted(rng, {"none": 0.6, "backpack": 0.22, "handbag": 0.18}),
        colours=colours.clip(0, 0.9).astype(np.float32),
    )


def person(who: Person, position: tuple[float, float, float], heading: float) -> Mesh:
    """The body of `who` with its feet at `position`, walking towards `heading` (see `placed`)."""
    ahead = np.array([np.sin(heading), 0.0, np.cos(heading)])
    side = np.array([np.cos(heading), 0.0, -np.sin(heading)])
    base = np.asarray(position, np.float64)

    def at(forward: float, lateral: float, up: float) -> Floats:
        spot = base + ahead * forward + side * lateral + np.array([0, up, 0])
        return np.asarray(spot, np.float32)

    limbs = [*_legs(who, at), *_arms(who, at)]
    start, end = np.stack([p for p, *_ in limbs]), np.stack([q for _, q, *_ in limbs])
    radius = np.array([r for *_, r, _ in limbs], np.float32)
    slots = np.array([slot for *_, slot in limbs])
    body = mesh(list(capsules(start, end, radius)), who.colours[slots], Material.PLAIN,
                billboard=True)  # fmt: skip
    whole = join([body, _trunk(who, at, ahead, side), _head(who, at, ahead)])
    # A stride lowers the hips: whichever foot is lower stands on the ground.
    raised = float(whole.points[..., 1].min()) - position[1]
    return replace(whole, points=whole.points - np.array([0, raised, 0], np.float32))


def _legs(who: Person, at: At) -> list[Limb]:
    h, k = who.height, who.build
    hip, knee = (0.47 if who.child else 0.5) * h, 0.27 * h
    thigh, shin = hip - knee, knee - 0.04 * h
    dress = who.garment == "coat"
    out: list[Limb] = []
    for sign in (-1, 1):
        swing = sign * who.stride * np.sin(who.phase)
        bend = max(0.0, who.stride * 1.2 * np.cos(who.phase) * sign) + 0.06
        lateral = sign * 0.055 * h * k
        kx, ky = thigh * np.sin(swing), hip - thigh * np.cos(swing)
        fx, fy = kx + shin * np.sin(swing - bend), ky - shin * np.cos(swing - bend)
        fy = max(fy, 0.035 * h)
        bare = SKIN if who.garment == "skirt" else BOTTOM
        a, b, c = at(0, lateral, hip), at(kx, lateral, ky), at(fx, lateral, fy)
        toe = at(fx + 0.08 * h, lateral * 1.1, max(0.02 * h, fy - 0.015 * h))
        out.append((c, toe, (0.024 * h, 0.02 * h), SHOE))
        out.append((b, c, (0.036 * h * k, 0.026 * h), bare))
        out.append((a, b, (0.055 * h * k, 0.04 * h * k), BOTTOM if not dress else TOP))
    return out


def _arms(who: Person, at: At) -> list[Limb]:
    h, k = who.height, who.build
    shoulder = 0.8 * h
    out: list[Limb] = []
    for sign in (-1, 1):
        swing = -sign * who.stride * 0.8 * np.sin(who.phase)
        lateral = sign * 0.118 * h * k
        ex, ey = 0.17 * h * np.sin(swing), shoulder - 0.17 * h * np.cos(swing)
        wx, wy = ex + 0.15 * h * np.sin(swing + 0.35), ey - 0.15 * h * np.cos(swing + 0.35)
        s, e, w = at(0, lateral, shoulder), at(ex, lateral * 1.1, ey), at(wx, lateral * 1.1, wy)
        out.append((s, e, (0.035 * h * k, 0.028 * h * k), TOP))
        out.append((e, w, (0.027 * h * k, 0.022 * h), TOP))
        hand = at(wx + 0.02 * h, lateral * 1.1, wy - 0.03 * h)
        out.append((w, hand, (0.018 * h, 0.018 * h), SKIN))
        if who.bag == "handbag" and sign > 0:
            below = at(wx, lateral * 1.2, wy - 0.14 * h)
            out.append((hand, below, (0.02 * h, 0.065 * h), BAG))
    return out


def _trunk(who: Person, at: At, ahead: Floats, side: Floats) -> Mesh:
    h, k = who.height, who.build

    def half(across: float, deep: float) -> float:
        return float(np.hypot(across * side[0], deep * ahead[0])) * h * k

    hip, waist = (0.46 if who.child else 0.49) * h, 0.6 * h
    shoulders, neck = 0.815 * h, 0.85 * h
    hem = {"jacket": hip - 0.03 * h, "coat": 0.3 * h, "skirt": hip}[who.garment]
    flare = 1.12 if who.garment == "coat" else 1.0
    levels = [
        (hem, half(0.1, 0.075) * flare), (waist, half(0.088, 0.066)),
        (shoulders, half(0.118, 0.062)), (neck, half(0.045, 0.04)),
    ]  # fmt: skip
    middle = at(0, 0, 0)
    left = [(middle[0] - w, middle[1] + y, middle[2]) for y, w in levels]
    right = [(middle[0] + w, middle[1] + y, middle[2]) for y, w in reversed(levels)]
    polygons, slots = [np.array([*left, *right], np.float32)], [TOP]
    # A darker flank gives the trunk some roundness.
    flank = [*left[:3], *[(middle[0] - w * 0.45, middle[1] + y, middle[2])
                          for y, w in reversed(levels[:3])]]  # fmt: skip
    polygons.append(np.array(flank, np.float32))
    slots.append(TOP)
    if who.garment == "skirt":
        top, low = half(0.1, 0.08), half(0.13, 0.11)
        knees = 0.3 * h
        outline = [(-top, hip), (top, hip), (low, knees), (-low, knees)]
        polygons.append(
            np.array([(middle[0] + x, middle[1] + y, middle[2]) for x, y in outline], np.float32)
        )
        slots.append(BOTTOM)
    if who.bag == "backpack":
        spine = at(-0.09 * h, 0, 0)
        w = half(0.085, 0.06)
        outline = [(-w, 0.56 * h), (w, 0.56 * h), (w * 1.05, 0.72 * h), (w * 0.7, 0.8 * h),
                   (-w * 0.7, 0.8 * h), (-w * 1.05, 0.72 * h)]  # fmt: skip
        polygons.append(
            np.array([(spine[0] + x, spine[1] + y, spine[2]) for x, y in outline], np.float32)
        )
        slots.append(BAG)
    colour = who.colours[slots]
    colour[1] *= 0.8
    groups = [0, 0, *range(1, len(slots) - 1)]
    return mesh(polygons, colour, Material.PLAIN, group=groups, billboard=True)


def _head(who: Person, at: At, ahead: Floats) -> Mesh:
    h = who.height
    radius = (0.078 if who.child else 0.062) * h
    centre = at(0.01 * h, 0, h - radius * 1.15)
    angle = np.arange(8) * (np.pi / 4) + np.pi / 8
    ring = np.stack([radius * 0.86 * np.cos(angle), radius * 1.12 * np.sin(angle)], axis=1)
    face = np.concatenate([ring, np.zeros((8, 1))], axis=1) + centre
    # Hair: all of the head from behind, a cap from the front, half of it from the side.
    away, turned = float(ahead[2]), float(ahead[0])
    brow = radius * (0.45 - 0.95 * max(0.0, away))
    cap = np.stack([ring[:, 0] * 1.08 - turned * radius * 0.3, np.maximum(ring[:, 1] * 1.06, brow)])
    hair = np.stack([cap[0], cap[1], np.zeros(8)], axis=1) + centre
    polygons = [face.astype(np.float32), hair.astype(np.float32)]
    return mesh(polygons, who.colours[[SKIN, HAIR]], Material.PLAIN, group=[0, 0], billboard=True)
