"""Writes plain folders of images, one folder a sequence, without labels."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from isthmus.data.dataset import Dataset
from isthmus.data.formats.format import Writer
from isthmus.data.formats.locate import leaves
from isthmus.data.formats.place import copy_to, flat_names
from isthmus.files import safe_join


def write_folder(dataset: Dataset, folder: Path) -> Path:
    """Write the images below `folder`; returns `folder`. Labels are left out."""
    names = flat_names(dataset)
    folder.mkdir(parents=True, exist_ok=True)
    for frame in dataset:
        sequence = frame.sequence
        if leaves(sequence) or any(part.startswith(".") for part in sequence.split("/")):
            sequence = quote(sequence, safe=" ").replace(".", "%2E")
        copy_to(frame.image, safe_join(folder, f"{sequence}/{names[frame.id]}".lstrip("/")))
    return folder


FOLDER_WRITER = Writer(write_folder, frozenset({"sequence", "unlabelled"}))
