"""Writes BDD100K labels in the 2020 form (a list of Scalabel frames), read by `formats.bdd100k`.

Maps of class ids go to ``sem_seg/masks``, where BDD100K has its own; those of object ids and
depth have no place in this format.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from isthmus.data.dataset import Dataset
from isthmus.data.formats.format import Writer
from isthmus.data.formats.losses import EVERYTHING
from isthmus.data.formats.place import copy_to, place_image
from isthmus.data.formats.scalabel_label import record_of
from isthmus.data.frame import Frame
from isthmus.errors import InputError
from isthmus.files import canonical_json, write_text

LABEL_FILE = "bdd100k.json"
MASKS = "sem_seg/masks"


def write_bdd100k(dataset: Dataset, folder: Path) -> Path:
    """Write `folder`/bdd100k.json and the images it names; returns the label file."""
    path = folder / LABEL_FILE
    write_text(path, canonical_json(list(frame_records(dataset, folder))) + "\n")
    return path


def frame_records(dataset: Dataset, folder: Path) -> Iterator[dict[str, Any]]:
    """Scalabel's records of all frames; images and maps are placed below `folder`.

    Raises:
        InputError: two maps of class ids would get one name.
    """
    masks: set[str] = set()
    for frame in dataset:
        record = frame_record(frame, place_image(frame, folder))
        if frame.semantic is not None:
            mask = f"{Path(record['name']).stem}.png"
            if mask in masks:
                raise InputError(
                    f"{frame.id}: another image has the name {mask} for its map of class ids"
                )
            masks.add(mask)
            copy_to(frame.semantic, folder / MASKS / mask)
        yield record


def frame_record(frame: Frame, name: str) -> dict[str, Any]:
    """Scalabel's record of a frame whose image has that name."""
    record: dict[str, Any] = {
        "name": name,
        "frame_id": frame.id,
        "videoName": frame.sequence,
        "attributes": dict(frame.attributes),
        "size": {"width": frame.width, "height": frame.height},
        "labels": [*map(record_of, frame.objects or ()), *map(record_of, frame.shapes)],
    }
    if frame.objects is None:
        record["labels"] = record["labels"] or None
        record["labelled"] = False
    if frame.split:
        record["split"] = frame.split
    if camera := frame.camera:
        record["intrinsics"] = {
            "focal": [camera.fx, camera.fy],
            "center": [camera.cx, camera.cy],
        }
        if any(camera.distortion):
            record["intrinsics"]["distortion"] = list(camera.distortion)
    return record


BDD100K_WRITER = Writer(write_bdd100k, EVERYTHING - {"instances", "depth"})
