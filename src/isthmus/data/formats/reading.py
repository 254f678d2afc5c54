"""What every reader gathers on its way through label files, and what becomes of it in the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from isthmus.data.dataset import Dataset
from isthmus.data.formats.locate import Found, NotFound, Roots
from isthmus.data.formats.records import (
    ImageCheck,
    Record,
    frames_from,
    labels_left_out,
    require_frames,
    require_records,
)
from isthmus.data.problem_log import ProblemLog


@dataclass
class Reading:
    """Records so far, and a ledger of what was left out.

    Attributes:
        path: what is read, for messages.
        roots: where images are looked for.
        listed: images that the label files name, usable or not.
    """

    path: Path
    roots: Roots
    log: ProblemLog = field(default_factory=ProblemLog)
    records: list[Record] = field(default_factory=list)
    listed: int = 0
    files: set[Path] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)

    def add(self, record: Record, where: str) -> None:
        """Take the record, unless its image or its name is taken already."""
        if record.image in self.files or record.id in self.ids:
            self.log.add(record.image, "duplicate-image", f"{where} is the same image again")
            labels_left_out(record, self.log)
        else:
            self.files.add(record.image)
            self.ids.add(record.id)
            self.records.append(record)

    def add_found(self, record: Record, found: Found | NotFound) -> None:
        """Take the record with the image that was found, or enter that there is none."""
        if isinstance(found, NotFound):
            self.log.add(record.labels, found.kind, found.reason)
            labels_left_out(record, self.log)
        else:
            record.image, record.id = found.path, record.id or found.name
            self.add(record, record.id)

    def dataset(self, name: str, check: ImageCheck, categories: Sequence[str] = ()) -> Dataset:
        """The data set of the records: images checked, nothing left out without an entry.

        Args:
            name: of the data set.
            check: how images are looked at.
            categories: in the order of the set; others that occur follow in alphabetical order.

        Raises:
            InputError: nothing usable is there.
        """
        require_records(self.records, self.listed, self.path, self.roots, self.log)
        frames = frames_from(self.records, self.log, check)
        require_frames(frames, self.records, self.path, self.log)
        found = sorted({box.category for frame in frames for box in frame.objects or ()})
        known = tuple(dict.fromkeys((*categories, *found)))
        return Dataset(name, frames, self.log.problems(self.path), known)
