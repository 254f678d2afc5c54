"""Paint on the road: lines, zebra stripes, stop lines, arrows, parking bays."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from isthmus.synth.chance import one_of
from isthmus.synth.world.roads.layout import Crossing, Layout, Road
from isthmus.synth.world.roads.marks import Marks
from isthmus.synth.world.roads.palette import Palette
from isthmus.synth.world.roads.parking import bays
from isthmus.synth.world.roads.ribbon import Bed, stations
from isthmus.synth.world.roads.surfaces import main_stations
from isthmus.synth.world.thing import Part

DASHED_TO, SOLID_TO = 160.0, 320.0
"""Where dashes and lines are given up: they are thinner than a pixel there."""


@dataclass(frozen=True)
class _Habit:
    """How one town paints: widths and dashes in metres."""

    width: float
    dash: tuple[float, float]
    centre: str
    edges: bool
    bays: str
    kerb_line: bool
    arrows: bool


def markings(rng: np.random.Generator, layout: Layout, palette: Palette) -> list[Part]:
    """All paint, as parts of the meaning "marking"."""
    habit = _sample_habit(rng, layout)
    parts: list[Part] = []
    for road in layout.roads:
        s = main_stations(layout) if road is layout.main else stations(road.start, road.end)
        marks = Marks(Bed(road.curve, layout.land), s)
        if road is layout.main:
            _lines(marks, layout, palette, habit)
            _parking(marks, layout, palette, habit)
            _bus_stop(rng, marks, layout, palette)
        else:
            _side_lines(marks, layout, road, palette, habit)
        for crossing in layout.crossings:
            if crossing.road is road:
                _crossing(marks, crossing, palette)
        _stops(marks, layout, road, palette, habit)
        parts += marks.parts("marking")
    return parts


def _sample_habit(rng: np.random.Generator, layout: Layout) -> _Habit:
    kind, lanes = layout.main.section.road_type, layout.main.section.count
    dash = one_of(rng, ((2.0, 4.0), (3.0, 6.0), (3.0, 3.0), (4.0, 8.0)))
    centre = one_of(rng, {
        "street": ("dashed", "dashed", "solid", "none"),
        "avenue": ("double", "solid", "yellow"),
        "suburb": ("dashed", "none", "solid"),
        "rural": ("dashed", "dashed", "solid", "double"),
    }[kind])  # fmt: skip
    if lanes > 1 and centre in ("dashed", "none"):
        centre = "double"
    return _Habit(
        width=float(rng.uniform(0.1, 0.15)),
        dash=(3.0, 6.0) if kind == "rural" else dash,
        centre=centre,
        edges=kind == "rural" or rng.random() < 0.2,
        bays=one_of(rng, ("boxes", "ticks", "line", "none")),
        kerb_line=bool(rng.random() < 0.3),
        arrows=bool(rng.random() < 0.7),
    )


def _free(layout: Layout) -> list[tuple[float, float]]:
    """Spans of the main road between crossings and junction, from behind the camera outward."""
    holes = [(c.s - c.half - 0.4, c.s + c.half + 0.4) for c in layout.crossings
             if c.road is layout.main]  # fmt: skip
    for sign in (-1, 1):
        gap = layout.gap(sign)
        if gap:
            holes.append((gap[0] + 2.0, gap[1] - 2.0))
    for road, s, _, _ in layout.stops:
        if road is layout.main:
            holes.append((s - 0.2, s + 0.2))
    merged: list[list[float]] = []
    for a, b in sorted(holes):
        if merged and a < merged[-1][1] + 2.5:
            merged[-1][1] = max(b, merged[-1][1])
        else:
            merged.append([a, b])
    edges = [layout.main.start + 20.0, *(x for hole in merged for x in hole), SOLID_TO]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _lines(marks: Marks, layout: Layout, palette: Palette, habit: _Habit) -> None:
    section = layout.main.section
    for span in _free(layout):
        short = (span[0], min(span[1], DASHED_TO))
        if not section.median:
            _centre(marks, span, palette, habit)
        for sign in (-1, 1):
            side = section.side(sign)
            for k in range(1, section.count):
                d = section.lane_middle(sign, k) - sign * section.lane / 2
                marks.dashes(palette.paint, d, short, habit.dash, habit.width)
            if habit.edges and not side.parking:
                offset = side.lanes - (0.05 if section.road_type == "rural" else -0.02)
                marks.line(palette.paint, sign * offset, span, habit.width)
            elif habit.kerb_line and not side.parking and side.raised:
                marks.line(palette.yellow, sign * (side.kerb - 0.2), short, 0.1)
        if section.median:
            for sign in (-1, 1):
                marks.line(palette.paint, sign * (section.median / 2 + 0.15), span, habit.width)


def _centre(marks: Marks, span: tuple[float, float], palette: Palette, habit: _Habit) -> None:
    short = (span[0], min(span[1], DASHED_TO))
    if habit.centre == "dashed":
        marks.dashes(palette.paint, 0.0, short, habit.dash, habit.width)
        if span[1] < 100:  # solid where one draws near to a junction
            marks.line(palette.paint, 0.0, (max(span[1] - 12.0, span[0]), span[1]), habit.width)
    elif habit.centre == "solid":
        marks.line(palette.paint, 0.0, span, habit.width)
    elif habit.centre in ("double", "yellow"):
        material = palette.yellow if habit.centre == "yellow" else palette.paint
        for d in (-habit.width, habit.width):
            marks.line(material, d, span, habit.width)


def _side_lines(marks: Marks, layout: Layout, road: Road, palette: Palette, habit: _Habit) -> None:
    here = [s for r, s, _, _ in layout.stops if r is road]
    start = max(here, default=road.start) + 0.5
    if habit.centre != "none":
        marks.line(palette.paint, 0.0, (start, start + 9.0), habit.width)
        marks.dashes(palette.paint, 0.0, (start + 12.0, 80.0), habit.dash, habit.width)


def _parking(marks: Marks, layout: Layout, palette: Palette, habit: _Habit) -> None:
    if habit.bays == "none" or layout.main.section.road_type == "rural":
        return
    for sign in (-1, 1):
        side = layout.main.section.side(sign)
        inner, outer = sign * side.lanes, sign * side.kerb
        for bay in bays(layout, sign):
            if bay.s > 110:
                continue
            low, high = bay.s - bay.length / 2, bay.s + bay.length / 2
            if habit.bays == "line":
                marks.dashes(palette.paint, inner, (low, high), (0.5, 0.5), 0.1)
                continue
            if habit.bays == "boxes":
                marks.line(palette.paint, inner, (low, high), 0.1)
            reach = outer if habit.bays == "boxes" else inner + sign * 0.6
            for s in (low, high):
                marks.bar(palette.paint, (s - 0.05, s + 0.05), _sorted(inner, reach))


def _sorted(a: float, b: float) -> tuple[float, float]:
    return (a, b) if a < b else (b, a)


def _crossing(marks: Marks, crossing: Crossing, palette: Palette) -> None:
    section = crossing.road.section
    left, right = -section.left.kerb + 0.3, section.right.kerb - 0.3
    low, high = crossing.s - crossing.half, crossing.s + crossing.half
    if crossing.style == "zebra":
        count = max(int((right - left + 0.5) // 1.0), 1)
        start = (left + right - count + 0.5) / 2
        for k in range(count):
            marks.bar(palette.paint, (low, high), (start + k, start + k + 0.5))
        return
    for s in (low, high):
        count = int((right - left) // 1.0)
        for k in range(count):
            marks.bar(palette.paint, (s - 0.1, s + 0.1), (left + k + 0.25, left + k + 0.75))


def _stops(marks: Marks, layout: Layout, road: Road, palette: Palette, habit: _Habit) -> None:
    section = road.section
    for where, s, direction, signal in layout.stops:
        if where is not road:
            continue
        side = section.side(direction)
        inner, outer = direction * section.median / 2, direction * side.lanes
        band = _sorted(inner + direction * 0.15, outer - direction * 0.1)
        if signal or layout.factors.crossing == "zebra":
            marks.bar(palette.paint, (s - 0.2, s + 0.2), band)
        else:  # give way: a row of blocks
            for d in np.arange(band[0], band[1] - 0.3, 0.75):
                marks.bar(palette.paint, (s - 0.18, s + 0.18), (float(d), float(d) + 0.5))
        if signal and habit.arrows and layout.junction and road is layout.main:
            for number in range(section.count):
                d = section.lane_middle(direction, number)
                for back in (9.0, 26.0):
                    turn = _turn(layout, number, direction)
                    _arrow(marks, palette, (s - direction * back, d), direction, turn)


def _turn(layout: Layout, number: int, direction: int) -> str:
    assert layout.junction is not None
    count = layout.main.section.count
    sides = {arm.side * direction for arm in layout.junction.arms}
    if number == 0 and -1 in sides and count > 1:
        return "left"
    if number == count - 1 and 1 in sides and count > 1:
        return "straight-right"
    return "straight"


def _arrow(
    marks: Marks, palette: Palette, place: tuple[float, float], direction: int, turn: str
) -> None:
    """An arrow 4 m long whose tail begins at `place`, seen along `direction`."""
    s, d = place

    def at(*points: tuple[float, float]) -> list[tuple[float, float]]:
        return [(s + direction * a, d + direction * b) for a, b in points]

    if turn.startswith("straight"):
        marks.shape(palette.paint, at((0, -0.07), (0, 0.07), (2.6, 0.07), (2.6, -0.07)))
        marks.shape(palette.paint, at((4.0, 0.0), (2.5, 0.32), (2.5, -0.32)))
    if turn.endswith(("left", "right")):
        sign = -1.0 if turn == "left" else 1.0
        marks.shape(palette.paint, at((0, -0.07), (0, 0.07), (1.9, 0.07), (1.9, -0.07)))
        stem = ((1.7, 0.0), (2.0, 0.0), (2.5, sign * 0.45), (2.2, sign * 0.45))
        marks.shape(palette.paint, at(*stem))
        head = ((2.75, sign * 0.95), (2.85, sign * 0.35), (1.9, sign * 0.5))
        marks.shape(palette.paint, at(*head))


def _bus_stop(rng: np.random.Generator, marks: Marks, layout: Layout, palette: Palette) -> None:
    """Now and then a box for buses at the right kerb, with a zigzag."""
    section = layout.main.section
    wanted, s = rng.random() < 0.25, float(rng.uniform(18.0, 60.0))
    low, high = s, s + 14.0
    clear = any(a < low - 3 and high + 3 < b for a, b in _free(layout))
    if not wanted or not clear or section.right.parking or not section.right.raised:
        return
    left, right = section.right.kerb - 1.9, section.right.kerb - 0.25
    for d in (left, right):
        marks.line(palette.yellow, d, (low, high), 0.12)
    steps = np.arange(low, high + 0.1, 3.5)
    for k, (a, b) in enumerate(pairwise(steps.tolist())):
        c, d = (left, right) if k % 2 else (right, left)
        marks.bars(palette.yellow, [[(a - 0.08, c), (a + 0.08, c), (b + 0.08, d), (b - 0.08, d)]])
