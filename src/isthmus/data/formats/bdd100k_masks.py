"""BDD100K's bitmasks of instance segmentation and segmentation tracking: PNG of four channels.

``ins_seg/bitmasks/{train,val}/NAME.png`` and ``seg_track_20/bitmasks/…/VIDEO/NAME.png``. As the
data set's documentation ("Bitmask") has it: R is the category from 1 on, the low bits of G say
truncated, occluded, crowd, ignored (from bit 3 down to bit 0), B × 256 + A is the object's id.
Every object gets its mask and the box around it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from isthmus.data import rle
from isthmus.data.dataset import Dataset
from isthmus.data.decoding import file_content, opened
from isthmus.data.formats.bdd100k import PARTS
from isthmus.data.formats.locate import Roots
from isthmus.data.formats.reading import Reading
from isthmus.data.formats.records import ImageCheck, RawBox, Record
from isthmus.data.frame import Box
from isthmus.data.images import SUFFIXES
from isthmus.errors import InputError

FOLDER = "bitmasks"
CATEGORIES = ("pedestrian", "rider", "car", "truck", "bus", "train", "motorcycle", "bicycle")
"""Of instance segmentation and segmentation tracking, from 1 on."""
TRUNCATED, OCCLUDED, CROWD, IGNORED = 8, 4, 2, 1
_PNG, _COLOUR, _RGBA = b"\x89PNG", 25, 6


class Bdd100kMasks:
    """Reader of folders of bitmasks."""

    name = "bdd100k_masks"

    def detect(self, path: Path) -> bool:
        """A folder ``bitmasks``, or one with it, whose first PNG has four channels."""
        base = _base(path)
        first = next(iter(_files(base)), None) if FOLDER in (base.name, base.parent.name) else None
        try:
            return first is not None and _is_rgba(first)
        except OSError:
            return False

    def read(self, path: Path, *, images: Path | None, check: ImageCheck) -> Dataset:
        """See `Format.read`."""
        base = _base(path)
        files = _files(base)
        if not files:
            raise InputError(f"{path}: no bitmasks (PNG files) in this folder")
        kinds = ("10k", "seg_track_20", "track")
        others = [above / "images" / kind for above in base.resolve().parents[:4] for kind in kinds]
        below = [folder / part for folder in others for part in PARTS]
        reading = Reading(path, Roots(path, images, [*others, *below], PARTS))
        for file in files:
            reading.listed += 1
            # Beside the bitmasks, a PNG of the name wanted is a bitmask.
            _take(reading, base, file, (".jpg", ".jpeg") if images is None else SUFFIXES)
        return reading.dataset(path.resolve().name, check, CATEGORIES)


def _base(path: Path) -> Path:
    return path / FOLDER if (path / FOLDER).is_dir() else path


def _files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.png")) if folder.is_dir() else []


def _is_rgba(file: Path) -> bool:
    with file.open("rb") as handle:
        start = handle.read(_COLOUR + 1)
    return start[:4] == _PNG and start[_COLOUR : _COLOUR + 1] == bytes([_RGBA])


def _take(reading: Reading, base: Path, file: Path, suffixes: tuple[str, ...]) -> None:
    """Add the frame of one bitmask, or enter why not."""
    parts = file.relative_to(base).with_suffix("").parts
    split = parts[0] if parts[0] in PARTS else (base.name if base.name in PARTS else "")
    short = "/".join(parts[1:] if parts[0] in PARTS else parts)
    record = Record("", file, file, split=split, sequence=short.rpartition("/")[0])
    try:
        record.boxes, record.declared = _objects(reading, file)
    except InputError as error:
        reading.log.add(file, "bad-label-file", str(error).removeprefix(f"{file}: "))
        return
    names = [f"{name}{suffix}" for name in ("/".join(parts), short) for suffix in suffixes]
    reading.add_found(record, reading.roots.find(names))


def _objects(reading: Reading, file: Path) -> tuple[list[RawBox], tuple[int, int]]:
    """The objects of a bitmask, and its (width, height).

    Raises:
        InputError: it is no PNG of four channels.
    """
    with opened(file_content(file), str(file), [], formats=("PNG",)) as image:
        mode, pixels = image.mode, np.asarray(image)
    if mode != "RGBA":
        raise InputError(f"a bitmask has four channels, this has {mode}")
    key = np.ascontiguousarray(pixels).view(np.dtype(">u4"))[..., 0]
    boxes = []
    for value in np.unique(key):
        kind, flags, number = int(value) >> 24, int(value) >> 16 & 255, int(value) & 0xFFFF
        if kind == 0:
            continue
        where = f"object {number}"
        mask = rle.encode(key == value)
        edges = rle.bounds(mask)
        if kind > len(CATEGORIES) or edges is None:
            reason = f"{where}: {kind} is no category of BDD100K's instance segmentation"
            reading.log.add(file, "bad-annotation", reason)
            continue
        boxes.append(
            RawBox(
                where,
                Box(
                    CATEGORIES[kind - 1],
                    edges,
                    bool(flags & OCCLUDED),
                    bool(flags & TRUNCATED),
                    bool(flags & (CROWD | IGNORED)),
                    str(number),
                    mask=mask,
                ),
            )
        )
    height, width = pixels.shape[:2]
    return boxes, (width, height)
