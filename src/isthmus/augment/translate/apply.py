"""A whole data set translated, and its labels audited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from isthmus.augment.made import check_apart
from isthmus.augment.report import remove_audit
from isthmus.augment.translate.folder import adopt_translated
from isthmus.augment.translate.translator import TranslationJob, Translator, translate_frame
from isthmus.compute.executor import Executor, Progress, SerialExecutor
from isthmus.data.dataset import Dataset
from isthmus.data.frame import Problem
from isthmus.errors import ConfigError, InputError

ORIGIN = "translated_from"
"""Attribute of a translated frame: the id of the frame it was made of."""


def translate_dataset(
    dataset: Dataset,
    translator: Translator | Path | str,
    folder: Path | str,
    *,
    strength: float = 1.0,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """Translate every frame; images and coco.json with the labels are written into `folder`.

    Each frame is made alone: the same call gives the same bytes with any number of workers, and a
    call that was cut short goes on where it stopped. Labels are carried over as they are;
    `audit_translation` says which of them still hold; an earlier audit in `folder` is removed.

    Args:
        dataset: frames, with or without labels.
        translator: a method ready for use, or a folder of pictures that another program made.
        folder: is made if need be; pictures that it holds from the same request are kept.
        strength: how far towards the translated picture, above 0 to 1 (pixels are mixed); a
            folder's pictures are taken as they are.
        executor: who does it; this process by default.
        progress: called with (frames done, frames in all, what).

    Returns:
        The new data set: attribute `look` says the method, `translated_from` the frame's id.
        Frames that failed are in `problems`.

    Raises:
        ConfigError: strength out of range.
        InputError: not one frame could be translated, or `folder` holds the
            source's labels.
    """
    from isthmus.data.formats import write_dataset

    folder = Path(folder)
    if not 0 < strength <= 1:
        raise ConfigError(f"strength {strength}: above 0, at most 1 is needed")
    if not len(dataset):
        raise InputError(f"{dataset.name}: no frame to translate")
    check_apart(dataset, folder)
    if isinstance(translator, Path | str):
        made = adopt_translated(dataset, translator)
        frames = tuple(replace(f, attributes={**f.attributes, ORIGIN: f.id}) for f in made.frames)
        made = replace(made, frames=frames)
    else:
        jobs = [TranslationJob(f, translator, strength, folder) for f in dataset.frames]
        made = _translated(dataset, jobs, executor or SerialExecutor(), progress)
    remove_audit(folder)  # it was about other labels
    write_dataset(made, folder, "coco")
    return made


def _translated(
    dataset: Dataset,
    jobs: Sequence[TranslationJob],
    executor: Executor,
    progress: Progress | None,
) -> Dataset:
    method = jobs[0].translator.method
    outcomes = executor.map(
        translate_frame, jobs, progress=progress, what=f"translating ({method})"
    )
    frames, problems = [], list(dataset.problems)
    for job, outcome in zip(jobs, outcomes, strict=True):
        if outcome.error is not None or outcome.value is None:
            reason = f"{method} could not translate it: {outcome.error}"
            problems.append(Problem(str(job.frame.image), "translation-failed", reason))
            continue
        attributes = {**job.frame.attributes, "look": method, ORIGIN: job.frame.id}
        frames.append(
            replace(
                job.frame,
                id=f"images/{job.name}",
                image=job.folder / "images" / job.name,
                digest=outcome.value,
                attributes=attributes,
            )
        )
    if not frames:
        first = f": {problems[-1].reason}" if problems else ""
        raise InputError(f"{dataset.name}: not one frame could be translated{first}")
    return Dataset(f"{dataset.name}+{method}", tuple(frames), tuple(problems), dataset.categories)
