"""The lay-out of a street: roads, junction, crossings, signals; and what lies where."""

from __future__ import annotations

from dataclasses import dataclass
from math import copysign
from typing import Literal

import numpy as np

from isthmus.synth.world.factors import Factors
from isthmus.synth.world.roads.curve import Curve, Land, bent
from isthmus.synth.world.roads.section import Section, sample_section, side_section

BEHIND = -45.0
FAR = 1400.0
"""Where the main road begins and ends, metres along it."""
ARM_LENGTH = 170.0
PLAIN = 20.0
"""Half length of the straight piece of the main road around a junction, metres."""

Signal = Literal["", "red", "green"]
OTHER: dict[Signal, Signal] = {"": "", "red": "green", "green": "red"}
"""What the crossing road sees."""


@dataclass(frozen=True)
class Road:
    """A road: centre line, cross-section, and where its asphalt begins and ends."""

    curve: Curve
    section: Section
    start: float
    end: float


@dataclass(frozen=True)
class Arm:
    """A road that joins the main one at the junction; its s counts from the main centre line.

    Attributes:
        side: +1 joins from the right, −1 from the left.
    """

    road: Road
    side: int


@dataclass(frozen=True)
class Junction:
    """Where arms join the main road.

    Attributes:
        s: of its middle along the main road.
        radius: of the kerbs at the corners.
        arms: one (T) or two (crossroads).
    """

    s: float
    radius: float
    arms: tuple[Arm, ...]

    def reach(self, section: Section, arm: Arm, end: int) -> float:
        """How far a corner's rounding and paving reach from where the kerbs would meet.

        Args:
            end: −1 for the near corner of the arm, +1 for the far one.
        """
        own = section.side(arm.side)
        other = arm.road.section.side(-arm.side * end)
        paved = max(own.edge - own.kerb, other.edge - other.kerb)
        return max(self.radius, paved)


@dataclass(frozen=True)
class Crossing:
    """A place to walk across a road: from s − half to s + half.

    Attributes:
        signal: what drivers on this road see; "" without signals.
    """

    road: Road
    s: float
    half: float
    style: str
    signal: Signal


@dataclass(frozen=True)
class Layout:
    """Everything about the ground that other builders ask for.

    Attributes:
        main: the road of the camera, which starts on it at s = 0 and drives towards larger s.
        stops: (road, s, direction, signal) of stop lines: traffic that moves along `direction`
            (±1) of the road's s waits there when `signal` is red (or for give-way, "").
        ego: offset d of the camera's path; `ego_lane` counts from the innermost lane.
    """

    factors: Factors
    land: Land
    main: Road
    junction: Junction | None
    crossings: tuple[Crossing, ...]
    stops: tuple[tuple[Road, float, int, Signal], ...]
    ego: float
    ego_lane: int

    @property
    def roads(self) -> tuple[Road, ...]:
        """All roads, the main one first."""
        arms = self.junction.arms if self.junction else ()
        return (self.main, *(arm.road for arm in arms))

    def gap(self, side: int) -> tuple[float, float] | None:
        """(from, to) along the main road where kerb and sidewalk of a side make way for an arm."""
        if self.junction is None:
            return None
        for arm in self.junction.arms:
            if arm.side == side:
                ends = []
                for end in (-1, 1):
                    half = arm.road.section.side(-arm.side * end).kerb
                    reach = self.junction.reach(self.main.section, arm, end)
                    ends.append(self.junction.s + end * (half + reach))
                return ends[0], ends[1]
        return None

    def position(self, road: Road, s: float, d: float) -> tuple[float, float, float]:
        """(X, Y, Z) of the ground at (s, d) of a road."""
        x, z, _ = road.curve.point(s, d)
        if road is self.main:
            return x, float(self.land.height(z)) + self.lift(s, d), z
        return x, self.ground(x, z), z

    def ground(self, x: float, z: float) -> float:
        """Height Y of the ground at (X, Z), within the reach of the roads."""
        return float(self.land.height(z)) + self.lift(*self.main.curve.nearest(x, z))

    def lift(self, s: float, d: float) -> float:
        """Height of roads, sidewalks and blocks above the land at (s, d) of the main road."""
        sign = 1 if d >= 0 else -1
        side = self.main.section.side(sign)
        if abs(d) <= side.kerb:
            return self._median_lift(s, abs(d))
        gap = self.gap(sign)
        if gap is None or not gap[0] < s < gap[1]:
            return side.lift(abs(d))
        assert self.junction is not None
        arm = next(a for a in self.junction.arms if a.side == sign)
        x, z, _ = self.main.curve.point(s, d)
        along, across = arm.road.curve.nearest(x, z)
        if self._on_arm(arm, along, across):
            return 0.0
        other = arm.road.section.side(1 if across >= 0 else -1)
        return other.lift(other.kerb + self._from_corner(arm, along, across))

    def _from_corner(self, arm: Arm, along: float, across: float) -> float:
        """Distance of a place beside an arm from the rounded edge of the asphalt, metres."""
        assert self.junction is not None
        r = self.junction.radius
        a = abs(across) - arm.road.section.side(1 if across >= 0 else -1).kerb
        b = along - self.main.section.side(arm.side).kerb
        return float(r - np.hypot(r - a, r - b)) if a < r and b < r else min(a, b)

    def on_asphalt(self, road: Road, s: float, d: float, margin: float = 0.0) -> bool:
        """True if (s, d) of a road lies on any road's asphalt, or within `margin` of it."""
        if road is not self.main:
            x, z, _ = road.curve.point(s, d)
            s, d = self.main.curve.nearest(x, z)
        if abs(d) <= self.main.section.side(1 if d >= 0 else -1).kerb + margin:
            return True
        if self.junction is None or abs(s - self.junction.s) > 60.0 + abs(d):
            return False
        x, z, _ = self.main.curve.point(s, d)
        for arm in self.junction.arms:
            along, across = arm.road.curve.nearest(x, z)
            nearer = copysign(max(abs(across) - margin, 0.0), across)
            if along > 0 and self._on_arm(arm, along, nearer):
                return True
        return False

    def _median_lift(self, s: float, d: float) -> float:
        raised = max(self.main.section.left.raised, self.main.section.right.raised)
        if d > self.main.section.median / 2 - 0.1 or not raised:
            return 0.0
        return raised if any(low <= s <= high for low, high in self.median_spans()) else 0.0

    def median_spans(self) -> list[tuple[float, float]]:
        """(from, to) along the main road of the pieces of a median; it makes way for crossings."""
        if not self.main.section.median:
            return []
        holes = [(c.s - c.half - 0.6, c.s + c.half + 0.6) for c in self.crossings
                 if c.road is self.main]  # fmt: skip
        if self.junction:
            half = max(a.road.section.right.kerb for a in self.junction.arms) + 3.0
            holes.append((self.junction.s - half, self.junction.s + half))
        spans, low = [], self.main.start
        for a, b in sorted(holes):
            if a > low:
                spans.append((low, a))
            low = max(low, b)
        return [*spans, (low, self.main.end)]

    def _on_arm(self, arm: Arm, along: float, across: float) -> bool:
        """True on the arm's asphalt, its rounded corners included."""
        assert self.junction is not None
        half = arm.road.section.side(1 if across >= 0 else -1).kerb
        if abs(across) <= half:
            return True
        kerb, r = self.main.section.side(arm.side).kerb, self.junction.radius
        u, v = half + r - abs(across), kerb + r - along
        return bool(u > 0 and v > 0 and u * u + v * v > r * r)


def sample_layout(rng: np.random.Generator, factors: Factors) -> Layout:
    """Roads, junction, crossings and signals for a row."""
    section = sample_section(rng, factors)
    land = _sample_land(rng, factors)
    place = factors.junction_distance
    junctions = factors.junction != "none"
    curve = bent(
        factors.curvature, start=BEHIND, end=500.0,
        straights=((place - PLAIN, place + PLAIN),) if junctions else (),
    )  # fmt: skip
    main = Road(curve, section, BEHIND, FAR)
    first = 1 if rng.random() < 0.5 else -1
    radius = float(rng.uniform(*((8.0, 10.0) if section.road_type == "rural" else (4.0, 7.0))))
    bends = rng.uniform(-0.006, 0.006, 2)
    crossed = side_section(rng, section, factors)
    junction = None
    if junctions:
        sides = (first, -first) if factors.junction == "crossroads" else (first,)
        arms = [_arm(main, place, side, crossed, float(bends[k])) for k, side in enumerate(sides)]
        junction = Junction(place, radius, tuple(arms))
    signal: Signal = ""
    if factors.crossing == "signals":
        signal = "red" if rng.random() < 0.45 else "green"
    crossings, stops = _stops(factors, main, junction, signal)
    lane = min(int(rng.integers(0, 3)), section.count - 1)
    ego = section.lane_middle(1, lane) + float(rng.uniform(-0.12, 0.12))
    return Layout(factors, land, main, junction, crossings, stops, ego, lane)


def _sample_land(rng: np.random.Generator, factors: Factors) -> Land:
    rise = float(rng.normal(0.0, 3.0))
    level = rng.random() < (0.5 if factors.road_type == "avenue" else 0.35)
    length = float(rng.uniform(160.0, 260.0))
    return Land(0.0 if level else float(np.clip(rise, -5.0, 5.0)), 15.0, length)


def _arm(main: Road, s: float, side: int, section: Section, bend: float) -> Arm:
    x, z, heading = main.curve.point(s)
    heading += side * np.pi / 2
    curve = bent(
        bend, start=-1.0, end=ARM_LENGTH, origin=(x, z), heading=heading,
        straights=((-1.0, 30.0),), most=0.5,
    )  # fmt: skip
    return Arm(Road(curve, section, main.section.side(side).kerb, ARM_LENGTH), side)


def _stops(
    factors: Factors, main: Road, junction: Junction | None, signal: Signal
) -> tuple[tuple[Crossing, ...], tuple[tuple[Road, float, int, Signal], ...]]:
    """Crossings and stop lines, of the main road first."""
    style = factors.crossing
    half = 1.6 if style == "zebra" else 1.9
    crossings: list[Crossing] = []
    stops: list[tuple[Road, float, int, Signal]] = []
    if junction is None:
        if style == "none":
            return (), ()
        s = factors.junction_distance
        crossings.append(Crossing(main, s, half, style, signal))
        if signal:
            stops = [(main, s - half - 1.2, 1, signal), (main, s + half + 1.2, -1, signal)]
        return tuple(crossings), tuple(stops)
    cross = OTHER[signal]
    for end in (-1, 1):
        reach = max(
            a.road.section.side(-a.side * end).kerb + junction.reach(main.section, a, end)
            for a in junction.arms
        )
        s = junction.s + end * (reach + 0.3 + half)
        if style != "none":
            crossings.append(Crossing(main, s, half, style, signal))
        if signal:
            stops.append((main, s + end * (half + 1.0), -end, signal))
    for arm in junction.arms:
        kerb = main.section.side(arm.side).kerb
        reach = max(junction.reach(main.section, arm, end) for end in (-1, 1))
        s = kerb + reach + 0.3 + half
        if style != "none":
            crossings.append(Crossing(arm.road, s, half, style, cross))
            s += half + 1.0
        else:
            s = kerb + min(junction.radius * 0.5, 2.5)
        stops.append((arm.road, s, -1, cross))
    return tuple(crossings), tuple(stops)
