"""Foliage: clouds of small leaves, shaded as the crown's surface and not each by itself."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from isthmus.synth.chance import one_of
from isthmus.synth.world.material import RGB, Material
from isthmus.synth.world.mesh import Floats, Mesh, linear

Season = Literal["summer", "autumn", "winter"]
GREENS = ((74, 100, 44), (62, 90, 40), (90, 112, 50), (84, 104, 60), (58, 82, 44), (104, 120, 58))
AUTUMNS = ((158, 112, 52), (140, 84, 48), (166, 136, 72), (118, 74, 50), (108, 102, 54))


def foliage(rng: np.random.Generator, season: Season) -> Material:
    """A crown's material."""
    colours = AUTUMNS if season == "autumn" and rng.random() < 0.75 else GREENS
    value = linear(one_of(rng, colours)) * rng.normal(1.0, 0.1)
    r, g, b = np.clip(value, 0.01, 0.6).round(4).tolist()
    colour: RGB = (r, g, b)
    return Material(colour, "foliage", roughness=0.92, porosity=0.25)


def leaves(
    centres: Floats, size: float, outward: ArrayLike, rng: np.random.Generator, spread: float = 0.7
) -> Mesh:
    """Leaves, or small clumps of leaves, around centres: a triangle each.

    Args:
        centres: (n, 3).
        size: mean length of a leaf (or clump of leaves), metres.
        outward: (n, 3) unit vectors from the crown's middle, for shading.
        rng: directions and sizes.
        spread: how far the shading normals stray from `outward`.
    """
    count = len(centres)
    first = rng.normal(size=(count, 3))
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(first, rng.normal(size=(count, 3)))
    second /= np.maximum(np.linalg.norm(second, axis=1, keepdims=True), 1e-9)
    reach = size * rng.uniform(0.6, 1.4, (count, 1, 1))
    # Slender and uneven: what is as wide as long reads as paper.
    along = np.array([-0.5, 0.12, 0.5])[None, :, None]
    across = np.stack(
        [np.zeros(count), rng.uniform(0.3, 0.6, count), rng.uniform(-0.35, -0.05, count)], axis=1
    )
    corners = centres[:, None] + reach * (
        along * first[:, None] + across[:, :, None] * second[:, None]
    )
    normal = np.asarray(outward) + spread * rng.normal(size=(count, 3)) * 0.5
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    uv = np.repeat(rng.uniform(0, 1.2, (count, 1, 2)), 3, axis=1)
    return Mesh(
        corners.reshape(-1, 3).astype(np.float32),
        np.arange(3 * count, dtype=np.int32).reshape(-1, 3),
        np.repeat(normal, 3, axis=0).astype(np.float32),
        uv.reshape(-1, 2).astype(np.float32),
    )


def twigs(
    tips: Floats, middle: Floats, reach: float, wide: float, rng: np.random.Generator
) -> Mesh:
    """Bare twigs, a sliver each, from the ends (n, 3) of boughs away from a crown's middle (3,)."""
    count = len(tips)
    away = tips - middle
    away /= np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-6)
    heading = away + 0.6 * rng.normal(size=(count, 3)) + (0.0, 0.25, 0.0)
    heading /= np.linalg.norm(heading, axis=1, keepdims=True)
    start = tips - 0.2 * reach * rng.random((count, 1)) * heading
    end = start + reach * rng.uniform(0.4, 1.2, (count, 1)) * heading
    return slivers(start.astype(np.float32), end.astype(np.float32), wide, rng)


def slivers(start: Floats, end: Floats, wide: float, rng: np.random.Generator) -> Mesh:
    """Twigs from starts to ends (n, 3), each a triangle `wide` metres across at its start."""
    count, heading = len(start), end - start
    heading = heading / np.maximum(np.linalg.norm(heading, axis=1, keepdims=True), 1e-9)
    across = np.cross(heading, rng.normal(size=(count, 3)))
    across *= 0.5 * wide / np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
    corners = np.stack([start - across, start + across, end], axis=1).reshape(-1, 3)
    return Mesh(
        corners.astype(np.float32),
        np.arange(3 * count, dtype=np.int32).reshape(-1, 3),
        np.repeat(heading, 3, axis=0).astype(np.float32),
        corners[:, :2].astype(np.float32),
    )


def blob(centres: Floats, radii: Floats, rng: np.random.Generator) -> Mesh:
    """Rough ellipsoids that fill a crown, so that little shines through: (n, 3), (n, 3)."""
    from isthmus.synth.world.mesh import join

    made = []
    for centre, radius in zip(centres, radii, strict=True):
        points, faces = _ball()
        rough = points * (1 + 0.3 * rng.normal(size=(len(points), 1)).clip(-1.5, 1.5))
        # Shaded unevenly, as the gaps between leaves are: a ball would be seen as one.
        normals = points + 0.8 * rng.normal(size=points.shape)
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        placed = (rough * radius + centre).astype(np.float32)
        made.append(Mesh(placed, faces, normals.astype(np.float32), placed[:, :2].copy()))
    return join(made)


def _ball() -> tuple[Floats, np.ndarray[tuple[int, ...], np.dtype[np.int32]]]:
    """An icosahedron of unit radius."""
    t = (1 + 5**0.5) / 2
    points = np.array(
        [(-1, t, 0), (1, t, 0), (-1, -t, 0), (1, -t, 0), (0, -1, t), (0, 1, t), (0, -1, -t),
         (0, 1, -t), (t, 0, -1), (t, 0, 1), (-t, 0, -1), (-t, 0, 1)], np.float32,
    )  # fmt: skip
    points /= np.linalg.norm(points[0])
    faces = np.array(
        [(0, 11, 5), (0, 5, 1), (0, 1, 7), (0, 7, 10), (0, 10, 11), (1, 5, 9), (5, 11, 4),
         (11, 10, 2), (10, 7, 6), (7, 1, 8), (3, 9, 4), (3, 4, 2), (3, 2, 6), (3, 6, 8),
         (3, 8, 9), (4, 9, 5), (2, 4, 11), (6, 2, 10), (8, 6, 7), (9, 8, 1)], np.int32,
    )  # fmt: skip
    return points, faces
