"""Putting images where a written label file can name them."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from urllib.parse import quote

from isthmus.data.dataset import Dataset
from isthmus.data.formats.locate import leaves
from isthmus.data.frame import Frame
from isthmus.data.images import SUFFIXES
from isthmus.errors import InputError
from isthmus.files import atomic_path, file_digest, safe_join


def place_image(frame: Frame, folder: Path) -> str:
    """Name, relative to `folder`, of the frame's image there; copied unless it lies there."""
    return _place(frame.image, folder, _name_from(frame))


def place_layer(frame: Frame, layer: Path, kind: str, folder: Path) -> str:
    """The same for an image of per-pixel labels, below a folder called `kind`."""
    stem = Path(_name_from(frame)).with_suffix(layer.suffix.lower())
    return _place(layer, folder, f"{kind}/{stem.as_posix()}")


def flat_names(dataset: Dataset) -> dict[str, str]:
    """Id of a frame → a file name without folders whose stem no other frame has."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for index, frame in enumerate(dataset):
        suffix = frame.image.suffix.lower()
        own = Path(frame.id)
        usable = own.suffix.lower() == suffix in SUFFIXES and own.stem[:1] != "."
        stem = own.stem if usable else f"{index:06d}"
        while stem.casefold() in taken:
            stem = f"{index:06d}-{stem}"
        taken.add(stem.casefold())
        names[frame.id] = f"{stem}{own.suffix if usable else suffix}"
    return names


def folder_name(name: str, none: str) -> str:
    """The name of a split or a sequence as that of one folder; `unquote` turns it back.

    Args:
        name: whatever a label file says: it may be ``..`` or hold slashes.
        none: what the folder of no name is called; a name that equals it is written otherwise.
    """
    if not name:
        return none
    if name == none or name.startswith("."):
        return f"%{ord(name[0]):02X}{quote(name[1:], safe=' ')}"
    return quote(name, safe=" ")


def _name_from(frame: Frame) -> str:
    """The frame's id if it can serve as a file name, else one made from its hash."""
    suffix = frame.image.suffix.lower()
    if Path(frame.id).suffix.lower() == suffix in SUFFIXES and not leaves(frame.id):
        return frame.id
    return f"images/{hashlib.sha256(frame.id.encode()).hexdigest()[:20]}{suffix}"


def _place(source: Path, folder: Path, name: str) -> str:
    base = folder.resolve()
    if source.resolve().is_relative_to(base):
        return source.resolve().relative_to(base).as_posix()
    copy_to(source, safe_join(base, name))
    return name


def copy_to(source: Path, target: Path) -> None:
    """Copy a file, unless the very same is there already.

    Raises:
        InputError: another file is there, or it cannot be copied.
    """
    try:
        if not target.exists():
            with atomic_path(target) as temporary:
                shutil.copyfile(source, temporary)
        elif not target.samefile(source) and file_digest(target) != file_digest(source):
            raise InputError(f"{target}: another file of that name is there; give an empty folder")
    except OSError as error:
        raise InputError(f"{source}: cannot be copied to {target} ({error})") from error
