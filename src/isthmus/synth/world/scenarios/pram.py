"""Somebody pushes a pram over the road."""

from __future__ import annotations

import numpy as np

from isthmus.synth.world.figures import figure, hand_to_middle
from isthmus.synth.world.people import pram
from isthmus.synth.world.placement import Stage, Standing, ahead
from isthmus.synth.world.scenarios.actor import across, find, show

NAME = "pram"
SIZE = (0.9, 1.8, 2.2)
"""Room for both, metres."""


def pram_crossing(rng: np.random.Generator, stage: Stage) -> None:
    """The pram goes before, both cross at walking pace."""
    draws = rng.spawn(2)
    carriage = pram(draws[1])
    motion = find(rng, stage, SIZE, across(rng, stage, float(rng.uniform(0.9, 1.4))))
    walker = figure(draws[0], stage, ahead(motion, -0.5 * carriage.size[2]), "pram", name=NAME)
    show(stage, walker, NAME)
    show(stage, Standing(carriage, ahead(walker.motion, hand_to_middle(carriage))), NAME)
