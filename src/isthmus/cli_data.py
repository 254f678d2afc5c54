"""The `isthmus data` commands: argument parsing only."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from cyclopts import App, Group, Parameter

import isthmus
from isthmus.errors import ConfigError

EXIT_SKIPPED = 3
WORK = Group("Work")
Workers = Annotated[
    int | None,
    Parameter(group=WORK, help="Processes to work with, 1 or more [default: all cores]."),
]

data = App(name="data", help="Look at data sets, convert, fetch and split them.")


@data.command
def inspect(
    path: Path,
    /,
    *,
    format: str = "auto",
    images: Path | None = None,
    headers_only: bool = False,
    workers: Workers = None,
) -> int:
    """Read a data set and say what is in it and what could not be read.

    Parameters
    ----------
    path
        Label file or folder.
    format
        Name of the data format: auto (found from the contents), coco, bdd100k, scalabel,
        bdd100k_masks, kitti, kitti_tracking, kitti_raw, cityscapes, yolo, cvat, labelme, voc,
        webdataset, imagefolder, huggingface, fiftyone, manifest, video, folder, sequence.
    images
        Folder that image names in the label file are relative to.
    headers_only
        Read sizes and digests of images without decoding them: many times faster, but damage
        inside an image shows only when it is used.
    """
    from isthmus import console

    with console.watch() as watcher:
        dataset = isthmus.read_dataset(
            path,
            format=format,
            images=images,
            decode=not headers_only,
            executor=isthmus.local_executor(workers),
            progress=watcher.progress,
        )
    console.show_dataset(dataset)
    unknown = {b.category for f in dataset for b in f.objects or ()} - set(dataset.task_classes())
    skipped = any(p.severity == "skipped" for p in dataset.problems)
    return EXIT_SKIPPED if skipped or unknown else 0


@data.command
def convert(
    path: Path,
    /,
    *,
    to: str,
    out: Path,
    where: list[str] | None = None,
    format: str = "auto",
    images: Path | None = None,
    workers: Workers = None,
) -> int:
    """Write a data set in another format, and say what that format has no place for.

    Parameters
    ----------
    path
        Label file or folder.
    to
        Name of the format to write.
    out
        Folder to write to; images are copied there.
    where
        Frames to take, as NAME=VALUE or NAME=VALUE,VALUE; NAME is split, sequence or an
        attribute; may be given several times [default: all frames].
    format
        Name of the format that is read [default: found from the contents].
    images
        Folder that image names in the label file are relative to.
    """
    from isthmus import console

    with console.watch() as watcher:
        result = isthmus.convert_dataset(
            path,
            out,
            to,
            format=format,
            images=images,
            where=read_selector(where or ()),
            executor=isthmus.local_executor(workers),
            progress=watcher.progress,
        )
    console.show_dataset(result.dataset)
    console.show_problems(result.losses)
    console.show_path(to, result.path)
    lost = [p for p in (*result.dataset.problems, *result.losses) if p.severity == "skipped"]
    return EXIT_SKIPPED if lost else 0


@data.command
def fetch(
    name: str,
    /,
    *,
    part: str,
    out: Path,
    accept_licence: bool = False,
    base_url: str | None = None,
) -> int:
    """Fetch a part of a public data set, check it and unpack it; goes on where it stopped.

    Parameters
    ----------
    name
        bdd100k.
    part
        images-100k, images-10k, labels or info.
    out
        Folder to unpack to.
    accept_licence
        You have read the licence, which is shown without this option, and accept it.
    base_url
        Address or folder of a mirror, or the archive itself.
    """
    from isthmus import console

    with console.watch() as watcher:
        folder = isthmus.fetch_dataset(
            name,
            part,
            out,
            accept_licence=accept_licence,
            base=base_url,
            progress=watcher.progress,
        )
    console.show_path(f"{name} {part}", folder)
    return 0


@data.command
def split(
    path: Path,
    /,
    *,
    by: str,
    out: Path,
    format: str = "auto",
    images: Path | None = None,
    workers: Workers = None,
) -> int:
    """Divide a data set by its labels' attributes, whole drives only; writes a list a side.

    Parameters
    ----------
    path
        Label file or folder.
    by
        time (day, night), weather (clear, rain, snow, fog) or scene (city, highway) in the words
        of BDD100K; or split, sequence or any attribute of the frames, a side for each value.
    out
        Folder for the lists.
    format
        Name of the data format [default: found from the contents].
    images
        Folder that image names in the label file are relative to.
    """
    from isthmus import console

    with console.watch() as watcher:
        dataset = isthmus.read_dataset(
            path,
            format=format,
            images=images,
            decode=False,
            executor=isthmus.local_executor(workers),
            progress=watcher.progress,
        )
    console.show_split(isthmus.save_split(dataset, by, out))
    console.show_problems(dataset.problems)
    return EXIT_SKIPPED if any(p.severity == "skipped" for p in dataset.problems) else 0


def read_selector(texts: Iterable[str]) -> dict[str, str | list[str]]:
    """``NAME=VALUE`` or ``NAME=VALUE,VALUE`` as typed on a command line.

    Raises:
        ConfigError: another form, or a name given twice.
    """
    selector: dict[str, str | list[str]] = {}
    for text in texts:
        name, equals, values = text.partition("=")
        if not (name and equals and values):
            raise ConfigError(f"--where {text}: give NAME=VALUE or NAME=VALUE,VALUE")
        if name in selector:
            raise ConfigError(f"--where {text}: {name} is given twice; join values by commas")
        selector[name] = values.split(",") if "," in values else values
    return selector
