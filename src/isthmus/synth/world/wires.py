"""Cables from pole to pole."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from isthmus.synth.world.material import Material
from isthmus.synth.world.shapes import tubes
from isthmus.synth.world.thing import Part, Thing

ACROSS = (-1.0, -0.5, 0.5, 1.0)
"""Where the insulators of `furniture.power_pole` are, metres along its cross-arm."""
BELOW_TOP = 0.36
PIECES = 10
CABLE = Material((0.02, 0.02, 0.02), roughness=0.6, porosity=0.0)


def wires(poles: Sequence[tuple[float, float, float, float]], tall: float, sag: float) -> Thing:
    """Four cables over poles (X, Y, Z, heading) of height `tall`; they hang in parabolas.

    Args:
        sag: metres by which a cable hangs lower half way between two poles.
    """
    share = np.linspace(0.0, 1.0, PIECES + 1)[:, None]
    starts, ends = [], []
    for (*a, turn_a), (*b, turn_b) in pairwise(poles):
        for x in ACROSS:
            first, last = _pin(a, turn_a, x, tall), _pin(b, turn_b, x, tall)
            line = first + share * (last - first)
            line[:, 1] -= 4 * sag * (share * (1 - share))[:, 0]
            starts.append(line[:-1])
            ends.append(line[1:])
    start, end = np.concatenate(starts), np.concatenate(ends)
    radius = np.full((len(start), 2), 0.011)
    return Thing((Part(tubes(start, end, radius, 3), CABLE, "pole"),))


def _pin(foot: ArrayLike, heading: float, x: float, tall: float) -> np.ndarray:
    pin = np.array(foot, np.float64)
    pin += (x * np.cos(heading), tall - BELOW_TOP, -x * np.sin(heading))
    return pin
