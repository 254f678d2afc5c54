"""How much of the sky each place sees: worked out at half the picture's size, then spread.

Along six directions the height map is searched for what rises highest (horizon angles, Max 1988);
nearer than its texels reach, the picture's own depths tell (Mittring 2007). Each place looks along
other directions than its neighbours, by a pattern of 4 × 4, and the mean over the pattern is taken.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from isthmus.synth.world.mesh import Floats

AROUND, STEPS, NEAR = 6, 7, 8


class Ambient(NamedTuple):
    """What is known at half the picture's size, (h, w).

    Attributes:
        share: of the sky that is seen, weighted by the cosine, 0–1. raw: before smoothing.
        nearness: 1/z, −inf in the sky.
        normal: (h, w, 3) of the face, in world axes, towards the camera.
    """

    share: Floats
    raw: Floats
    nearness: Floats
    normal: Floats


class Pattern(NamedTuple):
    """Directions and steps of the search, one set for each place of the 4 × 4 pattern.

    Attributes:
        turn: (16,) 0–1.
        compass: (16, AROUND, 2) unit directions along X and Z.
        texels, inverse: (16, STEPS) distance of the steps in texels, and 1 / metres.
        near: (16, NEAR, 2) where the picture is looked at, right and down, as shares of the reach.
    """

    turn: Floats
    compass: Floats
    texels: Floats
    inverse: Floats
    near: Floats


def empty_ambient(height: int, width: int) -> Ambient:
    """Room for a picture of (height, width) pixels."""
    size = ((height + 1) // 2, (width + 1) // 2)
    return Ambient(
        np.ones(size, np.float32), np.ones(size, np.float32), np.full(size, -np.inf, np.float32),
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
    face, nearness, _, _ = samples
    _, _, near, normal = out
    place = np.empty(3)
    origin = camera[1]
    for r in range(rows[0], rows[1]):
        for s in range(near.shape[1]):
            b, a = min(4 * r + 2, face.shape[0] - 1), min(4 * s + 2, face.shape[1] - 1)
            f = face[b, a]
            if f < 0:
                continue
            near[r, s] = nearness[b, a]
            _at(b + 0.5, a + 0.5, nearness[b, a], camera, place)
            facing = 0.0
            for c in range(3):
                facing += face_normal[f, c] * (origin[c] - place[c])
            for c in range(3):
                normal[r, s, c] = face_normal[f, c] * (1.0 if facing >= 0 else -1.0)


def search_pattern(scale: float) -> Pattern:
    """Where places look, for a height map of `scale` texels per metre."""
    spot = np.arange(16)
    turn, stretch = ((spot * 7) % 16 + 0.5) / 16, ((spot * 11 + 5) % 16 + 0.5) / 16
    angle = (np.arange(AROUND)[None] + turn[:, None]) * (2 * np.pi / AROUND)
    compass = np.stack([np.sin(angle), np.cos(angle)], axis=-1)
    step = 0.16 * (1 + stretch[:, None]) * 2.0 ** np.arange(STEPS)[None]
    spiral = (np.arange(NEAR)[None] * 0.618 + turn[:, None]) * 2 * np.pi
    radius = (np.arange(NEAR)[None] + 0.5 + turn[:, None]) / (NEAR + 1)
    near = np.stack([radius * np.cos(spiral), radius * np.sin(spiral)], axis=-1)
    return Pattern(
        turn.astype(np.float32), compass.astype(np.float32),
        (scale * step).astype(np.float32), (1 / step).astype(np.float32), near.astype(np.float32),
    )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def _horizons(place, normal, spot, pattern, heights):  # type: ignore[no-untyped-def]
    """Share of the sky over the height map's horizons."""
    solid, crown, x0, z0, scale = heights
    _, compass, texels, inverse, _ = pattern
    side = len(solid)
    # A step off the surface, or a wall would stand in its own light.
    x = np.float32((place[0] - x0) * scale + 1.5 * normal[0])
    z = np.float32((place[2] - z0) * scale + 1.5 * normal[2])
    y = np.float32(place[1] + 0.02)
    upright = max(normal[1], np.float32(0.0))
    free, most = np.float32(0.0), np.float32(0.0)
    for k in range(AROUND):
        dx, dz = compass[spot, k, 0], compass[spot, k, 1]
        tangent = np.float32(0.0)
        for j in range(STEPS):
            step = texels[spot, j]
            a, b = np.int32(x + dx * step), np.int32(z + dz * step)
            if 0 <= a < side and 0 <= b < side:
                tangent = max(tangent, (solid[b, a] - y) * inverse[spot, j])
        # Above the horizon an upright surface receives cos² of its height, a wall what is left.
        square = tangent * tangent
        below = square / (np.float32(1.0) + square)
        facing = np.float32(0.8) * max(normal[0] * dx + normal[2] * dz, np.float32(0.0))
        facing += np.float32(0.02)
        free += upright * (np.float32(1.0) - below) + facing * (np.float32(1.0) - np.sqrt(below))
        most += upright + facing
    share = free / most
    a, b = np.int32(x), np.int32(z)
    if 0 <= a < side and 0 <= b < side and crown[b, a] > y:
        share *= np.float32(0.45) + np.float32(0.55) * np.exp(np.float32(-0.9) * (crown[b, a] - y))
    return share


@njit(cache=True, nogil=True, error_model="numpy")
def _crevice(normal, where, nearness, pattern, camera):  # type: ignore[no-untyped-def]
    """Share of near space (within half a metre) that the picture's depths leave free."""
    b, a = where
    turn, _, focal, wide, tall = camera
    height, width = nearness.shape
    reach = np.float32(min(max(0.35 * focal * nearness[b, a], 6.0), 90.0))
    # In camera axes: a turn of every place that is looked at is saved.
    z = np.float32(1.0) / nearness[b, a]
    scale, middle, centre = np.float32(1.0 / focal), np.float32(0.5 * wide), np.float32(0.5 * tall)
    x, y = (a + np.float32(0.5) - middle) * scale * z, (centre - b - np.float32(0.5)) * scale * z
    nx = np.float32(turn[0, 0] * normal[0] + turn[0, 1] * normal[1] + turn[0, 2] * normal[2])
    ny = np.float32(turn[1, 0] * normal[0] + turn[1, 1] * normal[1] + turn[1, 2] * normal[2])
    nz = np.float32(turn[2, 0] * normal[0] + turn[2, 1] * normal[1] + turn[2, 2] * normal[2])
    hidden = np.float32(0.0)
    for k in range(len(pattern)):
        q = np.int32(b + reach * pattern[k, 1])
        p = np.int32(a + reach * pattern[k, 0])
        if q < 0 or p < 0 or q >= height or p >= width or nearness[q, p] <= 0:
            continue
        far = np.float32(1.0) / nearness[q, p]
        gx = (p + np.float32(0.5) - middle) * scale * far - x
        gy = (centre - q - np.float32(0.5)) * scale * far - y
        gz = far - z
        square = gx * gx + gy * gy + gz * gz + np.float32(1e-9)
        if square >= np.float32(0.36):
            continue
        along = (gx * nx + gy * ny + gz * nz) / np.sqrt(square) - np.float32(0.12)
        hidden += max(along, np.float32(0.0)) * (np.float32(1.0) - square / np.float32(0.36))
    return max(np.float32(1.0) - np.float32(1.6 / NEAR) * hidden, np.float32(0.0))


@njit(cache=True, nogil=True, error_model="numpy")
def search(rows, samples, around, camera, out):  # type: ignore[no-untyped-def]
    """Fill `out.raw` with the unsmoothed shares of rows; `around` is (heights, pattern)."""
    heights, pattern = around
    _, raw, near, normal = out
    tall, wide = samples[0].shape
    place = np.empty(3)
    for r in range(rows[0], rows[1]):
        for s in range(raw.shape[1]):
            raw[r, s] = 1.0
            if near[r, s] <= 0:
                continue
            b, a = min(4 * r + 2, tall - 1), min(4 * s + 2, wide - 1)
            _at(b + 0.5, a + 0.5, near[r, s], camera, place)
            spot = (r % 4) * 4 + s % 4
            share = _horizons(place, normal[r, s], spot, pattern, heights)
            free = _crevice(normal[r, s], (b, a), samples[1], pattern[4][spot], camera)
            raw[r, s] = share * free


@njit(cache=True, nogil=True, error_model="numpy")
def smooth(rows, out):  # type: ignore[no-untyped-def]
    """Mean over the 4 × 4 pattern, among places that lie alike."""
    share, raw, nearness, normal = out
    height, width = raw.shape
    for r in range(rows[0], rows[1]):
        for s in range(width):
            near = nearness[r, s]
            if near <= 0:
                continue
            total, weight = 0.0, 0.0
            for q in range(max(r - 2, 0), min(r + 2, height)):
                for p in range(max(s - 2, 0), min(s + 2, width)):
                    cosine = 0.0
                    for c in range(3):
                        cosine += normal[r, s, c] * normal[q, p, c]
                    if cosine > 0.7 and abs(nearness[q, p] - near) < 0.08 * near:
                        total += raw[q, p]
                        weight += 1.0
            share[r, s] = total / weight if weight > 0 else raw[r, s]


@njit(cache=True, nogil=True, error_model="numpy")
def look_up(spot, normal, ambient, out):  # type: ignore[no-untyped-def]
    """Shares (n,) at spots (n, 3: column and row in samples, 1/z) with normals (n, 3)."""
    shares, _, nearness, normals = ambient
    height, width = shares.shape
    for i in range(len(spot)):
        x, y, near = 0.25 * (spot[i, 0] - 2.5), 0.25 * (spot[i, 1] - 2.5), spot[i, 2]
        s, r = np.int64(np.floor(x)), np.int64(np.floor(y))
        total, weight, best, nearest = 0.0, 0.0, 1.0, np.inf
        for k in range(4):
            q, p = min(max(r + k // 2, 0), height - 1), min(max(s + k % 2, 0), width - 1)
            gap = abs(nearness[q, p] - near) / near
            cosine = 0.0
            for c in range(3):
                cosine += normals[q, p, c] * normal[i, c]
            share = (1 - abs(x - s - k % 2)) * (1 - abs(y - r - k // 2)) + 1e-3
            if cosine > 0.3:
                share *= 1 / (1 + (gap * 30) ** 4)
            else:
                share *= 1e-3 / (1 + (gap * 30) ** 4)
            total += share * shares[q, p]
            weight += share
            if gap < nearest:
                nearest, best = gap, shares[q, p]
        out[i] = total / weight if weight > 1e-7 else best
