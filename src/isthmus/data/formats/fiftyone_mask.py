"""Masks of FiftyOne's detections, both ways.

A mask covers its detection's box: a NumPy array as ``numpy.save`` writes it, compressed by zlib,
in base 64 (``{"$binary": {"base64": …}}`` in samples.json), or an image named by ``mask_path``.
Where its size is not the box's in pixels, it is brought there, as FiftyOne does when it draws it.
"""

from __future__ import annotations

import base64
import binascii
import io
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isthmus.data import rle
from isthmus.data.decoding import MAX_PIXELS, file_content, opened
from isthmus.data.frame import XYXY
from isthmus.data.shapes import Mask
from isthmus.errors import InputError

Pixels = npt.NDArray[np.bool_]
HEADER = 1 << 12
"""Bytes that an array of NumPy may need beyond its pixels."""


def mask_of(label: dict[str, Any], file: Path | None, edges: XYXY, size: tuple[int, int]) -> Mask:
    """The mask of a detection, on the whole image.

    Args:
        label: the detection; its `mask` is read where there is no `file`.
        file: image that `mask_path` names.
        edges: the box in pixels.
        size: (width, height) of the image in pixels.

    Raises:
        InputError: it cannot be read, or lies outside the image.
    """
    pixels = _image(file) if file else _array(label.get("mask"))
    width, height = size
    x1, y1, x2, y2 = region(edges)
    if not (0 <= x1 < x2 <= width and 0 <= y1 < y2 <= height):
        raise InputError("the mask's box reaches out of the image")
    whole = np.zeros((height, width), dtype=bool)
    whole[y1:y2, x1:x2] = _resized(pixels, y2 - y1, x2 - x1)
    return rle.encode(whole)


def region(edges: XYXY) -> tuple[int, int, int, int]:
    """The whole pixels that a box touches: x1, y1, x2, y2, half open."""
    x1, y1, x2, y2 = (round(edge, 6) for edge in edges)
    return int(np.floor(x1)), int(np.floor(y1)), int(np.ceil(x2)), int(np.ceil(y2))


def binary_of(mask: Mask, edges: XYXY) -> dict[str, Any] | None:
    """The mask as samples.json has it; None where the box does not hold all of it."""
    whole = rle.decode(mask)
    x1, y1, x2, y2 = region(edges)
    inside = whole[max(y1, 0) : y2, max(x1, 0) : x2]
    if inside.shape != (y2 - y1, x2 - x1) or inside.sum() != whole.sum():
        return None
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(inside), allow_pickle=False)
    text = base64.b64encode(zlib.compress(buffer.getvalue(), 9)).decode("ascii")
    return {"$binary": {"base64": text, "subType": "00"}}


def _array(value: Any) -> Pixels:
    if isinstance(value, dict):
        value = value.get("$binary")
        value = value.get("base64") if isinstance(value, dict) else value
    if not isinstance(value, str):
        raise InputError("a mask that is no text in base 64")
    try:
        unpacker = zlib.decompressobj()
        content = unpacker.decompress(base64.b64decode(value, validate=True), MAX_PIXELS)
        if unpacker.unconsumed_tail:
            raise InputError(f"a mask of more than {MAX_PIXELS / 1e6:g} million bytes")
        stream = io.BytesIO(content)
        version = np.lib.format.read_magic(stream)
        read = {(1, 0): np.lib.format.read_array_header_1_0,
                (2, 0): np.lib.format.read_array_header_2_0}[version]  # fmt: skip
        shape, _, kind = read(stream)
        if len(shape) != 2 or min(shape) < 1 or kind.kind not in "bu":
            raise InputError("a mask that is no array of two axes")
        if int(np.prod([int(s) for s in shape])) * kind.itemsize > len(content):
            raise InputError("a mask that ends too early")
        stream.seek(0)
        return _set(np.load(stream, allow_pickle=False))
    except (binascii.Error, zlib.error, ValueError, KeyError, EOFError) as error:
        raise InputError(f"a mask that cannot be decoded ({error})") from error


def _image(file: Path) -> Pixels:
    with opened(file_content(file), str(file), []) as image:
        pixels = np.asarray(image)
    return _set(pixels if pixels.ndim == 2 else pixels.max(axis=2))


def _set(pixels: npt.NDArray[Any]) -> Pixels:
    return np.asarray(pixels != 0, dtype=bool)


def _resized(pixels: Pixels, height: int, width: int) -> Pixels:
    rows = (np.arange(height) + 0.5) * pixels.shape[0] // height
    columns = (np.arange(width) + 0.5) * pixels.shape[1] // width
    return np.asarray(pixels[rows.astype(int)[:, None], columns.astype(int)])
