"""Fewer triangles for the same shape: half-edge collapse by quadric error.

Garland and Heckbert, *Surface simplification using quadric error metrics* (1997), with boundary
planes; collapses of one round touch disjoint neighbourhoods. No new points are made, so corners
keep the normals of the fine surface. Borders between zones and open borders only lose points
along themselves, and points where three borders meet stay.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numba import njit

from isthmus.synth.world.vehicles.subdivision import Array, Index
from isthmus.synth.world.vehicles.surface import Surface


def simplified(surface: Surface, tolerance: float, bend: float, goal: int = 0) -> Surface:
    """The surface with fewer faces.

    Args:
        surface: to be simplified.
        tolerance: largest root of the summed squares of distances to the replaced planes, metres.
        bend: largest angle (degrees) by which a corner's normal may turn in one step.
        goal: number of faces at which to stop; 0 goes on as long as `tolerance` allows.
    """
    faces, normals = surface.faces.copy(), surface.normals.copy()
    alive = np.ones(len(faces), np.bool_)
    quadric = _quadrics(surface.points, faces, surface.zone)
    for _ in range(40):
        done = _round(surface.points, faces, normals, surface.zone, alive, quadric,
                      tolerance**2, float(np.cos(np.radians(bend))), goal)  # fmt: skip
        if done == 0 or (goal and alive.sum() <= goal):
            break
    return replace(surface, faces=faces[alive], normals=normals[alive], zone=surface.zone[alive])


def _quadrics(points: Array, faces: Index, zone: Index) -> Array:
    """Error quadrics (v, 4, 4) of faces' planes and of planes that stand on borders."""
    corner = points[faces]
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-15)
    planes = [np.concatenate([normal, -np.sum(normal * corner[:, 0], axis=1)[:, None]], axis=1)]
    owners = [faces]
    start, end = faces, np.roll(faces, -1, axis=1)
    count = len(points)
    key = (zone[:, None] * count + start) * count + end
    back = (zone[:, None] * count + end) * count + start
    lone = ~np.isin(key, back)
    along = points[end[lone]] - points[start[lone]]
    upright = np.cross(along, np.repeat(normal[:, None], 3, axis=1)[lone])
    upright /= np.maximum(np.linalg.norm(upright, axis=1, keepdims=True), 1e-15)
    offset = -np.sum(upright * points[start[lone]], axis=1)
    planes.append(np.concatenate([upright, offset[:, None]], axis=1))
    owners.append(np.stack([start[lone], end[lone], np.full(lone.sum(), -1)], axis=1))
    total = np.zeros((count, 4, 4))
    for plane, owner in zip(planes, owners, strict=True):
        outer = plane[:, :, None] * plane[:, None, :]
        for column in range(3):
            used = owner[:, column] >= 0
            np.add.at(total, owner[used, column], outer[used])
    return total


def _round(  # noqa: PLR0917
    points: Array, faces: Index, normals: Array, zone: Index, alive: Any, quadric: Array,
    limit: float, bend: float, goal: int,
) -> int:  # fmt: skip
    """One round of collapses in place; returns how many were made."""
    here = np.flatnonzero(alive)
    corners = faces[here].ravel()
    first = np.zeros(len(points) + 1, np.int64)
    np.cumsum(np.bincount(corners, minlength=len(points)), out=first[1:])
    around = np.repeat(here, 3)[np.argsort(corners, kind="stable")]
    price, target = np.full(len(points), np.inf), np.full(len(points), -1, np.int64)
    net = (points, faces, normals, zone, first, around)
    _choices(*net, quadric, limit, bend, price, target)
    order = np.argsort(price, kind="stable")
    made: int = _collapse(*net[1:], alive, quadric, order, target, goal, len(here))
    return made


# The kernels spell vectors out and leave sorting to numpy: numba compiles neither quickly.


def _choices_body(  # noqa: PLR0917
    points: Array, faces: Index, normals: Array, zone: Index, first: Index, around: Index,
    quadric: Array, limit: float, bend: float, price: Array, target: Index,
) -> None:  # fmt: skip
    """Each point's cheapest allowed neighbour, and its price."""
    for u in range(len(points)):
        if first[u + 1] > first[u]:
            best, to = _choice(points, faces, normals, zone, quadric, first, around, u, limit, bend)
            price[u], target[u] = best, to


def _collapse_body(  # noqa: PLR0917
    faces: Index, normals: Array, zone: Index, first: Index, around: Index, alive: Any,
    quadric: Array, order: Index, target: Index, goal: int, left: int,
) -> int:  # fmt: skip
    """Moves points to their targets, the cheapest first; returns how many were moved."""
    touched = np.zeros(len(target), np.bool_)
    made = 0
    for u in order:
        v = target[u]
        if v < 0 or (goal > 0 and left <= goal):
            break
        free = not touched[u] and not touched[v]
        for k in range(first[u], first[u + 1]):
            for c in range(3):
                free = free and not touched[faces[around[k], c]]
        if not free:
            continue
        for k in range(first[u], first[u + 1]):
            for c in range(3):
                touched[faces[around[k], c]] = True
        left -= _merge(faces, normals, zone, alive, first, around, u, v)
        for i in range(4):
            for j in range(4):
                quadric[v, i, j] += quadric[u, i, j]
        made += 1
    return made


def _choice_body(  # noqa: C901, PLR0917
    points: Array, faces: Index, normals: Array, zone: Index, quadric: Array, first: Index,
    around: Index, u: int, limit: float, bend: float,
) -> tuple[float, int]:  # fmt: skip
    """The cheapest allowed neighbour for `u` to move to, and its price."""
    near = np.empty(64, np.int64)
    leave = np.zeros(64, np.int64)
    size = 0
    for k in range(first[u], first[u + 1]):
        f = around[k]
        for c in range(3):
            if faces[f, c] == u:
                for step in range(1, 3):
                    n = faces[f, (c + step) % 3]
                    at = -1
                    for i in range(size):
                        if near[i] == n:
                            at = i
                    if at < 0:
                        if size == 64:
                            return np.inf, -1
                        near[size], leave[size] = n, 0
                        at, size = size, size + 1
                    # Inner edges are met once each way within one zone; that sums to 0.
                    leave[at] += (3 - 2 * step) * (zone[f] + 1)
    edges = 0
    for i in range(size):
        edges += leave[i] != 0
    best, to = np.inf, -1
    if edges not in (0, 2):
        return best, to
    p, q = quadric[u], quadric
    for i in range(size):
        if edges == 2 and leave[i] == 0:
            continue
        v = near[i]
        x, y, z = points[v, 0], points[v, 1], points[v, 2]
        cost = (
            (p[0, 0] + q[v, 0, 0]) * x * x + (p[1, 1] + q[v, 1, 1]) * y * y
            + (p[2, 2] + q[v, 2, 2]) * z * z + (p[3, 3] + q[v, 3, 3])
            + 2 * ((p[0, 1] + q[v, 0, 1]) * x * y + (p[0, 2] + q[v, 0, 2]) * x * z
                   + (p[1, 2] + q[v, 1, 2]) * y * z)
            + 2 * ((p[0, 3] + q[v, 0, 3]) * x + (p[1, 3] + q[v, 1, 3]) * y
                   + (p[2, 3] + q[v, 2, 3]) * z)
        )  # fmt: skip
        # Among equals the shorter edge, which keeps triangles compact.
        cost = max(cost, 0.0) + 1e-7 * _gap(points, v, u)
        if (
            cost < limit
            and cost < best
            and _allowed(points, faces, normals, zone, first, around, u, v, bend)
        ):
            best, to = cost, v
    return best, to


def _gap_body(points: Array, a: int, b: int) -> float:
    """Square of the distance of two points."""
    x, y, z = points[a, 0] - points[b, 0], points[a, 1] - points[b, 1], points[a, 2] - points[b, 2]
    return float(x * x + y * y + z * z)


def _turned_body(points: Array, a: int, b: int, c: int) -> tuple[float, float, float]:
    """Normal of a triangle, twice its area long."""
    x, y, z = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
    r, s, t = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
    return y * t - z * s, z * r - x * t, x * s - y * r


def _allowed_body(  # noqa: C901, PLR0917
    points: Array, faces: Index, normals: Array, zone: Index, first: Index, around: Index,
    u: int, v: int, bend: float,
) -> bool:  # fmt: skip
    """True if moving `u` to `v` keeps a clean net: no folds, no pinched neighbourhoods."""
    shared = 0
    for k in range(first[u], first[u + 1]):
        f = around[k]
        if faces[f, 0] == v or faces[f, 1] == v or faces[f, 2] == v:
            shared += 1
            continue
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        x, y, z = _turned(points, a, b, c)
        corner = 0 if a == u else (1 if b == u else 2)
        a, b, c = (v if a == u else a), (v if b == u else b), (v if c == u else c)
        r, s, t = _turned(points, a, b, c)
        long_old, long_new = np.sqrt(x * x + y * y + z * z), np.sqrt(r * r + s * s + t * t)
        if long_new < 1e-8 or x * r + y * s + z * t < 0.5 * long_old * long_new:
            return False
        longest = max(_gap(points, b, a), _gap(points, c, b), _gap(points, a, c))
        if long_new < 0.02 * longest and long_old > 0.04 * longest:
            return False
        if _normal_at(faces, normals, zone, first, around, v, f, corner)[0] < bend:
            return False
    common = 0
    for k in range(first[u], first[u + 1]):
        f = around[k]
        for c in range(3):
            if faces[f, c] == u:
                n = faces[f, (c + 1) % 3]
                if n != v and _adjacent(faces, first, around, v, n):
                    common += 1
                # An open border's last neighbour is met only as the end of an incoming edge.
                n = faces[f, (c + 2) % 3]
                lone = True
                for j in range(first[u], first[u + 1]):
                    g = around[j]
                    for d in range(3):
                        if faces[g, d] == u and faces[g, (d + 1) % 3] == n:
                            lone = False
                if lone and n != v and _adjacent(faces, first, around, v, n):
                    common += 1
    return common == shared


def _adjacent_body(faces: Index, first: Index, around: Index, v: int, n: int) -> bool:
    for k in range(first[v], first[v + 1]):
        f = around[k]
        if faces[f, 0] == n or faces[f, 1] == n or faces[f, 2] == n:
            return True
    return False


def _normal_at_body(  # noqa: PLR0917
    faces: Index, normals: Array, zone: Index, first: Index, around: Index, v: int, f: int,
    corner: int,
) -> tuple[float, int, int]:  # fmt: skip
    """Agreement, face and corner of the normal at `v` most like that of a face's corner."""
    best, face, place = -2.0, -1, 0
    for k in range(first[v], first[v + 1]):
        g = around[k]
        for c in range(3):
            if faces[g, c] == v:
                agree = (
                    normals[g, c, 0] * normals[f, corner, 0]
                    + normals[g, c, 1] * normals[f, corner, 1]
                    + normals[g, c, 2] * normals[f, corner, 2]
                ) - 0.001 * (zone[g] != zone[f])
                if agree > best:
                    best, face, place = agree, g, c
    return best, face, place


def _merge_body(  # noqa: PLR0917
    faces: Index, normals: Array, zone: Index, alive: Any, first: Index, around: Index,
    u: int, v: int,
) -> int:  # fmt: skip
    """Moves `u` to `v`; returns the number of faces that vanish."""
    gone = 0
    for k in range(first[u], first[u + 1]):
        f = around[k]
        if faces[f, 0] == v or faces[f, 1] == v or faces[f, 2] == v:
            alive[f] = False
            gone += 1
    for k in range(first[u], first[u + 1]):
        f = around[k]
        if alive[f]:
            for c in range(3):
                if faces[f, c] == u:
                    _, g, place = _normal_at(faces, normals, zone, first, around, v, f, c)
                    for axis in range(3):
                        normals[f, c, axis] = normals[g, place, axis]
                    faces[f, c] = v
    return gone


_kernel = njit(cache=True, nogil=True, error_model="numpy")
_gap: Any = _kernel(_gap_body)
_turned: Any = _kernel(_turned_body)
_adjacent: Any = _kernel(_adjacent_body)
_normal_at: Any = _kernel(_normal_at_body)
_allowed: Any = _kernel(_allowed_body)
_choice: Any = _kernel(_choice_body)
_choices: Any = _kernel(_choices_body)
_merge: Any = _kernel(_merge_body)
_collapse: Any = _kernel(_collapse_body)
