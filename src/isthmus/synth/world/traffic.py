"""Vehicles: parked in their bays, moving in their lanes, waiting at signals and junctions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from isthmus.synth.chance import weighted
from isthmus.synth.world.placement import Detail, Motion, Stage, Standing
from isthmus.synth.world.roads.layout import Arm, Road
from isthmus.synth.world.roads.parking import bays
from isthmus.synth.world.stock import article
from isthmus.synth.world.thing import Part, Thing
from isthmus.synth.world.vehicles import vehicle

MOVING = {
    "hatchback": 0.25, "sedan": 0.23, "estate": 0.15, "suv": 0.18, "van": 0.09, "truck": 0.045,
    "bus": 0.025, "motorcycle": 0.03,
}  # fmt: skip
PARKED = {"hatchback": 0.3, "sedan": 0.23, "estate": 0.17, "suv": 0.18, "van": 0.11,
          "motorcycle": 0.01}  # fmt: skip
FREE_SPEED = {"street": 12.5, "avenue": 15.0, "suburb": 10.5, "rural": 21.0}
"""Of an empty road, m/s."""
JAM = 80.0
"""Vehicles per km at which speed would fall to 0 (Greenshields' linear law)."""
FAR_VEHICLES = 24
"""Different vehicles of a kind that are seen from far; those near are all different."""
LONGEST = 12.5
FARTHEST = 185.0


@dataclass(frozen=True)
class Lane:
    """One lane of one direction of a road.

    Attributes:
        direction: +1 towards larger s, −1 towards smaller.
        d: offset of its middle; `outer` that of its right edge.
    """

    road: Road
    direction: int
    d: float
    outer: float

    @property
    def turn(self) -> float:
        """Heading of its traffic relative to the road."""
        return 0.0 if self.direction > 0 else np.pi


def park(rng: np.random.Generator, stage: Stage) -> None:
    """Parked vehicles along the main road, along its arms and before houses."""
    layout = stage.layout
    share = layout.factors.parked_share
    for sign in (-1, 1):
        places = bays(layout, sign)
        for bay, draw in zip(places, rng.spawn(len(places)), strict=True):
            if draw.random() < share:
                _park(draw, stage, Motion(layout.main, bay.s, bay.d), sign)
    for arm, draw in zip(_arms(stage), rng.spawn(2), strict=False):
        _park_arm(draw, stage, arm, share)
    if layout.factors.road_type == "suburb":
        _park_in_drives(rng.spawn(1)[0], stage, share)
    if layout.factors.road_type != "rural" and share > 0:
        _park_bicycles(rng.spawn(1)[0], stage)


def _arms(stage: Stage) -> tuple[Arm, ...]:
    return stage.layout.junction.arms if stage.layout.junction else ()


def _park(rng: np.random.Generator, stage: Stage, place: Motion, sign: int) -> bool:
    """One vehicle at the kerb, mostly in the direction of its side, a little askew."""
    kind = weighted(rng, PARKED)
    along = (sign > 0) != (rng.random() < 0.08)
    askew, forth = rng.normal(0.0, [0.012, 0.18])
    aside = rng.normal(0.0, 0.05)
    motion = Motion(place.road, place.s + float(forth), place.d + float(aside),
                    float(askew) + (0.0 if along else np.pi))  # fmt: skip
    if not stage.sees(motion, 7.0):
        return False
    if kind == "motorcycle":
        thing = article(riderless, rng, 10, kind=kind, detail=stage.detail(motion))
    else:
        thing = parked(_vehicle(rng, stage, motion, kind, driver=False))
    return stage.put(Standing(thing, motion, leans=True), margin=0.12)


def _vehicle(
    rng: np.random.Generator, stage: Stage, place: Motion, kind: str, *, driver: bool = True
) -> Thing:
    """A vehicle for a place: one of its own, or from afar one of the stock."""
    detail = stage.detail(place)
    if stage.is_far(place):
        return article(_from_afar, rng, FAR_VEHICLES, kind=kind, detail=detail, driver=driver)
    return vehicle(kind, rng, detail=detail, driver=driver)


def _from_afar(rng: np.random.Generator, kind: str, detail: Detail, driver: bool) -> Thing:
    return vehicle(kind, rng, detail=detail, driver=driver)


def parked(thing: Thing) -> Thing:
    """A vehicle whose lamps nobody has switched on."""

    def dark(part: Part) -> Part:
        if not part.material.lamp:
            return part
        return replace(part, material=replace(part.material, emission=(0.0, 0.0, 0.0), lamp=""))

    return replace(thing, parts=tuple(dark(part) for part in thing.parts), lamps=())


def riderless(rng: np.random.Generator, kind: str = "bicycle", detail: Detail = 2) -> Thing:
    """A two-wheeler without its rider."""
    ridden = vehicle(kind, rng, detail=detail)
    frame = tuple(part for part in ridden.parts if not part.rider)
    high = max(float(part.mesh.points[:, 1].max()) for part in frame)
    size = (ridden.size[0], high, ridden.size[2])
    return parked(replace(ridden, parts=frame, keypoints=None, size=size))


def _park_bicycles(rng: np.random.Generator, stage: Stage) -> None:
    """Bicycles on their stands: at walls, and in rows near the kerb."""
    layout = stage.layout
    busy = layout.factors.surroundings in ("shops", "downtown", "residential")
    for sign in (-1, 1):
        side = layout.main.section.side(sign)
        inner, outer = side.walk
        if outer - inner < 1.7:
            continue
        for draw in rng.spawn(int(rng.poisson(1.6 if busy else 0.5))):
            s, number = 4.0 + 60.0 * float(draw.random()) ** 1.2, 1 + int(draw.poisson(1.2))
            along = draw.random() < 0.5
            d = sign * (outer - 0.35 if along else inner + 1.0)
            for k in range(number):
                turn = (0.0 if along else np.pi / 2) + float(draw.normal(0, 0.08))
                at = Motion(layout.main, s + (1.9 if along else 0.62) * k, d, turn)
                if stage.sees(at):
                    thing = article(riderless, draw, 10, detail=stage.detail(at))
                    stage.put(Standing(thing, at), margin=0.02, beside=True)


def _park_arm(rng: np.random.Generator, stage: Stage, arm: Arm, share: float) -> None:
    for sign in (-1, 1):
        side = arm.road.section.side(sign)
        d = sign * (side.kerb - 1.1)
        if not side.parking:
            continue
        for draw, s in zip(rng.spawn(9), np.arange(24.0, 76.0, 5.9).tolist(), strict=True):
            if draw.random() < share:
                _park(draw, stage, Motion(arm.road, s, d), sign)


def _park_in_drives(rng: np.random.Generator, stage: Stage, share: float) -> None:
    """Cars before their houses, nose or tail to the street."""
    layout = stage.layout
    for sign in (-1, 1):
        side = layout.main.section.side(sign)
        if side.yard < 5.2:
            continue
        for draw in rng.spawn(8):
            s, present = float(draw.uniform(4.0, 110.0)), draw.random() < 0.5 * share
            turn = np.pi / 2 * (1 if draw.random() < 0.5 else -1)
            motion = Motion(layout.main, s, sign * (side.edge + 2.7), turn)
            if present and stage.sees(motion):
                kind = weighted(draw, {"hatchback": 0.4, "estate": 0.3, "suv": 0.3})
                thing = _vehicle(draw, stage, motion, kind, driver=False)
                stage.put(Standing(parked(thing), motion, leans=True), margin=0.3)


def drive(rng: np.random.Generator, stage: Stage) -> None:
    """Moving and waiting vehicles of all lanes, and cyclists at their edges."""
    section = stage.layout.main.section
    for direction in (1, -1):
        draws = rng.spawn(section.count + 1)
        for number in range(section.count):
            d = section.lane_middle(direction, number)
            outer = d + direction * section.lane / 2
            lane = Lane(stage.layout.main, direction, d, outer)
            ego = direction > 0 and number == stage.layout.ego_lane
            _fill(draws[number], stage, lane, ego=ego)
        _cyclists(draws[-1], stage, lane)
    for arm, draw in zip(_arms(stage), rng.spawn(2), strict=False):
        _cross(draw, stage, arm)


def pace(stage: Stage, rng: np.random.Generator) -> float:
    """Speed of a lane's traffic, m/s, by Greenshields' law."""
    factors = stage.layout.factors
    share = max(1.0 - factors.traffic_density / JAM, 0.1)
    return float(FREE_SPEED[factors.road_type] * share * rng.uniform(0.85, 1.1))


def _fill(rng: np.random.Generator, stage: Stage, lane: Lane, *, ego: bool) -> None:
    """Traffic of one lane of the main road, front to back, and its queue at a red light."""
    layout = stage.layout
    density = layout.factors.traffic_density
    queue, flow, step = rng.spawn(3)
    speed = pace(stage, step)
    first = -30.0
    if lane.direction > 0:  # nobody overtakes the camera just now
        speed = max(0.0, layout.factors.ego_speed * float(step.uniform(0.85, 1.2)))
    if ego:
        slower = max(layout.factors.ego_speed - speed, 0.0)
        first = 6.5 + 0.7 * layout.factors.ego_speed + 2.0 * slower
    if density <= 0:
        return
    stop = next(
        (
            s
            for road, s, direction, signal in layout.stops
            if road is lane.road and direction == lane.direction and signal == "red"
        ),
        None,
    )
    low, high = first, FARTHEST
    if stop is not None:
        _queue(queue, stage, lane, stop, first)
        far = layout.junction.s if layout.junction else stop
        if lane.direction > 0:
            low = max(first, far + 14.0)
        else:
            high = far - 14.0
    s = low + float(flow.exponential(0.35 * 1000.0 / density))
    while s < high:
        draw = flow.spawn(1)[0]
        kind = _kind(draw, near=ego and s < 20.0)
        thing = _vehicle(draw, stage, Motion(lane.road, s, lane.d), kind)
        length = thing.size[2]
        motion = Motion(lane.road, s + length / 2, lane.d + float(draw.normal(0, 0.1)), lane.turn,
                        lane.direction * speed)  # fmt: skip
        if stage.sees(motion, 8.0):
            braking = bool(draw.random() < (0.25 if speed < 6 else 0.06))
            stage.put(Standing(thing, motion, braking, leans=True), margin=0.2, drives=True)
        least = 2.5 + 0.9 * speed
        s += length + least + float(flow.exponential(max(1000.0 / density - length - least, 2.0)))


def _kind(rng: np.random.Generator, *, near: bool) -> str:
    """A kind of vehicle; hardly any wall of a lorry right before the camera."""
    kind = weighted(rng, MOVING)
    return "hatchback" if near and kind in ("truck", "bus") and rng.random() < 0.7 else kind


def _queue(rng: np.random.Generator, stage: Stage, lane: Lane, stop: float, first: float) -> None:
    """Vehicles that wait at a red light, from the stop line back."""
    count = 1 + int(rng.poisson(0.08 * stage.layout.factors.traffic_density))
    if rng.random() < 0.25:
        return
    s = stop - lane.direction * float(rng.uniform(0.4, 1.6))
    for draw in rng.spawn(min(count, 9)):
        kind = _kind(draw, near=s < 20.0)
        place = Motion(lane.road, s, lane.d)
        thing = _vehicle(draw, stage, place, kind)
        middle = s - lane.direction * thing.size[2] / 2
        if lane.direction > 0 and middle - thing.size[2] / 2 < first:
            return
        motion = Motion(lane.road, middle, lane.d + float(draw.normal(0, 0.1)), lane.turn)
        if stage.sees(motion, 8.0):
            braking = bool(draw.random() < 0.85)
            stage.put(Standing(thing, motion, braking, leans=True), margin=0.2, drives=True)
        s = middle - lane.direction * (thing.size[2] / 2 + float(draw.uniform(1.3, 3.0)))


def _cyclists(rng: np.random.Generator, stage: Stage, lane: Lane) -> None:
    """Cyclists at the right edge of the outermost lane."""
    factors = stage.layout.factors
    users = factors.traffic_density * 0.15 * stage.layout.main.section.count
    mean = users * factors.cyclist_share / (1 - factors.cyclist_share)
    for draw in rng.spawn(int(rng.poisson(mean))):
        s = 9.0 + 85.0 * float(draw.random()) ** 1.3
        d = lane.outer - lane.direction * float(draw.uniform(0.25, 0.75))
        speed = float(draw.uniform(3.5, 6.5))
        motion = Motion(lane.road, s, d, lane.turn, lane.direction * speed)
        if stage.sees(motion):
            thing = _vehicle(draw, stage, motion, "bicycle")
            stage.put(Standing(thing, motion, leans=True), margin=0.15, drives=True)


def _cross(rng: np.random.Generator, stage: Stage, arm: Arm) -> None:
    """Traffic of an arm: it waits, or crosses while the main road has red."""
    section = arm.road.section
    _, stop, _, signal = next(x for x in stage.layout.stops if x[0] is arm.road)
    incoming = Lane(arm.road, -1, section.lane_middle(-1, 0), -section.left.lanes)
    busy = min(stage.layout.factors.traffic_density / 15.0, 2.0)
    if signal == "green":
        speed = float(rng.uniform(4.0, 8.0))
        for draw in rng.spawn(2):
            if draw.random() < 0.5 * busy:
                s = float(draw.uniform(-6.0, 40.0))
                _put_on_arm(draw, stage, incoming, s, speed)
    elif rng.random() < 0.45 * busy:
        s = stop + float(rng.uniform(0.3, 1.5))
        for draw in rng.spawn(1 + int(rng.poisson(0.4 * busy))):
            length = _put_on_arm(draw, stage, incoming, s, 0.0)
            s += length + float(draw.uniform(1.5, 3.0))
    draw = rng.spawn(1)[0]
    if draw.random() < 0.35 * busy:  # one that has just turned off
        outgoing = Lane(arm.road, 1, section.lane_middle(1, 0), section.right.lanes)
        _put_on_arm(draw, stage, outgoing, float(draw.uniform(16.0, 50.0)), 7.0)


def _put_on_arm(
    rng: np.random.Generator, stage: Stage, lane: Lane, s: float, speed: float
) -> float:
    """One vehicle whose nearer end is at s of an arm; gives its length."""
    kind = weighted(rng, MOVING)
    place = Motion(lane.road, s, lane.d)
    thing = _vehicle(rng, stage, place, kind)
    motion = Motion(lane.road, s + thing.size[2] / 2, lane.d, lane.turn, lane.direction * speed)
    if stage.sees(motion, 6.0):
        stage.put(Standing(thing, motion, braking=speed == 0.0, leans=True), margin=0.25,
                  drives=True)  # fmt: skip
    return float(thing.size[2])
