"""People made for a place on the stage: clothed for the season, in step with their speed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from isthmus.synth.world.people import person
from isthmus.synth.world.placement import Motion, Stage, Standing
from isthmus.synth.world.thing import Thing

STRIDE = 0.82
"""Length of a stride (two steps) as a share of the body's height."""


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
    first = float(rng.random())
    season, detail = stage.layout.factors.season, stage.detail(motion)

    def made(phase: float) -> Thing:
        thing = person(
            np.random.default_rng(stream), pose=pose, child=child, detail=detail, phase=phase % 1.0,
            season=season, work=work,
        )  # fmt: skip
        if not name:
            return thing
        return replace(thing, attributes={**thing.attributes, "scenario": name})

    thing = made(first)
    speed = float(np.hypot(motion.ds, motion.dd))
    cadence = speed / (STRIDE * max(thing.size[1], 0.5))
    later = (lambda time: made(first + cadence * time)) if speed else None
    return Standing(thing, motion, later=later)
