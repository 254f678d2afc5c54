"""What keeps sun and sky from a place: shadow maps along the sun, a height map from above."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from isthmus.synth.annotate.raster import rasterise
from isthmus.synth.annotate.triangles import OUT, PICTURE, Projection, set_up
from isthmus.synth.render.fast.model import GROUND, LEAVES
from isthmus.synth.view import View
from isthmus.synth.world.mesh import Floats
from isthmus.synth.world.scene import Soup
from isthmus.synth.world.thing import SEMANTICS

THIN = tuple(SEMANTICS.index(name) for name in ("pole", "traffic light", "traffic sign", "fence"))
SLICES = ((0.5, 12.0, 2048), (12.0, 55.0, 2048), (55.0, 260.0, 1024))
"""Depths, in metres, between which each shadow map serves, and its side in texels."""
NEAR_END, MIDDLE_END = SLICES[0][1], SLICES[1][1]
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
HEIGHTS = 768
HEIGHT_SPAN = 96.0


class SunMap(NamedTuple):
    """Nearness to the sun of what it lights.

    Attributes:
        nearest: (side, side), −inf where nothing is.
        turn: (3, 3) world to the map's axes; its third points away from the sun.
        origin: (3,).
        scale: texels per metre.
    """

    nearest: Floats
    turn: NDArray[np.float64]
    origin: NDArray[np.float64]
    scale: float


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


def sun_maps(soup: Soup, view: View, sun: Floats, clear: np.ndarray, threads: int) -> list[SunMap]:
    """Shadow maps of the slices; `clear` (f,) tells faces that let the sun through."""
    casts = ~(np.isin(soup.semantic, GROUND) | clear)
    keep = np.where(casts, np.uint8(PICTURE), np.uint8(OUT))
    ahead = -np.asarray(sun, np.float64)
    right = np.cross((0.0, 1.0, 0.0) if abs(ahead[1]) < 0.99 else (0.0, 0.0, 1.0), ahead)
    right /= np.sqrt((right**2).sum())
    turn = np.stack([right, np.cross(ahead, right), ahead])
    maps = []
    for near, far, side in SLICES:
        corners = _slice_corners(view, near, far)
        local = np.stack([(corners * row).sum(axis=1) for row in turn], axis=1)
        low, high = local.min(axis=0), local.max(axis=0)
        span = float(max(high[0] - low[0], high[1] - low[1])) * 1.02 + 0.5
        scale = side / span
        middle = 0.5 * (low + high)
        origin = turn[0] * middle[0] + turn[1] * middle[1] + turn[2] * middle[2]
        projection = Projection(turn, origin, scale, side, side, False)
        triangles = set_up(soup.points, soup.faces, keep, projection, threads=threads)
        _, nearest = rasterise(triangles, side, side, threads)
        maps.append(SunMap(nearest, turn, origin, scale))
    return maps


def no_maps() -> list[SunMap]:
    """Maps of a sun that nothing hides, for when there is none."""
    one = SunMap(np.full((1, 1), -np.inf, np.float32), np.eye(3), np.zeros(3), 1.0)
    return [one] * len(SLICES)


def _slice_corners(view: View, near: float, far: float) -> np.ndarray:
    """World corners (8, 3) of a slice of what the camera sees, between street and roofs."""
    x, y = 0.5 * view.width / view.focal, 0.5 * view.height / view.focal
    slopes = np.array([[i * x, j * y, 1.0] for i in (-1, 1) for j in (-1, 1)])
    points = np.concatenate([slopes * near, slopes * far])
    world = points @ view.rotation.astype(np.float64) + np.asarray(view.position)
    world[:, 1] = world[:, 1].clip(-0.5, TALL)
    return np.asarray(world)


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
def lit_share(spots, maps, softness, out):  # type: ignore[no-untyped-def]
    """Share of the sun's disc (n,) seen.

    `spots` is (places (n, 3), normals (n, 3), depths (n,), whether it faces the sun at all).
    """
    place, normal, depth, turned = spots
    for i in range(len(place)):
        if not turned[i]:
            out[i] = 0.0
            continue
        which = (depth[i] > NEAR_END) + (depth[i] > MIDDLE_END)
        nearest, turn, origin, scale = maps[which]
        side = len(nearest)
        lift = 0.7 / scale + 0.004
        x = place[i, 0] + lift * normal[i, 0] - origin[0]
        y = place[i, 1] + lift * normal[i, 1] - origin[1]
        z = place[i, 2] + lift * normal[i, 2] - origin[2]
        u = (turn[0, 0] * x + turn[0, 1] * y + turn[0, 2] * z) * scale + 0.5 * side
        v = 0.5 * side - (turn[1, 0] * x + turn[1, 1] * y + turn[1, 2] * z) * scale
        own = -(turn[2, 0] * x + turn[2, 1] * y + turn[2, 2] * z)
        bias = 0.6 / scale + 0.006
        # How far away is what hides it? Its edge is as much wider as the sun's disc makes it.
        blockers, gap = 0, 0.0
        reach = min(max(SEARCH * scale, 1.5), WIDEST)
        for k in range(13):
            a, b = np.int64(u + reach * DISC[k, 0]), np.int64(v + reach * DISC[k, 1])
            if 0 <= a < side and 0 <= b < side and nearest[b, a] > own + bias:
                blockers += 1
                gap += nearest[b, a] - own
        if blockers in {0, 13}:
            out[i] = 0.0 if blockers else 1.0
            continue
        width = min(max(softness * gap / blockers * scale, 0.8), WIDEST)
        free = 0.0
        if width > 2.5:  # wide edges: many places, on a grid that is turned against the texels
            for k in range(64):
                p, q = ((k & 7) - 3.5) * 0.25 * width, ((k >> 3) - 3.5) * 0.25 * width
                a, b = np.int64(u + 0.9 * p - 0.44 * q), np.int64(v + 0.44 * p + 0.9 * q)
                if not (0 <= a < side and 0 <= b < side) or nearest[b, a] <= own + bias:
                    free += 1.0
            out[i] = free / 64
            continue
        for k in range(16):
            p = u + width * ((k & 3) - 1.5) * 0.6667 - 0.5
            q = v + width * ((k >> 2) - 1.5) * 0.6667 - 0.5
            a, b = np.int64(np.floor(p)), np.int64(np.floor(q))
            if a < 0 or b < 0 or a + 1 >= side or b + 1 >= side:
                free += 1.0
                continue
            fp, fq = p - a, q - b
            s00 = 0.0 if nearest[b, a] > own + bias else 1.0
            s01 = 0.0 if nearest[b, a + 1] > own + bias else 1.0
            s10 = 0.0 if nearest[b + 1, a] > own + bias else 1.0
            s11 = 0.0 if nearest[b + 1, a + 1] > own + bias else 1.0
            free += (s00 * (1 - fp) + s01 * fp) * (1 - fq) + (s10 * (1 - fp) + s11 * fp) * fq
        out[i] = free / 16
