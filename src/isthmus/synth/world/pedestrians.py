"""People: alone, in pairs and families; they walk, wait, talk, sit, look into windows, cross.

People come in parties, in one fixed order: a higher density adds parties to those that are there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from isthmus.synth.chance import one_of, weighted
from isthmus.synth.world.figures import figure, hand_to_middle
from isthmus.synth.world.people import dog, pram
from isthmus.synth.world.placement import AHEAD, Motion, Stage, Standing, ahead
from isthmus.synth.world.roads.layout import Crossing, Road
from isthmus.synth.world.roads.section import Side
from isthmus.synth.world.stock import article

FROM, LENGTH = 3.0, 100.0
"""Stretch of the street on which people are counted, metres."""
IDLE = ("stand", "phone", "call", "crossed", "pockets", "look")


def people(rng: np.random.Generator, stage: Stage) -> None:
    """Everybody on foot."""
    factors = stage.layout.factors
    wanted = round(factors.pedestrian_density * LENGTH / 100.0)
    come, parties = 0, 0
    habits = {name: share for name, (_, share) in HABITS.items()}
    while come < wanted and parties < 3 * wanted:
        draw = rng.spawn(1)[0]
        habit, _ = HABITS[weighted(draw, habits)]
        come += habit(draw, stage)
        parties += 1


@dataclass(frozen=True)
class Pavement:
    """Where one walks beside a road: between two distances from its centre line."""

    road: Road
    sign: int
    low: float
    high: float

    def d(self, share: float) -> float:
        """Offset at a share (0–1) of the width."""
        return self.sign * (self.low + share * (self.high - self.low))


def pavement(road: Road, sign: int) -> Pavement:
    """The walkable strip of one side: the sidewalk, or a shoulder where there is none."""
    side: Side = road.section.side(sign)
    if not side.raised:
        return Pavement(road, sign, side.kerb + 0.35, side.kerb + 1.3)
    low, high = side.walk
    return Pavement(road, sign, low + 0.3, high - 0.35)


def _somewhere(rng: np.random.Generator, stage: Stage) -> tuple[Pavement, float]:
    """A pavement and a place along it; now and then on an arm."""
    layout = stage.layout
    sign, arm = one_of(rng, (-1, 1)), rng.random() < 0.15
    s = FROM + LENGTH * float(rng.random()) ** 1.2
    if arm and layout.junction:
        road = one_of(rng, layout.junction.arms).road
        return pavement(road, sign), road.start + 9.0 + 0.5 * s
    return pavement(layout.main, sign), s


def _is_child(rng: np.random.Generator, stage: Stage) -> bool:
    return bool(rng.random() < stage.layout.factors.child_share)


def _put(
    rng: np.random.Generator, stage: Stage, motion: Motion, pose: str, *, child: bool = False,
    seconds: float = 0.0, crosses: bool = False,
) -> bool:  # fmt: skip
    """One person, off the road unless somebody `crosses` it; False if there is no room.

    Who cannot be seen is there without being made.
    """
    if not stage.sees(motion, 2.5):
        return True
    return stage.put(figure(rng, stage, motion, pose, child=child), margin=0.06, seconds=seconds,
                     beside=not crosses)  # fmt: skip


def _walking(rng: np.random.Generator, stage: Stage) -> int:
    """One to four people who walk the same way side by side."""
    place, s = _somewhere(rng, stage)
    way = one_of(rng, (-1, 1))
    speed = float(np.clip(rng.normal(1.35, 0.18), 0.8, 1.9))
    count = 1 + int(rng.random() < 0.42) + int(rng.random() < 0.1)
    family = count > 1 and _is_child(rng, stage)
    d, came = place.d(float(rng.uniform(0.1, 0.9))), 0
    for k, draw in enumerate(rng.spawn(count)):
        child = (family and k > 0) or (count == 1 and _is_child(draw, stage))
        apart = 0.68 * k * place.sign * (-1 if abs(d) > (place.low + place.high) / 2 else 1)
        turn = (0.0 if way > 0 else np.pi) + float(draw.normal(0, 0.05))
        motion = Motion(place.road, s + float(draw.normal(0, 0.12)), d + apart, turn, way * speed)
        pose = weighted(draw, {"walk": 0.82, "carry": 0.08, "phone": 0.0}) if not child else "walk"
        came += _put(draw, stage, motion, pose, child=child, seconds=AHEAD)
    return came


def _with_pram(rng: np.random.Generator, stage: Stage) -> int:
    """Somebody who pushes a pram along the pavement."""
    place, s = _somewhere(rng, stage)
    way, speed = one_of(rng, (-1, 1)), float(rng.uniform(0.9, 1.4))
    turn = 0.0 if way > 0 else np.pi
    motion = Motion(place.road, s, place.d(float(rng.uniform(0.2, 0.8))), turn, way * speed)
    if not stage.sees(motion, 3.0):
        return 1
    carriage = article(pram, rng, 8, detail=stage.detail(motion))
    parent = figure(rng, stage, motion, "pram")
    reach = hand_to_middle(carriage)
    both = (0.8, 2 * reach + carriage.size[2])
    if not stage.put(parent, size=both, margin=0.05, seconds=AHEAD, beside=True):
        return 0
    stage.standing.append(Standing(carriage, ahead(motion, reach)))
    return 1


def _with_dog(rng: np.random.Generator, stage: Stage) -> int:
    """Somebody whose dog walks beside them."""
    place, s = _somewhere(rng, stage)
    way, speed = one_of(rng, (-1, 1)), float(rng.uniform(0.9, 1.4))
    turn = 0.0 if way > 0 else np.pi
    d = place.d(float(rng.uniform(0.1, 0.8)))
    owner = Motion(place.road, s, d, turn, way * speed)
    beside = replace(owner, s=s + float(rng.uniform(-0.2, 0.5)), d=d + place.sign * 0.75)
    if not stage.sees(owner, 2.5):
        return 1
    if not _put(rng, stage, owner, "walk", seconds=AHEAD):
        return 0
    thing = article(dog, rng, 8, detail=stage.detail(beside))
    stage.put(Standing(thing, beside), margin=0.03, seconds=AHEAD, beside=True)
    return 1


def _running(rng: np.random.Generator, stage: Stage) -> int:
    place, s = _somewhere(rng, stage)
    way = one_of(rng, (-1, 1))
    motion = Motion(place.road, s, place.d(float(rng.random())), 0.0 if way > 0 else np.pi,
                    way * float(rng.uniform(2.4, 3.4)))  # fmt: skip
    return int(_put(rng, stage, motion, "run", child=_is_child(rng, stage), seconds=AHEAD))


def _standing(rng: np.random.Generator, stage: Stage) -> int:
    place, s = _somewhere(rng, stage)
    motion = Motion(place.road, s, place.d(float(rng.random())), float(rng.uniform(0, 2 * np.pi)))
    return int(_put(rng, stage, motion, one_of(rng, IDLE), child=_is_child(rng, stage)))


def _talking(rng: np.random.Generator, stage: Stage) -> int:
    """Two or three who stand together, face to face."""
    place, s = _somewhere(rng, stage)
    count = 2 + int(rng.random() < 0.3)
    d, first = place.d(float(rng.uniform(0.35, 0.65))), float(rng.uniform(0, 2 * np.pi))
    came = 0
    for k, draw in enumerate(rng.spawn(count)):
        angle = first + 2 * np.pi * k / count + float(draw.normal(0, 0.15))
        motion = Motion(place.road, s + 0.55 * float(np.cos(angle)),
                        d + 0.55 * float(np.sin(angle)), angle + np.pi)  # fmt: skip
        came += _put(draw, stage, motion, one_of(draw, ("talk", "talk", *IDLE)))
    return came


def _at_window(rng: np.random.Generator, stage: Stage) -> int:
    place, s = _somewhere(rng, stage)
    turn = place.sign * np.pi / 2 + float(rng.normal(0, 0.3))
    motion = Motion(place.road, s, place.d(float(rng.uniform(0.85, 1.0))), turn)
    pose = one_of(rng, ("stand", "look", "pockets"))
    return int(_put(rng, stage, motion, pose, child=_is_child(rng, stage)))


def _at_crossing(rng: np.random.Generator, stage: Stage) -> int:
    """On a crossing where traffic has to wait; at its kerb where people have to."""
    crossings = stage.layout.crossings
    if not crossings:
        return _walking(rng, stage)
    crossing = crossings[0] if rng.random() < 0.6 else one_of(rng, crossings)
    count = 1 + int(rng.random() < 0.35)
    way = one_of(rng, (-1, 1))
    may = crossing.signal != "green"
    came = 0
    for draw in rng.spawn(count):
        walks = may and draw.random() < 0.7
        came += (cross if walks else _wait)(draw, stage, crossing, way)
    return came


def cross(
    rng: np.random.Generator, stage: Stage, crossing: Crossing, way: int, *,
    child: bool | None = None,
) -> bool:  # fmt: skip
    """Somebody walks over a crossing, towards larger d for way +1."""
    section = crossing.road.section
    d = float(rng.uniform(-section.left.kerb + 0.4, section.right.kerb - 0.4))
    s = crossing.s + float(rng.uniform(-0.8, 0.8)) * crossing.half
    speed = float(np.clip(rng.normal(1.35, 0.2), 0.8, 2.0))
    motion = Motion(crossing.road, s, d, way * np.pi / 2, 0.0, way * speed)
    young = _is_child(rng, stage) if child is None else child
    return _put(rng, stage, motion, "walk", child=young, seconds=AHEAD, crosses=True)


def _wait(rng: np.random.Generator, stage: Stage, crossing: Crossing, way: int) -> bool:
    side = crossing.road.section.side(-way)
    d = -way * (side.kerb + float(rng.uniform(0.45, 1.1)))
    s = crossing.s + float(rng.uniform(-1.0, 1.0)) * crossing.half
    motion = Motion(crossing.road, s, d, way * np.pi / 2 + float(rng.normal(0, 0.25)))
    return _put(rng, stage, motion, one_of(rng, IDLE), child=_is_child(rng, stage))


def _jaywalking(rng: np.random.Generator, stage: Stage) -> int:
    """Across the road where there is no crossing."""
    main = stage.layout.main
    s = float(rng.uniform(16.0, 80.0))
    place = Crossing(main, s, 0.5, "zebra", "")
    return int(cross(rng, stage, place, one_of(rng, (-1, 1))))


def _at_bus_stop(rng: np.random.Generator, stage: Stage) -> int:
    stops = stage.seats.get("bus_stop")
    if not stops:
        return _standing(rng, stage)
    stop, count = one_of(rng, stops), 1 + int(rng.poisson(1.0))
    inward = -1.0 if stop.d > 0 else 1.0
    came = 0
    for draw in rng.spawn(count):
        motion = replace(stop, s=stop.s + float(draw.uniform(-2.6, 2.6)),
                         d=stop.d + inward * float(draw.uniform(1.1, 1.6)),
                         turn=stop.turn + float(draw.normal(0, 0.5)))  # fmt: skip
        came += _put(draw, stage, motion, one_of(draw, IDLE), child=_is_child(draw, stage))
    return came


def _on_bench(rng: np.random.Generator, stage: Stage) -> int:
    """Somebody on a free seat; the bench has claimed the room."""
    benches = stage.seats.get("bench")
    if not benches:
        return _standing(rng, stage)
    seat = benches.pop(int(rng.random() * len(benches)))
    if stage.sees(seat):
        aside = float(rng.uniform(-0.45, 0.45))
        motion = replace(seat, s=seat.s + aside)
        stage.standing.append(figure(rng, stage, motion, "sit", child=_is_child(rng, stage)))
    return 1


Habit = Callable[[np.random.Generator, Stage], int]

HABITS: Mapping[str, tuple[Habit, float]] = MappingProxyType(
    {
        "walk": (_walking, 0.47),
        "pram": (_with_pram, 0.02),
        "dog": (_with_dog, 0.02),
        "stand": (_standing, 0.08),
        "talk": (_talking, 0.07),
        "window": (_at_window, 0.06),
        "crossing": (_at_crossing, 0.15),
        "bus_stop": (_at_bus_stop, 0.05),
        "bench": (_on_bench, 0.04),
        "run": (_running, 0.03),
        "jaywalk": (_jaywalking, 0.02),
    }
)
"""What a party does, and how often; each gives the number of its people."""
