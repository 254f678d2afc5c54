"""A triangulated surface that is cut along outlines: conforming splits, contours, strips.

A cut moves no surface: edges that an outline crosses are split where it crosses them, and the
triangles on either side split with them, so that no gaps open.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from isthmus.synth.world.mesh import Mesh, box_uv
from isthmus.synth.world.vehicles.outline import Field
from isthmus.synth.world.vehicles.subdivision import Array, Index, Refined

Chosen = NDArray[np.bool_]


@dataclass(frozen=True)
class Surface:
    """Triangles.

    Attributes:
        points: (v, 3) metres.
        faces: (f, 3) corners, counter-clockwise seen from outside.
        normals: (f, 3, 3) unit normals of the faces' corners.
        places: (v, p) coordinates on the cage.
        zone: (f,) number of the region of the cage.
        fixed: (v,) points that lie on an earlier cut or on the plane of symmetry.
    """

    points: Array
    faces: Index
    normals: Array
    places: Array
    zone: Index
    fixed: Chosen

    def __len__(self) -> int:
        return len(self.faces)

    def only(self, faces: Chosen) -> Surface:
        """The same with fewer faces; points keep their numbers."""
        return replace(
            self, faces=self.faces[faces], normals=self.normals[faces], zone=self.zone[faces]
        )

    def centres(self) -> Array:
        """Middles (f, 3) of faces."""
        return np.asarray(self.points[self.faces].mean(axis=1))

    def whereabouts(self) -> Array:
        """Places (f, p) of the middles of faces."""
        return np.asarray(self.places[self.faces].mean(axis=1))

    def facing(self) -> Array:
        """Mean shading normals (f, 3) of faces."""
        return np.asarray(self.normals.mean(axis=1))

    def mesh(self, faces: Chosen | None = None, lift: float = 0.0) -> Mesh:
        """The (chosen) faces as a mesh, moved outwards by `lift` metres."""
        chosen = self if faces is None else self.only(faces)
        count = 3 * len(chosen)
        normal = chosen.normals.reshape(-1, 3)
        key = np.concatenate(
            [chosen.faces.reshape(-1, 1), np.round(normal * 512)], axis=1
        ).astype(np.int64)  # fmt: skip
        _, first, number = np.unique(key, axis=0, return_index=True, return_inverse=True)
        points = chosen.points[chosen.faces.ravel()[first]] + lift * normal[first]
        normals = normal[first].astype(np.float32)
        flat_points = points.astype(np.float32)
        faces_out = number.reshape(-1)[np.arange(count)].reshape(-1, 3).astype(np.int32)
        return Mesh(flat_points, faces_out, normals, box_uv(flat_points, normals))


def triangulated(net: Refined, zone: Index) -> Surface:
    """The right half (x ≥ 0) of a refined cage, with `zone` (q,) of its quadrilaterals."""
    keep = net.points[net.faces][:, :, 0].mean(axis=1) > 0
    quads, normals, zone = net.faces[keep], net.normals[keep], zone[keep]
    corner = net.points[quads]
    # The shorter diagonal follows the surface better.
    first = np.linalg.norm(corner[:, 0] - corner[:, 2], axis=1)
    second = np.linalg.norm(corner[:, 1] - corner[:, 3], axis=1)
    turn = np.where((first <= second)[:, None], np.arange(4), (np.arange(4) + 1) % 4)
    quads = np.take_along_axis(quads, turn, axis=1)
    normals = np.take_along_axis(normals, turn[:, :, None], axis=1)
    halves = [[0, 1, 2], [0, 2, 3]]
    fixed = np.abs(net.points[:, 0]) < 1e-6
    points = net.points.copy()
    points[fixed, 0] = 0.0
    return Surface(
        points,
        quads[:, halves].reshape(-1, 3),
        normals[:, halves].reshape(-1, 3, 3),
        net.places,
        np.repeat(zone, 2),
        fixed,
    )


# Triangles by which of a triangle's edges (bits 1: 0-1, 2: 1-2, 4: 2-0) are split. Corners 0 to 2
# are its own, 3 to 5 the new points on those edges.
_PATTERNS = {
    0: [(0, 1, 2)],
    1: [(0, 3, 2), (3, 1, 2)],
    2: [(1, 4, 0), (4, 2, 0)],
    4: [(2, 5, 1), (5, 0, 1)],
    3: [(3, 1, 4), (0, 3, 4), (0, 4, 2)],
    6: [(4, 2, 5), (1, 4, 5), (1, 5, 0)],
    5: [(5, 0, 3), (2, 5, 3), (2, 3, 1)],
    7: [(0, 3, 5), (3, 1, 4), (5, 4, 2), (3, 4, 5)],
}


def split(surface: Surface, edges: Index, share: Array, fixed: bool) -> Surface:
    """New points on `edges` (m, 2), at `share` (m,) of the way from the lower to the higher end."""
    v, m = len(surface.points), len(edges)
    if m == 0:
        return surface
    ends = np.sort(edges, axis=1)
    key = ends[:, 0] * v + ends[:, 1]
    order = np.argsort(key)
    ends, key, t = ends[order], key[order], share[order][:, None]
    sides = np.stack([surface.faces, np.roll(surface.faces, -1, axis=1)], axis=2)
    low, high = sides.min(axis=2), sides.max(axis=2)
    found = np.minimum(np.searchsorted(key, low * v + high), m - 1)
    cut = key[found] == low * v + high
    local = np.concatenate([surface.faces, np.where(cut, v + found, -1)], axis=1)
    along = np.where(surface.faces == low, t[found, 0], 1 - t[found, 0])[..., None]
    between = (1 - along) * surface.normals + along * np.roll(surface.normals, -1, axis=1)
    between /= np.maximum(np.linalg.norm(between, axis=2, keepdims=True), 1e-9)
    normals = np.concatenate([surface.normals, between], axis=1)
    code = cut @ np.array([1, 2, 4])
    faces_out, normals_out, zone_out = [], [], []
    for pattern, triangles in _PATTERNS.items():
        here = np.flatnonzero(code == pattern)
        if len(here):
            faces_out.append(local[here][:, triangles].reshape(-1, 3))
            normals_out.append(normals[here][:, triangles].reshape(-1, 3, 3))
            zone_out.append(np.repeat(surface.zone[here], len(triangles)))
    a, b = ends.T
    return Surface(
        np.concatenate([surface.points, (1 - t) * surface.points[a] + t * surface.points[b]]),
        np.concatenate(faces_out),
        np.concatenate(normals_out),
        np.concatenate([surface.places, (1 - t) * surface.places[a] + t * surface.places[b]]),
        np.concatenate(zone_out),
        np.concatenate([surface.fixed, np.full(m, fixed) | (surface.fixed[a] & surface.fixed[b])]),
    )


def _edges(faces: Index) -> Index:
    """Edges (e, 2) of triangles, each once, ends ascending."""
    sides = np.stack([faces, np.roll(faces, -1, axis=1)], axis=2).reshape(-1, 2)
    return np.asarray(np.unique(np.sort(sides, axis=1), axis=0))


def finer(surface: Surface, field: Field, where: Chosen, error: float) -> Surface:
    """Triangles split where straight cuts would miss the contour of `field` by over `error`.

    `where` (f,) limits it; it is judged on the faces as they are given.
    """
    marked = replace(surface, zone=np.where(where, surface.zone, -1 - surface.zone))
    for _ in range(8):
        here = np.flatnonzero(marked.zone >= 0)
        rough = here[_missed(marked.points[marked.faces[here]], field, error)]
        if len(rough) == 0:
            break
        corner = marked.points[marked.faces[rough]]
        length = np.linalg.norm(corner - np.roll(corner, -1, axis=1), axis=2)
        rough, length = (
            rough[length.max(axis=1) > 3 * error],
            length[length.max(axis=1) > 3 * error],
        )
        start = length.argmax(axis=1)
        pair = np.stack([marked.faces[rough, start], marked.faces[rough, (start + 1) % 3]], axis=1)
        pair = np.unique(np.sort(pair, axis=1), axis=0)
        marked = split(marked, pair, np.full(len(pair), 0.5), fixed=False)
    return replace(marked, zone=np.where(marked.zone < 0, -1 - marked.zone, marked.zone))


def _missed(corner: Array, field: Field, error: float) -> Chosen:
    """(n,) triangles (n, 3, 3) in which a straight cut would be over `error` off the contour."""
    count = len(corner)
    middle = 0.5 * (corner + np.roll(corner, -1, axis=1))
    centre = corner.mean(axis=1)
    value = field(np.concatenate([corner, middle], axis=1).reshape(-1, 3)).reshape(count, 6)
    inner = field(centre)
    ends, between = value[:, :3], value[:, 3:]
    after = np.roll(ends, -1, axis=1)
    same = np.sign(ends) == np.sign(after)
    # A contour that enters and leaves through one edge, or hides inside.
    hidden = (same & (np.sign(between) != np.sign(ends)) & (np.abs(between) > error)).any(axis=1)
    hidden |= same.all(axis=1) & (np.sign(inner) != np.sign(ends[:, 0])) & (np.abs(inner) > error)
    t = np.where(same, 0.0, ends / np.where(same, 1.0, ends - after))[..., None]
    crossing = (1 - t) * corner + t * np.roll(corner, -1, axis=1)
    weight = (~same)[..., None] / np.maximum((~same).sum(axis=1), 1)[:, None, None]
    chord = (weight * crossing).sum(axis=1)
    off = np.abs(field(chord)) > error
    return np.asarray(hidden | (off & ~same.all(axis=1)))


def cut(surface: Surface, field: Field, where: Chosen, error: float = 0.0) -> Surface:
    """The surface with edges along the contour of `field`, within the faces `where` (f,).

    Triangles are first refined until the cut follows the contour within `error` metres; 0 takes
    them as they are.
    """
    if error:
        marked = replace(surface, zone=surface.zone + 1000 * where)
        marked = finer(marked, field, marked.zone >= 1000, error)
        where = marked.zone >= 1000
        surface = replace(marked, zone=marked.zone % 1000)
    surface = _snapped(surface, field, where)
    edges, share = _crossings(surface, field, where)
    return split(surface, edges, share, fixed=True)


def _crossings(surface: Surface, field: Field, where: Chosen) -> tuple[Index, Array]:
    """Edges (m, 2) that a contour crosses and where (m,)."""
    edges = _edges(surface.faces[where])
    used = np.unique(edges)
    value = np.zeros(len(surface.points))
    value[used] = field(surface.points[used])
    value = np.where(np.abs(value) < 1e-5, 0.0, value)
    edges = edges[value[edges[:, 0]] * value[edges[:, 1]] < 0]
    start, end = surface.points[edges[:, 0]], surface.points[edges[:, 1]]
    low, high = np.zeros(len(edges)), np.ones(len(edges))
    sign = np.sign(value[edges[:, 0]])
    for _ in range(12 if len(edges) else 0):
        middle = 0.5 * (low + high)
        same = np.sign(field(start + middle[:, None] * (end - start))) == sign
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return edges, 0.5 * (low + high)


def _snapped(surface: Surface, field: Field, where: Chosen, share: float = 0.2) -> Surface:
    """Points close to the contour moved onto it along an edge, which saves slivers."""
    edges, t = _crossings(surface, field, where)
    near_start, near_end = t < share, t > 1 - share
    point = np.where(near_start, edges[:, 0], edges[:, 1])
    other = np.where(near_start, edges[:, 1], edges[:, 0])
    part = np.where(near_start, t, 1 - t)
    free = (near_start | near_end) & ~surface.fixed[point]
    point, other, part = point[free], other[free], part[free]
    order = np.lexsort((part, point))
    point, other, part = point[order], other[order], part[order][:, None]
    first = np.ones(len(point), bool)
    first[1:] = point[1:] != point[:-1]
    point, other, part = point[first], other[first], part[first]
    points, places = surface.points.copy(), surface.places.copy()
    points[point] += part * (surface.points[other] - surface.points[point])
    places[point] += part * (surface.places[other] - surface.places[point])
    fixed = surface.fixed.copy()
    fixed[point] = True
    return replace(surface, points=points, places=places, fixed=fixed)


def inside(surface: Surface, field: Field) -> Chosen:
    """(f,) faces whose middle lies inside `field`."""
    return np.asarray(field(surface.centres()) < 0)


@dataclass(frozen=True)
class Lines:
    """Directed segments on a surface; what they enclose lies to their left.

    Attributes:
        points: (s, 2, 3) ends.
        normals: (s, 2, 3) of the surface there.
    """

    points: Array
    normals: Array


def border(surface: Surface, faces: Chosen) -> Lines:
    """The edges between the chosen faces (f,) and all others, or nothing."""
    here = surface.only(faces)
    start, end = here.faces, np.roll(here.faces, -1, axis=1)
    key = (start * len(surface.points) + end).ravel()
    back = (end * len(surface.points) + start).ravel()
    lone = ~np.isin(key, back)
    ends = np.stack([start.ravel()[lone], end.ravel()[lone]], axis=1)
    first = here.normals.reshape(-1, 3)[lone]
    second = np.roll(here.normals, -1, axis=1).reshape(-1, 3)[lone]
    return Lines(surface.points[ends], np.stack([first, second], axis=1))


def trace(surface: Surface, field: Field, where: Chosen) -> Lines:
    """The contour of `field` over the faces `where` (f,), one segment a triangle."""
    here = surface.only(where)
    used, place = np.unique(here.faces, return_inverse=True)
    value = field(surface.points[used])
    value = np.where(np.abs(value) < 1e-6, 1e-6, value)[place.reshape(here.faces.shape)]
    after = np.roll(value, -1, axis=1)
    crossed = value * after < 0
    through = crossed.sum(axis=1) == 2
    here, value, after, crossed = (
        here.only(through), value[through], after[through], crossed[through],
    )  # fmt: skip
    t = np.where(crossed, value / np.where(crossed, value - after, 1.0), 0.0)[..., None]
    corner = here.points[here.faces]
    on_edge = (1 - t) * corner + t * np.roll(corner, -1, axis=1)
    bent = (1 - t) * here.normals + t * np.roll(here.normals, -1, axis=1)
    # The contour enters where the field turns negative, and keeps the inside to its left.
    leave = (crossed & (value > 0)).argmax(axis=1)
    enter = (crossed & (value < 0)).argmax(axis=1)
    rows = np.arange(len(here))
    order = np.stack([enter, leave], axis=1)
    points = on_edge[rows[:, None], order]
    normals = bent[rows[:, None], order]
    normals = normals / np.maximum(np.linalg.norm(normals, axis=2, keepdims=True), 1e-9)
    long = np.linalg.norm(points[:, 1] - points[:, 0], axis=1) > 1e-4
    return Lines(points[long], normals[long])


def ribbon(lines: Lines, width: float, lift: float, shift: float = 0.0) -> Mesh:
    """A flat ribbon along lines: `width` metres wide, `lift` above the surface.

    `shift` moves it sideways, positive to the left (inwards).
    """
    along = lines.points[:, 1] - lines.points[:, 0]
    along = along / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    left = np.cross(lines.normals, along[:, None])
    left /= np.maximum(np.linalg.norm(left, axis=2, keepdims=True), 1e-9)
    raised = lines.points + lift * lines.normals
    # Neighbours overlap a little so that bends stay closed.
    reach = 0.3 * width * along[:, None] * np.array([-1.0, 1.0])[None, :, None]
    inner = raised + (shift + 0.5 * width) * left + reach
    outer = raised + (shift - 0.5 * width) * left + reach
    corners = np.stack([outer[:, 0], outer[:, 1], inner[:, 1], inner[:, 0]], axis=1)
    normal = lines.normals[:, [0, 1, 1, 0]]
    return _quads(corners, normal)


def wall(lines: Lines, towards: Array) -> Mesh:
    """Quadrilaterals from lines, moved by `towards` (3,) or (s, 2, 3): a reveal or a return."""
    far = lines.points + towards
    corners = np.stack([lines.points[:, 0], far[:, 0], far[:, 1], lines.points[:, 1]], axis=1)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    return _quads(corners, np.repeat(normal[:, None], 4, axis=1))


def _quads(corners: Array, normals: Array) -> Mesh:
    points = corners.reshape(-1, 3).astype(np.float32)
    shading = normals.reshape(-1, 3).astype(np.float32)
    start = 4 * np.arange(len(corners), dtype=np.int32)[:, None, None]
    faces = (start + np.array([[0, 1, 2], [0, 2, 3]], np.int32)).reshape(-1, 3)
    return Mesh(points, faces, shading, box_uv(points, shading))
