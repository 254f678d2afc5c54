"""Bicycles: city, road and mountain bikes."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from isthmus.synth.world.mesh import Mesh, box
from isthmus.synth.world.vehicles.prototype import Slots
from isthmus.synth.world.vehicles.rider import Seat
from isthmus.synth.world.vehicles.solids import block, joined, moved, tube, turned, vec

DESIGNS = ("city", "road", "mountain")
HUB_REAR, HUB_FRONT, RADIUS = -0.46, 0.58, 0.345
CRANK, PEDAL = (0.285, -0.03), 0.17
"""Bottom bracket (y, z) and length of the cranks."""


def wheel(radius: float, tyre: float, level: int) -> Slots:
    """A spoked wheel about X; slots `tyre`, `spoke`."""
    segments = (12, 18, 28)[level]
    around = np.linspace(0, 2 * np.pi, (4, 5, 7)[level])[::-1] + 0.5 * np.pi
    ring = np.stack([tyre * np.cos(around), radius - tyre + tyre * np.sin(around)], axis=1)
    inner = radius - 2 * tyre
    rim = [
        (0.011, inner + 0.004),
        (0.010, inner - 0.016),
        (-0.010, inner - 0.016),
        (-0.011, inner + 0.004),
    ]
    out: Slots = {"tyre": [turned(ring[::-1], segments, sharp=80)], "spoke": []}
    if level:
        out["spoke"] += [turned(rim[::-1], segments), turned([(-0.035, 0.02), (0.035, 0.02)], 6)]
        for k in range((0, 8, 18)[level]):
            angle = 2 * np.pi * k / (0, 8, 18)[level]
            at = np.array([0.0, np.sin(angle), np.cos(angle)])
            foot = 0.02 * np.array([0.0, np.sin(angle + 1.2), np.cos(angle + 1.2)])
            ends = [foot + vec(0.025 * (-1) ** k, 0, 0), (inner - 0.01) * at]
            out["spoke"].append(tube(ends, 0.0016 if level == 2 else 0.003, 3, caps=False))
    return out


def seat(design: str, phase: float) -> Seat:
    """How one sits on it, cranks at `phase` radians."""
    feet = []
    for sign in (-1.0, 1.0):
        turn = phase + (0.0 if sign < 0 else np.pi)
        y, z = CRANK[0] + PEDAL * np.sin(turn), CRANK[1] + PEDAL * np.cos(turn)
        feet.append((sign * 0.115, y + 0.095, z - 0.07))
    ankles = (feet[0], feet[1])
    if design == "road":
        return Seat((1.02, -0.27), 0.80, (0.21, 0.96, 0.50), ankles)
    if design == "mountain":
        return Seat((0.99, -0.27), 0.52, (0.29, 1.03, 0.36), ankles)
    return Seat((0.99, -0.29), 0.20, (0.27, 1.08, 0.22), ankles)


@lru_cache(maxsize=32)
def bicycle(design: str, level: int, phase: int) -> dict[str, Mesh]:
    """Meshes of a bicycle by slot; the cranks stand at `phase` eighths of a turn."""
    sides = (3, 5, 8)[level]
    tyre = {"road": 0.014, "city": 0.020, "mountain": 0.027}[design]
    out: Slots = {}
    for z in (HUB_REAR, HUB_FRONT):
        for slot, meshes in wheel(RADIUS, tyre, level).items():
            out.setdefault(slot, []).extend(moved(m, (0, RADIUS, z)) for m in meshes)
    _frame(design, sides, out)
    _bars(design, sides, out)
    _drive(phase, sides, level, out)
    if design == "city":
        _city(level, out)
    out.setdefault("head_small", []).append(
        moved(lamp_disc(0.026), (0, 0.86 if design != "city" else 0.78, 0.50)))  # fmt: skip
    out.setdefault("tail", []).append(
        box((-0.025, 0.025), (0.70, 0.74), (-0.42, -0.40)))  # fmt: skip
    return {slot: joined(meshes) for slot, meshes in out.items() if meshes}


def _frame(design: str, sides: int, out: Slots) -> None:
    frame = out.setdefault("paint", [])
    bracket = (0.0, *CRANK)
    seat_top, head_top, head_low = (0.0, 0.80, -0.20), (0.0, 0.86, 0.36), (0.0, 0.70, 0.42)
    frame.append(tube([bracket, seat_top], 0.017, sides))
    frame.append(tube([bracket, head_low], 0.020, sides))
    frame.append(tube([head_top, head_low], 0.021, sides))
    top = [(0, 0.50, -0.11), (0, 0.52, 0.10), (0, 0.76, 0.39)] if design == "city" else [
        (0, 0.78, -0.19), (0, 0.83, 0.37)]  # fmt: skip
    frame.append(tube(top, 0.016, sides))
    for side in (-1.0, 1.0):
        hub = (side * 0.06, RADIUS, HUB_REAR)
        frame.append(tube([(side * 0.02, 0.76, -0.19), hub], 0.009, max(sides - 1, 3)))
        frame.append(tube([(side * 0.03, *CRANK), hub], 0.010, max(sides - 1, 3)))
        crown = (side * 0.045, 0.68, 0.43)
        frame.append(tube([crown, (side * 0.05, 0.50, 0.50), (side * 0.05, RADIUS, HUB_FRONT)],
                          [0.014, 0.013, 0.009], sides))  # fmt: skip
    out.setdefault("steel", []).append(tube([seat_top, (0, 0.93, -0.24)], 0.013, sides))
    level = 2 if sides == 8 else 0
    saddle = block((-0.07, 0.07), (0.925, 0.985), (-0.37, -0.20), (0.05, 0.025, 0.04), level)
    horn = block((-0.028, 0.028), (0.935, 0.98), (-0.24, -0.10), (0.02, 0.02, 0.03), level)
    out.setdefault("black", []).extend([saddle, horn])


def _bars(design: str, sides: int, out: Slots) -> None:
    stem = out.setdefault("steel", [])
    grip = out.setdefault("black", [])
    for side in (-1.0, 1.0):
        if design == "road":
            path = [(0, 0.97, 0.42), (side * 0.20, 0.97, 0.42), (side * 0.21, 0.97, 0.50),
                    (side * 0.21, 0.90, 0.52), (side * 0.21, 0.84, 0.45)]  # fmt: skip
            grip.append(tube(path, 0.014, sides))
        elif design == "mountain":
            path = [(0, 1.00, 0.38), (side * 0.14, 1.01, 0.38), (side * 0.33, 1.02, 0.34)]
            stem.append(tube(path, 0.013, sides))
            grip.append(tube([path[1], path[2]], 0.017, sides))
        else:
            path = [
                (0, 1.02, 0.34),
                (side * 0.16, 1.08, 0.36),
                (side * 0.27, 1.07, 0.28),
                (side * 0.28, 1.06, 0.16),
            ]
            stem.append(tube(path, 0.012, sides))
            grip.append(tube([path[2], path[3]], 0.017, sides))
    foot = (0, 1.00 if design != "road" else 0.97, 0.36)
    stem.append(tube([(0, 0.85, 0.36), foot], 0.014, sides))


def _drive(phase: int, sides: int, level: int, out: Slots) -> None:
    """Chain wheel, chain, cranks and pedals."""
    steel = out.setdefault("steel", [])
    disc = turned([(0.038, 0.095), (0.042, 0.09), (0.042, 0.001)], (8, 10, 16)[level])
    steel.append(moved(disc, (0, *CRANK)))
    for dy in (0.09, -0.09):
        chain = [(0.045, CRANK[0] + dy, CRANK[1]), (0.045, RADIUS + 0.35 * dy, HUB_REAR)]
        out.setdefault("black", []).append(tube(chain, 0.006, 4, caps=False))
    for sign in (-1.0, 1.0):
        turn = phase * np.pi / 4 + (0.0 if sign < 0 else np.pi)
        y, z = CRANK[0] + PEDAL * np.sin(turn), CRANK[1] + PEDAL * np.cos(turn)
        end = vec(sign * 0.08, y, z)
        steel.append(tube([vec(sign * 0.06, *CRANK), end], 0.011, sides))
        pedal = box((-0.045, 0.045), (-0.012, 0.012), (-0.04, 0.04))
        out["black"].append(moved(pedal, end + vec(sign * 0.05, 0, 0)))


def _city(level: int, out: Slots) -> None:
    """Mudguards, carrier, chain guard and a basket."""
    guard = out.setdefault("paint_low", [])
    segments = (5, 7, 12)[level]
    for z, arc in ((HUB_REAR, (0.22, 1.10)), (HUB_FRONT, (0.20, 0.98))):
        over = turned([(-0.028, RADIUS + 0.010), (0.0, RADIUS + 0.022), (0.028, RADIUS + 0.010)],
                      segments, (arc[0] * np.pi, arc[1] * np.pi), sharp=80)  # fmt: skip
        under = Mesh(over.points, np.ascontiguousarray(over.faces[:, ::-1]), -over.normals, over.uv)
        guard.extend(moved(m, (0, RADIUS, z)) for m in (over, under))
    black = out.setdefault("black", [])
    for x in (-0.06, 0.06):
        black.append(tube([(x, 0.73, -0.20), (x, 0.74, -0.66)], 0.006, 4))
        black.append(tube([(x, 0.74, -0.60), (x, RADIUS, HUB_REAR)], 0.005, 4))
    for y in (0.80, 0.87, 0.94, 1.01) if level else (0.80, 1.01):
        loop = [
            (-0.17, y, 0.46),
            (0.17, y, 0.46),
            (0.17, y, 0.72),
            (-0.17, y, 0.72),
            (-0.17, y, 0.46),
        ]
        black.append(tube(loop, 0.004 if y < 1 else 0.007, 3 if level == 0 else 4, caps=False))
    for x in np.linspace(-0.17, 0.17, 6 if level else 2):
        for z in (0.46, 0.72):
            black.append(tube([(x, 0.79, z), (x, 1.01, z)], 0.004, 3, caps=False))
    black.append(box((-0.17, 0.17), (0.785, 0.80), (0.46, 0.72)))


def lamp_disc(radius: float) -> Mesh:
    """A small disc that faces forward."""
    disc = turned([(0.0, radius), (0.008, 0.001)], 8)
    points = disc.points[:, [2, 1, 0]] * np.array([-1, 1, 1], np.float32)
    normals = disc.normals[:, [2, 1, 0]] * np.array([-1, 1, 1], np.float32)
    return Mesh(points, disc.faces, normals, disc.uv)
