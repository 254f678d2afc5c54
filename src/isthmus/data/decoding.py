"""Pillow behind a guard: known settings, known formats, a size limit, one kind of error.

A file is read whole and its size is taken from the header before anything is decoded. Whatever
a decoder stumbles over becomes an `ImageError` that names the file.

Pillow's settings are global to a process. They are set to known values while a file is decoded
and put back afterwards, under a lock: threads of one process decode one after the other
(processes do not wait for each other).
"""

from __future__ import annotations

import contextlib
import io
import stat
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from isthmus.errors import ImageError
from isthmus.files import atomic_path

MAX_PIXELS = 64_000_000
MAX_FILE_BYTES = 1 << 29
# Formats whose decoders are looked for; in particular none that runs another program (EPS).
# JPEG includes the many-picture files of some cameras (MPO).
READ_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "PPM", "JPEG2000")

_LOCK = threading.RLock()


def file_content(path: Path | str) -> bytes:
    """All bytes of a regular file; anything else is an `ImageError`."""
    path = Path(path)
    try:
        status = path.stat()
        # A named pipe or a device would block, or never end.
        if not stat.S_ISREG(status.st_mode):
            raise ImageError(f"{path}: not a regular file")
        if status.st_size > MAX_FILE_BYTES:
            raise ImageError(
                f"{path}: {status.st_size} bytes, more than the limit of {MAX_FILE_BYTES}"
            )
        return path.read_bytes()
    except FileNotFoundError:
        raise ImageError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:
        raise ImageError(f"{path}: cannot be read ({error})") from error


@contextlib.contextmanager
def opened(
    content: bytes,
    name: str,
    notes: list[str],
    *,
    max_pixels: int = MAX_PIXELS,
    formats: tuple[str, ...] = READ_FORMATS,
) -> Iterator[Any]:
    """Yield a Pillow image whose size is allowed; what its decoder warns of goes to `notes`.

    Raises:
        ImageError: beginning with `name`, for any exception inside the block too.
    """
    from PIL import Image, UnidentifiedImageError

    with _strict_pillow(max_pixels) as raised:
        try:
            with Image.open(io.BytesIO(content), formats=formats) as image:
                width, height = image.size
                if width * height > max_pixels:
                    raise ImageError(_too_large(max_pixels, f"{width} × {height} pixels"))
                yield image
        except ImageError as error:
            raise ImageError(f"{name}: {error}") from None
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            raise ImageError(f"{name}: {_too_large(max_pixels, 'the size it claims')}") from None
        except UnidentifiedImageError:
            raise ImageError(f"{name}: {_unidentified(content, formats)}") from None
        except MemoryError:
            raise ImageError(f"{name}: not enough memory to decode it") from None
        # Decoders meet arbitrary bytes and raise whatever their parsing stumbles over.
        except Exception as error:
            raise ImageError(f"{name}: {_damage(error)}") from error
    notes.extend(dict.fromkeys(f"decoder warns: {str(item.message).strip()}" for item in raised))


def save(path: Path, image: Any, kind: str, **options: Any) -> None:
    """Write a Pillow image, whole or not at all."""
    with atomic_path(Path(path)) as temporary:
        image.save(temporary, format=kind, **options)


@contextlib.contextmanager
def _strict_pillow(max_pixels: int) -> Iterator[list[warnings.WarningMessage]]:
    """Pillow with known settings, whatever other libraries chose; yields the warnings raised."""
    from PIL import Image, ImageFile

    with _LOCK, warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
        Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = max_pixels, False
        try:
            yield raised
        finally:
            Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = before


def _too_large(max_pixels: int, extent: str) -> str:
    return f"not decoded, {extent} is more than the limit of {max_pixels / 1e6:g} megapixels"


def _unidentified(content: bytes, formats: tuple[str, ...]) -> str:
    if not content:
        return "empty (0 bytes)"
    head = content[:64]
    if all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in head):
        return f"text, not an image (it begins with {head[:24].decode('ascii')!r})"
    return f"damaged, or not an image of a known kind ({', '.join(formats)})"


def _damage(error: Exception) -> str:
    words = " ".join(str(error).split())[:200] or type(error).__name__
    return f"{'truncated' if 'truncated' in words.lower() else 'damaged'} ({words})"
