"""Meshes laid on the ground along a centre line: ribbons, fans and quads.

All take places (s, d) of a road and heights above the land, and give meshes in world axes with
uv = (metres across, metres along).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from isthmus.synth.world.mesh import Mesh
from isthmus.synth.world.roads.curve import Curve, Land, Reals


@dataclass(frozen=True)
class Bed:
    """A centre line on the land: what meshes are laid upon."""

    curve: Curve
    land: Land

    def points(self, s: ArrayLike, d: ArrayLike, lift: ArrayLike = 0.0) -> Reals:
        """(…, 3) world points of places (s, d), `lift` metres above the land."""
        plan = self.curve.at(s, d)
        height = self.land.height(plan[..., 1]) + np.asarray(lift, np.float64)
        return np.stack([plan[..., 0], height, plan[..., 1]], axis=-1)


def ribbon(bed: Bed, s: ArrayLike, offsets: ArrayLike, lifts: Sequence[float]) -> Mesh:
    """A surface through lines that run along the road; edges between its strips are sharp.

    Args:
        s: (n,) increasing.
        offsets: (m,) or (n, m) distances d to the right, in the order in which surfaces look up
            (or towards the smaller d, where a step is vertical).
        lifts: (m,) heights above the land.
    """
    along = np.asarray(s, np.float64)
    across = np.broadcast_to(np.asarray(offsets, np.float64), (len(along), len(lifts)))
    points = bed.points(along[:, None], across, np.asarray(lifts)[None])
    return grid(points, along)


def grid(points: Reals, along: ArrayLike) -> Mesh:
    """A mesh of (n, m, 3) points: smooth along the first axis, sharp edges between columns.

    Surfaces look up where columns go to the right of the direction of the rows.

    Args:
        along: (n,) texture coordinate of the rows, metres.
    """
    n, m = points.shape[:2]
    pairs = np.stack([points[:, :-1], points[:, 1:]], axis=2)  # (n, m − 1, 2, 3)
    across = pairs[:, :, 1] - pairs[:, :, 0]
    forward = np.gradient(points, axis=0)
    middle = 0.5 * (forward[:, :-1] + forward[:, 1:])
    normals = np.cross(middle, across)
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-9)
    width = np.linalg.norm(np.diff(points, axis=1), axis=-1)
    u = np.concatenate([np.zeros((n, 1)), np.cumsum(width, axis=1)], axis=1)
    u = np.stack([u[:, :-1], u[:, 1:]], axis=2)
    v = np.broadcast_to(np.asarray(along, np.float64)[:, None, None], u.shape)
    index = np.arange(n * (m - 1) * 2, dtype=np.int32).reshape(n, m - 1, 2)
    a, b = index[:-1, :, 0], index[:-1, :, 1]
    c, d = index[1:, :, 1], index[1:, :, 0]
    faces = np.stack([np.stack([a, d, c], -1), np.stack([a, c, b], -1)], axis=2)
    return Mesh(
        pairs.reshape(-1, 3).astype(np.float32),
        faces.reshape(-1, 3).astype(np.int32),
        np.repeat(normals[:, :, None], 2, axis=2).reshape(-1, 3).astype(np.float32),
        np.stack([u, v], axis=-1).reshape(-1, 2).astype(np.float32),
    )


def quads(bed: Bed, corners: ArrayLike, lift: ArrayLike = 0.0) -> Mesh:
    """Separate quadrilaterals that look up.

    Args:
        corners: (q, 4, 2) places (s, d), counter-clockwise or clockwise.
        lift: scalar or (q,) metres above the land.
    """
    places = np.asarray(corners, np.float64).reshape(-1, 4, 2)
    height = np.broadcast_to(np.asarray(lift, np.float64), (len(places),))[:, None]
    points = bed.points(places[..., 0], places[..., 1], height)
    start = 4 * np.arange(len(places), dtype=np.int32)[:, None, None]
    faces = (start + np.array([[0, 1, 2], [0, 2, 3]], np.int32)).reshape(-1, 3)
    return _upward(points.reshape(-1, 3), faces, places[..., ::-1].reshape(-1, 2))


def fan(bed: Bed, corners: ArrayLike, lift: ArrayLike = 0.0) -> Mesh:
    """A star-shaped polygon that looks up, as a fan around its first corner.

    Args:
        corners: (n, 2) places (s, d); the first sees all others.
        lift: scalar or (n,) metres above the land.
    """
    places = np.asarray(corners, np.float64)
    points = bed.points(places[:, 0], places[:, 1], np.broadcast_to(lift, len(places)))
    ring = np.arange(1, len(places) - 1, dtype=np.int32)
    faces = np.stack([np.zeros_like(ring), ring, ring + 1], axis=1)
    return _upward(points, faces, places[:, ::-1])


def _upward(points: Reals, faces: np.ndarray, uv: Reals) -> Mesh:
    """A mesh on the ground with each face turned so that it looks up."""
    corner = points[faces]
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    faces = np.where(normal[:, 1:2] < 0, faces[:, ::-1], faces)
    area = np.linalg.norm(normal, axis=1, keepdims=True)
    facing = np.sign(normal[:, 1:2]) * normal / np.maximum(area, 1e-12)
    shading = np.zeros_like(points)
    shading[:, 1] = 1e-6
    for k in range(3):
        np.add.at(shading, faces[:, k], facing)
    shading /= np.linalg.norm(shading, axis=1, keepdims=True)
    return Mesh(
        points.astype(np.float32), faces.astype(np.int32), shading.astype(np.float32),
        uv.astype(np.float32),
    )  # fmt: skip


def stations(start: float, end: float, breaks: Sequence[float] = ()) -> Reals:
    """Places along a road at which all its strips have corners, closer near the camera.

    Args:
        breaks: places that must be among them.
    """
    near = np.arange(start, min(60.0, end), 2.5)
    middle = np.arange(60.0, min(200.0, end), 5.0)
    far = np.arange(200.0, min(500.0, end), 12.5)
    beyond = np.arange(500.0, end, 75.0)
    every = np.concatenate([near, middle, far, beyond, [end], np.asarray(breaks, np.float64)])
    places = np.unique(np.round(every[(every >= start) & (every <= end)], 6))
    return places
