"""Fragments: the distinct surfaces in each pixel, and what they look like.

Samples of a pixel that show the same surface are shaded once, in place of four times: colours,
highlights and shadows are worked out per fragment, outlines per sample.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from isthmus.synth.render.fast.shadows import GROUND, LEAVES
from isthmus.synth.render.fast.textures import Atlas, texture_names
from isthmus.synth.world.mesh import Floats, Ints
from isthmus.synth.world.scene import Scene, Soup

FINISH = 16


class Fragments(NamedTuple):
    """Fragments of a band of rows, in order of pixels.

    Attributes:
        pixel: (n,) row · width + column.
        face: (n,).
        weight: (n,) share of the pixel, times what panes in front of it let through.
        pane: (n,) 1: this is a pane; 2: this is seen through one; 0: neither.
        spot: (n, 3) column and row in samples, and 1/z.
    """

    pixel: Ints
    face: Ints
    weight: Floats
    pane: NDArray[np.uint8]
    spot: Floats


class Surfaces(NamedTuple):
    """What fragments look like.

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


class Stuff(NamedTuple):
    """Tables by face and by material.

    Attributes:
        table: (m, FINISH) colour 0–2, roughness 3, metallic 4, coat 5, transmission 6,
            emission 7–9, porosity 10, texture 11 (−1: none).
        normal: (f, 3) unit normals of faces.
        kind: (f,) 1 ground, 2 leaves, 0 all else.
    """

    table: Floats
    normal: Floats
    kind: NDArray[np.uint8]


def stuff(soup: Soup) -> Stuff:
    """The tables of a soup."""
    names = {name: k for k, name in enumerate(texture_names())}
    table = np.zeros((len(soup.materials), FINISH), np.float32)
    for k, m in enumerate(soup.materials):
        table[k, :12] = (
            *m.colour, m.roughness, m.metallic, m.coat, m.transmission, *m.emission, m.porosity,
            names.get(m.texture, -1),
        )  # fmt: skip
    corners = soup.points[soup.faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.maximum(np.sqrt((normal**2).sum(axis=1, keepdims=True)), 1e-20)
    kind = np.isin(soup.semantic, GROUND) + 2 * (soup.semantic == LEAVES)
    return Stuff(table, normal.astype(np.float32), kind.astype(np.uint8))


def empty_fragments(count: int) -> Fragments:
    """Room for fragments."""
    return Fragments(
        np.empty(count, np.int32), np.empty(count, np.int32), np.empty(count, np.float32),
        np.empty(count, np.uint8), np.empty((count, 3), np.float32),
    )  # fmt: skip


def empty_surfaces(count: int) -> Surfaces:
    """Room for surfaces."""
    def room(columns: int) -> Floats:
        return np.empty((count, columns), np.float32)

    return Surfaces(room(3), room(3), room(3), room(3), room(5), room(3))


@njit(cache=True, nogil=True, error_model="numpy")
def gather(samples, faces, stuff, rows, out, sky):  # type: ignore[no-untyped-def]
    """Fill `out` with the fragments of pixel rows; `sky` (h, w) with the sky's share of pixels.

    `faces` is (thing, material) of every face. Returns the number of fragments, even if there
    is no room for all.
    """
    thing, material = faces
    first, last = rows
    width = samples.face.shape[1] // 2
    weight, which, spot, through = np.empty(4), np.empty(4, np.int64), np.empty(4), np.empty(4)
    count = 0
    for y in range(first, last):
        for x in range(width):
            groups, panes, pane_at, open_sky = 0, 0.0, 0, 0.0
            behind = False
            for s in range(4):
                b, a = 2 * y + s // 2, 2 * x + s % 2
                f, p, share = samples.face[b, a], samples.pane[b, a], 0.25
                if p >= 0:
                    if panes == 0.0:
                        pane_at = s
                    panes += 0.25
                    share *= stuff.table[material[p], 6]
                    behind = True
                if f < 0:
                    open_sky += share
                    continue
                g = 0
                while g < groups:
                    o = which[g]
                    if o == f:
                        break
                    if thing[o] == thing[f] and material[o] == material[f]:
                        cosine = 0.0
                        for c in range(3):
                            cosine += stuff.normal[o, c] * stuff.normal[f, c]
                        if cosine > 0.92:
                            break
                    g += 1
                if g == groups:
                    weight[g], which[g], spot[g] = 0.0, f, s
                    groups += 1
                weight[g] += share
            sky[y - first, x] = open_sky
            for g in range(groups + (1 if panes > 0 else 0)):
                if count < len(out.pixel):
                    pane = g == groups
                    s = pane_at if pane else np.int64(spot[g])
                    b, a = 2 * y + s // 2, 2 * x + s % 2
                    out.pixel[count] = y * width + x
                    out.face[count] = samples.pane[b, a] if pane else which[g]
                    out.weight[count] = panes if pane else weight[g]
                    out.pane[count] = 1 if pane else (2 if behind else 0)
                    out.spot[count, 0], out.spot[count, 1] = a + 0.5, b + 0.5
                    near = samples.pane_nearness[b, a] if pane else samples.nearness[b, a]
                    out.spot[count, 2] = near
                count += 1
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def _texel(atlas, number, level, u, v, out):  # type: ignore[no-untyped-def]
    """Add to `out` (3,) the bilinear texel of one level; u, v in tiles."""
    side = 256 >> level
    start = (262144 - (262144 >> (2 * level))) // 3 if level else 0
    x, y = (u - np.floor(u)) * side - 0.5, (v - np.floor(v)) * side - 0.5
    fx, fy = np.floor(x), np.floor(y)
    ix, iy = np.int64(fx) % side, np.int64(fy) % side
    jx, jy = (ix + 1) % side, (iy + 1) % side
    p, q = np.float32(x - fx), np.float32(y - fy)
    for c in range(3):
        upper = atlas.texels[number, start + iy * side + ix, c] * (1 - p)
        upper += atlas.texels[number, start + iy * side + jx, c] * p
        lower = atlas.texels[number, start + jy * side + ix, c] * (1 - p)
        lower += atlas.texels[number, start + jy * side + jx, c] * p
        out[c] = upper * (1 - q) + lower * q


@njit(cache=True, nogil=True, error_model="numpy")
def dress(fragments, soup, stuff, atlas, camera, out):  # type: ignore[no-untyped-def]
    """Fill `out` for all fragments.

    `soup` is (points, normals, uv, faces, material); `camera` (turn, origin, focal, width,
    height) in samples.
    """
    points, normals, uv, faces, material = soup
    turn, origin, focal, width, height = camera
    fine, coarse = np.empty(3, np.float32), np.empty(3, np.float32)
    weights = np.empty(3)
    for i in range(len(fragments.face)):
        f = fragments.face[i]
        z = 1.0 / fragments.spot[i, 2]
        x = (fragments.spot[i, 0] - 0.5 * width) / focal * z
        y = (0.5 * height - fragments.spot[i, 1]) / focal * z
        length = np.sqrt(x * x + y * y + z * z)
        for c in range(3):
            step = turn[0, c] * x + turn[1, c] * y + turn[2, c] * z
            out.place[i, c] = origin[c] + step
            out.sight[i, c] = -step / length
        # Weights of the corners at the place, kept inside the face.
        a, b, c_ = faces[f, 0], faces[f, 1], faces[f, 2]
        d11 = d12 = d22 = p1 = p2 = 0.0
        for c in range(3):
            e1, e2 = points[b, c] - points[a, c], points[c_, c] - points[a, c]
            p = out.place[i, c] - points[a, c]
            d11 += e1 * e1
            d12 += e1 * e2
            d22 += e2 * e2
            p1 += p * e1
            p2 += p * e2
        divisor = d11 * d22 - d12 * d12 + 1e-30
        weights[1] = min(max((d22 * p1 - d12 * p2) / divisor, 0.0), 1.0)
        weights[2] = min(max((d11 * p2 - d12 * p1) / divisor, 0.0), 1.0)
        weights[0] = 1 - weights[1] - weights[2]
        norm, flat, towards = 0.0, 0.0, 0.0
        for c in range(3):
            n = 0.0
            for k in range(3):
                n += weights[k] * normals[faces[f, k], c]
            out.normal[i, c] = n
            norm += n * n
            flat += stuff.normal[f, c] * out.sight[i, c]
            towards += n * out.sight[i, c]
        norm = np.sqrt(norm) + 1e-20
        sign = -1.0 if flat < 0 else 1.0
        if sign * towards < 0:
            # The smooth normal looks away where the face itself does not: bend it to the edge.
            for c in range(3):
                out.normal[i, c] -= out.sight[i, c] * towards
            norm = np.sqrt(
                out.normal[i, 0] ** 2 + out.normal[i, 1] ** 2 + out.normal[i, 2] ** 2
            ) + 1e-20
        for c in range(3):
            out.normal[i, c] *= sign / norm
        m = material[f]
        factor = fine
        fine[:] = 1.0
        number = np.int64(stuff.table[m, 11])
        if number >= 0:
            u, v = 0.0, 0.0
            for k in range(3):
                u += weights[k] * uv[faces[f, k], 0]
                v += weights[k] * uv[faces[f, k], 1]
            span = atlas.span[number]
            # Texels of the largest level in a sample's footprint, halved along the slant.
            texels = 256 * z * 2 / (focal * span) / np.sqrt(max(abs(flat), 0.04))
            level = min(max(np.log2(max(texels, 1e-6)), 0.0), 7.99)
            low = np.int64(level)
            share = level - low
            _texel(atlas, number, low, u / span, v / span, fine)
            _texel(atlas, number, low + 1, u / span, v / span, coarse)
            for c in range(3):
                factor[c] = fine[c] * (1 - share) + coarse[c] * share
        for c in range(3):
            out.albedo[i, c] = min(stuff.table[m, c] * factor[c], 0.95)
            out.emission[i, c] = stuff.table[m, 7 + c]
        out.finish[i, 0] = stuff.table[m, 3]
        out.finish[i, 1] = stuff.table[m, 4]
        out.finish[i, 2] = stuff.table[m, 5]
        out.finish[i, 3] = 1.0 if stuff.kind[f] == 2 else 0.0
        out.finish[i, 4] = 0.03
