"""Mirrored light: the sharp part of paint, glass, metal and wet ground.

A mirrored ray is followed over the picture (screen-space reflection, McGuire and Mara 2014). Where
it leaves the picture or goes behind something, the height map tells whether it meets a wall or the
sky, and the ground is the plane of the street.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from isthmus.synth.world.mesh import Floats

SUN, SKY, LAMPS = 0, 1, 2
SHARP = 0.5
"""Roughness up to which a surface mirrors shapes."""
FAINT = 0.004
LAMP_MOST = 400.0
"""cd/m²: brighter lamps are mirrored as highlights of their own."""
WALL, ROAD = 0.26, 0.10


class Mirrors(NamedTuple):
    """For each pixel the surface in it that mirrors most.

    Attributes:
        normal: (h, w, 3) world. share: (h, w, 3) of mirrored light that reaches the camera.
        rough: (h, w). nearness: (h, w) 1/z. open_sky: (h, w) share 0–1.
    """

    normal: Floats
    share: Floats
    rough: Floats
    nearness: Floats
    open_sky: Floats


class World(NamedTuple):
    """What a mirrored ray can meet.

    Attributes:
        nearness: (2h, 2w) 1/z of samples.
        levels: of the sky map.
        heights, far_map: see `shadows`.
        kinds: (layers,) `SUN`, `SKY` or `LAMPS`.
    """

    nearness: Floats
    levels: Floats
    heights: tuple  # type: ignore[type-arg]
    far_map: tuple  # type: ignore[type-arg]
    kinds: Floats


def empty_mirrors(height: int, width: int) -> Mirrors:
    """Room for a picture."""
    return Mirrors(
        np.empty((height, width, 3), np.float32), np.zeros((height, width, 3), np.float32),
        np.empty((height, width), np.float32), np.empty((height, width), np.float32),
        np.empty((height, width), np.float32),
    )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def note(fragments, surfaces, open_sky, out):  # type: ignore[no-untyped-def]
    """Enter the fragments that mirror into `out`."""
    width = out.rough.shape[1]
    share = np.empty(3)
    for i in range(len(fragments.pixel)):
        rough, metal = surfaces.finish[i, 0], surfaces.finish[i, 1]
        coat, coat_rough = surfaces.finish[i, 2], surfaces.finish[i, 4]
        if coat <= 0 and rough >= SHARP:
            continue
        facing = 0.0
        for c in range(3):
            facing += surfaces.normal[i, c] * surfaces.sight[i, c]
        schlick = (1 - min(max(facing, 0.0), 1.0)) ** 5
        f_coat = (0.04 + 0.96 * schlick) * coat
        most = 0.0
        for c in range(3):
            f0 = 0.04 * (1 - metal) + surfaces.albedo[i, c] * metal
            f = (f0 + (max(1 - rough, f0) - f0) * schlick) if rough < SHARP else 0.0
            share[c] = fragments.weight[i] * (f_coat + (1 - f_coat) * f)
            most = max(most, share[c])
        y, x = fragments.pixel[i] // width, fragments.pixel[i] % width
        if most > max(FAINT, out.share[y, x, 1]):
            for c in range(3):
                out.normal[y, x, c] = surfaces.normal[i, c]
                out.share[y, x, c] = share[c]
            out.rough[y, x] = coat_rough if f_coat > 0.5 * most else rough
            out.nearness[y, x] = fragments.spot[i, 2]
            out.open_sky[y, x] = open_sky[i]


@njit(cache=True, nogil=True, error_model="numpy")
def _march(start, ray, nearness, camera):  # type: ignore[no-untyped-def]
    """Follow a ray over the picture: (column, row, metres) in samples; metres < 0 for a miss."""
    turn, origin, focal, width, height = camera
    x = y = z = dx = dy = dz = 0.0
    for c in range(3):
        gap = start[c] - origin[c]
        x, y, z = x + turn[0, c] * gap, y + turn[1, c] * gap, z + turn[2, c] * gap
        dx, dy, dz = dx + turn[0, c] * ray[c], dy + turn[1, c] * ray[c], dz + turn[2, c] * ray[c]
    length = 90.0
    if dz < 0:
        length = min(length, (z - 0.2) / -dz)
    if length <= 0.05 or z < 0.2:
        return 0.0, 0.0, -1.0
    ex, ey, ez = x + dx * length, y + dy * length, z + dz * length
    n0, n1 = 1 / z, 1 / ez
    u0, v0 = 0.5 * width + focal * x * n0, 0.5 * height - focal * y * n0
    u1, v1 = 0.5 * width + focal * ex * n1, 0.5 * height - focal * ey * n1
    pixels = max(abs(u1 - u0), abs(v1 - v0), 1.0)
    done, stride, before = 0.0, 5.0, 0.0
    for _ in range(44):
        done += stride / pixels
        stride *= 1.1
        if done > 1:
            break
        u, v, n = u0 + (u1 - u0) * done, v0 + (v1 - v0) * done, n0 + (n1 - n0) * done
        if u < 0 or v < 0 or u >= width or v >= height:
            break
        there = nearness[np.int64(v), np.int64(u)]
        if there > n * 1.002:
            earlier = 1 / (n0 + (n1 - n0) * before)
            if 1 / n - 1 / there < 0.35 + abs(1 / n - earlier):
                low, high = before, done
                for _ in range(5):
                    middle = 0.5 * (low + high)
                    u, v = u0 + (u1 - u0) * middle, v0 + (v1 - v0) * middle
                    n = n0 + (n1 - n0) * middle
                    if nearness[np.int64(v), np.int64(u)] > n * 1.002:
                        high = middle
                    else:
                        low = middle
                u, v, n = u0 + (u1 - u0) * high, v0 + (v1 - v0) * high, n0 + (n1 - n0) * high
                return u, v, max((1 / n - z) / dz if abs(dz) > 1e-3 else 1.0, 0.05)
        before = done
    return 0.0, 0.0, -1.0


@njit(cache=True, nogil=True, error_model="numpy")
def _in_sun(x, y, z, far_map):  # type: ignore[no-untyped-def]
    nearest, turn, origin, scale = far_map
    side = len(nearest)
    x, y, z = x - origin[0], y - origin[1], z - origin[2]
    a = np.int64((turn[0, 0] * x + turn[0, 1] * y + turn[0, 2] * z) * scale + 0.5 * side)
    b = np.int64(0.5 * side - (turn[1, 0] * x + turn[1, 1] * y + turn[1, 2] * z) * scale)
    if a < 0 or b < 0 or a >= side or b >= side:
        return 0.5
    own = -(turn[2, 0] * x + turn[2, 1] * y + turn[2, 2] * z)
    return 0.0 if nearest[b, a] > own + 0.3 else 1.0


@njit(cache=True, nogil=True, error_model="numpy")
def _dome(levels, rough, ray, out):  # type: ignore[no-untyped-def]
    """Luminance (3,) of the sky map along a ray, blurred by roughness."""
    _, rows, columns, _ = levels.shape
    row = np.arcsin(min(max(ray[1], 0.0), 1.0)) * (2 / np.pi) * rows - 0.5
    column = np.arctan2(ray[0], ray[2]) * (0.5 / np.pi) * columns - 0.5
    r = min(max(np.int64(np.floor(row)), 0), rows - 1)
    s = min(r + 1, rows - 1)
    p = min(max(row - r, 0.0), 1.0)
    a = np.int64(np.floor(column)) % columns
    b = (a + 1) % columns
    q = column - np.floor(column)
    k = min(np.int64(rough * 6), 3)
    for c in range(3):
        upper = levels[k, r, a, c] * (1 - q) + levels[k, r, b, c] * q
        lower = levels[k, s, a, c] * (1 - q) + levels[k, s, b, c] * q
        out[c] = upper * (1 - p) + lower * p


@njit(cache=True, nogil=True, error_model="numpy")
def _around(start, ray, rough, world, lights, out):  # type: ignore[no-untyped-def]
    """Luminance (layers, 3) that a ray meets outside the picture."""
    solid, _, x0, z0, scale = world.heights
    side = len(solid)
    hit, step, sky = -1.0, 0.6, np.empty(3)
    for _ in range(14):
        y = start[1] + ray[1] * step
        a = np.int64((start[0] + ray[0] * step - x0) * scale)
        b = np.int64((start[2] + ray[2] * step - z0) * scale)
        if y < 0.0 or a < 0 or b < 0 or a >= side or b >= side:
            break
        if solid[b, a] > y:
            hit = step
            break
        step *= 1.38
    ground = hit < 0 and ray[1] < -0.01
    if ground:
        hit = (start[1] + 0.0) / -ray[1]
    _dome(world.levels, rough, ray, sky)
    lit, facing = 0.0, 0.0
    if hit >= 0:
        x, y, z = start[0] + hit * ray[0], start[1] + hit * ray[1], start[2] + hit * ray[2]
        lit = _in_sun(x, max(y, 0.0), z, world.far_map)
        across = np.sqrt(ray[0] * ray[0] + ray[2] * ray[2]) + 1e-6
        facing = max(-(ray[0] * lights.sun[0] + ray[2] * lights.sun[2]) / across, 0.0)
        if ground:
            facing = max(lights.sun[1], 0.0)
    albedo = ROAD if ground else WALL
    for k in range(len(world.kinds)):
        for c in range(3):
            if world.kinds[k] == 1:
                around = albedo * (0.75 if ground else 0.4) * lights.ground_sky[c] / np.pi
                out[k, c] = sky[c] if hit < 0 else around
            elif world.kinds[k] == 0:
                around = albedo * lit * facing * lights.sun_lux[c] / np.pi
                around += albedo * 0.05 * lights.ground_sun[c] / np.pi
                out[k, c] = 0.0 if hit < 0 else around
            else:
                out[k, c] = 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def reflect(rows, mirrors, base, world, lights, camera, out):  # type: ignore[no-untyped-def]
    """Fill `out` (layers, rows, w, 3) with mirrored light of pixel rows.

    `base` (layers, h, w, 3) is the picture without it; `camera` (turn, origin, focal, width,
    height) in samples.
    """
    turn, origin, focal, width, height = camera
    columns = width // 2
    start, ray, around = np.empty(3), np.empty(3), np.empty((len(world.kinds), 3))
    for y in range(rows[0], rows[1]):
        for x in range(columns):
            if mirrors.share[y, x, 1] <= FAINT:
                for k in range(len(world.kinds)):
                    for c in range(3):
                        out[k, y - rows[0], x, c] = 0.0
                continue
            z = 1 / mirrors.nearness[y, x]
            a, b = (2 * x + 1 - 0.5 * width) / focal, (0.5 * height - 2 * y - 1) / focal
            length, facing = np.sqrt(a * a + b * b + 1), 0.0
            for c in range(3):
                ray[c] = (turn[0, c] * a + turn[1, c] * b + turn[2, c]) / length
                facing += ray[c] * mirrors.normal[y, x, c]
                start[c] = origin[c] + ray[c] * z * length + 0.01 * mirrors.normal[y, x, c]
            for c in range(3):
                ray[c] -= 2 * facing * mirrors.normal[y, x, c]
            u, v, metres = _march(start, ray, world.nearness, camera)
            sure = 0.0
            if metres > 0:
                edge = min(u, width - 1 - u, v, height - 1 - v) / (0.05 * height)
                sure = min(max(edge, 0.0), 1.0)
            if sure < 1:
                _around(start, ray, mirrors.rough[y, x], world, lights, around)
            q, p = np.int64(v) // 2, np.int64(u) // 2
            for k in range(len(world.kinds)):
                for c in range(3):
                    seen = 0.0
                    if sure > 0:
                        seen = base[k, q, p, c] * sure
                        if world.kinds[k] == 2:
                            seen = min(seen, LAMP_MOST)
                    if sure < 1:
                        seen += (1 - sure) * around[k, c]
                    out[k, y - rows[0], x, c] = seen * mirrors.share[y, x, c]
