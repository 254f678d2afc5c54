"""Pascal VOC: one XML file an image (Everingham et al., IJCV 2010).

VOC counts pixels from 1 and includes the last one, so that a box becomes half-open by taking 1
from its first corner. ``difficult`` objects are ignore regions. The split of an image is the
list in ``ImageSets/Main`` that names it. XML is parsed by defusedxml: no
entities, no external files.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from isthmus.data.dataset import Dataset
from isthmus.data.formats import values
from isthmus.data.formats.locate import Found, NotFound, Roots
from isthmus.data.formats.reading import Reading
from isthmus.data.formats.records import ImageCheck, RawBox, Record
from isthmus.data.formats.xml_file import number, parse_xml
from isthmus.data.frame import Box
from isthmus.data.images import SUFFIXES
from isthmus.errors import InputError

LABELS, IMAGES, SPLITS = "Annotations", "JPEGImages", "ImageSets/Main"
LABEL_FOLDERS = ("Annotations", "annotations", "voc_xml")


class Voc:
    """Reader of Pascal VOC folders."""

    name = "voc"

    def detect(self, path: Path) -> bool:
        """A folder of VOC files, or one that holds such a folder under its usual name."""
        found = _label_folder(path)
        return found is not None and _is_voc(next(_xml_files(found)))

    def read(self, path: Path, *, images: Path | None, check: ImageCheck) -> Dataset:
        """See `Format.read`."""
        folder = _label_folder(path)
        if folder is None:
            raise InputError(f"{path}: no VOC files (*.xml) here or in {', '.join(LABEL_FOLDERS)}")
        up = folder.parent
        roots = Roots(folder, images, (up / IMAGES, up / "images"))
        reading = _Reading(path, roots, splits=_splits(up / SPLITS))
        for labels in sorted(_xml_files(folder)):
            reading.take(labels)
        return reading.dataset(path.resolve().name, check)


def _label_folder(path: Path) -> Path | None:
    for candidate in (path, *(path / name for name in LABEL_FOLDERS)):
        if candidate.is_dir() and next(_xml_files(candidate), None) is not None:
            return candidate
    return None


def _xml_files(folder: Path) -> Any:
    return (f for f in folder.glob("*.xml") if f.name[0] != "." and f.is_file())


def _is_voc(file: Path) -> bool:
    try:
        with file.open("rb") as handle:
            return b"<annotation>" in handle.read(4096)
    except OSError:
        return False


def _splits(folder: Path) -> dict[str, str]:
    """Stem of an image → split, from the lists of a VOC data set."""
    found: dict[str, str] = {}
    for file in sorted(folder.glob("*.txt")):
        try:
            words = [line.split() for line in file.read_text("utf-8").splitlines()]
        except (OSError, UnicodeDecodeError):
            continue
        # Other lists of two columns say which images show a class; trainval is both again.
        plain = file.stem in ("train", "val", "test") or all(len(row) <= 1 for row in words)
        if plain and file.stem != "trainval":
            found.update((row[0], unquote(file.stem)) for row in words if row)
    return found


@dataclass
class _Reading(Reading):
    splits: dict[str, str] = field(default_factory=dict)

    def take(self, labels: Path) -> None:
        """Add the image of one label file, or enter why not."""
        self.listed += 1
        try:
            tree = parse_xml(labels)
        except InputError as error:
            self.log.add(labels, "bad-label-file", str(error))
            return
        record = Record(
            id="",
            image=labels,
            labels=labels,
            declared=_size(tree),
            split=self.splits.get(labels.stem, ""),
            boxes=self._boxes(labels, tree.iter("object")),
        )
        self.add_found(record, self._find(labels, tree))

    def _find(self, labels: Path, tree: Any) -> Found | NotFound:
        named = values.text(tree.findtext("filename"))
        found = self.roots.find([named or labels.stem])
        if isinstance(found, Found) or found.kind == "path-escape":
            return found
        # Images are often converted to another format without touching the labels.
        others = [f"{labels.stem}{suffix}" for suffix in SUFFIXES]
        instead = self.roots.find(others)
        if isinstance(instead, NotFound):
            return found
        if named:
            self.log.tally(
                labels,
                "other-ending",
                "images lie there under another ending than the labels say; those are used",
            )
        return instead

    def _boxes(self, labels: Path, objects: Iterable[Any]) -> list[RawBox]:
        boxes = []
        for index, item in enumerate(objects):
            where = f"object {index}"
            category = values.text(item.findtext("name"))
            edges = [number(item.findtext(f"bndbox/{k}")) for k in _CORNERS]
            corners = values.numbers(edges, 4)
            if category is None:
                self.log.add(labels, "bad-annotation", f"{where} lacks a usable `name`")
            elif corners is None:
                self.log.add(labels, "bad-box", f"{where}: `bndbox` is not four finite numbers")
            else:
                x1, y1, x2, y2 = corners
                box = Box(
                    category,
                    (x1 - 1, y1 - 1, x2, y2),
                    occluded=values.flag(number(item.findtext("occluded"))),
                    truncated=values.flag(number(item.findtext("truncated"))),
                    ignore=bool(values.flag(number(item.findtext("difficult")))),
                    attributes=self._attributes(labels, item),
                )
                boxes.append(RawBox(where, box))
        return boxes

    def _attributes(self, labels: Path, item: Any) -> dict[str, str]:
        given = item.findall("attributes/attribute")
        kept, refused = values.attributes({a.findtext("name"): a.findtext("value") for a in given})
        reason = "attributes of objects are not text"
        self.log.tally(labels, "unused-attribute", reason, count=len(refused))
        return kept


_CORNERS = ("xmin", "ymin", "xmax", "ymax")


def _size(tree: Any) -> tuple[int, int] | None:
    return values.size(*(number(tree.findtext(f"size/{k}")) for k in ("width", "height")))
