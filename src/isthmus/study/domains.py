"""The data sets of a study: source for training and validation, unlabeled target, sealed test.

The rules that keep an evaluation honest are enforced here: no sequence is cut between source
train and val, no image lies on both sides of any line, and the target reaches the other stages
without labels.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from isthmus.compute.executor import Executor, Progress
from isthmus.data.dataset import Dataset, SealedTest, UnlabeledView
from isthmus.data.formats import read_dataset
from isthmus.data.frame import Problem
from isthmus.data.ontology import ROAD
from isthmus.data.selection import select
from isthmus.errors import ConfigError, InputError
from isthmus.study.config import DomainSection, SourceSection, StudyConfig, TargetSection

FEWEST_FRAMES = 4


@dataclass(frozen=True)
class Domains:
    """What a study works on.

    Attributes:
        classes: those of the task's classes that the source shows in training.
        source, target: everything read, mapped to the classes, before it was divided.
        train, val: labelled source frames.
        target_train: unlabeled frames of the target.
        oracle: target-train frames *with* labels, for the oracle arm alone; None if not allowed.
        test: labelled target frames under seal; None if there are none.
        notes: facts about the division that a reader of the report should know.
    """

    classes: tuple[str, ...]
    source: Dataset
    target: Dataset
    train: Dataset
    val: Dataset
    target_train: UnlabeledView
    oracle: Dataset | None
    test: SealedTest | None
    notes: tuple[str, ...] = ()


def read_domains(
    config: StudyConfig, *, executor: Executor | None = None, progress: Progress | None = None
) -> Domains:
    """Read both domains of a study and divide them.

    Raises:
        InputError: a set is missing, empty, unlabelled where labels are needed, or an image of
            the test also lies in a training part.
        ConfigError: a selector selects nothing.
    """
    for section, role in ((config.source, "source"), (config.target, "target")):
        # Reading the first set can take long: what is wrong with the second is said before.
        if not section.path.exists():
            raise InputError(f"{section.path}: no such file or folder ({role}.path)")
    source = _read(config.source, "source", executor, progress)
    target = _read(config.target, "target", executor, progress)
    if not source.labelled:
        raise InputError(
            f"{config.source.path}: the source needs labels; give a COCO or BDD100K label file"
        )
    train, val, source_notes = _divide_source(source, config)
    target_part, test, target_notes = _divide_target(target, config.target)
    require_frames("source", train.name, len(train))
    require_frames("target", target_part.name, len(target_part))
    missing = _missing_classes(train)
    classes = tuple(name for name in ROAD.classes if name not in missing)
    _refuse_no_objects(test, classes)
    _refuse_leaks({"source train": train, "source val": val, "target train": target_part}, test)
    oracle = None
    if config.target.oracle:
        if not target_part.labelled:
            raise ConfigError("target.oracle: the target-train frames carry no labels")
        oracle = target_part
    return Domains(
        classes,
        replace(source, problems=source.problems + _as_problems(missing, train)),
        target,
        train,
        val,
        target_part.unlabeled(),
        oracle,
        SealedTest(test) if test is not None and test.labelled else None,
        (*source_notes, *target_notes, *(p.reason for p in _as_problems(missing, train))),
    )


def _read(
    section: DomainSection, role: str, executor: Executor | None, progress: Progress | None
) -> Dataset:
    dataset = read_dataset(
        section.path,
        format=section.format,
        images=section.images,
        name=section.name or role,
        executor=executor,
        progress=progress,
    )
    if section.where:
        dataset = select(dataset, section.where, f"{role}.where")
    mapped = dataset.map_categories(ROAD.extended(section.categories))
    base = section.path if section.path.is_dir() else section.path.parent
    return replace(mapped, problems=tuple(_shown_from(base, p) for p in mapped.problems))


def _shown_from(base: Path, problem: Problem) -> Problem:
    """Paths below the set's folder are shown relative to it: the same text on every machine."""
    path = Path(problem.path)
    if path.is_absolute():
        return replace(problem, path=os.path.relpath(path, base))
    return problem


def _divide_source(source: Dataset, config: StudyConfig) -> tuple[Dataset, Dataset, list[str]]:
    section: SourceSection = config.source
    if (section.train is None) != (section.val is None):
        raise ConfigError("source: give both `train` and `val` selectors, or neither")
    if section.train is not None and section.val is not None:
        train = select(source, section.train, "source.train")
        val = select(source, section.val, "source.val")
        shared = sorted({f.sequence for f in train if f.sequence} & {f.sequence for f in val})
        notes = (
            [f"source train and val share {', '.join(shared)}: their frames are not independent"]
            if shared
            else []
        )
        used = {f.id for f in train} | {f.id for f in val}
        if unused := sum(frame.id not in used for frame in source):
            notes.append(f"{unused} frames of the source are in neither train nor val: unused")
        return train, val, notes
    if len(source.sequences) == 1 and source.sequences[0]:
        cut = min(max(1, round(len(source) * (1 - section.val_share))), len(source) - 1)
        return (
            replace(source, frames=source.frames[:cut]),
            replace(source, frames=source.frames[cut:]),
            ["the source is one sequence: its last part serves as validation"],
        )
    parts = source.split(
        {"train": 1 - section.val_share, "val": section.val_share}, seed=config.seed
    )
    return parts["train"], parts["val"], []


def _divide_target(
    target: Dataset, section: TargetSection
) -> tuple[Dataset, Dataset | None, list[str]]:
    if section.test is None:
        train = target if section.train is None else select(target, section.train, "target.train")
        return train, None, []
    test = select(target, section.test, "target.test")
    inside = {frame.id for frame in test}
    if section.train is not None:
        train = select(target, section.train, "target.train")
    else:
        train = target.filter(lambda frame: frame.id not in inside)
    if not len(train):
        raise ConfigError("target: nothing is left to adapt to beside the test frames")
    if not test.labelled:
        raise ConfigError(
            "target.test: these frames carry no labels; leave `test` out to run without a score"
        )
    shared = sorted({f.sequence for f in train if f.sequence} & {f.sequence for f in test})
    notes = (
        [
            "target train and test are different stretches of the same drive "
            f"({', '.join(shared)}): the score says nothing about other places"
        ]
        if shared
        else []
    )
    return train, test, notes


def require_frames(role: str, name: str, count: int) -> None:
    """Refuse a side of fewer frames than a gap can be measured from."""
    if count < FEWEST_FRAMES:
        called = role if name == role else f"{role} ({name})"
        raise InputError(
            f"the {called} has {count} usable frame(s); at least {FEWEST_FRAMES} are needed to "
            "measure a gap: add images"
        )


def _missing_classes(train: Dataset) -> tuple[str, ...]:
    """The task's classes that no box of the training frames shows; all of them is an error."""
    shown = {b.category for f in train for b in f.objects or () if not b.ignore}
    missing = tuple(name for name in ROAD.classes if name not in shown)
    if len(missing) == len(ROAD.classes):
        raise InputError(
            f"{train.name}: not one box of {' or '.join(missing)} among the {len(train)} source "
            "frames to train on, so nothing can be learnt; add frames that show some, or map the "
            "set's own categories with the option source.categories"
        )
    return missing


def _as_problems(missing: tuple[str, ...], train: Dataset) -> tuple[Problem, ...]:
    return tuple(
        Problem(
            train.name,
            "missing-class",
            f"not one {name} box among the {len(train)} source frames to train on: the study "
            "leaves this class out; add frames that show some, or map a category to it",
            "note",
        )
        for name in missing
    )


def _refuse_no_objects(test: Dataset | None, classes: tuple[str, ...]) -> None:
    """Whether there is anything to score decides nothing but this refusal."""
    if test is None:
        return
    if not any(b.category in classes and not b.ignore for f in test for b in f.objects or ()):
        raise InputError(
            f"{test.name}: not one box of {' or '.join(classes)} among the {len(test)} frames of "
            "the target's test, so nothing can be scored; give others, or leave `test` out"
        )


def _refuse_leaks(parts: dict[str, Dataset], test: Dataset | None) -> None:
    named = [*parts.items(), *([("target test", test)] if test is not None else [])]
    for index, (first, a) in enumerate(named):
        digests = {frame.digest: frame for frame in a}
        for second, b in named[index + 1 :]:
            leaks = [(digests[f.digest], f) for f in b if f.digest in digests]
            if leaks:
                one, other = leaks[0]
                raise InputError(
                    f"{len(leaks)} image(s) lie both in {first} and in {second}, e.g. {one.id} = "
                    f"{other.id}; a figure computed on them would be worth nothing. Select "
                    "disjoint frames"
                )
