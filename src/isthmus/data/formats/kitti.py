"""KITTI object detection: ``image_2``, ``label_2`` and ``calib``, one file an image.

Read from the set's root, from ``training`` (or ``testing``), or from ``label_2`` itself. The
matrix P2 gives the intrinsics; boxes in space are moved from camera 0, in whose axes KITTI has
them, to the axes of this camera. An image without a label file is unlabelled. ``DontCare`` is an
ignore region. Names and numbers of a line: see `kitti_label`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from isthmus.data.dataset import Dataset
from isthmus.data.formats import kitti_label, values
from isthmus.data.formats.locate import Roots
from isthmus.data.formats.reading import Reading
from isthmus.data.formats.records import ImageCheck, RawBox, Record
from isthmus.data.images import SUFFIXES
from isthmus.errors import InputError

LABELS, IMAGES, CALIBRATION = "label_2", "image_2", "calib"


class Kitti:
    """Reader of KITTI object detection folders."""

    name = "kitti"

    def detect(self, path: Path) -> bool:
        """A folder with, or of the name, ``label_2``."""
        return _base(path) is not None

    def read(self, path: Path, *, images: Path | None, check: ImageCheck) -> Dataset:
        """See `Format.read`."""
        base = _base(path)
        if base is None:
            raise InputError(f"{path}: no folder {LABELS} here or in training/")
        roots = Roots(base, images, [base / IMAGES])
        reading = _Reading(base / LABELS, roots)
        pictures = images or base / IMAGES
        labels = {file.stem: file for file in files_in(base / LABELS, (".txt",))}
        for stem in labels.keys() | {file.stem for file in files_in(pictures, SUFFIXES)}:
            reading.take(stem, labels.get(stem), base / CALIBRATION / f"{stem}.txt")
        reading.conclude()
        return reading.dataset(_title(base), check)


def _base(path: Path) -> Path | None:
    if path.name == LABELS and path.is_dir():
        return path.parent
    tried = (path, path / "training")
    return next((folder for folder in tried if (folder / LABELS).is_dir()), None)


def _title(base: Path) -> str:
    base = base.resolve()
    return base.parent.name if base.name in ("training", "testing") else base.name


def files_in(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """Files of these endings in a folder, in order; none if there is no folder."""
    try:
        found = sorted(folder.iterdir())
    except OSError:
        return []
    return [f for f in found if f.suffix.lower() in suffixes and f.name[0] != "." and f.is_file()]


@dataclass
class _Reading(Reading):
    rest: int = 0

    def take(self, stem: str, labels: Path | None, calibration: Path) -> None:
        """Add one image with its labels, if it has any."""
        self.listed += 1
        record = Record("", calibration, labels or calibration)
        offset = np.zeros(3)
        if calibration.is_file():
            try:
                known = kitti_label.calibration(calibration, "P2")
            except InputError as error:
                self.log.add(calibration, "bad-calibration", str(error), "note")
            else:
                record.camera, offset = known.camera, known.offset
                self.rest += known.rest
        if labels is not None:
            try:
                lines = kitti_label.lines_of(labels)
            except InputError as error:
                self.log.add(labels, "bad-label-file", str(error))
                return
            record.boxes = []
            for index, line in enumerate(lines, start=1):
                words = line.split()
                made = kitti_label.box_from(words, offset, None)
                where = f"line {index}"
                if isinstance(made, str):
                    self.log.add(labels, "bad-annotation", f"{where}: {made}")
                else:
                    record.boxes.append(RawBox(where, made))
                    if kitti_label.lacks_score(words, made):
                        self.log.tally(labels, "unused-score", values.UNUSED_SCORES)
        self.add_found(record, self.roots.find([f"{stem}{suffix}" for suffix in SUFFIXES]))

    def conclude(self) -> None:
        """Enter what is said once for all."""
        self.log.tally(
            self.path,
            "calibration-rest",
            "of calibration files only the intrinsics of camera 2 are kept",
            count=self.rest,
        )
