"""What lies behind and between: the sky's own pixels, haze and fog (Koschmieder's law)."""

from __future__ import annotations

import numpy as np
from numba import njit

GLOWING = 0.004
"""Extinction, 1/m, from which on lamps light the air around them (visibility under 750 m)."""
G = 0.65
"""Mean cosine of scattering."""
FOG_TOP = 120.0
"""Height of a bank of fog over the camera, metres, for what is seen of the sky through it."""


@njit(cache=True, nogil=True, error_model="numpy")
def rays(rows, camera, out):  # type: ignore[no-untyped-def]
    """Unit world directions (p, 3) of the middles of pixel rows.

    `camera` is (turn, origin, focal, width, height) in pixels.
    """
    turn, _, focal, width, height = camera
    first, last = rows
    i = 0
    for y in range(first, last):
        for x in range(width):
            a, b = (x + 0.5 - 0.5 * width) / focal, (0.5 * height - y - 0.5) / focal
            length = np.sqrt(a * a + b * b + 1)
            for c in range(3):
                out[i, c] = (turn[0, c] * a + turn[1, c] * b + turn[2, c]) / length
            i += 1


@njit(cache=True, nogil=True, error_model="numpy")
def nearest(pixel, place, origin, out):  # type: ignore[no-untyped-def]
    """Lower the distances `out` of pixels to those of their fragments at places (n, 3)."""
    for i in range(len(pixel)):
        square = 0.0
        for c in range(3):
            gap = place[i, c] - origin[c]
            square += gap * gap
        out[pixel[i]] = min(out[pixel[i]], np.float32(np.sqrt(square)))


@njit(cache=True, nogil=True, error_model="numpy")
def through_air(direction, distance, sky_share, extinction, out):  # type: ignore[no-untyped-def]
    """Share of light (p,) that comes through the air from what pixels show at distances (p,)."""
    for i in range(len(distance)):
        far = FOG_TOP / max(direction[i, 1], 0.002)
        if sky_share[i] < 1:
            out[i] = np.exp(-extinction * distance[i])
        elif extinction > 1e-3:
            out[i] = np.exp(-(extinction - 1e-3) * far)
        else:
            out[i] = 1.0


@njit(cache=True, nogil=True, error_model="numpy")
def blend(through, airlight, out):  # type: ignore[no-untyped-def]
    """L = L₀·t + A·(1 − t), in place, for pixels (p, 3)."""
    for i in range(len(through)):
        for c in range(3):
            out[i, c] = out[i, c] * through[i] + airlight[c] * (1 - through[i])


@njit(cache=True, nogil=True, error_model="numpy")
def glow(directions, distance, origin, air, out):  # type: ignore[no-untyped-def]
    """Luminance (p, 3) of fog by lamps, along unit directions (p, 3) up to distances (p,).

    `air` is (lamps, extinction). Light is thought to be scattered once: along a ray that passes
    a lamp at distance d, 1/r² adds up to the angle it is seen under, over d. Droplets throw it
    mostly forward (Henyey and Greenstein 1941), so one's own lamps dazzle less than others'.
    """
    lamps, extinction = air
    for i in range(len(directions)):
        x, y, z = directions[i, 0], directions[i, 1], directions[i, 2]
        for k in range(len(lamps)):
            gx, gy, gz = lamps[k, 0] - origin[0], lamps[k, 1] - origin[1], lamps[k, 2] - origin[2]
            along = gx * x + gy * y + gz * z
            square = gx * gx + gy * gy + gz * gz
            beside = np.sqrt(max(square - along * along, 0.04))
            if distance[i] < along - 3 * beside:
                continue  # something stands in front of it
            angle = np.arctan((distance[i] - along) / beside) + np.arctan(along / beside)
            # A point on the camera's side of the lamp stands for all of the ray.
            point = min(max(along - 0.7 * beside, 0.0), distance[i])
            sx, sy, sz = point * x - gx, point * y - gy, point * z - gz
            reach = np.sqrt(sx * sx + sy * sy + sz * sz) + 1e-3
            share = 1.0
            if lamps[k, 9] > 0:
                ahead = (sx * lamps[k, 3] + sy * lamps[k, 4] + sz * lamps[k, 5]) / reach
                off = (1 - ahead) * lamps[k, 9]
                share = 1 / (1 + off * off * off)
            if lamps[k, 11] > 0:
                share *= 0.1 if lamps[k, 11] < 2 else 0.006  # low beams pass below the sight
            cosine = -(sx * x + sy * y + sz * z) / reach
            phase = (1 - G * G) / (1 + G * G - 2 * G * cosine) ** 1.5
            path = extinction * (reach + point)
            level = share * phase * extinction / (4 * np.pi) * angle / beside * np.exp(-path)
            for c in range(3):
                out[i, c] += level * lamps[k, 6 + c]


@njit(cache=True, nogil=True, error_model="numpy")
def enlarge(rows, small, step, out):  # type: ignore[no-untyped-def]
    """Add a picture that was worked out at every `step`-th pixel to rows of `out` (h, w, 3)."""
    height, width, _ = small.shape
    for y in range(rows[0], rows[1]):
        b = min(max((y + 0.5) / step - 0.5, 0.0), height - 1.001)
        r = int(b)
        for x in range(out.shape[1]):
            a = min(max((x + 0.5) / step - 0.5, 0.0), width - 1.001)
            s = int(a)
            p, q = a - s, b - r
            for c in range(3):
                upper = small[r, s, c] * (1 - p) + small[r, s + 1, c] * p
                lower = small[r + 1, s, c] * (1 - p) + small[r + 1, s + 1, c] * p
                out[y, x, c] += upper * (1 - q) + lower * q
