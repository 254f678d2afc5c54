"""Finding the image files that a label file names, without ever leaving the allowed folders.

A name that is an address on the web is never fetched; its last part is looked for locally.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from isthmus.data.formats.values import shown

_ADDRESS = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+://")


@dataclass(frozen=True, slots=True)
class Found:
    """A file, and the name by which it was found below its root."""

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class NotFound:
    """Why there is no file."""

    kind: Literal["missing-image", "path-escape"]
    reason: str


class Roots:
    """Folders in which the files of a label file may lie, tried in order.

    `images` and the folders `below` it if it is given; else the label file's folder, its parent,
    `images` beside it, and `others`.
    """

    def __init__(
        self,
        labels: Path,
        images: Path | None,
        others: Iterable[Path] = (),
        below: Iterable[str] = (),
    ) -> None:
        base = labels if labels.is_dir() else labels.parent
        if images is not None:
            tried = [images, *(images / part for part in below)]
        else:
            tried = [base, base.parent, base / "images", *others]
        self.folders = tuple(
            dict.fromkeys(Path(os.path.abspath(root)) for root in tried if root.is_dir())
        )
        self._real: dict[str, Path] = {}

    @property
    def first(self) -> Path:
        """The folder that is looked in first."""
        return self.folders[0]

    def find(self, names: Sequence[str]) -> Found | NotFound:
        """The first file that exists under one of the names, in the order root, name."""
        local = list(dict.fromkeys(local_name(name) for name in names))
        for root in self.folders:
            for name in local:
                path = os.path.join(root, name)
                if os.path.isfile(path):
                    inside = self._inside(root, path)
                    return Found(inside, name) if inside else _escape(name)
        if leaves(local[0]):
            return _escape(local[0])
        reason = "no such file in any of the folders looked in"
        if is_address(names[0]):
            reason = "an address on the web, which is never fetched, and no local file of its name"
        return NotFound("missing-image", f"{shown(names[0])}: {reason}")

    def _inside(self, root: Path, path: str) -> Path | None:
        """The file without links on its way, None if it leads out of the root."""
        folder, last = os.path.split(path)
        if last in ("", ".", ".."):
            return None
        # Thousands of files lie in one folder: it is followed once.
        real = self._real.get(folder)
        if real is None:
            real = self._real[folder] = Path(os.path.realpath(folder))
        file = real / last
        if os.path.islink(file):
            file = Path(os.path.realpath(file))
        base = self._real.get(str(root))
        if base is None:
            base = self._real[str(root)] = Path(os.path.realpath(root))
        return file if file.is_relative_to(base) else None

    def described(self) -> str:
        """The folders, for an error message."""
        return ", ".join(str(root) for root in self.folders)


def is_address(name: str) -> bool:
    """True for https://… and the like."""
    return bool(_ADDRESS.match(name))


def local_name(name: str) -> str:
    """The name to look for: forward slashes, and the last part of an address."""
    if is_address(name):
        return PurePosixPath(re.split(r"[?#]", name)[0]).name or name
    return str(PurePosixPath(name.replace("\\", "/")))


def leaves(name: str) -> bool:
    """True if the name alone leads out of any folder it is put under."""
    path = PurePosixPath(name)
    depth = 0
    for part in path.parts:
        depth += -1 if part == ".." else 1
        if depth < 0:
            return True
    return path.is_absolute()


def _escape(name: str) -> NotFound:
    return NotFound(
        "path-escape", f"{shown(name)} leads out of its folder; only files inside it are read"
    )
