"""Fragments: the distinct surfaces in each pixel.

Samples of a pixel that show the same surface are shaded once, in place of four times: colours,
highlights and shadows are worked out per fragment, outlines per sample.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from isthmus.synth.world.mesh import Floats, Ints

ALIKE = 0.92
"""Cosine between the normals of faces that count as one surface."""


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


def empty_fragments(count: int) -> Fragments:
    """Room for fragments."""
    return Fragments(
        np.empty(count, np.int32), np.empty(count, np.int32), np.empty(count, np.float32),
        np.empty(count, np.uint8), np.empty((count, 3), np.float32),
    )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def _alike(thing, material, flat, f, g):  # type: ignore[no-untyped-def]
    """Whether two faces are one surface as far as shading goes."""
    if f == g:
        return True
    if thing[f] != thing[g] or material[f] != material[g]:
        return False
    cosine = flat[f, 0] * flat[g, 0] + flat[f, 1] * flat[g, 1] + flat[f, 2] * flat[g, 2]
    return cosine > ALIKE


@njit(cache=True, nogil=True, error_model="numpy")
def _enter(out, count, pixel, what, spot):  # type: ignore[no-untyped-def]
    """Enter a fragment if there is room; `what` is (face, weight, pane)."""
    at, face, weight, pane, place = out
    if count < len(at):
        at[count] = pixel
        face[count], weight[count], pane[count] = what
        place[count, 0], place[count, 1], place[count, 2] = spot
    return count + 1


@njit(cache=True, nogil=True, error_model="numpy")
def gather(samples, model, rows, out, sky):  # type: ignore[no-untyped-def]
    """Fill `out` with the fragments of pixel rows; `sky` (rows, w) with the sky's share of pixels.

    Returns the number of fragments, even if there is no room for all.
    """
    sample_face, nearness, sample_pane, pane_nearness = samples
    _, _, _, _, thing, material, flat, _, finish = model
    width = sample_face.shape[1] // 2
    weight, face, first = np.empty(4), np.empty(4, np.int64), np.empty(4, np.int64)
    count = 0
    for y in range(rows[0], rows[1]):
        for x in range(width):
            groups, panes, pane_at, open_sky = 0, 0.0, 0, 0.0
            for s in range(4):
                b, a = 2 * y + s // 2, 2 * x + s % 2
                f, p, share = sample_face[b, a], sample_pane[b, a], 0.25
                if p >= 0:
                    pane_at = s if panes == 0.0 else pane_at
                    panes += 0.25
                    share *= finish[material[p], 6]
                if f < 0:
                    open_sky += share
                    continue
                g = 0
                while g < groups and not _alike(thing, material, flat, face[g], f):
                    g += 1
                if g == groups:
                    weight[g], face[g], first[g] = 0.0, f, s
                    groups += 1
                weight[g] += share
            sky[y - rows[0], x] = open_sky
            for g in range(groups):
                b, a = 2 * y + first[g] // 2, 2 * x + first[g] % 2
                spot = (a + 0.5, b + 0.5, nearness[b, a])
                behind = np.uint8(2 if panes > 0 else 0)
                what = (face[g], weight[g], behind)
                count = _enter(out, count, y * width + x, what, spot)
            if panes > 0:
                b, a = 2 * y + pane_at // 2, 2 * x + pane_at % 2
                spot = (a + 0.5, b + 0.5, pane_nearness[b, a])
                pane = (np.int64(sample_pane[b, a]), panes, np.uint8(1))
                count = _enter(out, count, y * width + x, pane, spot)
    return count
