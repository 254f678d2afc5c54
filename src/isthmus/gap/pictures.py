"""Pictures of one size, one after the other: for measurements that need pixels again.

Anything with a length and an index that gives uint8 (h, w, 3) serves: an array (n, h, w, 3), or
`FramePictures`, which decodes a frame each time it is asked for and so never holds a data set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np

from isthmus.data.frame import Frame
from isthmus.data.images import RGB, read_resized
from isthmus.errors import InputError
from isthmus.features.extractor import Extractor, Images, Matrix

AT_ONCE = 32

Change = Callable[[Images], Images]
"""uint8 (n, h, w, 3) → the same: each picture by itself, so that batches do not matter."""


class Pictures(Protocol):
    """A sequence of uint8 (h, w, 3) RGB pictures of one size."""

    def __len__(self) -> int:
        """How many there are."""
        ...

    def __getitem__(self, index: int, /) -> RGB:
        """The picture at `index` from 0."""
        ...


class FramePictures:
    """The images of `frames` at `size` (width, height), decoded when asked for.

    Raises:
        ImageError: when an image that cannot be read is asked for.
    """

    def __init__(self, frames: Sequence[Frame], size: tuple[int, int]) -> None:
        self.frames, self.size = tuple(frames), size

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, index: int, /) -> RGB:
        return read_resized(self.frames[index].image, *self.size)


def batches(pictures: Pictures, at_once: int = AT_ONCE) -> Iterator[Images]:
    """All pictures in order, in arrays of at most `at_once`.

    Raises:
        InputError: there are none, or they differ in size or type.
    """
    if not len(pictures):
        raise InputError("no pictures given")
    for start in range(0, len(pictures), at_once):
        yield stacked([pictures[i] for i in range(start, min(start + at_once, len(pictures)))])


def stacked(pictures: Sequence[RGB]) -> Images:
    """Pictures of one size as uint8 (n, h, w, 3)."""
    shapes = {(picture.shape, picture.dtype) for picture in pictures}
    shape, kind = next(iter(shapes))
    if len(shapes) != 1 or kind != np.uint8 or len(shape) != 3 or shape[2] != 3:
        raise InputError(
            f"pictures of {', '.join(f'{d} {s}' for s, d in sorted(shapes, key=str))}; "
            "expected uint8 (h, w, 3), all of one size"
        )
    return np.stack(pictures)


def some(pictures: Pictures, count: int) -> list[RGB]:
    """At most `count` pictures, evenly spaced, for statistics that need no more."""
    kept = min(count, len(pictures))
    return [pictures[k * len(pictures) // kept] for k in range(kept)]


def extract(
    pictures: Pictures, extractor: Extractor, change: Change | None = None
) -> dict[str, Matrix]:
    """Features of all pictures, changed first if asked for: layer → float32 (n, d).

    Raises:
        InputError: pictures of another size than the extractor takes, or features not finite.
    """
    parts: dict[str, list[Matrix]] = {layer: [] for layer in extractor.layers}
    for batch in batches(pictures):
        found = extractor.extract(batch if change is None else change(batch))
        for layer in extractor.layers:
            parts[layer].append(found[layer])
    out = {layer: np.concatenate(found) for layer, found in parts.items()}
    for layer, matrix in out.items():
        if not np.isfinite(matrix).all():
            raise InputError(f"features of layer {layer!r} are not finite")
    return out
