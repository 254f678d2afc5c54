"""What an earlier run left in a data set's folder: frames to keep, or another data set."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from isthmus.data.formats import WRITERS
from isthmus.errors import InputError
from isthmus.files import read_json, safe_join
from isthmus.synth.output.frame import Job

MANIFEST = "dataset.json"


BESIDE = {"bdd100k": "sem_seg"}
"""What formats that lie beside the pictures write besides their label file."""
WORDS = {"row": "ODD", "recipe": "version of isthmus", "imaging": "camera"}
"""Parts of a request in people's words."""


def other_request(jobs: Sequence[Job]) -> str:
    """What the frames in the folder were rendered from, if from something else; "" if not.

    The first record that can be read is looked at; a damaged one is no other data set: its frame
    is made anew.
    """
    for job in jobs:
        if not job.record.exists():
            continue
        try:
            known = dict(read_json(job.record)["request"])
        except (InputError, KeyError, TypeError, ValueError):
            continue
        wanted = job.request.document()
        other = [WORDS.get(name, name) for name in wanted if known.get(name) != wanted[name]]
        return f"another {', '.join(other)}" if other else ""
    return ""


def take_over(folder: Path, jobs: Sequence[Job], *, overwrite: bool) -> None:
    """See that no labels of another data set stay beside new pictures.

    Raises:
        InputError: the folder holds another data set, which may not be overwritten.
    """
    other = other_request(jobs)
    if other and not overwrite:
        raise InputError(
            f"{folder}: holds another data set, rendered from {other}; give another folder, or "
            "--overwrite"
        )
    if other:
        _remove_labels(folder)


def _remove_labels(folder: Path) -> None:
    """Remove the label files that an earlier run wrote: they belong to other pictures."""
    try:
        labels = read_json(folder / MANIFEST)["labels"]
        paths = {key: safe_join(folder.resolve(), str(name)) for key, name in labels.items()}
        paths |= {name: folder.resolve() / name for key, name in BESIDE.items() if key in labels}
    except (InputError, KeyError, TypeError, AttributeError):
        return  # none was written, or not by a whole run
    for key, path in paths.items():
        # The file may be anybody's: no folder goes but one that has its format's name.
        if path.is_file() and path.suffix in (".json", ".parquet"):
            path.unlink()
        elif path.is_dir() and path.name == key and key in {*WRITERS, *BESIDE.values()}:
            shutil.rmtree(path)


def stamps(jobs: Sequence[Job]) -> list[int]:
    """When each job's record was written, 0 where there is none."""
    return [job.record.stat().st_mtime_ns if job.record.exists() else 0 for job in jobs]


def kept(before: Sequence[int], jobs: Sequence[Job]) -> int:
    """Frames that were there before and have not been made since."""
    return sum(bool(then) and then == now for then, now in zip(before, stamps(jobs), strict=True))
