"""What stands beside the sidewalks: houses, gardens, parks, yards; and more of it behind."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from isthmus.synth.chance import one_of, weighted
from isthmus.synth.world.buildings import building
from isthmus.synth.world.furniture import fence
from isthmus.synth.world.placement import Motion, Stage, Standing, rectangle
from isthmus.synth.world.plants import hedge
from isthmus.synth.world.roads.layout import ARM_LENGTH, Road
from isthmus.synth.world.stock import article, numbered
from isthmus.synth.world.thing import Part, Thing

FIRST, LAST = -36.0, 330.0
WIDTHS = {
    "terrace": (6.0, 7.5, 9.0),
    "apartment": (12.0, 16.0, 20.0),
    "office": (16.0, 22.0),
    "shops": (8.0, 11.0, 14.0),
    "villa": (9.0, 11.0, 13.0),
    "warehouse": (22.0, 30.0),
}
DEPTHS = {"terrace": 10.0, "apartment": 13.0, "office": 16.0, "shops": 11.0, "villa": 9.0,
          "warehouse": 20.0}  # fmt: skip
STYLES = {
    "residential": {"terrace": 0.55, "apartment": 0.4, "shops": 0.05},
    "downtown": {"office": 0.4, "apartment": 0.3, "shops": 0.3},
    "shops": {"shops": 0.7, "apartment": 0.2, "office": 0.1},
    "park": {"apartment": 0.5, "terrace": 0.5},
    "industrial": {"warehouse": 0.75, "office": 0.25},
    "suburb": {"villa": 0.85, "terrace": 0.15},
    "rural": {"villa": 0.7, "warehouse": 0.3},
}
VARIANTS = 12
"""Houses of one style and width in the stock; their walls differ further by their tint."""
WALLS = ("plaster", "brick", "stone", "concrete")


@dataclass(frozen=True)
class Row:
    """One side of a road to build along.

    Attributes:
        side: +1 right, −1 left.
        front: distance of the fronts from the centre line.
        edge: distance of the sidewalk's outer edge.
        start, end: metres along the road.
        style: shares of styles.
        built: share of the length that is built on; the rest stays open.
        enclosed: share of plots with a fence or hedge along the sidewalk.
    """

    road: Road
    side: int
    front: float
    edge: float
    start: float
    end: float
    style: dict[str, float]
    built: float
    enclosed: float


def frontage(rng: np.random.Generator, stage: Stage) -> None:
    """Houses and enclosures along all roads."""
    for row in rows(rng, stage):
        draw = rng.spawn(1)[0]
        _build_row(draw, stage, row)
    _behind(rng.spawn(1)[0], stage)


def rows(rng: np.random.Generator, stage: Stage) -> list[Row]:
    """The sides of the main road, then of the arms."""
    layout = stage.layout
    factors = layout.factors
    setting = factors.road_type if factors.road_type in ("suburb", "rural") else ""
    style = STYLES[setting or factors.surroundings]
    open_side = 1 if rng.random() < 0.5 else -1
    both = rng.random() < 0.35
    found = []
    for sign in (-1, 1):
        side = layout.main.section.side(sign)
        built = {"suburb": 0.9, "rural": 0.12}.get(setting, 0.95)
        if factors.surroundings == "park" and (both or sign == open_side):
            built = 0.0 if setting != "rural" else 0.05
        enclosed = 0.75 if side.yard > 1.2 or built == 0.0 else 0.0
        found.append(Row(layout.main, sign, side.front, side.edge, FIRST, LAST, style, built,
                         enclosed if setting != "rural" else 0.3))  # fmt: skip
    for arm in layout.junction.arms if layout.junction else ():
        start = layout.main.section.side(arm.side).front + max(DEPTHS[s] for s in style) + 1.0
        for sign in (-1, 1):
            side = arm.road.section.side(sign)
            built = {"suburb": 0.9, "rural": 0.1}.get(setting, 0.95)
            found.append(Row(arm.road, sign, side.front, side.edge, start, 115.0, style, built,
                             0.7 if side.yard > 1.2 and setting != "rural" else 0.0))  # fmt: skip
    return found


def _build_row(rng: np.random.Generator, stage: Stage, row: Row) -> None:
    s = row.start
    detached = "villa" in row.style
    fence_kind = int(rng.random() * 8)
    while s < row.end:
        style = weighted(rng, row.style)
        width = one_of(rng, WIDTHS[style])
        gap = float(rng.uniform(2.5, 7.0)) if detached else 0.0
        gap += float(rng.uniform(1.5, 9.0)) if rng.random() < 0.08 else 0.0
        draw = rng.random(4)
        bend = float(row.road.curve.bend(s + width / 2))
        stretch = max(1.0 - bend * row.side * row.front, 0.3)  # of the front over the centre line
        middle = s + 0.5 * width / stretch
        if draw[0] < row.built:
            setback = float(draw[1]) * (2.0 if detached else 0.25)
            house = Motion(row.road, middle, row.side * (row.front + setback + DEPTHS[style] / 2),
                           -row.side * np.pi / 2)  # fmt: skip
            _house(rng, stage, house, style, width)
        if draw[2] < row.enclosed and s < 90:
            _enclose(rng, stage, row, (s, middle + 0.5 * width / stretch), fence_kind)
        s += (width + gap) / stretch


def _house(
    rng: np.random.Generator, stage: Stage, motion: Motion, style: str, width: float
) -> None:
    deep = DEPTHS[style]
    away = stage.distance(motion) - deep / 2
    away /= stage.sharpness
    detail = 2 if away < 45 else 1 if away < 130 else 0
    thing = article(building, rng, VARIANTS, width=width, depth=deep, style=style, detail=detail)
    x, z, heading = motion.at(0.0)
    # Neighbours in a bend may meet at the back, where nobody sees it: the fronts must not.
    ahead = np.array([np.sin(heading), np.cos(heading)]) * (deep / 2 - 2.5)
    polygon = rectangle(x + ahead[0], z + ahead[1], width - 0.6, 5.0, heading)
    if stage.occupancy.free(polygon) and _off_roads(stage, motion, width, deep):
        stage.occupancy.claim(polygon)
        low = _lowest(stage, x, z, width)
        stage.standing.append(Standing(tinted(thing, rng), motion, raised=low))


def tinted(house: Thing, rng: np.random.Generator) -> Thing:
    """The house with its walls painted lighter, darker, warmer or cooler."""
    light, warm = rng.uniform(0.72, 1.2), rng.normal(0.0, 0.05)
    share = (light * (1 + warm), light, light * (1 - warm))

    def painted(part: Part) -> Part:
        if part.material.texture not in WALLS:
            return part
        r, g, b = (min(c * k, 0.85) for c, k in zip(part.material.colour, share, strict=True))
        return replace(part, material=part.material.tinted((r, g, b)))

    return replace(house, parts=tuple(painted(part) for part in house.parts))


def _lowest(stage: Stage, x: float, z: float, width: float) -> float:
    """How much a house is sunk (≤ 0), so that no side of it hangs over sloping ground."""
    return -0.5 * width * abs(float(stage.layout.land.slope(z)))


def _off_roads(stage: Stage, motion: Motion, width: float, deep: float) -> bool:
    """True if a house keeps off all roads but its own (which it faces)."""
    x, z, heading = motion.at(0.0)
    corners = rectangle(x, z, width, deep, heading)
    reach = 0.5 * float(np.hypot(width, deep)) + 0.2
    for road in stage.layout.roads:
        far = float(np.hypot(*(road.curve.at(road.start) - (x, z)))) > ARM_LENGTH
        if road is motion.road or (far and road is not stage.layout.main):
            continue
        s, d = road.curve.nearest(x, z)
        if abs(d) > road.section.side(1 if d >= 0 else -1).edge + reach:
            continue  # none of its corners comes near
        for cx, cz in corners.tolist():
            s, d = road.curve.nearest(cx, cz)
            side = road.section.side(1 if d >= 0 else -1)
            if road.start - 3.0 < s < road.end and abs(d) < side.edge + 0.1:
                return False
    return True


def _enclose(
    rng: np.random.Generator, stage: Stage, row: Row, span: tuple[float, float], kind: int
) -> None:
    """A hedge or fence along the sidewalk, with a gap for the gate."""
    low, high = span
    green = rng.random() < 0.45
    gate = float(rng.uniform(low + 0.5, max(high - 1.6, low + 0.6)))
    d = row.side * (row.edge + (0.5 if green else 0.25))
    for a, b in ((low, gate), (gate + 1.3, high)):
        pieces = max(int((b - a) // 3.0), 0)
        for k in range(pieces):
            s = a + (k + 0.5) * (b - a) / pieces
            motion = Motion(row.road, s, d, -row.side * np.pi / 2)
            if not stage.sees(motion, 8.0):
                continue
            detail = stage.detail(motion)
            if green:
                length = round((b - a) / pieces * 4) / 4
                thing = numbered(hedge, kind, length=length, detail=detail,
                                 season=stage.layout.factors.season)  # fmt: skip
            else:
                thing = numbered(fence, kind, length=3.0)
            stage.put(Standing(thing, motion), size=(3.0, 0.3), margin=0.0, beside=True)


def _behind(rng: np.random.Generator, stage: Stage) -> None:
    """Houses of other streets, seen through gaps and over roofs."""
    layout = stage.layout
    factors = layout.factors
    if factors.road_type == "rural":
        return
    style = {"villa": 1.0} if factors.road_type == "suburb" else {"apartment": 0.7, "office": 0.3}
    for _ in range(26):
        chosen = weighted(rng, style)
        width = one_of(rng, WIDTHS[chosen])
        s = float(rng.uniform(10.0, 420.0))
        sign = one_of(rng, (-1, 1))
        far = layout.main.section.side(sign).front + float(rng.uniform(30.0, 130.0))
        turn = one_of(rng, (0.0, np.pi / 2, np.pi, -np.pi / 2)) + float(rng.normal(0, 0.2))
        motion = Motion(layout.main, s, sign * far, turn)
        bend = float(np.abs(layout.main.curve.curvature).max())
        if bend * far > 0.6 or not _off_roads(stage, motion, width + 8, DEPTHS[chosen] + 8):
            continue
        thing = article(building, rng, VARIANTS, width=width, depth=DEPTHS[chosen], style=chosen,
                        detail=0)  # fmt: skip
        x, z, heading = motion.at(0.0)
        polygon = rectangle(x, z, width, DEPTHS[chosen], heading)
        if stage.occupancy.free(polygon):
            stage.occupancy.claim(polygon)
            stage.standing.append(Standing(thing, motion, raised=_lowest(stage, x, z, width) - 0.3))
