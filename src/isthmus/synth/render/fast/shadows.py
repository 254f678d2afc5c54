"""What keeps sun and sky from a place: shadow maps along the sun, a height map from above."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from isthmus.synth.annotate.raster import rasterise
from isthmus.synth.annotate.triangles import OUT, PICTURE, Projection, set_up
from isthmus.synth.render.fast.model import GROUND, LEAVES
from isthmus.synth.render.fast.visibility import SAMPLES, Samples
from isthmus.synth.view import View
from isthmus.synth.world.mesh import Floats
from isthmus.synth.world.scene import Soup
from isthmus.synth.world.thing import SEMANTICS

THIN = tuple(SEMANTICS.index(name) for name in ("pole", "traffic light", "traffic sign", "fence"))
NEAR_END, MIDDLE_END, FAR_END = 12.0, 55.0, 260.0
"""Depths, in metres, up to which each of the three shadow maps serves."""
MIDDLES = (6.0, 26.0, 120.0)
"""Depths at which a texel is as wide as a pixel."""
FINEST = (140.0, 34.0, 4.0)
"""Texels per metre, at most."""
LARGEST = 4096
SEARCH, WIDEST = 0.13, 16.0
"""Half width of soft edges: metres in which they are looked for, texels to which they are drawn."""
DISC = np.array(
    [(0.0, 0.0)]
    + [(0.5 * np.cos(a), 0.5 * np.sin(a)) for a in np.radians(np.arange(20, 380, 90))]
    + [(np.cos(a), np.sin(a)) for a in np.radians(np.arange(0, 360, 45))]
)
"""Where what hides the sun is looked for."""
TALL = 14.0
"""Height over the street, metres, up to which shadows are drawn."""
MARGIN = 0.4
"""Metres that a map reaches beyond what was looked at."""
HEIGHTS = 768
HEIGHT_SPAN = 96.0


class SunMap(NamedTuple):
    """Nearness to the sun of what it lights.

    Attributes:
        nearest: (h, w), −inf where nothing is.
        turn: (3, 3) world to the map's axes; its third points away from the sun.
        origin: (3,), in the middle of the map.
        scale: texels per metre.
        around: (h / block, w / block, 2) least and largest nearness of a block and those around
            it; least −inf at the map's edge.
        block: texels of a block: no less than the half width in which edges are looked for.
    """

    nearest: Floats
    turn: NDArray[np.float64]
    origin: NDArray[np.float64]
    scale: float
    around: Floats
    block: int


class HeightMap(NamedTuple):
    """Heights of solid things from above.

    Attributes:
        solid: (HEIGHTS, HEIGHTS) metres above the road, 0 on the ground; rows along world Z.
        crown: the same of leaves.
        x, z: world coordinates of the first texel's corner.
        scale: texels per metre.
    """

    solid: Floats
    crown: Floats
    x: float
    z: float
    scale: float


def sun_maps(
    soup: Soup, samples: Samples, projection: Projection, sun: Floats, clear: np.ndarray,
    *, threads: int,
) -> list[SunMap]:  # fmt: skip
    """Shadow maps, each as large as what is seen in its range of depths (Lauritzen et al. 2010).

    Args:
        soup: the triangles.
        samples: what is seen.
        projection: of the samples.
        sun: (3,) towards the sun.
        clear: (f,) faces that let the sun through.
        threads: see `spread`.
    """
    casts = ~(np.isin(soup.semantic, GROUND) | clear)
    keep = np.where(casts, np.uint8(PICTURE), np.uint8(OUT))
    ahead = -np.asarray(sun, np.float64)
    right = np.cross((0.0, 1.0, 0.0) if abs(ahead[1]) < 0.99 else (0.0, 0.0, 1.0), ahead)
    right /= np.sqrt((right**2).sum())
    turn = np.stack([right, np.cross(ahead, right), ahead])
    bounds = np.empty((3, 2, 2))
    _seen(tuple(samples), tuple(projection)[:5], turn, bounds)
    maps = []
    for low, high, middle, finest in zip(bounds[:, 0], bounds[:, 1], MIDDLES, FINEST, strict=True):
        if not (high >= low).all():
            maps.append(no_maps()[0])
            continue
        scale = min(projection.focal / SAMPLES / middle, finest)
        size = high - low + 2 * (MARGIN + WIDEST / scale)
        scale = min(scale, LARGEST / float(size.max()))
        width, height = (int(np.ceil(side * scale)) for side in size)
        u, v = 0.5 * (low + high)
        origin = projection.origin + turn[0] * u + turn[1] * v
        along = Projection(turn, origin, scale, width, height, False)
        triangles = set_up(soup.points, soup.faces, keep, along, threads=threads)
        _, nearest = rasterise(triangles, width, height, threads)
        block = int(np.ceil(min(max(SEARCH * scale, 1.5), WIDEST)))
        maps.append(SunMap(nearest, turn, origin, scale, _around(nearest, block), block))
    return maps


def no_maps() -> list[SunMap]:
    """Maps of a sun that nothing hides, for when there is none."""
    nothing = np.full((1, 1), -np.inf, np.float32)
    one = SunMap(nothing, np.eye(3), np.zeros(3), 1.0, _around(nothing, 1), 1)
    return [one] * len(MIDDLES)


@njit(cache=True, nogil=True, error_model="numpy")
def _seen(samples, camera, turn, out):  # type: ignore[no-untyped-def]
    """Bounds (3, low and high, 2) across the sun's rays, from the camera, of what is seen.

    Every fourth sample along either axis is looked at.
    """
    _, nearness, _, pane_nearness = samples
    own, origin, focal, width, height = camera
    out[:, 0], out[:, 1] = np.inf, -np.inf
    across = np.empty((2, 3))
    for k in range(2):
        for c in range(3):
            across[k, c] = own[c, 0] * turn[k, 0] + own[c, 1] * turn[k, 1] + own[c, 2] * turn[k, 2]
    for b in range(1, height, 4):
        for a in range(1, width, 4):
            near = max(nearness[b, a], pane_nearness[b, a])
            if near <= 1 / FAR_END:
                continue
            z = 1 / near
            x, y = (a + 0.5 - 0.5 * width) / focal * z, (0.5 * height - b - 0.5) / focal * z
            if origin[1] + own[0, 1] * x + own[1, 1] * y + own[2, 1] * z > TALL:
                continue
            which = (z > NEAR_END) + (z > MIDDLE_END)
            for k in range(2):
                spot = across[k, 0] * x + across[k, 1] * y + across[k, 2] * z
                out[which, 0, k] = min(out[which, 0, k], spot)
                out[which, 1, k] = max(out[which, 1, k], spot)


@njit(cache=True, nogil=True, error_model="numpy")
def _around(nearest, block):  # type: ignore[no-untyped-def]
    """See `SunMap.around`."""
    height, width = nearest.shape
    rows, columns = (height + block - 1) // block, (width + block - 1) // block
    own = np.empty((rows, columns, 2), np.float32)
    own[:, :, 0], own[:, :, 1] = np.inf, -np.inf
    for b in range(height):
        for a in range(width):
            r, s = b // block, a // block
            own[r, s, 0] = min(own[r, s, 0], nearest[b, a])
            own[r, s, 1] = max(own[r, s, 1], nearest[b, a])
    out = own.copy()
    for r in range(rows):
        for s in range(columns):
            if r == 0 or s == 0 or r == rows - 1 or s == columns - 1:
                out[r, s, 0] = -np.inf
            for q in range(max(r - 1, 0), min(r + 2, rows)):
                for p in range(max(s - 1, 0), min(s + 2, columns)):
                    out[r, s, 0] = min(out[r, s, 0], own[q, p, 0])
                    out[r, s, 1] = max(out[r, s, 1], own[q, p, 1])
    return out


def height_map(soup: Soup, view: View, threads: int) -> HeightMap:
    """Heights around what the camera sees."""
    ahead = view.rotation[2].astype(np.float64)
    x = view.position[0] + ahead[0] * 0.36 * HEIGHT_SPAN
    z = view.position[2] + ahead[2] * 0.36 * HEIGHT_SPAN
    turn = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, -1.0, 0]])  # rows of the map run along +Z
    scale = HEIGHTS / HEIGHT_SPAN
    projection = Projection(turn, np.array([x, 0.0, z]), scale, HEIGHTS, HEIGHTS, False)
    leaves = soup.semantic == LEAVES
    solid = ~(np.isin(soup.semantic, GROUND + THIN) | leaves)
    maps = []
    for chosen in (solid, leaves):
        keep = np.where(chosen, np.uint8(PICTURE), np.uint8(OUT))
        triangles = set_up(soup.points, soup.faces, keep, projection, threads=threads)
        _, nearness = rasterise(triangles, HEIGHTS, HEIGHTS, threads)
        maps.append(np.maximum(nearness, np.float32(0)))
    return HeightMap(maps[0], maps[1], x - HEIGHT_SPAN / 2, z - HEIGHT_SPAN / 2, scale)


@njit(cache=True, nogil=True, error_model="numpy")
def _blockers(nearest, spot, own, slope, reach):  # type: ignore[no-untyped-def]
    """How many of 13 texels around a spot hide the sun from a nearness, and their mean lead.

    What rises towards the sun with the `slope` of the place's own surface does not hide it.
    """
    height, width = nearest.shape
    u, v = spot
    count, gap = 0, 0.0
    for k in range(13):
        p, q = reach * DISC[k, 0], reach * DISC[k, 1]
        a, b = np.int64(u + p), np.int64(v + q)
        if 0 <= a < width and 0 <= b < height:
            lead = nearest[b, a] - own
            if lead > max(p * slope[0] + q * slope[1], 0.0):
                count += 1
                gap += lead
    return count, gap / max(count, 1)


@njit(cache=True, nogil=True, error_model="numpy")
def _wide_edge(nearest, u, v, own, blur):  # type: ignore[no-untyped-def]
    """Share that is free, of 64 places on a grid that is turned against the texels."""
    height, width = nearest.shape
    free = 0.0
    for k in range(64):
        p, q = ((k & 7) - 3.5) * 0.25 * blur, ((k >> 3) - 3.5) * 0.25 * blur
        a, b = np.int64(u + 0.9 * p - 0.44 * q), np.int64(v + 0.44 * p + 0.9 * q)
        if not (0 <= a < width and 0 <= b < height) or nearest[b, a] <= own:
            free += 1.0
    return free / 64


@njit(cache=True, nogil=True, error_model="numpy")
def _narrow_edge(nearest, u, v, own, blur):  # type: ignore[no-untyped-def]
    """Share that is free, of 16 places between the texels (Reeves et al. 1987)."""
    height, width = nearest.shape
    free = 0.0
    for k in range(16):
        p = u + blur * ((k & 3) - 1.5) * 0.6667 - 0.5
        q = v + blur * ((k >> 2) - 1.5) * 0.6667 - 0.5
        a, b = np.int64(np.floor(p)), np.int64(np.floor(q))
        if a < 0 or b < 0 or a + 1 >= width or b + 1 >= height:
            free += 1.0
            continue
        fp, fq = p - a, q - b
        s00 = 0.0 if nearest[b, a] > own else 1.0
        s01 = 0.0 if nearest[b, a + 1] > own else 1.0
        s10 = 0.0 if nearest[b + 1, a] > own else 1.0
        s11 = 0.0 if nearest[b + 1, a + 1] > own else 1.0
        free += (s00 * (1 - fp) + s01 * fp) * (1 - fq) + (s10 * (1 - fp) + s11 * fp) * fq
    return free / 16


@njit(cache=True, nogil=True, error_model="numpy")
def lit_share(spots, maps, softness, out):  # type: ignore[no-untyped-def]
    """Share of the sun's disc (n,) seen.

    `spots` is (places (n, 3), normals (n, 3), finish (n, 5), (n, 3) whose third is 1/z).
    """
    place, normal, finish, spot = spots
    for i in range(len(place)):
        near = spot[i, 2]
        which = (near < 1 / NEAR_END) + (near < 1 / MIDDLE_END)
        nearest, turn, origin, scale, around, block = maps[which]
        facing = -(
            normal[i, 0] * turn[2, 0] + normal[i, 1] * turn[2, 1] + normal[i, 2] * turn[2, 2]
        )
        if facing <= 0 and finish[i, 3] <= 0:
            out[i] = 0.0
            continue
        height, width = nearest.shape
        lift = 0.7 / scale + 0.004
        x = place[i, 0] + lift * normal[i, 0] - origin[0]
        y = place[i, 1] + lift * normal[i, 1] - origin[1]
        z = place[i, 2] + lift * normal[i, 2] - origin[2]
        u = (turn[0, 0] * x + turn[0, 1] * y + turn[0, 2] * z) * scale + 0.5 * width
        v = 0.5 * height - (turn[1, 0] * x + turn[1, 1] * y + turn[1, 2] * z) * scale
        own = 0.6 / scale + 0.006 - (turn[2, 0] * x + turn[2, 1] * y + turn[2, 2] * z)
        if 0 <= u < width and 0 <= v < height:
            least, most = around[np.int64(v) // block, np.int64(u) // block]
            if most <= own or least > own:
                out[i] = 1.0 if most <= own else 0.0
                continue
        # How far away is what hides it? Its edge is as much wider as the sun's disc makes it.
        reach = min(max(SEARCH * scale, 1.5), WIDEST)
        slope = (0.0, 0.0)
        if facing > 0.05:
            p = normal[i, 0] * turn[0, 0] + normal[i, 1] * turn[0, 1] + normal[i, 2] * turn[0, 2]
            q = normal[i, 0] * turn[1, 0] + normal[i, 1] * turn[1, 1] + normal[i, 2] * turn[1, 2]
            slope = (-p / (facing * scale), q / (facing * scale))
        blockers, gap = _blockers(nearest, (u, v), own, slope, reach)
        if blockers in {0, 13}:
            out[i] = 0.0 if blockers else 1.0
            continue
        blur = min(max(softness * gap * scale, 0.8), WIDEST)
        if blur > 2.5:
            out[i] = _wide_edge(nearest, u, v, own, blur)
        else:
            out[i] = _narrow_edge(nearest, u, v, own, blur)
