"""Writes BDD100K labels in the 2020 form (Scalabel), read back by `formats.bdd100k`.

Per-pixel labels have no place in this format and are left out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from isthmus.data.dataset import Dataset
from isthmus.data.formats.place import place_image
from isthmus.data.frame import Box, Frame
from isthmus.files import canonical_json, write_text

LABEL_FILE = "bdd100k.json"


def write_bdd100k(dataset: Dataset, folder: Path) -> Path:
    """Write `folder`/bdd100k.json and the images it names; returns the label file."""
    path = folder / LABEL_FILE
    write_text(path, canonical_json([_frame(frame, folder) for frame in dataset]) + "\n")
    return path


def _frame(frame: Frame, folder: Path) -> dict[str, Any]:
    record: dict[str, Any] = {
        "name": place_image(frame, folder),
        "frame_id": frame.id,
        "videoName": frame.sequence,
        "attributes": dict(frame.attributes),
        "size": {"width": frame.width, "height": frame.height},
        "labels": None if frame.objects is None else [_label(box) for box in frame.objects],
    }
    if frame.objects is None:
        record["labelled"] = False
    if frame.split:
        record["split"] = frame.split
    if camera := frame.camera:
        record["intrinsics"] = {
            "focal": [camera.fx, camera.fy],
            "center": [camera.cx, camera.cy],
        }
    return record


def _label(box: Box) -> dict[str, Any]:
    flags = {"occluded": box.occluded, "truncated": box.truncated, "crowd": box.ignore}
    label: dict[str, Any] = {
        "category": box.category,
        "attributes": {name: value for name, value in flags.items() if value is not None},
        "box2d": dict(zip(("x1", "y1", "x2", "y2"), box.xyxy, strict=True)),
    }
    if box.instance is not None:
        label["id"] = box.instance
    if box.score is not None:
        label["score"] = box.score
    return label
