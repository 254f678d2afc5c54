"""Remaking one picture from its record alone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import isthmus
from isthmus.errors import InputError
from isthmus.files import check_output, read_json, write_bytes
from isthmus.synth.output.frame import SCHEMA
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


def replay(path: Path | str, out: Path | None = None) -> Replay:
    """Make the picture of a record (records/NAME.json of a rendered data set) again.

    Args:
        path: the record.
        out: file to write the picture to (JPEG, as it was made); a file of that name is replaced.

    Raises:
        InputError: no such record, one that this version cannot remake, or the picture cannot be
            written there; the latter before it is made.
    """
    file = Path(path)
    if file.is_dir():
        raise InputError(
            f"{file}: a folder; the record of one picture (records/NAME.json) is needed"
        )
    if out is not None:
        if out.suffix.lower() not in (".jpg", ".jpeg"):
            raise InputError(f"{out}: the picture is a JPEG; give it a name that ends in .jpg")
        check_output(out, "a picture")
    record = read_json(file, limit_bytes=LARGEST_RECORD)
    if not isinstance(record, dict) or "request" not in record:
        raise InputError(f"{file}: no record of a rendered picture")
    if record.get("schema") != SCHEMA:
        raise InputError(
            f"{file}: its schema is {record.get('schema')!r}, this version ({isthmus.__version__}) "
            f"knows {SCHEMA!r}: install the version that made it ({record.get('version')!r})"
        )
    made = make(Request.of(record["request"], str(file)))
    if out is not None:
        write_bytes(out, made.content)
    digest = hashlib.sha256(made.content).hexdigest()
    same_truth = made.truth_digest == record.get("truth_digest")
    return Replay(made, digest == record.get("digest"), same_truth, file)
