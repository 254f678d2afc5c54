"""Street lamps and overhead line poles."""

from __future__ import annotations

import numpy as np

from isthmus.synth.chance import one_of
from isthmus.synth.world.furniture.finish import STEEL, WOOD, assembled, paint, shining
from isthmus.synth.world.mesh import box, join, linear
from isthmus.synth.world.shapes import disc, revolved, tube
from isthmus.synth.world.thing import Lamp, Thing

WHITE, SODIUM = (255, 244, 225), (255, 176, 92)


def street_lamp(rng: np.random.Generator) -> Thing:
    """A lamp that reaches out towards +Z (the road), or an old lantern on a short post."""
    colour = WHITE if rng.random() < 0.6 else SODIUM
    if rng.random() < 0.25:
        return _lantern(rng, colour)
    tall, reach = float(rng.uniform(6, 9)), float(rng.uniform(1.0, 2.2))
    pole = tube((0, 0, 0), (0, 1.2, 0), (0, tall - 0.5, 0), (0, tall - 0.05, 0.3), (0, tall, reach),
                radius=(0.1, 0.08, 0.06, 0.045, 0.04))  # fmt: skip
    head = box((-0.14, 0.14), (tall - 0.06, tall + 0.06), (reach - 0.1, reach + 0.6))
    lens = disc((0, tall - 0.065, reach + 0.25), (0, -1, 0), 0.2, 10)
    post = one_of(rng, (STEEL, paint((70, 78, 76)), paint((45, 48, 50))))
    light = _light(colour, 1500.0)
    lamp = Lamp((0.0, tall - 0.1, reach + 0.25), (0.0, -1.0, 0.0), light, 65.0, "street")
    return assembled(
        [(pole, post, "pole"), (head, post, "pole"),
         (lens, shining(colour, 18000.0, "street"), "pole")], (lamp,),
    )  # fmt: skip


def _light(colour: tuple[int, int, int], candela: float) -> tuple[float, float, float]:
    share = linear(colour).astype(float)
    r, g, b = (share / share.max() * candela).round(2).tolist()
    return (r, g, b)


def _lantern(rng: np.random.Generator, colour: tuple[int, int, int]) -> Thing:
    tall = float(rng.uniform(3.6, 4.6))
    pole = revolved(
        [(0.0, 0.0), (0.16, 0.0), (0.16, 0.25), (0.08, 0.45), (0.055, 1.0), (0.045, tall - 0.45),
         (0.1, tall - 0.4), (0.0, tall - 0.4)], 10,
    )  # fmt: skip
    globe = revolved([(0.1, tall - 0.4), (0.2, tall - 0.15), (0.2, tall + 0.05), (0, tall + 0.05)])
    cap = revolved([(0.24, tall + 0.05), (0.05, tall + 0.22), (0.0, tall + 0.28)])
    dark = paint((38, 42, 40))
    lamp = Lamp((0.0, tall - 0.1, 0.0), (0.0, -1.0, 0.0), _light(colour, 450.0), 100.0, "street")
    glass = shining(colour, 5000.0, "street")
    return assembled([(pole, dark, "pole"), (globe, glass, "pole"), (cap, dark, "pole")], (lamp,))


def power_pole(rng: np.random.Generator) -> Thing:
    """A wooden pole with a cross-arm and insulators."""
    tall = float(rng.uniform(7.5, 9.5))
    pole = tube((0, 0, 0), (0, tall, 0), radius=(0.15, 0.1))
    arms = [box((-1.1, 1.1), (tall - 0.7, tall - 0.58), (-0.06, 0.06))]
    if rng.random() < 0.4:
        arms.append(box((-0.8, 0.8), (tall - 1.5, tall - 1.4), (-0.06, 0.06)))
    pins = [tube((x, tall - 0.58, 0), (x, tall - 0.36, 0), radius=0.05, sides=6)
            for x in (-1.0, -0.5, 0.5, 1.0)]  # fmt: skip
    return assembled([(pole, WOOD, "pole"), (join(arms), WOOD, "pole"),
                      (join(pins), paint((150, 150, 145)), "pole")])  # fmt: skip
