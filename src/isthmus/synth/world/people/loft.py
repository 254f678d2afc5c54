"""Lofts: smooth surfaces through rings, the way limbs, trunks and garments are built.

A ring is a closed curve of `s` points; `r` rings in a row make a grid (r, s, 3). Directions obey
one rule: the angle runs from `across` to `deep`, and across × deep points along the loft. Then
faces look outward.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isthmus.synth.world.people.kernels import (
    close_grid,
    frames_along,
    hermite,
    smooth_normals,
)

Reals = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Surface:
    """Triangles of one smooth surface, before normals.

    Attributes:
        points: (v, 3) metres.
        faces: (f, 3) indices of corners.
        uv: (v, 2) metres along the surface.
        weld: (v,) the first corner at the same place: a seam of `uv` has no seam in shading.
    """

    points: Reals
    faces: Index
    uv: Reals
    weld: Index

    def mirrored(self) -> Surface:
        """Mirrored in the plane X = 0."""
        flip = np.array([-1.0, 1.0, 1.0])
        return Surface(self.points * flip, self.faces[:, ::-1], self.uv, self.weld)

    def moved(self, offset: ArrayLike, turn: ArrayLike | None = None) -> Surface:
        """Turned by a (3, 3) rotation, then moved by `offset` (3,)."""
        points = self.points if turn is None else self.points @ np.asarray(turn).T
        return Surface(points + np.asarray(offset), self.faces, self.uv, self.weld)


def curve(keys: ArrayLike, at: ArrayLike) -> Reals:
    """Smooth values (n, m) at `at` (n,), through keys (k, 1 + m): position, then values.

    Monotone cubic Hermite pieces (Fritsch and Carlson's rule by harmonic means), so that no
    outline overshoots its keys; constant beyond both ends.
    """
    return np.asarray(hermite(
        np.ascontiguousarray(keys, np.float64), np.ascontiguousarray(at, np.float64)
    ))  # fmt: skip


def circle(sides: int) -> Reals:
    """Angles (sides,) of a ring, from 0, evenly."""
    return 2 * np.pi * np.arange(sides) / sides


def oval(
    angle: Reals, across: ArrayLike, front: ArrayLike, back: ArrayLike, power: ArrayLike = 2.0
) -> Reals:
    """Cross-sections (r, s, 2): half-ellipses of their own depth in front and behind.

    Args:
        angle: (s,) radians; π/2 is the front.
        across, front, back: (r,) half-axes, metres.
        power: of the superellipse, (r,) or one: 2 round, 3 boxy.
    """
    c, s = np.cos(angle)[None], np.sin(angle)[None]
    e = (2.0 / np.asarray(power, np.float64)).reshape(-1, 1)
    w, f, b = (np.asarray(v, np.float64).reshape(-1, 1) for v in (across, front, back))
    x = w * np.sign(c) * np.abs(c) ** e
    z = np.where(s >= 0, f, b) * np.sign(s) * np.abs(s) ** e
    return np.stack(np.broadcast_arrays(x, z), axis=-1)


def swept(centres: ArrayLike, across: ArrayLike, deep: ArrayLike, section: Reals) -> Reals:
    """Grid (r, s, 3) of sections (r, s, 2) on a centre line.

    Args:
        centres: (r, 3) metres.
        across, deep: (r, 3) or (3,) unit directions of the sections' axes.
    """
    c = np.asarray(centres, np.float64)[:, None]
    a = np.broadcast_to(np.asarray(across, np.float64), (len(c), 3))[:, None]
    d = np.broadcast_to(np.asarray(deep, np.float64), (len(c), 3))[:, None]
    return np.asarray(c + section[..., :1] * a + section[..., 1:] * d)


def path_frames(points: ArrayLike, deep: ArrayLike) -> tuple[Reals, Reals]:
    """Directions (across, deep), each (r, 3), square to a path (r, 3) and nearest to `deep`."""
    path = np.ascontiguousarray(points, np.float64)
    towards = np.ascontiguousarray(np.broadcast_to(np.asarray(deep, np.float64), path.shape))
    across, square = frames_along(path, towards)
    return across, square


@lru_cache(maxsize=512)
def _topology(rings: int, sides: int, around: bool, caps: tuple[bool, bool]) -> tuple[Index, Index]:
    """Faces and welds of a grid; a closed one repeats its first column, poles come last."""
    columns = sides + 1 if around else sides
    i, j = np.meshgrid(np.arange(rings - 1), np.arange(columns - 1), indexing="ij")
    a = (i * columns + j).ravel()
    b, c, d = a + 1, a + columns, a + columns + 1
    # Diagonals alternate, so that a fold does not run one way only.
    even = ((i + j) % 2 == 0).ravel()[:, None]
    first = np.where(even, np.stack([a, b, d], 1), np.stack([a, b, c], 1))
    second = np.where(even, np.stack([a, d, c], 1), np.stack([b, d, c], 1))
    faces = [np.stack([first, second], axis=1).reshape(-1, 3)]
    weld = np.arange(rings * columns)
    if around:
        weld[columns - 1 :: columns] = weld[::columns]
    pole = rings * columns
    ring = np.arange(columns - 1)
    if caps[0]:
        faces.append(np.stack([ring + 1, ring, np.full_like(ring, pole)], axis=1))
        pole += 1
    if caps[1]:
        start = (rings - 1) * columns
        faces.append(np.stack([start + ring, start + ring + 1, np.full_like(ring, pole)], axis=1))
        pole += 1
    weld = np.concatenate([weld, np.arange(len(weld), pole)])
    return np.concatenate(faces), weld


def sheet(grid: Reals, *, around: bool = True, caps: tuple[bool, bool] = (False, False)) -> Surface:
    """The surface through a grid of rings (r, s, 3).

    Args:
        grid: rings of points, metres.
        around: rings are closed.
        caps: close the first, the last ring.
    """
    faces, weld = _topology(grid.shape[0], grid.shape[1], around, caps)
    points, uv = close_grid(np.ascontiguousarray(grid), around, *caps)
    return Surface(points, faces, uv, weld)


def limb(
    start: ArrayLike, end: ArrayLike, radii: ArrayLike, *, rings: int = 8,
    sides: int = 10, deep: Sequence[float] = (0.0, 0.0, 1.0),
) -> Surface:  # fmt: skip
    """A closed, rounded limb between two points.

    Args:
        start, end: metres.
        radii: keys (k, 2): share of the way (0–1), radius in metres.
        rings, sides: fineness.
        deep: a direction that is not along the limb.
    """
    a, b = np.asarray(start, np.float64), np.asarray(end, np.float64)
    t = np.linspace(0.0, 1.0, rings)
    radius = curve(radii, t)[:, 0]
    centres = a + t[:, None] * (b - a)
    across, depth = path_frames(centres, deep)
    section = oval(circle(sides), radius, radius, radius)
    return sheet(swept(centres, across, depth, section), caps=(True, True))


def blob(centre: ArrayLike, half: ArrayLike, *, rings: int = 6, sides: int = 8,
         power: float = 2.0) -> Surface:  # fmt: skip
    """A superellipsoid with its poles above and below; `half` are its half-axes (3,)."""
    x, y, z = np.asarray(half, np.float64)
    lift = np.linspace(-np.pi / 2, np.pi / 2, rings + 2)[1:-1]
    e = 2.0 / power
    flat = np.cos(lift) ** e
    height = np.sign(np.sin(lift)) * np.abs(np.sin(lift)) ** e * y
    section = oval(circle(sides), x * flat, z * flat, z * flat, power)
    centres = np.asarray(centre, np.float64) + height[:, None] * np.array([0.0, 1.0, 0.0])
    grid = swept(centres, [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0], section)
    return sheet(grid, caps=(True, True))


def hoop(centre: ArrayLike, radius: float, tube: float, *, rings: int = 20, sides: int = 6,
         tall: float = 1.0) -> Surface:  # fmt: skip
    """A wheel's tyre that rolls along Z: a torus about the X axis, `tall` times as wide."""
    angle = np.append(circle(rings), 0.0)
    out = np.stack([np.zeros_like(angle), np.cos(angle), np.sin(angle)], axis=1)
    centres = np.asarray(centre, np.float64) + radius * out
    size = np.full(len(angle), tube)
    section = oval(circle(sides), size * tall, size, size)
    return sheet(swept(centres, [-1.0, 0.0, 0.0], out, section))


def bar(*points: ArrayLike, radius: float, sides: int = 5) -> Surface:
    """A bent bar of one thickness through points."""
    path = np.asarray(points, np.float64)
    along = path[-1] - path[0]
    deep = np.eye(3)[int(np.argmin(np.abs(along)))]
    frames = path_frames(path, deep)
    size = np.full(len(path), radius)
    section = oval(circle(sides), size, size, size)
    return sheet(swept(path, *frames, section), caps=(True, True))


def joined(parts: Sequence[Surface]) -> Surface:
    """One surface of several."""
    starts = np.cumsum([0, *[len(p.points) for p in parts]])[:-1]
    return Surface(
        np.concatenate([p.points for p in parts]),
        np.concatenate([p.faces + k for p, k in zip(parts, starts, strict=True)]),
        np.concatenate([p.uv for p in parts]),
        np.concatenate([p.weld + k for p, k in zip(parts, starts, strict=True)]),
    )


def normals(points: Reals, faces: Index, weld: Index) -> Reals:
    """Smooth unit normals (v, 3), weighted by area; welded corners share theirs."""
    return np.asarray(smooth_normals(points, faces, weld))
