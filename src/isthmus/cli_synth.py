"""The `isthmus synth` commands: argument parsing only."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Group, Parameter

import isthmus

EXIT_ERROR, EXIT_SKIPPED = 1, 3
WORK = Group("Work")
Workers = Annotated[
    int | None,
    Parameter(group=WORK, help="Processes to work with, 1 or more [default: all cores]."),
]
Size = Annotated[str, Parameter(help="WIDTHxHEIGHT in pixels, both even.")]
Seed = Annotated[int, Parameter(help="Decides everything.")]
Renderer = Annotated[str, Parameter(help="fast, or physical (extra `physical`).")]
Formats = Annotated[list[str] | None, Parameter(negative="", help="Labels to write: coco, bdd100k, "
                    "kitti, yolo and all that `data convert` writes; may be repeated "
                    "[default: coco].")]  # fmt: skip
Sensor = Annotated[Path | None, Parameter(help="Camera fitted to a target (JSON of `synth twin`).")]

synth = App(name="synth", help="Render street scenes with complete truth from an ODD file.")


@synth.command
def render(
    odd: Path,
    /,
    *,
    out: Path,
    n: int = 100,
    seed: Seed = 0,
    size: Size = "640x360",
    renderer: Renderer = "fast",
    imagings: int = 1,
    format: Formats = None,
    sensor: Sensor = None,
    depth: Literal["png", "exr"] = "png",
    hdr: bool = False,
    label_style_from: Path | None = None,
    val_share: float = 0.0,
    part: str = "0/1",
    overwrite: bool = False,
    workers: Workers = None,
) -> int:
    """Render images of an ODD with depth, instances, classes and labels; goes on where it stopped.

    Parameters
    ----------
    odd
        The ODD file (YAML).
    out
        Folder of the data set.
    n
        Rows of the ODD to render.
    imagings
        Cameras that look at each scene.
    depth
        png: 16 bits, to 256 m. exr: 32-bit floats in metres (extra `exr`).
    hdr
        Write the light that reached the camera too, as hdr/*.exr in cd/m² (extra `exr`).
    label_style_from
        Labelled set (label file or folder) whose habits the labels follow: smallest box, shares of
        boxes flagged as occluded and truncated.
    val_share
        Share of the frames, by whole scenes, that get the split val (others train); 0: no splits.
    part
        I/K: make only every K-th group of frames from the I-th on, a group being up to six of one
        scene; labels and splits come with a run of all.
    overwrite
        Take over a folder that holds another data set (of another ODD, seed, size, …) or more
        frames: labels and surplus frames are removed.
    """
    from isthmus import console, console_synth
    from isthmus.synth.output.arguments import part_of, sensor_of, size_of, style_of

    executor = isthmus.local_executor(workers)
    with console.watch() as watcher:
        result = isthmus.render_dataset(
            isthmus.load_odd(odd),
            n,
            out,
            seed=seed,
            size=size_of(size),
            renderer=renderer,
            imagings=imagings,
            sensor=sensor_of(sensor),
            formats=tuple(format or ["coco"]),
            depth=depth,
            hdr=hdr,
            style=style_of(label_style_from),
            val_share=val_share,
            part=part_of(part),
            overwrite=overwrite,
            executor=executor,
            progress=watcher.progress,
        )
    console_synth.show_rendered(result)
    skipped = any(p.severity == "skipped" for p in result.skipped)
    return EXIT_SKIPPED if result.dataset.problems or skipped else 0


@synth.command
def preview(
    odd: Path,
    /,
    *,
    out: Path = Path("preview.jpg"),
    n: int = 24,
    seed: Seed = 0,
    size: Size = "320x180",
    renderer: Renderer = "fast",
    workers: Workers = None,
) -> int:
    """Render a contact sheet of an ODD's first rows.

    Parameters
    ----------
    odd
        The ODD file (YAML).
    out
        Picture to write, a .jpg or .png; a file of that name is replaced.
    n
        Rows of the ODD to show, up to 400.
    """
    from isthmus import console
    from isthmus.synth.output.arguments import size_of
    from isthmus.synth.output.preview import write_preview

    with console.watch() as watcher:
        path = write_preview(
            isthmus.load_odd(odd),
            n,
            out,
            seed=seed,
            size=size_of(size),
            renderer=renderer,
            executor=isthmus.local_executor(workers),
            progress=watcher.progress,
        )
    console.OUT.print(f"{path}", markup=False)
    return 0


@synth.command
def replay(record: Path, /, *, out: Path | None = None) -> int:
    """Make one image again from its record alone, and say whether it is the same to the byte.

    Parameters
    ----------
    record
        records/NAME.json of a rendered data set.
    out
        Where to write the image, a .jpg; a file of that name is replaced [default: not written].
    """
    from isthmus import console_synth

    again = isthmus.replay(record, out)
    console_synth.show_replay(again)
    return 0 if again.same_picture and again.same_truth else EXIT_ERROR


@synth.command
def twin(
    odd: Path,
    target: Path,
    /,
    *,
    out: Path = Path("sensor.json"),
    n: int = 8,
    frames: int = 24,
    seed: Seed = 0,
    size: Size = "320x180",
) -> int:
    """Fit the camera to unlabeled target images: exposure, colours, sharpness, noise.

    Parameters
    ----------
    odd
        The ODD file whose scenes are developed.
    target
        Folder (or label file) of target images; labels are not looked at.
    out
        Camera to write, for `synth render --sensor`; a file of that name is replaced.
    n
        Rendered scenes to compare by, 3 or more.
    frames
        Target images to read, 3 or more, spread over the folder.
    """
    from isthmus import console, console_synth
    from isthmus.synth.output.arguments import size_of
    from isthmus.synth.output.twin import write_twin

    with console.watch() as watcher:
        found = write_twin(
            isthmus.load_odd(odd), target, out, n=n, frames=frames, seed=seed, size=size_of(size),
            progress=watcher.progress,
        )  # fmt: skip
    console_synth.show_twin(found, out)
    return EXIT_SKIPPED if any(p.severity == "skipped" for p in found.problems) else 0


@synth.command
def doctor() -> int:
    """Say which renderers work here and how many images an hour they make; never aborts."""
    from isthmus import console_synth
    from isthmus.synth.doctor import examine

    console_synth.show_doctor(examine())
    return 0


@synth.command
def schema() -> int:
    """Print the JSON Schema of ODD files."""
    from isthmus import console
    from isthmus.synth.odd.schema import odd_schema

    console.print_json(odd_schema())
    return 0
