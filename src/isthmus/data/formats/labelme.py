"""LabelMe (read only): JSON of the desktop tool, one file an image, and XML of the web tool.

Polygons, rectangles, circles and masks become boxes around their outline, lines become shapes,
points are counted and not used. Pixels that the JSON carries itself (``imageData``) are not read:
the image has to lie beside. The folder that a file lies in is the sequence.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from isthmus.data.dataset import Dataset
from isthmus.data.formats import values
from isthmus.data.formats.locate import Roots
from isthmus.data.formats.reading import Reading
from isthmus.data.formats.records import ImageCheck, RawBox, Record
from isthmus.data.formats.xml_file import number, parse_xml
from isthmus.data.frame import XYXY, Box, Shape
from isthmus.data.images import SUFFIXES
from isthmus.data.shapes import Polygon, bounds
from isthmus.errors import InputError
from isthmus.files import read_json

MAX_JSON = 1 << 28
HEAD = 1 << 14
LINES = ("line", "linestrip")


class LabelMe:
    """Reader of LabelMe folders."""

    name = "labelme"

    def detect(self, path: Path) -> bool:
        """A file of LabelMe, or a folder that holds one."""
        return bool(_files(path))

    def read(self, path: Path, *, images: Path | None, check: ImageCheck) -> Dataset:
        """See `Format.read`."""
        files = _files(path)
        if not files:
            raise InputError(f"{path}: no LabelMe file (*.json or *.xml) here")
        base = path if path.is_dir() else path.parent
        reading = _Reading(path, Roots(base, images, [base / "Images", base.parent / "Images"]))
        for labels in files:
            reading.listed += 1
            try:
                xml = labels.suffix.lower() == ".xml"
                (reading.take_xml if xml else reading.take_json)(labels, base)
            except InputError as error:
                reason = str(error).removeprefix(f"{labels}: ")
                reading.log.add(labels, "bad-label-file", reason)
        return reading.dataset(path.resolve().stem, check)


def _files(path: Path) -> list[Path]:
    if path.is_file():
        found = [path]
    else:
        found = sorted(f for kind in ("*.json", "*.xml") for f in path.rglob(kind))
    # The first file decides for a folder: others may be damaged, and are then reported.
    kept = [f for f in found if f.suffix.lower() in (".json", ".xml") and f.name[0] != "."]
    return kept if any(_is_labelme(file) for file in kept[:3]) else []


def _is_labelme(file: Path) -> bool:
    try:
        with file.open("rb") as handle:
            head = handle.read(HEAD)
    except OSError:
        return False
    if file.suffix.lower() == ".json":
        return b'"shapes"' in head and (b'"imagePath"' in head or b'"flags"' in head)
    return (
        b"<annotation>" in head
        and b"<bndbox>" not in head
        and (b"<polygon>" in head or b"<imagesize>" in head)
    )


@dataclass
class _Reading(Reading):
    def take_json(self, labels: Path, base: Path) -> None:
        """Add the image of a file of the desktop tool."""
        document = read_json(labels, limit_bytes=MAX_JSON)
        shapes = document.get("shapes") if isinstance(document, dict) else None
        if not isinstance(shapes, list):
            raise InputError("not LabelMe; expected an object with a list `shapes`")
        record = self._record(labels, base)
        record.declared = values.size(document.get("imageWidth"), document.get("imageHeight"))
        flags = document.get("flags")
        record.attributes, _ = values.attributes(flags if isinstance(flags, dict) else {})
        for index, item in enumerate(shapes):
            known = item if isinstance(item, dict) else {}
            kind = values.text(known.get("shape_type")) or "polygon"
            details = known.get("flags")
            attributes, _ = values.attributes(details if isinstance(details, dict) else {})
            instance = values.scalar_text(known.get("group_id"))
            outline = _points(known.get("points"), kind)
            label = (values.text(known.get("label")), attributes, instance)
            self._take(record, f"shapes[{index}]", kind, outline, label)
        named = values.text(document.get("imagePath")) or labels.stem
        self._add(record, labels, base, named)

    def take_xml(self, labels: Path, base: Path) -> None:
        """Add the image of a file of the web tool."""
        tree = parse_xml(labels)
        record = self._record(labels, base)
        keys = ("imagesize/ncols", "imagesize/nrows")
        record.declared = values.size(*(number(tree.findtext(key)) for key in keys))
        for index, item in enumerate(tree.iterfind("object")):
            if (item.findtext("deleted") or "").strip() == "1":
                continue
            words = [
                number(point.findtext(axis))
                for point in item.iterfind("polygon/pt")
                for axis in "xy"
            ]
            if not words:
                corners = ("xmin", "ymin", "xmax", "ymax")
                words = [number(item.findtext(f"segm/box/{corner}")) for corner in corners]
            known = values.numbers(words, len(words))
            kind = "rectangle" if len(words) == 4 else "polygon"
            outline = Polygon(known) if known and len(known) >= 4 else None
            label = values.text((item.findtext("name") or "").strip())
            occluded = {"yes": True, "no": False}.get((item.findtext("occluded") or "").strip())
            text = values.text((item.findtext("attributes") or "").strip())
            attributes = {"attributes": text} if text else {}
            instance = values.text((item.findtext("id") or "").strip())
            where = f"object {index}"
            self._take(
                record, where, kind, outline, (label, attributes, instance), occluded=occluded
            )
        folder, name = (
            values.text((tree.findtext(k) or "").strip()) for k in ("folder", "filename")
        )
        self._add(record, labels, base, name or labels.stem, folder or "")

    def _record(self, labels: Path, base: Path) -> Record:
        above = labels.parent.relative_to(base).as_posix()
        return Record("", labels, labels, sequence="" if above == "." else above, boxes=[])

    def _take(
        self,
        record: Record,
        where: str,
        kind: str,
        outline: Polygon | None,
        label: tuple[str | None, dict[str, str], str | None],
        *,
        occluded: bool | None = None,
    ) -> None:
        category, attributes, instance = label
        around = bounds((outline,)) if outline else None
        if category is None:
            self.log.add(record.labels, "bad-annotation", f"{where} lacks a usable label")
        elif kind in ("point", "points"):
            self.log.tally(
                record.labels, "label-without-box", "points have no box: not used", "skipped"
            )
        elif outline is None or around is None:
            self.log.add(record.labels, "bad-box", f"{where}: its points are not finite numbers")
        elif kind in LINES:
            line = Polygon(outline.points, closed=False)
            record.shapes.append(Shape(category, (line,), None, attributes, instance))
        elif record.boxes is not None:
            polygons = (outline,) if kind == "polygon" else ()
            xyxy = _circle(outline) if kind == "circle" else around
            box = Box(category, xyxy, occluded, None, False, instance, None, attributes, polygons)
            record.boxes.append(RawBox(where, box))

    def _add(self, record: Record, labels: Path, base: Path, name: str, folder: str = "") -> None:
        beside = labels.parent.relative_to(base).as_posix()
        others = [f"{beside}/{labels.stem}{suffix}" for suffix in SUFFIXES]
        own = PurePosixPath(name.replace("\\", "/"))
        tried = [
            f"{beside}/{own}",
            f"{folder}/{own}" if folder else str(own),
            f"{beside}/{own.name}",
        ]
        self.add_found(record, self.roots.find([*tried, *others]))


def _points(value: Any, kind: str) -> Polygon | None:
    pairs = [values.numbers(point, 2) for point in value] if isinstance(value, list) else []
    least = 1 if kind == "point" else 2
    if len(pairs) < least or None in pairs:
        return None
    return Polygon(tuple(v for pair in pairs if pair for v in pair))


def _circle(outline: Polygon) -> XYXY:
    """The box around a circle, given by its centre and a point on it."""
    x, y, u, v = outline.points[:4]
    radius = float(((u - x) ** 2 + (v - y) ** 2) ** 0.5)
    return (x - radius, y - radius, x + radius, y + radius)
