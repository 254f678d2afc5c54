"""What stands on pavements: bins, benches, bus stops, meters, letter boxes."""

from __future__ import annotations

import numpy as np

from isthmus.synth.chance import one_of
from isthmus.synth.world.furniture.finish import CLEAR, STEEL, WOOD, assembled, paint, shining
from isthmus.synth.world.mesh import box, join
from isthmus.synth.world.shapes import disc, revolved, tube
from isthmus.synth.world.thing import Thing


def bin(rng: np.random.Generator) -> Thing:
    """A litter bin, or a household's bin on wheels."""
    if rng.random() < 0.5:
        body = revolved([(0.2, 0.0), (0.24, 0.1), (0.26, 0.85), (0.2, 0.86), (0.2, 0.8), (0, 0.8)])
        return assembled(
            [(body, one_of(rng, (paint((40, 60, 50)), paint((60, 62, 64)))), "object")]
        )
    colour = one_of(rng, ((40, 44, 46), (30, 70, 45), (40, 70, 130), (150, 130, 40), (96, 60, 40)))
    trunk = box((-0.26, 0.26), (0.08, 0.95), (-0.3, 0.3))
    lid = box((-0.29, 0.29), (0.95, 1.05), (-0.34, 0.36))
    wheels = join([disc((s * 0.27, 0.1, -0.26), (s, 0, 0), 0.1, 10) for s in (-1, 1)])
    return assembled([(join([trunk, lid]), paint(colour, 0.6), "object"),
                      (wheels, paint((20, 20, 20), 0.9), "object")])  # fmt: skip


def bench(rng: np.random.Generator) -> Thing:
    """A bench to be sat on facing +Z; the seat is 0.45 m high."""
    slats = [box((-0.8, 0.8), (0.42, 0.46), (z, z + 0.1)) for z in (-0.2, -0.07, 0.06)]
    back = [box((-0.8, 0.8), (y, y + 0.1), (-0.3, -0.27)) for y in (0.58, 0.74)]
    legs = [box((x - 0.03, x + 0.03), (0.0, 0.84), (-0.32, -0.26)) for x in (-0.7, 0.7)]
    legs += [box((x - 0.03, x + 0.03), (0.0, 0.42), (0.1, 0.16)) for x in (-0.7, 0.7)]
    return assembled([(join(slats + back), WOOD, "object"),
                      (join(legs), paint((40, 42, 44)), "object")])  # fmt: skip


def bus_stop(rng: np.random.Generator) -> Thing:
    """A glazed shelter, 4 m long, open towards +Z, with a lit poster."""
    frame = paint(one_of(rng, ((60, 64, 66), (120, 124, 126), (30, 60, 50))))
    posts = [tube((x, 0, z), (x, 2.35, z), radius=0.04, sides=6)
             for x in (-1.95, 0.0, 1.95) for z in (-0.65,)]  # fmt: skip
    posts += [tube((x, 0, 0.6), (x, 2.4, 0.6), radius=0.04, sides=6) for x in (-1.95, 1.95)]
    top = box((-2.05, 2.05), (2.35, 2.45), (-0.75, 0.85))
    panes = [box((-1.9, 1.9), (0.25, 2.2), (-0.655, -0.645)),
             box((-1.955, -1.945), (0.25, 2.2), (-0.6, 0.4))]  # fmt: skip
    poster = box((1.86, 1.98), (0.3, 2.1), (-0.6, 0.5))
    tints = ((225, 200, 180), (170, 200, 230), (240, 220, 120), (220, 120, 120))
    seat = box((-1.5, 0.5), (0.44, 0.48), (-0.55, -0.2))
    return assembled(
        [(join([*posts, top]), frame, "object"), (join(panes), CLEAR, "object"),
         (poster, shining(one_of(rng, tints), 250.0, "shop"), "object"), (seat, WOOD, "object")],
    )  # fmt: skip


def parking_meter(rng: np.random.Generator) -> Thing:
    """A ticket machine."""
    body = box((-0.18, 0.18), (0.5, 1.6), (-0.13, 0.13))
    foot = box((-0.1, 0.1), (0.0, 0.5), (-0.08, 0.08))
    screen = box((-0.12, 0.12), (1.25, 1.45), (0.13, 0.135))
    colour = paint(one_of(rng, ((50, 70, 110), (70, 74, 78), (40, 60, 50))))
    return assembled([(join([body, foot]), colour, "object"),
                      (screen, paint((150, 165, 150), 0.2), "object")])  # fmt: skip


def mailbox(rng: np.random.Generator) -> Thing:
    """A letter box on a post."""
    colour = paint(one_of(rng, ((180, 30, 34), (240, 190, 30), (30, 60, 130))))
    trunk = box((-0.22, 0.22), (0.75, 1.3), (-0.17, 0.17))
    post = tube((0, 0, 0), (0, 0.76, 0), radius=0.04, sides=6)
    slot = box((-0.15, 0.15), (1.14, 1.17), (0.17, 0.175))
    return assembled([(trunk, colour, "object"), (post, STEEL, "object"),
                      (slot, paint((15, 15, 15)), "object")])  # fmt: skip
