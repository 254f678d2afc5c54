"""Contact sheets: what a cell looks like in the target, and what the source has of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from isthmus.data.frame import Frame
from isthmus.data.images import RGB, read_resized, write_jpeg
from isthmus.errors import ImageError

CELL = (240, 150)
COLUMNS = 4
MARGIN = 6
GROUND = 245


def spread(ids: Sequence[str], count: int) -> list[str]:
    """`count` ids spread evenly over all: neighbours in a video look alike."""
    if len(ids) <= count:
        return list(ids)
    return [ids[int(i)] for i in np.linspace(0, len(ids) - 1, count).round()]


def contact_sheet(rows: Sequence[Sequence[Frame]], path: Path) -> None:
    """Write a JPEG: one row of pictures for each sequence of frames, `COLUMNS` at most in a row."""
    width = COLUMNS * (CELL[0] + MARGIN) + MARGIN
    height = len(rows) * (CELL[1] + MARGIN) + MARGIN
    sheet = np.full((height, width, 3), GROUND, np.uint8)
    for r, frames in enumerate(rows):
        for c, frame in enumerate(frames[:COLUMNS]):
            picture = _fitted(frame)
            y = MARGIN + r * (CELL[1] + MARGIN) + (CELL[1] - picture.shape[0]) // 2
            x = MARGIN + c * (CELL[0] + MARGIN) + (CELL[0] - picture.shape[1]) // 2
            sheet[y : y + picture.shape[0], x : x + picture.shape[1]] = picture
    write_jpeg(path, sheet, quality=85)


def _fitted(frame: Frame) -> RGB:
    scale = min(CELL[0] / frame.width, CELL[1] / frame.height)
    size = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
    try:
        return read_resized(frame.image, *size)
    except ImageError:
        return np.full((size[1], size[0], 3), 128, np.uint8)
