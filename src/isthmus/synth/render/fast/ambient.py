"""How much of the sky each place sees: worked out at half the picture's size, then spread.

Along eight directions the height map is searched for what rises highest (horizon angles, Max 1988);
nearer than its texels reach, the picture's own depths tell (Mittring 2007). Each place looks along
other directions than its neighbours, by a pattern of 4 × 4, and the mean over the pattern is taken.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from isthmus.synth.world.mesh import Floats

AROUND, STEPS = 8, 8


class Ambient(NamedTuple):
    """What is known at half the picture's size, (h, w).

    Attributes:
        share: of the sky that is seen, weighted by the cosine, 0–1.
        nearness: 1/z, −inf in the sky.
        normal: (h, w, 3) of the face, in world axes, towards the camera.
    """

    share: Floats
    nearness: Floats
    normal: Floats


def empty_ambient(height: int, width: int) -> Ambient:
    """Room for a picture of (height, width) pixels."""
    size = ((height + 1) // 2, (width + 1) // 2)
    return Ambient(
        np.ones(size, np.float32), np.full(size, -np.inf, np.float32),
        np.zeros((*size, 3), np.float32),
    )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def _at(row, column, near, camera, out):  # type: ignore[no-untyped-def]
    """World place (3,) of a spot in samples with 1/z."""
    turn, origin, focal, width, height = camera
    z = 1.0 / near
    x = (column - 0.5 * width) / focal * z
    y = (0.5 * height - row) / focal * z
    for c in range(3):
        out[c] = origin[c] + turn[0, c] * x + turn[1, c] * y + turn[2, c] * z


@njit(cache=True, nogil=True, error_model="numpy")
def look(rows, samples, face_normal, camera, out):  # type: ignore[no-untyped-def]
    """Fill nearness and normals of rows."""
    face, nearness = samples.face, samples.nearness
    place = np.empty(3)
    origin = camera[1]
    for r in range(rows[0], rows[1]):
        for s in range(out.share.shape[1]):
            b, a = min(4 * r + 2, face.shape[0] - 1), min(4 * s + 2, face.shape[1] - 1)
            f = face[b, a]
            if f < 0:
                continue
            out.nearness[r, s] = nearness[b, a]
            _at(b + 0.5, a + 0.5, nearness[b, a], camera, place)
            facing = 0.0
            for c in range(3):
                facing += face_normal[f, c] * (origin[c] - place[c])
            for c in range(3):
                out.normal[r, s, c] = face_normal[f, c] * (1.0 if facing >= 0 else -1.0)


@njit(cache=True, nogil=True, error_model="numpy")
def _horizons(place, normal, jitter, heights):  # type: ignore[no-untyped-def]
    """Share of the sky over the height map's horizons; `jitter` is (turn, stretch), 0–1."""
    solid, crown, x0, z0, scale = heights
    side = len(solid)
    x, y, z = place[0] + 0.05 * normal[0], place[1], place[2] + 0.05 * normal[2]
    upright = max(normal[1], 0.0)
    free, most = 0.0, 0.0
    for k in range(AROUND):
        angle = (k + jitter[0]) * (2 * np.pi / AROUND)
        dx, dz = np.sin(angle), np.cos(angle)
        tangent = 0.0
        step = 0.08 * (1 + jitter[1])
        for _ in range(STEPS):
            a = np.int64((x + dx * step - x0) * scale)
            b = np.int64((z + dz * step - z0) * scale)
            if 0 <= a < side and 0 <= b < side:
                tangent = max(tangent, (solid[b, a] - y - 0.02) / step)
            step *= 2.0
        # Above the horizon an upright surface receives cos² of its height, a wall what is left.
        sine = tangent / np.sqrt(1 + tangent * tangent)
        facing = 0.8 * max(normal[0] * dx + normal[2] * dz, 0.0) + 0.02
        free += upright * (1 - sine * sine) + facing * (1 - sine)
        most += upright + facing
    share = free / most
    a, b = np.int64((x - x0) * scale), np.int64((z - z0) * scale)
    if 0 <= a < side and 0 <= b < side and crown[b, a] > y:
        share *= 0.45 + 0.55 * np.exp(-0.9 * (crown[b, a] - y))
    return share


@njit(cache=True, nogil=True, error_model="numpy")
def _crevice(place, normal, where, samples, camera):  # type: ignore[no-untyped-def]
    """Share of near space (within half a metre) that the picture's depths leave free."""
    b, a, turn = where
    nearness = samples.nearness
    height, width = nearness.shape
    reach = min(max(0.35 * camera[2] * nearness[b, a], 6.0), 90.0)
    other = np.empty(3)
    hidden = 0.0
    for k in range(8):
        angle = (k * 0.618 + turn) * 2 * np.pi
        radius = reach * (k + 0.5 + turn) / 9.0
        q, p = np.int64(b + radius * np.sin(angle)), np.int64(a + radius * np.cos(angle))
        if q < 0 or p < 0 or q >= height or p >= width or samples.face[q, p] < 0:
            continue
        _at(q + 0.5, p + 0.5, nearness[q, p], camera, other)
        square, along = 1e-9, 0.0
        for c in range(3):
            gap = other[c] - place[c]
            square += gap * gap
            along += gap * normal[c]
        distance = np.sqrt(square)
        hidden += max(along / distance - 0.12, 0.0) * max(1 - square / 0.36, 0.0)
    return max(1 - 1.6 * hidden / 8, 0.0)


@njit(cache=True, nogil=True, error_model="numpy")
def search(rows, samples, heights, camera, out, raw):  # type: ignore[no-untyped-def]
    """Fill `raw` (h, w) with the unsmoothed shares of rows."""
    place, jitter = np.empty(3), np.empty(2)
    for r in range(rows[0], rows[1]):
        for s in range(raw.shape[1]):
            raw[r, s] = 1.0
            if out.nearness[r, s] <= 0:
                continue
            b, a = min(4 * r + 2, samples.face.shape[0] - 1), min(4 * s + 2, samples.face.shape[1] - 1)
            _at(b + 0.5, a + 0.5, out.nearness[r, s], camera, place)
            spot = (r % 4) * 4 + s % 4
            jitter[0] = ((spot * 7) % 16 + 0.5) / 16
            jitter[1] = ((spot * 11 + 5) % 16 + 0.5) / 16
            share = _horizons(place, out.normal[r, s], jitter, heights)
            raw[r, s] = share * _crevice(place, out.normal[r, s], (b, a, jitter[0]), samples, camera)


@njit(cache=True, nogil=True, error_model="numpy")
def smooth(rows, raw, out):  # type: ignore[no-untyped-def]
    """Mean over the 4 × 4 pattern, among places that lie alike."""
    height, width = raw.shape
    for r in range(rows[0], rows[1]):
        for s in range(width):
            near = out.nearness[r, s]
            if near <= 0:
                continue
            total, weight = 0.0, 0.0
            for q in range(max(r - 2, 0), min(r + 2, height)):
                for p in range(max(s - 2, 0), min(s + 2, width)):
                    cosine = 0.0
                    for c in range(3):
                        cosine += out.normal[r, s, c] * out.normal[q, p, c]
                    if cosine > 0.7 and abs(out.nearness[q, p] - near) < 0.08 * near:
                        total += raw[q, p]
                        weight += 1.0
            out.share[r, s] = total / weight if weight > 0 else raw[r, s]


@njit(cache=True, nogil=True, error_model="numpy")
def look_up(spot, normal, ambient, out):  # type: ignore[no-untyped-def]
    """Shares (n,) at spots (n, 3: column and row in samples, 1/z) with normals (n, 3)."""
    height, width = ambient.share.shape
    for i in range(len(spot)):
        x, y, near = 0.25 * (spot[i, 0] - 2.5), 0.25 * (spot[i, 1] - 2.5), spot[i, 2]
        s, r = np.int64(np.floor(x)), np.int64(np.floor(y))
        total, weight, best, nearest = 0.0, 0.0, 1.0, np.inf
        for k in range(4):
            q, p = min(max(r + k // 2, 0), height - 1), min(max(s + k % 2, 0), width - 1)
            gap = abs(ambient.nearness[q, p] - near) / near
            cosine = 0.0
            for c in range(3):
                cosine += ambient.normal[q, p, c] * normal[i, c]
            share = (1 - abs(x - s - k % 2)) * (1 - abs(y - r - k // 2)) + 1e-3
            if cosine > 0.3:
                share *= 1 / (1 + (gap * 30) ** 4)
            else:
                share *= 1e-3 / (1 + (gap * 30) ** 4)
            total += share * ambient.share[q, p]
            weight += share
            if gap < nearest:
                nearest, best = gap, ambient.share[q, p]
        out[i] = total / weight if weight > 1e-7 else best
