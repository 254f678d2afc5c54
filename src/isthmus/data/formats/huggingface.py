"""Hugging Face `datasets` (extra `hf-datasets`): objects in memory, and what they save to disk.

A row has an image and, as object detection is published there (CPPE-5 and others), ``objects``
with ``bbox`` (x, y, width, height in pixels) and ``category`` (names, numbers, or a `ClassLabel`).
The other columns are as in `imagefolder`, through whose rows everything goes: images are written
to a folder, for a data set here is files. A split of a `DatasetDict` is the split.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from isthmus.data.dataset import Dataset
from isthmus.data.formats import values
from isthmus.data.formats.format import Writer
from isthmus.data.formats.imagefolder import (
    METADATA,
    UNSPLIT,
    ImageFolder,
    folder_of,
    metadata_rows,
)
from isthmus.data.formats.losses import EVERYTHING
from isthmus.data.formats.records import ALL, ImageCheck
from isthmus.data.formats.unpacked import unpack_folder
from isthmus.errors import InputError, MissingExtraError
from isthmus.files import canonical_json, safe_join, write_bytes, write_text

STATE, PARTS = "state.json", "dataset_dict.json"
SIGNATURES = {b"\xff\xd8": ".jpg", b"\x89PNG": ".png", b"RIFF": ".webp", b"GIF8": ".gif",
              b"BM": ".bmp", b"II*\0": ".tif", b"MM\0*": ".tif"}  # fmt: skip


class HuggingFace:
    """Reader of folders that `Dataset.save_to_disk` wrote."""

    name = "huggingface"

    def detect(self, path: Path) -> bool:
        """``dataset_dict.json``, or ``state.json`` beside ``dataset_info.json``."""
        single = (path / STATE).is_file() and (path / "dataset_info.json").is_file()
        return single or (path / PARTS).is_file()

    def read(self, path: Path, *, images: Path | None, check: ImageCheck) -> Dataset:
        """See `Format.read`."""
        library = _library()
        try:
            found = library.load_from_disk(str(path))
        except Exception as error:  # whatever its parsing of damaged files stumbles over
            raise InputError(f"{path}: cannot be read by `datasets` ({error})") from error
        folder = unpack_folder(path, images)
        return _unpacked(found, folder, path, path.resolve().name, check=check)


def from_huggingface(found: Any, folder: Path | str, *, name: str = "huggingface") -> Dataset:
    """The data set of a `datasets.Dataset` or `DatasetDict`.

    Args:
        found: rows with an image column (the only one, or ``image``).
        folder: where the images go; rows that come again replace what is there.
        name: of the data set.

    What could not be read, and why, is in `problems` of the result.

    Raises:
        InputError: it has no image column, or not one usable image.
        MissingExtraError: `datasets` is not installed.
    """
    folder = Path(folder)
    return _unpacked(found, folder, folder, name, check=ALL, trusted=True)


def to_huggingface(dataset: Dataset) -> Any:
    """A `datasets.DatasetDict` with a part for each split; frames without one go to ``data``.

    Images are referred to by their files; per-pixel labels have no place.

    Raises:
        MissingExtraError: `datasets` is not installed.
    """
    library = _library()
    parts: dict[str, list[dict[str, Any]]] = {}
    for frame, row in metadata_rows(dataset):
        del row["file_name"]
        parts.setdefault(_part_of(frame.split), []).append({"image": str(frame.image), **row})
    kinds = library.Features(
        {
            "image": library.Image(),
            "objects": {
                "bbox": library.List(library.List(library.Value("float64"), length=4)),
                "category": library.List(library.Value("string")),
                "details": library.List(library.Value("string")),
            },
            "details": library.Value("string"),
        }
    )
    made = {name: library.Dataset.from_list(rows, features=kinds) for name, rows in parts.items()}
    return library.DatasetDict(made)


def _part_of(split: str) -> str:
    """Name of a split's part: its own, where that can be the folder `datasets` makes of it."""
    plain = split not in ("", UNSPLIT) and split[0] != "." and not set(split) & set("/\\%")
    return split if plain else folder_of(split)


def _library() -> Any:
    try:
        import datasets
    except ImportError:
        raise MissingExtraError("Hugging Face data sets", "hf-datasets") from None
    return datasets


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the bars of `datasets`, which it draws into logs as well."""
    from datasets.utils import are_progress_bars_disabled, logging

    shown = not are_progress_bars_disabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _unpacked(
    found: Any, folder: Path, path: Path, name: str, *, check: ImageCheck, trusted: bool = False
) -> Dataset:
    """Write all rows as an image folder, and read that.

    `trusted`: rows may name image files anywhere; else only below `path`.
    """
    library = _library()
    parts = found if isinstance(found, library.DatasetDict) else {UNSPLIT: found}
    for part, rows in parts.items():
        target = folder / folder_of("" if part == UNSPLIT else unquote(str(part)))
        lines = [canonical_json(row) + "\n" for row in _rows(library, rows, target, path, trusted)]
        write_text(target / METADATA, "".join(lines))
    return replace(ImageFolder().read(folder, images=None, check=check), name=name)


def _rows(
    library: Any, rows: Any, folder: Path, path: Path, trusted: bool
) -> Iterator[dict[str, Any]]:
    kinds = rows.features
    columns = [name for name, kind in kinds.items() if isinstance(kind, library.Image)]
    column = "image" if "image" in columns else (columns[0] if len(columns) == 1 else None)
    if column is None:
        raise InputError(f"{path}: no column `image` among {', '.join(kinds)}")
    for other in columns:
        rows = rows.cast_column(other, library.Image(decode=False))
    names = _class_names(library, kinds)
    for index, row in enumerate(rows):
        picture = row.pop(column) or {}
        yield {
            **{key: value for key, value in row.items() if key not in columns},
            "objects": _objects(row.get("objects"), names),
            "file_name": _written(picture, folder, index, None if trusted else path),
        }


def _class_names(library: Any, kinds: Any) -> list[str]:
    """Names of the categories, where they are a `ClassLabel`."""
    inner: Any = kinds.get("objects")
    inner = getattr(inner, "feature", inner)  # a list of objects, or an object of lists
    inner = inner.get("category", inner.get("categories")) if isinstance(inner, dict) else None
    inner = getattr(inner, "feature", inner)
    return list(inner.names) if isinstance(inner, library.ClassLabel) else []


def _objects(value: Any, names: list[str]) -> Any:
    """Objects as a mapping of lists, numbers of classes replaced by their names; None stays."""
    if isinstance(value, list):  # a list of objects
        keys = dict.fromkeys(key for item in value if isinstance(item, dict) for key in item)
        value = {key: [item.get(key) for item in value if isinstance(item, dict)] for key in keys}
    if not isinstance(value, dict) or (value and all(v is None for v in value.values())):
        return None  # of an empty struct, Arrow gives its fields
    for key in ("category", "categories"):
        if names and isinstance(value.get(key), list):
            value = {**value, key: [_named(number, names) for number in value[key]]}
    return value


def _named(number: Any, names: list[str]) -> Any:
    known = isinstance(number, int) and 0 <= number < len(names)
    return names[number] if known else number


def _written(picture: dict[str, Any], folder: Path, index: int, inside: Path | None) -> str | None:
    """Name of the row's image below `folder`; None where the row has none that can be read.

    A row of a file that somebody else wrote may name any file of this machine: only those below
    `inside` are read.
    """
    content = picture.get("bytes")
    source = values.text(picture.get("path"))
    try:
        if content is None and source:
            file = Path(source) if inside is None else safe_join(inside, source)
            content = file.read_bytes() if file.is_file() else None
    except (OSError, InputError):
        return None
    if not isinstance(content, bytes):
        return None
    ending = next((e for start, e in SIGNATURES.items() if content.startswith(start)), None)
    name = f"{index:08d}{ending or Path(source or '').suffix.lower() or '.jpg'}"
    write_bytes(folder / name, content)
    return name


def write_huggingface(dataset: Dataset, folder: Path) -> Path:
    """Write what `datasets.load_from_disk` reads, images inside; returns `folder`.

    Raises:
        InputError: an image cannot be read.
        MissingExtraError: `datasets` is not installed.
    """
    made = to_huggingface(dataset)
    try:
        with _quiet():
            made.save_to_disk(str(folder))
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error})") from error
    return folder


HUGGINGFACE_WRITER = Writer(write_huggingface, EVERYTHING - {"semantic", "instances", "depth"})
