"""Random crops of frames for training, with what is known of the objects in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from isthmus.augment.linear import Bytes
from isthmus.augment.translate.patch_nce import UNKNOWN
from isthmus.data.frame import XYXY, Frame
from isthmus.files import digest_of

KEPT_BYTES = 1 << 29
"""Decoded frames kept in memory; beyond that they are read again."""
CELL = 4
"""Pixels a cell of the map of classes."""
ON_OBJECTS = 0.5
"""Share of source crops that are laid around an object, if there is one."""


@dataclass(frozen=True)
class Crops:
    """A batch of crops.

    Attributes:
        images: float32 (b, 3, c, c) in [0, 1].
        rows: float32 (b, c): height of each row within its frame, 0 top to 1 bottom.
        classes: int64 (b, c/4, c/4): 0 background, 1 + class index, or `UNKNOWN`.
    """

    images: Tensor
    rows: Tensor
    classes: Tensor

    def to(self, device: torch.device) -> Crops:
        """The same on `device`."""
        moved = (x.to(device) for x in (self.images, self.rows, self.classes))
        return Crops(*moved)


class Pictures:
    """Frames at training size, read when they are needed.

    Args:
        frames: at least one.
        height: rows that frames are brought to; smaller ones stay as they are, unless a crop
            would not fit.
        crop: side of the crops that will be cut, a multiple of 4.
        categories: classes of objects; others are background, as are objects of frames without.
    """

    def __init__(
        self, frames: Sequence[Frame], *, height: int, crop: int, categories: Sequence[str] = ()
    ) -> None:
        self.frames = tuple(frames)
        self.height, self.crop = height, crop
        self.index = {name: i + 1 for i, name in enumerate(categories)}
        self._kept: dict[int, Bytes] = {}
        self._bytes = 0

    @cached_property
    def digest(self) -> str:
        """What decides the crops: pictures, sizes, and the objects that count."""
        frames = [
            [f.digest, [[b.category, list(b.xyxy), b.ignore] for b in f.objects or ()]]
            if self.index
            else [f.digest]
            for f in self.frames
        ]
        return digest_of([frames, self.height, self.crop, list(self.index)])

    def size(self, frame: Frame) -> tuple[int, int]:
        """(width, height) that a frame is brought to."""
        factor = min(1.0, self.height / frame.height)
        factor = max(factor, self.crop / min(frame.width, frame.height))
        return round(frame.width * factor), round(frame.height * factor)

    def picture(self, index: int) -> Bytes:
        """uint8 (h, w, 3) at training size."""
        from isthmus.data.images import read_resized

        if index not in self._kept:
            picture = read_resized(self.frames[index].image, *self.size(self.frames[index]))
            if self._bytes + picture.nbytes > KEPT_BYTES:
                return picture
            self._kept[index] = picture
            self._bytes += picture.nbytes
        return self._kept[index]

    def draw(self, count: int, rng: np.random.Generator) -> Crops:
        """`count` crops of frames drawn at random, half of them mirrored."""
        images, rows, classes = [], [], []
        for _ in range(count):
            index = int(rng.integers(len(self.frames)))
            picture = self.picture(index)
            boxes = self._boxes(self.frames[index])
            left, top = self._corner(picture.shape, boxes, rng)
            side = slice(left, left + self.crop)
            image = picture[top : top + self.crop, side].astype(np.float32) / 255
            known = class_map(boxes, left, top, self.crop)
            if rng.random() < 0.5:
                image, known = image[:, ::-1], known[:, ::-1]
            images.append(image.transpose(2, 0, 1))
            rows.append((top + np.arange(self.crop) + 0.5) / picture.shape[0])
            classes.append(known)
        return Crops(
            torch.from_numpy(np.stack(images)),
            torch.from_numpy(np.stack(rows).astype(np.float32)),
            torch.from_numpy(np.stack(classes)),
        )

    def _boxes(self, frame: Frame) -> list[tuple[XYXY, int]]:
        """Boxes at training size with class number or `UNKNOWN`, large ones first."""
        width, height = self.size(frame)
        x, y = width / frame.width, height / frame.height
        found = []
        for box in frame.objects or ():
            number = UNKNOWN if box.ignore else self.index.get(box.category, 0)
            if number:
                x1, y1, x2, y2 = box.xyxy
                found.append(((x1 * x, y1 * y, x2 * x, y2 * y), number))
        return sorted(found, key=lambda item: -_area(item[0]))

    def _corner(
        self, shape: tuple[int, ...], boxes: Sequence[tuple[XYXY, int]], rng: np.random.Generator
    ) -> tuple[int, int]:
        free = np.array([shape[1] - self.crop, shape[0] - self.crop])
        objects = [xyxy for xyxy, number in boxes if number != UNKNOWN]
        around = rng.random() < ON_OBJECTS
        share = rng.random(2)
        if not objects or not around:
            corner = share * (free + 1)
        else:
            x1, y1, x2, y2 = objects[int(rng.integers(len(objects)))]
            middle = np.array([(x1 + x2) / 2, (y1 + y2) / 2])
            corner = middle - self.crop * (0.25 + 0.5 * share)
        left, top = np.clip(corner, 0, free).astype(int).tolist()
        return left, top


def class_map(
    boxes: Sequence[tuple[XYXY, int]], left: int, top: int, crop: int
) -> NDArray[np.int64]:
    """Class number of each cell (crop/4, crop/4); later boxes lie over earlier ones."""
    cells = np.zeros((crop // CELL, crop // CELL), np.int64)
    for (x1, y1, x2, y2), number in boxes:
        columns = slice(*_reach(x1 - left, x2 - left))
        cells[slice(*_reach(y1 - top, y2 - top)), columns] = number
    return cells


def _reach(low: float, high: float) -> tuple[int, int]:
    """Cells whose middle lies between `low` and `high` pixels; at least the one in between."""
    first = max(0, round(low / CELL))
    return first, max(0, round(high / CELL), first + 1 if high > 0 else 0)


def _area(xyxy: XYXY) -> float:
    x1, y1, x2, y2 = xyxy
    return (x2 - x1) * (y2 - y1)


def patch_places(
    classes: Tensor, count: int, rng: np.random.Generator, on_objects: float = ON_OBJECTS
) -> Tensor:
    """Places (b, count, 2) as shares (y, x) in [0, 1), a share of them on objects where there are.

    Args:
        classes: maps (b, h, w) as in `Crops`.
    """
    maps = classes.cpu().numpy()
    height, width = maps.shape[1:]
    places = rng.random((len(maps), count, 2))
    wanted = int(count * on_objects)
    inner = rng.random((len(maps), wanted, 2))
    for index, cells in enumerate(maps):
        rows, columns = np.nonzero(cells > 0)
        if len(rows):
            chosen = rng.integers(0, len(rows), wanted)
            places[index, :wanted, 0] = (rows[chosen] + inner[index, :, 0]) / height
            places[index, :wanted, 1] = (columns[chosen] + inner[index, :, 1]) / width
    return torch.from_numpy(places.astype(np.float32)).to(classes.device)
