"""Simple solids with smooth shading: turned parts, tubes, blobs and boxes with soft edges."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from isthmus.synth.world.mesh import Floats, Mesh, box, box_uv
from isthmus.synth.world.vehicles.subdivision import Array, Index

Span = tuple[float, float]


def made(points: Array, faces: Index, normals: Array) -> Mesh:
    """A mesh with surface coordinates by projection."""
    length = np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    place, shading = points.astype(np.float32), (normals / length).astype(np.float32)
    return Mesh(place, faces.astype(np.int32), shading, box_uv(place, shading))


def grid(rows: int, columns: int, around: bool) -> Index:
    """Faces (f, 3) of a net of `rows` × `columns` points; `around` closes its columns."""
    number = np.arange(rows * columns).reshape(rows, columns)
    if around:
        number = np.concatenate([number, number[:, :1]], axis=1)
    a, b, c, d = number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]
    return np.concatenate(
        [np.stack([a, b, c], axis=2).reshape(-1, 3), np.stack([a, c, d], axis=2).reshape(-1, 3)]
    )


def turned(
    profile: ArrayLike, segments: int, arc: Span = (0.0, 2 * np.pi), sharp: float = 35.0
) -> Mesh:
    """A profile (n, 2) of (x, radius) turned about the X axis.

    The surface faces the left of the profile's direction when x runs to the right and the radius
    up. Bends of more than `sharp` degrees stay sharp. Angles start at +Z and grow towards +Y.
    """
    line = np.asarray(profile, np.float64)
    along = np.diff(line, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-12)
    left = np.stack([-along[:, 1], along[:, 0]], axis=1)
    # Each profile segment has corners of its own where the bend is sharp.
    start, end = left.copy(), left.copy()
    soft = np.einsum("ij,ij->i", left[:-1], left[1:]) > np.cos(np.radians(sharp))
    mean = left[:-1] + left[1:]
    end[:-1][soft], start[1:][soft] = mean[soft], mean[soft]
    closed = abs(arc[1] - arc[0] - 2 * np.pi) < 1e-6
    angle = np.linspace(*arc, segments + 1)[: segments if closed else None]
    c, s = np.cos(angle), np.sin(angle)
    pieces = []
    for i in range(len(left)):
        ends = line[[i, i + 1]]
        points = np.stack(
            [np.repeat(ends[:, :1], len(angle), 1), ends[:, 1:] * s, ends[:, 1:] * c], axis=2
        )
        bent = np.stack([start[i], end[i]])
        normals = np.stack(
            [np.repeat(bent[:, :1], len(angle), 1), bent[:, 1:] * s, bent[:, 1:] * c], axis=2
        )
        faces = grid(2, len(angle), closed)
        piece = made(points.reshape(-1, 3), faces, normals.reshape(-1, 3))
        pieces.append(_proper(piece))
    return joined(pieces)


def joined(pieces: Sequence[Mesh]) -> Mesh:
    """One mesh of several."""
    starts = np.cumsum([0, *[len(p.points) for p in pieces[:-1]]])
    return Mesh(
        np.concatenate([p.points for p in pieces]),
        np.concatenate([p.faces + s for p, s in zip(pieces, starts, strict=True)]).astype(np.int32),
        np.concatenate([p.normals for p in pieces]),
        np.concatenate([p.uv for p in pieces]),
    )


def _proper(mesh: Mesh) -> Mesh:
    """Without degenerate faces; faces turned so that they agree with their normals."""
    corner = mesh.points[mesh.faces]
    area = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    keep = np.linalg.norm(area, axis=1) > 1e-9
    agree = np.einsum("ij,ij->i", area, mesh.normals[mesh.faces].mean(axis=1)) >= 0
    faces = np.where(agree[:, None], mesh.faces, mesh.faces[:, ::-1])[keep]
    return Mesh(mesh.points, np.ascontiguousarray(faces), mesh.normals, mesh.uv)


def tube(path: ArrayLike, radius: ArrayLike, sides: int = 8, caps: bool = True) -> Mesh:
    """A tube along a path (n, 3), of one radius or radii (n,), its ends closed by flat caps."""
    line = np.asarray(path, np.float64)
    count = len(line)
    width = np.broadcast_to(np.asarray(radius, np.float64), (count,))
    along = np.gradient(line, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    first = np.eye(3)[np.abs(along[0]).argmin()]
    across = np.empty_like(line)
    for i in range(count):
        first = first - along[i] * (first @ along[i])
        first /= np.linalg.norm(first)
        across[i] = first
    other = np.cross(along, across)
    angle = 2 * np.pi * np.arange(sides) / sides
    normals = (
        across[:, None] * np.cos(angle)[:, None] + other[:, None] * np.sin(angle)[:, None]
    )  # fmt: skip
    points = line[:, None] + width[:, None, None] * normals
    slope = np.gradient(width, axis=0) / np.maximum(
        np.linalg.norm(np.gradient(line, axis=0), axis=1), 1e-9
    )
    tilted = normals - slope[:, None, None] * along[:, None]
    faces = grid(count, sides, around=True)
    pieces = [_proper(made(points.reshape(-1, 3), faces, tilted.reshape(-1, 3)))]
    if caps:
        for i, sign in ((0, -1.0), (-1, 1.0)):
            if width[i] > 1e-4:
                pieces.append(fan(points[i], sign * along[i]))
    return joined(pieces)


def fan(rim: Array, normal: Array) -> Mesh:
    """A flat convex polygon (n, 3) that faces `normal`."""
    count = len(rim)
    step = np.arange(1, count - 1)
    faces = np.stack([0 * step, step, step + 1], axis=1)
    return _proper(made(rim, faces, np.tile(np.asarray(normal, np.float64), (count, 1))))


def ellipsoid(centre: ArrayLike, radii: ArrayLike, rows: int = 8, columns: int = 12) -> Mesh:
    """An ellipsoid of semi-axes `radii`."""
    up = np.linspace(-0.5 * np.pi, 0.5 * np.pi, rows + 1)
    around = 2 * np.pi * np.arange(columns) / columns
    unit = np.stack(
        [
            np.cos(up)[:, None] * np.cos(around),
            np.repeat(np.sin(up)[:, None], columns, 1),
            np.cos(up)[:, None] * np.sin(around),
        ],
        axis=2,
    ).reshape(-1, 3)
    size = np.asarray(radii, np.float64)
    points = np.asarray(centre, np.float64) + unit * size
    return _proper(made(points, grid(rows + 1, columns, True), unit / size))


def vec(x: float, y: float, z: float) -> Array:
    """A point or direction (3,)."""
    return np.array([x, y, z], np.float64)


def block(x: Span, y: Span, z: Span, radius: float | Sequence[float], level: int) -> Mesh:
    """A `soft_box` at the finest level of detail, a plain box below."""
    return soft_box(x, y, z, radius) if level == 2 else box(x, y, z)


def soft_box(x: Span, y: Span, z: Span, radius: float | Sequence[float] = 0.02) -> Mesh:
    """A box whose edges look rounded: bevels of `radius`, shaded from face to face (44 faces)."""
    low = np.array([x[0], y[0], z[0]], np.float64)
    high = np.array([x[1], y[1], z[1]], np.float64)
    middle, half = 0.5 * (low + high), 0.5 * (high - low)
    r = np.minimum(np.broadcast_to(np.asarray(radius, np.float64), (3,)), 0.999 * half)
    corner = np.array([(a, b, c) for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)], np.float64)
    # Points 3 k + axis: corner k as it lies on the face across `axis`.
    points = np.repeat(middle + corner * (half - r), 3, axis=0)
    normals = np.zeros((24, 3))
    for axis in range(3):
        points[axis::3, axis] += corner[:, axis] * r[axis]
        normals[axis::3, axis] = corner[:, axis]
    return _proper(made(points, _SOFT_BOX, normals + 1e-3 * np.repeat(corner, 3, axis=0)))


def _soft_box_faces() -> Index:
    faces: list[tuple[int, int, int]] = []

    def quad(a: int, b: int, c: int, d: int) -> None:
        faces.extend([(a, b, c), (a, c, d)])

    bit = (4, 2, 1)
    for axis in range(3):
        u, v = (axis + 1) % 3, (axis + 2) % 3
        for side in (0, bit[axis]):
            ring = [side, side + bit[u], side + bit[u] + bit[v], side + bit[v]]
            quad(*[3 * k + axis for k in ring])
        for a in (0, bit[u]):
            for b in (0, bit[v]):
                near, far = a + b, a + b + bit[axis]
                quad(3 * near + u, 3 * far + u, 3 * far + v, 3 * near + v)
    faces.extend((3 * k, 3 * k + 1, 3 * k + 2) for k in range(8))
    return np.array(faces)


_SOFT_BOX = _soft_box_faces()


def moved(mesh: Mesh, by: ArrayLike) -> Mesh:
    """The mesh moved by (3,) metres."""
    points = mesh.points + np.asarray(by, np.float32)
    return Mesh(points.astype(np.float32), mesh.faces, mesh.normals, mesh.uv)


def bent(mesh: Mesh, matrix: ArrayLike, offset: ArrayLike = (0.0, 0.0, 0.0)) -> Mesh:
    """The mesh under an affine map: `matrix` (3, 3), then `offset` (3,)."""
    linear = np.asarray(matrix, np.float64)
    points = mesh.points @ linear.T + np.asarray(offset)
    faces = mesh.faces if np.linalg.det(linear) > 0 else mesh.faces[:, ::-1]
    return made(points, faces.astype(np.int64), mesh.normals @ np.linalg.inv(linear))


def pitch(angle: float) -> Floats:
    """(3, 3) rotation about X that lifts +Z towards +Y by `angle` radians."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1, 0, 0], [0, c, s], [0, -s, c]], np.float32)


def roll(angle: float) -> Floats:
    """(3, 3) rotation about Z that lifts +X towards +Y by `angle` radians."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]], np.float32)


def yaw(angle: float) -> Floats:
    """(3, 3) rotation about Y that takes +Z towards +X by `angle` radians."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]], np.float32)
