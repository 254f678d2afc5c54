"""Where images go that a data set keeps inside other files: shards, videos."""

from __future__ import annotations

from pathlib import Path

from isthmus.errors import InputError
from isthmus.files import make_folder


def unpack_folder(path: Path, images: Path | None) -> Path:
    """The folder of the option `images`, else one beside `path`, called ``NAME.unpacked``.

    Raises:
        InputError: it cannot be written to; the message names the option.
    """
    folder = images or path.resolve().with_name(f"{path.resolve().name}.unpacked")
    try:
        make_folder(folder)
    except InputError as error:
        reason = "name a folder to unpack images to with the option `images`"
        raise InputError(f"{path}: its images are inside it; {reason} ({error})") from None
    return folder
