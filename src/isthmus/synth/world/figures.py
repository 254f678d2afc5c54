"""People made for a place on the stage: clothed for the season, in step with their speed."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Literal

import numpy as np

from isthmus import seeds
from isthmus.synth.world.people import GAITS, REACH, person
from isthmus.synth.world.people.person import Bodies
from isthmus.synth.world.placement import Detail, Motion, Stage, Standing
from isthmus.synth.world.thing import Thing

Season = Literal["summer", "autumn", "winter"]
STRIDE = 0.82
"""Length of a stride (two steps) as a share of the body's height."""
PHASES = 8
"""Moments of a stride that people seen from far can be in."""
FAR_PEOPLE = 40
"""Different people of one pose and age that are seen from far; those near are all different."""


def figure(
    rng: np.random.Generator, stage: Stage, motion: Motion, pose: str, *, child: bool = False,
    work: bool = False, name: str = "",
) -> Standing:  # fmt: skip
    """Somebody at a place.

    Args:
        child: 4 to 13 years old.
        work: in the bright clothes of road workers.
        name: of the scenario in which they act, if any.
    """
    # The same stream makes the same person at every phase of the stride.
    (stream,) = rng.bit_generator.seed_seq.spawn(1)  # type: ignore[attr-defined]
    first, number = float(rng.random()), int(rng.random() * FAR_PEOPLE)
    factors, detail = stage.layout.factors, stage.detail(motion)
    season, bodies = factors.season, factors.bodies
    far = stage.is_far(motion)

    def made(phase: float) -> Thing:
        if far:
            # Each begins at a moment of their own, so that the stock needs no copies of them.
            step = (number + round((phase - first) * PHASES)) % PHASES if pose in GAITS else 0
            thing = _far(number, pose, step, child=child, work=work, detail=detail,
                         season=season, bodies=bodies)  # fmt: skip
        else:
            thing = person(
                np.random.default_rng(stream), pose=pose, child=child, detail=detail,
                phase=phase % 1.0, season=season, work=work, bodies=bodies,
            )  # fmt: skip
        if not name:
            return thing
        return replace(thing, attributes={**thing.attributes, "scenario": name})

    thing = made(first)
    speed = float(np.hypot(motion.ds, motion.dd))
    if not speed or pose not in GAITS:
        return Standing(thing, motion)
    cadence = speed / (STRIDE * max(thing.size[1], 0.5))
    return Standing(thing, motion, later=lambda time: made(first + cadence * time))


@lru_cache(maxsize=800)
def _far(
    number: int, pose: str, step: int, *, child: bool, work: bool, detail: Detail, season: Season,
    bodies: Bodies,
) -> Thing:  # fmt: skip
    rng = seeds.generator(0, "stock", "person", number)
    return person(rng, pose=pose, child=child, detail=detail, phase=(step + 0.5) / PHASES,
                  season=season, work=work, bodies=bodies)  # fmt: skip


def hand_to_middle(pram: Thing) -> float:
    """How far before the one who pushes it the middle of a pram is, metres."""
    rear = min(float(part.mesh.points[:, 2].min()) for part in pram.parts)
    return REACH - rear
