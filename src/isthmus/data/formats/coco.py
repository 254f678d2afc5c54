"""COCO detection JSON (Lin et al., "Microsoft COCO", ECCV 2014), and common additions to it.

Boxes are ``[x, y, width, height]`` in pixels. ``iscrowd`` and ``ignore`` make a box an ignore
region. Of an image's record, ``split``, ``sequence`` and ``attributes`` are used as they are
named, ``mask`` as its image of class ids, ``depth`` and ``instances`` likewise; any other short
text (``time``, ``weather``, ``scene``, …) becomes an attribute of the frame. ``labelled: false``
says that an image without boxes was not looked at by an annotator. Polygons and run lengths
(compressed or not) become the outline of a box. Addresses on the web are never followed.

The file is read twice, element by element: annotations may stand before what they refer to.

If the recorded size is that of the image as stored and EXIF turns it, boxes are turned with it;
if it is that of the upright image they stay.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from isthmus.data.dataset import Dataset
from isthmus.data.formats import values
from isthmus.data.formats.coco_label import Annotations
from isthmus.data.formats.json_stream import members
from isthmus.data.formats.locate import NotFound, Roots, local_name
from isthmus.data.formats.reading import Reading
from isthmus.data.formats.records import ImageCheck, RawBox, Record
from isthmus.data.formats.sniff import label_files
from isthmus.data.frame import Camera, Shape
from isthmus.errors import InputError

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

    def read(self, path: Path, *, images: Path | None, check: ImageCheck) -> Dataset:
        """See `Format.read`."""
        labels = _only_file(path)
        reading = _Reading(labels, _roots(labels, images))
        annotated = reading.take_images_and_categories()
        if annotated:
            reading.take_annotations()
        else:
            reading.log.add(labels, "no-annotations", "no `annotations`: images only", "note")
        title = labels.parent.name if labels.stem in ("coco", "annotations") else labels.stem
        reading.records = list(reading.by_key.values())
        return reading.dataset(title, check, list(reading.names.values()))


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
class _Reading(Reading):
    by_key: dict[int | str, Record] = field(default_factory=dict)
    names: dict[int | str, str] = field(default_factory=dict)
    left_out: set[int | str] = field(default_factory=set)
    unlabelled: set[int | str] = field(default_factory=set)
    outlines: Annotations = field(default_factory=Annotations)

    def take_images_and_categories(self) -> bool:
        """The first pass; True if there are annotations for a second."""
        kinds: dict[str, bool] = {}
        for member in members(self.path):
            if member.at is None:
                kinds[member.key] = isinstance(member.value, list)
            elif member.key == "images":
                self.listed += 1
                self._take_image(member.at, member.value)
            elif member.key == "categories":
                self._take_category(member.at, member.value)
        if not kinds.get("images"):
            raise InputError(f"{self.path}: not COCO; expected an object with a list `images`")
        if not kinds.get("annotations", True):
            raise InputError(f"{self.path}: `annotations` is no list")
        return "annotations" in kinds

    def _take_image(self, index: int, image: Any) -> None:
        """Turn an image record into one of `by_key` (by COCO id), or enter why not."""
        where = f"images[{index}]"
        if not isinstance(image, dict):
            self.log.add(self.path, "bad-image-record", f"{where} is no object")
            return
        key, name = values.key(image.get("id")), values.text(image.get("file_name"))
        if key is None or name is None:
            self.log.add(
                self.path, "bad-image-record", f"{where} lacks a usable `id` or `file_name`"
            )
            if key is not None and key not in self.by_key:
                self.left_out.add(key)
            return
        if key in self.by_key or key in self.left_out:
            self.log.add(self.path, "duplicate-image", f"{where}: id {values.shown(key)} is taken")
            return
        record = self._record(image, name)
        if record is not None and (record.image in self.files or record.id in self.ids):
            self.log.add(record.image, "duplicate-image", f"{where} is the same image again")
            record = None
        if record is None:
            self.left_out.add(key)
            return
        self.files.add(record.image)
        self.ids.add(record.id)
        self.by_key[key] = record
        if image.get("labelled") is False:
            self.unlabelled.add(key)

    def _record(self, image: dict[str, Any], name: str) -> Record | None:
        found = self.roots.find([name])
        if isinstance(found, NotFound):
            missing = self.roots.first / local_name(name)
            where = missing if found.kind == "missing-image" else self.path
            self.log.add(where, found.kind, found.reason)
            return None
        attributes, refused = values.attributes(image.get("attributes"))
        self.log.tally(
            self.path,
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
            labels=self.path,
            declared=values.size(image.get("width"), image.get("height")),
            split=values.text(image.get("split")) or "",
            sequence=values.scalar_text(image.get("sequence")) or "",
            attributes=attributes,
            camera=_camera(image.get("camera")),
            semantic=self._layer(image.get("mask")),
            instance=self._layer(image.get("instances")),
            depth=self._layer(image.get("depth")),
            shapes=self._shapes(image.get("shapes")),
        )

    def _shapes(self, listed: Any) -> list[Shape]:
        if not isinstance(listed, list):
            return []
        made = [self.outlines.shape(item) for item in listed]
        return [shape for shape in made if shape]

    def _layer(self, name: Any) -> Path | None:
        word = values.text(name)
        if word is None:
            return None
        found = self.roots.find([word])
        if isinstance(found, NotFound):
            self.log.tally(self.path, "missing-layer", "images of per-pixel labels are not there")
            return None
        return found.path

    def _take_category(self, index: int, category: Any) -> None:
        known = category if isinstance(category, dict) else {}
        key, name = values.key(known.get("id")), values.text(known.get("name"))
        if key is None or name is None:
            reason = f"categories[{index}] lacks a usable `id` or `name`"
            self.log.add(self.path, "bad-category", reason)
        elif self.names.setdefault(key, name) != name:
            reason = f"categories[{index}]: id {values.shown(key)} already means "
            self.log.add(self.path, "bad-category", f"{reason}{self.names[key]!r}")

    def take_annotations(self) -> None:
        """The second pass: give every box to its image, or enter why not."""
        for record in self.by_key.values():
            record.boxes = []
        seen: dict[int | str, tuple[object, ...]] = {}
        for member in members(self.path):
            if member.key == "annotations" and member.at is not None:
                self._take_annotation(member.at, member.value, seen)
        for key in self.unlabelled:
            self.by_key[key].boxes = self.by_key[key].boxes or None
        for kind, reason, count in self.outlines.account():
            self.log.tally(self.path, kind, reason, count=count)

    def _take_annotation(
        self, index: int, annotation: Any, seen: dict[int | str, tuple[object, ...]]
    ) -> None:
        where = f"annotations[{index}]"
        if not isinstance(annotation, dict):
            self.log.add(self.path, "bad-annotation", f"{where} is no object")
            return
        image, category = (values.key(annotation.get(k)) for k in ("image_id", "category_id"))
        if image in self.left_out:
            self.log.tally(
                self.path, "box-of-skipped-image", "boxes whose image is not read", "skipped"
            )
        elif image is None or image not in self.by_key:
            shown = values.shown(annotation.get("image_id"))
            self.log.add(self.path, "unknown-image-id", f"{where}: no image has id {shown}")
        elif category is None or category not in self.names:
            shown = values.shown(annotation.get("category_id"))
            self.log.add(self.path, "unknown-category-id", f"{where}: no category has id {shown}")
        elif isinstance(made := self.outlines.box(annotation, self.names[category]), str):
            kind = "bad-box" if "bbox" in annotation else "bad-annotation"
            self.log.add(self.path, kind, f"{where} {made}")
        elif not self._repeated(where, annotation, (image, category, made.xyxy), seen):
            self.by_key[image].boxes.append(RawBox(where, made))  # type: ignore[union-attr]  # made a list above

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
            self.log.add(self.path, "duplicate-annotation", f"{reason} by the same box")
        else:
            self.log.add(self.path, "reused-id", f"{reason}; both boxes are kept", "note")
        return same


def _camera(value: Any) -> Camera | None:
    if not isinstance(value, dict):
        return None
    found = values.numbers([value.get(k) for k in ("fx", "fy", "cx", "cy")], 4)
    if not found:
        return None
    lens = values.numbers(value.get("distortion"), 4)
    return Camera.of([*found, *(lens or ())])
