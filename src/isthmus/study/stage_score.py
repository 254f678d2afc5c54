"""Stage `score`: choose an arm without labels, then open the sealed test and score all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.adapt.arm_kinds import ORACLE, labelled_frames, sees_labels
from isthmus.adapt.gap_closed import changes, gap_closed
from isthmus.adapt.label_curve import break_even
from isthmus.adapt.select import Candidate, Selection, rank_correlations, select_arm
from isthmus.adapt.validators import NEARER, advantage, validators
from isthmus.data.dataset import Dataset, SealedTest
from isthmus.data.manifest import load_manifest, save_manifest
from isthmus.detect.bootstrap import MEAN, Score, frame_units, interval, make_plan, score
from isthmus.detect.detector import Detections, load_detector
from isthmus.detect.evaluate import coco_scores, predict
from isthmus.detect.precision import match
from isthmus.detect.samples import (
    load_images,
    load_samples,
    read_images,
    save_images,
)
from isthmus.errors import InputError, IsthmusError
from isthmus.study.arm_files import detector_path
from isthmus.study.run import Context, Document
from isthmus.study.score_pictures import write_examples
from isthmus.study.stage_data import domains_of

SCHEMA = "isthmus.score/1"
DRAWS = 1000
AP50 = (0.5,)
FEWEST_RANKED = 3
"""Arms below which no correlation is told."""


@dataclass(frozen=True)
class _Job:
    """One trained detector and what it is to be run on. Picklable."""

    weights: Path
    source: Path
    target: Path
    val: Path
    val_manifest: Path
    test: Path | None
    simulated: _Simulated | None


@dataclass(frozen=True)
class _Simulated:
    """Source validation frames after the effects, and the share of the gap that these take."""

    images: Path
    manifest: Path
    nearer: float


@dataclass(frozen=True)
class _Judged:
    """What one detector does: label-free signs, AP50 on source validation, test detections."""

    signs: dict[str, float]
    source_ap50: float
    detections: list[Detections]


def run(context: Context) -> Document:
    """Run all detectors, choose, score."""
    arms = context.documents["train"]["arms"]
    judged = _judge(context, [arm["name"] for arm in arms])
    selection = select_arm(
        [
            Candidate(name, [j.signs for j in results], [j.source_ap50 for j in results])
            for name, results in judged.items()
        ]
    )
    test = domains_of(context).test
    document: Document = {
        "schema": SCHEMA,
        "classes": list(domains_of(context).classes),
        "iou": 0.5,
        "arms": [],
        "selected": {"arm": selection.arm, "reason": selection.reason},
        "ranking": [{"arm": name, "advantage": lead} for name, lead in selection.ranking],
        "excluded": dict(selection.excluded),
        "validators": {
            name: {**_mean_signs(results), "advantage": _advantage(results, judged["fair_source"])}
            for name, results in judged.items()
        },
        "oracle_selected": None,
        "spearman": None,
        "label_curve": None,
        "ceiling": None,
        "receipts": [],
        "test": None,
        "condition_breakdown": [],
        "examples": [],
    }
    if test is not None:
        # From here on labels of the target are looked at; nothing above may depend on them.
        document |= _scored(context, judged, selection, test)
    return document


def _judge(context: Context, arms: Sequence[str]) -> dict[str, list[_Judged]]:
    domains = domains_of(context)
    samples = context.cache_folder("samples")
    size = context.config.detector.size
    data = context.stage_folder("data")
    save_images(samples / "val.npz", read_images(domains.val, size))
    test = None
    if domains.test is not None:
        test = samples / "test.npz"
        images = read_images(domains.test.images, size)
        if images.problems:
            raise InputError(f"target test: {images.problems[0].reason}")
        save_images(test, images)
    simulated = _simulated(context)
    repetitions = context.config.training.seeds
    jobs = [
        _Job(
            detector_path(context, arm, repetition),
            samples / "source.npz",
            samples / "target.npz",
            samples / "val.npz",
            data / "val.parquet",
            test,
            simulated,
        )
        for arm in arms
        for repetition in range(repetitions)
    ]
    outcomes = context.executor.map(
        _judge_one, jobs, progress=context.watcher.progress, what="running trained arms"
    )
    results: list[_Judged] = []
    for job, outcome in zip(jobs, outcomes, strict=True):
        if outcome.error is not None:
            raise IsthmusError(f"scoring {job.weights.name}: {outcome.error}")
        results.append(outcome.unwrap())
    return {
        arm: results[number * repetitions : (number + 1) * repetitions]
        for number, arm in enumerate(arms)
    }


def _simulated(context: Context) -> _Simulated | None:
    """Validation frames after all effects that bring the source nearer to the target."""
    effects = [e for e in context.documents["generate"]["effects"] if e["nearer"] > 0]
    if not effects:
        return None
    folder, samples = context.stage_folder("generate"), context.cache_folder("samples")
    sets = [load_manifest(folder / effect["validation"]) for effect in effects]
    joined = reduce(Dataset.concat, sets)
    images = read_images(joined, context.config.detector.size)
    if images.problems:
        raise InputError(f"generated for validation: {images.problems[0].reason}")
    made = _Simulated(
        samples / "simulated.npz",
        samples / "simulated.parquet",
        float(np.mean([effect["nearer"] for effect in effects])),
    )
    save_images(made.images, images)
    save_manifest(joined, made.manifest)
    return made


def _judge_one(job: _Job) -> _Judged:
    import torch

    # One thread per process, whatever the machine: the same sums in the same order.
    torch.set_num_threads(1)
    detector = load_detector(job.weights)
    source = load_samples(job.source)
    val = load_manifest(job.val_manifest)
    on_val = coco_scores(predict(detector, load_images(job.val)), val, detector.classes)
    detections = predict(detector, load_images(job.test)) if job.test else []
    signs = validators(detector, load_images(job.target), source.prior(), source=source.images)
    if job.simulated is not None:
        frames = load_manifest(job.simulated.manifest)
        found = predict(detector, load_images(job.simulated.images))
        signs["simulated_ap50"] = coco_scores(found, frames, detector.classes)["ap50"][MEAN] or 0.0
        signs[NEARER] = job.simulated.nearer
    return _Judged(signs, on_val["ap50"][MEAN] or 0.0, detections)


def _scored(
    context: Context, judged: dict[str, list[_Judged]], selection: Selection, test: SealedTest
) -> Document:
    labelled = test.open("final score of all arms, after the choice was made")
    classes = domains_of(context).classes
    units = frame_units([frame.sequence for frame in labelled])
    plan = make_plan(units, context.config.training.seeds, draws=DRAWS, seed=context.config.seed)
    ap50: dict[str, dict[str, Score]] = {}
    ap: dict[str, dict[str, Score]] = {}
    for number, (name, results) in enumerate(judged.items()):
        matches = [match(r.detections, labelled, classes) for r in results]
        ap50[name] = score(matches, plan, thresholds=AP50)
        ap[name] = score(matches, plan)
        context.watcher.progress(number + 1, len(judged), "scoring arms")
    fair, ceiling = ap50["fair_source"], _ceiling(ap50)
    labels = {arm["name"]: arm for arm in context.documents["train"]["arms"]}
    ranks = {name: place for place, (name, _) in enumerate(selection.ranking, start=1)}
    arms = []
    for name, results in judged.items():
        is_reference = name == "fair_source"
        closed = None
        if not is_reference and name != "plain_source":
            best = ap50[ceiling][MEAN] if ceiling else None
            closed = gap_closed(ap50[name][MEAN], fair[MEAN], best)
        arms.append(
            {
                "name": name,
                "label": labels[name]["label"],
                "level": labels[name]["level"],
                "ap50": {key: _cell(value) for key, value in ap50[name].items()},
                "ap": {key: _cell(value) for key, value in ap[name].items()},
                "gap_closed": closed and {k: _number(v) for k, v in asdict(closed).items()},
                "change": {}
                if is_reference
                else {k: asdict(v) for k, v in changes(ap50[name], fair).items()},
                "validators": _mean_signs(results),
                "rank": ranks.get(name),
            }
        )
    folder = context.stage_folder("score")
    shown = [name for name in ("fair_source", selection.arm) if name in judged]
    return {
        "arms": arms,
        "ceiling": ceiling,
        "oracle_selected": _hindsight(ap50, selection),
        "spearman": _correlations(judged, ap50),
        "label_curve": _label_curve(context, ap50, selection.arm),
        "receipts": list(test.receipts),
        "test": {
            "frames": len(labelled),
            "sequences": len(labelled.sequences),
            "units": plan.units,
            "objects": _objects(labelled, classes),
        },
        "examples": write_examples(
            folder,
            labelled,
            classes,
            {
                name: (labels[name]["label"], judged[name][0].detections)
                for name in dict.fromkeys(shown)
            },
        ),
    }


def _ceiling(ap50: dict[str, dict[str, Score]]) -> str | None:
    """The best arm that was given target labels: what the gap is measured to."""
    given = [name for name in ap50 if sees_labels(name)]
    return max(given, key=lambda name: ap50[name][MEAN].mean, default=None)


def _label_curve(
    context: Context, ap50: dict[str, dict[str, Score]], chosen: str
) -> Document | None:
    """AP50 over labelled target frames, and how many the chosen arm is worth; None without arms."""
    curve = {count: name for name in ap50 if (count := labelled_frames(name)) is not None}
    oracle = domains_of(context).oracle
    if not curve:
        return None
    if oracle is not None and ORACLE in ap50:
        curve[len(oracle)] = ORACLE
    points = [(0, "fair_source"), *sorted(curve.items())]
    worth = break_even(ap50[chosen][MEAN], [(count, ap50[name][MEAN]) for count, name in points])
    return {
        "arm": chosen,
        "points": [{"frames": n, "arm": name, **_cell(ap50[name][MEAN])} for n, name in points],
        "break_even": asdict(worth),
    }


def _cell(value: Score) -> Document:
    return {
        "mean": _number(value.mean),
        "low": _number(value.low),
        "high": _number(value.high),
        "per_seed": [_number(v) for v in value.per_seed],
    }


def _number(value: Any) -> Any:
    """NaN stands for "cannot be known" and becomes null."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _mean_signs(results: Sequence[_Judged]) -> dict[str, float]:
    return {
        **{name: float(np.mean([r.signs[name] for r in results])) for name in results[0].signs},
        "source_val_ap50": float(np.mean([r.source_ap50 for r in results])),
    }


def _advantage(results: Sequence[_Judged], fair: Sequence[_Judged]) -> float:
    """Mean advantage over the fair source of the same seeds."""
    pairs = zip(results, fair, strict=True)
    return float(np.mean([advantage(mine.signs, theirs.signs) for mine, theirs in pairs]))


def _hindsight(ap50: dict[str, dict[str, Score]], selection: Selection) -> Document:
    """What the test labels would have chosen: printed as the price of not knowing."""
    usable = {name: scores[MEAN].mean for name, scores in ap50.items() if not sees_labels(name)}
    best = max(usable, key=lambda name: usable[name])
    lost = ap50[best][MEAN].draws - ap50[selection.arm][MEAN].draws
    low, high = interval(lost) if best != selection.arm else (0.0, 0.0)
    return {
        "arm": best,
        "loss": usable[best] - usable[selection.arm],
        "low": low if math.isfinite(low) else None,
        "high": high if math.isfinite(high) else None,
    }


def _correlations(
    judged: dict[str, list[_Judged]], ap50: dict[str, dict[str, Score]]
) -> dict[str, float | None] | None:
    """Correlation of each label-free sign with mean AP50 over all arms without labels."""
    names = [name for name in judged if not sees_labels(name)]
    if len(names) < FEWEST_RANKED:
        return None
    fair = judged["fair_source"]
    signs = [
        [
            {
                **{name: sign for name, sign in mine.signs.items() if name != NEARER},
                "advantage": advantage(mine.signs, theirs.signs),
            }
            for mine, theirs in zip(judged[name], fair, strict=True)
        ]
        for name in names
    ]
    return rank_correlations(signs, [ap50[name][MEAN].per_seed for name in names])


def _objects(labelled: Any, classes: Sequence[str]) -> dict[str, int]:
    return {
        name: sum(
            box.category == name and not box.ignore for f in labelled for box in f.objects or ()
        )
        for name in classes
    }
