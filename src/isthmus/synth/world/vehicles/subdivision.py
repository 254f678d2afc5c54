"""Catmull–Clark subdivision of quadrilateral cages, with creases, onto the limit surface.

Catmull and Clark, *Recursively generated B-spline surfaces on arbitrary topological meshes*
(1978); creases after DeRose, Kass and Truong, *Subdivision surfaces in character animation*
(1998); limit masks after Halstead, Kass and DeRose (1993).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.int64]

DEPTH = 2


@dataclass(frozen=True)
class Cage:
    """A control cage.

    Attributes:
        points: (v, 3) metres.
        faces: (q, 4) corners, counter-clockwise seen from outside.
        places: (v, p) coordinates that are carried along linearly.
        creases: (m, 2) edges that are sharper than the rest.
        sharpness: (m,) number of steps for which a crease stays sharp.
    """

    points: Array
    faces: Index
    places: Array
    creases: Index
    sharpness: Index


@dataclass(frozen=True)
class Refined:
    """A refined cage: points on the limit surface.

    Attributes:
        points: (v, 3).
        faces: (q, 4).
        normals: (q, 4, 3) unit normals of the corners of faces.
        places: (v, p).
        origin: (q,) number of the cage's face.
    """

    points: Array
    faces: Index
    normals: Array
    places: Array
    origin: Index


def refined(cage: Cage, level: int, crease: float = 40.0) -> Refined:
    """The cage subdivided `level` times (0 to 2), its points moved onto the limit surface.

    Points and normals do not depend on `level`: a coarse mesh has a part of a fine one's.
    `crease` is the angle in degrees over which normals are not smoothed.
    """
    steps = [cage]
    for _ in range(DEPTH):
        steps.append(_step(steps[-1]))
    finest = steps[-1]
    points = _limit(finest)
    corner = _corner_normals(points, finest.faces, crease)
    for _ in range(DEPTH - level):
        # Corner i of a face is corner 0 of its i-th child.
        corner = corner[:, 0].reshape(-1, 4, 3)
    chosen = steps[level]
    count = len(chosen.points)
    origin = np.repeat(np.arange(len(cage.faces)), 4**level)
    return Refined(points[:count], chosen.faces, corner, chosen.places, origin)


def _edges(faces: Index) -> tuple[Index, Index]:
    """Edges (e, 2) with ascending ends, and the edge (q, 4) from each corner to the next."""
    ends = np.stack([faces, np.roll(faces, -1, axis=1)], axis=2).reshape(-1, 2)
    edges, number = np.unique(np.sort(ends, axis=1), axis=0, return_inverse=True)
    return edges, number.reshape(faces.shape)


def _sharp(cage: Cage, edges: Index, number: Index) -> Index:
    """Sharpness (e,) of edges; borders stay sharp for ever."""
    sharp = np.zeros(len(edges), np.int64)
    key = edges[:, 0] * len(cage.points) + edges[:, 1]
    low, high = cage.creases.min(axis=1), cage.creases.max(axis=1)
    place = np.searchsorted(key, low * len(cage.points) + high)
    sharp[place] = cage.sharpness
    sharp[np.bincount(number.ravel(), minlength=len(edges)) == 1] = 99
    return sharp


def _sum(values: Array, to: Index, count: int) -> Array:
    """Sums (count, c) of rows (n, c) by their target (n,)."""
    out = np.empty((count, values.shape[1]))
    for column in range(values.shape[1]):
        out[:, column] = np.bincount(to, values[:, column], count)
    return out


def _step(cage: Cage) -> Cage:
    points, faces = cage.points, cage.faces
    edges, number = _edges(faces)
    sharp = _sharp(cage, edges, number)
    centre = points[faces].mean(axis=1)
    middle = points[edges].mean(axis=1)
    sides = np.bincount(number.ravel(), minlength=len(edges))
    around = _sum(np.repeat(centre, 4, axis=0), number.ravel(), len(edges)) / sides[:, None]
    on_edge = np.where(sharp[:, None] > 0, middle, 0.5 * (middle + around))
    moved = _moved(points, faces, edges, sharp, centre, middle)
    v, e = len(points), len(edges)
    forward, face = v + number, (v + e + np.arange(len(faces)))[:, None]
    backward = np.roll(forward, 1, axis=1)
    child = np.stack([faces, forward, np.broadcast_to(face, faces.shape), backward], axis=2)
    places = [cage.places, cage.places[edges].mean(axis=1), cage.places[faces].mean(axis=1)]
    still = np.flatnonzero(sharp > 1)
    still = still[sharp[still] < 99]
    creases = np.concatenate(
        [
            np.stack([edges[still, 0], v + still], axis=1),
            np.stack([v + still, edges[still, 1]], axis=1),
        ]
    )
    return Cage(
        np.concatenate([moved, on_edge, centre]),
        child.reshape(-1, 4),
        np.concatenate(places),
        creases,
        np.tile(sharp[still] - 1, 2),
    )


def _moved(  # noqa: PLR0917
    points: Array, faces: Index, edges: Index, sharp: Index, centre: Array, middle: Array
) -> Array:
    """The cage's own points after one step."""
    v = len(points)
    valence = np.bincount(faces.ravel(), minlength=v)[:, None]
    face_mean = _sum(np.repeat(centre, 4, axis=0), faces.ravel(), v) / valence
    ends = edges.ravel()
    degree = np.bincount(ends, minlength=v)[:, None]
    edge_mean = _sum(np.repeat(middle, 2, axis=0), ends, v) / degree
    smooth = (face_mean + 2 * edge_mean + (valence - 3) * points) / valence
    keen = np.repeat(sharp > 0, 2)
    count = np.bincount(ends[keen], minlength=v)[:, None]
    along = _sum(np.repeat(middle, 2, axis=0)[keen], ends[keen], v)
    on_crease = 0.25 * along + 0.5 * points
    return np.where(count == 2, on_crease, np.where(count > 2, points, smooth))


def _limit(cage: Cage) -> Array:
    """Points (v, 3) of the cage on the limit surface."""
    points, faces, v = cage.points, cage.faces, len(cage.points)
    edges, number = _edges(faces)
    sharp = _sharp(cage, edges, number)
    n = np.bincount(faces.ravel(), minlength=v)[:, None]
    near = _sum(points[edges[:, ::-1]].reshape(-1, 3), edges.ravel(), v)
    across = _sum(points[np.roll(faces, 2, axis=1)].reshape(-1, 3), faces.ravel(), v)
    smooth = (n**2 * points + 4 * near + across) / (n * (n + 5))
    keen = np.repeat(sharp > 0, 2)
    count = np.bincount(edges.ravel()[keen], minlength=v)[:, None]
    along = _sum(points[edges[:, ::-1]].reshape(-1, 3)[keen], edges.ravel()[keen], v)
    on_crease = (along + 4 * points) / 6
    return np.where(count == 2, on_crease, np.where(count > 2, points, smooth))


def _corner_normals(points: Array, faces: Index, crease: float) -> Array:
    """Unit normals (q, 4, 3) of corners, smoothed over neighbours within `crease` degrees."""
    corners = points[faces]
    area = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    unit = area / np.maximum(np.linalg.norm(area, axis=1, keepdims=True), 1e-12)
    owner, face = faces.ravel(), np.repeat(np.arange(len(faces)), 4)
    order = np.argsort(owner, kind="stable")
    first = np.searchsorted(owner[order], np.arange(len(points)))
    count = np.bincount(owner, minlength=len(points))
    total, limit = np.zeros((len(owner), 3)), np.cos(np.radians(crease))
    for step in range(int(count.max(initial=0))):
        there = step < count[owner]
        other = face[order[np.minimum(first[owner] + step, len(owner) - 1)]]
        alike = there & (np.einsum("ij,ij->i", unit[face], unit[other]) >= limit)
        total += np.where(alike[:, None], area[other], 0.0)
    total /= np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)
    return total.reshape(-1, 4, 3)
