"""Control cages of bodies: rings of a loft from nose to tail, closed by two grids.

A ring has ten points on the right half of a cross-section (x ≥ 0), numbered from the middle of
the floor over sill, flank, shoulder, belt line and roof rail to the middle of the roof. The
stations are bent: the points of one ring have z of their own, so that lower body, belt line and
roof can follow lines of their own (wind-screens, wheel arches).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isthmus.synth.world.vehicles.subdivision import Array, Cage, Index

FLOOR, FLOOR_MIDDLE, SILL, ROCKER, FLANK, SHOULDER, BELT, RAIL, ROOF, CREST = range(10)
RING = 10
ROWS = (ROCKER, FLANK, SHOULDER, BELT)
SIDE, TOP, BOTTOM, FRONT, REAR = range(5)
"""Zones of a body's faces."""


@dataclass(frozen=True)
class Body:
    """A body's control points on the right half.

    Attributes:
        rings: (k, 10, 3) points of the loft, nose first.
        front: (4, 2, 3) of the nose: rows rocker to belt, columns axis and middle.
        rear: (4, 2, 3) of the tail.
        creases: ((ring, point), (ring, point), sharpness) of sharp edges.
    """

    rings: Array
    front: Array
    rear: Array
    creases: tuple[tuple[tuple[int, int], tuple[int, int], int], ...] = ()


def cage(body: Body) -> tuple[Cage, Index]:
    """The cage of both halves and the zones (q,) of its faces.

    Places carried along are (ring, point); on the nose the ring runs from −2 (axis) to 0, on the
    tail from the last to the last + 2.
    """
    count = len(body.rings)
    points = np.concatenate([body.rings.reshape(-1, 3), body.front.reshape(-1, 3),
                             body.rear.reshape(-1, 3)])  # fmt: skip
    ring, row = np.mgrid[0:count, 0:RING]
    places = [np.stack([ring, row], axis=2).reshape(-1, 2)]
    for start, step in ((0, -1), (count - 1, 1)):
        grid = [(start + step * (2 - column), r) for r in ROWS for column in (0, 1)]
        places.append(np.array(grid, np.float64))
    loft = np.arange(count * RING).reshape(count, RING)
    faces = [_strip(loft)]
    zone = [np.tile([BOTTOM, BOTTOM, SIDE, SIDE, SIDE, SIDE, SIDE, TOP, TOP], count - 1)]
    for end, start in ((FRONT, count * RING), (REAR, count * RING + 8)):
        inner = start + np.arange(8).reshape(4, 2)
        net = _end(loft[0 if end == FRONT else -1], inner)
        faces.append(net if end == FRONT else net[:, ::-1])
        zone.append(np.full(len(net), end))
    half, labels = np.concatenate(faces), np.concatenate(zone)
    crease = np.array([(loft[a], loft[b]) for a, b, _ in body.creases]).reshape(-1, 2)
    keen = np.array([s for _, _, s in body.creases], np.int64)
    return _doubled(points, half, np.concatenate(places), crease, keen), np.tile(labels, 2)


def _strip(loft: Index) -> Index:
    """Quadrilaterals (q, 4) between neighbouring rings (k, 10)."""
    a, b = loft[:-1, :-1], loft[:-1, 1:]
    c, d = loft[1:, 1:], loft[1:, :-1]
    return np.stack([a, d, c, b], axis=2).reshape(-1, 4)


def _end(ring: Index, inner: Index) -> Index:
    """Quadrilaterals (10, 4) that close a ring, with inner points (4 rows, 2 columns)."""
    rows = [(ring[FLOOR], ring[FLOOR_MIDDLE], ring[SILL])]
    rows += [(inner[i, 0], inner[i, 1], ring[row]) for i, row in enumerate(ROWS)]
    rows += [(ring[CREST], ring[ROOF], ring[RAIL])]
    grid = np.array(rows)
    a, b, c, d = grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]
    return np.stack([a, b, c, d], axis=2).reshape(-1, 4)


def _doubled(points: Array, faces: Index, places: Array, crease: Index, keen: Index) -> Cage:
    """Right half and its mirror image, welded where x = 0."""
    v = len(points)
    axis = np.abs(points[:, 0]) < 1e-9
    twin = np.where(axis, np.arange(v), v + np.cumsum(~axis) - 1)
    mirrored = points[~axis] * np.array([-1.0, 1.0, 1.0])
    return Cage(
        np.concatenate([points, mirrored]),
        np.concatenate([faces, twin[faces][:, ::-1]]),
        np.concatenate([places, places[~axis]]).astype(np.float64),
        _unique(np.concatenate([crease, twin[crease]])),
        _first(np.concatenate([crease, twin[crease]]), np.tile(keen, 2)),
    )


def _unique(edges: Index) -> Index:
    return np.asarray(np.unique(np.sort(edges, axis=1), axis=0))


def _first(edges: Index, values: Index) -> Index:
    _, first = np.unique(np.sort(edges, axis=1), axis=0, return_index=True)
    return np.asarray(values[first])
