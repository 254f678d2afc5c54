"""A lens's picture from a pinhole's wider one."""

from __future__ import annotations

import numpy as np
from numba import njit

from isthmus.synth.imaging.optics import Floats
from isthmus.synth.lens import Bend


def through_bend(image: Floats, bend: Bend) -> Floats:
    """What the lens shows, (h, w, c), of a wide picture (H, W, c).

    Each pixel is the mean of four places in it, between the wide picture's pixels linearly: a
    little softer than what a pinhole takes, as edges of pictures are.
    """
    x, y = bend.x - 0.5, bend.y - 0.5
    steps = [0.25 * np.gradient(places, axis=axis) for places in (x, y) for axis in (1, 0)]
    tables = tuple(np.asarray(table, np.float32) for table in (x, y, *steps))
    out = np.empty((*x.shape, image.shape[2]), np.float32)
    _gather(np.ascontiguousarray(image, np.float32), tables, out)
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _gather(image, tables, out):  # type: ignore[no-untyped-def]
    xs, ys, xu, xv, yu, yv = tables
    height, width, channels = image.shape
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            for c in range(channels):
                out[i, j, c] = 0.0
            for k in range(4):
                a = np.float32(1 if k & 1 else -1)
                b = np.float32(1 if k & 2 else -1)
                x = min(max(xs[i, j] + a * xu[i, j] + b * xv[i, j], 0.0), width - 1.001)
                y = min(max(ys[i, j] + a * yu[i, j] + b * yv[i, j], 0.0), height - 1.001)
                q, p = int(x), int(y)
                s, t = np.float32(x - q), np.float32(y - p)
                for c in range(channels):
                    upper = image[p, q, c] * (1 - s) + image[p, q + 1, c] * s
                    lower = image[p + 1, q, c] * (1 - s) + image[p + 1, q + 1, c] * s
                    out[i, j, c] += np.float32(0.25) * (upper * (1 - t) + lower * t)
