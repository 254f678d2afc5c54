"""Somebody in a wheelchair crosses the road."""

from __future__ import annotations

import numpy as np

from isthmus.synth.world.figures import figure
from isthmus.synth.world.placement import Stage
from isthmus.synth.world.scenarios.actor import across, find, show

NAME = "wheelchair"
SIZE = (0.8, 1.4, 1.3)
"""Room for a wheelchair, metres."""


def wheelchair(rng: np.random.Generator, stage: Stage) -> None:
    """On a crossing if there is one near, else straight over the lanes."""
    draw = rng.spawn(1)[0]
    motion = find(rng, stage, SIZE, across(rng, stage, float(rng.uniform(0.7, 1.3))))
    show(stage, figure(draw, stage, motion, "wheelchair", name=NAME), NAME)
