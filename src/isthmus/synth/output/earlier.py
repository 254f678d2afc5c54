"""What an earlier run left in a data set's folder: frames to keep, or another data set."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from isthmus.data.formats import WRITERS
from isthmus.errors import InputError
from isthmus.files import read_json, sweep_temporaries
from isthmus.synth.output.frame import LAYERS, RECORDS, Job

MANIFEST = "dataset.json"
FOLDERS = ("images", *LAYERS, "hdr", RECORDS)
"""Where rendered frames' files lie."""
NAME = re.compile(r"\d{6,}-\d{3,}(-v\d+)?(-i\d+)?")
"""Stems of rendered frames' files (`Request.name`)."""
ENDINGS = (".jpg", ".png", ".exr", ".json")
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
    """See that nothing of another data set, or of a longer one, stays beside the frames asked for.

    What a killed run was writing, a day ago or earlier, goes as well.

    Raises:
        InputError: the folder holds such, which may not be overwritten.
    """
    other = other_request(jobs)
    left = strays(folder, jobs)
    if other and not overwrite:
        raise InputError(
            f"{folder}: holds another data set, rendered from {other}; give another folder, or "
            "--overwrite"
        )
    if left and not overwrite:
        names = sorted({file.stem for file in left})
        raise InputError(
            f"{folder}: holds {len(names)} image(s) that are not among the {len(jobs)} asked for "
            f"({names[0]} to {names[-1]}), of a run with more rows or cameras; ask for as many, "
            "give another folder, or --overwrite, which removes them"
        )
    if other or left:
        remove_labels(folder, earlier_labels(folder))
        (folder / MANIFEST).unlink(missing_ok=True)
    for file in left:
        file.unlink(missing_ok=True)
    for name in FOLDERS:
        sweep_temporaries(folder / name)


def strays(folder: Path, jobs: Sequence[Job]) -> list[Path]:
    """Files of rendered frames in the folder that belong to none of the jobs."""
    if not (folder / RECORDS).is_dir():
        return []
    names = {job.request.name for job in jobs}
    return [
        file
        for kind in FOLDERS
        for file in sorted((folder / kind).glob("*"))
        if NAME.fullmatch(file.stem) and file.suffix in ENDINGS and file.stem not in names
    ]


def earlier_manifest(folder: Path) -> dict[str, Any]:
    """The manifest that an earlier run left; {} if there is none that can be read."""
    try:
        found = read_json(folder / MANIFEST)
    except InputError:
        return {}
    return found if isinstance(found, dict) else {}


def earlier_labels(folder: Path) -> dict[str, str]:
    """Format → name of its label file or folder, as an earlier run left them."""
    labels = earlier_manifest(folder).get("labels")
    return {str(key): str(name) for key, name in labels.items()} if isinstance(labels, dict) else {}


def remove_labels(folder: Path, labels: Mapping[str, str]) -> None:
    """Remove label files and folders: they belong to other pictures, or are written anew.

    `labels` may be anybody's: nothing goes but what has its format's name and lies right here.
    """
    base = folder.resolve()
    for key in labels.keys() & WRITERS.keys():
        for name in (labels[key], BESIDE.get(key, key)):
            path = base / name
            if path.is_symlink() or path.parent != base or path.stem not in (key, BESIDE.get(key)):
                continue
            if path.is_file() and path.suffix == ".json":
                path.unlink()
            elif path.is_dir():
                shutil.rmtree(path)
