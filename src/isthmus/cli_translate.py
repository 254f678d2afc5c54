"""The `isthmus translate` commands: argument parsing only."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Group, Parameter

import isthmus

EXIT_SKIPPED = 3
WORK = Group("Work")
Workers = Annotated[
    int | None,
    Parameter(group=WORK, help="Processes to work with, 1 or more [default: all cores]."),
]
Images = Annotated[
    Path | None, Parameter(help="Folder that image names in the label file are relative to.")
]
Translator = Annotated[
    Path | None, Parameter(name="--with", help="translator.safetensors of `translate train`.")
]
Pipeline = Annotated[
    str | None,
    Parameter(help="Folder of a diffusers pipeline, or its name on the hub (extra `diffusion`)."),
]

translate = App(name="translate", help="Learned translation of labelled frames, and its audit.")


@translate.command
def train(
    source: Path,
    target: Path,
    /,
    *,
    out: Path,
    method: Literal["cut", "adain"] = "cut",
    steps: int | None = None,
    height: int | None = None,
    crop: int | None = None,
    batch: int | None = None,
    width: int | None = None,
    network: Path | None = None,
    device: str = "cpu",
    source_images: Images = None,
    target_images: Images = None,
    seed: int = 0,
    workers: Workers = None,
) -> int:
    """Train a translator from a labelled source to target images; goes on where it stopped.

    Parameters
    ----------
    source
        Label file or folder of images; boxes help to keep objects where they are.
    target
        The same for the other domain, one image or more; its labels are not looked at.
    out
        Folder for translator, checkpoint and sheets of samples.
    method
        cut: contrastive unpaired translation, trained; adain: statistics alone, seconds.
    steps
        Of training (cut) [default: 2000].
    height
        Rows that frames are brought to for training, at most (cut) [default: 360].
    crop
        Side of training crops, pixels (cut) [default: 128].
    batch
        Crops of each domain a step (cut) [default: 1].
    width
        Channels of the networks, 8–256 (cut) [default: 32].
    network
        Encoder and decoder, safetensors (adain) [default: wavelets, no network].
    device
        cpu, cuda, cuda:1, … (cut).
    seed
        Decides every random draw; 0 or more.
    """
    from isthmus import console

    given = {"steps": steps, "height": height, "crop": crop, "batch": batch, "width": width}
    options: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    executor = isthmus.local_executor(workers)
    with console.watch() as watcher:
        sets = [
            isthmus.read_dataset(path, images=images, executor=executor, progress=watcher.progress)
            for path, images in ((source, source_images), (target, target_images))
        ]
        made = isthmus.train_translator(
            sets[0],
            sets[1].unlabeled(),
            out,
            method=method,
            seed=seed,
            device=device,
            network=network,
            progress=watcher.progress,
            **options,
        )
    console.show_path("translator", made)
    return _status([problem for found in sets for problem in found.problems])


@translate.command
def apply(
    source: Path,
    /,
    *,
    out: Path,
    translator: Translator = None,
    diffusion: Pipeline = None,
    pictures: Path | None = None,
    condition: str | None = None,
    prompt: str | None = None,
    control: Literal["depth", "edges", "classes"] | None = None,
    strength: float | None = None,
    device: str = "cpu",
    audit: bool = True,
    extractor: str | None = None,
    detector: Path | None = None,
    source_images: Images = None,
    seed: int = 0,
    workers: Workers = None,
) -> int:
    """Translate a labelled data set and audit its labels; goes on where it stopped.

    Parameters
    ----------
    source
        Label file or folder of images.
    out
        Folder of the new data set (images, coco.json, audit.json, audit.html).
    pictures
        Folder of images that another program translated, under the names of the source's.
    condition
        fog, rain, snow, night, …: chooses the prompt (diffusion).
    prompt
        Instead of the condition's own (diffusion).
    control
        What holds a pipeline with a control net to the scene (diffusion) [default: depth].
    strength
        How far to go, above 0 to 1 [default: 1; diffusion 0.5].
    device
        cpu, cuda, …
    audit
        Ignore or take away labels whose objects are doubtful or gone.
    extractor
        Features for the audit, onnx:PATH#layer, … [default: hand-made cells].
    detector
        A detector's file for the audit, trained on the source.
    seed
        Decides every random draw; 0 or more.
    """
    from isthmus import console, console_translate

    executor = isthmus.local_executor(workers)
    with console.watch() as watcher:
        dataset = isthmus.read_dataset(
            source, images=source_images, executor=executor, progress=watcher.progress
        )
        made, report = isthmus.translate_and_audit(
            dataset,
            out,
            translator=translator,
            diffusion=diffusion,
            pictures=pictures,
            condition=condition,
            prompt=prompt,
            control=control,
            strength=strength,
            device=device,
            audit=audit,
            extractor=extractor,
            detector=detector,
            seed=seed,
            executor=executor,
            progress=watcher.progress,
        )
    console.show_dataset(made)
    if report is not None:
        console_translate.show_audit(report, out, isthmus.write_audit_page(out))
    return _status(made.problems)


@translate.command(name="audit")
def audit_labels(
    source: Path,
    translated: Path,
    /,
    *,
    out: Path,
    extractor: str | None = None,
    detector: Path | None = None,
    source_images: Images = None,
    translated_images: Images = None,
    seed: int = 0,
    workers: Workers = None,
) -> int:
    """Say of each labelled object whether its translated picture still holds it.

    Parameters
    ----------
    source
        Label file of the frames before.
    translated
        Label file of the frames after, with the labels of before.
    out
        Folder for the audited data set (coco.json, audit.json, audit.html).
    extractor
        Features that have positions, onnx:PATH#layer, … [default: hand-made cells].
    detector
        A detector's file, trained on the source.
    seed
        Draws the places that objects are compared with; 0 or more.
    """
    from isthmus import console, console_translate

    executor = isthmus.local_executor(workers)
    with console.watch() as watcher:
        before, after = (
            isthmus.read_dataset(path, images=images, executor=executor, progress=watcher.progress)
            for path, images in ((source, source_images), (translated, translated_images))
        )
        made, report = isthmus.audit_translation(
            before,
            after,
            extractor=extractor,
            detector=detector,
            folder=out,
            seed=seed,
            executor=executor,
            progress=watcher.progress,
        )
    console.show_dataset(made)
    console_translate.show_audit(report, out, isthmus.write_audit_page(out))
    return _status(made.problems)


@translate.command
def curve(
    source: Path,
    /,
    *,
    translator: Annotated[Path, Parameter(name="--with", help="translator.safetensors.")],
    strength: Annotated[list[float] | None, Parameter(negative="")] = None,
    frames: int = 50,
    out: Path | None = None,
    extractor: str | None = None,
    source_images: Images = None,
    seed: int = 0,
    workers: Workers = None,
) -> int:
    """Show which share of objects holds at several strengths.

    Parameters
    ----------
    source
        Label file of frames.
    strength
        May be repeated [default: 0.25, 0.5, 0.75, 1].
    frames
        Labelled frames to look at.
    out
        Folder for curve.json; an audit.html there shows the curve, too.
    extractor
        Features that have positions, onnx:PATH#layer, … [default: hand-made cells].
    seed
        Draws the places that objects are compared with; 0 or more.
    """
    from isthmus import console, console_translate

    executor = isthmus.local_executor(workers)
    with console.watch() as watcher:
        dataset = isthmus.read_dataset(
            source, images=source_images, executor=executor, progress=watcher.progress
        )
        points = isthmus.acceptance_curve(
            dataset,
            isthmus.load_translator(translator),
            strengths=tuple(strength or (0.25, 0.5, 0.75, 1.0)),
            frames=frames,
            extractor=extractor,
            folder=out,
            seed=seed,
            progress=watcher.progress,
        )
    console_translate.show_curve(points)
    if out is not None and (out / "audit.json").is_file():
        console.show_path("page", isthmus.write_audit_page(out))
    return _status(dataset.problems)


def _status(problems: Any) -> int:
    return EXIT_SKIPPED if any(problem.severity == "skipped" for problem in problems) else 0
