"""BDD100K label JSON (Yu et al., CVPR 2020) in its 2018, 2020 and Scalabel forms.

All of these are read: a list of frames (``bdd100k_labels_images_*.json`` of 2018, ``det_20``,
``box_track_20``), an object with a list ``frames`` (Scalabel data set), one object an image with
``frames[].objects`` (the first 2018 release), and a folder of such files.

Boxes are ``box2d`` {x1, y1, x2, y2}, taken as edges in pixels. Labels without a box (lanes,
drivable area, polygons, masks, 3-D boxes) are counted by category and not used. A label marked
``crowd`` is an ignore region. The sequence is ``videoName`` where given, else the image's name
up to its last ``-``: for BDD100K's names that is the video (``b1c66a42-6f7d68ca-0000001``) or,
for its single images (``b1c66a42-6f7d68ca``), the drive that several videos were cut from, so
that no split parts frames of one drive.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from isthmus.compute.executor import Executor, Progress
from isthmus.data.dataset import Dataset
from isthmus.data.formats import values
from isthmus.data.formats.locate import Found, NotFound, Roots, is_address, local_name
from isthmus.data.formats.records import (
    RawBox,
    Record,
    boxes_left_out,
    frames_from,
    require_frames,
    require_records,
)
from isthmus.data.formats.sniff import label_files
from isthmus.data.frame import Camera
from isthmus.data.problem_log import ProblemLog
from isthmus.errors import InputError
from isthmus.files import read_json

PARTS = ("train", "val", "test")
_FRAME_OF_VIDEO = re.compile(r"^(?P<video>.+)-(?:[0-9a-f]{8}|[0-9]{3,})$")
_SURFACE = re.compile(r"^(lane|area|drivable)\b")


class Bdd100k:
    """Reader of BDD100K and Scalabel labels."""

    name = "bdd100k"

    def detect(self, path: Path) -> bool:
        """A label file, or a folder of label files."""
        return bool(label_files(path, "bdd100k"))

    def read(
        self,
        path: Path,
        *,
        images: Path | None,
        executor: Executor | None = None,
        progress: Progress | None = None,
    ) -> Dataset:
        """See `Format.read`."""
        files = [path] if path.is_file() else label_files(path, "bdd100k")
        if not files:
            raise InputError(f"{path}: no BDD100K label file in this folder")
        reading = _Reading(path, _roots(path, images))
        for labels in files:
            try:
                reading.take(labels, read_json(labels))
            except InputError as error:
                if path.is_file():
                    raise
                reason = str(error).removeprefix(f"{labels}: ")
                reading.log.add(labels, "bad-label-file", reason)
        records = reading.records
        require_records(records, reading.listed, path, reading.roots, reading.log)
        reading.conclude()
        frames = frames_from(records, reading.log, executor=executor, progress=progress)
        require_frames(frames, records, path, reading.log)
        categories = sorted({box.category for frame in frames for box in frame.objects or ()})
        return Dataset(path.stem, frames, reading.log.problems(path), tuple(categories))


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
class _Reading:
    path: Path
    roots: Roots
    log: ProblemLog = field(default_factory=ProblemLog)
    records: list[Record] = field(default_factory=list)
    listed: int = 0
    files: set[Path] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    unlabelled: set[str] = field(default_factory=set)

    def take(self, labels: Path, document: Any) -> None:
        """Add the frames of one label file."""
        for index, frame in enumerate(_frames_in(labels, document)):
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
            elif record.image in self.files or record.id in self.ids:
                self.log.add(record.image, "duplicate-image", f"{where} is the same image again")
                boxes_left_out(record.boxes, labels, self.log)
            else:
                self.files.add(record.image)
                self.ids.add(record.id)
                self.records.append(record)

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
        return Record(
            id=own_id,
            image=found.path,
            labels=labels,
            declared=values.size(size.get("width"), size.get("height")),
            split=values.text(frame.get("split")) or "",
            sequence=video if "videoName" in frame and video else _video_in(frame, local),
            order=values.number(frame.get("frameIndex", frame.get("index"))),
            attributes=attributes,
            boxes=self._boxes(labels, own_id, frame),
            camera=_camera(frame.get("intrinsics")),
        )

    def _find(self, labels: Path, frame: dict[str, Any], name: str, video: str) -> Found | NotFound:
        names = [name]
        if video and not is_address(name):
            names.append(f"{video}/{name}")
        address = values.text(frame.get("url"))
        if address and not is_address(address):
            names.append(address)
        return self.roots.find(names)

    def _boxes(self, labels: Path, own_id: str, frame: dict[str, Any]) -> list[RawBox] | None:
        found = frame.get("labels")
        if found is None:
            if frame.get("labelled") is False:
                self.unlabelled.add(own_id)
            return None
        boxes = []
        other: Counter[tuple[str, str]] = Counter()
        for index, label in enumerate(found):
            where = f"{own_id}, label {index}"
            category = values.text(label.get("category")) if isinstance(label, dict) else None
            if category is None:
                self.log.add(labels, "bad-annotation", f"{where} lacks a usable `category`")
            elif isinstance(label.get("box2d"), dict):
                box = _box(where, category, label)
                if box is None:
                    self.log.add(labels, "bad-box", f"{where}: `box2d` is not four finite numbers")
                else:
                    boxes.append(box)
            else:
                kind = next((k for k in ("poly2d", "rle", "graph", "box3d") if label.get(k)), "")
                other[category, kind] += 1
        for (category, kind), count in other.items():
            self.log.tally(
                labels,
                "label-without-box",
                f"labels {category!r} have no box2d{f' but {kind}' if kind else ''}: not used",
                "note" if _SURFACE.match(category) else "skipped",
                count,
            )
        return boxes

    def conclude(self) -> None:
        """Decide what frames without labels mean."""
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


def _frames_in(labels: Path, document: Any) -> Iterator[Any]:
    """Frame records, in whichever form the file has them."""
    if isinstance(document, list):
        yield from document
        return
    frames = document.get("frames") if isinstance(document, dict) else None
    if not isinstance(frames, list):
        raise InputError(
            f"{labels}: not BDD100K; expected a list of frames, or an object with a list `frames`"
        )
    for frame in frames:
        if isinstance(frame, dict) and "objects" in frame and "name" not in frame:
            name = document.get("name")
            # The first release names images without their ending.
            full = f"{name}.jpg" if isinstance(name, str) and "." not in name else name
            attributes = document.get("attributes")
            yield {"name": full, "attributes": attributes, "labels": frame["objects"]}
        else:
            yield frame


def _video_in(frame: dict[str, Any], name: str) -> str:
    if frame.get("videoName") == "" and "frame_id" in frame:
        return ""
    found = _FRAME_OF_VIDEO.match(PurePosixPath(name).stem)
    return found["video"] if found else ""


def _box(where: str, category: str, label: dict[str, Any]) -> RawBox | None:
    corners = values.numbers([label["box2d"].get(k) for k in ("x1", "y1", "x2", "y2")], 4)
    if corners is None:
        return None
    details = label.get("attributes")
    flags = {
        str(key).lower(): value
        for key, value in (details if isinstance(details, dict) else {}).items()
    }
    x1, y1, x2, y2 = corners
    score = values.number(label.get("score"))
    return RawBox(
        where,
        category,
        (x1, y1, x2, y2),
        occluded=values.flag(flags.get("occluded")),
        truncated=values.flag(flags.get("truncated")),
        ignore=bool(values.flag(flags.get("crowd")) or values.flag(flags.get("ignored"))),
        instance=values.scalar_text(label.get("id")),
        score=score if score is not None and 0 <= score <= 1 else None,
    )


def _camera(value: Any) -> Camera | None:
    if not isinstance(value, dict):
        return None
    focal, centre = values.numbers(value.get("focal"), 2), values.numbers(value.get("center"), 2)
    return Camera(*focal, *centre) if focal and centre else None
