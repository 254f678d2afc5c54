"""Signed distances to outlines in a plane: negative inside, metres.

They say where a surface is cut: windows, lamps, grilles, wheel arches and shut lines are drawn on
the side or the front view of a body.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from isthmus.synth.world.vehicles.subdivision import Array

Outline = Callable[[Array], Array]
"""Signed distance (n,) of points (n, 2) of a plane."""
Field = Callable[[Array], Array]
"""Signed distance (n,) of points (n, 3) of space."""


def polygon(corners: ArrayLike, rounding: float = 0.0) -> Outline:
    """A simple polygon (c, 2), its corners rounded by a radius.

    Rounding works exactly where the outline, moved inwards by the radius, still is the polygon of
    the moved sides; elsewhere it is close.
    """
    ends = np.asarray(corners, np.float64)
    if rounding:
        ends = inset(ends, rounding)

    def distance(points: Array) -> Array:
        return np.asarray(_polygon_distance(points, ends) - rounding)

    return distance


def inset(corners: ArrayLike, by: float) -> Array:
    """The polygon (c, 2) with its sides moved inwards by `by` metres."""
    ends = np.asarray(corners, np.float64)
    following = np.roll(ends, -1, axis=0)
    area = np.sum(ends[:, 0] * following[:, 1] - ends[:, 1] * following[:, 0])
    along = following - ends
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    inward = np.stack([-along[:, 1], along[:, 0]], axis=1) * np.sign(area)
    before = np.roll(inward, 1, axis=0)
    # The corner moves along the bisector so far that both sides move by `by`.
    shared = 1 + np.einsum("ij,ij->i", inward, before)
    step = (inward + before) / np.maximum(shared, 0.25)[:, None]
    return np.asarray(ends + by * step)


def _polygon_distance(points: Array, ends: Array) -> Array:
    found: Array = _to_polygon(np.ascontiguousarray(points), np.ascontiguousarray(ends))
    return found


@njit(cache=True, nogil=True, error_model="numpy")
def _to_polygon(points, ends):  # type: ignore[no-untyped-def]
    out = np.empty(len(points))
    for i in range(len(points)):
        x, y = points[i, 0], points[i, 1]
        near, inside = np.inf, False
        ax, ay = ends[-1, 0], ends[-1, 1]
        for k in range(len(ends)):
            bx, by = ends[k, 0], ends[k, 1]
            px, py, dx, dy = x - ax, y - ay, bx - ax, by - ay
            share = min(max((px * dx + py * dy) / max(dx * dx + dy * dy, 1e-12), 0.0), 1.0)
            near = min(near, (px - share * dx) ** 2 + (py - share * dy) ** 2)
            if (ay > y) != (by > y) and px < dx * py / dy:
                inside = not inside
            ax, ay = bx, by
        out[i] = -np.sqrt(near) if inside else np.sqrt(near)
    return out


def circle(centre: Sequence[float], radius: float) -> Outline:
    """A circle."""
    cx, cy = centre

    def distance(points: Array) -> Array:
        return np.asarray(np.hypot(points[:, 0] - cx, points[:, 1] - cy) - radius)

    return distance


def beyond(start: Sequence[float], end: Sequence[float]) -> Outline:
    """The half plane to the left of the line from `start` to `end`."""
    (ax, ay), (bx, by) = start, end
    length = float(np.hypot(bx - ax, by - ay))

    def distance(points: Array) -> Array:
        turn = (bx - ax) * (points[:, 1] - ay) - (by - ay) * (points[:, 0] - ax)
        return np.asarray(-turn / length)

    return distance


def both(*parts: Outline, rounding: float = 0.0) -> Outline:
    """The overlap of outlines (or of fields), its corners rounded by a radius."""

    def distance(points: Array) -> Array:
        apart = np.array([part(points) for part in parts]) + rounding
        outside = np.sqrt(np.sum(np.maximum(apart, 0) ** 2, axis=0))
        return np.asarray(np.minimum(apart.max(axis=0), 0) + outside - rounding)

    if rounding:
        return distance
    return lambda points: np.asarray(np.max([part(points) for part in parts], axis=0))


def either(*parts: Outline) -> Outline:
    """The union of outlines (or of fields)."""
    return lambda points: np.asarray(np.min([part(points) for part in parts], axis=0))


def without(part: Outline) -> Outline:
    """All that an outline (or a field) leaves out."""
    return lambda points: np.asarray(-part(points))


def grown(part: Outline, by: float) -> Outline:
    """An outline (or a field) moved outwards by `by` metres; inwards when negative."""
    return lambda points: np.asarray(part(points) - by)


def on_side(part: Outline) -> Field:
    """An outline of the side view: coordinates (z, y)."""
    return lambda points: part(points[:, [2, 1]])


def on_front(part: Outline) -> Field:
    """An outline of the front view, alike on both sides: coordinates (|x|, y)."""
    return lambda points: part(np.stack([np.abs(points[:, 0]), points[:, 1]], axis=1))


def on_top(part: Outline) -> Field:
    """An outline of the view from above, alike on both sides: coordinates (|x|, z)."""
    return lambda points: part(np.stack([np.abs(points[:, 0]), points[:, 2]], axis=1))
