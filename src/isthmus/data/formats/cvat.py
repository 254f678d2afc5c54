"""CVAT XML 1.1, for images and for video (read only).

``box``, ``polygon``, ``mask`` and ``cuboid`` become boxes (drawn around the outline where there is
one), ``polyline`` a shape, ``tag`` an attribute of the frame; points and skeletons are counted
and not used. A ``subset`` is the split. In a video's file a track's number is the object's
id, frames where the object is ``outside`` show none, and images are those of CVAT's own export
(``frame_000010.png``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.data import rle
from isthmus.data.dataset import Dataset
from isthmus.data.decoding import MAX_PIXELS
from isthmus.data.formats import values
from isthmus.data.formats.locate import Roots
from isthmus.data.formats.reading import Reading
from isthmus.data.formats.records import ImageCheck, RawBox, Record
from isthmus.data.formats.xml_file import number, parse_xml
from isthmus.data.frame import Box, Shape
from isthmus.data.images import SUFFIXES
from isthmus.data.shapes import Mask, Polygon, bounds
from isthmus.errors import InputError

MAX_BYTES = 1 << 30
EDGES = ("xtl", "ytl", "xbr", "ybr")
DRAWN = ("box", "polygon", "polyline", "mask", "cuboid", "points", "skeleton", "ellipse")
UNUSED = ("points", "skeleton", "ellipse")
CORNERS = tuple(f"{axis}{name}" for name in ("tl1", "tr1", "br1", "bl1", "tl2", "tr2", "br2", "bl2")
                for axis in "xy")  # fmt: skip


class Cvat:
    """Reader of CVAT's XML files."""

    name = "cvat"

    def detect(self, path: Path) -> bool:
        """Such a file, or a folder with exactly one."""
        return len(_files(path)) == 1

    def read(self, path: Path, *, images: Path | None, check: ImageCheck) -> Dataset:
        """See `Format.read`."""
        files = _files(path)
        if len(files) != 1:
            raise InputError(f"{path}: {len(files)} CVAT files (XML with <annotations>), not one")
        labels = files[0]
        try:
            tree = parse_xml(labels, limit_bytes=MAX_BYTES)
        except InputError as error:
            raise InputError(f"{labels}: {error}") from error
        reading = _Reading(labels, Roots(labels, images))
        for image in tree.iterfind("image"):
            reading.take_image(image)
        reading.take_tracks(tree)
        names = [values.text(n.text) for n in tree.iterfind("meta//labels/label/name")]
        title = labels.stem if labels.stem != "annotations" else labels.resolve().parent.name
        return reading.dataset(title, check, [name for name in names if name])


def _files(path: Path) -> list[Path]:
    if path.is_file():
        found = [path] if path.suffix.lower() == ".xml" else []
    else:
        found = sorted(path.glob("*.xml")) if path.is_dir() else []
    return [file for file in found if _is_cvat(file)]


def _is_cvat(file: Path) -> bool:
    try:
        with file.open("rb") as handle:
            return b"<annotations>" in handle.read(4096)
    except OSError:
        return False


@dataclass
class _Reading(Reading):
    frames: dict[int, Record] = field(default_factory=dict)

    def take_image(self, image: Any) -> None:
        """Add one image of a task for images."""
        self.listed += 1
        name = values.text(image.get("name"))
        if name is None:
            self.log.add(self.path, "bad-image-record", f"image {self.listed - 1} has no `name`")
            self._lose(sum(1 for item in image if item.tag in DRAWN))
            return
        subset = values.text(image.get("subset")) or ""
        size = values.size(number(image.get("width")), number(image.get("height")))
        record = Record("", self.path, self.path, declared=size, split=subset, boxes=[])
        for index, item in enumerate(image):
            where = f"{name}, {item.tag} {index}"
            if item.tag == "tag":
                self._tag(record, item)
            elif item.tag in DRAWN:
                self._take(record, where, item, values.text(item.get("label")), None)
        self.add_found(record, self.roots.find([name, f"{subset}/{name}"]))

    def take_tracks(self, tree: Any) -> None:
        """Add the frames of a task for video: those that have a label, and all others there."""
        size = tree.find("meta//original_size")
        declared = None
        if size is not None:
            declared = values.size(*(number(size.findtext(k)) for k in ("width", "height")))
        title = values.text(tree.findtext("meta//name")) or self.path.stem
        for track in tree.iterfind("track"):
            category, instance = values.text(track.get("label")), values.text(track.get("id"))
            for item in track:
                if item.tag not in DRAWN or item.get("outside") == "1":
                    continue
                index = number(item.get("frame"))
                where = f"track {instance}, frame {item.get('frame')}"
                if index is None or index < 0 or index != int(index):
                    self.log.add(self.path, "bad-annotation", f"{where}: no number of a frame")
                    continue
                record = self._frame(int(index), declared, title)
                self._take(record, where, item, category, instance)
        # Frames without any object have no entry; the images of the export say that they exist.
        if self.frames:
            for file in sorted(f for root in self.roots.folders for f in root.glob("frame_*")):
                digits = file.stem.removeprefix("frame_")
                if digits.isdecimal() and file.suffix.lower() in SUFFIXES:
                    self._frame(int(digits), declared, title)
        for index, record in sorted(self.frames.items()):
            self.listed += 1
            names = [f"frame_{index:06d}{suffix}" for suffix in (".png", *SUFFIXES)]
            self.add_found(record, self.roots.find(names))

    def _frame(self, index: int, declared: tuple[int, int] | None, title: str) -> Record:
        fresh = Record("", self.path, self.path, declared=declared, sequence=title, order=index)
        record = self.frames.setdefault(index, fresh)
        record.boxes = record.boxes or []
        return record

    def _lose(self, count: int) -> None:
        reason = "boxes whose image is not read"
        self.log.tally(self.path, "box-of-skipped-image", reason, "skipped", count)

    def _tag(self, record: Record, item: Any) -> None:
        given = dict(_attributes(item)) or {values.text(item.get("label")) or "": "true"}
        record.attributes |= {name: value for name, value in given.items() if name}

    def _take(
        self, record: Record, where: str, item: Any, category: str | None, instance: str | None
    ) -> None:
        """Give one label to its frame, or enter why not."""
        if item.tag in UNUSED:
            reason = f"labels of the kind {item.tag!r} have no box: not used"
            self.log.tally(self.path, "label-without-box", reason, "skipped")
            return
        # Old exports carry labels without a name; they cannot be told apart from each other.
        if category is None:
            self.log.add(self.path, "bad-annotation", f"{where} lacks a usable `label`")
            return
        made = _label(item, category, instance, record.declared)
        if isinstance(made, str):
            self.log.add(self.path, "bad-box", f"{where}: {made}")
        elif isinstance(made, Shape):
            record.shapes.append(made)
        elif record.boxes is not None:
            record.boxes.append(RawBox(where, made))


def _attributes(item: Any) -> Iterator[tuple[str, str]]:
    for attribute in item.iterfind("attribute"):
        name, value = values.text(attribute.get("name")), values.text(attribute.text)
        if name and value:
            yield name, value


def _label(
    item: Any, category: str, instance: str | None, size: tuple[int, int] | None
) -> Box | Shape | str:
    attributes = dict(_attributes(item))
    occluded = values.flag(number(item.get("occluded")))
    polygons: tuple[Polygon, ...] = ()
    mask: Mask | None = None
    if item.tag == "box":
        edges = values.numbers([number(item.get(edge)) for edge in EDGES], 4)
        if edges is None:
            return "its edges are not four finite numbers"
        x1, y1, x2, y2 = edges
        turn = number(item.get("rotation"))
        if turn:
            polygons = (_turned(x1, y1, x2, y2, turn),)
        xyxy = bounds(polygons) or (x1, y1, x2, y2)
    elif item.tag == "mask":
        found = _mask(item, size)
        if isinstance(found, str):
            return found
        mask = found
        xyxy = rle.bounds(mask) or (0.0, 0.0, 0.0, 0.0)
    else:
        outline = _outline(item)
        if outline is None:
            return "its points are not pairs of finite numbers"
        if item.tag == "polyline":
            return Shape(category, (outline,), None, attributes, instance)
        polygons = (outline,) if item.tag == "polygon" else ()
        xyxy = bounds((outline,)) or (0.0, 0.0, 0.0, 0.0)
    return Box(category, xyxy, occluded, None, False, instance, None, attributes, polygons, mask)


def _outline(item: Any) -> Polygon | None:
    if item.tag == "cuboid":
        words = [number(item.get(corner)) for corner in CORNERS]
    else:
        pairs = [pair.split(",") for pair in (item.get("points") or "").split(";")]
        if any(len(pair) != 2 for pair in pairs):
            return None
        words = [number(word) for pair in pairs for word in pair]
    points = values.numbers(words, len(words))
    return Polygon(points, closed=item.tag != "polyline") if points else None


def _turned(x1: float, y1: float, x2: float, y2: float, degrees: float) -> Polygon:
    """The corners of a box that CVAT turned clockwise about its middle."""
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.array([(x1 + x2) / 2, (y1 + y2) / 2])
    corners = np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])
    points = (corners - middle) @ turn.T + middle
    return Polygon(tuple(float(value) for value in points.ravel()))


def _mask(item: Any, size: tuple[int, int] | None) -> Mask | str:
    """CVAT's runs go along the rows of the mask's own box, and begin with 0."""
    place = values.numbers([number(item.get(k)) for k in ("left", "top", "width", "height")], 4)
    runs = [number(word) for word in (item.get("rle") or "").split(",")]
    known = values.numbers(runs, len(runs))
    if place is None or known is None or size is None or min(known, default=-1) < 0:
        return "a mask without usable `rle`, place or image size"
    left, top, width, height = (int(value) for value in place)
    inside = left >= 0 and top >= 0 and left + width <= size[0] and top + height <= size[1]
    if not inside or sum(known) != width * height or size[0] * size[1] > MAX_PIXELS:
        return "a mask that does not fit its image"
    counts = [int(run) for run in known]
    pixels = np.zeros((size[1], size[0]), dtype=bool)
    own = np.repeat(np.arange(len(counts)) % 2 == 1, counts).reshape(height, width)
    pixels[top : top + height, left : left + width] = own
    return rle.encode(pixels)
