"""What people on foot roll along: prams and wheelchairs."""

from __future__ import annotations

import numpy as np

from isthmus.synth.chance import one_of
from isthmus.synth.world.material import RGB, Material
from isthmus.synth.world.mesh import Floats, Mesh
from isthmus.synth.world.people.figure import Figure
from isthmus.synth.world.people.loft import (
    Reals,
    Surface,
    bar,
    blob,
    circle,
    hoop,
    joined,
    normals,
    oval,
    sheet,
    swept,
)
from isthmus.synth.world.people.poses import HANDLE
from isthmus.synth.world.thing import Part, Thing

_STEEL = Material((0.35, 0.35, 0.36), "metal", roughness=0.35, metallic=1.0)
_DARK = Material((0.02, 0.02, 0.022), "rubber", roughness=0.7)
_FABRICS: tuple[RGB, ...] = (
    (0.018, 0.018, 0.022), (0.05, 0.06, 0.09), (0.13, 0.13, 0.13), (0.22, 0.04, 0.05),
    (0.06, 0.10, 0.08), (0.30, 0.26, 0.20),
)  # fmt: skip


def part(surface: Surface, material: Material, semantic: str, offset: Reals | None = None) -> Part:
    """A surface as a part of a thing."""
    shading = normals(surface.points, surface.faces, surface.weld)
    points = surface.points if offset is None else surface.points + offset
    mesh = Mesh(points.astype(np.float32), surface.faces.astype(np.int32),
                shading.astype(np.float32), surface.uv.astype(np.float32))  # fmt: skip
    return Part(mesh, material, semantic)


def _wheel(
    centre: Reals, radius: float, tyre: float, spokes: int, detail: int
) -> tuple[Surface, Surface]:
    """Tyre, and rim with spokes."""
    rings, sides = {2: (24, 6), 1: (12, 4), 0: (8, 3)}[detail]
    rubber = hoop(centre, radius - tyre, tyre, rings=rings, sides=sides)
    inner = [blob(centre, [0.035, 0.03, 0.03], rings=2, sides=6, power=3.0)]
    for angle in np.pi * np.arange(spokes) / spokes * (detail > 0):
        arm = (radius - tyre) * np.array([0.0, np.cos(angle), np.sin(angle)])
        inner.append(bar(centre - arm, centre + arm, radius=0.004 + 0.004 * (spokes < 5), sides=3))
    return rubber, joined(inner)


def pram(rng: np.random.Generator, *, detail: int = 2) -> Thing:
    """A pram or pushchair that is pushed towards +Z: scenery without a label.

    Its handle is its rearmost part, `HANDLE` above the ground.
    """
    cloth = Material(one_of(rng, _FABRICS), "cloth", roughness=0.8, porosity=0.7)
    inside = cloth.tinted((0.35, 0.34, 0.32))
    lying = rng.random() < 0.55
    wide, hood = float(rng.uniform(0.25, 0.29)), float(rng.uniform(0.75, 1.15))
    rubber, steel = [], []
    for x in (-wide, wide):
        for z, r in ((-0.36, 0.155), (0.38, 0.115)):
            tyre, rim = _wheel(np.array([x, r, z]), r, 0.022, 3, detail)
            rubber.append(tyre)
            steel.append(rim)
        steel.append(bar([x, 0.155, -0.36], [x * 0.95, 0.55, 0.06], radius=0.012))
        steel.append(bar([x, 0.115, 0.38], [x * 0.95, 0.55, -0.02], [x * 0.92, HANDLE, -0.62],
                         radius=0.012))  # fmt: skip
    rubber.append(bar([-wide * 0.92, HANDLE, -0.62], [wide * 0.92, HANDLE, -0.62], radius=0.017,
                      sides=6))  # fmt: skip
    steel.append(bar([-wide, 0.155, -0.36], [wide, 0.155, -0.36], radius=0.010))
    parts = [
        part(joined(rubber), _DARK, "object"), part(joined(steel), _STEEL, "object"),
        *(_carrycot if lying else _seat)(wide, hood, cloth, inside, detail),
    ]  # fmt: skip
    return _standing(parts)


def _standing(parts: list[Part]) -> Thing:
    points = np.concatenate([p.mesh.points for p in parts])
    low, high = points.min(axis=0), points.max(axis=0)
    offset = np.array([-(low[0] + high[0]) / 2, -low[1], -(low[2] + high[2]) / 2], np.float32)
    moved = tuple(Part(p.mesh.placed(offset.tolist()), p.material, p.semantic) for p in parts)
    width, height, length = (high - low).tolist()
    return Thing(moved, "", (width, height, length), attributes={"kind": "pram"})


def _shell(keys: Floats, detail: int) -> Surface:
    """A shell along +Z: z, middle height, half breadth, up, down."""
    sides = {2: 14, 1: 8, 0: 6}[detail]
    z, y, broad, up, down = np.asarray(keys, np.float64).T
    centres = np.stack([np.zeros_like(z), y, z], axis=1)
    section = oval(circle(sides), broad, up, down, 2.8)
    return sheet(swept(centres, [1.0, 0, 0], [0, 1.0, 0], section), caps=(True, True))


def _hood(z: float, y: float, wide: float, size: float, share: float, *, detail: int) -> Surface:
    """A folding hood: ribs that fan out from a pivot at (z, y); `share` of it is unfolded."""
    ribs, columns = {2: (7, 12), 1: (4, 7), 0: (3, 5)}[detail]
    fan = np.linspace(np.radians(200), np.radians(200 - 125 * share), ribs)
    across = np.linspace(0, np.pi, columns)
    x = -wide * np.cos(across)
    reach = size * np.sin(across) ** 0.55
    grid = np.stack([
        np.broadcast_to(x, (ribs, columns)),
        y + np.sin(fan - np.pi / 2 + np.pi / 2)[:, None] * reach[None],
        z + np.cos(fan)[:, None] * reach[None],
    ], axis=-1)  # fmt: skip
    return joined(
        [sheet(grid, around=False), sheet(grid[::-1] * [0.985, 0.995, 0.985], around=False)]
    )


def _carrycot(
    wide: float, hood: float, cloth: Material, inside: Material, detail: int
) -> list[Part]:
    w = wide * 0.86
    tub = _shell(np.array([
        [-0.40, 0.74, w * 0.72, 0.08, 0.07], [-0.37, 0.72, w * 0.92, 0.11, 0.13],
        [-0.2, 0.70, w, 0.13, 0.16], [0.2, 0.70, w, 0.13, 0.16], [0.42, 0.73, w * 0.9, 0.10, 0.12],
        [0.46, 0.75, w * 0.6, 0.06, 0.06],
    ]), detail)  # fmt: skip
    roof = _hood(-0.12, 0.78, w * 1.02, 0.33, hood, detail=detail)
    blanket = blob([0, 0.83, 0.18], [w * 0.88, 0.05, 0.24], rings=4, sides=10, power=3.0)
    return [part(joined([tub, roof]), cloth, "object"), part(blanket, inside, "object")]


def _seat(wide: float, hood: float, cloth: Material, inside: Material, detail: int) -> list[Part]:
    w = wide * 0.76
    back = blob([0, 0, 0], [w, 0.30, 0.035], rings=4, sides=10, power=4.0)
    lean = np.radians(-28)
    turn = np.array([[1, 0, 0], [0, np.cos(lean), -np.sin(lean)], [0, np.sin(lean), np.cos(lean)]])
    base = blob([0, 0.47, 0.05], [w, 0.035, 0.17], rings=3, sides=10, power=4.0)
    legs = blob([0, 0.34, 0.27], [w * 0.9, 0.12, 0.03], rings=3, sides=8, power=4.0)
    roof = _hood(-0.13, 0.84, w * 1.1, 0.31, hood, detail=detail)
    child = joined([
        blob([0, 0.62, 0.0], [0.11, 0.17, 0.10], rings=5, sides=10),
        blob([0, 0.53, 0.2], [0.10, 0.06, 0.18], rings=4, sides=8, power=2.6),
    ])  # fmt: skip
    skin = blob([0, 0.86, -0.01], [0.085, 0.105, 0.095], rings=6, sides=10)
    face = Material((0.42, 0.27, 0.20), "skin", roughness=0.5)
    cap = blob([0, 0.90, -0.035], [0.098, 0.092, 0.092], rings=5, sides=10)
    return [
        part(joined([back.moved([0, 0.74, -0.15], turn), base, legs, roof, cap]), cloth, "object"),
        part(child, inside, "object"), part(skin, face, "object"),
    ]  # fmt: skip


def add_wheelchair(figure: Figure, seed: int, detail: int) -> None:
    """The chair under somebody in the pose "wheelchair"."""
    h = figure.body.traits.height
    size = min(max(h / 1.7, 0.72), 1.05)
    floor = figure.floor() - 0.07
    hip = figure.place("left_hip") * 0.5 + figure.place("right_hip") * 0.5
    seat = float(hip[1]) - 0.062 * h
    half = float(np.interp(1.0, figure.body.trunk[:, 0], figure.body.trunk[:, 1])) + 0.03
    r = 0.30 * size
    dark, steel = [], []
    for x in (-half - 0.035, half + 0.035):
        tyre, rim = _wheel(np.array([x, floor + r, -0.03]), r, 0.015, 6, detail)
        dark.append(tyre)
        outer = x + np.sign(x) * 0.035
        steel += [rim, hoop([outer, floor + r, -0.03], r - 0.035, 0.009, sides=4,
                            rings={2: 24, 1: 12, 0: 8}[detail])]  # fmt: skip
        front = np.array([np.sign(x) * (half - 0.02), floor + 0.075, 0.40 * size])
        dark.append(hoop(front, 0.055, 0.020, rings=10, sides=5))
        inner = np.sign(x) * half
        steel.append(bar([inner, seat + 0.36, -0.36 * size], [inner, seat + 0.33, -0.24 * size],
                         [inner, seat - 0.02, -0.20 * size], [inner, floor + r, -0.03],
                         radius=0.012))  # fmt: skip
        rail = size * np.array([-0.20, 0.30, 0.42, 0.56])
        heights = [seat - 0.02, seat - 0.02, floor + 0.14, floor + 0.08]
        asides = inner * np.array([1.0, 1.0, 0.8, 0.6])
        steel.append(bar(*np.column_stack([asides, heights, rail]), radius=0.012))
        steel.append(bar(front, front + np.array([0, seat - floor - 0.10, -0.10]), radius=0.010))
        dark.append(
            blob([inner, seat + 0.19, 0.02], [0.025, 0.018, 0.15], rings=3, sides=6, power=4)
        )
        steel.append(bar([inner, seat, 0.02], [inner, seat + 0.19, 0.02], radius=0.010))
    dark.append(
        blob([0, seat - 0.02, 0.04], [half, 0.028, 0.22 * size], rings=3, sides=10, power=5)
    )
    dark.append(
        blob([0, seat + 0.20, -0.235 * size], [half, 0.19, 0.015], rings=3, sides=10, power=5)
    )
    foot = figure.floor() - 0.012
    dark.append(blob([0, foot, 0.56 * size], [half * 0.75, 0.012, 0.10], rings=2, sides=8, power=5))
    frame = Material(_FABRICS[seed % len(_FABRICS)], "", roughness=0.4) if seed % 2 else _STEEL
    figure.loose(joined(dark), _DARK, semantic="object")
    figure.loose(joined(steel), frame, semantic="object")
