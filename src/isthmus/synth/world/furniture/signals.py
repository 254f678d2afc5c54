"""Traffic lights."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from isthmus.synth.chance import one_of
from isthmus.synth.world.furniture.finish import STEEL, assembled, paint, shining
from isthmus.synth.world.mesh import box, join
from isthmus.synth.world.shapes import disc, tube
from isthmus.synth.world.thing import Thing

State = Literal["red", "amber", "green"]
COLOURS = {"red": (255, 40, 30), "amber": (255, 170, 20), "green": (40, 255, 150)}


def traffic_light(
    rng: np.random.Generator, state: State | None = None, *, overhead: bool | None = None
) -> Thing:
    """A signal whose lenses face +Z.

    Args:
        rng: what is not given.
        state: the lens that shines; drawn by default.
        overhead: hung from an arm that reaches out towards +X.
    """
    lit: State = one_of(rng, get_args(State)) if state is None else state
    arm = bool(rng.random() < 0.3) if overhead is None else overhead
    dark = paint((22, 24, 24), 0.6)
    top, x = (5.8, 3.2) if arm else (3.3, 0.0)
    if arm:
        pole = tube((0, 0, 0), (0, 5.6, 0), (0.6, 6.0, 0), (x + 0.4, 6.1, 0),
                    radius=(0.12, 0.09, 0.07, 0.05))  # fmt: skip
    else:
        pole = tube((0, 0, 0), (0, top, 0), radius=0.06)
    housing = box((x - 0.17, x + 0.17), (top - 0.98, top), (0.06, 0.26))
    board = box((x - 0.3, x + 0.3), (top - 1.12, top + 0.14), (0.04, 0.06))
    hoods = [box((x - 0.14, x + 0.14), (y + 0.12, y + 0.15), (0.26, 0.44))
             for y in (top - 0.17, top - 0.49, top - 0.81)]  # fmt: skip
    pieces = [(pole, STEEL, "pole"), (join([housing, board, *hoods]), dark, "traffic light")]
    for k, (name, colour) in enumerate(COLOURS.items()):
        lens = disc((x, top - 0.17 - 0.32 * k, 0.27), (0, 0, 1), 0.12, 14)
        glass = (
            shining(colour, 6000.0, "signal")
            if name == lit
            else paint(tuple(c // 6 for c in colour), 0.25)
        )
        pieces.append((lens, glass, "traffic light"))
    return assembled(pieces, attributes={"state": str(lit)})
