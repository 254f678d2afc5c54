"""A whole rendered data set: planned, made by any number of workers, in shards, resumable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import accumulate, groupby, islice
from pathlib import Path
from typing import Any

import isthmus
from isthmus.compute.executor import Executor, Outcome, Progress, SerialExecutor, attempt
from isthmus.data.dataset import Dataset
from isthmus.data.exr import require_exr
from isthmus.data.formats import WRITERS, losses, write_dataset
from isthmus.data.frame import Problem
from isthmus.errors import ConfigError, InputError
from isthmus.files import make_folder, write_json
from isthmus.synth.odd.domain import Domain
from isthmus.synth.odd.rows import Row, sample_rows
from isthmus.synth.odd.table import write_rows
from isthmus.synth.output.earlier import MANIFEST, kept, stamps, take_over
from isthmus.synth.output.frame import DEPTHS, LAYERS, NOT_WRITTEN, Job, frame_of, make_frame
from isthmus.synth.output.kitti import as_kitti
from isthmus.synth.output.labels import LabelStyle
from isthmus.synth.output.request import LARGEST_SIDE, RECIPE, SMALLEST_SIDE, Request
from isthmus.synth.output.truth_labels import add_truth
from isthmus.synth.render.renderer import RENDERERS
from isthmus.synth.world.thing import CATEGORIES

IN_PLACE = ("coco", "bdd100k", "scalabel", "manifest")
"""Formats of one file beside the pictures; others get copies of them in a folder of their own."""

TOGETHER = 6
"""Pictures of one scene, at most, that one worker makes in a row."""


@dataclass(frozen=True)
class Rendered:
    """What came of a request for a data set.

    Attributes:
        dataset: its frames, in the order of the rows; with problems for those that failed.
        folder: where it lies.
        labels: format → label file or folder.
        made, kept: frames made now, and frames that were there.
        notes: what formats had no place for.
    """

    dataset: Dataset
    folder: Path
    labels: dict[str, Path] = field(default_factory=dict)
    made: int = 0
    kept: int = 0
    notes: tuple[Problem, ...] = ()


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
    style: LabelStyle | None = None,
    part: tuple[int, int] = (0, 1),
    overwrite: bool = False,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Rendered:
    """Render the first `n` rows of a domain into a folder.

    Frames that are there from the same request are kept, so a run that was cut short goes on
    where it stopped. The same call gives the same bytes whatever the workers and the order.

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
        style: labelling habits.
        part: (i, k): make only every k-th frame from the i-th on; labels are written when all
            frames are there.
        overwrite: a folder that holds another data set is taken over, its labels are removed.
        executor: who renders; this process by default.
        progress: called with (frames done, frames in all, what).

    Raises:
        ConfigError: arguments that are out of range (all at once), or a domain without rows.
        InputError: no frame could be made, the folder holds another data set, or it cannot be
            written to.
        MissingExtraError: OpenEXR is asked for and not installed.
    """
    folder = Path(out)
    _check(size, imagings, part, formats=formats, layers=layers, renderer=renderer, depth=depth)
    if hdr or depth == "exr":
        require_exr()
    make_folder(folder)
    rows = sample_rows(domain, n, seed)
    jobs = [
        Job(folder, request, tuple(layers), depth, hdr)
        for row in rows
        for k in range(imagings)
        for request in (Request(seed, row, size, renderer, k, dict(sensor or {})),)
    ]
    take_over(folder, jobs, overwrite=overwrite)
    write_rows(rows, folder / "rows.parquet")
    mine = jobs[part[0] :: part[1]]
    before = stamps(mine)
    outcomes = _made(mine, executor or SerialExecutor(), progress, f"rendering {domain.name}")
    records, problems = [], []
    for job, outcome in zip(mine, outcomes, strict=True):
        if outcome.error is not None and NOT_WRITTEN in outcome.error:
            raise InputError(outcome.error)
        if outcome.error is not None or outcome.value is None:
            problems.append(Problem(job.request.name, "not rendered", str(outcome.error)))
        else:
            records.append((job, outcome.value))
    if not records:
        first = f": {problems[0].reason}" if problems else ""
        raise InputError(f"{folder}: no frame could be made{first}")
    chosen = style or LabelStyle()
    frames = tuple(frame_of(job, record, chosen) for job, record in records)
    dataset = Dataset(f"{domain.name}, seed {seed}", frames, tuple(problems), CATEGORIES)
    labels: dict[str, Path] = {}
    notes: tuple[Problem, ...] = ()
    if part[1] == 1:
        notes = tuple(n for name in formats if name not in IN_PLACE for n in losses(dataset, name))
        labels = _write_labels(dataset, folder, formats, records)
        _write_manifest(
            folder, domain, rows, seed=seed, records=records, problems=problems, labels=labels
        )
    there = kept(before, mine)
    return Rendered(dataset, folder, labels, len(mine) - there, there, notes)


def _made(
    jobs: Sequence[Job], executor: Executor, progress: Progress | None, what: str
) -> Iterator[Outcome[dict[str, Any]]]:
    """Outcomes of jobs, in order. Some of one scene go together: they share what was built."""
    groups = [
        chunk
        for _, jobs_ in groupby(jobs, key=lambda job: job.request.row.scene)
        for chunk in batched(jobs_)
    ]
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


def batched(jobs: Iterable[Job]) -> Iterator[tuple[Job, ...]]:
    """Jobs by `TOGETHER`."""
    rest = iter(jobs)
    while batch := tuple(islice(rest, TOGETHER)):
        yield batch


def make_frames(jobs: Sequence[Job]) -> list[Outcome[dict[str, Any]]]:
    """Outcome of each job; one that fails takes no other with it."""
    return [attempt(make_frame, index, job) for index, job in enumerate(jobs)]


def _write_labels(
    dataset: Dataset,
    folder: Path,
    formats: Sequence[str],
    records: Sequence[tuple[Job, dict[str, Any]]],
) -> dict[str, Path]:
    written = {}
    for name in formats:
        known = [record for _, record in records]
        said = as_kitti(dataset, known) if name == "kitti" else dataset
        written[name] = write_dataset(said, folder if name in IN_PLACE else folder / name, name)
        if name == "coco":
            add_truth(written[name], folder, known)
    return written


def _write_manifest(
    folder: Path,
    domain: Domain,
    rows: Sequence[Row],
    *,
    seed: int,
    records: Sequence[tuple[Job, dict[str, Any]]],
    problems: Sequence[Problem],
    labels: Mapping[str, Path],
) -> None:
    write_json(
        folder / MANIFEST,
        {
            "schema": "isthmus.synth.dataset/1",
            "recipe": RECIPE,
            "version": isthmus.__version__,
            "name": domain.name,
            "seed": seed,
            "rows": len(rows),
            "frames": len(records),
            "labels": {
                # Others have a folder of their own, with copies of the pictures.
                name: path.name if name in IN_PLACE else name
                for name, path in labels.items()
            },
            "problems": [asdict(problem) for problem in problems],
            "digests": {record["image"]: record["digest"] for _, record in records},
        },
    )


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
    faults = []
    if not all(SMALLEST_SIDE <= side <= LARGEST_SIDE and side % 2 == 0 for side in size):
        bounds = f"even numbers of {SMALLEST_SIDE} to {LARGEST_SIDE}"
        faults.append(f"size {size[0]}x{size[1]}: {bounds} are needed")
    if imagings < 1:
        faults.append(f"imagings {imagings}: at least 1 is needed")
    named = (
        ("format", formats, tuple(WRITERS)), ("layer", layers, LAYERS),
        ("renderer", (renderer,), tuple(RENDERERS)), ("depth", (depth,), DEPTHS),
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
