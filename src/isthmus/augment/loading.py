"""From a frame of a data set to what effects work on: image, labels, surfaces and depth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from isthmus.augment.arrays import SKY_CLASS, Arrays
from isthmus.augment.depth import FAR, SKY, Geometry, default_depth, estimate_geometry
from isthmus.augment.linear import Bytes, Floats
from isthmus.augment.monocular import AUTO, estimated_depth
from isthmus.augment.surfaces import surface_map
from isthmus.data.dataset import Dataset
from isthmus.data.frame import Box, Frame
from isthmus.errors import InputError

FEWEST_BOXES = 12
"""Boxes a sequence needs for a horizon of its own."""


def geometries(dataset: Dataset) -> list[Geometry]:
    """One camera geometry a sequence; of all frames together where a sequence says too little."""
    sequences: dict[str, list[Frame]] = {}
    for frame in dataset.frames:
        sequences.setdefault(frame.sequence, []).append(frame)
    overall = estimate_geometry(dataset.frames)
    found = {
        name: estimate_geometry(frames)
        if sum(len(f.objects or ()) for f in frames) >= FEWEST_BOXES
        else overall
        for name, frames in sequences.items()
    }
    return [found[frame.sequence] for frame in dataset.frames]


def load_frame(
    frame: Frame, geometry: Geometry, *, depth: str = AUTO, classes: str = ""
) -> tuple[Arrays, Floats, str]:
    """A frame's arrays, its depth (h, w) in metres, and where depth came from.

    Args:
        frame: with an image that can be read.
        geometry: of its camera.
        depth: what estimates depth where the frame has no map of its own; see
            `isthmus.augment.monocular`.
        classes: name in `isthmus.augment.surfaces.CLASS_IDS` of the ids in the frame's semantic
            map; "" if they are not known: the map is not used.

    Raises:
        InputError: an image or map that cannot be read or does not fit.
    """
    from isthmus.data.depth import read_ids_png
    from isthmus.data.images import read_rgb

    image = read_rgb(frame.image)
    boxes = frame.objects or ()
    # What is to be ignored is a region more often than a thing that stands somewhere.
    things = [box for box in boxes if not box.ignore]
    metres, origin = frame_depth(frame, image, things, geometry, depth=depth)
    surface = None
    if classes and frame.semantic is not None:
        ids = read_ids_png(frame.semantic)
        if ids.shape != image.shape[:2]:
            raise InputError(f"{frame.semantic}: {_sizes(ids.shape, image.shape)}")
        surface = surface_map(ids, classes)
        if origin != "map":
            metres = with_sky(metres, surface == SKY_CLASS)
    return Arrays(image, boxes, surface, geometry, exact=origin == "map"), metres, origin


def with_sky(metres: Floats, sky: NDArray[np.bool_]) -> Floats:
    """Estimated depth (h, w) with sky where a map of classes says so, and nowhere else."""
    near = np.minimum(metres, np.nextafter(np.float32(SKY), np.float32(0)))
    return np.where(sky, np.float32(FAR), near).astype(np.float32)


def frame_depth(
    frame: Frame, image: Bytes, boxes: Sequence[Box], geometry: Geometry, *, depth: str = AUTO
) -> tuple[Floats, str]:
    """Depth (h, w) in metres, and "map", "network" or "geometry".

    The frame's own map, its gaps filled; where there is none, what `depth` names.
    """
    from isthmus.data.depth import read_depth

    if frame.depth is None:
        if depth == AUTO:
            return default_depth(image, boxes, geometry), "geometry"
        return estimated_depth(depth, image, boxes, geometry), "network"
    metres = read_depth(frame.depth)
    if metres.shape != image.shape[:2]:
        raise InputError(f"{frame.depth}: depth of {_sizes(metres.shape, image.shape)}")
    unknown = metres <= 0
    if unknown.any():
        metres = np.where(unknown, default_depth(image, boxes, geometry), metres)
    return np.minimum(metres, np.float32(FAR)).astype(np.float32), "map"


def _sizes(got: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    return f"{got[1]}×{got[0]} pixels for an image of {wanted[1]}×{wanted[0]}"
