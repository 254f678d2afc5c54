"""What rain and snow do to surfaces: darker and glossy when wet, puddles, snow on what lies flat.

A wet porous surface is darker because light is thrown back into it by the water's surface (Lekner
and Dorf 1988); water fills the hollows first.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isthmus.synth.render.fast.fragments import Tables
from isthmus.synth.render.fast.model import EARTH, FLOOR, LEAF
from isthmus.synth.world.scene import Ruts

WATER = 0.85
"""Coat that stands for a film of water: mirrors about as much along the ground."""

SNOW = (0.82, 0.85, 0.89)
"""Albedo of snow."""
DEEP, SHALLOW = 1.35, 0.1
"""Depth of snow by its cover; ground lies up to 1 high."""
STEEP, HOLD = 0.35, 3.0
"""Upward part of the normal from which on snow holds, and how fast it covers all from there."""


def white_share(cover: float) -> float:
    """Share of level ground, 0–1, that a snow cover hides: most of it lies 0.2 to 0.8 high."""
    return min(max((DEEP * cover - SHALLOW - 0.2) / 0.6, 0.0), 1.0)


@njit(cache=True, nogil=True, error_model="numpy")
def _hash(x, z):  # type: ignore[no-untyped-def]
    h = np.uint32(np.uint32(x) * np.uint32(374761393)) + np.uint32(
        np.uint32(z) * np.uint32(668265263)
    )
    h = np.uint32(np.uint32(h ^ (h >> np.uint32(13))) * np.uint32(1274126177))
    return np.float32(np.uint32(h ^ (h >> np.uint32(16))) & np.uint32(0xFFFFFF)) / np.float32(
        16777216.0
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _noise(x, z):  # type: ignore[no-untyped-def]
    """Value noise 0–1."""
    fx, fz = np.floor(x), np.floor(z)
    ix, iz = np.int64(fx), np.int64(fz)
    u, v = x - fx, z - fz
    u, v = u * u * (3 - 2 * u), v * v * (3 - 2 * v)
    near = _hash(ix, iz) * (1 - u) + _hash(ix + 1, iz) * u
    far = _hash(ix, iz + 1) * (1 - u) + _hash(ix + 1, iz + 1) * u
    return near * (1 - v) + far * v


@njit(cache=True, nogil=True, error_model="numpy")
def _hollow(x, z, shift):  # type: ignore[no-untyped-def]
    """How low the ground lies, 0–1, even over places."""
    total = 0.5 * _noise(0.28 * x + shift, 0.20 * z) + 0.3 * _noise(0.9 * x - shift, 0.7 * z)
    return total + 0.2 * _noise(3.1 * x, 2.9 * z + shift)


def weather(
    fragments: Tables, surfaces: Tables, model: Tables,
    state: tuple[float, float, float, float], *, focal: float = 1000.0, ruts: Ruts | None = None,
) -> None:  # fmt: skip
    """Change surfaces in place.

    Args:
        fragments, surfaces, model: `Fragments`, `Surfaces` and `Model` as plain tuples.
        state: wetness, snow cover, rain in mm/h, and a shift of the noise.
        focal: pixels per unit slope; what is finer than a pixel is left out.
        ruts: where wheels have pressed the snow.
    """
    wetness, snow, rain, shift = state
    _wear(fragments, surfaces, model, shift)
    if wetness > 0:
        _wet(fragments, surfaces, model, (wetness, rain, shift, focal))
    if snow > 0:
        given = ruts or Ruts(np.ones((1, 2), np.float32), 0.0, 1.0, np.empty(0, np.float32))
        tracks = (given.centre, given.start, given.step, given.lanes)
        _snow(fragments, surfaces, model, (snow, shift, focal), tracks)


@njit(cache=True, nogil=True, error_model="numpy")
def _wear(fragments, surfaces, model, shift):  # type: ignore[no-untyped-def]
    """Uneven ground; panes have no colour of their own."""
    _, face, _, pane, _ = fragments
    place, _, _, albedo, _, _ = surfaces
    kind = model[7]
    for i in range(len(face)):
        x, z, factor = place[i, 0], place[i, 2], 1.0
        if pane[i] == 1:
            factor = 0.03
        elif kind[face[i]] == FLOOR or kind[face[i]] == EARTH:
            factor = 0.82 + 0.36 * _noise(0.13 * x + 0.5 * shift, 0.09 * z)
            factor *= 0.92 + 0.16 * _noise(0.7 * x, 0.6 * z + shift)
        for c in range(3):
            albedo[i, c] *= factor


@njit(cache=True, nogil=True, error_model="numpy")
def _shown(size, nearness, slant, focal):  # type: ignore[no-untyped-def]
    """1 where detail of a size in metres is larger than a pixel, falling to 0."""
    pixel = 1 / (nearness * focal * max(slant, 0.01))
    return min(max(1.5 - pixel / size, 0.0), 1.0)


@njit(cache=True, nogil=True, error_model="numpy")
def _wet(fragments, surfaces, model, state):  # type: ignore[no-untyped-def]
    wetness, rain, shift, focal = state
    _, face, _, pane, spot = fragments
    place, normal, sight, albedo, finish, _ = surfaces
    _, _, _, _, _, material, _, kind, table = model
    for i in range(len(face)):
        f = face[i]
        if pane[i]:
            continue
        x, z, up, slant = place[i, 0], place[i, 2], normal[i, 1], abs(sight[i, 1])
        low = 0.5
        if kind[f] == FLOOR or kind[f] == EARTH:
            low += (_hollow(x, z, shift) - 0.5) * _shown(1.2, spot[i, 2], slant, focal)
        soaked = min(max(wetness * 1.6 - 0.9 + low, 0.0), 1.0) * (1.0 if up > 0.2 else 0.5)
        for c in range(3):
            albedo[i, c] *= 1 - 0.6 * soaked * min(table[material[f], 10] * 1.3, 1.0)
        if kind[f] != FLOOR or up < 0.9:
            continue
        depth = min(max((low - 0.80 + 0.28 * wetness) * 7, 0.0), 1.0)
        finish[i, 2] = WATER * (0.35 * soaked + 0.65 * depth)
        finish[i, 4] = 0.22 - 0.2 * depth
        # Out of puddles the water keeps to the grain of the road.
        bump = 0.035 * (1 - depth) * soaked + min(0.0015 * rain, 0.012) * depth
        bump *= _shown(0.03, spot[i, 2], slant, focal)
        a = _noise(41 * x, 41 * z) - 0.5 + _noise(97 * x, 97 * z) - 0.5
        b = _noise(41 * z + 9.1, 41 * x) - 0.5 + _noise(97 * z, 97 * x + 3.7) - 0.5
        level = 1 - depth * 0.98
        nx, nz = normal[i, 0] * level + bump * a, normal[i, 2] * level + bump * b
        norm = np.sqrt(nx * nx + up * up + nz * nz)
        normal[i, 0], normal[i, 1], normal[i, 2] = nx / norm, up / norm, nz / norm


@njit(cache=True, nogil=True, error_model="numpy")
def _pressed(x, z, shift, ruts):  # type: ignore[no-untyped-def]
    """How much wheels have rolled over a place on the road, 0–1, and how much traffic spread there.

    Vehicles keep to the middle of their lanes within a hand's breadth or two.
    """
    centre, start, step, lanes = ruts
    row = (z - start) / step
    k = np.int64(np.floor(row))
    if k < 0 or k + 1 >= len(centre):
        return 0.0, 0.0
    p = row - k
    aside = (x - centre[k, 0] * (1 - p) - centre[k + 1, 0] * p) * centre[k, 1]
    nearest = 100.0
    for lane in lanes:
        off = aside - lane
        nearest = off if abs(off) < abs(nearest) else nearest
    if abs(nearest) > 2.0:
        return 0.0, 0.0
    wheel = 100.0
    for way in range(2):
        sway = 0.32 * (_noise(0.045 * z + 31 * way + shift, 3.7 * way + 0.5) - 0.5)
        ragged = 0.10 * (_noise(2.1 * x + shift, 0.7 * z) - 0.5)
        wheel = min(wheel, abs(abs(nearest + sway) - 0.76) + ragged)
    track = min(max((0.30 - wheel) / 0.14, 0.0), 1.0)
    return track * track * (3 - 2 * track), min(max((1.9 - abs(nearest)) * 1.5, 0.0), 1.0)


@njit(cache=True, nogil=True, error_model="numpy")
def _snow(fragments, surfaces, model, state, ruts):  # type: ignore[no-untyped-def]
    snow, shift, focal = state
    _, face, _, pane, spot = fragments
    place, normal, sight, albedo, finish, _ = surfaces
    flat, kind = model[6], model[7]
    for i in range(len(face)):
        # Leaves' smoothed normals are their crown's: snow lies on each as it is turned itself.
        up = abs(flat[face[i], 1]) if kind[face[i]] == LEAF else normal[i, 1]
        if pane[i] or up < STEEP:
            continue
        x, z = place[i, 0], place[i, 2]
        shown = _shown(0.25, spot[i, 2], abs(sight[i, 1]), focal)
        fine = 0.5 + (_noise(3.7 * x, 3.1 * z - shift) - 0.5) * shown
        low = 0.6 * _noise(0.5 * x + shift, 0.35 * z) + 0.4 * fine
        track, lane = 0.0, 0.0
        if kind[face[i]] == FLOOR:
            track, lane = _pressed(x, z, shift, ruts)
        # Traffic thins the snow of its lanes; in deep snow tracks are pressed, else laid bare.
        depth = snow * DEEP - SHALLOW - low - (0.75 * track + 0.12 * lane) * (1.25 - 0.6 * snow)
        lies = min(max(depth * 6, 0.0), 1.0) * min((up - STEEP) * HOLD, 1.0)
        soiled = 1 - 0.34 * track - 0.16 * lane * (0.5 + fine)
        for c in range(3):
            albedo[i, c] += (SNOW[c] * soiled - albedo[i, c]) * lies
        finish[i, 0] += (0.85 - finish[i, 0]) * lies
        finish[i, 1] *= 1 - lies
        finish[i, 2] *= 1 - lies
