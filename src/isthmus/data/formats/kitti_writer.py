"""Writes KITTI object detection folders, read back by `formats.kitti`.

Images are numbered in the order of the data set and keep their file type. A frame without labels
gets no label file. KITTI's ``DontCare`` has no category: that of an ignore region is not held.
"""

from __future__ import annotations

from pathlib import Path

from isthmus.data.dataset import Dataset
from isthmus.data.formats.format import Writer
from isthmus.data.formats.kitti import CALIBRATION, IMAGES, LABELS
from isthmus.data.formats.kitti_label import ATTRIBUTES, calibration_text, fields_of
from isthmus.data.formats.place import copy_to
from isthmus.files import write_text

HOLDS = {
    "objects",
    "unlabelled",
    "camera",
    "camera_changes",
    "occluded",
    "truncated",
    "ignore",
    "score",
    "cuboid",
    "other_boxes",
}


def write_kitti(dataset: Dataset, folder: Path) -> Path:
    """Write `folder`/training; returns that folder."""
    base = folder / "training"
    (base / LABELS).mkdir(parents=True, exist_ok=True)
    for index, frame in enumerate(dataset):
        stem = f"{index:06d}"
        copy_to(frame.image, base / IMAGES / f"{stem}{frame.image.suffix.lower()}")
        if frame.objects is not None:
            lines = (" ".join(fields_of(box)) + "\n" for box in frame.objects)
            write_text(base / LABELS / f"{stem}.txt", "".join(lines))
        if frame.camera is not None:
            write_text(base / CALIBRATION / f"{stem}.txt", calibration_text(frame.camera))
    return base


KITTI_WRITER = Writer(write_kitti, frozenset(HOLDS), ATTRIBUTES)
