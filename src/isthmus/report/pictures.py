"""Pictures of a stage as data URIs: small, re-encoded, and never from outside the stage's folder.

Re-encoding drops what a picture file may carry besides its pixels (EXIF positions, comments).
"""

from __future__ import annotations

import base64
import io
from pathlib import Path

from isthmus import files
from isthmus.errors import InputError
from isthmus.report.blocks import Picture

WIDTH = 480
HEIGHT = 480
QUALITY = 82
MAX_PIXELS = 64_000_000


class Pictures:
    """Reads the pictures of one stage folder, none larger than `width` × `height` in the page."""

    def __init__(self, folder: Path, width: int = WIDTH, height: int = HEIGHT) -> None:
        self._folder, self._most = folder, (width, height)
        self._seen: dict[str, Picture] = {}

    def get(self, name: object, alt: str) -> Picture:
        """The picture `name` (a path relative to the stage folder).

        A picture that is missing, unreadable or outside the folder comes back with a `fault`
        instead of an address: a report is never lost to one bad file.
        """
        if not isinstance(name, str):
            return Picture(uri="", alt=alt, fault="not a file name")
        if name not in self._seen:
            self._seen[name] = self._read(name)
        found = self._seen[name]
        return Picture(found.uri, alt, found.width, found.height, found.fault)

    def _read(self, name: str) -> Picture:
        from PIL import Image

        try:
            path = files.safe_join(self._folder, name)
            with Image.open(path) as image:
                if image.width * image.height > MAX_PIXELS:
                    return Picture(uri="", alt="", fault="too large to show")
                rgb = image.convert("RGB")
                scale = min(1.0, self._most[0] / rgb.width, self._most[1] / rgb.height)
                size = (max(1, round(rgb.width * scale)), max(1, round(rgb.height * scale)))
                small = rgb if size == rgb.size else rgb.resize(size, Image.Resampling.LANCZOS)
                small.info.clear()  # a comment of the file would be written again
                buffer = io.BytesIO()
                small.save(buffer, format="JPEG", quality=QUALITY, optimize=True)
        except FileNotFoundError:
            return Picture(uri="", alt="", fault="file is missing")
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            return Picture(uri="", alt="", fault="too large to show")
        except (InputError, OSError, ValueError, SyntaxError) as error:
            return Picture(uri="", alt="", fault=f"cannot be shown ({type(error).__name__})")
        uri = "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
        return Picture(uri=uri, alt="", width=size[0], height=size[1])
