"""Labels that lie in a folder and were not read, because the folder was taken for another format.

A folder is read as the first format that knows it. Where its labels lie deeper
(``annotations/instances_train.json``, ``train/a.xml``), it is a folder of images to the reader, and
the labels would be lost without a word.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from isthmus.data.formats.format import Format
from isthmus.data.frame import Problem

MOST_FOLDERS = 200
MOST_NAMED = 8


def unread_labels(path: Path, formats: Mapping[str, Format]) -> tuple[Problem, ...]:
    """Folders below `path` that a format knows: one entry for each, with what to do.

    Args:
        path: a folder that was read as images without labels.
        formats: name → reader of labels, in the order in which they are asked.
    """
    found: list[Problem] = []
    for folder, name in _known(path, formats):
        if len(found) == MOST_NAMED:
            break
        reason = f"holds labels ({name}), which were not read; give this path to read them"
        found.append(Problem(str(folder), "labels-not-read", reason, "skipped"))
    return tuple(found)


def other_formats(path: Path, formats: Mapping[str, Format], chosen: str) -> tuple[Problem, ...]:
    """A note if other formats know `path` as well as the one `chosen`."""
    others = [name for name, one in formats.items() if name != chosen and one.detect(path)]
    if not others:
        return ()
    reason = f"read as {chosen}, but {', '.join(others)} would read it too: name the format"
    return (Problem(str(path), "several-formats", reason, "note"),)


def _known(path: Path, formats: Mapping[str, Format]) -> Iterator[tuple[Path, str]]:
    """(folder, name of a format) for the topmost folders below `path` that one knows."""
    looked_at = 0
    for folder, folders, _ in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        here = Path(folder)
        if here == path:
            continue
        looked_at += 1
        if looked_at > MOST_FOLDERS:
            return
        known = next((name for name, one in formats.items() if one.detect(here)), None)
        if known is not None:
            folders.clear()
            yield here, known
