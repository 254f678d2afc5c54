"""Triangle meshes: the common currency of everything that stands in a scene.

World axes: X to the right, Y up, Z forward (left-handed); metres. A thing's own axes are the
same, with the origin on the ground below its middle and its front towards +Z.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Mesh:
    """Triangles with shared corners.

    Attributes:
        points: (v, 3) metres.
        faces: (f, 3) indices of corners a, b, c, with (b − a) × (c − a) pointing outward.
        normals: (v, 3) unit normals for shading, outward. Corners on a sharp edge are doubled.
        uv: (v, 2) surface coordinates in metres, for textures.
    """

    points: Floats
    faces: Ints
    normals: Floats
    uv: Floats

    def __len__(self) -> int:
        return len(self.faces)

    def placed(
        self, position: Sequence[float] = (0.0, 0.0, 0.0), heading: float = 0.0, scale: float = 1.0
    ) -> Mesh:
        """Scaled, turned by `heading` and moved by `position`.

        `heading` is in radians about Y: 0 keeps +Z forward, π/2 turns it to +X.
        """
        turn = turn_about_y(heading)
        points = self.points @ (turn.T * np.float32(scale)) + np.asarray(position, np.float32)
        return Mesh(points.astype(np.float32), self.faces, self.normals @ turn.T, self.uv)

    def turned(self, matrix: ArrayLike) -> Mesh:
        """Turned by a (3, 3) rotation matrix."""
        turn = np.asarray(matrix, np.float32)
        return Mesh(self.points @ turn.T, self.faces, self.normals @ turn.T, self.uv)

    def mirrored(self) -> Mesh:
        """Mirrored in the plane X = 0 (left becomes right)."""
        flip = np.array([-1, 1, 1], np.float32)
        faces = np.ascontiguousarray(self.faces[:, ::-1])
        return Mesh(self.points * flip, faces, self.normals * flip, self.uv)


def turn_about_y(heading: float) -> Floats:
    """(3, 3) rotation that takes +Z to the direction `heading` (radians, π/2 is +X)."""
    c, s = np.cos(heading), np.sin(heading)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]], np.float32)


def join(parts: Sequence[Mesh]) -> Mesh:
    """One mesh of several."""
    if not parts:
        empty = np.zeros((0, 3), np.float32)
        return Mesh(empty, np.zeros((0, 3), np.int32), empty, np.zeros((0, 2), np.float32))
    starts = np.cumsum([0, *[len(p.points) for p in parts[:-1]]])
    faces = [p.faces + start for p, start in zip(parts, starts, strict=True)]
    return Mesh(
        np.concatenate([p.points for p in parts]),
        np.concatenate(faces).astype(np.int32),
        np.concatenate([p.normals for p in parts]),
        np.concatenate([p.uv for p in parts]),
    )


def flat(points: ArrayLike, faces: ArrayLike, uv: ArrayLike | None = None) -> Mesh:
    """A mesh whose every face is flat: corners are doubled.

    Args:
        points: (v, 3).
        faces: (f, 3) corners a, b, c with (b − a) × (c − a) pointing outward.
        uv: (v, 2); by default the two axes along which a face lies most.
    """
    corners = np.asarray(points, np.float32)[np.asarray(faces)]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    count = len(corners)
    flat_points = corners.reshape(-1, 3)
    shading = np.repeat(normal, 3, axis=0).astype(np.float32)
    if uv is None:
        coordinates = box_uv(flat_points, shading)
    else:
        coordinates = np.asarray(uv, np.float32)[np.asarray(faces)].reshape(-1, 2)
    return Mesh(flat_points, np.arange(3 * count, dtype=np.int32).reshape(-1, 3), shading,
                coordinates)  # fmt: skip


def smooth(
    points: ArrayLike, faces: ArrayLike, crease: float = 50.0, uv: ArrayLike | None = None
) -> Mesh:
    """A mesh with smooth shading, but for edges sharper than `crease` (degrees).

    Around each corner, a face's normal is averaged (by area) with those of its neighbours there
    that lie within `crease` of it.

    Args:
        points: (v, 3).
        faces: (f, 3) corners a, b, c with (b − a) × (c − a) pointing outward.
        crease: largest angle between normals that are smoothed over, degrees.
        uv: (v, 2); by default as in `flat`.
    """
    corners, index = np.asarray(points, np.float32), np.asarray(faces)
    area = np.cross(corners[index[:, 1]] - corners[index[:, 0]],
                    corners[index[:, 2]] - corners[index[:, 0]])  # fmt: skip
    unit = area / np.maximum(np.linalg.norm(area, axis=1, keepdims=True), 1e-12)
    owner, face = index.ravel(), np.repeat(np.arange(len(index)), 3)
    order = np.argsort(owner, kind="stable")
    first = np.searchsorted(owner[order], np.arange(len(corners)))
    count = np.bincount(owner, minlength=len(corners))
    shading = np.zeros((len(owner), 3))
    limit = np.cos(np.radians(crease))
    for step in range(int(count.max(initial=0))):
        # Each corner of each face meets the `step`-th face around the same point.
        there = step < count[owner]
        other = face[order[np.minimum(first[owner] + step, len(owner) - 1)]]
        alike = there & (np.einsum("ij,ij->i", unit[face], unit[other]) >= limit)
        shading += np.where(alike[:, None], area[other], 0.0)
    shading /= np.maximum(np.linalg.norm(shading, axis=1, keepdims=True), 1e-12)
    shading = np.where(np.abs(shading).sum(axis=1, keepdims=True) < 0.5, unit[face], shading)
    spread = corners[owner]
    if uv is None:
        coordinates = box_uv(spread, shading.astype(np.float32))
    else:
        coordinates = np.asarray(uv, np.float32)[owner]
    return Mesh(spread, np.arange(len(owner), dtype=np.int32).reshape(-1, 3),
                shading.astype(np.float32), coordinates)  # fmt: skip


def box_uv(points: Floats, normals: Floats) -> Floats:
    """Surface coordinates (v, 2) by projection along the axis that a normal is closest to."""
    axis = np.abs(normals).argmax(axis=1)
    u = np.where(axis == 0, points[:, 2], points[:, 0])
    v = np.where(axis == 1, points[:, 2], points[:, 1])
    return np.stack([u, v], axis=1).astype(np.float32)


def quads(corners: ArrayLike) -> tuple[Floats, Ints]:
    """Points (4q, 3) and faces (2q, 3) of quadrilaterals (q, 4, 3)."""
    points = np.asarray(corners, np.float32).reshape(-1, 4, 3)
    start = 4 * np.arange(len(points), dtype=np.int32)[:, None, None]
    faces = start + np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    return points.reshape(-1, 3), faces.reshape(-1, 3)


def box(x: tuple[float, float], y: tuple[float, float], z: tuple[float, float]) -> Mesh:
    """An upright box of six faces."""
    (x0, x1), (y0, y1), (z0, z1) = x, y, z
    sides = [
        [(x0, y0, z1), (x0, y1, z1), (x0, y1, z0), (x0, y0, z0)],
        [(x1, y0, z0), (x1, y1, z0), (x1, y1, z1), (x1, y0, z1)],
        [(x0, y0, z0), (x0, y1, z0), (x1, y1, z0), (x1, y0, z0)],
        [(x1, y0, z1), (x1, y1, z1), (x0, y1, z1), (x0, y0, z1)],
        [(x0, y1, z0), (x0, y1, z1), (x1, y1, z1), (x1, y1, z0)],
        [(x0, y0, z1), (x0, y0, z0), (x1, y0, z0), (x1, y0, z1)],
    ]
    return flat(*quads(sides))


def linear(srgb: ArrayLike) -> Floats:
    """Linear light of sRGB values 0–255."""
    value = np.asarray(srgb, np.float64) / 255
    low, high = value / 12.92, ((value + 0.055) / 1.055) ** 2.4
    return np.where(value <= 0.04045, low, high).astype(np.float32)
