"""What rain and snow do to surfaces: darker and glossy when wet, puddles, snow on what lies flat.

A wet porous surface is darker because light is thrown back into it by the water's surface (Lekner
and Dorf 1988); water fills the hollows first.
"""

from __future__ import annotations

import numpy as np
from numba import njit

WATER = 0.55
"""Coat that mirrors as a film of water does (2 % straight on, a coat 4 %)."""


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


@njit(cache=True, nogil=True, error_model="numpy")
def weather(fragments, surfaces, model, state):  # type: ignore[no-untyped-def]
    """Change surfaces in place; `state` is (wetness, snow cover, rain mm/h, shift)."""
    wetness, snow, rain, shift = state
    _, face, _, pane, _ = fragments
    place, normal, _, albedo, finish, _ = surfaces
    _, _, _, _, _, material, _, kind, table = model
    for i in range(len(face)):
        f = face[i]
        if pane[i]:
            if pane[i] == 1:
                for c in range(3):
                    albedo[i, c] *= 0.03
            continue
        x, z = place[i, 0], place[i, 2]
        ground = kind[f] == 1
        up = normal[i, 1]
        porosity = table[material[f], 10]
        if ground:
            patch = 0.82 + 0.36 * _noise(0.13 * x + 0.5 * shift, 0.09 * z)
            patch *= 0.92 + 0.16 * _noise(0.7 * x, 0.6 * z + shift)
            for c in range(3):
                albedo[i, c] *= patch
        if wetness > 0:
            low = _hollow(x, z, shift) if ground else 0.5
            soaked = min(max(wetness * 1.6 - 0.9 + low, 0.0), 1.0) * (1.0 if up > 0.2 else 0.5)
            for c in range(3):
                albedo[i, c] *= 1 - 0.6 * soaked * min(porosity * 1.3, 1.0)
            if ground and up > 0.9:
                depth = min(max((low - 0.78 + 0.28 * wetness) * 14, 0.0), 1.0)
                finish[i, 2] = max(WATER * (0.35 * soaked + 0.65 * depth), 0.0)
                finish[i, 4] = 0.22 - 0.2 * depth
                # Out of puddles the water keeps to the grain of the road.
                bump = 0.035 * (1 - depth) * soaked + min(0.0015 * rain, 0.012) * depth
                a = _noise(41 * x, 41 * z) - 0.5 + _noise(97 * x, 97 * z) - 0.5
                b = _noise(41 * z + 9.1, 41 * x) - 0.5 + _noise(97 * z, 97 * x + 3.7) - 0.5
                level = depth * 0.98
                nx = normal[i, 0] * (1 - level) + bump * a
                nz = normal[i, 2] * (1 - level) + bump * b
                norm = np.sqrt(nx * nx + up * up + nz * nz)
                normal[i, 0], normal[i, 2] = nx / norm, nz / norm
                normal[i, 1] = up / norm
        if snow > 0 and (up > 0.35 or kind[f] == 2):
            low = 0.6 * _noise(0.5 * x + shift, 0.35 * z) + 0.4 * _noise(3.7 * x, 3.1 * z - shift)
            flat = min(max((abs(up) - 0.35) * 3, 0.0), 1.0)
            lies = min(max((snow * 1.35 - 0.1 - low) * 6, 0.0), 1.0) * flat
            for c in range(3):
                white = (0.82, 0.85, 0.89)[c]
                albedo[i, c] += (white - albedo[i, c]) * lies
            finish[i, 0] += (0.85 - finish[i, 0]) * lies
            finish[i, 1] *= 1 - lies
            finish[i, 2] *= 1 - lies
