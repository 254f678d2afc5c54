"""Rasteriser: which face is seen at the middle of each pixel, and how near it is.

Coverage by edge functions in integers with the top-left rule (Pineda 1988): a pixel's middle on an
edge belongs to exactly one of the two faces there. Among faces of equal nearness (float32) the one
with the lower number is seen. Each band of rows is worked out alone, so nothing depends on the
number of threads.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from isthmus.synth.annotate.threads import spread
from isthmus.synth.annotate.triangles import HALF, SHIFT, Triangles
from isthmus.synth.world.mesh import Floats, Ints

BAND = 32
"""Rows in a band."""
BROAD = 24
"""Pixels across from which on a row's ends are worked out by division, not by trying each."""


def rasterise(
    triangles: Triangles, width: int, height: int, threads: int | None = None
) -> tuple[Ints, Floats]:
    """Number of the face seen (−1 for none) and its nearness (−inf), both (h, w)."""
    face = np.full((height, width), -1, np.int32)
    nearness = np.full((height, width), -np.inf, np.float32)
    order, starts = _bins(triangles.corners, height, BAND)

    def band(number: int) -> None:
        top, bottom = number * BAND, min((number + 1) * BAND, height)
        chosen = order[starts[number] : starts[number + 1]]
        _fill(tuple(triangles), chosen, face[top:bottom], nearness[top:bottom], (top, height))

    spread(band, range(len(starts) - 1), threads)
    return face, nearness


@njit(cache=True, nogil=True, error_model="numpy")
def _bins(corners, height, band):  # type: ignore[no-untyped-def]
    """Triangles of each band, in their order: (numbers, start of each band in them)."""
    bands = (height + band - 1) // band
    first = np.empty(len(corners), np.int32)
    last = np.empty(len(corners), np.int32)
    starts = np.zeros(bands + 1, np.int64)
    for t in range(len(corners)):
        low = min(corners[t, 1], corners[t, 3], corners[t, 5])
        high = max(corners[t, 1], corners[t, 3], corners[t, 5])
        ya, yb = (
            int(max((low + HALF - 1) >> SHIFT, 0)),
            int(min((high - HALF) >> SHIFT, height - 1)),
        )
        first[t], last[t] = ya // band, (yb // band if yb >= ya else -1)
        for b in range(first[t], last[t] + 1):
            starts[b + 1] += 1
    for b in range(bands):
        starts[b + 1] += starts[b]
    order = np.empty(starts[bands], np.int32)
    place = starts[:bands].copy()
    for t in range(len(corners)):
        for b in range(first[t], last[t] + 1):
            order[place[b]] = t
            place[b] += 1
    return order, starts


@njit(cache=True, nogil=True, error_model="numpy")
def _span(value, step, start, first, last):  # type: ignore[no-untyped-def]
    """Narrow columns first–last to those with value − step · (column − start) ≥ 0."""
    if step > 0:
        return first, min(last, start + value // step)
    if step < 0:
        return max(first, start - value // -step), last
    return (first, last) if value >= 0 else (first, first - 1)


@njit(cache=True, nogil=True, error_model="numpy")
def _fill_row(nearness, face, plane, reach, number):  # type: ignore[no-untyped-def]
    """Draw a triangle into columns (n,) that it covers; without branches, several at a time."""
    slope, offset, base = plane
    for i in range(len(nearness)):
        near = np.float32(slope * (i + offset) + base)
        near = min(max(near, reach[0]), reach[1])
        nearer = near > nearness[i]
        nearness[i] = near if nearer else nearness[i]
        face[i] = number if nearer else face[i]


@njit(cache=True, nogil=True, error_model="numpy")
def _fill(triangles, chosen, face, nearness, band):  # type: ignore[no-untyped-def]
    """Draw the chosen triangles into a band of rows; `band` is its first row, the whole height."""
    top, height = band
    left = np.int64(0)
    rows, width = face.shape
    corners, plane, reach, source = triangles
    for t in chosen:
        x0, y0 = np.int64(corners[t, 0]), np.int64(corners[t, 1])
        x1, y1 = np.int64(corners[t, 2]), np.int64(corners[t, 3])
        x2, y2 = np.int64(corners[t, 4]), np.int64(corners[t, 5])
        xa = int(max((min(x0, x1, x2) + HALF - 1) >> SHIFT, left))
        xb = int(min((max(x0, x1, x2) - HALF) >> SHIFT, width - 1))
        ya = int(max((min(y0, y1, y2) + HALF - 1) >> SHIFT, top))
        yb = int(min((max(y0, y1, y2) - HALF) >> SHIFT, top + rows - 1))
        dx0, dy0, dx1, dy1, dx2, dy2 = x1 - x0, y1 - y0, x2 - x1, y2 - y1, x0 - x2, y0 - y2
        # A middle on an upper or a left edge is inside, on another edge it is outside.
        b0 = 0 if dy0 < 0 or (dy0 == 0 and dx0 > 0) else -1
        b1 = 0 if dy1 < 0 or (dy1 == 0 and dx1 > 0) else -1
        b2 = 0 if dy2 < 0 or (dy2 == 0 and dx2 > 0) else -1
        px, py = (xa << SHIFT) + HALF, (ya << SHIFT) + HALF
        row0 = dx0 * (py - y0) - dy0 * (px - x0) + b0
        row1 = dx1 * (py - y1) - dy1 * (px - x1) + b1
        row2 = dx2 * (py - y2) - dy2 * (px - x2) + b2
        a, b, c = plane[t, 0], plane[t, 1], plane[t, 2]
        low, high = reach[t, 0], reach[t, 1]
        number = source[t]
        broad = xb - xa >= BROAD
        for y in range(ya, yb + 1):
            base = b * (y + 0.5 - 0.5 * height) + c
            if broad:
                first, last = _span(row0, dy0 << SHIFT, xa, xa, xb)
                first, last = _span(row1, dy1 << SHIFT, xa, first, last)
                first, last = _span(row2, dy2 << SHIFT, xa, first, last)
                if last >= first:
                    here = nearness[y - top, first : last + 1]
                    what = face[y - top, first : last + 1]
                    offset = first + 0.5 - 0.5 * width
                    _fill_row(here, what, (a, offset, base), reach[t], source[t])
                row0, row1 = row0 + (dx0 << SHIFT), row1 + (dx1 << SHIFT)
                row2 += dx2 << SHIFT
                continue
            e0, e1, e2 = row0, row1, row2
            for x in range(xa, xb + 1):
                if (e0 | e1 | e2) >= 0:
                    near = np.float32(a * (x + 0.5 - 0.5 * width) + base)
                    near = min(max(near, low), high)
                    if near > nearness[y - top, x]:
                        nearness[y - top, x] = near
                        face[y - top, x] = number
                e0 -= dy0 << SHIFT
                e1 -= dy1 << SHIFT
                e2 -= dy2 << SHIFT
            row0 += dx0 << SHIFT
            row1 += dx1 << SHIFT
            row2 += dx2 << SHIFT


@njit(cache=True, nogil=True, error_model="numpy")
def cover(chosen, corners, left, top, mask):  # type: ignore[no-untyped-def]
    """Mark in `mask` (h, w), whose first pixel is (left, top), what triangles cover."""
    height, width = mask.shape
    for t in chosen:
        x0, y0 = np.int64(corners[t, 0]), np.int64(corners[t, 1])
        x1, y1 = np.int64(corners[t, 2]), np.int64(corners[t, 3])
        x2, y2 = np.int64(corners[t, 4]), np.int64(corners[t, 5])
        xa = int(max((min(x0, x1, x2) + HALF - 1) >> SHIFT, left))
        xb = int(min((max(x0, x1, x2) - HALF) >> SHIFT, left + width - 1))
        ya = int(max((min(y0, y1, y2) + HALF - 1) >> SHIFT, top))
        yb = int(min((max(y0, y1, y2) - HALF) >> SHIFT, top + height - 1))
        dx0, dy0, dx1, dy1, dx2, dy2 = x1 - x0, y1 - y0, x2 - x1, y2 - y1, x0 - x2, y0 - y2
        b0 = 0 if dy0 < 0 or (dy0 == 0 and dx0 > 0) else -1
        b1 = 0 if dy1 < 0 or (dy1 == 0 and dx1 > 0) else -1
        b2 = 0 if dy2 < 0 or (dy2 == 0 and dx2 > 0) else -1
        px, py = (xa << SHIFT) + HALF, (ya << SHIFT) + HALF
        row0 = dx0 * (py - y0) - dy0 * (px - x0) + b0
        row1 = dx1 * (py - y1) - dy1 * (px - x1) + b1
        row2 = dx2 * (py - y2) - dy2 * (px - x2) + b2
        for y in range(ya, yb + 1):
            e0, e1, e2 = row0, row1, row2
            for x in range(xa, xb + 1):
                if (e0 | e1 | e2) >= 0:
                    mask[y - top, x - left] = True
                e0 -= dy0 << SHIFT
                e1 -= dy1 << SHIFT
                e2 -= dy2 << SHIFT
            row0 += dx0 << SHIFT
            row1 += dx1 << SHIFT
            row2 += dx2 << SHIFT


def bounds(mask: NDArray[np.bool_]) -> tuple[int, int, int, int] | None:
    """Tight (x1, y1, x2, y2), half-open, of what is set in (h, w); None if nothing is."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
