"""What is cut into a car's shell: windows, wheel arches, shut lines."""

from __future__ import annotations

import numpy as np

from isthmus.synth.world.mesh import Mesh
from isthmus.synth.world.vehicles import outline as o
from isthmus.synth.world.vehicles.cage import BELT, CREST, RAIL, REAR, SIDE, TOP
from isthmus.synth.world.vehicles.prototype import Slots
from isthmus.synth.world.vehicles.shell import Shell
from isthmus.synth.world.vehicles.solids import turned
from isthmus.synth.world.vehicles.styles import Style
from isthmus.synth.world.vehicles.subdivision import Array
from isthmus.synth.world.vehicles.surface import Chosen, wall

ARCH_GAP = 0.045
"""Room between tyre and wheel arch, metres."""


def side_windows(shell: Shell, style: Style) -> None:
    """Names `glass` (front) and `glass_dark` (rear seats), their black frames `trim`."""
    last = len(style.stations) - 1
    belt = shell.line(BELT, style.cowl - 0.3, last)[:, [2, 1]]
    rail = shell.line(RAIL, style.cowl, style.base)[:, [2, 1]]
    belt = belt[(belt[:, 0] < rail[0, 0] + 0.15) & (belt[:, 0] > rail[-1, 0] - 0.1)]
    loop = o.inset(np.concatenate([belt, rail[::-1]]), 0.001)
    low = float(belt[:, 1].mean())
    back = style.glazed[1]
    behind = o.beyond((back - style.rake, low + 1.0), (back, low))
    ahead = o.beyond((style.glazed[0], low), (style.glazed[0] + 0.001, low + 1.0))
    rounded = o.both(o.grown(o.polygon(loop), -0.05), behind, ahead, rounding=0.05)
    near = shell.zones(SIDE)
    shell.name("trim", o.on_side(o.grown(rounded, 0.014)), (SIDE,), near=near)
    panes = o.grown(rounded, -0.004)
    for at_belt, at_rail, width in style.pillars:
        slope = at_rail - at_belt
        centre = o.both(
            o.grown(o.beyond((at_belt, low), (at_belt + slope, low + 0.42)), 0.5 * width),
            o.grown(o.beyond((at_belt + slope, low + 0.42), (at_belt, low)), 0.5 * width),
        )
        panes = o.both(panes, o.without(centre), rounding=0.02)
    split = style.pillars[0][0] if style.pillars else -1e3
    front = o.beyond((split, low + 1.0), (split, low))
    shell.name("glass", o.on_side(panes), ("trim",))
    rear = shell.zones("glass") & (o.on_side(front)(shell.surface.centres()) > 0)
    shell.surface.zone[rear] = shell.number("glass_dark")


def wind_screen(shell: Shell, style: Style) -> None:
    """Names the wind-screen `glass`, with a black border `frit`."""
    front = _pane(shell, style.cowl, style.header)
    shell.name("frit", o.on_front(o.grown(front, -0.045)), (TOP,), near=_between(
        shell, style.cowl, style.header + 0.6))  # fmt: skip
    shell.name("glass", o.on_front(o.grown(front, -0.075)), ("frit",))


def rear_window(shell: Shell, style: Style) -> None:
    """Names the rear window `glass_back`, with a black border `frit_rear`."""
    rear = _pane(shell, style.base, style.backlight)
    shell.name("frit_rear", o.on_front(o.grown(rear, -0.055)), (TOP,), near=_between(
        shell, style.backlight - 0.6, style.base))  # fmt: skip
    shell.name("glass_back", o.on_front(o.grown(rear, -0.085)), ("frit_rear",))


def _pane(shell: Shell, foot: int, head: int) -> o.Outline:
    """The front view (|x|, y) of a screen between two rings."""
    bottom = shell.across(foot, RAIL, CREST)
    top = shell.across(head, RAIL, CREST)
    side = shell.line(RAIL, min(foot, head), max(foot, head))
    side = side if foot < head else side[::-1]
    corners = np.concatenate([bottom[::-1], side[1:-1], top])[:, :2]
    # The outline reaches over the middle, which is no border.
    corners = np.concatenate(
        [[(-0.5, corners[0, 1])], corners, [(-0.5, corners[-1, 1])]]
    )  # fmt: skip
    return o.polygon(corners)


def _between(shell: Shell, first: float, last: float) -> Chosen:
    ring = shell.surface.whereabouts()[:, 0]
    return (ring > first) & (ring < last)


def _arch(style: Style, z: float) -> o.Outline:
    return o.circle((z, style.tyre[0] + 0.01), style.tyre[0] + ARCH_GAP)


def wheel_arches(shell: Shell, style: Style) -> None:
    """Cuts the wheel arches; high cars get `plastic` lips around them."""
    for z in style.axles:
        arch = _arch(style, z)
        if style.cladding:
            low = shell.surface.whereabouts()[:, 1] < BELT
            shell.name("plastic", o.on_side(o.grown(arch, 0.055)), (SIDE, "plastic"), near=low)
        low = shell.surface.whereabouts()[:, 1] < BELT
        shell.name("arch", o.on_side(arch), (SIDE, "plastic"), near=low)
        shell.drop("arch")


def wells(shell: Shell, style: Style, out: Slots) -> None:
    """Lips of the wheel arches and the dark wells behind them."""
    half = 0.5 * style.size[0]
    for z in style.axles:
        rim = shell.hole(o.on_side(_arch(style, z)), (0.12, 0.05, 0.012)[shell.level])
        lip = wall(rim, np.array([-0.035, 0.0, 0.0]))
        out.setdefault("plastic" if style.cladding else "paint", []).append(lip)
        out.setdefault("well", []).append(_well(z, style.tyre[0], half, shell.level))


def _well(z: float, tyre: float, half: float, level: int) -> Mesh:
    """The dark inside of a wheel arch."""
    radius, depth = tyre + ARCH_GAP + 0.012, 0.34
    profile = [(half - 0.03, radius), (half - depth, radius), (half - depth, 0.05)]
    if level < 2:
        profile = [(half - 0.10, radius), (half - 0.13, 0.05)]
    # From the front upwards and over to the back.
    mesh = turned(profile[::-1], (6, 8, 12)[level], (-0.12 * np.pi, 1.12 * np.pi))
    offset = np.array([0.0, tyre + 0.01, z], np.float32)
    return Mesh(mesh.points + offset, mesh.faces, mesh.normals, mesh.uv)


def sills(shell: Shell, style: Style) -> None:
    """Names unpainted `plastic` sills of high cars, and the spattered `paint_low` of others."""
    bottom = min(row[2] for row in style.stations)
    if style.cladding:
        shell.name("plastic", lambda p: p[:, 1] - (bottom + 0.17), (SIDE,))
    else:
        shell.name("paint_low", lambda p: p[:, 1] - (bottom + 0.11), (SIDE,), 3.0)


def doors(shell: Shell, style: Style) -> None:
    """Names the `door`s, alternately so that neighbours have a border, and the `bonnet`."""
    bottom = min(row[2] for row in style.stations)
    last = len(style.stations) - 1
    rail = shell.line(RAIL, style.cowl, last - 1)[:, [2, 1]]
    belt = shell.line(BELT, 0, last)[:, [2, 1]]
    arches = [o.grown(_arch(style, z), 0.05) for z in style.axles]
    for k, (front, rear) in enumerate(style.doors):
        outline = o.both(_door(front, rear, bottom + 0.05, rail, belt), *map(o.without, arches))
        shell.name(f"door{k}", o.on_side(outline), (SIDE,))
    if style.bonnet:
        wing = shell.line(RAIL, 0, style.cowl)[:, [0, 2]]
        corners = np.concatenate([[(-0.5, wing[0, 1] - 0.05)], wing + np.array([0.015, 0.0]),
                                  [(-0.5, wing[-1, 1] + 0.2)]])  # fmt: skip
        corners[1, 1] -= 0.05
        upper = shell.facing(1, 0.2)
        shell.name("bonnet", o.on_top(o.polygon(corners)), (TOP, SIDE), near=upper)


def boot(shell: Shell, style: Style) -> None:
    """Names the `lid` of a boot, or a tailgate."""
    half = 0.5 * style.size[0]
    last = len(style.stations) - 1
    foot = float(style.tail[0][0]) + 0.62 * (float(style.tail[1][0]) - float(style.tail[0][0]))
    if style.rear_kind == "bed":
        return
    rim = shell.line(RAIL, style.base, last)
    top = float(rim[:, 1].max())
    wide = float(rim[:, 0].max())
    shape = [(-0.5, foot), (0.60 * half, foot), (0.66 * half, foot + 0.12), (wide, rim[-1, 1]),
             (wide, top + 0.5), (-0.5, top + 0.5)]  # fmt: skip
    start = style.base if style.rear_kind == "boot" else style.backlight
    ring = shell.surface.whereabouts()[:, 0]
    shell.name("lid", o.on_front(o.polygon(shape, 0.03)), (TOP, REAR), near=ring > start + 0.02)


def bed(shell: Shell, style: Style) -> None:
    """Opens the bed of a pickup."""
    rear, front = -0.5 * style.size[2] + 0.12, style.seats[-1] - 0.56
    wide = 0.42 * style.size[0]
    shape = o.polygon([(-0.5, rear), (wide, rear), (wide, front), (-0.5, front)], 0.03)
    ring = shell.surface.whereabouts()[:, 0]
    shell.name("bed", o.on_top(shape), (TOP, SIDE), near=ring > style.base)
    shell.drop("bed")


def seams(shell: Shell, style: Style, out: Slots) -> None:
    """Shut lines, as dark ribbons in `gap`."""
    if shell.level < 2:
        return
    gaps = out.setdefault("gap", [])
    names = [f"door{k}" for k in range(0, len(style.doors), 2)]
    for name in [*names, "bonnet", "lid"]:
        gaps.append(shell.rim(name, 0.008, 0.0012))


def _door(front: float, rear: float, foot: float, rail: Array, belt: Array) -> o.Outline:
    """Side view of a door: straight edges, its head along the roof rail."""
    top = rail[(rail[:, 0] < front - 0.02) & (rail[:, 0] > rear + 0.02)] - np.array([0.0, 0.028])
    waist = np.interp([front, rear], belt[::-1, 0], belt[::-1, 1])
    head = np.interp([front, rear], rail[::-1, 0], rail[::-1, 1]) - 0.028
    lean = np.clip(0.22 * (head - waist), 0, 0.12)
    corners = [
        (front - 0.04, foot), (front, 0.62), (front, waist[0]),
        (front - lean[0], max(head[0], waist[0])), *top,
        (rear - lean[1], head[1]), (rear, waist[1]), (rear, 0.62), (rear + 0.03, foot),
    ]  # fmt: skip
    return o.polygon(corners, 0.03)
