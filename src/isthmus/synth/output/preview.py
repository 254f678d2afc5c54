"""A contact sheet: what an ODD looks like."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from isthmus.compute.executor import Executor, Progress, SerialExecutor
from isthmus.errors import ConfigError, InputError
from isthmus.files import check_output, write_bytes
from isthmus.synth.odd.domain import Domain
from isthmus.synth.odd.rows import sample_rows
from isthmus.synth.output.request import Request, make, picture_faults

MOST = 400
MOST_PIXELS = 200_000_000
LONGEST_SIDE = 65_500
"""What a JPEG can be, pixels."""


def write_preview(
    domain: Domain,
    n: int,
    out: Path,
    *,
    seed: int = 0,
    size: tuple[int, int] = (320, 180),
    renderer: str = "fast",
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write a sheet of the first `n` rows of a domain, row by row; returns its path.

    Raises:
        ConfigError: n is not within 1 to 400, size or renderer are none, all is too large for one
            sheet, or the file is neither JPEG nor PNG.
        InputError: a frame could not be made, or the sheet cannot be written there.
    """
    from PIL import Image

    if not 1 <= n <= MOST:
        raise ConfigError(f"n: {n} images; from 1 to {MOST} fit on a sheet")
    kind = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG"}.get(out.suffix.lower())
    if kind is None:
        raise ConfigError(f"{out}: a sheet is a .jpg or a .png")
    if faults := picture_faults(size, renderer):
        raise ConfigError("the sheet cannot be rendered: " + "; ".join(faults))
    if n * size[0] * size[1] > MOST_PIXELS:
        raise ConfigError(
            f"{n} images of {size[0]}x{size[1]}: more than {MOST_PIXELS // 1_000_000} million "
            "pixels; fewer or smaller ones fit on a sheet"
        )
    columns = min(n, max(1, round(np.sqrt(n * 1.2))))
    width, height = size
    sides = (columns * width, -(-n // columns) * height)
    if kind == "JPEG" and max(sides) > LONGEST_SIDE:
        raise ConfigError(
            f"{n} images of {width}x{height} make a sheet of {sides[0]}x{sides[1]}: a JPEG has at "
            f"most {LONGEST_SIDE} a side; name a .png, or ask for fewer"
        )
    check_output(out, "a sheet")
    requests = [Request(seed, row, size, renderer) for row in sample_rows(domain, n, seed)]
    sheet = Image.new("RGB", sides)
    outcomes = (executor or SerialExecutor()).map(
        _picture, requests, progress=progress, what=f"rendering {domain.name}"
    )
    for k, outcome in enumerate(outcomes):
        if outcome.error is not None or outcome.value is None:
            raise InputError(f"{requests[k].name}: could not be made: {outcome.error}")
        picture = Image.open(io.BytesIO(outcome.value))
        sheet.paste(picture, (k % columns * width, k // columns * height))
    stream = io.BytesIO()
    sheet.save(stream, kind, **({"quality": 88} if kind == "JPEG" else {}))
    write_bytes(out, stream.getvalue())
    return out


def _picture(request: Request) -> bytes:
    return make(request).content
