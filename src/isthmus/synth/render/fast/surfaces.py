"""What fragments look like: where they are, how they are turned, colour and finish."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from isthmus.synth.annotate.triangles import Projection
from isthmus.synth.render.fast.fragments import Fragments
from isthmus.synth.render.fast.model import BLADE, LEAF, Model
from isthmus.synth.render.fast.textures import atlas
from isthmus.synth.world.mesh import Floats


class Surfaces(NamedTuple):
    """Surfaces of fragments.

    Attributes:
        place: (n, 3) world. normal: (n, 3) towards the camera. sight: (n, 3) unit, towards it.
        albedo: (n, 3).
        finish: (n, 5) roughness, metallic, coat, translucence (leaves), the coat's roughness.
        emission: (n, 3) cd/m².
    """

    place: Floats
    normal: Floats
    sight: Floats
    albedo: Floats
    finish: Floats
    emission: Floats


def empty_surfaces(count: int) -> Surfaces:
    """Room for surfaces."""

    def room(columns: int) -> Floats:
        return np.empty((count, columns), np.float32)

    return Surfaces(room(3), room(3), room(3), room(3), room(5), room(3))


@njit(cache=True, nogil=True, error_model="numpy")
def _shares(points, face, x, y, z):  # type: ignore[no-untyped-def]
    """Weights of a face's second and third corner at a place, kept inside the face."""
    a, b, c = face[0], face[1], face[2]
    ax, ay, az = points[a, 0], points[a, 1], points[a, 2]
    e1x, e1y, e1z = points[b, 0] - ax, points[b, 1] - ay, points[b, 2] - az
    e2x, e2y, e2z = points[c, 0] - ax, points[c, 1] - ay, points[c, 2] - az
    px, py, pz = x - ax, y - ay, z - az
    d11, d22 = e1x * e1x + e1y * e1y + e1z * e1z, e2x * e2x + e2y * e2y + e2z * e2z
    d12 = e1x * e2x + e1y * e2y + e1z * e2z
    p1, p2 = px * e1x + py * e1y + pz * e1z, px * e2x + py * e2y + pz * e2z
    scale = 1 / (d11 * d22 - d12 * d12 + 1e-30)
    v = min(max((d22 * p1 - d12 * p2) * scale, 0.0), 1.0)
    w = min(max((d11 * p2 - d12 * p1) * scale, 0.0), 1.0 - v)
    return v, w


@njit(cache=True, nogil=True, error_model="numpy")
def _texel(texels, number, level, u, v):  # type: ignore[no-untyped-def]
    """Bilinear texel of one level, RGB; u, v in tiles."""
    side = 256 >> level
    start = (262144 - (262144 >> (2 * level))) // 3
    x, y = (u - np.floor(u)) * side - 0.5, (v - np.floor(v)) * side - 0.5
    fx, fy = np.floor(x), np.floor(y)
    ix, iy = np.int64(fx) & (side - 1), np.int64(fy) & (side - 1)
    jx, jy = (ix + 1) & (side - 1), (iy + 1) & (side - 1)
    p, q = np.float32(x - fx), np.float32(y - fy)
    one = np.float32(1)
    w00, w01, w10, w11 = (one - p) * (one - q), p * (one - q), (one - p) * q, p * q
    a, b = start + iy * side + ix, start + iy * side + jx
    c, d = start + jy * side + ix, start + jy * side + jx
    r = texels[number, a, 0] * w00 + texels[number, b, 0] * w01
    r += texels[number, c, 0] * w10 + texels[number, d, 0] * w11
    g = texels[number, a, 1] * w00 + texels[number, b, 1] * w01
    g += texels[number, c, 1] * w10 + texels[number, d, 1] * w11
    h = texels[number, a, 2] * w00 + texels[number, b, 2] * w01
    h += texels[number, c, 2] * w10 + texels[number, d, 2] * w11
    return r, g, h


@njit(cache=True, nogil=True, error_model="numpy")
def _normal(flat, smooth, sight):  # type: ignore[no-untyped-def]
    """Shading normal that faces the camera, of a face's own and its smoothed normal."""
    facing = flat[0] * sight[0] + flat[1] * sight[1] + flat[2] * sight[2]
    sign = -1.0 if facing < 0 else 1.0
    nx, ny, nz = sign * smooth[0], sign * smooth[1], sign * smooth[2]
    towards = nx * sight[0] + ny * sight[1] + nz * sight[2]
    if towards < 0:  # the smooth normal looks away where the face does not: bend it to the edge
        nx, ny, nz = nx - towards * sight[0], ny - towards * sight[1], nz - towards * sight[2]
    norm = np.sqrt(nx * nx + ny * ny + nz * nz)
    if norm < 1e-6:
        return sign * flat[0], sign * flat[1], sign * flat[2]
    norm = 1 / norm
    return nx * norm, ny * norm, nz * norm


@njit(cache=True, nogil=True, error_model="numpy")
def _place(fragments, model, camera, out):  # type: ignore[no-untyped-def]
    """Fill places, sights and normals; the corners' shares (n, 3) wait in `emission`."""
    turn, origin, focal, width, height = camera
    points, normals, _, faces, _, _, flats, kind, _ = model
    _, face, _, _, spot = fragments
    places, normal, sights, _, _, shares = out
    pixel = 1 / focal
    for i in range(len(face)):
        f = face[i]
        z = 1.0 / spot[i, 2]
        x = (spot[i, 0] - 0.5 * width) * pixel * z
        y = (0.5 * height - spot[i, 1]) * pixel * z
        shorten = 1 / np.sqrt(x * x + y * y + z * z)
        for c in range(3):
            step = turn[0, c] * x + turn[1, c] * y + turn[2, c] * z
            places[i, c] = origin[c] + step
            sights[i, c] = -step * shorten
        v, w = _shares(points, faces[f], places[i, 0], places[i, 1], places[i, 2])
        u = 1 - v - w
        shares[i, 0], shares[i, 1], shares[i, 2] = u, v, w
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        nx = u * normals[a, 0] + v * normals[b, 0] + w * normals[c, 0]
        ny = u * normals[a, 1] + v * normals[b, 1] + w * normals[c, 1]
        nz = u * normals[a, 2] + v * normals[b, 2] + w * normals[c, 2]
        flat = (flats[f, 0], flats[f, 1], flats[f, 2])
        sight = (sights[i, 0], sights[i, 1], sights[i, 2])
        found = _normal(flat, (nx, ny, nz), sight)
        if kind[f] == BLADE:  # many blades together take light as the ground does
            up = found[1] + 2.0
            norm = np.sqrt(found[0] * found[0] + up * up + found[2] * found[2])
            found = (found[0] / norm, up / norm, found[2] / norm)
        normal[i, 0], normal[i, 1], normal[i, 2] = found


@njit(cache=True, nogil=True, error_model="numpy")
def _colour(fragments, model, textures, focal, out):  # type: ignore[no-untyped-def]
    """Fill albedo, finish and emission."""
    _, _, uv, faces, _, material, flat, kind, table = model
    _, face, _, _, spot = fragments
    _, _, sight, albedo, finish, emission = out
    texels, spans = textures
    for i in range(len(face)):
        f = face[i]
        m = material[f]
        number = np.int64(table[m, 11])
        red, green, blue = np.float32(1), np.float32(1), np.float32(1)
        if number >= 0:
            u, v = np.float32(0), np.float32(0)
            for k in range(3):
                u += emission[i, k] * uv[faces[f, k], 0]
                v += emission[i, k] * uv[faces[f, k], 1]
            facing = 0.0
            for c in range(3):
                facing += flat[f, c] * sight[i, c]
            span = spans[number]
            # Texels of the largest level in a pixel's footprint, which grows along the slant.
            depth = 1 / spot[i, 2]
            texels_ = 512 * depth / (focal * span) / np.sqrt(max(abs(facing), 0.04))
            level = min(max(np.log2(np.float32(max(texels_, 1e-6))), 0.0), 7.99)
            low = np.int64(level)
            p = np.float32(level - low)
            q = np.float32(1) - p
            r0, g0, b0 = _texel(texels, number, low, u / span, v / span)
            r1, g1, b1 = _texel(texels, number, low + 1, u / span, v / span)
            red, green, blue = r0 * q + r1 * p, g0 * q + g1 * p, b0 * q + b1 * p
        albedo[i, 0] = min(table[m, 0] * red, 0.95)
        albedo[i, 1] = min(table[m, 1] * green, 0.95)
        albedo[i, 2] = min(table[m, 2] * blue, 0.95)
        emission[i, 0] = table[m, 7] * red
        emission[i, 1] = table[m, 8] * green
        emission[i, 2] = table[m, 9] * blue
        for c in range(3):
            finish[i, c] = table[m, 3 + c]
        finish[i, 3] = 1.0 if kind[f] == LEAF or kind[f] == BLADE else 0.0
        finish[i, 4] = 0.03


def dress(fragments: Fragments, model: Model, projection: Projection) -> Surfaces:
    """The surfaces of fragments; `projection` is that of the samples."""
    out = empty_surfaces(len(fragments.face))
    tables, camera = (tuple(fragments), tuple(model)), tuple(projection)[:5]
    _place(*tables, camera, tuple(out))
    _colour(*tables, tuple(atlas()), projection.focal, tuple(out))
    return out
