"""Proportions of the passenger cars: control points, axles, and where their doors are.

The figures are those of a body without name: current mainstream proportions, measured in metres
for lengths and heights and in shares of half the width for x.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from isthmus.synth.world.vehicles.cage import (
    BELT,
    CREST,
    FLANK,
    FLOOR,
    FLOOR_MIDDLE,
    RAIL,
    RING,
    ROCKER,
    ROOF,
    SHOULDER,
    SILL,
    Body,
)  # fmt: skip

Row = tuple[float, ...]


@dataclass(frozen=True)
class Style:
    """One body style.

    Attributes:
        category: word in `thing.CATEGORIES`.
        size: (width without mirrors, height, length) of the body.
        axles: z of the front and the rear axle.
        tyre: (outer radius, width) of the wheels.
        stations: rows nose to tail: z and half width of the flank, y of sill, flank and shoulder,
            x of the shoulder, (z, y, x) of the belt line, (z, y, x) of the rail, (z, y) of the
            crest.
        nose: rows rocker to belt: y, z on the axis, z in the middle.
        tail: the same of the rear.
        cowl, header, backlight, base: rings between which wind-screen and rear window lie.
        pillars: for each pillar between side windows: z at the belt line, z at the rail, width.
        doors: for each door: z of its front and its rear edge at the belt line.
        glazed: z of the front and rear ends of the side windows at the belt line.
        rake: dz/dy of the rearmost edge of the side windows.
        seats: z of the hips of each row of seats.
        cladding: unpainted sills and arches.
        rear_kind: boot lid, tailgate, or an open bed.
        bonnet: it has one, with shut lines.
        edge: sharpness of the roof's edge.
        corners: sharpness of the corners of nose and tail in plan.
        rails: roof rails.
    """

    category: str
    size: tuple[float, float, float]
    axles: tuple[float, float]
    tyre: tuple[float, float]
    stations: tuple[Row, ...]
    nose: tuple[Row, ...]
    tail: tuple[Row, ...]
    pillars: tuple[Row, ...]
    doors: tuple[tuple[float, float], ...]
    glazed: tuple[float, float]
    rake: float
    seats: tuple[float, ...]
    cowl: int = 3
    header: int = 4
    backlight: int = 7
    base: int = 8
    cladding: bool = False
    rear_kind: Literal["boot", "gate", "bed"] = "gate"
    bonnet: bool = True
    edge: int = 0
    corners: tuple[int, int] = (0, 0)
    rails: Literal["", "bright", "black"] = ""


def body(style: Style) -> Body:
    """Control points of a style."""
    half = 0.5 * style.size[0]
    rings = np.zeros((len(style.stations), RING, 3))
    for ring, row in zip(rings, style.stations, strict=True):
        z, w, sill, flank, shoulder, x5, zb, yb, xb, zr, yr, xr, zc, yc = row
        ring[FLOOR] = 0.0, sill, z
        ring[FLOOR_MIDDLE] = 0.55 * w, sill, z
        ring[SILL] = 0.915 * w, sill, z
        ring[ROCKER] = 0.985 * w, sill + 0.42 * (flank - sill), z
        ring[FLANK] = w, flank, z
        ring[SHOULDER] = x5, shoulder, 0.5 * (z + zb)
        ring[BELT] = xb, yb, zb
        ring[RAIL] = xr, yr, zr
        ring[ROOF] = 0.55 * xr, yr + 0.82 * (yc - yr), zr + 0.75 * (zc - zr)
        ring[CREST] = 0.0, yc, zc
    ends = []
    for end, table in ((rings[0], style.nose), (rings[-1], style.tail)):
        grid = np.zeros((4, 2, 3))
        for i, (y, axis, middle) in enumerate(table):
            across = 0.58 * end[ROCKER + i, 0]
            grid[i] = (0.0, y, axis), (across, y, middle)
        ends.append(grid)
        # The floor's edge follows the lowest row of the fascia.
        end[FLOOR, 2], end[FLOOR_MIDDLE, 2] = (
            table[0][1] - np.sign(table[0][1]) * 0.06, table[0][2] - np.sign(table[0][2]) * 0.06,
        )  # fmt: skip
    for part in (rings, *ends):
        part[..., 0] *= half
    return Body(rings, ends[0], ends[1], _creases(style))


def _creases(style: Style) -> tuple[tuple[tuple[int, int], tuple[int, int], int], ...]:
    """Sharp edges: the foot of the wind-screen, the belt line, the foot of the rear window."""
    last = len(style.stations) - 1
    found = []
    for ring, keen in ((style.cowl, 2), (style.header, 1), (style.backlight, 1), (style.base, 2)):
        found += [((ring, point), (ring, point + 1), keen) for point in (RAIL, ROOF)]
    found += [((ring, BELT), (ring + 1, BELT), 1) for ring in range(1, last - 1)]
    found += [((ring, RAIL), (ring + 1, RAIL), 1) for ring in range(style.cowl)]
    found += [
        ((ring, RAIL), (ring + 1, RAIL), style.edge) for ring in range(style.header, style.base)
    ]
    for ring, keen in ((0, style.corners[0]), (last, style.corners[1])):
        found += [((ring, row), (ring, row + 1), keen) for row in range(SILL, RAIL)]
    found = [edge for edge in found if edge[2]]
    found += [((ring, SHOULDER), (ring + 1, SHOULDER), 1) for ring in range(1, last - 1)]
    return tuple(found)


SEDAN = Style(
    category="car",
    size=(1.83, 1.45, 4.70),
    axles=(1.47, -1.27),
    tyre=(0.335, 0.225),
    stations=(
        (2.06, 0.91, 0.22, 0.54, 0.67, 0.875, 2.03, 0.735, 0.80, 2.03, 0.765, 0.62, 2.20, 0.80),
        (1.84, 0.98, 0.19, 0.59, 0.74, 0.955, 1.82, 0.815, 0.88, 1.80, 0.84, 0.74, 1.88, 0.865),
        (1.47, 1.00, 0.18, 0.60, 0.79, 0.975, 1.47, 0.87, 0.91, 1.44, 0.895, 0.79, 1.50, 0.92),
        (1.05, 0.99, 0.18, 0.60, 0.82, 0.970, 0.98, 0.90, 0.91, 0.80, 0.95, 0.80, 1.04, 0.98),
        (0.50, 0.985, 0.18, 0.60, 0.84, 0.970, 0.45, 0.92, 0.915, 0.04, 1.35, 0.645, 0.16, 1.41),
        (-0.1, 0.985, 0.18, 0.6, 0.855, 0.97, -0.15, 0.93, 0.915, -.36, 1.395, 0.635, -0.36, 1.455),
        (-0.7, 0.99, 0.18, 0.6, 0.87, 0.97, -0.75, 0.945, 0.91, -0.9, 1.345, 0.62, -0.95, 1.405),
        (-1.27, 1.0, 0.18, 0.62, 0.9, 0.97, -1.38, 0.985, 0.895, -1.48, 1.06, 0.69, -1.64, 1.085),
        (-1.74, 0.985, 0.20, 0.64, 0.91, 0.945, -1.80, 0.99, 0.87, -1.84, 1.03, 0.69, -1.90, 1.055),
        (-2.08, 0.92, 0.27, 0.62, 0.88, 0.885, -2.10, 0.97, 0.82, -2.12, 1.01, 0.64, -2.24, 1.04),
    ),
    nose=((0.36, 2.33, 2.26), (0.52, 2.36, 2.28), (0.66, 2.355, 2.27), (0.77, 2.31, 2.22)),
    tail=((0.38, -2.32, -2.27), (0.58, -2.36, -2.30), (0.78, -2.33, -2.26), (0.95, -2.29, -2.22)),
    pillars=((-0.16, -0.30, 0.10),),
    doors=((0.98, -0.16), (-0.16, -1.20)),
    glazed=(0.80, -1.42),
    rake=-0.35,
    seats=(0.02, -0.85),
    backlight=6, base=7,
    rear_kind="boot",
)  # fmt: skip

HATCHBACK = Style(
    category="car",
    size=(1.79, 1.47, 4.22),
    axles=(1.27, -1.35),
    tyre=(0.322, 0.210),
    stations=(
        (1.83, 0.91, 0.22, 0.55, 0.70, 0.875, 1.79, 0.77, 0.80, 1.80, 0.80, 0.62, 1.96, 0.835),
        (1.62, 0.98, 0.19, 0.60, 0.77, 0.955, 1.60, 0.845, 0.88, 1.57, 0.875, 0.74, 1.66, 0.90),
        (1.27, 1.00, 0.18, 0.61, 0.81, 0.975, 1.25, 0.90, 0.91, 1.21, 0.93, 0.79, 1.28, 0.955),
        (0.84, 0.99, 0.18, 0.61, 0.84, 0.970, 0.78, 0.93, 0.91, 0.64, 0.985, 0.80, 0.88, 1.02),
        (0.32, 0.985, 0.18, 0.61, 0.86, 0.970, 0.27, 0.955, 0.915, -0.04, 1.37, 0.66, 0.08, 1.43),
        (-0.25, 0.985, 0.18, 0.61, 0.88, 0.970, -0.30, 0.97, 0.915, -0.46, 1.42, 0.65, -0.46, 1.48),
        (-0.8, 0.99, 0.18, 0.61, 0.9, 0.97, -0.85, 0.995, 0.91, -1.0, 1.395, 0.635, -1.05, 1.455),
        (-1.35, 1.00, 0.18, 0.63, 0.92, 0.970, -1.44, 1.035, 0.89, -1.54, 1.31, 0.60, -1.62, 1.375),
        (-1.66, 0.985, 0.20, 0.64, 0.90, 0.940, -1.76, 1.00, 0.85, -1.84, 1.02, 0.71, -2.00, 1.03),
        (-1.88, 0.92, 0.26, 0.62, 0.82, 0.885, -1.92, 0.90, 0.83, -1.94, 0.945, 0.70, -2.07, 0.955),
    ),
    nose=((0.36, 2.09, 2.02), (0.53, 2.12, 2.04), (0.68, 2.115, 2.03), (0.80, 2.07, 1.98)),
    tail=((0.38, -2.10, -2.06), (0.55, -2.15, -2.10), (0.71, -2.12, -2.06), (0.86, -2.10, -2.04)),
    pillars=((-0.30, -0.40, 0.10),),
    doors=((0.80, -0.30), (-0.30, -1.22)),
    glazed=(0.62, -1.50),
    rake=-0.15,
    seats=(-0.15, -0.98),
)  # fmt: skip

ESTATE = replace(
    SEDAN,
    size=(1.83, 1.47, 4.72),
    stations=(
        *SEDAN.stations[:6],
        (-0.7, 0.99, 0.18, 0.6, 0.87, 0.97, -0.75, 0.945, 0.91, -0.95, 1.395, 0.63, -1.0, 1.455),
        (-1.27, 1.0, 0.18, 0.62, 0.89, 0.97, -1.45, 0.98, 0.9, -1.8, 1.33, 0.6, -1.9, 1.39),
        (-1.74, 0.985, 0.2, 0.64, 0.9, 0.945, -1.95, 0.975, 0.87, -2.08, 0.995, 0.72, -2.22, 1.015),
        (-2.08, 0.92, 0.27, 0.62, 0.83, 0.885, -2.10, 0.890, 0.83, -2.14, 0.930, 0.70, -2.28, 0.94),
    ),
    tail=((0.38, -2.32, -2.28), (0.56, -2.36, -2.31), (0.72, -2.33, -2.27), (0.85, -2.31, -2.25)),
    pillars=((-0.16, -0.30, 0.10), (-1.10, -1.20, 0.08)),
    glazed=(0.80, -1.98),
    backlight=7, base=8,
    rear_kind="gate",
    rails="bright",
)  # fmt: skip

SUV = Style(
    category="car",
    size=(1.86, 1.65, 4.48),
    axles=(1.40, -1.28),
    tyre=(0.358, 0.235),
    stations=(
        (1.95, 0.92, 0.30, 0.66, 0.83, 0.885, 1.92, 0.905, 0.82, 1.92, 0.94, 0.66, 2.07, 0.975),
        (1.76, 0.985, 0.26, 0.70, 0.88, 0.960, 1.74, 0.970, 0.89, 1.72, 1.00, 0.77, 1.80, 1.025),
        (1.40, 1.00, 0.25, 0.71, 0.92, 0.978, 1.40, 1.015, 0.915, 1.36, 1.045, 0.80, 1.42, 1.07),
        (0.96, 0.99, 0.25, 0.71, 0.95, 0.975, 0.88, 1.045, 0.92, 0.74, 1.10, 0.81, 0.98, 1.14),
        (0.45, 0.985, 0.25, 0.71, 0.965, 0.975, 0.38, 1.065, 0.925, 0.10, 1.52, 0.69, 0.22, 1.59),
        (-0.15, 0.985, 0.25, 0.71, 0.98, 0.975, -0.2, 1.08, 0.925, -.36, 1.585, 0.68, -0.36, 1.655),
        (-0.75, 0.99, 0.25, 0.71, 0.99, 0.975, -0.78, 1.095, 0.92, -1.00, 1.57, 0.67, -1.05, 1.64),
        (-1.28, 1.0, 0.25, 0.73, 1.01, 0.978, -1.45, 1.12, 0.905, -1.68, 1.5, 0.635, -1.8, 1.565),
        (-1.70, 0.985, 0.28, 0.74, 1.00, 0.95, -1.86, 1.09, 0.87, -1.95, 1.12, 0.73, -2.10, 1.14),
        (-1.98, 0.93, 0.34, 0.72, 0.92, 0.895, -2.02, 0.99, 0.84, -2.05, 1.03, 0.72, -2.16, 1.05),
    ),
    nose=((0.44, 2.19, 2.13), (0.62, 2.22, 2.15), (0.80, 2.215, 2.14), (0.93, 2.17, 2.09)),
    tail=((0.46, -2.20, -2.16), (0.64, -2.25, -2.20), (0.80, -2.22, -2.16), (0.95, -2.19, -2.13)),
    pillars=((-0.22, -0.34, 0.10), (-1.12, -1.22, 0.08)),
    doors=((0.90, -0.22), (-0.22, -1.16)),
    glazed=(0.74, -1.80),
    rake=-0.20,
    seats=(0.00, -0.85),
    cladding=True,
    rails="black",
)  # fmt: skip

PICKUP = Style(
    category="car",
    size=(1.88, 1.80, 5.30),
    axles=(1.72, -1.50),
    tyre=(0.380, 0.255),
    stations=(
        (2.38, 0.92, 0.36, 0.74, 0.90, 0.885, 2.35, 0.98, 0.83, 2.36, 1.02, 0.68, 2.50, 1.06),
        (2.16, 0.985, 0.33, 0.78, 0.96, 0.965, 2.14, 1.045, 0.90, 2.12, 1.085, 0.79, 2.20, 1.11),
        (1.72, 1.00, 0.32, 0.78, 0.98, 0.978, 1.72, 1.075, 0.92, 1.70, 1.11, 0.81, 1.74, 1.14),
        (1.22, 0.99, 0.32, 0.78, 1.00, 0.975, 1.12, 1.10, 0.925, 1.00, 1.155, 0.82, 1.22, 1.19),
        (0.70, 0.985, 0.32, 0.78, 1.02, 0.975, 0.62, 1.115, 0.925, 0.36, 1.64, 0.71, 0.46, 1.72),
        (0.05, 0.985, 0.32, 0.78, 1.03, 0.975, 0.00, 1.125, 0.925, -0.15, 1.71, 0.70, -0.15, 1.79),
        (-0.70, 0.985, 0.32, 0.78, 1.03, 0.975, -0.75, 1.13, 0.92, -0.86, 1.67, 0.69, -0.90, 1.75),
        (-1.10, 0.99, 0.32, 0.78, 1.03, 0.975, -1.10, 1.13, 0.94, -1.06, 1.145, 0.90, -1.06, 1.15),
        (-1.80, 1.00, 0.34, 0.78, 1.03, 0.978, -1.80, 1.13, 0.95, -1.80, 1.145, 0.90, -1.80, 1.15),
        (-2.52, 0.97, 0.42, 0.76, 1.02, 0.955, -2.54, 1.11, 0.93, -2.56, 1.14, 0.89, -2.60, 1.145),
    ),
    nose=((0.50, 2.62, 2.57), (0.70, 2.66, 2.60), (0.88, 2.65, 2.58), (1.02, 2.60, 2.53)),
    tail=((0.52, -2.62, -2.60), (0.72, -2.66, -2.64), (0.88, -2.645, -2.63), (1.04, -2.63, -2.61)),
    pillars=((0.05, -0.06, 0.10),),
    doors=((1.16, 0.05), (0.05, -0.96)),
    glazed=(1.02, -0.94),
    rake=-0.12,
    seats=(0.30, -0.60),
    backlight=6, base=7,
    cladding=True,
    rear_kind="bed",
)  # fmt: skip

MINIBUS = Style(
    category="van",
    size=(1.92, 1.97, 4.98),
    axles=(1.58, -1.48),
    tyre=(0.335, 0.220),
    stations=(
        (2.20, 0.92, 0.26, 0.60, 0.78, 0.885, 2.15, 0.88, 0.83, 2.14, 0.93, 0.68, 2.32, 0.97),
        (1.98, 0.985, 0.23, 0.66, 0.87, 0.960, 1.95, 0.98, 0.90, 1.92, 1.03, 0.80, 2.06, 1.07),
        (1.58, 1.00, 0.22, 0.68, 0.93, 0.975, 1.62, 1.04, 0.925, 1.64, 1.10, 0.84, 1.82, 1.14),
        (1.20, 1.00, 0.22, 0.70, 0.97, 0.980, 1.28, 1.08, 0.935, 1.36, 1.17, 0.85, 1.62, 1.21),
        (0.70, 1.00, 0.22, 0.70, 1.00, 0.980, 0.70, 1.10, 0.94, 0.52, 1.79, 0.80, 0.70, 1.87),
        (0.00, 1.00, 0.22, 0.70, 1.00, 0.980, 0.00, 1.11, 0.94, -0.10, 1.88, 0.795, -0.10, 1.96),
        (-0.75, 1.00, 0.22, 0.70, 1.00, 0.980, -0.80, 1.11, 0.94, -0.90, 1.89, 0.795, -0.90, 1.97),
        (-1.48, 1.00, 0.22, 0.70, 1.00, 0.980, -1.60, 1.11, 0.935, -2.20, 1.85, 0.775, -2.28, 1.92),
        (-1.95, 0.99, 0.24, 0.70, 1.00, 0.970, -2.20, 1.10, 0.92, -2.40, 1.12, 0.82, -2.46, 1.13),
        (-2.34, 0.96, 0.30, 0.68, 0.92, 0.940, -2.40, 1.00, 0.89, -2.42, 1.04, 0.80, -2.48, 1.05),
    ),
    nose=((0.42, 2.42, 2.36), (0.58, 2.46, 2.39), (0.74, 2.44, 2.36), (0.88, 2.40, 2.31)),
    tail=((0.42, -2.46, -2.45), (0.60, -2.50, -2.48), (0.78, -2.50, -2.48), (0.94, -2.49, -2.47)),
    pillars=((0.26, 0.22, 0.12), (-0.86, -0.88, 0.10)),
    doors=((1.22, 0.26), (0.26, -0.86)),
    glazed=(1.24, -2.24),
    rake=-0.10,
    seats=(0.62, -0.35, -1.30),
    edge=1, corners=(0, 1),
)  # fmt: skip


def stretched(style: Style, size: tuple[float, float, float], **changed: Any) -> Style:
    """A style scaled to another size; whatever lies along Z goes with it."""
    k = size[2] / style.size[2]
    return replace(
        style,
        size=size,
        axles=(k * style.axles[0], k * style.axles[1]),
        pillars=tuple((k * a, k * b, c) for a, b, c in style.pillars),
        doors=tuple((k * a, k * b) for a, b in style.doors),
        glazed=(k * style.glazed[0], k * style.glazed[1]),
        seats=tuple(k * z for z in style.seats),
        **changed,
    )


PANEL_VAN = replace(MINIBUS, glazed=(1.24, 0.30), pillars=(), seats=(0.62,))
HIGH_VAN = stretched(PANEL_VAN, (2.02, 2.52, 5.60), tyre=(0.345, 0.225))

CARS: Mapping[str, Style] = MappingProxyType(
    {
        "hatchback": HATCHBACK, "sedan": SEDAN, "estate": ESTATE, "suv": SUV, "pickup": PICKUP,
        "minibus": MINIBUS, "panel_van": PANEL_VAN, "high_van": HIGH_VAN,
    }
)  # fmt: skip
"""All that is one body on four wheels, by name."""
