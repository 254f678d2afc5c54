"""YOLO: a text file an image (class, centre and size as shares of the image), and ``data.yaml``.

Read from ``data.yaml``, from the folder that holds it, or from a folder with ``images`` and
``labels`` (class names in ``classes.txt`` or ``obj.names``). Labels lie beside the image or under
``labels`` where the image lies under ``images``. A line of 5 numbers is a box, of 6 a prediction
with its score, of more an outline (segmentation and rotated boxes), around which the box is
drawn. An image without a label file shows no object, as YOLO has it. A class without a name is
named by its number. Folders outside that of ``data.yaml`` are read only by the option `images`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

from isthmus.data.dataset import Dataset
from isthmus.data.formats import values
from isthmus.data.formats.kitti import files_in
from isthmus.data.formats.kitti_label import lines_of
from isthmus.data.formats.locate import Found, Roots, leaves
from isthmus.data.formats.reading import Reading
from isthmus.data.formats.records import ImageCheck, RawBox, Record
from isthmus.data.formats.xml_file import number
from isthmus.data.frame import Box
from isthmus.data.images import SUFFIXES
from isthmus.data.shapes import Polygon, bounds
from isthmus.errors import ConfigError, InputError
from isthmus.files import safe_join
from isthmus.option_file import read_options

FILES = ("data.yaml", "data.yml", "dataset.yaml")
NAMES = ("classes.txt", "obj.names")
SPLITS = {"train": "train", "val": "val", "valid": "val", "test": "test"}
UNSPLIT = "unsplit"
"""Folder of images that belong to no split, in sets that isthmus wrote."""
MAX_NAMES = 100_000


class Yolo:
    """Reader of YOLO folders."""

    name = "yolo"

    def detect(self, path: Path) -> bool:
        """``data.yaml`` or a folder with it, or with ``labels`` and class names."""
        if path.is_file():
            return path.suffix.lower() in (".yaml", ".yml") and path.name in FILES
        names = any((path / name).is_file() for name in (*FILES, *NAMES))
        return names and any(f.suffix == ".txt" for f in path.rglob("*.txt"))

    def read(self, path: Path, *, images: Path | None, check: ImageCheck) -> Dataset:
        """See `Format.read`."""
        file = (
            path
            if path.is_file()
            else next((path / f for f in FILES if (path / f).is_file()), None)
        )
        folder = path.parent if path.is_file() else path
        root = images or folder
        options = _options(file) if file else {}
        if file and not images and (inner := values.text(options.get("path"))):
            root = folder if leaves(inner) else safe_join(folder, inner)
        names = _names(options.get("names")) if file else _names_beside(folder)
        reading = _Reading(path, Roots(root, root), names=names)
        for split, entry in _entries(options, root, bool(file)):
            reading.take(root, split, entry)
        reading.conclude()
        title = folder.resolve().name
        return reading.dataset(title, check, [name for _, name in sorted(names.items())])


def _options(file: Path) -> dict[str, Any]:
    try:
        found = read_options(file, "description of a YOLO data set").values
    except ConfigError as error:
        raise InputError(str(error)) from error
    if not isinstance(found, dict) or "names" not in found:
        raise InputError(f"{file}: not YOLO; expected a mapping with `names`")
    return found


def _names(value: Any) -> dict[int, str]:
    """Number → name of a class, from a list or a mapping."""
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value if isinstance(value, list) else [])
    )
    return {
        key: word for key, name in items if type(key) is int and (word := values.scalar_text(name))
    }


def _names_beside(folder: Path) -> dict[int, str]:
    file = next((folder / name for name in NAMES if (folder / name).is_file()), None)
    lines = lines_of(file)[:MAX_NAMES] if file else []
    return {index: line.strip() for index, line in enumerate(lines) if values.text(line.strip())}


def _entries(options: dict[str, Any], root: Path, described: bool) -> Iterator[tuple[str, str]]:
    """(split, folder or list of images) that a set consists of."""
    if not described:
        yield "", "."
        return
    found: dict[str, list[str]] = {}
    for key, value in options.items():
        known = key in SPLITS or (isinstance(value, str) and value.startswith("images/"))
        for entry in (value if isinstance(value, list) else [value]) if known else []:
            if isinstance(entry, str) and entry:
                found.setdefault(entry, []).append(SPLITS.get(key) or unquote(str(key)))
    for entry, splits in found.items():
        # Roboflow writes ../train/images for a folder beside the file.
        inside = PurePosixPath(entry.replace("\\", "/"))
        while leaves(inside.as_posix()) and inside.parts[0] == ".." and len(inside.parts) > 1:
            inside = PurePosixPath(*inside.parts[1:])
        alone = len(set(splits)) == 1 and inside.name != UNSPLIT
        yield splits[0] if alone else "", inside.as_posix()


@dataclass
class _Reading(Reading):
    names: dict[int, str] = field(default_factory=dict)
    used: set[Path] = field(default_factory=set)
    folders: dict[Path, Path] = field(default_factory=dict)
    silent: int = 0
    nameless: set[int] = field(default_factory=set)
    drawn: int = 0
    scoreless: int = 0

    def take(self, root: Path, split: str, entry: str) -> None:
        """Add the images of a folder, or those that a text file lists."""
        try:
            place = safe_join(root, entry)
        except InputError as error:
            reason = f"{error}; name the images' folder with the option `images`"
            self.log.add(self.path, "path-escape", reason)
            return
        if place.is_dir():
            found = sorted(p for p in place.rglob("*") if p.suffix.lower() in SUFFIXES)
            names = [p.relative_to(root.resolve()).as_posix() for p in found if p.is_file()]
        elif place.is_file() and place.suffix == ".txt":
            names = [line.strip().removeprefix("./") for line in lines_of(place)]
        else:
            reason = f"{values.shown(entry)}: no such folder or list of images below {root}"
            self.log.add(self.path, "missing-split", reason)
            return
        for name in names:
            self._take_image(name, split)

    def _take_image(self, name: str, split: str) -> None:
        self.listed += 1
        found = self.roots.find([name])
        labels = self._labels_for(found.path) if isinstance(found, Found) else None
        record = Record("", self.path, labels or self.path, split=split, relative=True)
        record.boxes = []
        if labels is None:
            self.silent += isinstance(found, Found)
        else:
            self.used.add(labels)
            try:
                lines = lines_of(labels)
            except InputError as error:
                self.log.add(labels, "bad-label-file", str(error))
                return
            for index, line in enumerate(lines, start=1):
                made = self._box(line.split())
                if isinstance(made, str):
                    self.log.add(labels, "bad-annotation", f"line {index}: {made}")
                else:
                    record.boxes.append(RawBox(f"line {index}", made))
        self.add_found(record, found)

    def _labels_for(self, image: Path) -> Path | None:
        """The label file of an image; None if there is none."""
        beside = image.with_suffix(".txt")
        parts = list(image.parts)
        places = [index for index, part in enumerate(parts) if part.lower() == "images"]
        tried = [beside]
        if places:
            twin = "Annotations" if parts[places[-1]] == "Images" else "labels"
            parts[places[-1]] = twin
            tried.insert(0, Path(*parts).with_suffix(".txt"))
        for candidate in tried:
            self.folders.setdefault(candidate.parent, image.parent)
        return next((path for path in tried if path.is_file()), None)

    def _box(self, words: list[str]) -> Box | str:
        known = [number(word) for word in words]
        shares = values.numbers(known, len(known))
        if shares is None or len(shares) < 5 or shares[0] != int(shares[0]):
            return "expected a class's number and 4 or more finite numbers"
        index = int(shares[0])
        if index not in self.names:
            self.nameless.add(index)
        category = self.names.get(index, str(index))
        if len(shares) <= 6:
            x, y, width, height = shares[1:5]
            score = values.score(shares[5]) if len(shares) == 6 else None
            self.scoreless += len(shares) == 6 and score is None
            edges = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
            return Box(category, edges, score=score)
        if len(shares) % 2 == 0:
            return f"an outline of {len(shares) - 1} numbers, which are no pairs"
        outline = (Polygon(shares[1:]),)
        self.drawn += 1
        return Box(category, bounds(outline) or (0.0, 0.0, 0.0, 0.0), polygons=outline)

    def conclude(self) -> None:
        """Label files without an image, and what is said once for all."""
        for folder in self.folders:
            for labels in files_in(folder, (".txt",)):
                if labels not in self.used and labels.name not in NAMES and _is_labels(labels):
                    self.listed += 1
                    self.log.add(labels, "missing-image", "a label file without an image")
                    count = len(lines_of(labels))
                    reason = "boxes whose image is not read"
                    self.log.tally(labels, "box-of-skipped-image", reason, "skipped", count)
        reason = "images have no label file: taken as looked at and empty, as YOLO has it"
        self.log.tally(self.path, "no-labels", reason, count=self.silent)
        reason = "classes have no name; their numbers are used"
        self.log.tally(self.path, "unnamed-class", reason, count=len(self.nameless))
        self.log.tally(self.path, "unused-score", values.UNUSED_SCORES, count=self.scoreless)
        reason = "outlines got the box around them"
        self.log.tally(self.path, "box-from-outline", reason, count=self.drawn)


def _is_labels(file: Path) -> bool:
    """True if the file's first line is one of labels: lists and notes may lie there too."""
    try:
        lines = lines_of(file)
    except InputError:
        return False
    words = lines[0].split() if lines else []
    return len(words) >= 5 and all(number(word) is not None for word in words)
