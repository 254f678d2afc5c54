"""Cityscapes (Cordts et al., CVPR 2016): ``leftImg8bit``, ``gtFine``, ``camera``; split and city.

From ``*_polygons.json`` a class with instances becomes a box around its polygon, a group of them
(``cargroup``) an ignore region, everything else a shape (the order in which shapes and boxes
cover each other is not kept). Without polygons boxes and masks are taken from
``*_instanceIds.png``. ``*_labelIds.png`` (else ``*_labelTrainIds.png``) and ``*_instanceIds.png``
go with the image. The city is the sequence. An image without labels is unlabelled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np

from isthmus.data import rle
from isthmus.data.dataset import Dataset
from isthmus.data.depth import read_ids_png
from isthmus.data.formats import values
from isthmus.data.formats.locate import Roots
from isthmus.data.formats.reading import Reading
from isthmus.data.formats.records import ImageCheck, RawBox, Record
from isthmus.data.formats.scalabel_label import is_surface
from isthmus.data.frame import Box, Camera, Shape
from isthmus.data.images import SUFFIXES
from isthmus.data.shapes import Polygon, bounds
from isthmus.errors import InputError
from isthmus.files import read_json

IMAGES, LABELS, CAMERAS = "leftImg8bit", "gtFine", "camera"
NONE = "_"
"""Folder of frames without a split or a sequence, in sets that isthmus wrote."""
THINGS = {
    24: "person", 25: "rider", 26: "car", 27: "truck", 28: "bus", 29: "caravan", 30: "trailer",
    31: "train", 32: "motorcycle", 33: "bicycle",
}  # fmt: skip
"""Number → name of the classes with instances (cityscapesscripts, helpers/labels.py)."""
GROUP = "group"
KIND = "kind"
"""In sets that isthmus wrote: box, group or shape, of an entry whose name says otherwise."""
MAX_JSON = 1 << 26


class Cityscapes:
    """Reader of Cityscapes folders."""

    name = "cityscapes"

    def detect(self, path: Path) -> bool:
        """A folder with ``gtFine`` (or ``gtCoarse``) beside ``leftImg8bit``."""
        return (path / IMAGES).is_dir() and _label_folder(path) is not None

    def read(self, path: Path, *, images: Path | None, check: ImageCheck) -> Dataset:
        """See `Format.read`."""
        labels = _label_folder(path)
        if labels is None:
            raise InputError(f"{path}: no folder {LABELS} here")
        pictures = images or path / IMAGES
        reading = _Reading(path, Roots(path, images, [pictures]), pictures=pictures, labels=labels)
        for stem in sorted({*_stems(pictures), *_stems(labels)}):
            reading.take(stem)
        reading.conclude()
        return reading.dataset(path.resolve().name, check)


def _label_folder(path: Path) -> Path | None:
    return next((path / n for n in (LABELS, "gtCoarse") if (path / n).is_dir()), None)


def _stems(folder: Path) -> Iterator[str]:
    """SPLIT/CITY/CITY_SEQUENCE_FRAME of the files below a folder."""
    for file in folder.glob("*/*/*"):
        stem, _, kind = file.stem.rpartition(f"_{folder.name}")
        if stem and file.suffix.lower() in (*SUFFIXES, ".json") and kind[:1] in ("", "_"):
            yield f"{file.parent.relative_to(folder).as_posix()}/{stem}"


@dataclass
class _Reading(Reading):
    pictures: Path = Path()
    labels: Path = Path()
    from_masks: int = 0

    def take(self, stem: str) -> None:
        """Add one image with its labels."""
        self.listed += 1
        split, city, _ = stem.split("/")
        start = f"{self.labels / stem}_{self.labels.name}"
        polygons, instances = Path(f"{start}_polygons.json"), Path(f"{start}_instanceIds.png")
        record = Record("", polygons, polygons, split=_given(split), sequence=_given(city))
        maps = (Path(f"{start}_{kind}.png") for kind in ("labelIds", "labelTrainIds"))
        record.semantic = next((file for file in maps if file.is_file()), None)
        record.instance = instances if instances.is_file() else None
        try:
            if polygons.is_file():
                self._from_polygons(record, read_json(polygons, limit_bytes=MAX_JSON))
            elif record.instance:
                record.labels = instances
                self._from_instances(record)
        except InputError as error:
            reason = str(error).removeprefix(f"{record.labels}: ")
            self.log.add(record.labels, "bad-label-file", reason)
            return
        camera = self.labels.parent / CAMERAS / f"{stem}_camera.json"
        if camera.is_file():
            record.camera = self._camera(camera)
        names = [f"{stem}_{self.pictures.name}{suffix}" for suffix in SUFFIXES]
        self.add_found(record, self.roots.find(names))

    def _from_polygons(self, record: Record, document: Any) -> None:
        objects = document.get("objects") if isinstance(document, dict) else None
        if not isinstance(objects, list):
            raise InputError(f"{record.labels}: not Cityscapes; expected a list `objects`")
        record.declared = values.size(document.get("imgWidth"), document.get("imgHeight"))
        record.boxes = []
        for index, item in enumerate(objects):
            known = item if isinstance(item, dict) else {}
            if known.get("deleted") in (1, True):
                continue
            label, outline = values.text(known.get("label")), _outline(known.get("polygon"))
            where = f"objects[{index}]"
            if label is None or outline is None:
                reason = f"{where} lacks a usable `label` or `polygon`"
                self.log.add(record.labels, "bad-annotation", reason)
            elif known.get(KIND, kind_of(label)) == "shape":
                record.shapes.append(Shape(label, (outline,)))
            else:
                grouped = known.get(KIND, "group") == "group" and is_group(label)
                category = label.removesuffix(GROUP) if grouped else label
                around = bounds((outline,)) or (0.0, 0.0, 0.0, 0.0)
                box = Box(category, around, ignore=grouped, polygons=(outline,))
                record.boxes.append(RawBox(where, box))

    def _from_instances(self, record: Record) -> None:
        """Boxes and masks from a map of 1000 × class + number; a bare class is a group."""
        ids = read_ids_png(record.labels)
        record.boxes = []
        for value in (int(v) for v in np.unique(ids)):
            category = THINGS.get(value // 1000 if value >= 1000 else value)
            if category is None:
                continue
            mask = rle.encode(ids == value)
            around = rle.bounds(mask) or (0.0, 0.0, 0.0, 0.0)
            single = value >= 1000
            box = Box(category, around, ignore=not single, mask=mask,
                      instance=str(value) if single else None)  # fmt: skip
            record.boxes.append(RawBox(f"object {value}", box))
            self.from_masks += 1

    def _camera(self, file: Path) -> Camera | None:
        document = read_json(file, limit_bytes=MAX_JSON) if file.is_file() else None
        known = document.get("intrinsic") if isinstance(document, dict) else None
        keys = ("fx", "fy", "u0", "v0")
        numbers = (
            values.numbers([known.get(k) for k in keys], 4) if isinstance(known, dict) else None
        )
        if numbers is None:
            self.log.add(file, "bad-calibration", "no usable `intrinsic`", "note")
        return Camera.of(numbers) if numbers else None

    def conclude(self) -> None:
        """Enter what is said once for all."""
        reason = "boxes are drawn around the pixels of instanceIds, as there are no polygons"
        self.log.tally(self.path, "box-from-outline", reason, count=self.from_masks)


def _given(folder: str) -> str:
    return "" if folder == NONE else unquote(folder)


def kind_of(label: str) -> str:
    """``shape`` for classes without instances: is_surface knows them all but these two."""
    return "shape" if is_surface(label) or label in ("traffic light", "traffic sign") else "box"


def is_group(label: str) -> bool:
    """True for the name of several objects that were not told apart (``cargroup``)."""
    return label.endswith(GROUP) and label != GROUP


def _outline(value: Any) -> Polygon | None:
    pairs = [values.numbers(point, 2) for point in value] if isinstance(value, list) else []
    if not pairs or None in pairs:
        return None
    return Polygon(tuple(v for pair in pairs if pair for v in pair))
