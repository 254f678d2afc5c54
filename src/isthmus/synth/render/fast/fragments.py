"""Fragments: the distinct surfaces in each pixel.

Samples of a pixel that show the same surface are shaded once, in place of four times: colours,
highlights and shadows are worked out per fragment, outlines per sample.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from isthmus.synth.world.mesh import Floats, Ints

ALIKE = 0.92
"""Cosine between the normals of faces that count as one surface."""


Tables = tuple[Any, ...]


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
def _number(samples, model, rows, out, sky):  # type: ignore[no-untyped-def]
    """Number the surfaces of each pixel of rows.

    Fills `out` (rows, w, 4), bytes: for each sample the place of its surface among the pixel's,
    255 for the sky, and `sky` (rows, w) with the sky's share of pixels. Returns the number of
    fragments, panes too.
    """
    face, _, pane, _ = samples
    _, _, _, _, thing, material, flat, _, finish = model
    count = 0
    for y in range(rows[0], rows[1]):
        for x in range(face.shape[1] // 2):
            groups, panes, open_sky = 0, 0, 0.0
            for s in range(4):
                b, a = 2 * y + s // 2, 2 * x + s % 2
                f, share = face[b, a], 0.25
                if pane[b, a] >= 0:
                    panes = 1
                    share *= finish[material[pane[b, a]], 6]
                if f < 0:
                    out[y - rows[0], x, s] = 255
                    open_sky += share
                    continue
                found = groups
                for t in range(s):
                    g = face[2 * y + t // 2, 2 * x + t % 2]
                    if g == f:
                        found = int(out[y - rows[0], x, t])
                        break
                    if g >= 0 and thing[f] == thing[g] and material[f] == material[g]:
                        cosine = flat[f, 0] * flat[g, 0] + flat[f, 1] * flat[g, 1]
                        if cosine + flat[f, 2] * flat[g, 2] > ALIKE:
                            found = int(out[y - rows[0], x, t])
                            break
                out[y - rows[0], x, s] = found
                groups = max(groups, found + 1)
            sky[y - rows[0], x] = open_sky
            count += groups + panes
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def _fill(samples, model, rows, groups, out):  # type: ignore[no-untyped-def]
    """Fill `out` with the fragments of pixel rows, whose samples `_number` has numbered."""
    face, nearness, pane, pane_nearness = samples
    _, _, _, _, _, material, _, _, finish = model
    pixel, faces, weight, panes, spot = out
    width = face.shape[1] // 2
    n = 0
    for y in range(rows[0], rows[1]):
        for x in range(width):
            first, through_pane, glass = n, np.uint8(0), -1
            for s in range(4):
                b, a = 2 * y + s // 2, 2 * x + s % 2
                share = 0.25
                if pane[b, a] >= 0:
                    share *= finish[material[pane[b, a]], 6]
                    through_pane, glass = np.uint8(2), (s if glass < 0 else glass)
                if face[b, a] < 0:
                    continue
                k = first + groups[y - rows[0], x, s]
                if k == n:
                    pixel[n], faces[n], weight[n] = y * width + x, face[b, a], 0.0
                    spot[n, 0], spot[n, 1], spot[n, 2] = a + 0.5, b + 0.5, nearness[b, a]
                    n += 1
                weight[k] += share
            for k in range(first, n):
                panes[k] = through_pane
            if glass >= 0:
                b, a = 2 * y + glass // 2, 2 * x + glass % 2
                pixel[n], faces[n], panes[n], weight[n] = y * width + x, pane[b, a], 1, 0.0
                spot[n, 0], spot[n, 1], spot[n, 2] = a + 0.5, b + 0.5, pane_nearness[b, a]
                for s in range(4):
                    if pane[2 * y + s // 2, 2 * x + s % 2] >= 0:
                        weight[n] += 0.25
                n += 1


def gather(
    samples: Tables, model: Tables, rows: tuple[int, int], out: Tables, sky: Floats
) -> int:  # fmt: skip
    """Fill `out` with the fragments of pixel rows.

    Args:
        samples, model, out: `Samples`, `Model` and `Fragments` as plain tuples.
        rows: first and last + 1.
        sky: (rows, w), is filled with the sky's share of pixels.

    Returns:
        The number of fragments. If there is no room for all, `out` is left as it was.
    """
    groups = np.empty((*sky.shape, 4), np.uint8)
    count = int(_number(samples, model, rows, groups, sky))
    if count <= len(out[0]):
        _fill(samples, model, rows, groups, out)
    return count
