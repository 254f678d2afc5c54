"""Triangle set-up: from corners in the world to whole numbers on the picture's grid.

Corners are projected in float64 and snapped to 1/2048 pixel; from there on coverage is decided in
integers and therefore exact. Corners that coincide in the world coincide on the grid, whichever
face they belong to, so neighbouring faces leave no gap and never overlap. Faces that cross the
near plane or reach far outside the picture are clipped (Sutherland and Hodgman 1974); a new corner
is found from the inner to the outer end of its edge, so both faces at the edge find the same one.

Nearness is what the depth test compares, larger is nearer: 1/z in perspective, −z otherwise. It
comes from the plane of the whole face, in float64.

Kernels are compiled once a machine and kept (`cache=True`) beside this file, or where
`NUMBA_CACHE_DIR` says. Numba looks at the changes of a kernel's own file alone: what a kernel calls
stands in the same file. Kernels take plain tuples: a kept kernel whose arguments name a class could
not be read any more when the class moves.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from isthmus.synth.annotate.threads import spread
from isthmus.synth.view import View
from isthmus.synth.world.mesh import Floats, Ints

NEAR = 0.1
"""Near plane, metres in front of the camera; nothing nearer is seen."""
SHIFT = 11
GRID, HALF = 1 << SHIFT, 1 << (SHIFT - 1)
"""Steps of the grid in a pixel, and in half of one."""
FARTHEST = float(1 << 18)
"""Pixels from the middle beyond which faces are clipped: keeps edge functions in 64 bits."""
CHUNK = 32768
"""Faces set up at a time."""
Doubles = NDArray[np.float64]
OUT, PICTURE, CANVAS = 0, 1, 2
"""What of a face is kept: nothing, what touches the picture, what touches the canvas around it."""


class Projection(NamedTuple):
    """From world to pixels.

    Attributes:
        turn: (3, 3) rotation from world to camera axes (x right, y up, z ahead).
        origin: (3,) the camera's place.
        focal: pixels per unit slope; pixels per metre if parallel.
        width, height: size in pixels.
        perspective: False for a parallel projection along z.
    """

    turn: Doubles
    origin: Doubles
    focal: float
    width: int
    height: int
    perspective: bool


class Triangles(NamedTuple):
    """What is left of the faces, in their order; a clipped face can leave several.

    Attributes:
        corners: (n, 6) int32 x0 y0 x1 y1 x2 y2 in 1/2048 pixel.
        plane: (n, 3) nearness = a·x + b·y + c at x, y pixels right of and below the middle.
        reach: (n, 2) float32 smallest and largest nearness.
        source: (n,) number of the face.
    """

    corners: Ints
    plane: Doubles
    reach: Floats
    source: Ints


def projection_of(view: View, scale: int = 1) -> Projection:
    """The projection of a view, with `scale` samples a pixel along either axis."""
    cp, sp, cy, sy = np.cos(view.pitch), np.sin(view.pitch), np.cos(view.yaw), np.sin(view.yaw)
    # Written out: the last bit of a product of matrices depends on the machine's library.
    turn = np.array([[cy, 0, -sy], [sp * sy, cp, sp * cy], [cp * sy, -sp, cp * cy]], np.float64)
    origin = np.asarray(view.position, np.float64)
    focal = float(view.focal) * scale
    return Projection(turn, origin, focal, view.width * scale, view.height * scale, True)


def set_up(
    points: Floats, faces: Ints, keep: NDArray[np.uint8], projection: Projection,
    *, threads: int | None = None,
) -> Triangles:  # fmt: skip
    """Triangles on the grid.

    Args:
        points: (v, 3) world.
        faces: (f, 3).
        keep: (f,) `OUT`, `PICTURE` or `CANVAS`: one picture beyond each edge.
        projection: where to.
        threads: see `spread`.
    """

    def chunk(start: int) -> Triangles:
        part, kept = faces[start : start + CHUNK], keep[start : start + CHUNK]
        capacity = len(part) + 64
        while True:
            out = Triangles(
                np.empty((capacity, 6), np.int32), np.empty((capacity, 3)),
                np.empty((capacity, 2), np.float32), np.empty(capacity, np.int32),
            )  # fmt: skip
            count = int(_set_up(points, part, kept, tuple(projection), tuple(out)))
            if count <= capacity:
                source = out.source[:count] + np.int32(start)
                return Triangles(out.corners[:count], out.plane[:count], out.reach[:count], source)
            capacity = count

    parts = spread(chunk, range(0, max(len(faces), 1), CHUNK), threads)
    return Triangles(*(np.concatenate(part) for part in zip(*parts, strict=True)))


@njit(cache=True, nogil=True, error_model="numpy")
def _clip(polygon, other, far_slope):  # type: ignore[no-untyped-def]
    """Clip the triangle in `polygon` by the near plane and |x|, |y| ≤ far_slope·z; new count."""
    count = 3
    for plane in range(5):
        kept = 0
        axis = 2 if plane == 0 else (plane - 1) // 2
        sign = 1.0 if plane == 0 or plane % 2 else -1.0
        slope = 0.0 if plane == 0 else far_slope
        offset = NEAR if plane == 0 else 0.0
        for i in range(count):
            j = i + 1 if i + 1 < count else 0
            di = slope * polygon[i, 2] + sign * polygon[i, axis] - offset
            dj = slope * polygon[j, 2] + sign * polygon[j, axis] - offset
            if di >= 0.0:
                for k in range(3):
                    other[kept, k] = polygon[i, k]
                kept += 1
            if (di >= 0.0) != (dj >= 0.0):
                inner, outer, share = i, j, di / (di - dj)
                if di < 0.0:
                    inner, outer, share = j, i, dj / (dj - di)
                for k in range(3):
                    other[kept, k] = polygon[inner, k] + share * (
                        polygon[outer, k] - polygon[inner, k]
                    )
                kept += 1
        count = kept
        for i in range(count):
            for k in range(3):
                polygon[i, k] = other[i, k]
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def _where(polygon, slope_x, slope_y, far_slope):  # type: ignore[no-untyped-def]
    """1: wholly behind the near plane or beside the picture; 2: has to be clipped; else 0."""
    behind = left = right = above = below = far = 0
    for k in range(3):
        x, y, z = polygon[k, 0], polygon[k, 1], polygon[k, 2]
        behind += z < NEAR
        left += x < -slope_x * z
        right += x > slope_x * z
        below += y < -slope_y * z
        above += y > slope_y * z
        far += abs(x) > far_slope * z or abs(y) > far_slope * z
    if max(behind, left, right, above, below) == 3:
        return 1
    return 2 if behind or far else 0


@njit(cache=True, nogil=True, error_model="numpy")
def _beside(polygon, half_width, half_height):  # type: ignore[no-untyped-def]
    """Whether a face of a parallel projection lies wholly beside the picture."""
    x0, x1, x2 = polygon[0, 0], polygon[1, 0], polygon[2, 0]
    y0, y1, y2 = polygon[0, 1], polygon[1, 1], polygon[2, 1]
    if min(x0, x1, x2) > half_width or max(x0, x1, x2) < -half_width:
        return True
    return min(y0, y1, y2) > half_height or max(y0, y1, y2) < -half_height


@njit(cache=True, nogil=True, error_model="numpy")
def _snap(polygon, size, lens, grid):  # type: ignore[no-untyped-def]
    """Fill `grid` with the corners in steps of the grid; smallest and largest nearness."""
    low, high = np.inf, -np.inf
    focal, width, height, perspective = lens
    limit = 2 * FARTHEST
    for k in range(size):
        nearness = 1.0 / polygon[k, 2] if perspective else -polygon[k, 2]
        stretch = focal * nearness if perspective else focal
        u = min(max(0.5 * width + stretch * polygon[k, 0], -limit), limit)
        v = min(max(0.5 * height - stretch * polygon[k, 1], -limit), limit)
        low, high = min(low, nearness), max(high, nearness)
        grid[k, 0] = int(np.floor(u * GRID + 0.5))
        grid[k, 1] = int(np.floor(v * GRID + 0.5))
    return low, high


@njit(cache=True, nogil=True, error_model="numpy")
def _touches(grid, k, margin, size):  # type: ignore[no-untyped-def]
    """Whether triangle 0, k, k + 1 has the middle of a pixel of the canvas in its bounds."""
    width, height = size
    x0, y0 = grid[0, 0], grid[0, 1]
    x1, y1 = grid[k, 0], grid[k, 1]
    x2, y2 = grid[k + 1, 0], grid[k + 1, 1]
    xa, xb = (min(x0, x1, x2) + HALF - 1) >> SHIFT, (max(x0, x1, x2) - HALF) >> SHIFT
    ya, yb = (min(y0, y1, y2) + HALF - 1) >> SHIFT, (max(y0, y1, y2) - HALF) >> SHIFT
    across = xa <= xb and xb >= -margin * width and xa < (1 + margin) * width
    return across and ya <= yb and yb >= -margin * height and ya < (1 + margin) * height


@njit(cache=True, nogil=True, error_model="numpy")
def _turn(points, face, turn, origin, polygon):  # type: ignore[no-untyped-def]
    """Fill the first three rows of `polygon` with the corners of a face in camera axes."""
    for k in range(3):
        p = face[k]
        x, y, z = points[p, 0] - origin[0], points[p, 1] - origin[1], points[p, 2] - origin[2]
        for a in range(3):
            polygon[k, a] = turn[a, 0] * x + turn[a, 1] * y + turn[a, 2] * z


@njit(cache=True, nogil=True, error_model="numpy")
def _set_up(points, faces, keep, projection, out):  # type: ignore[no-untyped-def]
    """Fill `out`; the number of triangles, even if there is no room for all."""
    turn, origin, focal, width, height, perspective = projection
    lens, size_ = (focal, width, height, perspective), (width, height)
    corners, plane, reach, source = out
    polygon, other = np.empty((12, 3)), np.empty((12, 3))
    grid = np.empty((12, 2), np.int64)
    n = 0
    for i in range(len(faces)):
        if keep[i] == OUT:
            continue
        margin = 1 if keep[i] == CANVAS else 0
        _turn(points, faces[i], turn, origin, polygon)
        ax, ay, az = polygon[0, 0], polygon[0, 1], polygon[0, 2]
        bx, by, bz = polygon[1, 0] - ax, polygon[1, 1] - ay, polygon[1, 2] - az
        cx, cy, cz = polygon[2, 0] - ax, polygon[2, 1] - ay, polygon[2, 2] - az
        nx, ny, nz = by * cz - bz * cy, bz * cx - bx * cz, bx * cy - by * cx
        d = nx * ax + ny * ay + nz * az
        size = 3
        if perspective:
            slope_x = (0.5 + margin) * width / focal + 1e-3
            slope_y = (0.5 + margin) * height / focal + 1e-3
            where = _where(polygon, slope_x, slope_y, FARTHEST / focal)
            if where == 2:
                size = _clip(polygon, other, FARTHEST / focal)
            elif where == 1:
                size = 0
        elif _beside(polygon, (0.5 + margin) * width / focal, (0.5 + margin) * height / focal):
            continue
        low, high = _snap(polygon, size, lens, grid)
        divisor = d if perspective else nz
        base = (nz if perspective else -d) / divisor
        slope_u, slope_v = nx / (divisor * focal), -ny / (divisor * focal)
        if not (abs(slope_u) < 1e6 and abs(slope_v) < 1e6 and abs(base) < 1e9):
            slope_u, slope_v, base = 0.0, 0.0, high  # seen edge-on
        for k in range(1, size - 1):
            x0, y0, x1, y1 = grid[0, 0], grid[0, 1], grid[k, 0], grid[k, 1]
            x2, y2 = grid[k + 1, 0], grid[k + 1, 1]
            area = (x1 - x0) * (y2 - y0) - (y1 - y0) * (x2 - x0)
            if area == 0 or not _touches(grid, k, margin, size_):
                continue
            if n < len(source):
                if area < 0:
                    x1, y1, x2, y2 = x2, y2, x1, y1
                corners[n, 0], corners[n, 1] = x0, y0
                corners[n, 2], corners[n, 3] = x1, y1
                corners[n, 4], corners[n, 5] = x2, y2
                plane[n, 0], plane[n, 1], plane[n, 2] = slope_u, slope_v, base
                reach[n, 0], reach[n, 1] = low, high
                source[n] = i
            n += 1
    return n
