"""Formats of data sets: one file each, one line each in the registry below.

`read_dataset` reads labels and images of any of them; `write_dataset` writes a data set for
other tools. A package can add a format under the entry point group ``isthmus.formats``: a name
and an object with the attributes of `Format`.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from isthmus.compute.executor import Executor, Progress
from isthmus.data.dataset import Dataset
from isthmus.data.formats.bdd100k import Bdd100k
from isthmus.data.formats.bdd100k_masks import Bdd100kMasks
from isthmus.data.formats.bdd100k_writer import BDD100K_WRITER
from isthmus.data.formats.cityscapes import Cityscapes
from isthmus.data.formats.cityscapes_writer import CITYSCAPES_WRITER
from isthmus.data.formats.coco import Coco
from isthmus.data.formats.coco_writer import COCO_WRITER
from isthmus.data.formats.cvat import Cvat
from isthmus.data.formats.fiftyone import FIFTYONE_WRITER, FiftyOne
from isthmus.data.formats.folder import Folder
from isthmus.data.formats.folder_writer import FOLDER_WRITER
from isthmus.data.formats.format import Format, Writer
from isthmus.data.formats.huggingface import HUGGINGFACE_WRITER, HuggingFace
from isthmus.data.formats.imagefolder import IMAGEFOLDER_WRITER, ImageFolder
from isthmus.data.formats.kitti import Kitti
from isthmus.data.formats.kitti_raw import KittiRaw
from isthmus.data.formats.kitti_tracking import KITTI_TRACKING_WRITER, KittiTracking
from isthmus.data.formats.kitti_writer import KITTI_WRITER
from isthmus.data.formats.labelme import LabelMe
from isthmus.data.formats.losses import losses as _losses
from isthmus.data.formats.manifest import Manifest
from isthmus.data.formats.records import ImageCheck
from isthmus.data.formats.scalabel_writer import SCALABEL_WRITER
from isthmus.data.formats.unread import other_formats, unread_labels
from isthmus.data.formats.video import Video
from isthmus.data.formats.voc import Voc
from isthmus.data.formats.voc_writer import VOC_WRITER
from isthmus.data.formats.webdataset import WEBDATASET_WRITER, WebDataset
from isthmus.data.formats.yolo import Yolo
from isthmus.data.formats.yolo_writer import YOLO_WRITER
from isthmus.data.frame import Problem
from isthmus.errors import InputError

FORMATS: dict[str, Format] = {
    "coco": Coco(),
    "bdd100k": Bdd100k(),
    "scalabel": Bdd100k("scalabel"),
    "bdd100k_masks": Bdd100kMasks(),
    "kitti": Kitti(),
    "kitti_tracking": KittiTracking(),
    "kitti_raw": KittiRaw(),
    "cityscapes": Cityscapes(),
    "yolo": Yolo(),
    "cvat": Cvat(),
    "labelme": LabelMe(),
    "voc": Voc(),
    "webdataset": WebDataset(),
    "imagefolder": ImageFolder(),
    "huggingface": HuggingFace(),
    "fiftyone": FiftyOne(),
    "manifest": Manifest(),
    "video": Video(),
    "folder": Folder(),
    "sequence": Folder("sequence", one_sequence=True),
}
"""Name → reader, in the order in which they are asked whether a path is theirs."""

WITHOUT_LABELS = frozenset({"video", "folder", "sequence"})
"""Formats of pictures alone."""

WRITERS: dict[str, Writer] = {
    "coco": COCO_WRITER,
    "bdd100k": BDD100K_WRITER,
    "scalabel": SCALABEL_WRITER,
    "kitti": KITTI_WRITER,
    "kitti_tracking": KITTI_TRACKING_WRITER,
    "yolo": YOLO_WRITER,
    "cityscapes": CITYSCAPES_WRITER,
    "voc": VOC_WRITER,
    "webdataset": WEBDATASET_WRITER,
    "imagefolder": IMAGEFOLDER_WRITER,
    "huggingface": HUGGINGFACE_WRITER,
    "fiftyone": FIFTYONE_WRITER,
    "folder": FOLDER_WRITER,
}
"""Name → writer."""

ENTRY_POINTS = "isthmus.formats"


def read_dataset(
    path: Path | str,
    *,
    format: str = "auto",
    images: Path | str | None = None,
    name: str | None = None,
    decode: bool = True,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """Read a labelled data set or a folder of images; images are checked.

    Args:
        path: label file, or folder.
        format: a name in `FORMATS`, or "auto".
        images: folder that the image names of a label file are relative to. Given, images are
            looked for there and nowhere else.
        name: name of the data set; by default drawn from the path.
        decode: decode every image to find damaged ones; False reads headers and digests only.
        executor: who decodes the images; this process by default.
        progress: called with (images done, images in all, what).

    What could not be read, and why, is in `problems` of the result.

    Raises:
        InputError: the path does not exist, holds no known format, or not one usable image.
    """
    path = Path(path)
    folder = None if images is None else Path(images)
    if folder is not None and not folder.is_dir():
        raise InputError(f"{folder}: no such folder (option images)")
    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
    found = detect_format(path) if format == "auto" else format
    check = ImageCheck(decode, executor, progress)
    with _no_cycles():
        dataset = find_format(found).read(path, images=folder, check=check)
    if format == "auto":
        dataset = replace(dataset, problems=(*dataset.problems, *_other_readings(path, found)))
    return dataset if name is None else replace(dataset, name=name)


def _other_readings(path: Path, found: str) -> tuple[Problem, ...]:
    """What else a folder could have been read as."""
    if not path.is_dir():
        return ()
    if found == "folder":
        return unread_labels(path, {n: f for n, f in FORMATS.items() if n not in WITHOUT_LABELS})
    alike = {"scalabel"} if found == "bdd100k" else set()
    return other_formats(
        path, {n: f for n, f in FORMATS.items() if n not in WITHOUT_LABELS | alike}, found
    )


@contextmanager
def _no_cycles() -> Iterator[None]:
    """Put off Python's search for cycles.

    The millions of labels of a large set form none, and going through them again and again takes
    a quarter of the time.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def write_dataset(
    dataset: Dataset,
    folder: Path | str,
    format: str = "coco",
) -> Path:
    """Write labels and images below `folder`; returns the label file.

    Images that already lie below `folder` stay where they are, others are copied.

    Raises:
        InputError: the format cannot be written, or an image cannot be copied.
    """
    return find_writer(format).write(dataset, Path(folder))


def losses(dataset: Dataset, format: str) -> tuple[Problem, ...]:
    """What the format has no place for, one entry a kind, counted; empty if it holds all.

    Raises:
        InputError: the format cannot be written.
    """
    return _losses(dataset, find_writer(format), format)


def find_writer(name: str) -> Writer:
    """The writer of that name.

    Raises:
        InputError: there is none.
    """
    if name not in WRITERS:
        raise InputError(f"format {name!r} cannot be written; known: {', '.join(WRITERS)}")
    return WRITERS[name]


def detect_format(path: Path | str) -> str:
    """Name of the first format that says the path is its own.

    Raises:
        InputError: none does.
    """
    path = Path(path)
    for name, candidate in FORMATS.items():
        if candidate.detect(path):
            return name
    raise InputError(
        f"{path}: none of the known formats ({', '.join(FORMATS)}); give a label file or a folder "
        "that holds images, or name the format"
    )


def find_format(name: str) -> Format:
    """The format of that name, from the registry or from an installed package.

    Raises:
        InputError: there is none.
    """
    if name in FORMATS:
        return FORMATS[name]
    from importlib.metadata import entry_points

    for entry in entry_points(group=ENTRY_POINTS, name=name):
        found: Format = entry.load()
        return found
    raise InputError(f"format {name!r} is not known; known: auto, {', '.join(FORMATS)}")
