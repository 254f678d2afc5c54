"""WebDataset: tar shards in which files that share a name up to its first dot are one sample.

A sample is an image and, as isthmus writes it, ``.json`` (the frame in Scalabel's form) and
``.semantic.png``, ``.instance.png``, ``.depth.png``. Short texts in the JSON of other writers
become attributes; other files of a sample are counted and not used. Shards are unpacked (see
`unpacked`) by `isthmus.data.archives`, which refuses links and paths that lead out.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from isthmus.data.archives import extract
from isthmus.data.dataset import Dataset
from isthmus.data.formats import values
from isthmus.data.formats.bdd100k import ScalabelReading
from isthmus.data.formats.bdd100k_writer import frame_record
from isthmus.data.formats.format import Writer
from isthmus.data.formats.locate import Roots
from isthmus.data.formats.losses import EVERYTHING
from isthmus.data.formats.records import ImageCheck
from isthmus.data.formats.unpacked import unpack_folder
from isthmus.data.frame import Frame
from isthmus.data.images import SUFFIXES
from isthmus.errors import InputError
from isthmus.files import atomic_path, canonical_json, read_json

SHARD_FRAMES = 1000
MAX_JSON = 1 << 26
LAYERS = ("semantic", "instance", "depth")


class WebDataset:
    """Reader of tar shards."""

    name = "webdataset"

    def detect(self, path: Path) -> bool:
        """A tar file, or a folder with some."""
        return bool(_shards(path))

    def read(self, path: Path, *, images: Path | None, check: ImageCheck) -> Dataset:
        """See `Format.read`."""
        shards = _shards(path)
        if not shards:
            raise InputError(f"{path}: no tar file here")
        folder = unpack_folder(path, images)
        reading = ScalabelReading(path, Roots(folder, folder))
        unused = 0
        for shard in shards:
            try:
                files = extract(shard, folder / shard.stem)
            except InputError as error:
                reading.log.add(shard, "bad-label-file", str(error).removeprefix(f"{shard}: "))
                continue
            for key, parts in _samples(files).items():
                unused += _take(reading, shard, folder, key, parts)
        reading.log.tally(path, "other-files", "files of samples are not used", count=unused)
        reading.conclude()
        return reading.dataset(path.resolve().stem, check)


def _shards(path: Path) -> list[Path]:
    if path.is_file():
        return [path] if path.suffix.lower() == ".tar" else []
    return sorted(path.glob("*.tar")) if path.is_dir() else []


def _samples(files: list[Path]) -> dict[str, dict[str, Path]]:
    """Name of a sample → what follows its first dot → file."""
    samples: dict[str, dict[str, Path]] = {}
    for file in files:
        stem, _, kind = file.name.partition(".")
        samples.setdefault((file.parent / stem).as_posix(), {})[kind.lower()] = file
    return samples


def _take(
    reading: ScalabelReading, shard: Path, folder: Path, key: str, parts: dict[str, Path]
) -> int:
    """Add one sample; returns how many of its files are not used."""
    kinds = [kind for kind in parts if f".{kind}" in SUFFIXES]
    document: Any = {}
    if "json" in parts:
        try:
            document = read_json(parts["json"], limit_bytes=MAX_JSON)
        except InputError as error:
            reading.log.add(shard, "bad-annotation", str(error))
    frame: dict[str, Any] = document if isinstance(document, dict) else {}
    if "labels" not in frame:
        words = {name: value for name, value in frame.items() if values.text(value)}
        frame = {"attributes": frame.get("attributes") or words, "labelled": False}
    base = folder.resolve()
    image = parts[kinds[0]] if kinds else Path(f"{key}.jpg")
    frame["name"] = image.relative_to(base).as_posix()
    before = len(reading.records)
    reading.take(shard, [frame])
    if len(reading.records) == before:
        return 0
    record = reading.records[-1]
    for layer in LAYERS:
        setattr(record, layer, parts.get(f"{layer}.png"))
    used = {"json", *kinds[:1], *(f"{layer}.png" for layer in LAYERS)}
    return len(parts.keys() - used)


def write_webdataset(dataset: Dataset, folder: Path) -> Path:
    """Write `folder`/shard-000000.tar and on, 1000 frames each; returns `folder`.

    Equal data sets give equal bytes.

    Raises:
        InputError: an image cannot be read.
    """
    frames = dataset.frames
    for number, start in enumerate(range(0, len(frames), SHARD_FRAMES)):
        with (
            atomic_path(folder / f"shard-{number:06d}.tar") as temporary,
            tarfile.open(temporary, "w") as shard,
        ):
            for index, frame in enumerate(frames[start : start + SHARD_FRAMES], start=start):
                for name, content in _parts(frame, index):
                    info = tarfile.TarInfo(name)
                    info.size = len(content)
                    shard.addfile(info, io.BytesIO(content))
    return folder


def _parts(frame: Frame, index: int) -> Iterator[tuple[str, bytes]]:
    key = f"{index:08d}"
    name = f"{key}{frame.image.suffix.lower()}"
    try:
        yield name, frame.image.read_bytes()
        yield f"{key}.json", canonical_json(frame_record(frame, name)).encode()
        for layer in LAYERS:
            if file := getattr(frame, layer):
                yield f"{key}.{layer}.png", file.read_bytes()
    except OSError as error:
        raise InputError(f"{frame.image}: cannot be read ({error})") from error


WEBDATASET_WRITER = Writer(write_webdataset, EVERYTHING)
