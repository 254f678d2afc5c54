"""Which faces belong to which labelled object, and how each looks alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from isthmus.errors import InputError
from isthmus.synth.annotate.raster import bounds, cover
from isthmus.synth.annotate.threads import spread
from isthmus.synth.annotate.triangles import SHIFT, Triangles
from isthmus.synth.world.mesh import Ints
from isthmus.synth.world.scene import Scene, Soup

MOST = 65_535
Bounds = tuple[int, int, int, int]
"""x1, y1, x2, y2 in pixels, half-open."""


@dataclass(frozen=True)
class Labelled:
    """A labelled object.

    Attributes:
        thing: number in `Scene.things`.
        category: a name in `CATEGORIES`.
        instance: what its pixels carry in the instance map.
        rider: it is the person on a two-wheeler.
    """

    thing: int
    category: str
    instance: int
    rider: bool = False


@dataclass(frozen=True)
class Alone:
    """An object as if nothing hid it.

    Attributes:
        whole: pixels on the canvas, which reaches one picture beyond each edge.
        inside: pixels inside the picture.
        amodal: box of the pixels inside the picture, None if there are none.
        extent: box of the pixels on the canvas.
    """

    whole: int
    inside: int
    amodal: Bounds | None
    extent: Bounds | None


def list_objects(scene: Scene, soup: Soup) -> tuple[list[Labelled], Ints]:
    """The labelled objects, and for each face the number of its object (−1: none).

    Riders come after all things and are numbered on from them.

    Raises:
        InputError: there are more things than an instance map can number.
    """
    objects: list[Labelled] = []
    riders: list[Labelled] = []
    with_rider = np.zeros(len(scene.things), np.bool_)
    with_rider[soup.thing[soup.rider]] = True
    own = np.full(len(scene.things), -1, np.int32)
    for k, placed in enumerate(scene.things):
        if placed.thing.category:
            own[k] = len(objects)
            objects.append(Labelled(k, placed.thing.category, k + 1))
            if with_rider[k]:
                number = len(scene.things) + 1 + len(riders)
                riders.append(Labelled(k, "rider", number, rider=True))
    if len(scene.things) + len(riders) > MOST:
        raise InputError(
            f"scene: {len(scene.things)} things and {len(riders)} riders; an instance map can "
            f"number {MOST}: leave some out"
        )
    upon = np.full(len(scene.things), -1, np.int32)
    for j, item in enumerate(riders):
        upon[item.thing] = len(objects) + j
    owner = np.where(soup.rider & (upon[soup.thing] >= 0), upon[soup.thing], own[soup.thing])
    return objects + riders, owner.astype(np.int32)


def group(triangles: Triangles, owner: Ints, count: int) -> tuple[Ints, NDArray[np.int64]]:
    """Triangles ordered by object, and where each object's begin: (count + 1,)."""
    of = owner[triangles.source]
    order = np.argsort(of, kind="stable").astype(np.int32)
    starts = np.searchsorted(of[order], np.arange(count + 1)).astype(np.int64)
    return order, starts


def alone(
    triangles: Triangles, order: Ints, starts: NDArray[np.int64],
    *, width: int, height: int, threads: int | None = None,
) -> list[Alone]:  # fmt: skip
    """How each object looks alone."""

    def one(k: int) -> Alone:
        chosen = order[starts[k] : starts[k + 1]]
        box = canvas_box(triangles, chosen, width, height)
        if box is None:
            return Alone(0, 0, None, None)
        left, top, right, bottom = box
        mask = np.zeros((bottom - top, right - left), np.bool_)
        cover(chosen, triangles.corners, left, top, mask)
        extent = _moved(bounds(mask), left, top)
        x, y = max(0, -left), max(0, -top)
        window = mask[y : max(height - top, 0), x : max(width - left, 0)]
        amodal = _moved(bounds(window), left + x, top + y)
        return Alone(int(mask.sum()), int(window.sum()), amodal, extent)

    return spread(one, range(len(starts) - 1), threads)


def silhouette(triangles: Triangles, chosen: Ints, width: int, height: int) -> NDArray[np.bool_]:
    """What triangles cover inside the picture, (h, w)."""
    mask = np.zeros((height, width), np.bool_)
    cover(chosen, triangles.corners, 0, 0, mask)
    return mask


def canvas_box(triangles: Triangles, chosen: Ints, width: int, height: int) -> Bounds | None:
    """Bounding box of triangles on the canvas; None if it is empty."""
    if not len(chosen):
        return None
    corners = triangles.corners[chosen]
    x, y = corners[:, 0::2], corners[:, 1::2]
    left, right = max(int(x.min()) >> SHIFT, -width), min((int(x.max()) >> SHIFT) + 1, 2 * width)
    top, bottom = max(int(y.min()) >> SHIFT, -height), min((int(y.max()) >> SHIFT) + 1, 2 * height)
    return None if left >= right or top >= bottom else (left, top, right, bottom)


def _moved(box: Bounds | None, x: int, y: int) -> Bounds | None:
    return None if box is None else (box[0] + x, box[1] + y, box[2] + x, box[3] + y)


@njit(cache=True, nogil=True, error_model="numpy")
def seen(instance, count):  # type: ignore[no-untyped-def]
    """Pixels (count,) and half-open boxes (count, 4) of each number in an instance map."""
    pixels = np.zeros(count, np.int64)
    boxes = np.empty((count, 4), np.int64)
    boxes[:, :2] = 1 << 40
    boxes[:, 2:] = -1
    height, width = instance.shape
    for y in range(height):
        for x in range(width):
            k = instance[y, x]
            if k == 0:
                continue
            pixels[k] += 1
            boxes[k, 0] = min(boxes[k, 0], x)
            boxes[k, 1] = min(boxes[k, 1], y)
            boxes[k, 2] = max(boxes[k, 2], x + 1)
            boxes[k, 3] = max(boxes[k, 3], y + 1)
    return pixels, boxes
