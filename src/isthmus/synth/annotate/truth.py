"""The truth of one frame: what is where, read from the faces themselves and never from a picture.

It is the same for every renderer, light and weather, and bit for bit the same for any number of
threads. Transparent faces hide what is behind them: a driver's pixels are the car's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from isthmus.synth.annotate.bodies import Box3D, Keypoints, box_of, keypoints_of
from isthmus.synth.annotate.lens import (
    bent_alone,
    bent_faces,
    bent_flow,
    bent_keypoints,
    bent_mask,
    bent_points,
)
from isthmus.synth.annotate.motion import motion
from isthmus.synth.annotate.normals import seen_normals
from isthmus.synth.annotate.objects import (
    Alone,
    Bounds,
    Labelled,
    alone,
    group,
    list_objects,
    seen,
    silhouette,
)  # fmt: skip
from isthmus.synth.annotate.raster import rasterise
from isthmus.synth.annotate.triangles import (
    CANVAS,
    PICTURE,
    Projection,
    Triangles,
    projection_of,
    set_up,
)  # fmt: skip
from isthmus.synth.lens import Bend
from isthmus.synth.world.mesh import Floats, Ints
from isthmus.synth.world.scene import Scene, Soup

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class ObjectTruth:
    """One labelled object as the camera has it. Boxes are half-open, in pixels.

    Attributes:
        thing: number in `Scene.things`.
        instance: number of its pixels in the instance map.
        category: a name in `CATEGORIES`; the person on a two-wheeler is an object of its own.
        attributes: the thing's words.
        visible: tight box of its visible pixels, None if nothing of it is seen.
        amodal: box of all of it inside the picture, hidden parts too.
        extent: box of all of it, on a canvas that reaches one picture beyond each edge.
        pixels: number of visible pixels.
        occlusion: share of its pixels inside the picture that something else hides, 0–1.
        truncation: share of its pixels on the canvas that lie outside the picture, 0–1. What is
            behind the near plane or beyond the canvas has no pixels and does not count.
        box: its 3D box.
        distance: from the camera to the middle of that box, metres.
        height: rows of `extent`.
        keypoints: of a person or a rider.
    """

    thing: int
    instance: int
    category: str
    attributes: Mapping[str, str]
    visible: Bounds | None
    amodal: Bounds
    extent: Bounds
    pixels: int
    occlusion: float
    truncation: float
    box: Box3D
    distance: float
    height: int
    keypoints: Keypoints | None


@dataclass(frozen=True, eq=False)
class Truth:
    """Truth of one frame.

    Attributes:
        face: (h, w) number of the face seen at the middle of each pixel, −1 for the sky.
        instance: (h, w) number in `Scene.things` + 1 of a labelled thing, 0 elsewhere; riders
            are numbered on from the number of things.
        semantic: (h, w) number in `SEMANTICS`.
        depth: (h, w) camera z in metres, inf in the sky.
        normal: (h, w, 3) unit normal of the face, in camera axes (x right, y up, z ahead),
            towards the camera; 0 in the sky.
        flow: (h, w, 2) pixels by which what is seen moves right and down until the next frame;
            NaN where it goes behind the camera. None without a sequence.
        objects: labelled objects of which at least a pixel is seen, near ones first.
        hidden: those that are wholly hidden.
    """

    face: Ints = field(repr=False)
    instance: NDArray[np.uint16] = field(repr=False)
    semantic: NDArray[np.uint8] = field(repr=False)
    depth: Floats = field(repr=False)
    normal: Floats = field(repr=False)
    flow: Floats | None = field(repr=False)
    objects: tuple[ObjectTruth, ...]
    hidden: tuple[ObjectTruth, ...]
    _outlines: Mapping[int, Ints] = field(repr=False, compare=False)
    _triangles: Triangles = field(repr=False, compare=False)
    _bend: Bend | None = field(default=None, repr=False, compare=False)

    def visible_mask(self, item: ObjectTruth) -> Mask:
        """Pixels (h, w) in which an object is seen."""
        return np.asarray(self.instance == item.instance)

    def amodal_mask(self, item: ObjectTruth) -> Mask:
        """Pixels (h, w) that an object would cover if nothing hid it."""
        height, width = self.instance.shape
        outline = self._outlines[item.instance]
        if self._bend is not None:
            return bent_mask(self._triangles, outline, self.visible_mask(item), self._bend)
        return silhouette(self._triangles, outline, width, height)


def annotate(
    scene: Scene,
    soup: Soup,
    *,
    sequence_dt: float | None = None,
    threads: int | None = None,
    bend: Bend | None = None,
) -> Truth:
    """The truth of a scene.

    Args:
        scene: what stands where, and the camera.
        soup: its triangles.
        sequence_dt: seconds to the next frame, for the flow.
        threads: how many; the result does not depend on it.
        bend: what the lens makes of the scene's view: the truth of the bent picture. What lies
            outside the picture is then counted in the pinhole's, which knows no edge: `truncation`
            is a share of that, and `extent` of what is cut off has its box there.
    """
    view = scene.view if bend is None else bend.wide
    projection = projection_of(view)
    width, height = view.width, view.height
    labelled, owner = list_objects(scene, soup)
    keep = np.where(owner >= 0, np.uint8(CANVAS), np.uint8(PICTURE))
    triangles = set_up(soup.points, soup.faces, keep, projection, threads=threads)
    face, nearness = rasterise(triangles, width, height, threads)
    order, starts = group(triangles, owner, len(labelled))
    lone = alone(triangles, order, starts, width=width, height=height, threads=threads)
    with np.errstate(divide="ignore"):
        depth = np.where(face >= 0, np.float32(1) / nearness, np.float32(np.inf))
    flow = None
    if sequence_dt is not None:
        flow = motion(scene, soup, face, depth, projection=projection, seconds=sequence_dt)
    if bend is not None:
        face, depth = bent_faces(soup, face, depth, projection, bend)
        flow = None if flow is None else bent_flow(flow, bend)
    numbers = np.array([0, *[item.instance for item in labelled]], np.uint16)
    instance = _looked_up(numbers[owner + 1], face, 0)
    if bend is not None:
        outlines = (triangles, order, starts)
        lone = [
            bent_alone(own, outlines, k, instance == labelled[k].instance, bend)
            for k, own in enumerate(lone)
        ]
    objects, hidden = _measure(
        scene, labelled, lone, instance, nearness=nearness, projection=projection
    )
    if bend is not None:
        objects, hidden = (tuple(_bent(item, bend) for item in each) for each in (objects, hidden))
    return Truth(
        face=face,
        instance=instance,
        semantic=_looked_up(soup.semantic, face, 0),
        depth=depth,
        normal=_normals(soup, face, projection),
        flow=flow,
        objects=objects,
        hidden=hidden,
        _outlines={item.instance: order[starts[k] : starts[k + 1]]
                   for k, item in enumerate(labelled)},
        _triangles=triangles,
        _bend=bend,
    )  # fmt: skip


def _bent(item: ObjectTruth, bend: Bend) -> ObjectTruth:
    """An object whose points have been seen by the pinhole, as the lens shows it."""
    box = replace(item.box, projection=bent_points(item.box.projection, bend))
    return replace(item, box=box, keypoints=bent_keypoints(item.keypoints, bend))


def _looked_up(table: np.ndarray, face: Ints, sky: int) -> np.ndarray:
    """`table[face]`, and `sky` where there is no face: the last entry answers for −1."""
    return np.take(np.append(table, table.dtype.type(sky)), face)


def _normals(soup: Soup, face: Ints, projection: Projection) -> Floats:
    out = np.zeros((*face.shape, 3), np.float32)
    seen_normals(soup.points, soup.faces, face, (projection.turn, projection.origin), out)
    return out


def _measure(
    scene: Scene, labelled: list[Labelled], lone: list[Alone],
    instance: NDArray[np.uint16], *, nearness: Floats, projection: Projection,
) -> tuple[tuple[ObjectTruth, ...], tuple[ObjectTruth, ...]]:  # fmt: skip
    pixels, boxes = seen(instance, max([0, *[item.instance for item in labelled]]) + 1)
    found = []
    for item, own in zip(labelled, lone, strict=True):
        if own.amodal is None or own.extent is None:
            continue
        count = int(pixels[item.instance])
        x1, y1, x2, y2 = (int(value) for value in boxes[item.instance])
        box = box_of(item, scene, projection)
        found.append(
            ObjectTruth(
                thing=item.thing,
                instance=item.instance,
                category=item.category,
                attributes=scene.things[item.thing].thing.attributes,
                visible=(x1, y1, x2, y2) if count else None,
                amodal=own.amodal,
                extent=own.extent,
                pixels=count,
                occlusion=1 - count / own.inside,
                truncation=1 - own.inside / own.whole,
                box=box,
                distance=float(np.sqrt(sum(value**2 for value in box.centre))),
                height=own.extent[3] - own.extent[1],
                keypoints=keypoints_of(item, scene, nearness, projection),
            )
        )
    found.sort(key=lambda item: (item.distance, item.instance))
    return (
        tuple(item for item in found if item.pixels),
        tuple(item for item in found if not item.pixels),
    )
