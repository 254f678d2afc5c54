"""Images and labels at training size, held in memory and cached as plain arrays.

An image keeps its aspect ratio: it is resized to fit and lies at the top left of the canvas;
the rest is filled with `FILL`. Stretching would change the shape of every object, and
differently in two cameras of different aspect ratio, which is a domain gap of our own making.
Source (`Samples`) and target (`Images`) go through the same code; `Images` has no labels in it.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from isthmus.compute.executor import Progress
from isthmus.data.dataset import Dataset, UnlabeledView
from isthmus.data.frame import Frame, Problem
from isthmus.detect.detector import ANY_CLASS
from isthmus.errors import ImageError, InputError
from isthmus.files import atomic_path

FILL = 114
SMALLEST_SIDE = 2.0  # pixels at training size; smaller objects are ignored, not learnt


@dataclass(frozen=True)
class Images:
    """Images at training size, without any label.

    Attributes:
        pixels: uint8 (n, h, w, 3) RGB canvas (perhaps a read-only map of a file).
        content: int32 (n, 2) width and height of the image on the canvas.
        original: int32 (n, 2) width and height in pixels of the upright original.
        ids, sequences: of the frames, n each.
        problems: frames that could not be read.
    """

    pixels: np.ndarray
    content: np.ndarray
    original: np.ndarray
    ids: tuple[str, ...]
    sequences: tuple[str, ...]
    problems: tuple[Problem, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def scale(self) -> np.ndarray:
        """float64 (n, 2): training pixels per original pixel in x and y."""
        return np.asarray(self.content / self.original)

    def subset(self, indices: Sequence[int] | np.ndarray) -> Images:
        """Images at `indices`, in that order."""
        chosen = np.asarray(indices, dtype=int)
        return Images(
            self.pixels[chosen],
            self.content[chosen],
            self.original[chosen],
            tuple(self.ids[i] for i in chosen),
            tuple(self.sequences[i] for i in chosen),
        )


@dataclass(frozen=True)
class Samples:
    """Labelled images.

    Attributes:
        images: the images.
        classes: names of the classes.
        boxes: float32 (k, 4) xyxy on the canvas, image after image.
        labels: int64 (k,), index into `classes`, or `ANY_CLASS` for an ignored region of none.
        ignore: bool (k,).
        offsets: int64 (n + 1,); boxes of image i are ``offsets[i]:offsets[i + 1]``.
    """

    images: Images
    classes: tuple[str, ...]
    boxes: np.ndarray
    labels: np.ndarray
    ignore: np.ndarray
    offsets: np.ndarray

    def __len__(self) -> int:
        return len(self.images)

    def counts(self) -> dict[str, int]:
        """Number of boxes to learn from, per class."""
        real = self.labels[~self.ignore]
        return {name: int((real == index).sum()) for index, name in enumerate(self.classes)}

    def prior(self) -> np.ndarray:
        """float64 (classes,): boxes per image."""
        return np.array(list(self.counts().values()), float) / max(1, len(self))

    def subset(self, indices: Sequence[int] | np.ndarray) -> Samples:
        """Images at `indices` with their boxes, in that order."""
        chosen = np.asarray(indices, dtype=int)
        rows = [np.arange(self.offsets[i], self.offsets[i + 1]) for i in chosen]
        kept = np.concatenate(rows) if rows else np.zeros(0, int)
        return Samples(
            self.images.subset(chosen),
            self.classes,
            self.boxes[kept],
            self.labels[kept],
            self.ignore[kept],
            np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64),
        )

    def evenly(self, most: int) -> Samples:
        """At most `most` images with their boxes, evenly spaced: of a video, of all its drives."""
        count = min(most, len(self))
        return self.subset([i * len(self) // count for i in range(count)])

    def concat(self, other: Samples) -> Samples:
        """These images followed by `other`'s, of the same classes and size."""
        if (
            self.classes != other.classes
            or self.images.pixels.shape[1:] != (other.images.pixels.shape[1:])
        ):
            raise InputError(
                f"samples of {self.classes} at {self.images.pixels.shape[1:3]} cannot be joined "
                f"with {other.classes} at {other.images.pixels.shape[1:3]}"
            )
        a, b = self.images, other.images
        images = Images(
            np.concatenate([a.pixels, b.pixels]),
            np.concatenate([a.content, b.content]),
            np.concatenate([a.original, b.original]),
            a.ids + b.ids,
            a.sequences + b.sequences,
            a.problems + b.problems,
        )
        return Samples(
            images,
            self.classes,
            np.concatenate([self.boxes, other.boxes]),
            np.concatenate([self.labels, other.labels]),
            np.concatenate([self.ignore, other.ignore]),
            np.concatenate([self.offsets, other.offsets[1:] + self.offsets[-1]]),
        )


def read_images(
    view: UnlabeledView | Dataset, size: tuple[int, int], *, progress: Progress | None = None
) -> Images:
    """Read images at training size, without labels even where frames carry them.

    Args:
        view: frames; of a `Dataset` the labels are taken away first.
        size: (width, height) of the canvas in pixels.
        progress: called after each image.

    Raises:
        InputError: not one image could be read.
    """
    frames = view.unlabeled().frames if isinstance(view, Dataset) else view.frames
    return _read(frames, size, view.name, progress)[0]


def read_samples(
    dataset: Dataset,
    classes: Sequence[str],
    size: tuple[int, int],
    *,
    progress: Progress | None = None,
) -> Samples:
    """Read labelled images at training size.

    Boxes of categories outside `classes` are left out unless ignored; boxes that become
    smaller than `SMALLEST_SIDE` pixels are ignored in training (scoring still counts them).

    Raises:
        InputError: no labels on some frame, or not one image could be read.
    """
    if not dataset.labelled:
        bare = [frame.id for frame in dataset if frame.objects is None]
        raise InputError(
            f"{dataset.name}: training needs labels on every frame; "
            f"{len(bare)} of {len(dataset)} have none, e.g. {bare[:1]}"
        )
    images, frames = _read(dataset.frames, size, dataset.name, progress)
    index = {name: i for i, name in enumerate(classes)}
    boxes: list[tuple[float, ...]] = []
    labels, ignore, offsets = [], [], [0]
    for frame, (scale_x, scale_y) in zip(frames, images.scale.tolist(), strict=True):
        for box in frame.objects or ():
            if box.category not in index and not box.ignore:
                continue
            x1, y1, x2, y2 = box.xyxy
            scaled = (x1 * scale_x, y1 * scale_y, x2 * scale_x, y2 * scale_y)
            tiny = min(scaled[2] - scaled[0], scaled[3] - scaled[1]) < SMALLEST_SIDE
            boxes.append(scaled)
            labels.append(index.get(box.category, ANY_CLASS))
            ignore.append(box.ignore or tiny)
        offsets.append(len(boxes))
    return Samples(
        images,
        tuple(classes),
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(labels, np.int64),
        np.array(ignore, bool),
        np.array(offsets, np.int64),
    )


def _read(
    frames: Iterable[Frame], size: tuple[int, int], name: str, progress: Progress | None
) -> tuple[Images, list[Frame]]:
    from isthmus.data.images import read_resized

    frames = tuple(frames)
    width, height = size
    pixels = np.full((len(frames), height, width, 3), FILL, np.uint8)
    kept: list[Frame] = []
    contents, problems = [], []
    for index, frame in enumerate(frames):
        factor = min(width / frame.width, height / frame.height)
        w = max(1, min(width, round(frame.width * factor)))
        h = max(1, min(height, round(frame.height * factor)))
        try:
            pixels[len(kept), :h, :w] = read_resized(frame.image, w, h)
        except ImageError as error:
            problems.append(Problem(str(frame.image), "unreadable-image", str(error)))
            continue
        kept.append(frame)
        contents.append((w, h))
        if progress:
            progress(index + 1, len(frames), f"reading {name}")
    if not kept:
        raise InputError(f"{name}: not one of its {len(frames)} images could be read")
    images = Images(
        pixels[: len(kept)],
        np.array(contents, np.int32),
        np.array([(f.width, f.height) for f in kept], np.int32),
        tuple(f.id for f in kept),
        tuple(f.sequence for f in kept),
        tuple(problems),
    )
    return images, kept


def save_images(path: Path, images: Images) -> None:
    """Write `path` (.npz) and the pixels beside it (.npy), from which workers map them."""
    _save(path, images, {})


def save_samples(path: Path, samples: Samples) -> None:
    """Write samples as `save_images` does, with their labels."""
    _save(
        path,
        samples.images,
        {
            "classes": np.array(samples.classes),
            "boxes": samples.boxes,
            "labels": samples.labels,
            "ignore": samples.ignore,
            "offsets": samples.offsets,
        },
    )


def load_images(path: Path) -> Images:
    """Read what `save_images` wrote; of a file of samples, the images alone."""
    return _load(path)[0]


def load_samples(path: Path) -> Samples:
    """Read what `save_samples` wrote.

    Raises:
        InputError: missing, damaged, or a file of images without labels.
    """
    images, arrays = _load(path)
    if "boxes" not in arrays:
        raise InputError(f"{path}: holds images without labels; labelled samples are needed here")
    return Samples(
        images,
        tuple(str(name) for name in arrays["classes"]),
        arrays["boxes"],
        arrays["labels"],
        arrays["ignore"],
        arrays["offsets"],
    )


def _save(path: Path, images: Images, more: dict[str, np.ndarray]) -> None:
    with atomic_path(path.with_suffix(".npy")) as temporary, temporary.open("wb") as handle:
        np.save(handle, images.pixels, allow_pickle=False)
    arrays = {
        "content": images.content,
        "original": images.original,
        "ids": np.array(images.ids),
        "sequences": np.array(images.sequences),
        **more,
    }
    with atomic_path(path) as temporary, temporary.open("wb") as handle:
        np.savez(handle, **arrays)  # type: ignore[arg-type]  # keyword arrays, no options


def _load(path: Path) -> tuple[Images, dict[str, np.ndarray]]:
    try:
        pixels = np.load(path.with_suffix(".npy"), mmap_mode="r", allow_pickle=False)
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        images = Images(
            pixels,
            arrays["content"],
            arrays["original"],
            tuple(str(x) for x in arrays["ids"]),
            tuple(str(x) for x in arrays["sequences"]),
        )
        if len(pixels) != len(images):
            raise ValueError(f"{len(pixels)} images but {len(images)} ids")
    except FileNotFoundError as error:
        raise InputError(f"{error.filename}: no such file of samples") from None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: not a readable file of samples ({error})") from error
    return images, arrays
