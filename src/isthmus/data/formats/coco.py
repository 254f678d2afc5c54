"""COCO detection JSON (Lin et al., "Microsoft COCO", ECCV 2014), and common additions to it.

Boxes are ``[x, y, width, height]`` in pixels. ``iscrowd`` and ``ignore`` make a box an ignore
region. Of an image's record, ``split``, ``sequence`` and ``attributes`` are used as they are
named, ``mask`` as its image of class ids, ``depth`` and ``instances`` likewise; any other short
text (``time``, ``weather``, ``scene``, …) becomes an attribute of the frame. ``labelled: false``
says that an image without boxes was not looked at by an annotator. Segmentation polygons are
counted and not used. Addresses on the web are never followed.

If the recorded size is that of the image as stored and EXIF turns it, boxes are turned with it;
if it is that of the upright image they stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from isthmus.compute.executor import Executor, Progress
from isthmus.data.dataset import Dataset
from isthmus.data.formats import values
from isthmus.data.formats.locate import NotFound, Roots, local_name
from isthmus.data.formats.records import (
    RawBox,
    Record,
    frames_from,
    require_frames,
    require_records,
)
from isthmus.data.formats.sniff import label_files
from isthmus.data.frame import Camera
from isthmus.data.problem_log import ProblemLog
from isthmus.errors import InputError
from isthmus.files import read_json

USED = frozenset({"file_name", "split", "sequence", "mask", "depth", "instances", "frame_id"})
"""Text fields of an image's record that have a place of their own in a frame."""
NOT_ABOUT_THE_SCENE = re.compile(r"(^|_)(url|uri|path|license|date|captured|hash|md5|sha\d*)(_|$)")
"""Text fields that say nothing about what is in the image."""


class Coco:
    """Reader of COCO detection files."""

    name = "coco"

    def detect(self, path: Path) -> bool:
        """A COCO file, or a folder with one in it."""
        return bool(label_files(path, "coco"))

    def read(
        self,
        path: Path,
        *,
        images: Path | None,
        executor: Executor | None = None,
        progress: Progress | None = None,
    ) -> Dataset:
        """See `Format.read`."""
        labels = _only_file(path)
        document = read_json(labels)
        if not isinstance(document, dict) or not isinstance(document.get("images"), list):
            raise InputError(f"{labels}: not COCO; expected an object with a list `images`")
        reading = _Reading(labels, _roots(labels, images))
        reading.take_images(document["images"])
        names = reading.take_categories(document.get("categories", []))
        if "annotations" in document:
            reading.take_annotations(document["annotations"], names)
        else:
            reading.log.add(labels, "no-annotations", "no `annotations`: images only", "note")
        records = list(reading.records.values())
        require_records(records, len(document["images"]), labels, reading.roots, reading.log)
        frames = frames_from(records, reading.log, executor=executor, progress=progress)
        require_frames(frames, records, labels, reading.log)
        title = labels.parent.name if labels.stem in ("coco", "annotations") else labels.stem
        problems = reading.log.problems(labels)
        return Dataset(title, frames, problems, tuple(dict.fromkeys(names.values())))


def _only_file(path: Path) -> Path:
    if path.is_file():
        return path
    found = label_files(path, "coco")
    if len(found) == 1:
        return found[0]
    listed = ", ".join(file.name for file in found) or "none"
    raise InputError(f"{path}: COCO files in this folder: {listed}; give the path of one of them")


def _roots(labels: Path, images: Path | None) -> Roots:
    # annotations/instances_val2017.json goes with val2017/ or images/val2017/ one folder up.
    part = labels.stem.rpartition("_")[2]
    up = labels.parent.parent
    return Roots(labels, images, (up / part, up / "images" / part, up / "images"))


@dataclass
class _Reading:
    labels: Path
    roots: Roots
    log: ProblemLog = field(default_factory=ProblemLog)
    records: dict[int | str, Record] = field(default_factory=dict)
    left_out: set[int | str] = field(default_factory=set)
    unlabelled: set[int | str] = field(default_factory=set)

    def take_images(self, images: list[Any]) -> None:
        """Turn image records into `records` (by COCO id), or enter why not."""
        files: set[Path] = set()
        ids: set[str] = set()
        for index, image in enumerate(images):
            where = f"images[{index}]"
            if not isinstance(image, dict):
                self.log.add(self.labels, "bad-image-record", f"{where} is no object")
                continue
            key, name = values.key(image.get("id")), values.text(image.get("file_name"))
            if key is None or name is None:
                self.log.add(
                    self.labels, "bad-image-record", f"{where} lacks a usable `id` or `file_name`"
                )
                if key is not None and key not in self.records:
                    self.left_out.add(key)
                continue
            if key in self.records or key in self.left_out:
                self.log.add(
                    self.labels, "duplicate-image", f"{where}: id {values.shown(key)} is taken"
                )
                continue
            record = self._record(image, name)
            if record is not None and (record.image in files or record.id in ids):
                self.log.add(record.image, "duplicate-image", f"{where} is the same image again")
                record = None
            if record is None:
                self.left_out.add(key)
                continue
            files.add(record.image)
            ids.add(record.id)
            self.records[key] = record
            if image.get("labelled") is False:
                self.unlabelled.add(key)

    def _record(self, image: dict[str, Any], name: str) -> Record | None:
        found = self.roots.find([name])
        if isinstance(found, NotFound):
            missing = self.roots.first / local_name(name)
            where = missing if found.kind == "missing-image" else self.labels
            self.log.add(where, found.kind, found.reason)
            return None
        attributes, refused = values.attributes(image.get("attributes"))
        self.log.tally(
            self.labels,
            "unused-attribute",
            "attributes of images are neither text, number nor truth value",
            count=len(refused),
        )
        for field_name, content in image.items():
            word = values.text(content)
            if word and field_name not in USED and not NOT_ABOUT_THE_SCENE.search(field_name):
                attributes.setdefault(field_name, word)
        return Record(
            id=values.text(image.get("frame_id")) or found.name,
            image=found.path,
            labels=self.labels,
            declared=values.size(image.get("width"), image.get("height")),
            split=values.text(image.get("split")) or "",
            sequence=values.scalar_text(image.get("sequence")) or "",
            attributes=attributes,
            camera=_camera(image.get("camera")),
            semantic=self._layer(image.get("mask")),
            instance=self._layer(image.get("instances")),
            depth=self._layer(image.get("depth")),
        )

    def _layer(self, name: Any) -> Path | None:
        word = values.text(name)
        if word is None:
            return None
        found = self.roots.find([word])
        if isinstance(found, NotFound):
            self.log.tally(self.labels, "missing-layer", "images of per-pixel labels are not there")
            return None
        return found.path

    def take_categories(self, categories: Any) -> dict[int | str, str]:
        """Category id → name."""
        names: dict[int | str, str] = {}
        for index, category in enumerate(categories if isinstance(categories, list) else []):
            known = category if isinstance(category, dict) else {}
            key, name = values.key(known.get("id")), values.text(known.get("name"))
            if key is None or name is None:
                self.log.add(
                    self.labels,
                    "bad-category",
                    f"categories[{index}] lacks a usable `id` or `name`",
                )
            elif names.setdefault(key, name) != name:
                self.log.add(
                    self.labels,
                    "bad-category",
                    f"categories[{index}]: id {values.shown(key)} already means {names[key]!r}",
                )
        return names

    def take_annotations(self, annotations: Any, names: dict[int | str, str]) -> None:
        """Give every box to its image, or enter why not."""
        if not isinstance(annotations, list):
            raise InputError(f"{self.labels}: `annotations` is no list")
        for record in self.records.values():
            record.boxes = []
        seen: dict[int | str, tuple[object, ...]] = {}
        for index, annotation in enumerate(annotations):
            self._take_annotation(index, annotation, names, seen)
        for key in self.unlabelled:
            self.records[key].boxes = self.records[key].boxes or None

    def _take_annotation(
        self,
        index: int,
        annotation: Any,
        names: dict[int | str, str],
        seen: dict[int | str, tuple[object, ...]],
    ) -> None:
        where = f"annotations[{index}]"
        if not isinstance(annotation, dict):
            self.log.add(self.labels, "bad-annotation", f"{where} is no object")
            return
        image, category = (values.key(annotation.get(k)) for k in ("image_id", "category_id"))
        if image in self.left_out:
            self.log.tally(
                self.labels, "box-of-skipped-image", "boxes whose image is not read", "skipped"
            )
        elif image is None or image not in self.records:
            shown = values.shown(annotation.get("image_id"))
            self.log.add(self.labels, "unknown-image-id", f"{where}: no image has id {shown}")
        elif category is None or category not in names:
            shown = values.shown(annotation.get("category_id"))
            self.log.add(self.labels, "unknown-category-id", f"{where}: no category has id {shown}")
        elif "bbox" not in annotation:
            self.log.add(self.labels, "bad-annotation", f"{where} has no `bbox`")
        elif (bbox := values.numbers(annotation["bbox"], 4)) is None:
            self.log.add(self.labels, "bad-box", f"{where}: `bbox` is not four finite numbers")
        elif not self._repeated(where, annotation, (image, category, bbox), seen):
            box = _box(where, annotation, names[category], bbox)
            self.records[image].boxes.append(box)  # type: ignore[union-attr]  # made a list above
            unused = bool(annotation.get("segmentation"))
            self.log.tally(
                self.labels,
                "unused-segmentation",
                "objects have a segmentation, which is not used; their boxes are",
                count=int(unused),
            )

    def _repeated(
        self,
        where: str,
        annotation: dict[str, Any],
        content: tuple[object, ...],
        seen: dict[int | str, tuple[object, ...]],
    ) -> bool:
        key = values.key(annotation.get("id"))
        if key is None or seen.setdefault(key, content) is content:
            return False
        same = seen[key] == content
        reason = f"{where}: id {values.shown(key)} is taken"
        if same:
            self.log.add(self.labels, "duplicate-annotation", f"{reason} by the same box")
        else:
            self.log.add(self.labels, "reused-id", f"{reason}; both boxes are kept", "note")
        return same


def _box(where: str, annotation: dict[str, Any], category: str, bbox: tuple[float, ...]) -> RawBox:
    x, y, width, height = bbox
    details = annotation.get("attributes")
    flags: dict[str, Any] = {**annotation, **(details if isinstance(details, dict) else {})}
    score = values.number(annotation.get("score"))
    named: Iterable[Any] = (annotation.get(k) for k in ("instance_id", "track_id"))
    return RawBox(
        where,
        category,
        (x, y, x + width, y + height),
        occluded=values.flag(flags.get("occluded")),
        truncated=values.flag(flags.get("truncated")),
        ignore=bool(values.flag(annotation.get("iscrowd")) or values.flag(flags.get("ignore"))),
        instance=next((word for n in named if (word := values.scalar_text(n))), None),
        score=score if score is not None and 0 <= score <= 1 else None,
    )


def _camera(value: Any) -> Camera | None:
    if not isinstance(value, dict):
        return None
    found = values.numbers([value.get(k) for k in ("fx", "fy", "cx", "cy")], 4)
    return Camera(*found) if found else None
