"""BDD100K label JSON (Yu et al., CVPR 2020) in its 2018, 2020 and Scalabel forms.

All of these are read: a list of frames (``bdd100k_labels_images_*.json`` of 2018, ``det_20``,
``box_track_20``), an object with a list ``frames`` (Scalabel data set), one object an image with
``frames[].objects`` (the first 2018 release), and a folder of such files.

Labels are read by `scalabel_label`; one marked ``crowd`` is an ignore region. Maps of class ids
that lie where BDD100K publishes them (``sem_seg/masks``, ``drivable/masks``, and the folders of
2018) become the frames' `semantic`. The sequence is ``videoName`` where given, else the image's
name up to its last ``-``: for BDD100K's names that is the video (``b1c66a42-6f7d68ca-0000001``)
or, for its single images (``b1c66a42-6f7d68ca``), the drive that several videos were cut from,
so that no split parts frames of one drive.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from isthmus.data.dataset import Dataset
from isthmus.data.formats import values
from isthmus.data.formats.json_stream import members
from isthmus.data.formats.locate import Found, NotFound, Roots, is_address, local_name
from isthmus.data.formats.reading import Reading
from isthmus.data.formats.records import ImageCheck, RawBox, Record
from isthmus.data.formats.scalabel_label import (
    BoxError,
    Labels,
    NoBoxError,
    is_surface,
)
from isthmus.data.formats.sniff import label_files
from isthmus.data.frame import Box, Camera
from isthmus.errors import InputError

PARTS = ("train", "val", "test")
_FRAME_OF_VIDEO = re.compile(r"^(?P<video>.+)-(?:[0-9a-f]{8}|[0-9]{3,})$")
MASK_FOLDERS = {
    "sem_seg/masks": ".png",
    "seg/labels": "_train_id.png",
    "drivable/masks": ".png",
    "drivable_maps/labels": "_drivable_id.png",
}
"""Folders of class id maps and how their files' names go on after the image's, best first."""


class Bdd100k:
    """Reader of BDD100K and Scalabel labels."""

    def __init__(self, name: str = "bdd100k") -> None:
        self.name = name

    def detect(self, path: Path) -> bool:
        """A label file, or a folder of label files."""
        return bool(label_files(path, "bdd100k"))

    def read(self, path: Path, *, images: Path | None, check: ImageCheck) -> Dataset:
        """See `Format.read`."""
        files = [path] if path.is_file() else label_files(path, "bdd100k")
        if not files:
            raise InputError(f"{path}: no BDD100K label file in this folder")
        reading = ScalabelReading(path, _roots(path, images), mask_folders=_mask_folders(path))
        for labels in files:
            if path.is_file():
                reading.take(labels, _frames_in(labels, reading.categories))
                continue
            try:
                reading.take(labels, list(_frames_in(labels, reading.categories)))
            except InputError as error:
                reason = str(error).removeprefix(f"{labels}: ")
                reading.log.add(labels, "bad-label-file", reason)
        reading.conclude()
        return reading.dataset(path.stem, check, reading.categories)


def _mask_folders(path: Path) -> list[tuple[Path, str]]:
    """(folder of class id maps, ending of its files' names) near the label file."""
    start = path.resolve()
    bases = [base for above in (start, *start.parents[:4]) for base in (above, above / "labels")]
    tried = (
        (base / folder / part, ending)
        for folder, ending in MASK_FOLDERS.items()
        for base in bases
        for part in ("", *PARTS)
    )
    return [(folder, ending) for folder, ending in tried if folder.is_dir()]


def _roots(path: Path, images: Path | None) -> Roots:
    if images is not None:
        return Roots(path, images, below=PARTS)
    # As the data set is published: labels/det_20/det_train.json beside images/100k/train/.
    kinds = ("100k", "track", "10k")
    others = [
        ancestor / "images" / kind / part
        for ancestor in path.resolve().parents[:3]
        for kind in kinds
        for part in PARTS
    ]
    return Roots(path, None, others)


@dataclass
class ScalabelReading(Reading):
    """Frames of Scalabel's form, from whatever file they come.

    Attributes:
        mask_folders: folders of class id maps, and how their files' names go on.
        labels: makes boxes and shapes.
        categories: declared by the files.
        unlabelled: ids of frames that say so.
    """

    mask_folders: list[tuple[Path, str]] = field(default_factory=list)
    labels: Labels = field(default_factory=Labels)
    categories: list[str] = field(default_factory=list)
    unlabelled: set[str] = field(default_factory=set)

    def take(self, labels: Path, frames: Iterable[Any]) -> None:
        """Add the frames of one label file."""
        for index, frame in enumerate(frames):
            self.listed += 1
            where = f"frame {index}"
            name = values.text(frame.get("name")) if isinstance(frame, dict) else None
            if name is None or not isinstance(frame.get("labels", []), list | None):
                self.log.add(
                    labels,
                    "bad-image-record",
                    f"{where} lacks a usable `name`, or its `labels` are no list",
                )
                self._lose(labels, frame)
                continue
            record = self._record(labels, frame, name)
            if record is None:
                self._lose(labels, frame)
            else:
                self.add(record, where)

    def _lose(self, labels: Path, frame: Any) -> None:
        found = frame.get("labels") if isinstance(frame, dict) else None
        count = len(found) if isinstance(found, list) else 0
        self.log.tally(
            labels, "box-of-skipped-image", "boxes whose image is not read", "skipped", count
        )

    def _record(self, labels: Path, frame: dict[str, Any], name: str) -> Record | None:
        video = values.text(frame.get("videoName")) or ""
        found = self._find(labels, frame, name, video)
        if isinstance(found, NotFound):
            missing = self.roots.first / local_name(name)
            where = missing if found.kind == "missing-image" else labels
            self.log.add(where, found.kind, found.reason)
            return None
        local = local_name(name)
        short = local if local.startswith(video) else f"{video}/{local}"
        own_id = values.text(frame.get("frame_id")) or short
        attributes, refused = values.attributes(frame.get("attributes"))
        self.log.tally(
            labels, "unused-attribute", "attributes of images are not text", count=len(refused)
        )
        declared = frame.get("size")
        size = declared if isinstance(declared, dict) else {}
        record = Record(
            id=own_id,
            image=found.path,
            labels=labels,
            declared=values.size(size.get("width"), size.get("height")),
            split=values.text(frame.get("split")) or "",
            sequence=video if "videoName" in frame and video else _video_in(frame, local),
            order=values.number(frame.get("frameIndex", frame.get("index"))),
            attributes=attributes,
            camera=_camera(frame.get("intrinsics")),
            semantic=self._mask(local),
        )
        self._take_labels(record, frame)
        return record

    def _mask(self, name: str) -> Path | None:
        stem = PurePosixPath(name).stem
        tried = (folder / f"{stem}{ending}" for folder, ending in self.mask_folders)
        return next((mask for mask in tried if mask.is_file()), None)

    def _find(self, labels: Path, frame: dict[str, Any], name: str, video: str) -> Found | NotFound:
        names = [name]
        if video and not is_address(name):
            names.append(f"{video}/{name}")
        address = values.text(frame.get("url"))
        if address and not is_address(address):
            names.append(address)
        return self.roots.find(names)

    def _take_labels(self, record: Record, frame: dict[str, Any]) -> None:
        """Give the frame's labels to its record, or enter why not."""
        found = frame.get("labels")
        if found is None:
            if frame.get("labelled") is False:
                self.unlabelled.add(record.id)
            return
        record.boxes = []
        other: Counter[tuple[str, str]] = Counter()
        for index, label in enumerate(found):
            where = f"{record.id}, label {index}"
            category = values.text(label.get("category")) if isinstance(label, dict) else None
            if category is None:
                reason = f"{where} lacks a usable `category`"
                self.log.add(record.labels, "bad-annotation", reason)
                continue
            try:
                made = self.labels.take(label, category)
            except BoxError as error:
                self.log.add(record.labels, "bad-box", f"{where}: {error}")
            except NoBoxError as error:
                other[category, str(error)] += 1
            else:
                if isinstance(made, Box):
                    record.boxes.append(RawBox(where, made))
                else:
                    record.shapes.append(made)
        for (category, kind), count in other.items():
            self.log.tally(
                record.labels,
                "label-without-box",
                f"labels {category!r} have no box2d{f' but {kind}' if kind else ''}: not used",
                "note" if is_surface(category) else "skipped",
                count,
            )

    def conclude(self) -> None:
        """Decide what frames without labels mean, and enter what is said once for all."""
        for kind, reason, count in (
            ("unused-attribute", "attributes of labels are not text", self.labels.refused),
            ("unused-score", values.UNUSED_SCORES, self.labels.scores),
            ("bad-outline", "polygons, masks or boxes in space cannot be used; the labels' boxes "
             "are", self.labels.outlines),
            ("box-from-outline", "labels without box2d got the box around their outline",
             self.labels.drawn),
        ):  # fmt: skip
            self.log.tally(self.path, kind, reason, count=count)
        silent = [r for r in self.records if r.boxes is None and r.id not in self.unlabelled]
        if len(silent) < len(self.records):
            for record in silent:
                record.boxes = []
            self.log.tally(
                self.path,
                "no-labels",
                "images have no `labels`: taken as looked at and empty, as in det_20",
                count=len(silent),
            )


def _frames_in(labels: Path, categories: list[str]) -> Iterator[Any]:
    """Frame records, in whichever form the file has them; adds the categories it declares."""
    known: dict[str, Any] = {}
    nameless = []
    listed = False
    for member in members(labels):
        if member.key not in ("", "frames"):
            known[member.key] = member.value
        elif member.at is None:
            listed = listed or isinstance(member.value, list)
        elif _is_nameless(member.value):
            nameless.append(member.value)
        else:
            yield member.value
    if not listed:
        raise InputError(
            f"{labels}: not BDD100K; expected a list of frames, or an object with a list `frames`"
        )
    # The first release: one object an image, which it names without its ending.
    name = known.get("name")
    full = f"{name}.jpg" if isinstance(name, str) and "." not in name else name
    for frame in nameless:
        yield {"name": full, "attributes": known.get("attributes"), "labels": frame["objects"]}
    config = known.get("config")
    declared = config.get("categories") if isinstance(config, dict) else None
    for category in declared if isinstance(declared, list) else []:
        word = values.text(category.get("name") if isinstance(category, dict) else None)
        if word and word not in categories:
            categories.append(word)


def _is_nameless(frame: Any) -> bool:
    return isinstance(frame, dict) and "objects" in frame and "name" not in frame


def _video_in(frame: dict[str, Any], name: str) -> str:
    if frame.get("videoName") == "" and "frame_id" in frame:
        return ""
    found = _FRAME_OF_VIDEO.match(PurePosixPath(name).stem)
    return found["video"] if found else ""


def _camera(value: Any) -> Camera | None:
    if not isinstance(value, dict):
        return None
    focal, centre = values.numbers(value.get("focal"), 2), values.numbers(value.get("center"), 2)
    if not (focal and centre):
        return None
    lens = values.numbers(value.get("distortion"), 4)
    return Camera.of([*focal, *centre, *(lens or ())])
