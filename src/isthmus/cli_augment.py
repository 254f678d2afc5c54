"""The commands `isthmus augment` and `isthmus effects`: argument parsing only."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Group, Parameter

import isthmus

EXIT_SKIPPED = 3
WORK = Group("Work")
Workers = Annotated[
    int | None,
    Parameter(group=WORK, help="Processes to work with, 1 or more [default: all cores]."),
]


def add_commands(app: App) -> None:
    """Add `augment` and `effects`."""
    app.command(augment)
    app.command(effects)


def augment(
    dataset: Path,
    /,
    *,
    effect: str,
    out: Path,
    value: str | None = None,
    severity: Annotated[tuple[float, float] | None, Parameter(negative="")] = None,
    seed: int = 0,
    depth: str = "auto",
    classes: Annotated[str, Parameter(show_default=False)] = "",
    images: Path | None = None,
    format: str = "auto",
    workers: Workers = None,
) -> int:
    """Apply a physical effect to every frame of a data set; labels are audited.

    Goes on where it stopped. Writes images, coco.json, audit.json and audit.html.

    Parameters
    ----------
    dataset
        Label file or folder of the frames.
    effect
        Name of the effect; `isthmus effects` lists them.
    out
        Folder of the new data set.
    value
        Strength in the effect's unit, as in 80m, within the effect's ladder; two with a comma
        (60m,200m): each frame draws its own between them.
    severity
        Strength on the ladder from 0 to 5 instead, lowest and highest [default: 1 4].
    seed
        Decides every random draw.
    depth
        Where depth comes from for frames without a map: auto (the road's geometry), onnx:PATH or
        hf:FOLDER (a monocular network).
    classes
        Whose class ids semantic maps hold: isthmus, cityscapes, cityscapes-train, camvid
        [default: maps are not used].
    images
        Folder that image names in the label file are relative to.
    format
        Name of the data format; auto: found from the contents.
    """
    from isthmus import console, console_augment

    executor = isthmus.local_executor(workers)
    with console.watch() as watcher:
        source = isthmus.read_dataset(
            dataset, images=images, format=format, executor=executor, progress=watcher.progress
        )
        made, report = isthmus.augment_dataset(
            source,
            effect,
            out,
            severity=severity,
            value=value,
            seed=seed,
            depth=depth,
            classes=classes,
            executor=executor,
            progress=watcher.progress,
        )
    console_augment.show_audit(report, made, out, isthmus.write_audit_page(out))
    return EXIT_SKIPPED if any(p.severity == "skipped" for p in made.problems) else 0


def effects() -> int:
    """List the effects with their units and ladders."""
    from isthmus import console_augment
    from isthmus.augment.effect import EFFECTS

    console_augment.show_effects(EFFECTS)
    return 0
