"""Who is on the street: moving and parked vehicles, passers-by, people who cross.

Nobody stands in anybody else: whoever comes later and finds no room stays away.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from isthmus import seeds
from isthmus.synth import people, vehicles
from isthmus.synth.chance import one_of, weighted
from isthmus.synth.stage import Actor, Stage, rectangle
from isthmus.synth.street import CHUNK, KERB, Street

LOOP = 140.0
"""Length after which the traffic of a lane repeats, metres."""
FARTHEST_VEHICLE = 150.0
FARTHEST_PERSON = 100.0
PARKED = {"hatchback": 0.33, "saloon": 0.3, "estate": 0.26, "van": 0.11}


@dataclass(frozen=True)
class Moment:
    """Where and when: the seed, the street, the frame within the place, metres travelled."""

    seed: int
    street: Street
    step: int
    travelled: float

    @property
    def first_chunk(self) -> int:
        """Number of the stretch the camera stands in."""
        return int(self.travelled // CHUNK)


def drive(stage: Stage, moment: Moment) -> None:
    """Traffic: two lanes that move as one each, wrapped so that some is always ahead."""
    street = moment.street
    for lane, side in (("own", street.drive), ("oncoming", -street.drive)):
        rng = seeds.generator(moment.seed, "scene", street.place, "traffic", lane)
        count = min(int(rng.poisson(1.6 * street.traffic)), 6)
        pace = rng.uniform(0.1, 1.0) if lane == "own" else -rng.uniform(1.2, 2.4)
        for slot in np.sort(rng.permutation(9)[:count]) * (LOOP / 9):
            draw = rng.spawn(1)[0]
            style = weighted(draw, vehicles.SHARES)
            z = 7 + (slot + draw.uniform(0, 5) + pace * moment.step * 2.0) % LOOP
            heading = (0.0 if lane == "own" else np.pi) + draw.normal(0, 0.015)
            if draw.random() < 0.07:  # turning in or out
                heading += draw.uniform(0.4, 1.3) * one_of(draw, (-1, 1))
            x = side * street.lane * 0.5 + draw.normal(0, 0.15)
            _place_vehicle(stage, draw, style, (x, z), heading)


def park(stage: Stage, moment: Moment) -> None:
    """Parked vehicles, three bays in 20 m on either side."""
    street = moment.street
    if street.parking < 1:
        return
    for number in range(moment.first_chunk - 1, moment.first_chunk + 7):
        rng = seeds.generator(moment.seed, "scene", street.place, "parked", number)
        start = number * CHUNK - moment.travelled
        for side, share in zip((-1, 1), street.parked, strict=True):
            for bay in range(3):
                if rng.random() > share:
                    continue
                draw = rng.spawn(1)[0]
                style = weighted(draw, PARKED)
                z = start + (bay + 0.5) * CHUNK / 3 + draw.uniform(-0.5, 0.5)
                x = side * (street.lane + 0.5 * street.parking + draw.uniform(-0.15, 0.1))
                ahead = side == street.drive or draw.random() < 0.3
                heading = (0.0 if ahead else np.pi) + draw.normal(0, 0.03)
                _place_vehicle(stage, draw, style, (x, z), heading, lamps=False)


def _place_vehicle(
    stage: Stage,
    rng: np.random.Generator,
    style: str,
    spot: tuple[float, float],
    heading: float,
    *,
    lamps: bool = True,
) -> None:
    if spot[1] > FARTHEST_VEHICLE or not stage.sees(spot):
        return
    shape = vehicles.STYLES[style]
    stretch = rng.uniform(0.95, 1.06, 3)
    width, height, length = (np.array(shape.size) * stretch).tolist()
    foot = rectangle(*spot, width / 2, length / 2, heading)
    if foot[:, 1].min() < 3.0 or not stage.has_room(foot, 0.3):
        return
    body = vehicles.vehicle(style, vehicles.sample_palette(rng, style), lamps=lamps)
    body = replace(body, points=body.points * stretch.astype(np.float32))
    position = (float(spot[0]), 0.0, float(spot[1]))
    stage.put(
        Actor(shape.category, position, heading, (width, height, length)),
        body.placed(position, heading),
        foot,
    )


def walk(stage: Stage, moment: Moment) -> None:
    """People on both pavements, alone or in pairs, and now and then across the road."""
    street = moment.street
    for number in range(moment.first_chunk - 1, moment.first_chunk + 6):
        rng = seeds.generator(moment.seed, "scene", street.place, "people", number)
        start = number * CHUNK - moment.travelled
        for side in (-1, 1):
            for _ in range(int(rng.poisson(0.75 * street.people))):
                _passer_by(stage, moment, rng.spawn(1)[0], side, start)
        if rng.random() < 0.3 * street.people:
            _crossing(stage, moment, rng, start)


def _passer_by(
    stage: Stage, moment: Moment, rng: np.random.Generator, side: int, start: float
) -> None:
    street = moment.street
    direction = one_of(rng, (-1, 1))
    lateral = street.half_road + rng.uniform(0.4, street.pavement - 0.4)
    z = start + rng.uniform(0, CHUNK)
    standing = rng.random() < 0.2
    if not standing:
        z += direction * moment.step * 0.8
    if not stage.sees((side * lateral, z)):
        return
    who = people.sample_person(rng, standing=standing)
    heading = (0.0 if direction > 0 else np.pi) + rng.normal(0, 0.25)
    if standing:
        heading = rng.uniform(0, 2 * np.pi)
    _place_person(stage, moment, who, (side * lateral, KERB, z), heading)
    if rng.random() < 0.25:
        friend = people.sample_person(rng, standing=standing)
        beside = side * (lateral + one_of(rng, (-1, 1)) * 0.62)
        _place_person(stage, moment, friend, (beside, KERB, z + 0.1), heading)


def _crossing(stage: Stage, moment: Moment, rng: np.random.Generator, start: float) -> None:
    half = moment.street.half_road
    direction = one_of(rng, (-1, 1))
    z, begun = start + rng.uniform(0, CHUNK), rng.uniform(0, 2 * half)
    for k in range(int(rng.integers(1, 4))):
        draw = rng.spawn(1)[0]
        who = people.sample_person(draw, standing=False)
        x = -half + (begun + moment.step * 0.8 + 0.7 * k) % (2 * half)
        heading = direction * np.pi / 2 + draw.normal(0, 0.2)
        spot = (direction * x, 0.0, z + draw.uniform(-0.6, 0.6))
        _place_person(stage, moment, who, spot, heading)


def _place_person(
    stage: Stage,
    moment: Moment,
    who: people.Person,
    position: tuple[float, float, float],
    heading: float,
) -> None:
    x, base, z = (float(value) for value in position)
    foot = rectangle(x, z, 0.22, 0.22, heading)
    if not 4.5 <= z <= FARTHEST_PERSON or not stage.has_room(foot, 0.05):
        return
    moving = replace(who, phase=who.phase + moment.step * 1.9) if who.stride > 0.1 else who
    body = people.person(moving, (x, base, z), heading)
    actor = Actor("person", (x, base, z), heading, (0.5, who.height, 0.4), who.child)
    stage.put(actor, body, foot)
