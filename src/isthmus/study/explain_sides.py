"""What is explained: the frames of both sides, their pixels and features, read once for all parts.

Pictures are decoded by the workers of an executor, once each, and kept in a file that the parts
of an explanation, which run in processes of their own, read without copying it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.compute.executor import Executor, Progress
from isthmus.data.frame import Frame
from isthmus.data.images import RGB
from isthmus.features.descriptors import Descriptors
from isthmus.features.extractor import Images, Matrix
from isthmus.gap.pictures import FramePictures, extract, stacked

WHOLE = "all"
EXTRACTOR = Descriptors()
AT_ONCE = 32


@dataclass(frozen=True)
class Sides:
    """What is explained: frames in order, and how.

    Attributes:
        source, target: frames with readable images.
        independent: frames of a sequence count as independent.
        permutations: exchanges of units for each test.
        seed: decides all draws.
    """

    source: Sequence[Frame]
    target: Sequence[Frame]
    independent: bool = False
    permutations: int = 499
    seed: int = 0

    @property
    def groups(self) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
        """Sequence of each frame of either side; None where frames count as independent."""
        sides = [tuple(f.sequence or "" for f in frames) for frames in (self.source, self.target)]
        known = [None if self.independent or not any(names) else names for names in sides]
        return known[0], known[1]

    @property
    def options(self) -> dict[str, Any]:
        """Arguments shared by the functions of the gap room."""
        groups_x, groups_y = self.groups
        return {
            "groups_x": groups_x,
            "groups_y": groups_y,
            "permutations": self.permutations,
            "seed": self.seed,
        }


@dataclass(frozen=True)
class SavedPictures:
    """Pictures (n, h, w, 3) in the file `path`, mapped into memory when first asked for."""

    path: Path
    count: int

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int, /) -> RGB:
        return np.array(self._pixels[index])

    @cached_property
    def _pixels(self) -> Images:
        pixels: Images = np.load(self.path, mmap_mode="r", allow_pickle=False)
        return pixels


@dataclass(frozen=True)
class Material:
    """Both sides as the parts need them: pictures of `EXTRACTOR`'s size, features (n, d)."""

    pictures: tuple[SavedPictures, SavedPictures]
    features: tuple[Matrix, Matrix]


def prepare(
    sides: Sides, folder: Path, executor: Executor, progress: Progress | None = None
) -> Material:
    """Decode and describe every frame; the pictures are kept in `folder`.

    Raises:
        IsthmusError: an image cannot be read.
    """
    pictures, features = [], []
    width, height = EXTRACTOR.size
    for name, frames in (("source", sides.source), ("target", sides.target)):
        path = folder / f"{name}.npy"
        shape = (len(frames), height, width, 3)
        pixels = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
        chunks = [tuple(frames[i : i + AT_ONCE]) for i in range(0, len(frames), AT_ONCE)]
        found = executor.map(_described, chunks, progress=progress, what=f"frames of the {name}")
        rows: list[Matrix] = []
        for number, outcome in enumerate(found):
            images, matrix = outcome.unwrap()
            pixels[number * AT_ONCE : number * AT_ONCE + len(images)] = images
            rows.append(matrix)
        pixels.flush()
        pictures.append(SavedPictures(path, len(frames)))
        features.append(np.concatenate(rows))
    return Material((pictures[0], pictures[1]), (features[0], features[1]))


def _described(frames: tuple[Frame, ...]) -> tuple[Images, Matrix]:
    decoded = FramePictures(frames, EXTRACTOR.size)
    pixels = stacked([decoded[index] for index in range(len(decoded))])
    return pixels, extract(pixels, EXTRACTOR)[WHOLE]
