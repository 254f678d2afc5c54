"""What keeps people and vehicles apart: bollards, cones, barriers, fences, guard rails."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from isthmus.synth.chance import one_of
from isthmus.synth.world.furniture.finish import CONCRETE, STEEL, WOOD, assembled, paint
from isthmus.synth.world.mesh import box, flat, join, quads
from isthmus.synth.world.shapes import revolved, tubes
from isthmus.synth.world.thing import Thing

WHITE, RED, ORANGE = paint((235, 235, 230)), paint((200, 30, 26)), paint((240, 90, 20), 0.6)


def bollard(rng: np.random.Generator) -> Thing:
    """A post of about a metre."""
    tall = float(rng.uniform(0.8, 1.05))
    body = revolved([(0.07, 0), (0.06, tall - 0.1), (0.07, tall - 0.08), (0.05, tall), (0, tall)])
    band = revolved([(0.064, tall - 0.3), (0.064, tall - 0.18)])
    colour = one_of(rng, (paint((45, 48, 50)), STEEL, paint((60, 70, 62))))
    return assembled([(body, colour, "pole"), (band, WHITE, "pole")])


def cone(rng: np.random.Generator) -> Thing:
    """A traffic cone with its white bands."""
    tall = float(rng.choice([0.5, 0.75]))
    side = 0.27 * tall / 0.75 + 0.08

    def at(height: float) -> float:
        return 0.16 * tall / 0.75 * (1 - height / tall) + 0.025

    foot = box((-side, side), (0.0, 0.04), (-side, side))
    body = revolved([(at(h), h) for h in (0.04, 0.32 * tall)] + [(at(0.32 * tall), 0.32 * tall)])
    middle = revolved([(at(h * tall), h * tall) for h in (0.52, 0.66)])
    top = revolved([(at(0.86 * tall), 0.86 * tall), (0.025, tall), (0, tall)])
    bands = join([revolved([(at(a * tall), a * tall), (at(b * tall), b * tall)])
                  for a, b in ((0.32, 0.52), (0.66, 0.86))])  # fmt: skip
    return assembled(
        [(join([foot, body, middle, top]), ORANGE, "object"), (bands, WHITE, "object")]
    )


def barrier(rng: np.random.Generator) -> Thing:
    """A red and white works barrier, 2 m long, seen from ±Z."""
    count = 8
    edges = np.linspace(-1.0, 1.0, count + 1)
    boards = [box((edges[k], edges[k + 1]), (0.8, 1.02), (-0.015, 0.015)) for k in range(count)]
    feet = np.array([[x, 0, z] for x in (-0.85, 0.85) for z in (-0.25, 0.25)])
    legs = tubes(feet, feet * (1, 1, 0) + np.array([0, 1, 0]), [[0.025, 0.025]], 6)
    return assembled([(join(boards[::2]), RED, "object"), (join(boards[1::2]), WHITE, "object"),
                      (legs, STEEL, "object")])  # fmt: skip


def fence(rng: np.random.Generator, length: float = 3.0) -> Thing:
    """A fence along X: wooden boards, iron bars or a low wall."""
    kind = one_of(rng, ("boards", "bars", "wall"))
    half = length / 2
    if kind == "wall":
        body = box((-half, half), (0.0, 0.9), (-0.12, 0.12))
        cap = box((-half, half), (0.9, 0.98), (-0.17, 0.17))
        return assembled([(join([body, cap]), CONCRETE, "wall")])
    tall, step = (1.5, 0.16) if kind == "boards" else (1.15, 0.13)
    x = np.arange(-half + step / 2, half, step)
    rails = [box((-half, half), (y, y + 0.05), (-0.03, 0.03)) for y in (0.25, tall - 0.3)]
    if kind == "boards":
        pales = [box((a - 0.065, a + 0.065), (0.05, tall), (0.03, 0.05)) for a in x.tolist()]
        white = WHITE if rng.random() < 0.3 else WOOD
        return assembled([(join(pales), white, "fence"), (join(rails), white, "fence")])
    foot = np.stack([x, np.zeros_like(x), np.zeros_like(x)], axis=1)
    bars = tubes(foot, foot + np.array([0, tall, 0]), [[0.012, 0.012]], 4)
    return assembled([(join([bars, *rails]), paint((40, 44, 46)), "fence")])


def guard_rail(rng: np.random.Generator, length: float = 4.0) -> Thing:
    """A W-beam on posts along X, its face towards +Z."""
    half = length / 2
    profile = [(0.42, 0.0), (0.5, 0.07), (0.57, 0.02), (0.64, 0.07), (0.72, 0.0)]
    faces = [[(-half, a, p), (half, a, p), (half, b, q), (-half, b, q)]
             for (a, p), (b, q) in pairwise(profile)]  # fmt: skip
    both = faces + [f[::-1] for f in faces]
    beam = flat(*quads(np.asarray(both)))
    posts = [box((x - 0.05, x + 0.05), (0.0, 0.7), (-0.14, -0.02))
             for x in np.arange(-half + 0.5, half, 2.0).tolist()]  # fmt: skip
    return assembled([(join([beam, *posts]), STEEL, "fence")])
