"""Room: who stands where, that nobody stands in anybody else or in the driver's eye.

Everything with a body claims a convex footprint in the ground plane (X, Z). Two footprints
collide if no line separates them: for convex polygons it suffices to try the normals of their
edges (separating-axis theorem).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from isthmus.synth.view import View
from isthmus.synth.world.mesh import Floats
from isthmus.synth.world.roads.curve import Reals
from isthmus.synth.world.roads.layout import Layout, Road
from isthmus.synth.world.thing import Placed, Thing

EYE = 4.0
"""Nothing stands nearer before the camera, metres."""
AHEAD = 1.5
"""For how long ways of moving things are kept apart, seconds."""
Detail = Literal[0, 1, 2]
FAR = 24.0
"""Distance (m) from which on people and vehicles are of the stock."""
DETAILS: tuple[tuple[float, Detail], ...] = ((32.0, 2), (80.0, 1))
"""Up to which distance (m) things are made in which detail; 0 beyond."""
FOCAL = 450.0
"""Focal length, pixels, under which details are left out at shorter distances."""


def rectangle(x: float, z: float, width: float, length: float, heading: float = 0.0) -> Reals:
    """Corners (4, 2) of a rectangle around (x, z) whose length lies along `heading`."""
    c, s = np.cos(heading), np.sin(heading)
    right, ahead = np.array([c, -s]) * (width / 2), np.array([s, c]) * (length / 2)
    middle = np.array([x, z])
    return np.stack([middle - right - ahead, middle + right - ahead,
                     middle + right + ahead, middle - right + ahead])  # fmt: skip


def separated(a: Reals, b: Reals) -> bool:
    """True if two convex polygons (n, 2) and (m, 2) have no inner point in common."""
    for polygon in (a, b):
        edges = np.roll(polygon, -1, axis=0) - polygon
        normals = np.stack([-edges[:, 1], edges[:, 0]], axis=1)
        on_a, on_b = a @ normals.T, b @ normals.T
        apart = (on_a.max(axis=0) <= on_b.min(axis=0)) | (on_b.max(axis=0) <= on_a.min(axis=0))
        if bool((apart & (np.abs(normals).sum(axis=1) > 1e-9)).any()):
            return True
    return False


class Occupancy:
    """Convex footprints that are taken."""

    def __init__(self) -> None:
        self._polygons: list[Reals] = []
        self._bounds = np.empty((64, 4))

    def __len__(self) -> int:
        return len(self._polygons)

    def claim(self, polygon: ArrayLike) -> None:
        """Take a footprint (n, 2)."""
        corners = np.asarray(polygon, np.float64)
        count = len(self._polygons)
        if count == len(self._bounds):
            self._bounds = np.concatenate([self._bounds, np.empty_like(self._bounds)])
        self._bounds[count] = *corners.min(axis=0), *corners.max(axis=0)
        self._polygons.append(corners)

    def free(self, polygon: ArrayLike) -> bool:
        """True if a footprint (n, 2) meets none that is taken."""
        corners = np.asarray(polygon, np.float64)
        (x0, z0), (x1, z1) = corners.min(axis=0), corners.max(axis=0)
        b = self._bounds[: len(self._polygons)]
        near = (b[:, 0] < x1) & (b[:, 2] > x0) & (b[:, 1] < z1) & (b[:, 3] > z0)
        return all(separated(corners, self._polygons[k]) for k in np.flatnonzero(near))


@dataclass(frozen=True, slots=True)
class Motion:
    """Where something is on a road, and how it moves.

    Attributes:
        s, d: place at time 0.
        ds, dd: m/s along and across the road.
        turn: heading relative to the road's, radians; π faces the oncoming way.
    """

    road: Road
    s: float
    d: float
    turn: float = 0.0
    ds: float = 0.0
    dd: float = 0.0

    def at(self, time: float) -> tuple[float, float, float]:
        """(X, Z, heading) after `time` seconds."""
        x, z, heading = self.road.curve.point(*self.place(time))
        return x, z, heading + self.turn

    def place(self, time: float) -> tuple[float, float]:
        """(s, d) after `time` seconds."""
        return self.s + self._rate * time, self.d + self.dd * time

    def velocity(self, time: float) -> tuple[float, float]:
        """(vx, vz) after `time` seconds, m/s."""
        _, _, heading = self.road.curve.point(*self.place(time))
        c, s = np.cos(heading), np.sin(heading)
        return float(self.ds * s + self.dd * c), float(self.ds * c - self.dd * s)

    @property
    def _rate(self) -> float:
        """Metres of the centre line per second: it is shorter than the path outside a bend."""
        if not self.ds:
            return 0.0
        bend = float(self.road.curve.bend(self.s))
        return self.ds / max(1.0 - bend * self.d, 0.2)


def ahead(motion: Motion, metres: float) -> Motion:
    """A place further along the direction that something faces."""
    s = motion.s + metres * float(np.cos(motion.turn))
    return replace(motion, s=s, d=motion.d + metres * float(np.sin(motion.turn)))


@dataclass(frozen=True, slots=True)
class Standing:
    """A thing on the stage.

    Attributes:
        leans: it lies along the slope of the ground (vehicles); people stand upright.
        tilt: (3, 3) rotation before all others (fallen things).
        raised: metres above the ground (what lies on its side).
        later: the thing after some seconds, for what changes its shape (legs in walking).
    """

    thing: Thing
    motion: Motion
    braking: bool = False
    leans: bool = False
    tilt: Floats | None = None
    raised: float = 0.0
    later: Callable[[float], Thing] | None = None

    def at(self, time: float) -> Thing:
        """The thing after `time` seconds."""
        return self.thing if self.later is None or time == 0 else self.later(time)


@dataclass
class Stage:
    """What is placed so far, over a layout and as seen by a view.

    Attributes:
        sights: polygons between the camera and what must be seen; nobody else may enter them.
        ways: where vehicles (the camera's too) will drive within `AHEAD` seconds.
        hazards: bodies on the carriageway that vehicles must not reach within that time.
        seats: benches and shelters, by name, for those who sit or wait there.
        standing: what is placed; `fixed` is scenery that lies in world axes.
    """

    layout: Layout
    view: View
    occupancy: Occupancy = field(default_factory=Occupancy)
    sights: Occupancy = field(default_factory=Occupancy)
    ways: Occupancy = field(default_factory=Occupancy)
    hazards: Occupancy = field(default_factory=Occupancy)
    seats: dict[str, list[Motion]] = field(default_factory=dict)
    standing: list[Standing] = field(default_factory=list)
    fixed: list[Thing] = field(default_factory=list)

    def __post_init__(self) -> None:
        x, z, _ = self.layout.main.curve.point(EYE / 2 - 4.0, self.layout.ego)
        self.occupancy.claim(rectangle(x, z, 2.4, EYE + 8.0, 0.0))
        way = AHEAD * self.layout.factors.ego_speed + EYE
        self.ways.claim(rectangle(x, z + way / 2, 2.2, way, 0.0))

    def distance(self, motion: Motion) -> float:
        """Metres on the ground from the camera to a place, at time 0."""
        x, z, _ = motion.at(0.0)
        return float(np.hypot(x - self.view.position[0], z - self.view.position[2]))

    @property
    def sharpness(self) -> float:
        """Share of the usual distances at which details can still be made out, ≤ 1."""
        return min(self.view.focal / FOCAL, 1.0)

    def is_far(self, motion: Motion) -> bool:
        """Whether people and vehicles at a place are of the stock, whatever the picture's size."""
        return self.distance(motion) >= FAR

    def detail(self, motion: Motion) -> Detail:
        """Level of detail for a place, 2 (near) to 0 (far)."""
        away = self.distance(motion)
        for limit, level in DETAILS:
            if away < limit * self.sharpness:
                return level
        return 0

    def sees(self, motion: Motion, margin: float = 4.0) -> bool:
        """True if something at a place may be in the picture, or `margin` metres beside it."""
        x, z, _ = motion.at(0.0)
        ahead = z - self.view.position[2]
        half = 0.5 * self.view.width / self.view.focal
        return ahead > -margin and abs(x - self.view.position[0]) < half * max(ahead, 0) + margin

    def footprint(
        self, motion: Motion, size: tuple[float, float], margin: float = 0.0, seconds: float = 0.0
    ) -> Reals:
        """Corners (4, 2) of what (width, length) covers, and will cover within `seconds`."""
        x, z, heading = motion.at(0.0)
        width, length = size[0] + 2 * margin, size[1] + 2 * margin
        if seconds and (motion.ds or motion.dd):
            vx, vz = motion.velocity(0.0)
            x, z = x + vx * seconds / 2, z + vz * seconds / 2
            along = abs(vx * np.sin(heading) + vz * np.cos(heading))
            across = abs(vx * np.cos(heading) - vz * np.sin(heading))
            length, width = length + along * seconds, width + across * seconds
        return rectangle(x, z, width, length, heading)

    def outline(self, item: Standing, margin: float = 0.0) -> Reals:
        """Corners (4, 2) of the ground that a placed thing covers at time 0.

        What was tilted over covers other ground than what stands: its surface decides.
        """
        if item.tilt is None:
            return self.footprint(item.motion, (item.thing.size[0], item.thing.size[2]), margin)
        points = np.concatenate([p.mesh.points for p in item.thing.parts]) @ item.tilt.T
        (x0, _, z0), (x1, _, z1) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        x, z, heading = item.motion.at(0.0)
        c, s = np.cos(heading), np.sin(heading)
        a, b = (x0 + x1) / 2, (z0 + z1) / 2
        width, length = x1 - x0 + 2 * margin, z1 - z0 + 2 * margin
        return rectangle(x + c * a + s * b, z - s * a + c * b, width, length, heading)

    def room(self, polygon: Reals) -> bool:
        """True if nothing is there, and it hides nothing that must be seen."""
        return self.occupancy.free(polygon) and self.sights.free(polygon)

    def put(
        self, standing: Standing, *, size: tuple[float, float] | None = None, margin: float = 0.05,
        seconds: float = 0.0, drives: bool = False, beside: bool = False,
    ) -> bool:  # fmt: skip
        """Place a thing if there is room for it.

        Args:
            size: (width, length) of its foot; its box's by default.
            margin: metres that stay free around it.
            seconds: for how long its way must be free of bodies and of vehicles' ways.
            drives: its way is kept free of people.
            beside: it must not stand on asphalt.

        Returns:
            Whether it was placed.
        """
        foot = size or (standing.thing.size[0], standing.thing.size[2])
        motion = standing.motion
        if beside and self.layout.on_asphalt(motion.road, motion.s, motion.d, 0.15):
            return False
        polygon = self.footprint(motion, foot, margin, seconds)
        if not self.room(polygon) or (seconds and not self.ways.free(polygon)):
            return False
        if drives:
            way = self.footprint(standing.motion, foot, margin, AHEAD)
            if not self.hazards.free(way):
                return False
            self.ways.claim(way)
        self.occupancy.claim(polygon)
        self.standing.append(standing)
        return True

    def keep_in_sight(self, polygon: Reals) -> None:
        """Keep free what lies between the camera and a footprint (n, 2)."""
        eye = np.array([self.view.position[0], self.view.position[2]])
        away = polygon - eye
        bearing = np.arctan2(away[:, 0], away[:, 1])
        left, right = polygon[np.argmin(bearing)], polygon[np.argmax(bearing)]
        self.sights.claim(np.stack([eye, left, right]))

    def placed(self, time: float) -> list[Placed]:
        """Everything as it is after `time` seconds, in the order in which it was placed."""
        return [self._placed(item, time) for item in self.standing]

    def _placed(self, item: Standing, time: float) -> Placed:
        motion = item.motion
        x, z, heading = motion.at(time)
        vx, vz = motion.velocity(time)
        land = self.layout.land
        grade = float(land.slope(z))
        if motion.road is self.layout.main:
            lift = self.layout.lift(*motion.place(time))
        else:
            lift = self.layout.ground(x, z) - float(land.height(z))
        y = float(land.height(z)) + lift + item.raised
        tilt = item.tilt
        if item.leans and abs(grade) > 1e-3:
            lean = leaning(grade, heading)
            tilt = lean if tilt is None else np.asarray(lean @ tilt, np.float32)
        velocity = (vx, grade * vz, vz)
        return Placed(item.at(time), (x, y, z), heading, velocity, item.braking, tilt)


def leaning(grade: float, heading: float) -> Floats:
    """(3, 3) rotation, in a thing's own axes, that lays it on a slope.

    Args:
        grade: dY/dZ of the ground.
        heading: of the thing.
    """
    ahead, aside = grade * np.cos(heading), -grade * np.sin(heading)
    forward = np.array([0.0, ahead, 1.0]) / np.hypot(1.0, ahead)
    up = np.array([-aside, 1.0, -ahead])
    up /= np.linalg.norm(up)
    right = np.cross(up, forward)
    return np.stack([right, up, forward], axis=1).astype(np.float32)


def spread(count: int, low: float, high: float, rng: np.random.Generator) -> list[float]:
    """`count` places between low and high, one in each of as many equal parts."""
    edges = np.linspace(low, high, count + 1).tolist()
    return [float(rng.uniform(a, b)) for a, b in pairwise(edges)]
