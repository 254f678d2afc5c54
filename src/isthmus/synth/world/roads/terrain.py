"""The land beyond the blocks, to the horizon: fields or yards, and hills."""

from __future__ import annotations

import numpy as np

from isthmus.synth.world.material import Material
from isthmus.synth.world.mesh import Mesh, join
from isthmus.synth.world.roads.curve import Reals
from isthmus.synth.world.roads.layout import Layout
from isthmus.synth.world.roads.palette import Palette, rgb
from isthmus.synth.world.roads.ribbon import grid
from isthmus.synth.world.thing import Part

SUNK = 0.18
"""How far the land lies below roads and blocks, so that it never shows through them, metres."""
EDGE = 7000.0


def terrain(rng: np.random.Generator, layout: Layout, palette: Palette) -> list[Part]:
    """Land from behind the camera to the horizon, and hills upon it; meaning "terrain"."""
    x = _lines(rng, (-EDGE, EDGE), 18.0)
    z = np.concatenate([[-EDGE, -800.0, -250.0], _lines(rng, (-80.0, EDGE), 12.0)])
    points = np.stack(np.broadcast_arrays(x[None, :], 0.0, z[:, None]), axis=-1)
    points[..., 1] = layout.land.height(points[..., 2]) - SUNK
    kind = _field_kinds(rng, x, z, len(palette.fields))
    meshes: list[list[Mesh]] = [[] for _ in palette.fields]
    for k in range(len(palette.fields)):
        chosen = np.flatnonzero(kind.ravel() == k)
        if len(chosen):
            meshes[k].append(_cells(points, chosen))
    parts = [Part(join(m), palette.fields[k], "terrain") for k, m in enumerate(meshes) if m]
    return [*parts, *_hills(rng, layout, palette)]


def _lines(rng: np.random.Generator, span: tuple[float, float], first: float) -> Reals:
    """Grid lines, `first` metres apart near 0 and ever wider outward."""
    places, step = [0.0], first
    while places[-1] < max(abs(span[0]), span[1]):
        places.append(places[-1] + step * rng.uniform(0.85, 1.15))
        if places[-1] > 260:
            step *= 1.35
    outward = np.array([*places[:-1], max(abs(span[0]), span[1])])
    both = np.concatenate([-outward[:0:-1], outward])
    inside: Reals = both[(both >= span[0]) & (both <= span[1])]
    return inside


def _field_kinds(rng: np.random.Generator, x: Reals, z: Reals, kinds: int) -> np.ndarray:
    """(len(z) − 1, len(x) − 1): which material each cell has; fields are several cells large."""
    column = np.cumsum(rng.random(len(x) - 1) < 0.35)
    row = np.cumsum(rng.random(len(z) - 1) < 0.2)
    shares = rng.random((row[-1] + 1, column[-1] + 1))
    kind: np.ndarray = np.minimum((shares**1.5 * kinds).astype(np.int64), kinds - 1)
    return kind[row][:, column]


def _cells(points: Reals, chosen: np.ndarray) -> Mesh:
    """Some cells of a grid of points (n, m, 3), numbered row by row."""
    columns = points.shape[1] - 1
    i, j = chosen // columns, chosen % columns
    corners = np.stack([points[i, j], points[i + 1, j], points[i + 1, j + 1], points[i, j + 1]], 1)
    across = corners[:, 3] - corners[:, 0]
    normal = np.cross(corners[:, 1] - corners[:, 0], across)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    start = 4 * np.arange(len(corners), dtype=np.int32)[:, None, None]
    faces = (start + np.array([[0, 1, 2], [0, 2, 3]], np.int32)).reshape(-1, 3)
    flat = corners.reshape(-1, 3)
    return Mesh(
        flat.astype(np.float32), faces, np.repeat(normal, 4, axis=0).astype(np.float32),
        flat[:, [0, 2]].astype(np.float32),
    )  # fmt: skip


def _hills(rng: np.random.Generator, layout: Layout, palette: Palette) -> list[Part]:
    """Two or three ranges, wooded, one behind the other."""
    parts = []
    level = layout.land.rise - SUNK
    for distance, tall in ((1100.0, 22.0), (2300.0, 70.0), (4800.0, 190.0)):
        if rng.random() < 0.25:
            continue
        angle = np.linspace(-1.9, 1.9, 240)
        height = np.zeros_like(angle)
        for octave in range(6):
            phase = rng.uniform(0, 2 * np.pi)
            height += np.sin(angle * 2.3 * 1.9**octave + phase) * 0.55**octave
        height = tall * rng.uniform(0.4, 1.0) * np.maximum(0.25 + 0.5 * height, 0.0)
        reach = distance * (1 + 0.1 * np.sin(3 * angle + rng.uniform(0, 6)))
        rows = []
        for share, out in ((0.0, 1.0), (0.6, 1.06), (1.0, 1.15)):
            far = reach * out
            rows.append(np.stack([far * np.sin(angle), level - 1.0 + share * height,
                                  far * np.cos(angle)], axis=1))  # fmt: skip
        mesh = grid(np.stack(rows, axis=1)[::-1], reach * angle)
        shade = float(rng.uniform(0.75, 1.0))
        wood = Material(rgb(66 * shade, 84 * shade, 50 * shade), "foliage", roughness=0.95)
        material = wood if rng.random() < 0.75 else palette.fields[0]
        parts.append(Part(mesh, material, "terrain"))
    return parts
