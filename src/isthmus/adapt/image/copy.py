"""A copy of a labelled data set in the look of target images, its labels carried over.

Image-level methods change no geometry, so boxes stay as they are. Each frame is made alone from
(seed, method, frame id): the same call gives the same bytes with any number of workers, and a call
that was cut short goes on where it stopped.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from isthmus import seeds
from isthmus.adapt.image.style import ImageStyle, restyle
from isthmus.augment.made import kept_record, made_name, write_made
from isthmus.compute.executor import Executor, Progress, SerialExecutor
from isthmus.data.dataset import Dataset, UnlabeledView
from isthmus.data.frame import Frame, Problem
from isthmus.errors import InputError

RECIPE = "isthmus.restyle/2"
"""Changes whenever the same request gives other pictures."""


@dataclass(frozen=True)
class _Job:
    frame: Frame
    look: Frame
    method: str
    seed: int
    folder: Path

    @property
    def name(self) -> str:
        return made_name(self.frame.id, self.method)

    @property
    def request(self) -> dict[str, Any]:
        """What decides the frame's bytes."""
        return {
            "recipe": RECIPE,
            "method": self.method,
            "seed": self.seed,
            "id": self.frame.id,
            "image": self.frame.digest,
            "look": self.look.digest,
        }


def adapt_images(
    source: Dataset,
    target: UnlabeledView | Dataset,
    folder: Path | str,
    *,
    method: str = "fda",
    seed: int = 0,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """Write a copy of `source` in the look of `target`: images, and coco.json with the labels.

    Args:
        source: frames, with or without labels.
        target: frames whose look is taken; labels are not looked at.
        folder: is made if need be; images that it holds from the same request are kept.
        method: a name in `isthmus.adapt.image.style.STYLES`.
        seed: decides, with each frame's id, the target image it takes its look from.
        executor: who does it; this process by default.
        progress: called with (frames done, frames in all, what).

    Returns:
        The new data set: ids are the new images' names, attribute `look` says the method. Frames
        that failed are in `problems`.

    Raises:
        ConfigError: unknown method.
        InputError: no target image, or no frame could be made.
    """
    from isthmus.data.formats import write_dataset

    folder = Path(folder)
    looks = {frame.image: frame for frame in target}
    style = ImageStyle(method, seed=seed).fit(tuple(looks))
    jobs = [_Job(f, looks[style.look_for(f.id)], method, seed, folder) for f in source.frames]
    outcomes = (executor or SerialExecutor()).map(
        restyle_frame, jobs, progress=progress, what=f"changing the look ({method})"
    )
    frames, problems = [], list(source.problems)
    for job, outcome in zip(jobs, outcomes, strict=True):
        if outcome.error is not None or outcome.value is None:
            reason = f"{method} could not be applied: {outcome.error}"
            problems.append(Problem(str(job.frame.image), "adaptation-failed", reason))
            continue
        frames.append(
            replace(
                job.frame,
                id=f"images/{job.name}",
                image=folder / "images" / job.name,
                digest=outcome.value,
                attributes={**job.frame.attributes, "look": method},
            )
        )
    if not frames:
        first = f": {problems[-1].reason}" if problems else ""
        raise InputError(f"{source.name}: not one frame could be given another look{first}")
    made = Dataset(f"{source.name}+{method}", tuple(frames), tuple(problems), source.categories)
    write_dataset(made, folder, "coco")
    return made


def restyle_frame(job: _Job) -> str:
    """Make one frame unless it is there; returns the SHA-256 of its file."""
    from isthmus.data.images import read_rgb

    request = job.request
    record = kept_record(job.folder, job.name, request)
    if record is None:
        rng = seeds.generator(job.seed, "transform", job.method, job.frame.id)
        image = restyle(job.method, read_rgb(job.frame.image), job.look.image, rng)
        record = write_made(job.folder, job.name, image, request)
    return str(record["digest"])
