"""Depth and class ids, one value a pixel, as PNG files; depth as OpenEXR too.

Depth is kept as KITTI keeps it (Uhrig et al., "Sparsity invariant CNNs", 3DV 2017): 16 bits,
metres × 256, and 0 where no depth is known. The step is 3.9 mm, the largest value 255.996 m.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from isthmus.data.decoding import file_content, opened, save
from isthmus.errors import ImageError, InputError

STEPS_PER_METRE = 256.0
LARGEST = 65535


def write_depth_png(path: Path, metres: npt.NDArray[np.floating]) -> None:
    """Write depth (h, w) in metres, whole or not at all.

    Zero, negative and NaN mean "unknown" and become 0; what is nearer than half a step becomes
    the smallest depth there is, and what is beyond 255.996 m (infinity too) the largest.
    """
    from PIL import Image

    depth = np.asarray(metres, dtype=np.float64)
    if depth.ndim != 2:
        raise InputError(f"depth of shape {depth.shape}; expected (height, width) in metres")
    known = depth > 0
    steps = np.clip(np.rint(np.where(known, depth, 0.0) * STEPS_PER_METRE), 1, LARGEST)
    stored = np.where(known, steps, 0).astype("<u2")
    # Runs alone: half the time of searching for repeats, for a fifth more bytes.
    save(path, Image.fromarray(stored), "PNG", compress_type=zlib.Z_RLE)


def read_depth_png(path: Path | str) -> npt.NDArray[np.float32]:
    """Depth (h, w) in metres, 0 where it is unknown.

    Raises:
        ImageError: not a 16-bit grey PNG of one channel.
    """
    values = _read_single_channel(path)
    if values.dtype != np.uint16:
        raise ImageError(f"{path}: depth needs a 16-bit grey PNG, this one has 8 bits")
    return (values / np.float32(STEPS_PER_METRE)).astype(np.float32)


def read_depth(path: Path | str) -> npt.NDArray[np.float32]:
    """Depth (h, w) in metres of a PNG or of an OpenEXR's channel Z, 0 where it is unknown.

    Raises:
        ImageError: neither of them.
        MissingExtraError: an OpenEXR, and the extra `exr` is not installed.
    """
    if Path(path).suffix.lower() != ".exr":
        return read_depth_png(path)
    from isthmus.data.exr import read_exr

    depth = read_exr(path)
    if depth.ndim != 2:
        raise ImageError(f"{path}: an OpenEXR of colours; depth needs a channel Z")
    return np.where(np.isfinite(depth) & (depth > 0), depth, np.float32(0))


def read_ids_png(path: Path | str) -> npt.NDArray[np.uint16]:
    """Class or object ids (h, w): grey values, or the indices of a palette image.

    Raises:
        ImageError: not a PNG of one channel.
    """
    return _read_single_channel(path).astype(np.uint16)


def _read_single_channel(path: Path | str) -> npt.NDArray[np.uint8 | np.uint16]:
    with opened(file_content(path), str(path), [], formats=("PNG",)) as image:
        if image.mode not in ("L", "P", "I;16"):
            raise ImageError(f"pixel mode {image.mode}; expected one grey or palette channel")
        values = np.array(image)
    return values.astype(np.uint16) if values.dtype.itemsize == 2 else values
