"""Writes a Scalabel data set: an object with ``frames`` and a ``config`` that lists categories."""

from __future__ import annotations

from pathlib import Path

from isthmus.data.dataset import Dataset
from isthmus.data.formats.bdd100k_writer import BDD100K_WRITER, frame_records
from isthmus.data.formats.format import Writer
from isthmus.files import canonical_json, write_text

LABEL_FILE = "scalabel.json"


def write_scalabel(dataset: Dataset, folder: Path) -> Path:
    """Write `folder`/scalabel.json and the images it names; returns the label file."""
    document = {
        "frames": list(frame_records(dataset, folder)),
        "config": {"categories": [{"name": name} for name in dataset.categories]},
    }
    path = folder / LABEL_FILE
    write_text(path, canonical_json(document) + "\n")
    return path


SCALABEL_WRITER = Writer(write_scalabel, BDD100K_WRITER.holds)
