"""Faces of cars: lamps, grilles, intakes and plates, drawn on the front and the rear view.

Outlines are given as (u, v): u is |x| in half widths, v runs from 0 at the fascia's foot to 1 at
the bonnet's (boot's) edge, so that one face suits several bodies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from isthmus.synth.world.mesh import Floats, Mesh
from isthmus.synth.world.vehicles import outline as o
from isthmus.synth.world.vehicles import plates
from isthmus.synth.world.vehicles.cage import CREST, FRONT, REAR, SIDE, TOP
from isthmus.synth.world.vehicles.prototype import Slots
from isthmus.synth.world.vehicles.shell import Shell
from isthmus.synth.world.vehicles.solids import fan, joined, moved, turned
from isthmus.synth.world.vehicles.styles import Style
from isthmus.synth.world.vehicles.subdivision import Array
from isthmus.synth.world.vehicles.surface import Chosen

Polygon = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Face:
    """A front.

    Attributes:
        lamp: outline of the headlamp, which may wrap around the corner (u > 1).
        wrap: how far back from the nose it reaches, metres.
        grilles: dark openings.
        slats: number of horizontal bars in the first grille.
        bright: bars and rim of the first grille are chrome.
        plate: v of the number plate's middle.
        bar: a light bar joins the lamps.
    """

    lamp: Polygon
    grilles: tuple[Polygon, ...]
    slats: int
    bright: bool
    plate: float
    wrap: float = 0.42
    bar: bool = False


FACES = (
    Face(  # slim grille between the lamps, wide intake below
        lamp=((0.53, 0.74), (0.50, 0.90), (0.80, 1.00), (1.05, 1.10), (1.05, 0.93), (0.80, 0.78)),
        grilles=(
            ((-0.5, 0.71), (0.44, 0.74), (0.46, 0.87), (-0.5, 0.88)),
            ((-0.5, 0.12), (0.60, 0.12), (0.68, 0.20), (0.56, 0.38), (-0.5, 0.38)),
            ((0.74, 0.16), (0.90, 0.20), (0.90, 0.42), (0.80, 0.40)),
        ),
        slats=3, bright=True, plate=0.55,
    ),
    Face(  # one tall grille
        lamp=((0.56, 0.72), (0.54, 0.90), (0.80, 0.98), (1.05, 1.08), (1.05, 0.88), (0.78, 0.73)),
        grilles=(
            ((-0.5, 0.30), (0.36, 0.30), (0.47, 0.50), (0.44, 0.88), (-0.5, 0.90)),
            ((-0.5, 0.06), (0.62, 0.06), (0.66, 0.16), (-0.5, 0.17)),
            ((0.70, 0.14), (0.92, 0.16), (0.90, 0.46), (0.76, 0.34)),
        ),
        slats=6, bright=False, plate=0.42,
    ),
    Face(  # closed nose with a light bar
        lamp=((0.58, 0.78), (0.56, 0.90), (0.80, 0.98), (1.05, 1.07), (1.05, 0.95), (0.80, 0.84)),
        grilles=(
            ((-0.5, 0.10), (0.66, 0.10), (0.76, 0.36), (0.60, 0.44), (-0.5, 0.34)),
            ((0.82, 0.12), (0.93, 0.16), (0.93, 0.52), (0.86, 0.48)),
        ),
        slats=2, bright=False, plate=0.52, bar=True,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Back:
    """A rear: outline of the tail lamp, v of the plate, whether a light bar joins the lamps."""

    lamp: Polygon
    plate: float
    wrap: float = 0.30
    bar: bool = False


BACKS = (
    Back(((0.52, 0.7), (0.5, 0.87), (0.8, 0.92), (1.05, 0.95), (1.05, 0.72), (0.85, 0.64)), 0.62),
    Back(((0.70, 0.56), (0.66, 0.90), (1.05, 0.97), (1.05, 0.60), (0.84, 0.48)), 0.64),
    Back(((0.55, 0.76), (0.55, 0.88), (1.05, 0.96), (1.05, 0.74), (0.85, 0.68)), 0.36, bar=True),
)  # fmt: skip


def _drawn(shell: Shell, ring: int, half: float) -> Callable[..., o.Outline]:
    """Outlines (u, v) of the fascia at an end ring, in metres."""
    foot, top = heights(shell, ring)

    def drawn(shape: Polygon, rounding: float = 0.02) -> o.Outline:
        uv = np.array(shape)
        corners = np.stack([uv[:, 0] * half, foot + uv[:, 1] * (top - foot)], axis=1)
        return o.polygon(corners, rounding)

    return drawn


def _lamp(shell: Shell, style: Style, face: Face) -> o.Field:
    nose = float(shell.net.points[shell.net.faces, 2].max())
    shape = _drawn(shell, 0, 0.5 * style.size[0])(face.lamp)
    return o.both(o.on_front(shape), lambda p: nose - face.wrap - p[:, 2])


def cut_front(shell: Shell, style: Style, face: Face) -> None:
    """Cuts a front: `lens`, `grille`, `bumper`, and `drl` for a light bar."""
    drawn = _drawn(shell, 0, 0.5 * style.size[0])
    foot, top = heights(shell, 0)
    shell.name("lens", _lamp(shell, style, face), (FRONT, SIDE, TOP))
    for shape in face.grilles:
        ahead = shell.facing(2, 0.15)
        shell.name("grille", o.on_front(drawn(shape, 0.025)), (FRONT, SIDE), near=ahead)
    ahead = shell.facing(2, 0.15)
    lip = foot + 0.07 * (top - foot)
    shell.name("bumper", lambda p: p[:, 1] - lip, (FRONT, SIDE), near=ahead)
    if face.bar:
        bar = drawn(((-0.5, 0.845), (0.60, 0.83), (0.60, 0.87), (-0.5, 0.885)), 0.0)
        shell.name("drl", o.on_front(bar), (FRONT,))


def fit_front(shell: Shell, style: Style, face: Face, out: Slots) -> None:
    """What stands behind the lenses and before the grilles."""
    _headlamp(shell, _lamp(shell, style, face), out)
    if shell.level < 2:
        return
    first = _drawn(shell, 0, 0.5 * style.size[0])(face.grilles[0], 0.025)
    slot = out.setdefault("chrome" if face.bright else "black", [])
    slot.append(_slats(shell, first, face.slats))
    slot.append(shell.seam(o.on_front(o.grown(first, 0.004)), (FRONT, "grille"), width=0.016,
                           lift=0.004, near=shell.facing(2, 0.15)))  # fmt: skip


def heights(shell: Shell, ring: int) -> tuple[float, float]:
    """Foot and top of a fascia (y): its lowest point and the edge of bonnet or boot."""
    net = shell.net
    points = net.points[net.faces[net.zone == (FRONT if ring == 0 else REAR)]]
    edge = shell.across(ring, CREST - 1e-3, CREST)
    return float(points[..., 1].min()), float(edge[-1, 1])


def _slats(shell: Shell, shape: o.Outline, count: int) -> Mesh:
    """Horizontal bars in the first grille."""
    within = o.on_front(shape)
    centres = shell.surface.centres()
    near = (within(centres) < -0.004) & shell.facing(2, 0.15)
    heights = shell.surface.points[shell.surface.faces[near & shell.zones("grille")]][..., 1]
    low, high = float(heights.min()), float(heights.max())
    bars = []
    for y in np.linspace(low, high, count + 2)[1:-1]:
        line = o.on_front(o.beyond((1.0, float(y)), (0.0, float(y))))
        bars.append(shell.seam(line, ("grille",), near=near, width=0.014, lift=0.006))
    return joined(bars)


def _headlamp(shell: Shell, lamp: o.Field, out: Slots) -> None:
    """Bowl, projectors and daytime running light behind (or on) the lens."""
    lens = shell.surface.only(shell.zones("lens"))
    weight = np.linalg.norm(np.cross(
        lens.points[lens.faces[:, 1]] - lens.points[lens.faces[:, 0]],
        lens.points[lens.faces[:, 2]] - lens.points[lens.faces[:, 0]]), axis=1)  # fmt: skip
    ahead = lens.facing()[:, 2] > 0.35
    centre = np.average(lens.centres()[ahead], axis=0, weights=weight[ahead])
    spread = np.ptp(lens.centres()[ahead], axis=0)
    rise = spread[1] / max(spread[0], 0.05)
    for step, radius in ((-0.24, 0.034), (0.16, 0.034)):
        x = centre[0] + step * spread[0]
        y = centre[1] + 0.45 * step * rise * spread[0]
        at, _ = shell.probe(2, 1, (x, y))
        sides = (5, 7, 12)[shell.level]
        disc = _disc(radius if shell.level == 2 else 0.045, sides)
        back = -0.025 if shell.level == 2 else 0.01
        out.setdefault("headlamp", []).append(moved(disc, at + np.array([0, 0, back])))
        if shell.level == 2:
            ring = turned(
                [(0.0, radius + 0.012), (0.016, radius + 0.004), (0.0, radius - 0.002)], 16
            )
            out.setdefault("chrome", []).append(
                moved(_ahead(ring), at + np.array([0, 0, back - 0.004]))
            )
    if shell.level == 2:
        out.setdefault("gap", []).append(shell.rim("tail", 0.006, 0.001))
        bowl = shell.surface.mesh(shell.zones("lens"), lift=-0.05)
        out.setdefault("reflector", []).append(bowl)
        out.setdefault("black", []).append(shell.reveal("lens", (-0.012, 0.0, -0.045)))
        line = shell.seam(o.grown(lamp, -0.016), ("lens",), width=0.011, lift=-0.010,
                          near=_lower(shell, centre))  # fmt: skip
        out.setdefault("drl", []).append(line)
        out.setdefault("gap", []).append(shell.rim("lens", 0.006, 0.001))


def _lower(shell: Shell, centre: Array) -> Chosen:
    middle = shell.surface.centres()
    slope = middle[:, 1] - centre[1] - 0.25 * (middle[:, 0] - centre[0])
    return np.asarray(slope < 0.0)


def _disc(radius: float, sides: int) -> Mesh:
    """A disc across Z that faces +Z."""
    angle = 2 * np.pi * np.arange(sides) / sides
    rim = np.stack([radius * np.cos(angle), radius * np.sin(angle), 0 * angle], axis=1)
    return fan(rim, np.array([0.0, 0.0, 1.0]))


def _ahead(mesh: Mesh) -> Mesh:
    """What was turned about X, turned about Z: +X becomes +Z."""
    points = mesh.points[:, [2, 1, 0]] * np.array([-1, 1, 1], np.float32)
    normals = mesh.normals[:, [2, 1, 0]] * np.array([-1, 1, 1], np.float32)
    return Mesh(points, mesh.faces, normals, mesh.uv)


def cut_rear(shell: Shell, style: Style, back: Back) -> None:
    """Cuts a rear: `tail`, `brake`, `indicator`, `bumper`."""
    last = len(style.stations) - 1
    drawn = _drawn(shell, last, 0.5 * style.size[0])
    foot, top = heights(shell, last)
    end = float(shell.net.points[shell.net.faces, 2].min())
    lamp = o.both(o.on_front(drawn(back.lamp)), lambda p: p[:, 2] - end - back.wrap)
    shell.name("tail", lamp, (REAR, SIDE, TOP))
    inner = o.grown(lamp, -0.022)
    middle = shell.surface.centres()[shell.zones("tail")]
    low, high = float(middle[:, 1].min()), float(middle[:, 1].max())
    third, upper = low + 0.34 * (high - low), low + 0.40 * (high - low)
    behind = shell.facing(2, -0.3)
    shell.name("indicator", o.both(inner, lambda p: p[:, 1] - third), ("tail",), near=behind)
    behind = shell.facing(2, -0.3)
    shell.name("brake", o.both(inner, lambda p: upper - p[:, 1]), ("tail",), near=behind)
    behind = shell.facing(2, -0.1)
    lip = foot + 0.17 * (top - foot)
    shell.name("bumper", lambda p: p[:, 1] - lip, (REAR, SIDE), near=behind)
    if back.bar:
        bar = drawn(((-0.5, 0.79), (0.60, 0.785), (0.60, 0.825), (-0.5, 0.83)), 0.0)
        shell.name("tail", o.on_front(bar), (REAR,))


def plates_on(
    shell: Shell, front: float, rear: float, style: Style, whole: Slots
) -> tuple[plates.Frame, ...]:
    """Number plates, without characters; returns where those go."""
    frames = []
    for sign, share in ((1.0, front), (-1.0, rear)):
        foot, top = heights(shell, 0 if sign > 0 else len(style.stations) - 1)
        at, normal = shell.probe(2, sign, (0.02, foot + share * (top - foot)))
        place = plates.frame(at * [0, 1, 1], normal)
        plate, holder = plates.blank(place)
        whole.setdefault("plate", []).append(plate)
        whole.setdefault("black", []).append(holder)
        frames.append(place)
    return tuple(frames)


def beams(half: Slots) -> Floats:
    """Places (2, 3) of the two headlamps' light."""
    middle = half["headlamp"][0].points.mean(axis=0)
    return np.array([middle, middle * [-1, 1, 1]], np.float32)
