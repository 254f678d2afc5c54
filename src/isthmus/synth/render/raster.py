"""From faces to pixels: one buffer that says which face each sample shows.

Faces are painted from far to near into a buffer of face numbers, drawn once; colour, depth and
identity are looked up afterwards. Truth and picture therefore cannot disagree: they read the
same buffer. Depth is each face's own plane at the sample, not an interpolation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from isthmus.synth.mesh import GROUND, Floats, Ints, Mesh, join
from isthmus.synth.stage import Thing
from isthmus.synth.street import bend
from isthmus.synth.view import View

NEAR = 0.4
FAR = 3000.0
SAMPLES = 2
"""Samples per pixel in each direction."""
SMALLEST = 0.3
"""Faces under this size (pixels) in both directions are left out."""
Outline = list[float]
"""x, y, x, y, … in samples."""


@dataclass(frozen=True)
class Faces:
    """All faces of a scene in painting order.

    Attributes:
        mesh: joined mesh in world axes, bent with the street, sorted.
        corners: (n, 8, 3) in camera axes.
        normal: (n, 3) unit normals in world axes, towards the viewer.
        actor: (n,) actor numbers, −1 for scenery.
        plane: (n, 3) coefficients of 1/z = a·x/z + b·y/z + c.
        reach: (n, 2) nearest and farthest depth of each face.
        turned: (n,) the face turns to the viewer.
        ground: (n,) the face lies on the ground.
    """

    mesh: Mesh
    corners: Floats
    normal: Floats
    actor: Ints
    plane: Floats
    reach: Floats
    turned: NDArray[np.bool_] = field(repr=False)
    ground: NDArray[np.bool_] = field(repr=False)


def arrange(things: Sequence[Thing], view: View, curvature: float) -> Faces:
    """Sort faces far to near and work out what the raster needs."""
    ranked = sorted(things, key=lambda thing: -thing.order)
    whole = join([thing.mesh for thing in ranked])
    sizes = [len(thing.mesh) for thing in ranked]
    shift = np.repeat(np.array([t.shift for t in ranked], np.float32), sizes)
    rank = np.repeat(np.arange(len(ranked)), sizes)
    actor = np.repeat([thing.actor for thing in ranked], sizes)
    points = whole.points.copy()
    points[..., 2] += shift[:, None]
    points = bend(points, curvature)
    corners = view.to_camera(points)
    distance = np.linalg.norm(corners.mean(axis=1), axis=1)
    share = np.bincount(whole.group)
    mean = np.bincount(whole.group, weights=distance) / np.maximum(share, 1)
    front = corners[..., 2].max(axis=1) > NEAR
    order = np.lexsort((-mean[whole.group], rank))
    order = order[front[order]]
    whole = Mesh(
        points[order], whole.colour[order], whole.material[order], whole.group[order],
        whole.facing[order], whole.pattern[order],
    )  # fmt: skip
    corners = corners[order]
    normal = _normals(corners, whole, view)
    d = np.einsum("ij,ij->i", normal, corners.mean(axis=1))
    plane = normal / np.where(np.abs(d) < 1e-6, 1e-6, d)[:, None]
    reach = np.stack([corners[..., 2].min(axis=1), corners[..., 2].max(axis=1)], axis=1)
    return Faces(
        mesh=whole,
        corners=corners,
        normal=(normal @ view.rotation).astype(np.float32),
        actor=actor[order].astype(np.int32),
        plane=plane.astype(np.float32),
        reach=reach.clip(NEAR, FAR).astype(np.float32),
        turned=d < -1e-6,
        ground=np.isin(whole.material, GROUND),
    )


def _normals(corners: Floats, whole: Mesh, view: View) -> Floats:
    normal = whole.facing @ view.rotation.T
    free = ~whole.facing.any(axis=1)
    own = corners[free]
    found = np.cross(own, np.roll(own, -1, axis=1)).sum(axis=1)
    found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)
    away = np.einsum("ij,ij->i", found, own.mean(axis=1)) > 0
    normal[free] = np.where(away[:, None], -found, found)
    return np.asarray(normal, np.float32)


def outlines(corners: Floats, view: View, offset: Floats | None = None) -> list[Outline | None]:
    """Polygons (n, k, 3) in camera axes as lists for Pillow; None where nothing can be seen.

    Args:
        corners: polygons, cut at the near plane where they cross it.
        view: the camera.
        offset: (2,) or (n, 1, 2) pixel that becomes the origin; what lies outside the picture
            is then kept.
    """
    z = corners[..., 2]
    low_z, high_z = z.min(axis=1), z.max(axis=1)
    whole, cut = low_z > NEAR, (low_z <= NEAR) & (high_z > NEAR)
    safe = np.where(whole[:, None, None], corners, np.array([0, 0, 1], np.float32))
    pixels = view.project(safe)
    low, high = pixels.min(axis=1), pixels.max(axis=1)
    keep = whole & ((high - low).max(axis=1) > SMALLEST)
    if offset is None:
        size = np.array([view.width, view.height])
        keep &= ((high > 0) & (low < size)).all(axis=1)
    else:
        pixels = pixels - offset
    # Pillow's whole coordinates name the middles of samples.
    numbers = np.rint(pixels * SAMPLES - 0.5).clip(-30000, 30000).reshape(len(corners), -1)
    found: list[Outline | None] = [None] * len(corners)
    kept = np.flatnonzero(keep)
    for i, numbers_i in zip(kept.tolist(), numbers[kept].tolist(), strict=True):
        found[i] = numbers_i
    for i in np.flatnonzero(cut).tolist():
        found[i] = _cut_outline(corners[i], view)
    return found


def _cut_outline(polygon: Floats, view: View) -> Outline | None:
    clipped = clip_near(polygon)
    if len(clipped) < 3:
        return None
    pixels = view.project(clipped)
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    if high.min() <= 0 or low[0] >= view.width or low[1] >= view.height:
        return None
    outline: Outline = np.rint(pixels * SAMPLES - 0.5).clip(-30000, 30000).ravel().tolist()
    return outline


def clip_near(polygon: Floats) -> Floats:
    """The part of a polygon (k, 3) in front of the near plane (Sutherland–Hodgman)."""
    corners = polygon.tolist()
    kept: list[tuple[float, ...]] = []
    before = corners[-1]
    for corner in corners:
        if (before[2] > NEAR) != (corner[2] > NEAR):
            share = (NEAR - before[2]) / (corner[2] - before[2])
            kept.append(tuple(p + share * (q - p) for p, q in zip(before, corner, strict=True)))
        if corner[2] > NEAR:
            kept.append(tuple(corner))
        before = corner
    return np.array(kept, np.float32).reshape(-1, 3)


def paint(faces: Faces, view: View) -> Ints:
    """Face numbers + 1 per sample, (height·2, width·2); 0 where only sky is seen."""
    from PIL import Image, ImageDraw

    canvas = Image.new("I", (view.width * SAMPLES, view.height * SAMPLES), 0)
    polygon = ImageDraw.Draw(canvas).polygon
    turned = np.flatnonzero(faces.turned)
    numbers = (turned + 1).tolist()
    for number, outline in zip(numbers, outlines(faces.corners[turned], view), strict=True):
        if outline is not None:
            polygon(outline, fill=number)
    return np.asarray(canvas, np.int32)


def depth_at(faces: Faces, number: Ints, x: Floats, y: Floats) -> Floats:
    """Depth (camera z, metres) of samples of face `number` − 1 seen along slopes x/z and y/z.

    All arguments are flat and of one length; `FAR` in the sky.
    """
    table = np.vstack([np.array([[0, 0, 1 / FAR]], np.float32), faces.plane])
    reach = np.vstack([np.array([[FAR, FAR]], np.float32), faces.reach])
    inverse = np.take(table[:, 0], number) * x
    inverse += np.take(table[:, 1], number) * y
    inverse += np.take(table[:, 2], number)
    np.maximum(inverse, np.float32(1 / FAR), out=inverse)
    np.reciprocal(inverse, out=inverse)
    # At an outline a sample may lie half a pixel outside its face: keep to the face's reach.
    near, far = np.take(reach[:, 0], number), np.take(reach[:, 1], number)
    return np.clip(inverse, near, far, out=inverse)
