"""Which JSON label files lie at a path, told from their first bytes.

Label files can be gigabytes; their kind shows in the keys at their beginning.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

Kind = Literal["coco", "bdd100k"]

HEAD_BYTES = 1 << 18
_FRAMES = re.compile(rb'"frames"\s*:\s*\[')
_COCO = re.compile(rb'"(images|annotations|categories)"\s*:\s*\[')
_NAME = re.compile(rb'"(name|labels|box2d|poly2d)"\s*:')
"""Of a list of frames; the outlines of one may fill the beginning before its name."""


def json_kind(path: Path) -> Kind | None:
    """The kind of label file, None if it is neither (or cannot be read)."""
    try:
        with path.open("rb") as handle:
            head = handle.read(HEAD_BYTES).lstrip(b"\xef\xbb\xbf \t\r\n")
    except OSError:
        return None
    if head.startswith(b"{"):
        if _FRAMES.search(head):
            return "bdd100k"
        return "coco" if _COCO.search(head) else None
    return "bdd100k" if head.startswith(b"[") and _NAME.search(head) else None


def label_files(path: Path, kind: Kind) -> list[Path]:
    """The file itself, or the folder's own JSON files if they are of that kind."""
    if path.is_file():
        return [path] if path.suffix.lower() == ".json" and json_kind(path) == kind else []
    try:
        names = sorted(entry.name for entry in path.iterdir() if _may_be_labels(entry))
    except OSError:
        return []
    return [path / name for name in names if json_kind(path / name) == kind]


def _may_be_labels(entry: Path) -> bool:
    return entry.suffix.lower() == ".json" and entry.name[0] != "." and entry.is_file()
