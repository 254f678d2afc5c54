"""Parking bays along the main road."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isthmus.synth.world.roads.layout import Layout

BAY = 5.8
CLEAR = 5.0
"""Metres that stay free before and behind a crossing, and from a junction's corners."""
FARTHEST = 190.0


@dataclass(frozen=True)
class Bay:
    """A place to park: middle (s, d) on the main road, and length in metres."""

    s: float
    d: float
    length: float


def bays(layout: Layout, sign: int) -> list[Bay]:
    """Bays of one side, from behind the camera outward."""
    side = layout.main.section.side(sign)
    if not side.parking:
        return []
    closed = [(c.s - c.half - CLEAR, c.s + c.half + CLEAR) for c in layout.crossings
              if c.road is layout.main]  # fmt: skip
    gap = layout.gap(sign)
    if gap:
        closed.append((gap[0] - 2.0, gap[1] + 2.0))
    d = sign * (side.lanes + side.parking / 2)
    found = []
    # The bays' raster starts at a place of its own on either side.
    for s in np.arange(-17.4 + 1.3 * sign, FARTHEST, BAY).tolist():
        if not any(a < s + BAY / 2 and s - BAY / 2 < b for a, b in closed):
            found.append(Bay(s, d, BAY))
    return found
