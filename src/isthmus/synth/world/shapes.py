"""Round and swept shapes that plants, furniture and others share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from isthmus.synth.world.mesh import Floats, Ints, Mesh, flat, smooth


def tubes(start: ArrayLike, end: ArrayLike, radius: ArrayLike, sides: int = 6) -> Mesh:
    """Straight tapered tubes without caps.

    Args:
        start, end: (n, 3).
        radius: (n, 2) at start and end, metres.
        sides: around each.
    """
    a, b = np.asarray(start, np.float64), np.asarray(end, np.float64)
    axis = b - a
    length = np.maximum(np.linalg.norm(axis, axis=1, keepdims=True), 1e-9)
    axis = axis / length
    helper = np.where(np.abs(axis[:, 1:2]) > 0.9, [[1.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]])
    side = np.cross(axis, helper)
    side /= np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-9)
    other = np.cross(axis, side)
    angle = 2 * np.pi * np.arange(sides) / sides
    out = (
        np.cos(angle)[None, :, None] * side[:, None] + np.sin(angle)[None, :, None] * other[:, None]
    )
    r = np.broadcast_to(np.asarray(radius, np.float64), (len(a), 2))
    rings = np.stack([a[:, None] + out * r[:, :1, None], b[:, None] + out * r[:, 1:, None]], axis=1)
    count = len(a)
    base = (2 * sides * np.arange(count))[:, None]
    k, following = np.arange(sides), (np.arange(sides) + 1) % sides
    quad = np.stack([k, following, following + sides, k + sides], axis=1)
    faces = np.concatenate([quad[:, [0, 1, 2]], quad[:, [0, 2, 3]]])
    around = np.broadcast_to(angle / (2 * np.pi), (count, sides))
    u = around * (2 * np.pi * r.mean(axis=1, keepdims=True))
    v = np.stack([np.zeros_like(u), np.broadcast_to(length, u.shape)], axis=1)
    uv = np.stack([np.stack([u, u], axis=1), v], axis=-1)
    normals = np.stack([out, out], axis=1)
    return Mesh(
        rings.reshape(-1, 3).astype(np.float32),
        (base[:, :, None] + faces[None]).reshape(-1, 3).astype(np.int32),
        normals.reshape(-1, 3).astype(np.float32),
        uv.reshape(-1, 2).astype(np.float32),
    )


def tube(*points: Sequence[float], radius: float | Sequence[float], sides: int = 8) -> Mesh:
    """A bent tube through points, with one radius or one a point."""
    path = np.asarray(points, np.float64)
    r = np.broadcast_to(np.asarray(radius, np.float64), (len(path),))
    return tubes(path[:-1], path[1:], np.stack([r[:-1], r[1:]], axis=1), sides)


def revolved(profile: ArrayLike, sides: int = 12, crease: float = 40.0) -> Mesh:
    """A body of revolution about Y.

    Args:
        profile: (k, 2) of (radius, height) from bottom to top; radius 0 closes an end.
        sides: around.
        crease: as for `mesh.smooth`.
    """
    outline = np.asarray(profile, np.float64)
    angle = 2 * np.pi * np.arange(sides) / sides
    x = outline[:, 0, None] * np.sin(angle)
    z = outline[:, 0, None] * np.cos(angle)
    y = np.broadcast_to(outline[:, 1, None], x.shape)
    points = np.stack([x, y, z], axis=-1).reshape(-1, 3)
    faces = ring_faces(len(outline), sides)
    # Where the radius is 0, one of each pair of triangles has no area.
    a, b, c = np.moveaxis(points[faces], 1, 0)
    return smooth(points, faces[np.linalg.norm(np.cross(b - a, c - a), axis=1) > 1e-12], crease)


def ring_faces(rings: int, sides: int) -> Ints:
    """Triangles (f, 3) between consecutive closed rings of `sides` points.

    They face outward if the rings run anticlockwise seen from above and follow one another
    upwards.
    """
    k, following = np.arange(sides), (np.arange(sides) + 1) % sides
    quad = np.stack([k, following, following + sides, k + sides], axis=1)
    faces = np.concatenate([quad[:, [0, 1, 2]], quad[:, [0, 2, 3]]])
    made = sides * np.arange(rings - 1)[:, None, None] + faces
    return np.asarray(made.reshape(-1, 3), np.int32)


def disc(centre: Sequence[float], normal: Sequence[float], radius: float, sides: int = 16) -> Mesh:
    """A flat disc, seen from the side to which `normal` points."""
    axis = np.asarray(normal, np.float64) / np.linalg.norm(normal)
    helper = [1.0, 0.0, 0.0] if abs(axis[1]) > 0.9 else [0.0, 1.0, 0.0]
    side = np.cross(helper, axis)
    side /= np.linalg.norm(side)
    other = np.cross(axis, side)
    angle = 2 * np.pi * np.arange(sides) / sides
    rim = np.asarray(centre) + radius * (
        np.cos(angle)[:, None] * side + np.sin(angle)[:, None] * other
    )
    points = np.concatenate([rim, [np.asarray(centre, np.float64)]])
    k = np.arange(sides)
    return flat(points, np.stack([np.full(sides, sides), k, (k + 1) % sides], axis=1))


def polygon(points: ArrayLike) -> Mesh:
    """A flat convex polygon (k, 3), counter-clockwise seen from outside."""
    corners: Floats = np.asarray(points, np.float32)
    k = np.arange(1, len(corners) - 1)
    return flat(corners, np.stack([np.zeros_like(k), k, k + 1], axis=1))
