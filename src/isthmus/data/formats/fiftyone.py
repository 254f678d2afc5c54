"""FiftyOneDataset on disk: ``samples.json``, ``metadata.json`` and ``data/``.

As Voxel51 documents it for `fiftyone.types.FiftyOneDataset`; FiftyOne need not be installed, and
no database starts. ``Detections`` are boxes (shares of the image), closed ``Polylines`` and open
ones shapes, a ``Classification`` or a short text an attribute of the frame. A tag train, val or
test is the split, others are attributes. A detection's mask is read from its field or its
``mask_path``; a ``Segmentation`` with a ``mask_path`` is the frame's map of class ids.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from isthmus.data.dataset import Dataset
from isthmus.data.formats import values
from isthmus.data.formats.fiftyone_mask import binary_of, mask_of
from isthmus.data.formats.format import Writer
from isthmus.data.formats.json_stream import members
from isthmus.data.formats.locate import NotFound, Roots, local_name
from isthmus.data.formats.place import copy_to, flat_names
from isthmus.data.formats.reading import Reading
from isthmus.data.formats.records import ImageCheck, RawBox, Record
from isthmus.data.formats.scalabel_label import mask_of as rle_of
from isthmus.data.frame import Box, Frame, Shape
from isthmus.data.images import probe_header
from isthmus.data.shapes import Mask, Polygon
from isthmus.errors import InputError
from isthmus.files import canonical_json, write_text

SAMPLES, METADATA = "samples.json", "metadata.json"
SPLITS = {"train": "train", "val": "val", "validation": "val", "test": "test"}
OBJECTS, SHAPES, CLASSES = "ground_truth", "shapes", "semantic"
OTHER = "other_attributes"
"""Field of a sample or label that isthmus wrote: attributes whose names are fields already."""
PLAIN = frozenset(
    {
        *("filepath", "tags", "metadata", "id", "_id", "_media_type", "_rand", "_dataset_id"),
        *("created_at", "last_modified_at", "frame_id", "sequence", "split", OTHER),
    }
)
"""Fields of a sample that are no attributes."""
OWN = frozenset(
    {
        *("_id", "_cls", "label", "bounding_box", "confidence", "index", "tags", "attributes"),
        *("mask", "mask_path", "rle", "instance", "occluded", "truncated", "iscrowd", "ignore"),
        *("points", "closed", "filled", "closed_each", "types", OTHER),
    }
)
"""Fields of a label that are no attributes."""


class FiftyOne:
    """Reader of FiftyOneDataset folders."""

    name = "fiftyone"

    def detect(self, path: Path) -> bool:
        """A folder with ``samples.json`` and ``metadata.json``."""
        return (path / SAMPLES).is_file() and (path / METADATA).is_file()

    def read(self, path: Path, *, images: Path | None, check: ImageCheck) -> Dataset:
        """See `Format.read`."""
        folder = path if path.is_dir() else path.parent
        labels = folder / SAMPLES
        reading = _Reading(labels, Roots(labels, images, [folder / "data"]))
        listed = False
        for member in members(labels):
            if member.key == "samples" and member.at is not None:
                reading.take(member.at, member.value)
            listed = listed or (member.key == "samples" and isinstance(member.value, list))
        if not listed:
            raise InputError(f"{labels}: not FiftyOne; expected an object with a list `samples`")
        reading.conclude()
        return reading.dataset(folder.resolve().name, check)


@dataclass
class _Reading(Reading):
    unused: dict[str, int] = field(default_factory=dict)

    def take(self, index: int, sample: Any) -> None:
        """Add one sample, or enter why not."""
        self.listed += 1
        name = values.text(sample.get("filepath")) if isinstance(sample, dict) else None
        if name is None:
            reason = f"samples[{index}] lacks a usable `filepath`"
            self.log.add(self.path, "bad-image-record", reason)
            return
        tags = [tag for tag in _list(sample.get("tags")) if values.text(tag)]
        split = values.text(sample.get("split")) or next(
            (SPLITS[t] for t in tags if t in SPLITS), ""
        )
        record = Record(
            values.text(sample.get("frame_id")) or "", self.path, self.path, split=split,
            sequence=values.scalar_text(sample.get("sequence")) or "", relative=True,
        )  # fmt: skip
        record.attributes = {tag: "true" for tag in tags if tag not in SPLITS and tag != split}
        record.attributes |= values.attributes(sample.get(OTHER))[0]
        found = self.roots.find([name, f"data/{local_name(name).rpartition('/')[2]}"])
        if not isinstance(found, NotFound):
            record.image = found.path
        for key, value in sample.items():
            if key not in PLAIN and values.text(key):
                self._field(record, key, value)
        self.add_found(record, found)

    def _field(self, record: Record, key: str, value: Any) -> None:
        kind = value.get("_cls") if isinstance(value, dict) else None
        if kind == "Detections":
            record.boxes = record.boxes or []
            for place, item in enumerate(_list(value.get("detections"))):
                self._detection(record, f"{record.id or key}, detection {place}", item)
        elif kind == "Polylines":
            for item in _list(value.get("polylines")):
                self._polyline(record, item)
        elif kind == "Segmentation":
            file = self._file(value.get("mask_path"))
            if file is None or record.semantic is not None:
                self._count("maps of class ids without a usable `mask_path`, or beside another,")
            record.semantic = record.semantic or file
        elif kind == "Classification":
            word = values.scalar_text(value.get("label"))
            if word:
                record.attributes[key] = word
        elif (word := values.scalar_text(value)) is not None:
            record.attributes[key] = word
        elif value is not None:
            self._count(f"fields of the kind {kind or type(value).__name__}")

    def _detection(self, record: Record, where: str, item: Any) -> None:
        known = item if isinstance(item, dict) else {}
        category = values.text(known.get("label"))
        box = values.numbers(known.get("bounding_box"), 4)
        if category is None or box is None:
            reason = f"{where} lacks a usable `label` or `bounding_box`"
            self.log.add(self.path, "bad-annotation", reason)
            return
        x, y, width, height = box
        score = values.score(known.get("confidence"))
        if score is None and known.get("confidence") is not None:
            self.log.tally(self.path, "unused-score", values.UNUSED_SCORES)
        attributes = _attributes(known)
        instance = known.get("instance")
        instance = instance if not isinstance(instance, dict) else None
        made = Box(
            category,
            (x, y, x + width, y + height),
            values.flag(known.get("occluded")),
            values.flag(known.get("truncated")),
            bool(values.flag(known.get("iscrowd")) or values.flag(known.get("ignore"))),
            values.scalar_text(instance) or values.scalar_text(known.get("index")),
            score,
            attributes,
            mask=self._mask(record, where, known, box),
        )
        if record.boxes is not None:
            record.boxes.append(RawBox(where, made))

    def _mask(
        self, record: Record, where: str, label: dict[str, Any], box: tuple[float, ...]
    ) -> Mask | None:
        """The detection's mask; one that cannot be used is entered."""
        named = [key for key in ("rle", "mask", "mask_path") if label.get(key)]
        if not named or record.image == record.labels:
            return None
        try:
            if named[0] == "rle":
                return rle_of(label["rle"])
            file = self._file(label["mask_path"]) if named == ["mask_path"] else None
            if named == ["mask_path"] and file is None:
                raise InputError("its `mask_path` names no file inside the data set")
            found = probe_header(record.image)
            x, y, width, height = box
            edges = (x * found.width, y * found.height,
                     (x + width) * found.width, (y + height) * found.height)  # fmt: skip
            return mask_of(label, file, edges, (found.width, found.height))
        except InputError as error:
            self.log.add(self.path, "bad-outline", f"{where}: {error}; its box is used")
            return None

    def _file(self, name: Any) -> Path | None:
        """A file that a label names, inside the data set's folder."""
        known = values.text(name)
        found = None if known is None else self.roots.find([known])
        return None if found is None or isinstance(found, NotFound) else found.path

    def _polyline(self, record: Record, item: Any) -> None:
        known = item if isinstance(item, dict) else {}
        category = values.text(known.get("label"))
        closed, curves = (_list(known.get(key)) for key in ("closed_each", "types"))
        lines = [
            _outline(
                line,
                (closed[i] if i < len(closed) else known.get("closed")) is not False,
                curves[i] if i < len(curves) else "",
            )
            for i, line in enumerate(_list(known.get("points")))
        ]
        mask = None
        if known.get("rle"):
            with contextlib.suppress(InputError):
                mask = rle_of(known["rle"])
        if category is None or None in lines or not (lines or mask):
            self.log.add(self.path, "bad-annotation", f"{record.id}: a polyline cannot be used")
            return
        attributes = _attributes(known)
        polygons = tuple(line for line in lines if line)
        instance = values.scalar_text(known.get("instance"))
        record.shapes.append(Shape(category, polygons, mask, attributes, instance))

    def _count(self, what: str) -> None:
        self.unused[what] = self.unused.get(what, 0) + 1

    def conclude(self) -> None:
        """Enter what is said once for all."""
        for what, count in self.unused.items():
            self.log.tally(self.path, "unused-field", f"{what} are not used", count=count)


def _attributes(label: dict[str, Any]) -> dict[str, str]:
    found, _ = values.attributes({k: v for k, v in label.items() if k not in OWN})
    return found | values.attributes(label.get(OTHER))[0]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _outline(line: Any, closed: bool, types: Any) -> Polygon | None:
    pairs = [values.numbers(point, 2) for point in _list(line)]
    if not pairs or None in pairs:
        return None
    curved = isinstance(types, str) and len(types) == len(pairs) and set(types) == {"C", "L"}
    points = tuple(value for pair in pairs if pair for value in pair)
    return Polygon(points, closed, types if curved else "")


def write_fiftyone(dataset: Dataset, folder: Path) -> Path:
    """Write ``samples.json``, ``metadata.json`` and ``data`` below `folder`; returns `folder`."""
    names = flat_names(dataset)
    samples = []
    for frame in dataset:
        name = f"data/{names[frame.id]}"
        copy_to(frame.image, folder / name)
        samples.append(_sample(frame, name))
        if frame.semantic is not None:
            target = f"fields/{CLASSES}/{Path(name).stem}{frame.semantic.suffix.lower()}"
            copy_to(frame.semantic, folder / target)
            samples[-1][CLASSES] = {"_cls": "Segmentation", "mask_path": target}
    write_text(folder / SAMPLES, canonical_json({"samples": samples}) + "\n")
    kinds = {OBJECTS: "Detections", SHAPES: "Polylines", CLASSES: "Segmentation"}
    fields = {name: f"fiftyone.core.labels.{kind}" for name, kind in kinds.items()}
    about = {"name": dataset.name, "media_type": "image", "sample_fields": fields,
             "info": {}, "default_classes": list(dataset.categories)}  # fmt: skip
    write_text(folder / METADATA, canonical_json(about) + "\n")
    return folder


def _sample(frame: Frame, name: str) -> dict[str, Any]:
    sample: dict[str, Any] = {
        **_fields(frame.attributes, PLAIN | {OBJECTS, SHAPES, CLASSES}),
        "filepath": name,
        "tags": [frame.split] if frame.split else [],
        "metadata": {"_cls": "ImageMetadata", "width": frame.width, "height": frame.height},
        "frame_id": frame.id,
        "split": frame.split or None,
        "sequence": frame.sequence or None,
    }
    if frame.objects is not None:
        boxes = [_detection(frame, box) for box in frame.objects]
        sample[OBJECTS] = {"_cls": "Detections", "detections": boxes}
    if frame.shapes:
        lines = [_polyline(frame, shape) for shape in frame.shapes]
        sample[SHAPES] = {"_cls": "Polylines", "polylines": lines}
    return sample


def _fields(attributes: Mapping[str, str], taken: Collection[str]) -> dict[str, Any]:
    """Attributes as fields; those whose names are `taken` in one field of their own."""
    found: dict[str, Any] = {k: v for k, v in attributes.items() if k not in taken}
    other = {k: v for k, v in attributes.items() if k in taken}
    return found | ({OTHER: other} if other else {})


def _detection(frame: Frame, box: Box) -> dict[str, Any]:
    x1, y1, x2, y2 = box.xyxy
    width, height = frame.width, frame.height
    found = _fields(box.attributes, OWN)
    found |= {
        "_cls": "Detection",
        "label": box.category,
        "bounding_box": [x1 / width, y1 / height, (x2 - x1) / width, (y2 - y1) / height],
        "tags": [],
        "iscrowd": box.ignore,
    }
    optional = {"occluded": box.occluded, "truncated": box.truncated, "confidence": box.score,
                "instance": box.instance}  # fmt: skip
    return found | {k: v for k, v in (optional | _mask(box)).items() if v is not None}


def _mask(box: Box) -> dict[str, Any]:
    """FiftyOne's mask; run lengths where the box does not hold all of it."""
    if box.mask is None:
        return {}
    binary = binary_of(box.mask, box.xyxy)
    return {"mask": binary} if binary else {"rle": _rle(box.mask)}


def _rle(mask: Mask) -> dict[str, Any]:
    return {"size": [mask.height, mask.width], "counts": mask.counts}


def _polyline(frame: Frame, shape: Shape) -> dict[str, Any]:
    sides = (frame.width, frame.height)
    lines = [
        [[p.points[i] / sides[0], p.points[i + 1] / sides[1]] for i in range(0, len(p.points), 2)]
        for p in shape.polygons
    ]
    closed = all(polygon.closed for polygon in shape.polygons)
    found = _fields(shape.attributes, OWN)
    found |= {"_cls": "Polyline", "label": shape.category, "points": lines, "closed": closed,
              "filled": closed, "tags": []}  # fmt: skip
    if any(polygon.types for polygon in shape.polygons):
        found["types"] = [polygon.types for polygon in shape.polygons]
    if not closed and any(polygon.closed for polygon in shape.polygons):
        found["closed_each"] = [polygon.closed for polygon in shape.polygons]
    found |= {"rle": _rle(shape.mask)} if shape.mask else {}
    return found | ({"instance": shape.instance} if shape.instance else {})


FIFTYONE_WRITER = Writer(
    write_fiftyone,
    frozenset(
        {
            *("id", "split", "sequence", "attributes", "unlabelled", "shapes", "shape_details"),
            *("semantic", "mask"),
            *("objects", "occluded", "truncated", "ignore", "ignored_category", "instance"),
            *("instance_names", "score", "box_attributes", "other_boxes", "spaces"),
        }
    ),
)
