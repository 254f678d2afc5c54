"""What a format cannot hold of a data set, counted and named before it is written.

Every writer says what it holds. A round trip through it keeps that, and everything else that the
data set has is listed here: there is no third possibility (tests/data/test_round_trips.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from isthmus.data.dataset import Dataset
from isthmus.data.formats.format import Writer
from isthmus.data.frame import Box, Camera, Frame, Problem, Shape
from isthmus.data.shapes import bounds

FramePart = Callable[[Frame], int]

PARTS: dict[str, tuple[str, FramePart]] = {
    "id": ("names of frames that differ from the image's path", lambda f: int(not _is_path(f))),
    "split": ("frames of a named split", lambda f: int(bool(f.split))),
    "sequence": ("frames of a named sequence", lambda f: int(bool(f.sequence))),
    "attributes": ("attributes of frames", lambda f: len(f.attributes)),
    "unlabelled": (
        "frames without labels (they become frames without objects)",
        lambda f: int(f.objects is None),
    ),
    "camera": ("intrinsics of cameras", lambda f: int(f.camera is not None)),
    "camera_changes": (
        "intrinsics that change within a sequence (none are kept there)",
        lambda f: 0,  # counted over sequences
    ),
    "lens": ("distortions of lenses", lambda f: int(bool(f.camera and any(f.camera.distortion)))),
    "semantic": ("maps of class ids", lambda f: int(f.semantic is not None)),
    "instances": ("maps of object ids", lambda f: int(f.instance is not None)),
    "depth": ("depth maps", lambda f: int(f.depth is not None)),
    "shapes": ("labels without a box (lanes, areas)", lambda f: len(f.shapes)),
    "shape_details": (
        "lines, curves, masks and attributes of labels without a box",
        lambda f: sum(not _is_plain_shape(shape) for shape in f.shapes),
    ),
    "objects": ("boxes", lambda f: len(f.objects or ())),
    "occluded": ("flags `occluded`", lambda f: _count(f, lambda b: b.occluded is not None)),
    "truncated": ("flags `truncated`", lambda f: _count(f, lambda b: b.truncated is not None)),
    "ignore": ("ignore regions (left out)", lambda f: _count(f, lambda b: b.ignore)),
    "ignored_category": (
        "categories of ignore regions",
        lambda f: _count(f, lambda b: b.ignore and b.category != "DontCare"),
    ),
    "instance": ("ids of objects", lambda f: _count(f, lambda b: b.instance is not None)),
    "instance_names": (
        "ids of objects that are no whole numbers (they are numbered)",
        lambda f: _count(f, lambda b: b.instance is not None and not _whole(b.instance)),
    ),
    "score": ("scores", lambda f: _count(f, lambda b: b.score is not None)),
    "box_attributes": (
        "attributes of objects",
        lambda f: sum(len(b.attributes) for b in f.objects or ()),
    ),
    "polygons": ("outlines of objects", lambda f: _count(f, lambda b: bool(b.polygons))),
    "lines": (
        "outlines with curves or open ends",
        lambda f: _count(f, lambda b: any(p.types or not p.closed for p in b.polygons)),
    ),
    "other_boxes": (
        "boxes that are not drawn around one plain outline (they become rectangles)",
        lambda f: _count(f, lambda b: not is_plain_outline(b)),
    ),
    "mask": ("masks of objects", lambda f: _count(f, lambda b: b.mask is not None)),
    "cuboid": ("boxes in space", lambda f: _count(f, lambda b: b.cuboid is not None)),
    "tilt": (
        "boxes in space that are tilted (only the turn about the vertical is kept)",
        lambda f: _count(f, lambda b: b.cuboid and any(b.cuboid.rotation[::2])),
    ),
    "spaces": (
        "categories with spaces (they become underscores)",
        lambda f: _count(f, lambda b: not b.ignore and any(map(str.isspace, b.category))),
    ),
}
"""Part of a data set → (what it is in words, how many of them a frame has)."""

EVERYTHING = frozenset(PARTS)


def losses(dataset: Dataset, writer: Writer, format: str) -> tuple[Problem, ...]:
    """One entry for each part that the data set has and the format does not hold."""
    return tuple(_missing(dataset, writer, format))


def _missing(dataset: Dataset, writer: Writer, format: str) -> Iterator[Problem]:
    for part, (words, count) in PARTS.items():
        if part in writer.holds:
            continue
        found = sum(count(frame) for frame in dataset)
        if part == "box_attributes":
            boxes = (box for frame in dataset for box in frame.objects or ())
            found -= sum(len(writer.box_attributes & box.attributes.keys()) for box in boxes)
        elif part == "camera_changes":
            found = _camera_changes(dataset)
        if found:
            reason = f"{format} has no place for {words}: {found} of them"
            yield Problem(dataset.name, f"not-held-{part.replace('_', '-')}", reason, count=found)


def _camera_changes(dataset: Dataset) -> int:
    """Frames with intrinsics in sequences that do not have the same on every frame."""
    cameras: dict[str, set[Camera | None]] = {}
    for frame in dataset:
        cameras.setdefault(frame.sequence, set()).add(frame.camera)
    return sum(f.camera is not None and len(cameras[f.sequence]) > 1 for f in dataset)


def is_plain_outline(box: Box) -> bool:
    """True if the box is the one around its only polygon, which is closed and has no curves."""
    if len(box.polygons) != 1 or box.polygons[0].types or not box.polygons[0].closed:
        return False
    return bounds(box.polygons) == box.xyxy


def _is_plain_shape(shape: Shape) -> bool:
    plain = len(shape.polygons) == 1 and shape.polygons[0].closed and not shape.polygons[0].types
    return plain and not (shape.mask or shape.attributes or shape.instance)


def _whole(name: str) -> bool:
    return name.isascii() and name.isdigit() and str(int(name)) == name


def _count(frame: Frame, which: Callable[[Box], Any]) -> int:
    return sum(bool(which(box)) for box in frame.objects or ())


def _is_path(frame: Frame) -> bool:
    """True if the frame is named by the end of its image's path, as readers name frames."""
    return frame.image.as_posix().endswith(frame.id)
