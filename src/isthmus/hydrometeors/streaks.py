"""Falling particles as a shutter draws them: streaks by distance, speed and exposure time."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from isthmus.hydrometeors.sizes import Particles, Pinhole

Floats = NDArray[np.float32]
RAIN_REACH, SNOW_REACH = 7.0, 16.0
"""Farther ones are thinner than a third of a pixel: they are part of the air's extinction."""
WINDSCREEN = 0.7
"""Nothing falls nearer to a camera behind a windscreen, metres."""


def draw_particles(
    out: Floats,
    cover: Floats,
    depth: Floats,
    what: Particles,
    *,
    view: Pinhole,
    ego: NDArray[np.float64],
    shutter: float,
    colour: Floats,
) -> None:  # fmt: skip
    """Lay particles over the light, in place.

    Args:
        out: (h, w, 3) linear light, C-contiguous; is changed.
        cover: (h, w) share of each pixel's light that comes from particles; is changed.
        depth: (h, w) metres; what is nearer than a particle hides it.
        what: the particles.
        view: the camera.
        ego: (3,) its velocity in its own axes, m/s.
        shutter: seconds.
        colour: (3,) light of an opaque particle.
    """
    half = 0.5 * shutter * (what.velocity - ego)
    ends = []
    for sign in (-1.0, 1.0):
        place = what.position + sign * half
        z = np.maximum(place[:, 2], 0.05)
        ends.append(
            np.stack(
                [
                    view.width / 2 + view.focal * place[:, 0] / z,
                    view.height / 2 - view.focal * place[:, 1] / z,
                ],
                axis=1,
            )
        )
    width = view.focal * what.diameter / what.position[:, 2]
    length = np.linalg.norm(ends[1] - ends[0], axis=1)
    # What is out of focus near the lens is as faint as it is broad.
    broad = np.hypot(width, 0.35 * view.width / 640 / np.maximum(what.position[:, 2], 0.15))
    opacity = np.minimum(width / np.maximum(broad, 1e-6), 1.0) ** 2
    opacity *= width / np.maximum(width + length, 1e-6)
    opacity *= np.minimum(broad, 1.0)
    opacity *= what.position[:, 2] > WINDSCREEN
    _streaks(
        out, cover, depth, np.concatenate(ends, axis=1).astype(np.float32),
        np.maximum(broad, 1.0).astype(np.float32), opacity.astype(np.float32),
        what.position[:, 2].astype(np.float32), np.asarray(colour, np.float32),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def _streaks(out, cover, depth, ends, width, opacity, z, colour):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Lay thick lines with soft sides over the light, where nothing stands before them."""
    rows, columns = depth.shape
    for i in range(len(ends)):
        ax, ay, bx, by = ends[i, 0], ends[i, 1], ends[i, 2], ends[i, 3]
        r = width[i] * np.float32(0.5)
        if opacity[i] <= 0:
            continue
        x0, x1 = max(int(min(ax, bx) - r - 1), 0), min(int(max(ax, bx) + r + 1), columns - 1)
        y0, y1 = max(int(min(ay, by) - r - 1), 0), min(int(max(ay, by) + r + 1), rows - 1)
        if x1 - x0 > 200 or y1 - y0 > 400:
            continue
        ux, uy = bx - ax, by - ay
        square = ux * ux + uy * uy + np.float32(1e-9)
        # Pixels whose middle may be within reach; margins are above rounding.
        x0, x1 = max(math.ceil(min(ax, bx) - r - 1.001), 0), min(int(max(ax, bx) + r + 0.001), x1)
        y0, y1 = max(math.ceil(min(ay, by) - r - 1.001), 0), min(int(max(ay, by) + r + 0.001), y1)
        # What is farther from the whole straight line is not reached.
        aside = (r + 0.5) ** 2 * square * 1.001
        for y in range(y0, y1 + 1):
            for x in range(x0, x1 + 1):
                px, py = x + np.float32(0.5) - ax, y + np.float32(0.5) - ay
                if (px * uy - py * ux) ** 2 > aside or depth[y, x] < z[i]:
                    continue
                t = min(max((px * ux + py * uy) / square, np.float32(0)), np.float32(1))
                dx, dy = px - t * ux, py - t * uy
                reach = r + np.float32(0.5) - np.sqrt(dx * dx + dy * dy)
                if reach <= 0:
                    continue
                a = opacity[i] * min(reach, np.float32(1))
                for c in range(3):
                    out[y, x, c] += a * (colour[c] - out[y, x, c])
                cover[y, x] += a * (1 - cover[y, x])
