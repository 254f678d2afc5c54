"""Remaking one picture from its record alone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from isthmus.errors import InputError
from isthmus.files import read_json
from isthmus.synth.output.request import Made, Request, make

LARGEST_RECORD = 16 << 20


@dataclass(frozen=True)
class Replay:
    """A picture made again.

    Attributes:
        made: the picture and its truth.
        same_picture, same_truth: its bytes, and its truth, are those that the record names.
        record: where it was read from.
    """

    made: Made
    same_picture: bool
    same_truth: bool
    record: Path


def replay(path: Path | str) -> Replay:
    """Make the picture of a record (records/NAME.json of a rendered data set) again.

    Raises:
        InputError: no such record, or one that this version cannot remake.
    """
    file = Path(path)
    record = read_json(file, limit_bytes=LARGEST_RECORD)
    if not isinstance(record, dict) or "request" not in record:
        raise InputError(f"{file}: no record of a rendered picture")
    made = make(Request.of(record["request"], str(file)))
    digest = hashlib.sha256(made.content).hexdigest()
    same_truth = made.truth_digest == record.get("truth_digest")
    return Replay(made, digest == record.get("digest"), same_truth, file)
