"""Writes COCO detection JSON that `isthmus.data.formats.coco` reads back without loss.

Other tools find the usual fields in their usual places; what COCO has no field for goes into
fields that they leave alone. An ignored box is written with ``iscrowd`` = 1.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from isthmus.data.dataset import Dataset
from isthmus.data.formats.coco_label import RESERVED, segmentation_of
from isthmus.data.formats.format import Writer
from isthmus.data.formats.losses import EVERYTHING
from isthmus.data.formats.place import place_image, place_layer
from isthmus.data.formats.scalabel_label import OTHER, parted, record_of
from isthmus.data.frame import Box, Frame
from isthmus.files import canonical_json, write_text

LABEL_FILE = "coco.json"


def write_coco(dataset: Dataset, folder: Path) -> Path:
    """Write `folder`/coco.json and the images it names; returns the label file."""
    return write_document(coco_document(dataset, folder), folder)


def write_document(document: dict[str, Any], folder: Path) -> Path:
    """Write a COCO document as `folder`/coco.json; returns the file."""
    path = folder / LABEL_FILE
    write_text(path, canonical_json(document) + "\n")
    return path


def coco_document(dataset: Dataset, folder: Path) -> dict[str, Any]:
    """What coco.json says, with the images it names put below `folder`."""
    found = {box.category for frame in dataset for box in frame.objects or ()}
    names = dict.fromkeys((*dataset.categories, *sorted(found)))
    ids = {name: index for index, name in enumerate(names, start=1)}
    labelled = any(frame.objects is not None for frame in dataset)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for index, frame in enumerate(dataset, start=1):
        images.append(_image(index, frame, folder, labelled))
        for box in frame.objects or ():
            annotations.append(_annotation(len(annotations) + 1, index, ids, box))
    document: dict[str, Any] = {
        "info": {"description": dataset.name},
        "images": images,
        "categories": [{"id": index, "name": name} for name, index in ids.items()],
    }
    if labelled:
        document["annotations"] = annotations
    return document


def _image(index: int, frame: Frame, folder: Path, labelled: bool) -> dict[str, Any]:
    name = place_image(frame, folder)
    record: dict[str, Any] = {
        "id": index,
        "file_name": name,
        "width": frame.width,
        "height": frame.height,
    }
    if frame.id != name:
        record["frame_id"] = frame.id
    if frame.split:
        record["split"] = frame.split
    if frame.sequence:
        record["sequence"] = frame.sequence
    if frame.attributes:
        record["attributes"] = dict(frame.attributes)
    if labelled and frame.objects is None:
        record["labelled"] = False
    if camera := frame.camera:
        record["camera"] = {"fx": camera.fx, "fy": camera.fy, "cx": camera.cx, "cy": camera.cy}
        if any(camera.distortion):
            record["camera"]["distortion"] = list(camera.distortion)
    layers = {"mask": frame.semantic, "instances": frame.instance, "depth": frame.depth}
    for kind, layer in layers.items():
        if layer is not None:
            record[kind] = place_layer(frame, layer, kind, folder)
    if frame.shapes:
        record["shapes"] = [record_of(shape) for shape in frame.shapes]
    return record


def _annotation(index: int, image: int, ids: dict[str, int], box: Box) -> dict[str, Any]:
    x1, y1, x2, y2 = box.xyxy
    record: dict[str, Any] = {
        "id": index,
        "image_id": image,
        "category_id": ids[box.category],
        "bbox": [x1, y1, x2 - x1, y2 - y1],
        "area": box.area,
        "iscrowd": int(box.ignore),
        **segmentation_of(box),
    }
    flags = {"occluded": box.occluded, "truncated": box.truncated}
    details = {name: value for name, value in flags.items() if value is not None}
    attributes, other = parted(box.attributes, RESERVED)
    if details or attributes:
        record["attributes"] = {**attributes, **details}
    if other:
        record[OTHER] = other
    if box.instance is not None:
        record["instance_id"] = box.instance
    if box.score is not None:
        record["score"] = box.score
    return record


COCO_WRITER = Writer(write_coco, EVERYTHING)
