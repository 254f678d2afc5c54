"""Mirrored light: the sharp part of paint, glass, metal and wet ground.

A mirrored ray is followed over the picture (screen-space reflection, McGuire and Mara 2014). Where
it leaves the picture or goes behind something, the height map tells whether it meets a wall or the
sky, and the ground is the plane of the street.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from isthmus.synth.world.mesh import Floats

SHARP = 0.3
"""Roughness up to which a surface mirrors shapes."""
FAINT = float(np.float32(0.004))
"""Share of light below which nothing is mirrored; shares are float32, and numba compares them as
wider numbers: it has to be one of them to divide pixels alike everywhere."""
MOST = MappingProxyType({"sun": 60_000.0, "sky": 60_000.0, "lamps": 400.0})
"""cd/m² by layer: what is brighter, lamps and the sun, is mirrored as a highlight of its own."""
WALL, ROAD = 0.26, 0.10
"""Albedo of what is met outside the picture."""
FARTHEST = 90.0
"""Metres that a ray is followed."""


class Mirrors(NamedTuple):
    """For each pixel the surface in it that mirrors most.

    Attributes:
        normal: (h, w, 3) world. share: (h, w, 3) of mirrored light that reaches the camera.
        rough: (h, w). nearness: (h, w) 1/z.
    """

    normal: Floats
    share: Floats
    rough: Floats
    nearness: Floats


def empty_mirrors(height: int, width: int) -> Mirrors:
    """Room for a picture."""
    return Mirrors(
        np.empty((height, width, 3), np.float32), np.zeros((height, width, 3), np.float32),
        np.empty((height, width), np.float32), np.empty((height, width), np.float32),
    )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def note(fragments, surfaces, out):  # type: ignore[no-untyped-def]
    """Enter the fragments that mirror into `out`."""
    pixel, _, weight, _, spot = fragments
    _, normal, sight, albedo, finish, _ = surfaces
    normals, shares, roughs, nearness = out
    width = roughs.shape[1]
    share = np.empty(3)
    for i in range(len(pixel)):
        rough, metal, coat = finish[i, 0], finish[i, 1], finish[i, 2]
        if coat <= 0 and rough >= SHARP:
            continue
        facing = 0.0
        for c in range(3):
            facing += normal[i, c] * sight[i, c]
        q = 1 - min(max(facing, 0.0), 1.0)
        schlick = q * q * q * q * q
        f_coat = (0.04 + 0.96 * schlick) * coat
        most = 0.0
        for c in range(3):
            f0 = 0.04 * (1 - metal) + albedo[i, c] * metal
            f = (f0 + (max(1 - rough, f0) - f0) * schlick) * (1 - coat * (1 - metal))
            f = f if rough < SHARP else 0.0
            share[c] = weight[i] * (f_coat + (1 - f_coat) * f)
            most = max(most, share[c])
        y, x = pixel[i] // width, pixel[i] % width
        if most > max(FAINT, shares[y, x, 1]):
            for c in range(3):
                normals[y, x, c] = normal[i, c]
                shares[y, x, c] = share[c]
            roughs[y, x] = finish[i, 4] if f_coat > 0.5 * most else rough
            nearness[y, x] = spot[i, 2]


@njit(cache=True, nogil=True, error_model="numpy")
def _march(start, ray, nearness, focal, shift):  # type: ignore[no-untyped-def]
    """Follow a ray over the picture: (column, row, metres) in samples; metres < 0 for a miss.

    `start` and `ray` are in camera axes; `shift`, 0–1, sets steps apart from the neighbours', which
    would make combs of what is met or missed by step.
    """
    x, y, z = start
    dx, dy, dz = ray
    height, width = nearness.shape
    length = FARTHEST
    if dz < 0:
        length = min(length, (z - 0.2) / -dz)
    if length <= 0.05 or z < 0.2:
        return 0.0, 0.0, -1.0
    ex, ey, ez = x + dx * length, y + dy * length, z + dz * length
    n0, n1 = 1 / z, 1 / ez
    u0, v0 = 0.5 * width + focal * x * n0, 0.5 * height - focal * y * n0
    u1, v1 = 0.5 * width + focal * ex * n1, 0.5 * height - focal * ey * n1
    pixels = max(abs(u1 - u0), abs(v1 - v0), 1.0)
    done, stride, before = 1.5 / pixels, 2.5 + 3 * shift, 1.5 / pixels
    for _ in range(48):
        done += stride / pixels
        stride *= 1.1
        if done > 1:
            break
        u, v, n = u0 + (u1 - u0) * done, v0 + (v1 - v0) * done, n0 + (n1 - n0) * done
        if u < 0 or v < 0 or u >= width or v >= height:
            break
        there = nearness[np.int64(v), np.int64(u)]
        if there > n * 1.003:
            earlier = 1 / (n0 + (n1 - n0) * before)
            if 1 / n - 1 / there < 0.3 + abs(1 / n - earlier):
                low, high = before, done
                for _ in range(6):
                    middle = 0.5 * (low + high)
                    u, v = u0 + (u1 - u0) * middle, v0 + (v1 - v0) * middle
                    n = n0 + (n1 - n0) * middle
                    if nearness[np.int64(v), np.int64(u)] > n * 1.003:
                        high = middle
                    else:
                        low = middle
                u, v, n = u0 + (u1 - u0) * high, v0 + (v1 - v0) * high, n0 + (n1 - n0) * high
                # How far along the ray: 1/z is linear along the line on the picture.
                return u, v, length * high * n1 / n
        before = done
    return 0.0, 0.0, -1.0


@njit(cache=True, nogil=True, error_model="numpy")
def _in_sun(place, nearest, turn, origin, scale):  # type: ignore[no-untyped-def]
    height, width = nearest.shape
    x, y, z = place[0] - origin[0], place[1] - origin[1], place[2] - origin[2]
    a = np.int64((turn[0, 0] * x + turn[0, 1] * y + turn[0, 2] * z) * scale + 0.5 * width)
    b = np.int64(0.5 * height - (turn[1, 0] * x + turn[1, 1] * y + turn[1, 2] * z) * scale)
    if a < 0 or b < 0 or a >= width or b >= height:
        return 0.5
    own = -(turn[2, 0] * x + turn[2, 1] * y + turn[2, 2] * z)
    return 0.0 if nearest[b, a] > own + 0.3 else 1.0


@njit(cache=True, nogil=True, error_model="numpy")
def _meet(start, ray, solid, grid):  # type: ignore[no-untyped-def]
    """Metres to where a world ray meets the height map or the street; negative for the sky."""
    x0, z0, scale = grid
    side = len(solid)
    step = 0.5
    for _ in range(15):
        y = start[1] + ray[1] * step
        a = np.int64((start[0] + ray[0] * step - x0) * scale)
        b = np.int64((start[2] + ray[2] * step - z0) * scale)
        if y < 0.0 or a < 0 or b < 0 or a >= side or b >= side:
            break
        if solid[b, a] > y:
            return step, False
        step *= 1.36
    if ray[1] < -0.01:
        return start[1] / -ray[1], True
    return -1.0, False


@njit(cache=True, nogil=True, error_model="numpy")
def cast(chosen, mirrors, nearness, camera, out):  # type: ignore[no-untyped-def]
    """Mirror the lines of sight of chosen pixels (n,) and follow them over the picture.

    Fills `out`: starts (n, 3) and rays (n, 3) in world axes, spots (n, 4): column and row of what
    is met, in pixels, how sure that is, 0–1, and the ray's share of the way to it.
    """
    turn, origin, focal, width, height = camera
    normal, _, _, near = mirrors
    starts, rays, spots = out
    columns = width // 2
    for i in range(len(chosen)):
        y, x = chosen[i] // columns, chosen[i] % columns
        z = 1 / near[y, x]
        px, py = (2 * x + 1 - 0.5 * width) / focal * z, (0.5 * height - 2 * y - 1) / focal * z
        nx, ny, nz = normal[y, x, 0], normal[y, x, 1], normal[y, x, 2]
        cx = turn[0, 0] * nx + turn[0, 1] * ny + turn[0, 2] * nz
        cy = turn[1, 0] * nx + turn[1, 1] * ny + turn[1, 2] * nz
        cz = turn[2, 0] * nx + turn[2, 1] * ny + turn[2, 2] * nz
        length = np.sqrt(px * px + py * py + z * z)
        twice = 2 * (px * cx + py * cy + z * cz) / length
        dx, dy, dz = px / length - twice * cx, py / length - twice * cy, z / length - twice * cz
        px, py, z = px + 0.01 * cx, py + 0.01 * cy, z + 0.01 * cz
        shift = 0.0625 * ((5 * x + 11 * y + 7 * (x & y & 3)) & 15)
        u, v, metres = _march((px, py, z), (dx, dy, dz), nearness, focal, shift)
        sure = 0.0
        if metres > 0:
            edge = min(u, width - 1 - u, v, height - 1 - v) / (0.05 * height)
            sure = min(max(edge, 0.0), 1.0)
        spots[i, 0], spots[i, 1], spots[i, 2] = u // 2, v // 2, sure
        spots[i, 3] = metres / (metres + length)
        for c in range(3):
            rays[i, c] = turn[0, c] * dx + turn[1, c] * dy + turn[2, c] * dz
            starts[i, c] = origin[c] + turn[0, c] * px + turn[1, c] * py + turn[2, c] * z


@njit(cache=True, nogil=True, error_model="numpy")
def meet(cast_, rough, heights, far_map, out):  # type: ignore[no-untyped-def]
    """What rays meet that leave the picture.

    Fills `out` (n, 3): albedo of what is met, 0 for the sky; share of the sun's disc times the
    cosine that lights it; and the level of the sky map that suits the roughness.
    """
    starts, rays, spots = cast_
    solid, _, x0, z0, scale = heights
    nearest, turn, origin, texels, sun = far_map
    for i in range(len(starts)):
        out[i, 0], out[i, 1], out[i, 2] = 0.0, 0.0, min(rough[i] * 6, 3.0)
        if spots[i, 2] >= 1:
            continue
        start = (starts[i, 0], starts[i, 1], starts[i, 2])
        ray = (rays[i, 0], rays[i, 1], rays[i, 2])
        hit, ground = _meet(start, ray, solid, (x0, z0, scale))
        if hit < 0:
            continue
        place = (start[0] + hit * ray[0], start[1] + hit * ray[1], start[2] + hit * ray[2])
        across = np.sqrt(ray[0] * ray[0] + ray[2] * ray[2]) + 1e-6
        facing = sun[1] if ground else -(ray[0] * sun[0] + ray[2] * sun[2]) / across
        out[i, 0] = ROAD if ground else WALL
        if facing > 0:
            out[i, 1] = facing * _in_sun(place, nearest, turn, origin, texels)


@njit(cache=True, nogil=True, error_model="numpy")
def dome(rays, met, levels, out):  # type: ignore[no-untyped-def]
    """Luminance (n, 3) of the sky along rays that meet nothing; 0 for the others."""
    _, rows, columns, _ = levels.shape
    for i in range(len(rays)):
        if met[i, 0] > 0:
            for c in range(3):
                out[i, c] = 0.0
            continue
        row = np.arcsin(min(max(rays[i, 1], 0.0), 1.0)) * (2 / np.pi) * rows - 0.5
        column = np.arctan2(rays[i, 0], rays[i, 2]) * (0.5 / np.pi) * columns - 0.5
        r = min(max(np.int64(np.floor(row)), 0), rows - 1)
        s = min(r + 1, rows - 1)
        p = min(max(row - r, 0.0), 1.0)
        a = np.int64(np.floor(column)) % columns
        b = (a + 1) % columns
        q = column - np.floor(column)
        k = np.int64(met[i, 2])
        for c in range(3):
            upper = levels[k, r, a, c] * (1 - q) + levels[k, r, b, c] * q
            lower = levels[k, s, a, c] * (1 - q) + levels[k, s, b, c] * q
            out[i, c] = upper * (1 - p) + lower * p


def columns_of(base: Floats, most: float) -> NDArray[np.float64]:
    """Running sums (h + 1, w, 3) down the columns of a picture, none of it over `most`."""
    sums = np.zeros((base.shape[0] + 1, *base.shape[1:]))
    _add_up(base, np.float32(most), sums)
    return sums


@njit(cache=True, nogil=True, error_model="numpy")
def _add_up(base, most, sums):  # type: ignore[no-untyped-def]
    height, width, _ = base.shape
    for y in range(height):
        for x in range(width):
            for c in range(3):
                sums[y + 1, x, c] = sums[y, x, c] + min(base[y, x, c], most)


@njit(cache=True, nogil=True, error_model="numpy")
def mix(chosen, spots, pictures, around, out):  # type: ignore[no-untyped-def]
    """Fill `out` (h, w, 3) at chosen pixels with what mirrors show.

    `pictures` is the picture without mirrors, `columns_of` it or nothing (five rows stand for all
    then), the most that counts, and by how many rows up and down a mirror draws out what it shows
    at a distance, (n,); `around` (n, 3) is what they show outside the picture.
    """
    base, sums, most, streak = pictures
    height, width, _ = base.shape
    for i in range(len(chosen)):
        y, x = chosen[i] // width, chosen[i] % width
        sure = spots[i, 2]
        q, p = np.int64(spots[i, 1]), np.int64(spots[i, 0])
        reach = np.int64(streak[i] * spots[i, 3])
        low, high = max(q - reach, 0), min(q + reach + 1, height)
        step = (high - low + 4) // 5
        red, green, blue, count = 0.0, 0.0, 0.0, high - low
        if sure > 0 and len(sums):
            red = sums[high, p, 0] - sums[low, p, 0]
            green = sums[high, p, 1] - sums[low, p, 1]
            blue = sums[high, p, 2] - sums[low, p, 2]
        elif sure > 0:
            count = 0
            for row in range(low + step // 2, high, step):
                red += min(base[row, p, 0], most)
                green += min(base[row, p, 1], most)
                blue += min(base[row, p, 2], most)
                count += 1
        sure, free = sure / max(count, 1), 1 - sure
        out[y, x, 0] = around[i, 0] * free + red * sure
        out[y, x, 1] = around[i, 1] * free + green * sure
        out[y, x, 2] = around[i, 2] * free + blue * sure


@njit(cache=True, nogil=True, error_model="numpy")
def _even(row, beside, mirrored, taps, out):  # type: ignore[no-untyped-def]
    """Weighted mean (layers, 3) of what a pixel and its neighbours on the same surface show.

    `beside` is (2,) the step to the next neighbour, in rows and columns.
    """
    share, nearness = taps
    y, x = row
    height, width = nearness.shape
    near, total = nearness[y, x], np.float32(0)
    out[:] = 0.0
    for step in range(-2, 3):
        j, i = y + step * beside[0], x + step * beside[1]
        if j < 0 or i < 0 or j >= height or i >= width or share[j, i, 1] <= FAINT:
            continue
        if abs(nearness[j, i] - near) > 0.06 * near:
            continue
        weight = np.float32(0.5) if abs(step) == 2 else np.float32(1)
        total += weight
        for k in range(len(out)):
            for c in range(3):
                out[k, c] += weight * mirrored[k, j, i, c]
    for k in range(len(out)):
        for c in range(3):
            out[k, c] /= total


@njit(cache=True, nogil=True, error_model="numpy")
def soften_across(rows, mirrors, mirrored):  # type: ignore[no-untyped-def]
    """Even out rows of what mirrors show, `mirrored` (k, h, w, 3), from left to right."""
    _, share, _, nearness = mirrors
    layers, _, width, _ = mirrored.shape
    line = np.empty((width, layers, 3), np.float32)
    for y in range(rows[0], rows[1]):
        for x in range(width):
            if share[y, x, 1] > FAINT:
                _even((y, x), (0, 1), mirrored, (share, nearness), line[x])
        for x in range(width):
            if share[y, x, 1] > FAINT:
                for k in range(layers):
                    for c in range(3):
                        mirrored[k, y, x, c] = line[x, k, c]


@njit(cache=True, nogil=True, error_model="numpy")
def soften(rows, mirrors, mirrored, out):  # type: ignore[no-untyped-def]
    """Add to rows of `out` (k, h, w, 3) what mirrors show, evened out from row to row.

    Rays start their steps apart in a pattern that all but repeats every four pixels (`cast`). It
    would show as dots wherever leaves or bent paint are met by one ray and missed by the next:
    weights of ½, 1, 1, 1, ½ across and down leave a tenth of it. Neighbours count by what they
    show, not by their share of it.
    """
    _, share, _, nearness = mirrors
    layers, _, width, _ = out.shape
    seen = np.empty((layers, 3), np.float32)
    for y in range(rows[0], rows[1]):
        for x in range(width):
            if share[y, x, 1] <= FAINT:
                continue
            _even((y, x), (1, 0), mirrored, (share, nearness), seen)
            for k in range(layers):
                for c in range(3):
                    out[k, y, x, c] += share[y, x, c] * seen[k, c]
