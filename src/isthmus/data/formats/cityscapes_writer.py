"""Writes Cityscapes folders, read back by `formats.cityscapes`: polygons, id maps, cameras.

A label is one plain polygon and a name. Where the name says object and our label is none, or the
other way round, a field says so that other tools leave alone. A box that has another outline, or
none, becomes the rectangle; an ignore region a group. Images are numbered within their city.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from isthmus.data.dataset import Dataset
from isthmus.data.formats.cityscapes import (
    CAMERAS,
    GROUP,
    IMAGES,
    KIND,
    LABELS,
    NONE,
    is_group,
    kind_of,
)
from isthmus.data.formats.format import Writer
from isthmus.data.formats.losses import is_plain_outline
from isthmus.data.formats.place import copy_to, folder_name
from isthmus.data.frame import Box, Frame, Shape
from isthmus.data.shapes import Polygon
from isthmus.files import canonical_json, write_text

HOLDS = {
    *(
        "split",
        "sequence",
        "unlabelled",
        "camera",
        "camera_changes",
        "semantic",
        "instances",
        "shapes",
    ),
    *("objects", "ignore", "ignored_category", "polygons", "spaces"),
}


def write_cityscapes(dataset: Dataset, folder: Path) -> Path:
    """Write ``leftImg8bit``, ``gtFine`` and ``camera`` below `folder`; returns `folder`."""
    counts: Counter[tuple[str, str]] = Counter()
    for frame in dataset:
        split, city = (folder_name(name, NONE) for name in (frame.split, frame.sequence))
        index = counts[split, city]
        counts[split, city] += 1
        stem = f"{split}/{city}/{city}_{index:06d}_000000"
        copy_to(frame.image, folder / IMAGES / f"{stem}_{IMAGES}{frame.image.suffix.lower()}")
        (folder / LABELS / split / city).mkdir(parents=True, exist_ok=True)
        start = folder / LABELS / f"{stem}_{LABELS}"
        if frame.objects is not None:
            write_text(Path(f"{start}_polygons.json"), canonical_json(_document(frame)) + "\n")
        for kind, layer in (("labelIds", frame.semantic), ("instanceIds", frame.instance)):
            if layer is not None:
                copy_to(layer, Path(f"{start}_{kind}.png"))
        if camera := frame.camera:
            known = {"fx": camera.fx, "fy": camera.fy, "u0": camera.cx, "v0": camera.cy}
            text = canonical_json({"intrinsic": known}) + "\n"
            write_text(folder / CAMERAS / f"{stem}_camera.json", text)
    return folder


def _document(frame: Frame) -> dict[str, Any]:
    everything: list[Box | Shape] = [*frame.shapes, *(frame.objects or ())]
    labels = [item for label in everything for item in _objects(label)]
    return {"imgWidth": frame.width, "imgHeight": frame.height, "objects": labels}


def _objects(label: Box | Shape) -> list[dict[str, Any]]:
    """One entry; of a shape, one for each polygon."""
    if isinstance(label, Shape):
        said = {} if kind_of(label.category) == "shape" else {KIND: "shape"}
        return [{**_entry(label.category, polygon), **said} for polygon in label.polygons]
    x1, y1, x2, y2 = label.xyxy
    rectangle = Polygon((x1, y1, x2, y1, x2, y2, x1, y2))
    outline = label.polygons[0] if is_plain_outline(label) else rectangle
    if label.ignore:
        name = f"{label.category}{GROUP}"
        return [_entry(name, outline) | ({} if kind_of(name) == "box" else {KIND: GROUP})]
    plain = kind_of(label.category) == "box" and not is_group(label.category)
    return [_entry(label.category, outline) | ({} if plain else {KIND: "box"})]


def _entry(name: str, polygon: Polygon) -> dict[str, Any]:
    points = polygon.points
    pairs = [list(pair) for pair in zip(points[::2], points[1::2], strict=True)]
    return {"label": name, "polygon": pairs}


CITYSCAPES_WRITER = Writer(write_cityscapes, frozenset(HOLDS))
