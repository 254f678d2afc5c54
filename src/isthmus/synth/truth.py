"""What is where: instances, depth, visible and amodal boxes, occlusion and truncation.

Truth is read from the buffer of face numbers and never from the picture, so it is the same under
every light and weather.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from isthmus.data.frame import XYXY
from isthmus.synth.mesh import Floats, Ints
from isthmus.synth.render.raster import NEAR, SAMPLES, Faces, Outline, depth_at, outlines
from isthmus.synth.scene import Scene
from isthmus.synth.stage import Actor


@dataclass(frozen=True)
class ObjectTruth:
    """One labelled object as the camera has it.

    Attributes:
        actor: number in `Scene.actors`; its pixels carry `actor + 1` in the instance map.
        what: the actor itself.
        visible: tight box of its visible pixels.
        amodal: box of all of it inside the picture, hidden parts too.
        occlusion: share of its pixels inside the picture that something else hides, 0–1.
        truncation: share of it that lies outside the picture, 0–1.
        pixels: number of visible pixels.
    """

    actor: int
    what: Actor
    visible: XYXY
    amodal: XYXY
    occlusion: float
    truncation: float
    pixels: int


@dataclass(frozen=True)
class Truth:
    """Truth of one frame.

    Attributes:
        instance: (h, w) actor number + 1, 0 elsewhere.
        depth: (h, w) camera z in metres, of the face that `instance` shows.
        objects: those of which at least one pixel is seen, near ones first.
    """

    instance: NDArray[np.uint16]
    depth: Floats
    objects: tuple[ObjectTruth, ...] = field(repr=False)


def read_truth(scene: Scene, faces: Faces, number: Ints) -> Truth:
    """Truth at picture resolution from the supersampled buffer of face numbers."""
    table = np.concatenate([[0], faces.actor + 1]).astype(np.uint16)
    ids = np.take(table, number)
    instance, chosen = _majority(ids)
    depth = _depth(scene, faces, number, chosen)
    seen = np.bincount(ids.ravel(), minlength=len(scene.actors) + 1)
    pixels = np.bincount(instance.ravel(), minlength=len(scene.actors) + 1)
    boxes = {k: box for k, box in enumerate(_bounds(instance)) if box is not None}
    objects = []
    for actor, (whole, inside, extent) in _alone(faces, list(boxes), scene).items():
        box = boxes[actor]
        amodal = (
            min(box[0], extent[0]), min(box[1], extent[1]),
            max(box[2], extent[2]), max(box[3], extent[3]),
        )  # fmt: skip
        objects.append(
            ObjectTruth(
                actor, scene.actors[actor], box, amodal,
                occlusion=min(max(1 - float(seen[actor + 1]) / max(inside, 1), 0.0), 1.0),
                truncation=min(max(1 - inside / max(whole, 1), 0.0), 1.0),
                pixels=int(pixels[actor + 1]),
            )
        )  # fmt: skip
    objects.sort(key=lambda item: item.what.distance)
    return Truth(instance, depth, tuple(objects))


def _depth(scene: Scene, faces: Faces, number: Ints, chosen: NDArray[np.intp]) -> Floats:
    """Depth (h, w) at the chosen sample (0–3, row by row) of each pixel."""
    height, width = chosen.shape
    rows = 2 * np.arange(height)[:, None] + chosen // 2
    columns = 2 * np.arange(width)[None] + chosen % 2
    x, y = scene.view.rays(SAMPLES)
    slopes = x[0, columns].ravel(), y[rows, 0].ravel()
    return depth_at(faces, number[rows, columns].ravel(), *slopes).reshape(height, width)


def _majority(ids: NDArray[np.uint16]) -> tuple[NDArray[np.uint16], NDArray[np.intp]]:
    """The id that most of a pixel's four samples show (the first of equals), and a sample of it."""
    a, b, c, d = ids[0::2, 0::2], ids[0::2, 1::2], ids[1::2, 0::2], ids[1::2, 1::2]
    pick = np.where((b == c) | (b == d), 1, np.where(c == d, 2, 0))
    chosen = np.where((a == b) | (a == c) | (a == d), 0, pick).astype(np.intp)
    return np.choose(chosen, (a, b, c, d)).astype(np.uint16), chosen


def _bounds(instance: NDArray[np.uint16]) -> list[XYXY | None]:
    """Tight box of each id from 1 on; None where it is not seen."""
    from scipy.ndimage import find_objects

    return [
        None
        if found is None
        else (
            float(found[1].start), float(found[0].start),
            float(found[1].stop), float(found[0].stop),
        )
        for found in find_objects(instance)
    ]  # fmt: skip


def _alone(faces: Faces, actors: list[int], scene: Scene) -> dict[int, tuple[int, int, XYXY]]:
    """For each actor, as if nothing hid it: samples in all, inside the picture, its box there.

    The canvas reaches one picture beyond each edge; actors start at 3 m, so none is cut by the
    near plane.
    """
    if not actors:
        return {}
    members = np.flatnonzero(np.isin(faces.actor, actors) & faces.turned)
    owner = faces.actor[members]
    # Faces of one actor follow one another: things are sorted as wholes.
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    corners = faces.corners[members]
    pixels = scene.view.project(np.maximum(corners, (-np.inf, -np.inf, NEAR)))
    size = np.array([scene.view.width, scene.view.height])
    low = np.floor(np.minimum.reduceat(pixels.min(axis=1), starts)).clip(-size, 2 * size) - 1
    high = np.ceil(np.maximum.reduceat(pixels.max(axis=1), starts)).clip(-size, 2 * size) + 1
    counts = np.diff(starts, append=len(members))
    found = outlines(corners, scene.view, np.repeat(low, counts, axis=0)[:, None])
    return {
        int(owner[start]): _count(found[start : start + count], low[k], high[k], scene)
        for k, (start, count) in enumerate(zip(starts.tolist(), counts.tolist(), strict=True))
    }


def _count(
    polygons: list[Outline | None], low: Floats, high: Floats, scene: Scene
) -> tuple[int, int, XYXY]:
    from PIL import Image, ImageDraw

    width, height = scene.view.width, scene.view.height
    size = ((high - low) * SAMPLES).astype(int)
    canvas = Image.new("L", (int(size[0]), int(size[1])), 0)
    draw = ImageDraw.Draw(canvas)
    for outline in polygons:
        if outline is not None:
            draw.polygon(outline, fill=1)
    mask = np.asarray(canvas)
    left, top = (-low * SAMPLES).astype(int)
    window = mask[max(top, 0) : top + height * SAMPLES, max(left, 0) : left + width * SAMPLES]
    rows, columns = np.flatnonzero(window.any(axis=1)), np.flatnonzero(window.any(axis=0))
    if not len(rows):
        return int(mask.sum()), 0, (width, height, 0.0, 0.0)
    x, y = max(-left, 0), max(-top, 0)
    extent = (
        float(columns[0] + x) / SAMPLES, float(rows[0] + y) / SAMPLES,
        float(columns[-1] + 1 + x) / SAMPLES, float(rows[-1] + 1 + y) / SAMPLES,
    )  # fmt: skip
    return int(mask.sum()), int(window.sum()), extent
