"""The `isthmus adapt` commands: argument parsing only."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Group, Parameter

import isthmus

EXIT_SKIPPED = 3
WORK = Group("Work")
Workers = Annotated[
    int | None,
    Parameter(group=WORK, help="Processes to work with, 1 or more [default: all cores]."),
]

adapt = App(name="adapt", help="Bring labelled source images nearer to a target.")


@adapt.command
def images(
    source: Path,
    target: Path,
    /,
    *,
    out: Path,
    method: Literal["fda", "reinhard", "histogram", "ot"] = "fda",
    source_images: Path | None = None,
    target_images: Path | None = None,
    seed: int = 0,
    workers: Workers = None,
) -> int:
    """Write a copy of a data set in the look of target images; goes on where it stopped.

    Parameters
    ----------
    source
        Label file or folder of images; labels are carried over.
    target
        The same for the other domain; its labels are not looked at.
    out
        Folder of the new data set (images and coco.json).
    method
        fda: amplitudes of low frequencies; reinhard: mean and spread of colours; histogram: by
        channel; ot: the whole distribution of colours.
    source_images
        Folder that image names in the source's label file are relative to.
    target_images
        The same for the target.
    seed
        Decides which target image each image takes its look from; 0 or more.
    """
    from isthmus import console

    executor = isthmus.local_executor(workers)
    with console.watch() as watcher:
        made = isthmus.adapt_images(
            isthmus.read_dataset(
                source, images=source_images, executor=executor, progress=watcher.progress
            ),
            isthmus.read_dataset(
                target, images=target_images, executor=executor, progress=watcher.progress
            ),
            out,
            method=method,
            seed=seed,
            executor=executor,
            progress=watcher.progress,
        )
    console.show_dataset(made)
    return EXIT_SKIPPED if any(p.severity == "skipped" for p in made.problems) else 0


@adapt.command
def translated(
    source: Path,
    pictures: Path,
    /,
    *,
    out: Path,
    source_images: Path | None = None,
    workers: Workers = None,
) -> int:
    """Carry the labels of a data set over to its images as another program translated them.

    Parameters
    ----------
    source
        Label file of the images that were translated.
    pictures
        Folder of translated images, under the names of the source's.
    out
        Folder of the new data set (images and coco.json).
    source_images
        Folder that image names in the source's label file are relative to.
    """
    from isthmus import console

    with console.watch() as watcher:
        dataset = isthmus.read_dataset(
            source,
            images=source_images,
            executor=isthmus.local_executor(workers),
            progress=watcher.progress,
        )
        made = isthmus.adopt_translated(dataset, pictures)
        isthmus.write_dataset(made, out, "coco")
    console.show_dataset(made)
    return EXIT_SKIPPED if any(p.severity == "skipped" for p in made.problems) else 0
