"""A vehicle with far too much on its roof drives ahead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from isthmus.synth.chance import one_of
from isthmus.synth.world.placement import Motion, Stage, Standing
from isthmus.synth.world.scenarios.actor import find, show
from isthmus.synth.world.vehicles import vehicle

NAME = "overloaded_vehicle"
KINDS = ("hatchback", "estate", "suv", "van", "sedan", "truck")


def overloaded_vehicle(rng: np.random.Generator, stage: Stage) -> None:
    """In the camera's lane, 8 to 20 m ahead, as fast as the camera."""
    layout = stage.layout
    thing = vehicle(one_of(rng, KINDS), rng.spawn(1)[0], detail=2, driver=True, overloaded=True)
    speed = layout.factors.ego_speed * float(rng.uniform(0.85, 1.0))

    def propose(draw: np.random.Generator, far: float) -> Motion:
        s = float(draw.uniform(8.0, 12.0 + 12.0 * far)) + thing.size[2] / 2
        return Motion(layout.main, s, layout.ego + float(draw.normal(0, 0.08)), 0.0, speed)

    motion = replace(find(rng, stage, thing.size, propose), turn=0.0, ds=speed, dd=0.0)
    show(stage, Standing(thing, motion, leans=True), NAME, hazard=False)
