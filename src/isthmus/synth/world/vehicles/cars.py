"""Passenger cars: hatchback, sedan, estate, SUV and pickup."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from isthmus.synth.world.mesh import Mesh, flat, quads
from isthmus.synth.world.vehicles import cabin, fascia, fittings, panels
from isthmus.synth.world.vehicles.cage import BELT, CREST, RAIL
from isthmus.synth.world.vehicles.kept import kept
from isthmus.synth.world.vehicles.prototype import Axle, Prototype, Slots, both_sides
from isthmus.synth.world.vehicles.shell import Shell
from isthmus.synth.world.vehicles.solids import block, moved, vec
from isthmus.synth.world.vehicles.styles import CARS, Style, body


@lru_cache(maxsize=128)
def prototype(kind: str, face: int, back: int, level: int) -> Prototype:
    """A car with front `face` and rear `back` (numbers in `fascia`) at a level of detail."""
    return kept(f"{kind}-{face}-{back}-{level}", lambda: _made(kind, face, back, level))


def _made(kind: str, face: int, back: int, level: int) -> Prototype:
    style = CARS[kind]
    shell = _cut(kind, face, back).at(level)
    half: Slots = {}
    whole: Slots = {}
    panels.wells(shell, style, half)
    fascia.fit_front(shell, style, fascia.FACES[face], half)
    panels.seams(shell, style, half)
    _fit(shell, style, half, whole)
    frames = fascia.plates_on(
        shell, fascia.FACES[face].plate, fascia.BACKS[back].plate, style, whole
    )
    _cabin(shell, style, half, whole)
    shell.collect(half)
    pair = fascia.beams(half)
    radius, width = style.tyre
    x = 0.5 * style.size[0] - 0.5 * width - 0.012
    axles = tuple(Axle(z, x, radius, width) for z in style.axles)
    belt = float(shell.line(BELT, style.cowl, style.base)[:, 1].mean())
    crest = shell.line(CREST, style.header, style.backlight)[:, 2]
    roof = (float(crest.min()), float(crest.max()), 0.31 * style.size[0])
    if style.rear_kind == "bed":
        _bed(style, half, whole)
    return Prototype(
        both_sides(half, whole), axles, pair, level, (belt, style.size[1]), roof, frames
    )


@lru_cache(maxsize=32)
def _cut(kind: str, face: int, back: int) -> Shell:
    """The shell of a car with all its panels named."""
    style = CARS[kind]
    shell = Shell(body(style), style.size)
    panels.side_windows(shell, style)
    panels.wind_screen(shell, style)
    panels.rear_window(shell, style)
    panels.wheel_arches(shell, style)
    panels.sills(shell, style)
    panels.doors(shell, style)
    fascia.cut_front(shell, style, fascia.FACES[face])
    fascia.cut_rear(shell, style, fascia.BACKS[back])
    panels.boot(shell, style)
    if style.rear_kind == "bed":
        panels.bed(shell, style)
    return shell


def _fit(shell: Shell, style: Style, half: Slots, whole: Slots) -> None:
    """Mirrors, handles, wipers, exhaust, aerial, roof rails."""
    level = shell.level
    belt = shell.line(BELT, style.cowl, style.base)
    front = style.doors[0][0]
    z = front - 0.16
    foot = np.array([np.interp(z, belt[::-1, 2], belt[::-1, k]) for k in range(3)])
    fittings.mirror(foot + vec(-0.03, 0.0, 0.0), half, level)
    crest = shell.line(CREST, style.header, style.backlight)
    whole.setdefault("paint", []).append(fittings.fin(crest[-max(2, len(crest) // 6)], level))
    if style.rails:
        rail = shell.line(RAIL, style.header, style.backlight)[1:-1]
        fittings.roof_rails(rail, half, "chrome" if style.rails == "bright" else "black", level)
    if level == 0:
        return
    whole.setdefault("brake", []).append(
        moved(block((-0.16, 0.16), (0.0, 0.014), (-0.02, 0.02), 0.004, level),
              crest[-1] + vec(0.0, -0.010, 0.0))
    )  # fmt: skip
    if level < 2:
        return
    for _, rear in style.doors:
        y = float(np.interp(rear, belt[::-1, 2], belt[::-1, 1])) - 0.10
        at, normal = shell.probe(0, 1, (y, rear + 0.17))
        fittings.handle(at, normal, half)
    fittings.wipers(shell, style.cowl, 0.5 * style.size[0], whole)
    tail = shell.surface.points[:, 2].min()
    sill = style.stations[-1][2]
    whole.setdefault("chrome", []).append(fittings.exhaust(0.48, sill + 0.03, tail + 0.11))


def _cabin(shell: Shell, style: Style, half: Slots, whole: Slots) -> None:
    """Floor, seats, dashboard, driver."""
    level = shell.level
    width = 0.5 * style.size[0]
    sill = min(row[2] for row in style.stations)
    reach = style.size[2] * 0.5
    whole.setdefault("floor", []).append(
        cabin.floor(width, sill + 0.03, (style.axles[1] - 0.4, style.axles[0] + 0.4), reach)
    )
    if level == 0:
        return
    belt = shell.line(BELT, style.cowl, style.base)
    hip = style.size[1] - 0.88
    x = 0.40 * width
    seats: list[Mesh] = []
    for row, z in enumerate(style.seats):
        if row == 0:
            seats += cabin.seat((x, hip, z), 0.50, level)
            half.setdefault("seat", []).extend(seats)
        else:
            bench = cabin.seat((0.0, hip + 0.02, z), 1.55 * width, level, rest=False)
            whole.setdefault("seat", []).extend(bench)
            head = block((-0.12, 0.12), (hip + 0.55, hip + 0.72), (z - 0.38, z - 0.31), 0.04, level)
            half.setdefault("seat", []).append(moved(head, (x, 0, 0)))
    dash = float(belt[0, 2])
    top = float(np.interp(style.doors[0][0], belt[::-1, 2], belt[::-1, 1]))
    board = block((-0.84 * width, 0.84 * width), (top - 0.32, top), (dash - 0.34, dash + 0.1),
                  (0.05, 0.06, 0.12), level)  # fmt: skip
    whole.setdefault("cabin", []).append(board)
    lower = shell.line(BELT, style.cowl, style.backlight)
    half.setdefault("cabin", []).append(
        cabin.card(lower[:: 2 if level == 2 else 4], sill + 0.04, 0.05)
    )
    middle = (-x, top - 0.02, dash - 0.44)
    whole["cabin"].append(cabin.steering_wheel(middle, 0.185, 0.42, level))
    cabin.driver((-x, hip + 0.02, style.seats[0]), middle, level, whole)


def _bed(style: Style, half: Slots, whole: Slots) -> None:
    """The open bed of a pickup: its walls inside, its floor."""
    z0, z1 = -0.5 * style.size[2] + 0.12, style.seats[-1] - 0.56
    wide = 0.42 * style.size[0]
    low, top = 0.72, 1.16
    inner = [
        [(wide, low, z0), (wide, low, z1), (wide, top, z1), (wide, top, z0)],
        [(0.0, low, z1), (0.0, top, z1), (wide, top, z1), (wide, low, z1)],
        [(0.0, low, z0), (wide, low, z0), (wide, top, z0), (0.0, top, z0)],
        [(0.0, low, z0), (0.0, low, z1), (wide, low, z1), (wide, low, z0)],
    ]
    half.setdefault("plastic", []).append(flat(*quads(inner)))
