"""Street furniture: lamps, signals, signs, bins, benches, poles, rails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from isthmus.synth.chance import one_of, weighted
from isthmus.synth.world import furniture
from isthmus.synth.world.placement import Motion, Stage, Standing
from isthmus.synth.world.roads.layout import Road
from isthmus.synth.world.stock import article, numbered
from isthmus.synth.world.thing import Thing
from isthmus.synth.world.wires import wires

FROM, TO = -12.0, 130.0
KERBSIDE = 0.55
"""Distance of posts from the kerb's face, metres."""


def streetside(rng: np.random.Generator, stage: Stage) -> None:
    """All furniture along the main road and at its junction."""
    layout = stage.layout
    draws = rng.spawn(5)
    _signals(draws[0], stage)
    _lamps(draws[1], stage)
    _signs(draws[2], stage)
    if layout.factors.road_type == "rural":
        _rails(draws[3], stage)
    else:
        _small(draws[3], stage)
    if layout.factors.road_type in ("suburb", "rural"):
        _poles(draws[4], stage)


def _stand(
    rng: np.random.Generator, stage: Stage, maker: Callable[..., Thing], motion: Motion,
    size: tuple[float, float] | None = (0.3, 0.3), **asked: Any,
) -> bool:  # fmt: skip
    thing = article(maker, rng, 10, **asked)
    return stage.put(Standing(thing, motion), size=size, margin=0.0, beside=True)


def _post(stage: Stage, road: Road, s: float, sign: int, turn: float) -> Motion:
    """A post at the kerb of one side (or beyond the shoulder); further out at rounded corners."""
    side = road.section.side(sign)
    d = side.kerb + (KERBSIDE if side.raised else 1.6)
    for _ in range(8):
        if not stage.layout.on_asphalt(road, s, sign * d, 0.3):
            break
        d += 0.5
    return Motion(road, s, sign * d, turn)


def _lamps(rng: np.random.Generator, stage: Stage) -> None:
    """Street lamps of one kind; in the country hardly any."""
    layout = stage.layout
    if layout.factors.road_type == "rural" and rng.random() < 0.85:
        return
    number = int(rng.random() * 10)
    spacing, first = float(rng.uniform(22, 32)), float(rng.uniform(-8, 14))
    both = layout.main.section.right.kerb > 6.0
    for k, s in enumerate(np.arange(first, 170.0, spacing).tolist()):
        for sign in (-1, 1) if both else ((1 if k % 2 else -1),):
            motion = _post(stage, layout.main, s, sign, -sign * np.pi / 2)
            thing = numbered(furniture.street_lamp, number)
            stage.put(Standing(thing, motion), size=(0.3, 0.3), margin=0.0, beside=True)
    for arm in layout.junction.arms if layout.junction else ():
        for s in np.arange(28.0, 100.0, spacing).tolist():
            motion = _post(stage, arm.road, s, 1, -np.pi / 2)
            thing = numbered(furniture.street_lamp, number)
            stage.put(Standing(thing, motion), size=(0.3, 0.3), beside=True)


def _signals(rng: np.random.Generator, stage: Stage) -> None:
    """Traffic lights beside every stop line, and on the far side of the junction."""
    layout = stage.layout
    overhead = bool(rng.random() < 0.4) and layout.main.section.count > 1
    for road, s, direction, signal in layout.stops:
        if not signal:
            continue
        facing = np.pi if direction > 0 else 0.0
        motion = _post(stage, road, s + direction * 0.3, direction, facing)
        _stand(rng, stage, furniture.traffic_light, motion, state=signal,
               overhead=overhead and road is layout.main)  # fmt: skip
        if layout.junction and road is layout.main:
            # Nearer to those it is for than the signal that it stands back to back with.
            beyond = 2 * layout.junction.s - s - direction * 0.6
            for sign in (direction, -direction):
                motion = _post(stage, road, beyond, sign, facing)
                _stand(rng, stage, furniture.traffic_light, motion, state=signal, overhead=False)


def _signs(rng: np.random.Generator, stage: Stage) -> None:
    layout = stage.layout
    for crossing in layout.crossings:
        if crossing.style == "zebra" and crossing.road is layout.main:
            for direction in (1, -1):
                motion = _post(stage, layout.main, crossing.s - direction * (crossing.half + 0.6),
                               direction, np.pi if direction > 0 else 0.0)  # fmt: skip
                _stand(rng, stage, furniture.sign, motion, kind="crossing")
    for road, s, direction, signal in layout.stops:
        if not signal and road is not layout.main:
            motion = _post(stage, road, s + 1.0, direction, 0.0)
            _stand(rng, stage, furniture.sign, motion, kind=one_of(rng, ("yield", "stop")))
    if layout.junction:
        place = layout.junction.s - float(rng.uniform(16, 24))
        if place > 5:
            kind = one_of(rng, ("priority", "direction", "warning"))
            motion = _post(stage, layout.main, place, 1, np.pi)
            _stand(rng, stage, furniture.sign, motion, kind=kind)
    kinds = {"speed limit": 0.4, "no parking": 0.25, "parking": 0.15, "warning": 0.2}
    for direction in (1, -1):
        for _ in range(int(rng.poisson(2.2))):
            s = float(rng.uniform(6.0, 110.0))
            motion = _post(stage, layout.main, s, direction, np.pi if direction > 0 else 0.0)
            _stand(rng, stage, furniture.sign, motion, kind=weighted(rng, kinds))


def _small(rng: np.random.Generator, stage: Stage) -> None:
    """Bins, benches, bollards, meters, letter boxes, a bus stop."""
    layout = stage.layout
    busy = layout.factors.surroundings in ("shops", "downtown", "park")
    for sign in (-1, 1):
        side = layout.main.section.side(sign)
        inner, outer = side.walk
        facing = -sign * np.pi / 2
        if rng.random() < (0.35 if sign > 0 else 0.2) and outer - inner > 2.4:
            s = float(rng.uniform(14.0, 55.0))
            d = outer - 0.9 if rng.random() < 0.5 else inner + 1.1
            motion = Motion(layout.main, s, sign * d, facing)
            if _stand(rng, stage, furniture.bus_stop, motion, size=None):
                stage.seats.setdefault("bus_stop", []).append(motion)
        for _ in range(int(rng.poisson(3.5 if busy else 1.2))):
            if outer - inner > 2.3:
                s = float(rng.uniform(3.0, 70.0))
                motion = Motion(layout.main, s, sign * (outer - 0.45), facing)
                if _stand(rng, stage, furniture.bench, motion, size=None):
                    stage.seats.setdefault("bench", []).append(motion)
        for maker, mean in ((furniture.bin, 3.0), (furniture.mailbox, 0.3),
                            (furniture.parking_meter, 0.8)):  # fmt: skip
            for _ in range(int(rng.poisson(mean))):
                s = float(rng.uniform(2.0, 80.0))
                near = rng.random() < 0.5
                d = inner + 0.45 if near else outer - 0.4
                motion = Motion(layout.main, s, sign * d, -facing if near else facing)
                _stand(rng, stage, maker, motion, size=None)
        if rng.random() < (0.35 if busy else 0.15) and side.raised:
            number, start = int(rng.random() * 10), float(rng.uniform(2, 40))
            for s in np.arange(start, start + float(rng.uniform(8, 30)), 1.8).tolist():
                motion = Motion(layout.main, s, sign * (side.kerb + 0.4), facing)
                thing = numbered(furniture.bollard, number)
                stage.put(Standing(thing, motion), margin=0.0, beside=True)


def _poles(rng: np.random.Generator, stage: Stage) -> None:
    """Power poles along one side, and their cables."""
    if rng.random() < 0.45:
        return
    layout = stage.layout
    sign, number = one_of(rng, (-1, 1)), int(rng.random() * 10)
    side = layout.main.section.side(sign)
    d = sign * (side.edge + 0.5 if side.raised else side.kerb + 4.5)
    thing, feet = numbered(furniture.power_pole, number), []
    for s in np.arange(float(rng.uniform(-45, -15)), 260.0, 34.0).tolist():
        motion = Motion(layout.main, s, d, 0.0)
        if stage.put(Standing(thing, motion), size=(0.35, 0.35), margin=0.0, beside=True):
            x, z, heading = motion.at(0.0)
            feet.append((x, layout.ground(x, z), z, heading))
    if len(feet) > 1:
        stage.fixed.append(wires(feet, thing.size[1], float(rng.uniform(0.4, 0.9))))


def _rails(rng: np.random.Generator, stage: Stage) -> None:
    """Guard rails along stretches of a country road."""
    layout = stage.layout
    for sign in (-1, 1):
        start = float(rng.uniform(-20.0, 60.0))
        end = start + float(rng.uniform(30.0, 140.0))
        if rng.random() < 0.45:
            continue
        gap = layout.gap(sign)
        d = sign * (layout.main.section.side(sign).kerb + 0.75)
        for s in np.arange(start, end, 4.0).tolist():
            if gap and gap[0] - 2.5 < s < gap[1] + 2.5:
                continue
            motion = Motion(layout.main, s, d, -sign * np.pi / 2)
            thing = numbered(furniture.guard_rail, 0, length=4.0)
            stage.put(Standing(thing, motion), margin=0.0, beside=True)
