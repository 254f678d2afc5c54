"""OpenEXR pictures of 32-bit floats: depth in metres, light in cd/m².

Needs the extra `exr` (the Academy Software Foundation's own bindings).
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isthmus.errors import ImageError, MissingExtraError
from isthmus.files import atomic_path

Floats = NDArray[np.float32]
LARGEST_SIDE = 16_384


def require_exr() -> None:
    """Complain if OpenEXR is not installed.

    Raises:
        MissingExtraError: it is not.
    """
    if find_spec("OpenEXR") is None:
        raise MissingExtraError("OpenEXR pictures", "exr")


def write_exr(path: Path, values: NDArray[np.floating[Any]]) -> None:
    """Write `values` whole or not at all: (h, w) as channel Z, (h, w, 3) as R, G, B.

    Lossless (ZIP). Of colours, `whiteLuminance` says that a value of 1 means 1 cd/m².

    Raises:
        MissingExtraError: the extra `exr` is not installed.
        OSError: the file cannot be written.
    """
    require_exr()
    import OpenEXR

    stored = np.ascontiguousarray(values, np.float32)
    header: dict[str, Any] = {
        "compression": OpenEXR.ZIP_COMPRESSION,
        "type": OpenEXR.scanlineimage,
    }
    if stored.ndim == 3:
        header["whiteLuminance"] = 1.0
    with atomic_path(path) as temporary:
        name = "Z" if stored.ndim == 2 else "RGB"
        try:
            OpenEXR.File(header, {name: stored}).write(str(temporary))
        except RuntimeError as error:  # a full disk, say: what other writers call an OSError
            raise OSError(f"{path}: {error}") from error


def read_exr(path: Path | str) -> Floats:
    """What `write_exr` wrote: (h, w) of channel Z, else (h, w, 3) of R, G, B.

    Raises:
        ImageError: no such file, no OpenEXR, larger than 16384 a side, or other channels.
        MissingExtraError: the extra `exr` is not installed.
    """
    require_exr()
    import OpenEXR

    try:
        with OpenEXR.File(str(path), header_only=True) as file:
            low, high = file.header()["dataWindow"]
        if max(np.subtract(high, low).tolist()) >= LARGEST_SIDE:
            raise ImageError(f"{path}: larger than {LARGEST_SIDE} pixels a side")
        with OpenEXR.File(str(path)) as file:
            channels = file.channels()
            found = next((channels[n].pixels for n in ("Z", "RGB") if n in channels), None)
    except (RuntimeError, ValueError, TypeError, OSError) as error:
        raise ImageError(f"{path}: no OpenEXR picture that can be read: {error}") from None
    if found is None:
        raise ImageError(
            f"{path}: neither a channel Z nor R, G and B; it has {', '.join(channels)}"
        )
    return np.asarray(found, np.float32)
