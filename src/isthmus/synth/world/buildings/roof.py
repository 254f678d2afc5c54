"""Roofs: flat with a parapet, gabled, hipped, mansard; chimneys, vents, dormers."""

from __future__ import annotations

from typing import Literal

import numpy as np

from isthmus.synth.world.mesh import Floats, Mesh, box, flat, join, quads

RoofKind = Literal["flat", "gable", "hip", "mansard"]
EAVES = 0.4


def roof(
    kind: RoofKind,
    width: float,
    depth: float,
    height: float,
    *,
    rng: np.random.Generator,
    detail: int = 2,
) -> dict[str, Mesh]:
    """Meshes of the roof by kind of surface: "tiles", "gravel", "wall", "trim".

    Args:
        kind: its shape.
        width, depth: of the house, metres, centred on the origin.
        height: of the wall's top, metres.
        rng: pitch, chimneys.
        detail: 0 leaves chimneys and vents out.
    """
    if kind == "flat":
        return _flat(width, depth, height, rng, detail)
    rise = depth / 2 * rng.uniform(0.55, 0.95)
    if kind == "mansard":
        return _mansard(width, depth, height, rng, detail)
    inset = min(depth / 2, width * 0.35) if kind == "hip" else 0.0
    x, z = width / 2, depth / 2 + EAVES
    low = height - EAVES * rise / (depth / 2)
    ridge = x - inset
    slopes = [
        [(-x, low, z), (x, low, z), (ridge, height + rise, 0), (-ridge, height + rise, 0)],
        [(x, low, -z), (-x, low, -z), (-ridge, height + rise, 0), (ridge, height + rise, 0)],
    ]
    made = {"tiles": flat(*quads(slopes))}
    if kind == "hip":
        ends = [[(x, low, z), (x, low, -z), (ridge, height + rise, 0)],
                [(-x, low, -z), (-x, low, z), (-ridge, height + rise, 0)]]  # fmt: skip
        made["tiles"] = join([made["tiles"], _triangles(ends)])
    else:
        front, top = depth / 2, height + rise
        gables = [[(x, height, front), (x, height, -front), (x, top, 0)],
                  [(-x, height, -front), (-x, height, front), (-x, top, 0)]]  # fmt: skip
        made["wall"] = _triangles(gables)
    if detail:
        made["trim"] = _chimneys(ridge, height + rise, rng)
        if kind == "gable" and rng.random() < 0.35:
            for name, mesh in _dormers(width, depth, height, rise).items():
                made[name] = join([made[name], mesh]) if name in made else mesh
    return made


def _triangles(corners: list[list[tuple[float, float, float]]]) -> Mesh:
    points = np.asarray(corners, np.float32).reshape(-1, 3)
    return flat(points, np.arange(len(points)).reshape(-1, 3))


def _flat(
    width: float, depth: float, height: float, rng: np.random.Generator, detail: int
) -> dict[str, Mesh]:
    x, z = width / 2, depth / 2
    top = [[(-x, height, z), (x, height, z), (x, height, -z), (-x, height, -z)]]
    thick, tall = 0.25, rng.uniform(0.3, 0.9)
    rims = [
        box((-x, x), (height, height + tall), (z - thick, z)),
        box((-x, x), (height, height + tall), (-z, -z + thick)),
        box((-x, -x + thick), (height, height + tall), (-z, z)),
        box((x - thick, x), (height, height + tall), (-z, z)),
    ]
    made = {"gravel": flat(*quads(top)), "wall": join(rims)}
    if detail:
        boxes = []
        for _ in range(int(rng.integers(1, 4))):
            a, b = rng.uniform(0.8, 2.5, 2)
            u, v = rng.uniform(-0.6, 0.6, 2) * (x, z)
            boxes.append(box((u - a, u + a), (height, height + rng.uniform(0.8, 2.6)),
                             (v - b, v + b)))  # fmt: skip
        made["trim"] = join(boxes)
    return made


def _mansard(
    width: float, depth: float, height: float, rng: np.random.Generator, detail: int
) -> dict[str, Mesh]:
    x, z, inset, rise = width / 2, depth / 2, 0.9, 2.4
    slopes = [
        [(-x, height, z), (x, height, z), (x, height + rise, z - inset),
         (-x, height + rise, z - inset)],
        [(x, height, -z), (-x, height, -z), (-x, height + rise, -z + inset),
         (x, height + rise, -z + inset)],
        [(-x, height + rise, z - inset), (x, height + rise, z - inset),
         (x, height + rise, -z + inset), (-x, height + rise, -z + inset)],
    ]  # fmt: skip
    ends = [
        [(x, height, z), (x, height, -z), (x, height + rise, -z + inset),
         (x, height + rise, z - inset)],
        [(-x, height, -z), (-x, height, z), (-x, height + rise, z - inset),
         (-x, height + rise, -z + inset)],
    ]  # fmt: skip
    made = {"tiles": flat(*quads(slopes)), "wall": flat(*quads(ends))}
    if detail:
        made["trim"] = _chimneys(x, height + rise, rng)
        for name, mesh in _dormers(width, depth, height, 0.0).items():
            made[name] = join([made[name], mesh]) if name in made else mesh
    return made


def _chimneys(ridge: float, top: float, rng: np.random.Generator) -> Mesh:
    stacks = []
    for _ in range(int(rng.integers(1, 3))):
        x = rng.uniform(-0.85, 0.85) * max(ridge - 0.5, 0.2)
        stacks.append(box((x - 0.35, x + 0.35), (top - 1.2, top + rng.uniform(0.6, 1.3)),
                          (-0.3, 0.3)))  # fmt: skip
    return join(stacks)


def _dormers(width: float, depth: float, height: float, rise: float) -> dict[str, Mesh]:
    """Small upright windows in the front slope."""
    count = max(int(width / 3.2), 1)
    front = depth / 2 - (0.15 if rise == 0 else 0.9)
    base = height + (0.35 if rise == 0 else rise * 0.9 / (depth / 2) + 0.1)
    centres = (np.arange(count) + 0.5) * width / count - width / 2
    bodies = [box((c - 0.65, c + 0.65), (base, base + 1.35), (front - 1.6, front)) for c in centres]
    panes: Floats = np.array(
        [
            [(c - 0.5, base + 0.1, front + 0.02), (c + 0.5, base + 0.1, front + 0.02),
             (c + 0.5, base + 1.2, front + 0.02), (c - 0.5, base + 1.2, front + 0.02)]
            for c in centres
        ],
        np.float32,
    )  # fmt: skip
    return {"trim": join(bodies), "glass": flat(*quads(panes))}
