"""Lorries (cab, chassis and what it carries) and buses."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from isthmus.synth.world.mesh import Mesh, flat, quads
from isthmus.synth.world.vehicles import cabin, fascia, fittings, panels, plates
from isthmus.synth.world.vehicles import outline as o
from isthmus.synth.world.vehicles.cage import BELT, REAR
from isthmus.synth.world.vehicles.heavy_styles import BUS, BUS_BACK, BUS_FACE, CAB, CAB_FACE
from isthmus.synth.world.vehicles.kept import kept
from isthmus.synth.world.vehicles.prototype import Axle, Prototype, Slots, both_sides
from isthmus.synth.world.vehicles.shell import Shell
from isthmus.synth.world.vehicles.solids import block, moved, soft_box, tube, turned, vec
from isthmus.synth.world.vehicles.styles import Style, body
from isthmus.synth.world.vehicles.wheels import HEAVY

FREIGHTS = ("box", "tarpaulin", "flatbed")
SIGNS = ("12 MITTE", "5 HAFEN", "M41 CITY", "8 NORD", "27 PARK", "3 SUD", "61 BAHN", "14 SEE")


@lru_cache(maxsize=2)
def _cut(name: str) -> Shell:
    style = BUS if name == "bus" else CAB
    shell = Shell(body(style), style.size)
    panels.side_windows(shell, style)
    panels.wind_screen(shell, style)
    panels.wheel_arches(shell, style)
    panels.sills(shell, style)
    panels.doors(shell, style)
    fascia.cut_front(shell, style, BUS_FACE if name == "bus" else CAB_FACE)
    if name == "bus":
        fascia.cut_rear(shell, style, BUS_BACK)
        half = 0.5 * style.size[0]
        pane = o.polygon(
            [(-0.5, 1.62), (0.80 * half, 1.62), (0.78 * half, 2.62), (-0.5, 2.62)], 0.08
        )
        shell.name("frit_rear", o.on_front(o.grown(pane, 0.04)), (REAR,))
        shell.name("glass_back", o.on_front(pane), ("frit_rear",))
        cover = o.polygon(
            [(-0.5, 0.62), (0.70 * half, 0.62), (0.70 * half, 1.46), (-0.5, 1.46)], 0.04
        )
        shell.name("lid", o.on_front(cover), (REAR,))
    return shell


def _mirrors(shell: Shell, y: float, z: float, level: int, out: Slots) -> None:
    """Tall mirrors on arms, as lorries and buses have them."""
    at, _ = shell.probe(0, 1, (y, z))
    middle = at + np.array([0.20, -0.10, 0.14])
    out.setdefault("black", []).append(
        moved(block((-0.10, 0.10), (-0.24, 0.24), (-0.05, 0.05), 0.04, level), middle)
    )
    if level:
        pane = [[(-0.08, -0.21, -0.051), (-0.08, 0.21, -0.051), (0.08, 0.21, -0.051),
                 (0.08, -0.21, -0.051)]]  # fmt: skip
        out.setdefault("mirror", []).append(moved(flat(*quads(pane)), middle))
        arm = [at - vec(0.03, -0.12, 0), middle + vec(0, 0.20, 0)]
        out["black"].append(tube(arm, 0.02, 5, caps=False))


@lru_cache(maxsize=16)
def bus(level: int, sign: int) -> Prototype:
    """A town bus with the destination `sign` (number in `SIGNS`)."""
    return kept(f"bus-{level}-{sign}", lambda: _bus(level, sign))


def _bus(level: int, sign: int) -> Prototype:
    style = BUS
    shell = _cut("bus").at(level)
    half: Slots = {}
    whole: Slots = {}
    panels.wells(shell, style, half)
    fascia.fit_front(shell, style, BUS_FACE, half)
    panels.seams(shell, style, half)
    frames = fascia.plates_on(shell, BUS_FACE.plate, BUS_BACK.plate, style, whole)
    _mirrors(shell, 2.35, 5.45, level, half)
    _destination(shell, SIGNS[sign], whole)
    _bus_inside(style, level, whole)
    _bus_doors(style, whole)
    whole.setdefault("paint", []).append(
        block((-0.9, 0.9), (2.98, 3.20), (-3.6, -0.6), 0.06, level)
    )
    if level == 2:
        fittings.wipers(shell, style.cowl, 0.5 * style.size[0], whole)
    shell.collect(half)
    if level:
        half["glass_back"] = [*half.get("glass_back", []), *half.pop("glass_dark", [])]
    radius, width = style.tyre
    x = 0.5 * style.size[0] - 0.5 * width - 0.03
    axles = (Axle(style.axles[0], x, radius, width, design=HEAVY),
             Axle(style.axles[1], x, radius, width, twin=True, design=HEAVY))  # fmt: skip
    return Prototype(
        both_sides(half, whole),
        axles,
        fascia.beams(half),
        level,
        (1.2, 3.2),
        (-5.0, 4.5, 0.9),
        frames,
    )


def _destination(shell: Shell, text: str, whole: Slots) -> None:
    """The lit sign over the wind-screen."""
    at, normal = shell.probe(2, 1, (0.02, 2.74))
    tilt = np.array([0.0, min(float(normal[1]), 0.25), 1.0])
    place = plates.frame(at * [0, 1, 1] + vec(0, 0, 0.02), tilt)
    whole.setdefault("frit", []).append(plates.rectangle(place, (1.9, 0.26)))
    if shell.level:
        whole.setdefault("sign", []).append(plates.ink(place, text, 1.8, 0.17))


def _bus_inside(style: Style, level: int, whole: Slots) -> None:
    half = 0.5 * style.size[0]
    whole.setdefault("floor", []).append(cabin.floor(half, 0.36, (-4.4, 4.6), 5.9))
    if level == 0:
        return
    seats = whole.setdefault("bus_seat", [])
    for z in style.seats:
        for x in (-0.78, 0.78):
            seats += cabin.seat((x, 1.02, z), 0.86, 1, rest=False)
    x = -0.75
    seats += cabin.seat((x, 1.02, 4.45), 0.5, 1)
    cabin_slot = whole.setdefault("cabin", [])
    cabin_slot.append(soft_box((-1.15, 1.15), (0.6, 1.12), (5.2, 5.6), 0.08))
    cabin_slot.append(soft_box((-1.0, 1.0), (2.78, 2.90), (-5.3, 4.9), 0.03))
    wheel = (x, 1.22, 5.02)
    cabin_slot.append(cabin.steering_wheel(wheel, 0.23, 0.9, level))
    cabin.driver((x, 1.05, 4.45), wheel, level, whole)


def _bus_doors(style: Style, whole: Slots) -> None:
    """Glazed double doors on the right side, a little proud of the flank."""
    x = 0.5 * style.size[0] + 0.004
    for z in (4.72, 0.15):
        front, back = z + 0.60, z - 0.60
        for y0, y1, slot, lift in ((0.34, 2.46, "trim", 0.0), (0.46, 2.36, "glass_far", 0.004)):
            for a, b in ((back, z), (z, front)):
                gap = 0.05 if slot == "glass_far" else 0.0
                face = [[(x + lift, y0, a + gap), (x + lift, y1, a + gap),
                         (x + lift, y1, b - gap), (x + lift, y0, b - gap)]]  # fmt: skip
                whole.setdefault(slot, []).append(flat(*quads(face)))


@lru_cache(maxsize=16)
def truck(level: int, freight: str) -> Prototype:
    """A two-axle lorry with `freight`, one of `FREIGHTS`."""
    return kept(f"truck-{level}-{freight}", lambda: _truck(level, freight))


def _truck(level: int, freight: str) -> Prototype:
    shell = _cut("cab").at(level)
    half: Slots = {}
    whole: Slots = {}
    panels.wells(shell, CAB, half)
    fascia.fit_front(shell, CAB, CAB_FACE, half)
    panels.seams(shell, CAB, half)
    _mirrors(shell, 1.95, 0.62, level, half)
    frame = _cab_inside(shell, level, whole)
    if level == 2:
        fittings.wipers(shell, CAB.cowl, 0.5 * CAB.size[0], whole)
        at, normal = shell.probe(0, 1, (1.28, -0.46))
        fittings.handle(at, normal, half, "black")
    shell.collect(half)
    front = 3.05
    for slots in (half, whole):
        for slot, meshes in slots.items():
            slots[slot] = [moved(mesh, (0, 0, front)) for mesh in meshes]
    words = ((frame[0] + vec(0, 0, front), *frame[1:]), _chassis(level, half, whole))
    _freight(level, freight, half, whole)
    radius, width = CAB.tyre
    axles = (Axle(front + CAB.axles[0], 1.02, radius, width, design=HEAVY),
             Axle(-2.05, 1.06, radius, width, twin=True, design=HEAVY))  # fmt: skip
    return Prototype(
        both_sides(half, whole),
        axles,
        fascia.beams(half),
        level,
        (1.4, 3.3),
        (-3.9, 1.8, 1.1),
        words,
    )


def _cab_inside(shell: Shell, level: int, whole: Slots) -> plates.Frame:
    """Front plate, seats, dashboard and driver of a cab; returns where the plate's words go."""
    half = 0.5 * CAB.size[0]
    at, normal = shell.probe(2, 1, (0.02, 0.66))
    frame = plates.frame(at * [0, 1, 1], normal)
    plate, holder = plates.blank(frame)
    whole["plate"], whole["black"] = [plate], [holder]
    whole["floor"] = [cabin.floor(half, 0.62, (-0.7, 0.5), 1.0)]
    if level == 0:
        return frame
    seats: list[Mesh] = []
    for x in (-0.68, 0.68):
        seats += cabin.seat((x, 1.52, -0.36), 0.52, level)
    whole["seat"] = seats
    board = soft_box((-1.05, 1.05), (1.18, 1.50), (0.30, 0.74), 0.07)
    wheel = (-0.68, 1.62, 0.22)
    whole["cabin"] = [board, cabin.steering_wheel(wheel, 0.22, 0.8, level)]
    edge = shell.line(BELT, CAB.cowl, CAB.base)
    for side in (1.0, -1.0):
        card = cabin.card(edge, 0.8, 0.05)
        whole["cabin"].append(card if side > 0 else card.mirrored())
    cabin.driver((-0.68, 1.54, -0.36), wheel, level, whole)
    return frame


def _chassis(level: int, half: Slots, whole: Slots) -> plates.Frame:
    """Frame, tanks, side guards, mudguards, the bar at the rear with its lamps and plate."""
    steel = half.setdefault("plastic", [])
    steel.append(block((0.36, 0.44), (0.70, 0.96), (-3.9, 2.6), 0.01, level))
    steel.append(block((0.55, 1.10), (0.46, 0.92), (0.35, 1.45), (0.06, 0.06, 0.04), level))
    steel.append(block((0.0, 1.16), (0.46, 0.60), (-3.98, -3.86), 0.02, level))
    for y in (0.52, 0.76) if level else (0.52,):
        steel.append(block((1.14, 1.18), (y, y + 0.12), (-1.25, 0.25), 0.015, level))
    if level:
        guard = turned(
            [(0.90, 0.535), (1.22, 0.535)], (6, 6, 10)[level], (0.08 * np.pi, 0.92 * np.pi)
        )
        steel.append(moved(guard, (0, 0.47, -2.05)))
        steel.append(moved(_inner(guard), (0, 0.47, -2.05)))
    steel.append(block((0.86, 1.20), (0.18, 0.62), (-2.72, -2.70), 0.004, level))
    for x0, x1, slot in ((0.72, 0.84, "indicator"), (0.84, 0.98, "brake"), (0.98, 1.14, "tail")):
        if level == 0 and slot == "indicator":
            continue
        half.setdefault(slot, []).append(block((x0, x1), (0.63, 0.77), (-4.00, -3.94), 0.01, level))
    half.setdefault("plastic", []).append(
        block((0.70, 1.16), (0.60, 0.80), (-3.96, -3.90), 0.01, level)
    )
    place = plates.frame(np.array([0.0, 0.70, -3.93]), np.array([0.0, 0.0, -1.0]))
    plate, holder = plates.blank(place)
    whole.setdefault("plate", []).append(plate)
    whole.setdefault("black", []).append(holder)
    return place


def _inner(mesh: Mesh) -> Mesh:
    return Mesh(mesh.points, np.ascontiguousarray(mesh.faces[:, ::-1]), -mesh.normals, mesh.uv)


def _freight(level: int, freight: str, half: Slots, whole: Slots) -> None:
    """The load space: a box, a tarpaulin over boards, or an open platform."""
    back, front, floor, top, wide = -3.98, 1.92, 1.06, 3.30, 1.24
    whole.setdefault("plastic", []).append(
        block((-1.22, 1.22), (0.94, floor), (back + 0.02, front), 0.02, level)
    )
    if freight == "flatbed":
        whole.setdefault("boards", []).append(
            block((-wide, wide), (floor, floor + 0.06), (back, front), 0.01, level))  # fmt: skip
        half.setdefault("boards", []).append(
            block((wide - 0.04, wide), (floor, floor + 0.45), (back, front - 0.1), 0.01, level)
        )
        for z in (back, front - 0.06):
            whole["boards"].append(
                soft_box(
                    (-wide, wide), (floor, floor + (0.45 if z < 0 else 1.0)), (z, z + 0.05), 0.01
                )
            )
        whole.setdefault("crate", []).append(
            block((-0.9, 0.5), (1.12, 2.0), (-1.6, 0.9), 0.03, level)
        )
        return
    slot = "box" if freight == "box" else "tarpaulin"
    soft = 0.03 if freight == "box" else 0.07
    whole.setdefault(slot, []).append(
        block((-wide, wide), (floor, top), (back, front), soft, level)
    )
    if level < 1:
        return
    dark = whole.setdefault("gap", [])
    dark.append(_band((0.0, 0.02), (floor + 0.05, top - 0.05), back - 0.003))
    if freight == "box":
        rail = half.setdefault("steel", [])
        rail.append(
            block(
                (wide - 0.03, wide + 0.008),
                (floor - 0.02, floor + 0.07),
                (back, front),
                0.01,
                level,
            )
        )
        rail.append(
            block(
                (wide - 0.05, wide + 0.008), (top - 0.07, top + 0.008), (back, front), 0.01, level
            )
        )
        for x in (0.34, 0.80) if level == 2 else ():
            rail.append(
                tube([(x, floor + 0.04, back - 0.03), (x, top - 0.06, back - 0.03)], 0.016, 5)
            )
        return
    for z in np.linspace(back + 0.3, front - 0.3, 9 if level == 2 else 0):
        strap = [(wide + 0.004, floor - 0.02, z), (wide + 0.004, floor + 0.32, z)]
        half.setdefault("black", []).append(tube(strap, 0.012, 4, caps=False))
    half.setdefault("boards", []).append(
        block((wide - 0.02, wide), (floor - 0.04, floor + 0.06), (back, front), 0.01, level)
    )


def _band(x: tuple[float, float], y: tuple[float, float], z: float) -> Mesh:
    """A dark upright stripe that faces back."""
    return flat(*quads([[(x[0], y[0], z), (x[0], y[1], z), (x[1], y[1], z), (x[1], y[0], z)]]))
