"""Truth through a lens that bends: from a pinhole's wide picture to the picture taken.

Each pixel's own ray is met with the faces that the wide picture shows around it, so what is seen,
and how far it is, is as exact as without a lens, but for faces thinner than a pixel. Outlines of
hidden parts are taken over from the nearest pixel, half a pixel off at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numba import njit
from numpy.typing import NDArray

from isthmus.synth.annotate.bodies import OUTSIDE, Keypoints
from isthmus.synth.annotate.objects import Alone, Bounds, silhouette
from isthmus.synth.annotate.triangles import NEAR, Projection, Triangles
from isthmus.synth.lens import Bend
from isthmus.synth.world.mesh import Floats, Ints
from isthmus.synth.world.scene import Soup

Mask = NDArray[np.bool_]


def bent_faces(
    soup: Soup, face: Ints, depth: Floats, projection: Projection, bend: Bend
) -> tuple[Ints, Floats]:
    """Faces seen (−1 for none) and depths (inf for none), (h, w), from those of the wide view."""
    shape = bend.x.shape
    out = np.empty(shape, np.int32), np.empty(shape, np.float32)
    x = (bend.x - 0.5 * bend.wide.width) / bend.view.focal
    y = (0.5 * bend.wide.height - bend.y) / bend.view.focal
    rows, columns = bend.nearest
    _meet(
        (soup.points, soup.faces), (face, depth), (projection.turn, projection.origin),
        (rows, columns, x, y), out,
    )  # fmt: skip
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _crossing(points, corners, camera, x, y):  # type: ignore[no-untyped-def]
    """Depth at which the ray (x, y, 1) crosses a face's plane, and how far inside it does so.

    Möller and Trumbore 1997; inside if the second is at least 0.
    """
    turn, origin = camera
    p = np.empty((3, 3))
    for k in range(3):
        for a in range(3):
            total = 0.0
            for c in range(3):
                total += turn[a, c] * (points[corners[k], c] - origin[c])
            p[k, a] = total
    bx, by, bz = p[1, 0] - p[0, 0], p[1, 1] - p[0, 1], p[1, 2] - p[0, 2]
    cx, cy, cz = p[2, 0] - p[0, 0], p[2, 1] - p[0, 1], p[2, 2] - p[0, 2]
    hx, hy, hz = y * cz - cy, cx - x * cz, x * cy - y * cx
    divisor = bx * hx + by * hy + bz * hz
    if divisor == 0.0:
        return np.inf, -1.0
    u = -(p[0, 0] * hx + p[0, 1] * hy + p[0, 2] * hz) / divisor
    qx = -(p[0, 1] * bz - p[0, 2] * by)
    qy = -(p[0, 2] * bx - p[0, 0] * bz)
    qz = -(p[0, 0] * by - p[0, 1] * bx)
    v = (x * qx + y * qy + qz) / divisor
    z = (cx * qx + cy * qy + cz * qz) / divisor
    return z, min(u, v, 1.0 - u - v)


@njit(cache=True, nogil=True, error_model="numpy")
def _meet(mesh, wide, camera, rays, out):  # type: ignore[no-untyped-def]
    points, faces = mesh
    face, depth = wide
    rows, columns, xs, ys = rays
    seen, far = out
    height, width = face.shape
    around = np.empty(9, np.int32)
    for i in range(seen.shape[0]):
        for j in range(seen.shape[1]):
            r, c, x, y = rows[i, j], columns[i, j], xs[i, j], ys[i, j]
            count, sky = 0, False
            low, high = np.inf, 0.0
            for a in range(max(r - 1, 0), min(r + 2, height)):
                for b in range(max(c - 1, 0), min(c + 2, width)):
                    f = face[a, b]
                    if f < 0:
                        sky = True
                        continue
                    low, high = min(low, depth[a, b]), max(high, depth[a, b])
                    known = False
                    for k in range(count):
                        known |= around[k] == f
                    if not known:
                        around[count] = f
                        count += 1
            best, nearest = -1, np.inf
            for k in range(count):
                f = around[k]
                z, inside = _crossing(points, faces[f], camera, x, y)
                first = z < nearest or (z == nearest and f < best)
                if inside >= -1e-9 and z >= NEAR and first:
                    best, nearest = f, z
            if best < 0 and not sky and face[r, c] >= 0:
                # Between faces by rounding, or on one that is cut by the near plane.
                best = face[r, c]
                nearest = min(max(_crossing(points, faces[best], camera, x, y)[0], low), high)
            seen[i, j] = best
            far[i, j] = nearest if best >= 0 else np.inf


def bent_flow(flow: Floats, bend: Bend) -> Floats:
    """Flow (h, w, 2) in the picture, from that of the wide view."""
    u, v = bend.x, bend.y
    way = flow[bend.nearest].astype(np.float64)
    moved = np.stack(bend.pixels(u + way[..., 0], v + way[..., 1]), axis=-1)
    here = np.stack(bend.pixels(u, v), axis=-1)
    return np.asarray(moved - here, np.float32)


def bent_mask(triangles: Triangles, chosen: Ints, visible: Mask, bend: Bend) -> Mask:
    """What triangles would cover in the picture; what is `visible` of them is certain."""
    whole = silhouette(triangles, chosen, bend.wide.width, bend.wide.height)
    return np.asarray(whole[bend.nearest] | visible)


def bent_alone(
    own: Alone,
    outlines: tuple[Triangles, Ints, NDArray[np.int64]],
    k: int,
    visible: Mask,
    bend: Bend,
) -> Alone:
    """How object `k` looks alone in the picture, from how it does in the wide view."""
    triangles, order, starts = outlines
    if own.whole == 0:
        return own
    chosen = order[starts[k] : starts[k + 1]]
    whole = silhouette(triangles, chosen, bend.wide.width, bend.wide.height)
    mask = whole[bend.nearest] | visible
    inside = int(mask.sum())
    if inside == 0 or own.extent is None:
        return Alone(own.whole, 0, None, own.extent)
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    amodal = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    shown = int((whole & bend.seen).sum())
    if shown >= own.whole:
        return Alone(inside, inside, amodal, amodal)
    # The share that lies outside is the pinhole's; the count inside is the picture's.
    total = max(inside, round(inside * own.whole / max(shown, 1)))
    return Alone(total, inside, amodal, _joined(amodal, own.extent, bend))


def _joined(box: Bounds, extent: Bounds, bend: Bend) -> Bounds:
    x = (bend.wide.width - bend.view.width) // 2
    y = (bend.wide.height - bend.view.height) // 2
    return (
        min(box[0], extent[0] - x), min(box[1], extent[1] - y),
        max(box[2], extent[2] - x), max(box[3], extent[3] - y),
    )  # fmt: skip


def bent_points(pixels: Floats, bend: Bend) -> Floats:
    """Pixels (n, 2) of the picture from those of the wide view; NaN beyond what the lens shows."""
    u, v = pixels[:, 0].astype(np.float64), pixels[:, 1].astype(np.float64)
    with np.errstate(invalid="ignore"):
        return np.stack(bend.pixels(u, v), axis=-1).astype(np.float32)


def bent_keypoints(found: Keypoints | None, bend: Bend) -> Keypoints | None:
    """Keypoints in the picture, from those of the wide view."""
    if found is None:
        return None
    pixels = bent_points(found.pixels, bend)
    size: Sequence[int] = (bend.view.width, bend.view.height)
    with np.errstate(invalid="ignore"):
        inside = ((pixels >= 0) & (pixels < size)).all(axis=1)
    return replace(found, pixels=pixels, visibility=np.where(inside, found.visibility, OUTSIDE))
