"""Fewer triangles by collapsing edges onto one of their ends, the least harmful first.

The harm is measured by quadrics (Garland and Heckbert, "Surface simplification using quadric error
metrics", SIGGRAPH 1997). No corner is moved, so that whatever is known of the corners that remain
(shape targets, weights) stays true.
"""

from __future__ import annotations

import heapq

import numpy as np

from isthmus.synth.world.people.loft import Index, Reals

Quadric = list[float]
_BORDER = 1e3
"""Weight of the planes that hold open borders and borders of paint in place."""


def simplified(
    points: Reals, faces: Index, paint: Index, weight: Reals, count: int
) -> tuple[Index, Index]:
    """Faces (f, 3) of the same corners, and the numbers (f,) of the faces they were.

    Args:
        points: (v, 3).
        faces: (f, 3).
        paint: (f,) borders between faces of different paint are kept.
        weight: (v,) how much a corner's surroundings matter.
        count: how many faces are to remain; fewer collapses are done where none is possible.
    """
    state = _Surface(points, faces, paint, weight)
    while state.alive > count and state.heap:
        state.collapse_next()
    kept = np.array([k for k, face in enumerate(state.faces) if face], np.int64)
    return np.array([state.faces[k] for k in kept], np.int64).reshape(-1, 3), kept


class _Surface:
    """A mesh under simplification: corners, the faces round each, and the edges by harm."""

    def __init__(self, points: Reals, faces: Index, paint: Index, weight: Reals) -> None:
        self.points = [tuple(p) for p in points.tolist()]
        self.faces: list[tuple[int, int, int] | None] = [tuple(f) for f in faces.tolist()]
        self.round: list[set[int]] = [set() for _ in self.points]
        for k, (a, b, c) in enumerate(faces.tolist()):
            self.round[a].add(k)
            self.round[b].add(k)
            self.round[c].add(k)
        self.alive = len(faces)
        self.version = [0] * len(self.points)
        self.quadrics = _quadrics(points, faces, paint, weight)
        self.heap: list[tuple[float, int, int, int, int]] = []
        edges = np.sort(faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
        for a, b in np.unique(edges, axis=0).tolist():
            self.push(a, b)

    def push(self, a: int, b: int) -> None:
        """Offers an edge, onto whichever end does less harm."""
        q = [x + y for x, y in zip(self.quadrics[a], self.quadrics[b], strict=True)]
        onto_a, onto_b = _harm(q, self.points[a]), _harm(q, self.points[b])
        gone, stays, cost = (b, a, onto_a) if onto_a <= onto_b else (a, b, onto_b)
        heapq.heappush(self.heap, (cost, gone, stays, self.version[gone], self.version[stays]))

    def collapse_next(self) -> None:
        """Takes the least harmful edge; leaves it if the surface would fold over or grow thick."""
        _, gone, stays, first, second = heapq.heappop(self.heap)
        if self.version[gone] != first or self.version[stays] != second:
            return
        shared = self.round[gone] & self.round[stays]
        others = self.round[gone] - shared
        if not shared or not self._sound(gone, stays, shared) or self._folds(gone, stays, others):
            return
        for k in shared:
            for corner in self.faces[k] or ():
                self.round[corner].discard(k)
            self.faces[k] = None
        self.alive -= len(shared)
        for k in others:
            a, b, c = (stays if x == gone else x for x in self.faces[k] or ())
            self.faces[k] = (a, b, c)
            self.round[stays].add(k)
        self.round[gone] = set()
        self.version[gone] += 1
        self.version[stays] += 1
        self.quadrics[stays] = [
            x + y for x, y in zip(self.quadrics[stays], self.quadrics[gone], strict=True)
        ]
        near = {x for k in self.round[stays] for x in self.faces[k] or ()} - {stays}
        for other in sorted(near):
            self.push(stays, other)

    def _sound(self, gone: int, stays: int, shared: set[int]) -> bool:
        """The ends have no common neighbour but the third corners of their common faces."""
        left = {x for k in self.round[gone] for x in self.faces[k] or ()}
        right = {x for k in self.round[stays] for x in self.faces[k] or ()}
        third = {x for k in shared for x in self.faces[k] or ()}
        return left & right == third

    def _folds(self, gone: int, stays: int, others: set[int]) -> bool:
        """Some face would turn by more than about 75° or lose its area."""
        for k in others:
            corners = [self.points[x] for x in self.faces[k] or ()]
            moved = [self.points[stays if x == gone else x] for x in self.faces[k] or ()]
            n, m = _normal(*corners), _normal(*moved)
            dot = n[0] * m[0] + n[1] * m[1] + n[2] * m[2]
            square = (n[0] ** 2 + n[1] ** 2 + n[2] ** 2) * (m[0] ** 2 + m[1] ** 2 + m[2] ** 2)
            if dot <= 0.0 or dot * dot < 0.0625 * square:
                return True
        return False


Point = tuple[float, ...]


def _normal(a: Point, b: Point, c: Point) -> tuple[float, float, float]:
    ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
    return uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx


def _harm(q: Quadric, p: Point) -> float:
    """Sum of weighted squared distances of a point from the planes of a quadric."""
    x, y, z = p
    return (
        q[0] * x * x + 2 * q[1] * x * y + 2 * q[2] * x * z + 2 * q[3] * x + q[4] * y * y
        + 2 * q[5] * y * z + 2 * q[6] * y + q[7] * z * z + 2 * q[8] * z + q[9]
    )  # fmt: skip


def _quadrics(points: Reals, faces: Index, paint: Index, weight: Reals) -> list[Quadric]:
    """Ten numbers a corner: the planes of its faces, and upright planes along borders."""
    a, b, c = (points[faces[:, k]] for k in range(3))
    area = np.cross(b - a, c - a)
    size = np.linalg.norm(area, axis=1)
    normal = area / np.maximum(size, 1e-15)[:, None]
    total = np.zeros((len(points), 10))
    plane = _plane(normal, a, size / 2 * weight[faces].mean(axis=1))
    for k in range(3):
        np.add.at(total, faces[:, k], plane)
    edges = np.sort(faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    owner = np.repeat(np.arange(len(faces)), 3)
    pairs, place, times = np.unique(edges, axis=0, return_inverse=True, return_counts=True)
    place = place.ravel()
    low = np.full(len(pairs), np.iinfo(np.int64).max)
    high = np.full(len(pairs), -1, np.int64)
    np.minimum.at(low, place, paint[owner])
    np.maximum.at(high, place, paint[owner])
    border = ((times == 1) | (low != high))[place]
    along = points[edges[border, 1]] - points[edges[border, 0]]
    upright = np.cross(along, normal[owner[border]])
    length = np.linalg.norm(upright, axis=1)
    upright /= np.maximum(length, 1e-15)[:, None]
    fence = _plane(upright, points[edges[border, 0]], _BORDER * length**2)
    for k in range(2):
        np.add.at(total, edges[border, k], fence)
    rows: list[Quadric] = total.tolist()
    return rows


def _plane(normal: Reals, through: Reals, weight: Reals) -> Reals:
    n = np.column_stack([normal, -(normal * through).sum(axis=1)])
    upper = [n[:, i] * n[:, j] for i in range(4) for j in range(i, 4)]
    return np.asarray(np.stack(upper, axis=1) * weight[:, None])
