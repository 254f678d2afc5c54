"""YOLO's labels: one text file a picture, centre and size as shares of the picture's."""

from __future__ import annotations

from pathlib import Path

import yaml

from isthmus.data.dataset import Dataset
from isthmus.data.frame import Frame
from isthmus.files import write_text


def write_yolo(dataset: Dataset, folder: Path) -> Path:
    """Write `folder`/labels/*.txt and data.yaml; returns data.yaml.

    YOLO has no way to leave a box open: boxes marked `ignore` are left out.
    """
    names = {name: index for index, name in enumerate(dataset.categories)}
    for frame in dataset:
        path = folder / "labels" / f"{Path(frame.image).stem}.txt"
        write_text(path, "".join(_lines(frame, names)))
    document = {
        "path": ".",
        "train": "images",
        "val": "images",
        "names": {index: name for name, index in names.items()},
    }
    path = folder / "data.yaml"
    write_text(path, yaml.safe_dump(document, sort_keys=False))
    return path


def _lines(frame: Frame, names: dict[str, int]) -> list[str]:
    lines = []
    for box in frame.objects or ():
        if box.ignore:
            continue
        x1, y1, x2, y2 = box.xyxy
        values = ((x1 + x2) / 2 / frame.width, (y1 + y2) / 2 / frame.height,
                  (x2 - x1) / frame.width, (y2 - y1) / frame.height)  # fmt: skip
        lines.append(f"{names[box.category]} " + " ".join(f"{v:.6f}" for v in values) + "\n")
    return lines
