"""The commands about what a set lacks and what is wrong with it: argument parsing only."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Group, Parameter

import isthmus

EXIT_SKIPPED, EXIT_GATE = 3, 4
WORK = Group("Work")
Workers = Annotated[
    int | None,
    Parameter(group=WORK, help="Processes to work with, 1 or more [default: all cores]."),
]


def add_commands(app: App) -> None:
    """Add the commands of this file to the program's."""
    app.command(quality)
    app.command(corner_cases)
    app.command(generate)


def quality(
    dataset: Path,
    /,
    *others: Path,
    extractor: str = "descriptors#all",
    near: float = 0.9,
    max_frames: int = 2000,
    allow_leaks: bool = False,
    seed: int = 0,
    json: Path | None = None,
    workers: Workers = None,
) -> int:
    """Say what is wrong with data sets: faults, copies, leaks between them, what they lack.

    Exit status 4 if there are errors: images or boxes that cannot be, images that are in two sets.

    Parameters
    ----------
    dataset
        Label file or folder of images.
    others
        Further sets: looked for leaks, and compared with the first.
    extractor
        Features for diversity and coverage: descriptors#all, onnx:PATH#layer, …
    near
        Cosine of fingerprints from which two images are near duplicates, above 0, at most 1.
    max_frames
        Frames drawn from each set for features; all images are looked at for the rest.
    allow_leaks
        Images that are in two sets are a warning, not an error.
    seed
        Decides every random draw; 0 or more.
    json
        Also write the result to this file.
    """
    from isthmus import console, console_cases, files

    if json is not None:
        files.make_folder(json.parent)
    with console.watch() as watcher:
        result = isthmus.check_quality(
            dataset,
            *others,
            extractor=extractor,
            near=near,
            max_frames=max_frames,
            allow_leaks=allow_leaks,
            seed=seed,
            executor=isthmus.local_executor(workers),
            progress=watcher.progress,
        )
    if json is not None:
        result.save(json)
    console_cases.show_quality(result, saved=json)
    if result.errors:
        return EXIT_GATE
    return EXIT_SKIPPED if result.skipped else 0


def corner_cases(
    source: Path,
    target: Path,
    /,
    *,
    out: Path = Path("corner-cases"),
    odd: Path | None = None,
    source_images: Path | None = None,
    target_images: Path | None = None,
    predictions: Path | None = None,
    labelled: Path | None = None,
    max_frames: int = 2000,
    seed: int = 0,
    workers: Workers = None,
) -> int:
    """Find what the target asks for and the source hardly has; write a plan to make it.

    Parameters
    ----------
    source
        Label file or folder of images.
    target
        The same for the other domain; its labels are not looked at.
    out
        Folder for plan.yaml, corner_cases.json and its page, pictures and tables.
    odd
        Attributes and values to be covered (YAML) [default: all that is measured].
    source_images
        Folder that image names in the source's label file are relative to.
    target_images
        The same for the target.
    predictions
        Label file with a detector's boxes on the target's images, for attributes of boxes.
    labelled
        Label file of target frames whose labels may be looked at, never those of a test: says
        which cells the misses of the predictions lie in.
    max_frames
        Frames drawn from each set for features.
    seed
        Decides every random draw; 0 or more.
    """
    from isthmus import console, console_cases

    with console.watch() as watcher:
        result = isthmus.plan_corner_cases(
            source,
            target,
            out,
            odd=odd,
            source_images=source_images,
            target_images=target_images,
            predictions=predictions,
            labelled=labelled,
            max_frames=max_frames,
            seed=seed,
            executor=isthmus.local_executor(workers),
            progress=watcher.progress,
        )
    console_cases.show_corner_cases(result, isthmus.write_cases_page(out))
    return EXIT_SKIPPED if result.skipped else 0


def generate(
    plan: Path,
    /,
    *,
    out: Path = Path("generated"),
    width: int = 640,
    height: int = 360,
    renderer: str = "fast",
    seed: int = 0,
    workers: Workers = None,
) -> int:
    """Make the frames that a plan orders, and measure coverage again.

    Parameters
    ----------
    plan
        plan.yaml of `isthmus corner-cases`, perhaps changed.
    out
        Folder of the new data set; frames that are there are kept.
    width, height
        Of rendered frames, pixels.
    renderer
        fast, or physical (extra `physical`).
    seed
        Decides everything; 0 or more.
    """
    from isthmus import console, console_cases

    with console.watch() as watcher:
        result = isthmus.generate_plan(
            plan,
            out,
            size=(width, height),
            renderer=renderer,
            seed=seed,
            executor=isthmus.local_executor(workers),
            progress=watcher.progress,
        )
    console_cases.show_generated(result)
    return EXIT_SKIPPED if result.dataset.problems else 0
