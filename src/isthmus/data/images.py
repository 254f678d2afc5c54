"""The only way from an image file to pixels, and back.

Both domains go through one decoder (Pillow) and one resampling filter: another decoder or
another resize is itself a domain gap (Parmar, Zhang and Zhu, "On aliased resizing and
surprising subtleties in GAN evaluation", CVPR 2022). `DECODE_FINGERPRINT` names this path and
belongs in the key of whatever is computed from pixels.

EXIF orientation is applied. How each pixel mode becomes RGB is written in
`isthmus.data.colour_modes`, what is refused and how in `isthmus.data.decoding`.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import __version__ as _pillow_version

from isthmus.data import orientation as exif
from isthmus.data.colour_modes import to_rgb
from isthmus.data.decoding import MAX_PIXELS, file_content, opened, save
from isthmus.errors import ImageError, InputError

if TYPE_CHECKING:
    from PIL.Image import Image

RGB = npt.NDArray[np.uint8]

DECODE_FINGERPRINT = f"pillow-{_pillow_version.split('.')[0]}/draft-2x/bicubic/modes-1"
SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".mpo", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"),
    *(".ppm", ".pgm", ".pbm", ".pnm", ".jp2", ".j2k"),
)
"""Endings (lower case) by which a file in a folder is taken for an image."""

_TAIL = 1 << 16
"""Bytes at a JPEG file's end among which its end marker is looked for."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What is known of an image file after decoding all of it.

    Attributes:
        width, height: pixels of the upright image.
        orientation: EXIF orientation 1–8 that was applied.
        digest: SHA-256 (hex) of the file's bytes.
        note: what one should know of how it was read; None if nothing.
    """

    width: int
    height: int
    orientation: int
    digest: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class _Decoded:
    image: Image
    orientation: int
    notes: tuple[str, ...]


def read_rgb(path: Path | str, *, max_pixels: int = MAX_PIXELS) -> RGB:
    """The upright image as uint8 (h, w, 3), RGB.

    Raises:
        ImageError: missing, empty, truncated, not an image, or more than `max_pixels`.
    """
    return np.array(_decode(file_content(path), str(path), max_pixels).image)


def read_resized(
    path: Path | str,
    width: int,
    height: int,
    *,
    max_pixels: int = MAX_PIXELS,
    decoded_at: float = 2.0,
) -> RGB:
    """The upright image resampled to uint8 (height, width, 3), RGB.

    JPEG files are decoded at a reduced size (a half, a quarter, an eighth) where that is at least
    `decoded_at` times the wanted one. Twice changes the result by less than one grey level on
    average and saves most of the time; less saves more of it, and changes fine detail.

    Raises:
        ImageError: as for `read_rgb`.
    """
    content = file_content(path)
    at_least = math.ceil(decoded_at * width), math.ceil(decoded_at * height)
    decoded = _decode(content, str(path), max_pixels, at_least=at_least)
    return np.array(_resample(decoded.image, width, height))


def resize_rgb(rgb: RGB, width: int, height: int) -> RGB:
    """`rgb` (h, w, 3) uint8 resampled to (height, width, 3) by the filter of `read_resized`."""
    return np.array(_resample(_image(rgb), width, height))


def probe(path: Path | str, *, max_pixels: int = MAX_PIXELS) -> Probe:
    """Decode all of the file and say what it holds.

    Raises:
        ImageError: the file cannot be used; the message says why.
    """
    content = file_content(path)
    decoded = _decode(content, str(path), max_pixels)
    width, height = decoded.image.size
    digest = hashlib.sha256(content).hexdigest()
    return Probe(width, height, decoded.orientation, digest, "; ".join(decoded.notes) or None)


def probe_header(path: Path | str, *, max_pixels: int = MAX_PIXELS) -> Probe:
    """Size, orientation and digest without decoding the pixels (a PNG's EXIF may need them).

    A JPEG file without its end marker is refused as truncated; other damage inside the pixels
    shows when they are decoded.

    Raises:
        ImageError: the file cannot be used; the message says why.
    """
    content = file_content(path)
    notes: list[str] = []
    with opened(content, str(path), notes, max_pixels=max_pixels) as image:
        if image.format == "JPEG" and content.rfind(b"\xff\xd9", -_TAIL) < 0:
            raise ImageError("truncated (no end marker)")
        orientation = _orientation(image, notes)
        stored: tuple[int, int] = image.size
        width, height = exif.turned_size(*stored, orientation)
    digest = hashlib.sha256(content).hexdigest()
    return Probe(width, height, orientation, digest, "; ".join(notes) or None)


def write_jpeg(path: Path, rgb: RGB, quality: int = 92) -> None:
    """Write uint8 (h, w, 3) as JPEG with 4:2:0 chroma, whole or not at all."""
    save(path, _image(rgb), "JPEG", quality=quality, subsampling="4:2:0")


def write_png(path: Path, rgb: RGB) -> None:
    """Write uint8 (h, w, 3) as PNG, whole or not at all."""
    save(path, _image(rgb), "PNG", compress_level=6)


def _decode(
    content: bytes, name: str, max_pixels: int, *, at_least: tuple[int, int] | None = None
) -> _Decoded:
    """The upright RGB image; a JPEG may be decoded smaller, but not below `at_least`."""
    notes: list[str] = []
    with opened(content, name, notes, max_pixels=max_pixels) as image:
        if getattr(image, "is_animated", False):
            notes.append(f"animated or many-paged {image.format}: only the first picture is read")
        before = _orientation(image, notes)
        if at_least:
            image.draft(None, exif.turned_size(*at_least, before))
        image.load()
        # Some formats carry EXIF after the pixels (PNG); TIFF is turned by Pillow in `load`.
        after = _orientation(image, notes)
        rgb, remark = to_rgb(image)
        if remark:
            notes.append(remark)
        upright = exif.turn(rgb, after)
        # What outlives the block must not be the file's own image.
        upright = upright.copy() if upright is image else upright
    orientation = before if before != exif.UPRIGHT else after
    return _Decoded(upright, orientation, tuple(dict.fromkeys(notes)))


def _orientation(image: Any, notes: list[str]) -> int:
    try:
        value = image.getexif().get(exif.TAG, exif.UPRIGHT)
    except Exception:
        # EXIF is a file format of its own, and damaged in its own ways; the pixels are whole.
        notes.append("EXIF data cannot be read; taken as upright")
        return exif.UPRIGHT
    if value in range(1, 9):
        return int(value)
    notes.append(f"EXIF orientation {value!r} is none of 1 to 8; taken as upright")
    return exif.UPRIGHT


def _resample(image: Image, width: int, height: int) -> Image:
    from PIL.Image import Resampling

    if min(width, height) < 1:
        raise InputError(f"size {width} × {height}: both sides need at least one pixel")
    return image.resize((width, height), Resampling.BICUBIC)


def _image(rgb: RGB) -> Image:
    from PIL import Image

    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3:
        raise InputError(
            f"an array of {rgb.dtype} {rgb.shape} is no image; expected uint8 (height, width, 3)"
        )
    return Image.fromarray(np.ascontiguousarray(rgb))
