"""Trees, hedges, bushes and tufts of grass."""

from isthmus.synth.world.plants.greens import bush, hedge, tuft
from isthmus.synth.world.plants.tree import tree

__all__ = ["bush", "hedge", "tree", "tuft"]
