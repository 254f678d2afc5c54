"""A plain folder of images, without labels.

Images are found in all folders below, in natural order. The folder an image lies in (relative
to the one given) is its sequence; images at the top have none. Files are told by their ending;
what lies beside the images is counted in a note, and so are linked folders, which are not
followed. Hidden files are left alone.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from isthmus.data.dataset import Dataset
from isthmus.data.formats.records import ImageCheck, Record, frames_from, require_frames
from isthmus.data.formats.values import text
from isthmus.data.images import SUFFIXES
from isthmus.data.problem_log import ProblemLog
from isthmus.errors import InputError


class Folder:
    """Reader of image folders; `one_sequence`: the images at the top are one drive's too."""

    def __init__(self, name: str = "folder", *, one_sequence: bool = False) -> None:
        self.name = name
        self._one_sequence = one_sequence

    def detect(self, path: Path) -> bool:
        """Any folder, asked last; that its images are one drive's has to be said by name."""
        return path.is_dir() and not self._one_sequence

    def read(self, path: Path, *, images: Path | None, check: ImageCheck) -> Dataset:
        """See `Format.read`."""
        if images is not None:
            raise InputError(
                f"{path}: option images is for label files; a folder of images is its own path"
            )
        if not path.is_dir():
            raise InputError(f"{path}: not a folder; the format `folder` reads a folder of images")
        log = ProblemLog()
        top = path.resolve().name if self._one_sequence else ""
        records = _records(path, log, top)
        if not records:
            raise InputError(
                f"{path}: no images in this folder or below (endings looked for: "
                f"{' '.join(SUFFIXES)})"
            )
        frames = frames_from(records, log, check)
        require_frames(frames, records, path, log)
        return Dataset(path.resolve().name, frames, log.problems(path))


def _records(path: Path, log: ProblemLog, top: str) -> list[Record]:
    root = path.resolve()
    records = []
    beside: Counter[str] = Counter()
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        links = sum(Path(folder, name).is_symlink() for name in folders)
        log.tally(path, "linked-folder", "folders are links, which are not followed", count=links)
        for name in names:
            if name.startswith("."):
                continue
            file = Path(folder) / name
            suffix = file.suffix.lower()
            if suffix not in SUFFIXES:
                beside[suffix or "no ending"] += 1
                continue
            own_id = file.relative_to(root).as_posix()
            if text(own_id) is None:
                log.add(
                    ascii(str(file)), "bad-image-record", "its name holds unprintable characters"
                )
                continue
            above = file.parent.relative_to(root).as_posix()
            sequence = top if above == "." else above
            records.append(Record(own_id, file, root, sequence=sequence))
    if beside:
        kinds = ", ".join(f"{count} {suffix}" for suffix, count in sorted(beside.items()))
        log.tally(path, "other-files", f"not images by their ending: {kinds}", count=beside.total())
    return records
