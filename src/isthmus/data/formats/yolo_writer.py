"""Writes YOLO detection folders: ``images/SPLIT``, ``labels/SPLIT`` and ``data.yaml``.

A label is a box and a class, nothing else; ignore regions are left out, as YOLO knows none.
``data.yaml`` names the splits that there are and no others: images of no split are training
images, and a set without a split ``val`` has no entry of that name.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import yaml

from isthmus.data.dataset import Dataset
from isthmus.data.formats.format import Writer
from isthmus.data.formats.place import copy_to, flat_names, folder_name
from isthmus.data.formats.yolo import SPLITS, UNSPLIT
from isthmus.data.frame import Frame
from isthmus.files import write_text

LABEL_FILE = "data.yaml"
RESERVED = ("path", "names", "nc")
"""Entries of the file that are no splits."""


def write_yolo(dataset: Dataset, folder: Path) -> Path:
    """Write `folder`/data.yaml, images and labels; returns data.yaml."""
    found = {box.category for frame in dataset for box in frame.objects or () if not box.ignore}
    categories = tuple(dict.fromkeys((*dataset.categories, *sorted(found))))
    numbers = {name: index for index, name in enumerate(categories)}
    names = flat_names(dataset)
    splits: dict[str, str] = {}
    for frame in dataset:
        part = folder_name(frame.split, UNSPLIT)
        splits[frame.split] = f"images/{part}"
        name = Path(names[frame.id])
        copy_to(frame.image, folder / "images" / part / name)
        lines = "".join(label_lines(frame, numbers))
        write_text(folder / "labels" / part / name.with_suffix(".txt"), lines)
    document: dict[str, object] = {"path": "."}
    training = [splits.pop(split) for split in ("train", "") if split in splits]
    if training:
        document["train"] = training if len(training) > 1 else training[0]
    if "val" in splits:
        document["val"] = splits.pop("val")
    document |= {_key(split): place for split, place in splits.items()}
    document["names"] = dict(enumerate(categories))
    path = folder / LABEL_FILE
    write_text(path, yaml.safe_dump(document, sort_keys=False, allow_unicode=True))
    return path


def _key(split: str) -> str:
    """The split's entry; one whose name has a meaning of its own there is written otherwise."""
    taken = split in RESERVED or (split in SPLITS and SPLITS[split] != split)
    return f"%{ord(split[0]):02X}{quote(split[1:], safe=' ')}" if taken or "%" in split else split


def label_lines(frame: Frame, numbers: dict[str, int]) -> list[str]:
    """The lines of a frame's label file; `numbers`: class → its number."""
    lines = []
    for box in frame.objects or ():
        if box.ignore:
            continue
        x1, y1, x2, y2 = box.xyxy
        width, height = frame.width, frame.height
        shares = (
            (x1 + x2) / 2 / width,
            (y1 + y2) / 2 / height,
            (x2 - x1) / width,
            (y2 - y1) / height,
        )
        lines.append(f"{numbers[box.category]} " + " ".join(repr(v) for v in shares) + "\n")
    return lines


YOLO_WRITER = Writer(write_yolo, frozenset({"objects", "split", "spaces", "other_boxes"}))
