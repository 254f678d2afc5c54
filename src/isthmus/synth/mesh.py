"""Flat-faced shapes: the common currency of everything that stands in a scene.

A `Mesh` is a bundle of polygons with at most eight corners each, kept as arrays so that a whole
scene is projected at once. Materials say how a face is shaded; groups say which faces belong on
one another (a number plate on a tailgate) and are painted in the order given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
CORNERS = 8


class Material(IntEnum):
    """How a face reacts to light."""

    SKY = 0
    PLAIN = 1
    ASPHALT = 2
    PAVING = 3
    GRASS = 4
    MARKING = 5
    WALL = 6
    ROOF = 7
    LEAF = 8
    PAINT = 9
    GLASS = 10
    HEADLAMP = 11
    TAILLAMP = 12
    STREETLAMP = 13
    SIGNAL = 14


GROUND = (Material.ASPHALT, Material.PAVING, Material.GRASS, Material.MARKING)


@dataclass(frozen=True)
class Mesh:
    """Polygons with their looks.

    Attributes:
        points: (n, 8, 3) corners in metres; shorter polygons repeat their last corner.
        colour: (n, 3) albedo in linear light, 0–1.
        material: (n,) values of `Material`.
        group: (n,) faces of one group are sorted as one and painted in their order here.
        facing: (n, 3) unit normals, outward; (0, 0, 0) for a face that turns to the viewer.
        pattern: (n, 7) façade: floor height, window spacing, window width and height (shares of
            a cell), base height, shop on the ground floor (0/1), number of the house. Zeros
            where the material is not WALL.
    """

    points: Floats
    colour: Floats
    material: Ints
    group: Ints
    facing: Floats
    pattern: Floats = field(repr=False)

    def __len__(self) -> int:
        return len(self.points)

    def placed(self, position: Sequence[float], heading: float) -> Mesh:
        """Turned by `heading` (radians about Y; 0 keeps +Z forward, π/2 turns it to +X), moved."""
        c, s = np.cos(heading), np.sin(heading)
        turn = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]], np.float32)
        moved = self.points @ turn.T + np.asarray(position, np.float32)
        return replace(self, points=moved.astype(np.float32), facing=self.facing @ turn.T)

    def coloured(self, palette: Floats) -> Mesh:
        """The same with colours taken from `palette` (k, 3), by index in `colour[:, 0]`."""
        return replace(self, colour=palette[self.colour[:, 0].astype(int)])


def mesh(
    polygons: Sequence[ArrayLike],
    colour: ArrayLike,
    material: ArrayLike,
    *,
    group: ArrayLike | None = None,
    centre: ArrayLike | None = None,
    billboard: bool = False,
    pattern: ArrayLike | None = None,
) -> Mesh:
    """Build a mesh from polygons of 3 to 8 corners.

    Args:
        polygons: arrays (k, 3).
        colour: (n, 3) or (3,) linear albedo.
        material: (n,) or one `Material`.
        group: (n,); every face its own group if None.
        centre: point inside the solid: normals point away from it. Upward normals if None.
        billboard: faces always turn to the viewer.
        pattern: (7,) or (n, 7), see `Mesh`.
    """
    n = len(polygons)
    points = np.empty((n, CORNERS, 3), np.float32)
    for i, polygon in enumerate(polygons):
        corners = np.asarray(polygon, np.float32)
        points[i, : len(corners)] = corners
        points[i, len(corners) :] = corners[-1]
    groups = np.arange(n) if group is None else np.asarray(group)
    facing = np.zeros((n, 3), np.float32) if billboard else normals(points, centre)
    shades = np.zeros((n, 7)) if pattern is None else np.broadcast_to(pattern, (n, 7))
    return Mesh(
        points,
        np.broadcast_to(np.asarray(colour, np.float32), (n, 3)),
        np.broadcast_to(np.asarray(material, np.int32), (n,)),
        groups.astype(np.int32),
        facing,
        np.asarray(shades, np.float32),
    )


def normals(points: Floats, centre: ArrayLike | None = None) -> Floats:
    """Unit normals (n, 3) by Newell's method, pointing away from `centre` (up if None)."""
    following = np.roll(points, -1, axis=1)
    normal = np.cross(points, following).sum(axis=1)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    if centre is None:
        side = normal[:, 1]
    else:
        middle = points.mean(axis=1) - np.asarray(centre, np.float32)
        side = np.einsum("ij,ij->i", normal, middle)
    return np.asarray(np.where(side[:, None] < 0, -normal, normal), np.float32)


def join(parts: Sequence[Mesh]) -> Mesh:
    """One mesh of several; groups of different parts stay apart."""
    offset = 0
    groups = []
    for part in parts:
        groups.append(part.group + offset)
        offset += int(part.group.max()) + 1 if len(part) else 0
    return Mesh(
        np.concatenate([p.points for p in parts]),
        np.concatenate([p.colour for p in parts]),
        np.concatenate([p.material for p in parts]),
        np.concatenate(groups),
        np.concatenate([p.facing for p in parts]),
        np.concatenate([p.pattern for p in parts]),
    )


def box(x: tuple[float, float], y: tuple[float, float], z: tuple[float, float]) -> list[Floats]:
    """Five faces of an upright box (no floor): left, right, back, front, top."""
    (x0, x1), (y0, y1), (z0, z1) = x, y, z
    faces = [
        [(x0, y0, z0), (x0, y0, z1), (x0, y1, z1), (x0, y1, z0)],
        [(x1, y0, z0), (x1, y0, z1), (x1, y1, z1), (x1, y1, z0)],
        [(x0, y0, z0), (x1, y0, z0), (x1, y1, z0), (x0, y1, z0)],
        [(x0, y0, z1), (x1, y0, z1), (x1, y1, z1), (x0, y1, z1)],
        [(x0, y1, z0), (x1, y1, z0), (x1, y1, z1), (x0, y1, z1)],
    ]
    return [np.array(face, np.float32) for face in faces]


def patch(quad: ArrayLike, u: tuple[float, float], v: tuple[float, float]) -> Floats:
    """The part u0–u1, v0–v1 (shares) of a quad; u along corner 0→1, v along corner 0→3."""
    a, b, c, d = np.asarray(quad, np.float32)[:4]
    corners = [(u[0], v[0]), (u[1], v[0]), (u[1], v[1]), (u[0], v[1])]
    return np.array(
        [(1 - p) * (1 - q) * a + p * (1 - q) * b + p * q * c + (1 - p) * q * d for p, q in corners],
        np.float32,
    )


def capsules(start: Floats, end: Floats, radius: Floats) -> Floats:
    """Limbs seen from −Z: (n, 8, 3) outlines in planes of constant Z.

    Args:
        start, end: (n, 3) ends of each limb.
        radius: (n, 2) radii at start and end.
    """
    along = (end - start)[:, :2]
    length = np.linalg.norm(along, axis=1, keepdims=True)
    d = np.where(length > 1e-6, along / np.maximum(length, 1e-6), np.array([0.0, 1.0]))
    side = np.stack([-d[:, 1], d[:, 0]], axis=1)
    back, lean = 0.87, 0.5
    outline = np.stack(
        [side, lean * side - back * d, -lean * side - back * d, -side,
         -side, -lean * side + back * d, lean * side + back * d, side],
        axis=1,
    )  # fmt: skip
    reach = np.repeat(radius, 4, axis=1)[:, :, None]
    points = np.concatenate(
        [np.repeat(start[:, None], 4, axis=1), np.repeat(end[:, None], 4, axis=1)], axis=1
    )
    points[:, :, :2] += outline * reach
    return points.astype(np.float32)


def linear(srgb: ArrayLike) -> Floats:
    """Linear light of sRGB values 0–255."""
    value = np.asarray(srgb, np.float64) / 255
    low, high = value / 12.92, ((value + 0.055) / 1.055) ** 2.4
    return np.where(value <= 0.04045, low, high).astype(np.float32)
