"""An animal on the road: a dog in town, a deer where there are woods and fields."""

from __future__ import annotations

import numpy as np

from isthmus.synth.world.people import deer, dog
from isthmus.synth.world.placement import Stage, Standing
from isthmus.synth.world.scenarios.actor import across, find, show

NAME = "animal"


def animal(rng: np.random.Generator, stage: Stage) -> None:
    """It walks, runs or stands across the lane."""
    factors = stage.layout.factors
    wild = factors.road_type == "rural" or (
        (factors.road_type == "suburb" or factors.surroundings == "park") and rng.random() < 0.4
    )
    thing = (deer if wild else dog)(rng.spawn(1)[0])
    speed = float(rng.choice([0.0, 1.2, 3.5]))
    motion = find(rng, stage, thing.size, across(rng, stage, speed, 15.0 if wild else 10.0))
    show(stage, Standing(thing, motion), NAME)
