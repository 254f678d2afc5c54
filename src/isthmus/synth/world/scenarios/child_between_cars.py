"""A child steps out between two parked cars."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from isthmus.synth.chance import one_of
from isthmus.synth.world.figures import figure
from isthmus.synth.world.placement import Motion, Stage, Standing
from isthmus.synth.world.roads.parking import Bay, bays
from isthmus.synth.world.scenarios.actor import in_picture, show
from isthmus.synth.world.traffic import parked
from isthmus.synth.world.vehicles import vehicle

NAME = "child_between_cars"
SIZE = (0.8, 1.5, 1.0)
"""Room for a running child, metres."""
NEAR = 12.0
"""Metres ahead up to which any gap will do; else it is the nearest one."""
KINDS = ("hatchback", "sedan", "estate", "suv", "van")


def child_between_cars(rng: np.random.Generator, stage: Stage) -> None:
    """Two cars in neighbouring bays; the child has just left the gap for the lane."""
    layout = stage.layout
    draws = rng.spawn(4)
    pose, speed = one_of(draws[0], (("walk", 1.3), ("run", 2.6)))
    first, second, sign = _pair(draws[1], stage)
    gap = 0.5 * (first.s + second.s)
    side = layout.main.section.side(sign)
    out = float(draws[1].uniform(0.4, 1.0))
    motion = Motion(layout.main, gap, sign * (side.lanes - out), -sign * np.pi / 2, 0.0,
                    -sign * speed)  # fmt: skip
    show(stage, figure(draws[0], stage, motion, pose, child=True, name=NAME), NAME)
    for bay, draw, apart in ((first, draws[2], -1), (second, draws[3], 1)):
        kind = one_of(draw, KINDS)
        place = Motion(layout.main, bay.s, bay.d, 0.0 if sign > 0 else np.pi)
        thing = parked(vehicle(kind, draw, detail=stage.detail(place), driver=False))
        clear = gap + apart * (thing.size[2] / 2 + float(draw.uniform(0.45, 0.8)))
        at = Motion(layout.main, clear, bay.d, place.turn)
        foot = stage.footprint(at, (thing.size[0], thing.size[2]), 0.05)
        stage.occupancy.claim(foot)
        stage.standing.append(Standing(thing, at, leans=True))


def _pair(rng: np.random.Generator, stage: Stage) -> tuple[Bay, Bay, int]:
    """Two neighbouring bays between which a child would be in the picture, and their side."""
    found: list[tuple[float, Bay, Bay, int]] = []
    for sign in (-1, 1):
        row = bays(stage.layout, sign)
        inner = stage.layout.main.section.side(sign).lanes
        for a, b in pairwise(row):
            s = 0.5 * (a.s + b.s)
            motion = Motion(stage.layout.main, s, sign * (inner - 0.4), -sign * np.pi / 2)
            # Both cars stand before the camera, and the near one does not touch its eye.
            if b.s - a.s < 1.2 * a.length and a.s > 4.8 and in_picture(stage, motion, SIZE):
                found.append((s, a, b, sign))
    found.sort(key=lambda item: item[0])
    near = [pair for pair in found if pair[0] < NEAR] or found[:1]
    _, a, b, sign = one_of(rng, near)
    return a, b, sign
