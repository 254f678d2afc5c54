"""What lies behind and between: the sky's own pixels, haze and fog (Koschmieder's law)."""

from __future__ import annotations

import numpy as np
from numba import njit

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
