"""Hugging Face's image folder: images beside ``metadata.jsonl``.

`datasets.load_dataset("imagefolder", data_dir=…)` reads it (documentation: "Create an image
dataset"). A line names an image and what is known of it. ``objects`` is a mapping of lists:
``bbox`` (x, y, width, height in pixels), ``category`` (or ``categories``; names, or numbers), and
as isthmus writes it ``details``: what else is known of each object, in Scalabel's form as text.
Other short texts of a line are attributes. A folder below the root is the split.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from isthmus.data.dataset import Dataset
from isthmus.data.formats import values
from isthmus.data.formats.bdd100k import ScalabelReading
from isthmus.data.formats.bdd100k_writer import frame_record
from isthmus.data.formats.format import Writer
from isthmus.data.formats.kitti_label import lines_of
from isthmus.data.formats.locate import Roots
from isthmus.data.formats.losses import EVERYTHING
from isthmus.data.formats.place import copy_to, flat_names, folder_name
from isthmus.data.formats.records import ImageCheck
from isthmus.data.frame import Frame
from isthmus.errors import InputError
from isthmus.files import canonical_json, write_text

METADATA = "metadata.jsonl"
UNSPLIT = "data"
USED = frozenset({"file_name", "objects", "details", "split"})


class ImageFolder:
    """Reader of Hugging Face image folders."""

    name = "imagefolder"

    def detect(self, path: Path) -> bool:
        """``metadata.jsonl``, or a folder with it or with folders that have it."""
        return bool(_files(path))

    def read(self, path: Path, *, images: Path | None, check: ImageCheck) -> Dataset:
        """See `Format.read`."""
        files = _files(path)
        if not files:
            raise InputError(f"{path}: no {METADATA} here or one folder below")
        root = path if path.is_dir() else path.parent
        reading = _Reading(path, Roots(root, images or root))
        for file in files:
            reading.take_lines(file, root)
        reading.conclude()
        return reading.dataset(root.resolve().name, check)


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path] if path.name == METADATA else []
    return sorted({*path.glob(METADATA), *path.glob(f"*/{METADATA}")}) if path.is_dir() else []


@dataclass
class _Reading(ScalabelReading):
    unequal: int = field(default=0)

    def take_lines(self, file: Path, root: Path) -> None:
        """Add the frames of one file."""
        folder = file.parent.relative_to(root).as_posix()
        split = "" if folder in (".", UNSPLIT) else unquote(folder)
        try:
            lines = lines_of(file)
        except InputError as error:
            self.log.add(file, "bad-label-file", str(error).removeprefix(f"{file}: "))
            return
        for index, line in enumerate(lines, start=1):
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                self.listed += 1
                self.log.add(file, "bad-image-record", f"line {index}: not valid JSON ({error})")
                continue
            known = row if isinstance(row, dict) else {}
            self.take(file, [self._frame(file, index, known, folder, split)])

    def _frame(
        self, file: Path, index: int, row: dict[str, Any], folder: str, split: str
    ) -> dict[str, Any]:
        frame = _mapping(row.get("details"))
        name = values.text(row.get("file_name"))
        frame["name"] = None if name is None else f"{folder}/{name}"
        frame["split"] = split or values.text(row.get("split"))
        words = {k: v for k, v in row.items() if k not in USED and values.text(v)}
        known = frame.get("attributes")
        frame["attributes"] = {**words, **(known if isinstance(known, dict) else {})}
        objects = row.get("objects")
        if isinstance(objects, dict):
            shapes = frame.get("shapes")
            boxes = list(_labels(self, file, index, objects))
            frame["labels"] = [*boxes, *(shapes if isinstance(shapes, list) else [])]
        else:
            frame["labels"], frame["labelled"] = None, False
        return frame


def _labels(
    reading: _Reading, file: Path, index: int, objects: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    columns = [objects.get("bbox"), objects.get("category", objects.get("categories"))]
    boxes, names = (column if isinstance(column, list) else [] for column in columns)
    details = objects.get("details")
    rest = details if isinstance(details, list) else []
    if len(boxes) != len(names):
        surplus = abs(len(boxes) - len(names))
        reason = f"line {index}: {len(boxes)} boxes and {len(names)} categories"
        for _ in range(surplus):
            reading.log.add(file, "bad-annotation", reason)
    for place, (box, name) in enumerate(zip(boxes, names, strict=False)):
        label = _mapping(rest[place]) if place < len(rest) else {}
        edges = values.numbers(box, 4)
        label["category"] = values.scalar_text(name)
        label["box2d"] = {}
        if edges:
            x, y, width, height = edges
            label["box2d"] = {"x1": x, "y1": y, "x2": x + width, "y2": y + height}
        yield label


def _mapping(text: Any) -> dict[str, Any]:
    try:
        found = json.loads(text) if isinstance(text, str) and text else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def write_imagefolder(dataset: Dataset, folder: Path) -> Path:
    """Write images and ``metadata.jsonl``, in a folder a split; returns `folder`."""
    lines: dict[str, list[str]] = {}
    for frame, row in metadata_rows(dataset):
        part = folder_of(frame.split)
        copy_to(frame.image, folder / part / row["file_name"])
        lines.setdefault(part, []).append(canonical_json(row) + "\n")
    for part, rows in lines.items():
        write_text(folder / part / METADATA, "".join(rows))
    return folder


def folder_of(split: str) -> str:
    """Name of the folder of a split."""
    return folder_name(split, UNSPLIT)


def metadata_rows(dataset: Dataset) -> Iterator[tuple[Frame, dict[str, Any]]]:
    """Each frame with its row; `file_name` has no folder."""
    names = flat_names(dataset)
    for frame in dataset:
        name = names[frame.id]
        record = frame_record(frame, name)
        row: dict[str, Any] = {"file_name": name, "objects": None}
        labels = record.pop("labels") or []
        if frame.objects is not None:
            boxes = labels[: len(frame.objects)]
            record["shapes"] = labels[len(frame.objects) :]
            row["objects"] = {
                "bbox": [[x1, y1, x2 - x1, y2 - y1] for x1, y1, x2, y2 in
                         (box.xyxy for box in frame.objects)],
                "category": [box.category for box in frame.objects],
                "details": [
                    canonical_json({k: v for k, v in b.items() if k not in ("box2d", "category")})
                    for b in boxes
                ],
            }  # fmt: skip
        row["details"] = canonical_json(record)
        yield frame, row


IMAGEFOLDER_WRITER = Writer(write_imagefolder, EVERYTHING - {"semantic", "instances", "depth"})
