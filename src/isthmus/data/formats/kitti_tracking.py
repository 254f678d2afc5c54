"""KITTI tracking: ``image_02/SEQUENCE/``, ``label_02/SEQUENCE.txt``, ``calib/SEQUENCE.txt``.

A line of labels is a frame's number, a track's id (-1: none) and the fields of `kitti_label`.
Frames are in the order of their numbers; a number without lines is a frame without objects, one
without an image is reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import numpy.typing as npt

from isthmus.data.dataset import Dataset
from isthmus.data.formats import kitti_label, values
from isthmus.data.formats.format import Writer
from isthmus.data.formats.kitti import files_in
from isthmus.data.formats.kitti_writer import KITTI_WRITER
from isthmus.data.formats.locate import Roots
from isthmus.data.formats.place import copy_to, folder_name
from isthmus.data.formats.reading import Reading
from isthmus.data.formats.records import ImageCheck, RawBox, Record
from isthmus.data.frame import Frame
from isthmus.data.images import SUFFIXES
from isthmus.errors import InputError
from isthmus.files import write_text

LABELS, IMAGES, CALIBRATION = "label_02", "image_02", "calib"
NONE = "_"
"""Folder of frames that belong to no sequence."""


class KittiTracking:
    """Reader of KITTI tracking folders."""

    name = "kitti_tracking"

    def detect(self, path: Path) -> bool:
        """A folder with, or of the name, ``label_02``."""
        return _base(path) is not None

    def read(self, path: Path, *, images: Path | None, check: ImageCheck) -> Dataset:
        """See `Format.read`."""
        base = _base(path)
        if base is None:
            raise InputError(f"{path}: no folder {LABELS} here or in training/")
        pictures = images or base / IMAGES
        reading = _Reading(base / LABELS, Roots(base, images, [pictures]), pictures=pictures)
        for labels in files_in(base / LABELS, (".txt",)):
            reading.take(labels, base / CALIBRATION / labels.name)
        reading.log.tally(
            base / CALIBRATION,
            "calibration-rest",
            "of calibration files only the intrinsics of camera 2 are kept",
            count=reading.rest,
        )
        title = base.parent if base.name in ("training", "testing") else base
        return reading.dataset(title.resolve().name, check)


def _base(path: Path) -> Path | None:
    if path.name == LABELS and path.is_dir():
        return path.parent
    tried = (path, path / "training")
    return next((folder for folder in tried if (folder / LABELS).is_dir()), None)


@dataclass
class _Reading(Reading):
    pictures: Path = Path()
    rest: int = 0

    def take(self, labels: Path, calibration: Path) -> None:
        """Add the frames of one sequence."""
        folder = self.pictures / labels.stem
        images = {int(f.stem): f for f in files_in(folder, SUFFIXES) if f.stem.isdecimal()}
        camera, offset = None, np.zeros(3)
        if calibration.is_file():
            try:
                known = kitti_label.calibration(calibration, "P2")
                camera, offset = known.camera, known.offset
                self.rest += known.rest
            except InputError as error:
                self.log.add(calibration, "bad-calibration", str(error), "note")
        try:
            frames = self._boxes(labels, offset)
        except InputError as error:
            self.log.add(labels, "bad-label-file", str(error))
            return
        sequence = "" if labels.stem == NONE else unquote(labels.stem)
        for index in sorted(frames.keys() | images.keys()):
            self.listed += 1
            record = Record("", labels, labels, sequence=sequence, order=index, camera=camera)
            record.boxes = frames.get(index, [])
            image = images.get(index)
            name = image.name if image else f"{index:06d}.png"
            self.add_found(record, self.roots.find([f"{labels.stem}/{name}"]))

    def _boxes(self, labels: Path, offset: npt.NDArray[np.float64]) -> dict[int, list[RawBox]]:
        frames: dict[int, list[RawBox]] = {}
        for count, line in enumerate(kitti_label.lines_of(labels), start=1):
            where = f"line {count}"
            words = line.split()
            if len(words) < 2 or not words[0].isascii() or not words[0].isdigit():
                self.log.add(labels, "bad-annotation", f"{where}: no number of a frame")
                continue
            track = None if words[1] == "-1" else words[1]
            made = kitti_label.box_from(words[2:], offset, track)
            if isinstance(made, str):
                self.log.add(labels, "bad-annotation", f"{where}: {made}")
            else:
                frames.setdefault(int(words[0]), []).append(RawBox(where, made))
                if kitti_label.lacks_score(words[2:], made):
                    self.log.tally(labels, "unused-score", values.UNUSED_SCORES)
        return frames


def write_kitti_tracking(dataset: Dataset, folder: Path) -> Path:
    """Write `folder`/training, one sequence after the other; returns that folder.

    A calibration is a sequence's: intrinsics that change within one are not kept.

    Raises:
        InputError: an image cannot be copied.
    """
    base = folder / "training"
    for sequence in dataset.sequences:
        frames = [frame for frame in dataset if frame.sequence == sequence]
        name = folder_name(sequence, NONE)
        tracks = _tracks(frames)
        lines = []
        for index, frame in enumerate(frames):
            target = base / IMAGES / name / f"{index:06d}{frame.image.suffix.lower()}"
            copy_to(frame.image, target)
            for box in frame.objects or ():
                track = "-1" if box.instance is None else tracks[box.instance]
                lines.append(" ".join([str(index), track, *kitti_label.fields_of(box)]) + "\n")
        write_text(base / LABELS / f"{name}.txt", "".join(lines))
        cameras = {frame.camera for frame in frames}
        if len(cameras) == 1 and (camera := cameras.pop()):
            text = kitti_label.calibration_text(camera)
            write_text(base / CALIBRATION / f"{name}.txt", text)
    return base


def _tracks(frames: list[Frame]) -> dict[str, str]:
    """Id of an object → whole number, its own if it is one."""
    ids = [b.instance for f in frames for b in f.objects or () if b.instance is not None]
    names = dict.fromkeys(ids)
    if all(name.isascii() and name.isdigit() for name in names):
        return {name: name for name in names}
    return {name: str(number) for number, name in enumerate(names)}


KITTI_TRACKING_WRITER = Writer(
    write_kitti_tracking,
    (KITTI_WRITER.holds | {"sequence", "instance"}) - {"unlabelled", "camera_changes"},
    KITTI_WRITER.box_attributes,
)
