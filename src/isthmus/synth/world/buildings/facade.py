"""One façade: a wall with a grid of windows, a ground floor with shops or doors.

A façade lies in the plane z = 0 of its own axes, x from 0 to its width, y up, its outside towards
+z. Everything is made as arrays of quadrilaterals, by kind of surface.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from isthmus.synth.world.mesh import Floats, Mesh, flat, quads

Surface = Literal[
    "wall", "base", "trim", "frame", "glass", "lit", "shop", "shop_lit", "door", "sign", "awning",
    "rail", "blind",
]  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """The look of a house's façades.

    Attributes:
        floors: number of floors above the ground floor.
        floor: height of a floor, metres.
        ground: height of the ground floor, metres.
        bay: distance between windows, metres.
        window: (width, height) of a window as shares of bay and floor.
        sill: height of the sill above the floor as a share of the floor.
        recess: depth of the windows behind the wall, metres.
        panes: number of panes a window is divided into.
        shops: the front's ground floor has shop windows.
        balconies: share of the front's bays with balconies.
        cornice: how far the band under the roof juts out, metres; 0 for none.
        bands: bands between floors.
        surrounds: windows have surrounds that stand out.
        lit: share of windows with light behind them.
        blinds: share of windows with a blind or curtain.
    """

    floors: int
    floor: float = 3.0
    ground: float = 3.4
    bay: float = 2.6
    window: tuple[float, float] = (0.45, 0.55)
    sill: float = 0.28
    recess: float = 0.14
    panes: int = 2
    shops: bool = False
    balconies: float = 0.0
    cornice: float = 0.25
    bands: bool = False
    surrounds: bool = False
    lit: float = 0.3
    blinds: float = 0.35

    @property
    def height(self) -> float:
        """Height of the wall, metres."""
        return self.ground + self.floors * self.floor


@dataclass
class Quads:
    """Quadrilaterals collected by kind of surface."""

    found: dict[str, list[Floats]] = field(default_factory=lambda: defaultdict(list))

    def add(self, surface: Surface, corners: Any) -> None:
        """Add (k, 4, 3) corners, counter-clockwise seen from outside."""
        if len(corners):
            self.found[surface].append(np.asarray(corners, np.float32).reshape(-1, 4, 3))

    def meshes(self) -> dict[str, Mesh]:
        """One mesh of each surface, in a fixed order."""
        return {name: flat(*quads(np.concatenate(self.found[name]))) for name in sorted(self.found)}


def panel(x0: ArrayLike, x1: ArrayLike, y0: ArrayLike, y1: ArrayLike, z: ArrayLike = 0.0) -> Floats:
    """Upright rectangles (k, 4, 3) that face +z."""
    a, b, c, d, depth = np.broadcast_arrays(x0, x1, y0, y1, z)
    corners = [(a, c), (b, c), (b, d), (a, d)]
    made = np.stack([np.stack([x, y, depth], axis=-1) for x, y in corners], axis=-2)
    return np.asarray(made, np.float32)


def bars(lows: ArrayLike, highs: ArrayLike) -> Floats:
    """Boxes (k, 3)–(k, 3) as five quadrilaterals each (no back): front, sides, top and bottom."""
    (x0, y0, z0), (x1, y1, z1) = np.asarray(lows).T, np.asarray(highs).T
    sides = [
        [(x0, y0, z1), (x1, y0, z1), (x1, y1, z1), (x0, y1, z1)],
        [(x1, y0, z1), (x1, y0, z0), (x1, y1, z0), (x1, y1, z1)],
        [(x0, y0, z0), (x0, y0, z1), (x0, y1, z1), (x0, y1, z0)],
        [(x0, y1, z1), (x1, y1, z1), (x1, y1, z0), (x0, y1, z0)],
        [(x0, y0, z0), (x1, y0, z0), (x1, y0, z1), (x0, y0, z1)],
    ]
    stacked = [[np.stack(corner, axis=-1) for corner in side] for side in sides]
    made = np.stack([np.stack(side, axis=-2) for side in stacked], axis=1).reshape(-1, 4, 3)
    return np.asarray(made, np.float32)


def facade(
    plan: Plan, width: float, front: bool, rng: np.random.Generator, detail: int = 2
) -> dict[str, Mesh]:
    """Meshes of one façade by kind of surface.

    Args:
        plan: the house's look.
        width: metres.
        front: this side has the door, the shops and the balconies.
        rng: which windows are lit and where balconies hang.
        detail: 2 with recesses, frames and sills; 1 and 0 with flat windows.
    """
    out = Quads()
    bays = max(int((width - 0.5) / plan.bay), 1)
    margin = (width - bays * plan.bay) / 2
    column, row = (a.ravel() for a in np.meshgrid(np.arange(bays), np.arange(plan.floors)))
    half = plan.bay * plan.window[0] / 2
    centre = margin + (column + 0.5) * plan.bay
    bottom = plan.ground + (row + plan.sill) * plan.floor
    openings = np.stack(
        [centre - half, centre + half, bottom, bottom + plan.window[1] * plan.floor], axis=1
    )
    low = _ground_floor(out, plan, width, front, rng=rng, detail=detail)
    openings = np.concatenate([openings, low]) if len(low) else openings
    _wall(out, plan, width, openings, detail)
    _windows(out, plan, openings, rng, detail)
    if detail == 2:
        _mouldings(out, plan, width, openings)
    if front and plan.balconies > 0:
        _balconies(out, plan, openings[: len(row)], rng, detail)
    return out.meshes()


def _ground_floor(
    out: Quads, plan: Plan, width: float, front: bool, *, rng: np.random.Generator, detail: int
) -> Floats:
    """Adds shops and doors; returns openings (k, 4) of the ground floor's ordinary windows."""
    bays = max(int((width - 0.5) / plan.bay), 1)
    margin = (width - bays * plan.bay) / 2
    starts = margin + np.arange(bays) * plan.bay
    if front and plan.shops:
        _shops(out, plan, width, rng, detail)
        return np.zeros((0, 4), np.float32)
    half = plan.bay * plan.window[0] / 2
    centre = starts + plan.bay / 2
    if front:
        door = int(rng.integers(bays))
        x = centre[door]
        out.add("door", panel(x - 0.5, x + 0.5, 0.0, 2.15, 0.02))
        out.add("trim", bars(np.array([[x - 0.75, 2.2, 0.0]]), np.array([[x + 0.75, 2.32, 0.45]])))
        out.add("trim", bars(np.array([[x - 0.7, 0.0, 0.0]]), np.array([[x + 0.7, 0.16, 0.6]])))
        centre = np.delete(centre, door)
    top = 0.28 * plan.ground + plan.window[1] * plan.floor
    ones = np.ones_like(centre)
    low = 0.28 * plan.ground * ones
    return np.stack([centre - half, centre + half, low, top * ones], axis=1).astype(np.float32)


def _shops(out: Quads, plan: Plan, width: float, rng: np.random.Generator, detail: int) -> None:
    count = max(int(width / 5.5), 1)
    edges = np.linspace(0, width, count + 1)
    for left, right in pairwise(edges.tolist()):
        lit = rng.random() < 0.6
        glass: Surface = "shop_lit" if lit else "shop"
        door = left + 0.35 + rng.random() * (right - left - 1.8)
        top = plan.ground - 0.75
        spans = [(left + 0.3, door - 0.08), (door + 1.08, right - 0.3)]
        for x0, x1 in spans:
            if x1 - x0 > 0.5:
                out.add(glass, panel(x0, x1, 0.45, top, 0.03))
                out.add("frame", panel(x0 - 0.06, x1 + 0.06, 0.39, top + 0.06, 0.02))
        out.add("door", panel(door, door + 1.0, 0.02, 2.2, 0.03))
        out.add(glass, panel(door + 0.15, door + 0.85, 0.5, 2.05, 0.04))
        out.add(
            "sign",
            bars(np.array([[left + 0.2, top + 0.1, 0]]), np.array([[right - 0.2, top + 0.6, 0.1]])),
        )
        if detail and rng.random() < 0.4:
            reach = rng.uniform(0.9, 1.6)
            out.add("awning", _slope(left + 0.25, right - 0.25, top + 0.05, top - 0.45, reach))


def _slope(x0: float, x1: float, y0: float, y1: float, reach: float) -> Floats:
    """A sloping cloth seen from both sides, with a valance."""
    upper = [(x0, y1, reach), (x1, y1, reach), (x1, y0, 0.05), (x0, y0, 0.05)]
    edge = [(x0, y1 - 0.22, reach), (x1, y1 - 0.22, reach), (x1, y1, reach), (x0, y1, reach)]
    return np.array([upper, upper[::-1], edge, edge[::-1]], np.float32)


def _wall(out: Quads, plan: Plan, width: float, openings: Floats, detail: int) -> None:
    """The wall around the openings: strips between rows, pieces between columns."""
    base = min(0.45, 0.28 * plan.ground)
    if detail < 2 or not len(openings):
        out.add("wall", panel(0.0, width, base, plan.height))
    else:
        level = base
        for y0, y1 in sorted({(float(a), float(b)) for a, b in openings[:, 2:]}):
            out.add("wall", panel(0.0, width, level, y0))
            mine = openings[(openings[:, 2] == y0) & (openings[:, 3] == y1)]
            mine = mine[np.argsort(mine[:, 0], kind="stable")]
            lefts = np.concatenate([[0.0], mine[:, 1]])
            out.add("wall", panel(lefts, np.append(mine[:, 0], width), y0, y1))
            level = y1
        out.add("wall", panel(0.0, width, level, plan.height))
    out.add("base", panel(0.0, width, 0.0, base, 0.015))


def _windows(
    out: Quads, plan: Plan, openings: Floats, rng: np.random.Generator, detail: int
) -> None:
    if not len(openings):
        return
    x0, x1, y0, y1 = openings.T
    depth = -plan.recess if detail == 2 else 0.02
    draw = rng.random((2, len(openings)))
    lit, blind = draw[0] < plan.lit, draw[1] < plan.blinds
    out.add("lit", panel(x0, x1, y0, y1, depth)[lit])
    out.add("glass", panel(x0, x1, y0, y1, depth)[~lit])
    drop = y1 - (y1 - y0) * (0.25 + 0.6 * draw[1] / max(plan.blinds, 1e-6))
    out.add("blind", panel(x0, x1, drop, y1, depth + 0.006)[blind & ~lit])
    if detail == 0:
        return
    bar = 0.05
    edge = depth + 0.012
    for a, b, c, d in [(x0, x0 + bar, y0, y1), (x1 - bar, x1, y0, y1), (x0, x1, y0, y0 + bar),
                       (x0, x1, y1 - bar, y1)]:  # fmt: skip
        out.add("frame", panel(a, b, c, d, edge))
    for k in range(1, plan.panes):
        middle = x0 + (x1 - x0) * k / plan.panes
        out.add("frame", panel(middle - bar / 2, middle + bar / 2, y0, y1, edge))
    if detail == 2:
        _reveals(out, openings, depth)


def _reveals(out: Quads, openings: Floats, depth: float) -> None:
    x0, x1, y0, y1 = openings.T
    back, face = np.full_like(x0, depth), np.zeros_like(x0)
    for corners in (
        [(x0, y0, face), (x0, y0, back), (x0, y1, back), (x0, y1, face)],
        [(x1, y0, back), (x1, y0, face), (x1, y1, face), (x1, y1, back)],
        [(x0, y0, face), (x1, y0, face), (x1, y0, back), (x0, y0, back)],
        [(x0, y1, back), (x1, y1, back), (x1, y1, face), (x0, y1, face)],
    ):
        out.add("wall", np.stack([np.stack(c, axis=-1) for c in corners], axis=-2))


def _mouldings(out: Quads, plan: Plan, width: float, openings: Floats) -> None:
    if len(openings):
        x0, x1, y0, y1 = openings.T
        lows = np.stack([x0 - 0.08, y0 - 0.07, np.zeros_like(x0)], axis=1)
        out.add("trim", bars(lows, np.stack([x1 + 0.08, y0, 0.09 + 0 * x0], axis=1)))
        if plan.surrounds:
            for a, b, c, d in [(x0 - 0.16, x0, y0, y1), (x1, x1 + 0.16, y0, y1),
                               (x0 - 0.2, x1 + 0.2, y1, y1 + 0.2)]:  # fmt: skip
                lows = np.stack([a, c, 0 * a], axis=1)
                out.add("trim", bars(lows, np.stack([b, d, 0 * a + 0.05], axis=1)))
    levels = [plan.ground + k * plan.floor for k in range(plan.floors)] if plan.bands else []
    for level in levels:
        out.add("trim", bars(np.array([[0.0, level - 0.1, 0.0]]),
                             np.array([[width, level + 0.1, 0.06]])))  # fmt: skip
    if plan.cornice > 0:
        top = plan.height
        out.add("trim", bars(np.array([[0.0, top - 0.35, 0.0]]),
                             np.array([[width, top - 0.12, plan.cornice * 0.6]])))  # fmt: skip
        out.add("trim", bars(np.array([[0.0, top - 0.12, 0.0]]),
                             np.array([[width, top, plan.cornice]])))  # fmt: skip


def _balconies(
    out: Quads, plan: Plan, openings: Floats, rng: np.random.Generator, detail: int
) -> None:
    chosen = openings[rng.random(len(openings)) < plan.balconies]
    if not len(chosen):
        return
    x0, x1, y0, _ = chosen.T
    a, b, floor = x0 - 0.35, x1 + 0.35, y0 - 0.35
    out.add("trim", bars(np.stack([a, floor - 0.14, 0 * a], axis=1),
                         np.stack([b, floor, 0 * a + 1.0], axis=1)))  # fmt: skip
    out.add("rail", bars(np.stack([a, floor + 0.95, 0 * a + 0.95], axis=1),
                         np.stack([b, floor + 1.0, 0 * a + 1.0], axis=1)))  # fmt: skip
    if detail == 2:
        for k in np.linspace(0, 1, 9):
            x = a + (b - a - 0.03) * k
            lows = np.stack([x, floor, 0 * a + 0.96], axis=1)
            out.add("rail", bars(lows, lows + np.array([0.03, 0.95, 0.03])))
