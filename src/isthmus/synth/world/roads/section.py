"""Cross-sections of roads: what lies how far from the centre line, and how high."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isthmus.synth.world.factors import Factors

KERB_HEIGHT = 0.12
KERB_WIDTH = 0.15
GUTTER = 0.25
SHOULDER = 1.2
"""Width of gravel beside the asphalt where there is no kerb, metres."""
VERGE_HEIGHT = 0.02
"""Of the grass beyond it."""


@dataclass(frozen=True)
class Side:
    """One half of a road, from the centre line outward; widths in metres.

    Attributes:
        lanes: total width of the lanes, the half median before them included.
        parking: width of the parking strip, 0 for none.
        verge: strip of grass between kerb and sidewalk.
        sidewalk: paved strip for walking; 0 for none (rural).
        yard: from the sidewalk (or verge) to the fronts of buildings.
        raised: height of kerb and sidewalk; 0 without kerb.
    """

    lanes: float
    parking: float
    verge: float
    sidewalk: float
    yard: float
    raised: float

    @property
    def kerb(self) -> float:
        """Distance of the kerb's face (or the asphalt's edge) from the centre line."""
        return self.lanes + (self.parking or GUTTER)

    @property
    def walk(self) -> tuple[float, float]:
        """Distances between which the sidewalk lies."""
        inner = self.kerb + (KERB_WIDTH if self.raised else 0.0) + self.verge
        return inner, inner + self.sidewalk

    @property
    def front(self) -> float:
        """Distance of the fronts of buildings."""
        return self.walk[1] + self.yard

    @property
    def edge(self) -> float:
        """Distance at which the street proper ends: the sidewalk's outer edge, or the verge's."""
        return self.walk[1] if self.raised else self.profile[-1][0]

    def lift(self, d: float) -> float:
        """Height above the land at distance d ≥ 0 from the centre line, metres."""
        distances, heights = zip(*self.profile, strict=True)
        return float(np.interp(d, list(distances), list(heights)))

    @property
    def profile(self) -> tuple[tuple[float, float], ...]:
        """(distance, height) of the surface's corners beyond the asphalt's edge."""
        k = self.kerb
        if self.raised:
            return (k, 0.0), (k + 0.02, self.raised)
        return (k, 0.0), (k + 0.5, -0.015), (k + SHOULDER, VERGE_HEIGHT), (k + 8.0, VERGE_HEIGHT)


@dataclass(frozen=True)
class Section:
    """A whole cross-section.

    Attributes:
        road_type: the factor.
        count: lanes per direction.
        lane: width of a lane.
        median: width of a raised strip between the directions, 0 for none.
        left, right: the halves.
    """

    road_type: str
    count: int
    lane: float
    median: float
    left: Side
    right: Side

    def side(self, sign: int) -> Side:
        """The right half for +1, the left for −1."""
        return self.right if sign > 0 else self.left

    def lane_middle(self, sign: int, number: int) -> float:
        """Offset d of the middle of lane `number` (0 is innermost) on the side `sign`."""
        return sign * (self.median / 2 + (number + 0.5) * self.lane)


def sample_section(rng: np.random.Generator, factors: Factors) -> Section:
    """The main road's cross-section."""
    kind, count = factors.road_type, factors.lanes
    widths = {"street": (2.9, 3.4), "avenue": (3.1, 3.5), "suburb": (3.0, 3.6), "rural": (3.0, 3.6)}
    lane = float(rng.uniform(*widths[kind]))
    planted = rng.random() < 0.6
    median = float(rng.uniform(1.8, 3.6))
    median = median if kind == "avenue" and count > 1 and planted else 0.0
    strip, setback = float(rng.uniform(2.0, 2.3)), rng.random(2)
    greens, walks = rng.random(2), rng.random(2)
    halves = []
    for k, side in enumerate(("left", "right")):
        parking = strip if factors.parking in (side, "both") else 0.0
        verge, walk, raised = _edges(kind, float(greens[0]), float(walks[k]))
        yard = _yard(factors, float(setback[k]))
        halves.append(Side(median / 2 + count * lane, parking, verge, walk, yard, raised))
    return Section(kind, count, lane, median, *halves)


def side_section(rng: np.random.Generator, main: Section, factors: Factors) -> Section:
    """The cross-section of the road that joins at a junction: one lane each way."""
    lane = float(rng.uniform(2.9, 3.3))
    parking = 2.0 if rng.random() < 0.5 and main.road_type != "rural" else 0.0
    walk, template = float(rng.uniform(1.8, 2.8)), main.right
    if main.road_type == "rural":
        half = Side(lane, 0.0, 0.0, 0.0, template.yard, 0.0)
        return Section(main.road_type, 1, lane, 0.0, half, half)
    yard = _yard(factors, float(rng.random()))
    halves = [Side(lane, parking * k, 0.0, walk, yard, template.raised) for k in (1, 0)]
    return Section(main.road_type, 1, lane, 0.0, *halves)


def _edges(kind: str, green: float, walk: float) -> tuple[float, float, float]:
    """(verge, sidewalk, kerb height) of a side, from draws in 0–1."""
    if kind == "rural":
        return 0.0, 0.0, 0.0
    if kind == "avenue":
        return (1.2 + green if green > 0.5 else 0.0), 3.2 + 2.6 * walk, KERB_HEIGHT
    if kind == "suburb":
        return (0.6 + 2 * green if green > 0.4 else 0.0), 1.5 + 0.7 * walk, KERB_HEIGHT
    return (1.2 if green > 0.85 else 0.0), 1.9 + 1.7 * walk, KERB_HEIGHT


def _yard(factors: Factors, draw: float) -> float:
    """Depth of what lies before the buildings, metres."""
    if factors.road_type == "rural":
        return 9.0 + 10 * draw
    if factors.road_type == "suburb":
        return 4.5 + 4 * draw
    depths = {
        "residential": 0.0 if draw < 0.5 else 1.5 + 5 * (draw - 0.5),
        "downtown": 0.0,
        "shops": 0.0,
        "park": 0.5,
        "industrial": 3.0 + 6 * draw,
    }
    return depths[factors.surroundings]
