"""Stage `train`: every arm of the comparison, with equal steps, for every seed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from isthmus.adapt.arm_kinds import BURN_IN, arm_kind, labelled_frames, sees_labels
from isthmus.adapt.arms import ArmResult, ArmSpec, plan_arms, run_arm
from isthmus.compute.executor import Outcome
from isthmus.data.dataset import Dataset
from isthmus.data.manifest import load_manifest
from isthmus.detect.detector import load_detector
from isthmus.detect.samples import read_images, read_samples, save_images, save_samples
from isthmus.detect.train import weights_digest
from isthmus.errors import IsthmusError, TrainingError
from isthmus.study.arm_files import arms_folder, detector_path, training_seeds
from isthmus.study.run import Context, Document
from isthmus.study.stage_data import domains_of

SCHEMA = "isthmus.train/1"
CURVE_POINTS = 40


def run(context: Context) -> Document:
    """Train; arms that an earlier, stopped run has finished are kept."""
    template = _template(context)
    arms = arms_of(context)
    seeds = training_seeds(context.config)
    results: list[ArmResult] = []
    total = len(seeds) * (len(arms) + 1)
    for wave in plan_arms(arms, seeds, arms_folder(context), template):
        done = len(results)

        def shown(finished: int, _: int, what: str, before: int = done) -> None:
            context.watcher.progress(before + finished, total, what)

        outcomes = context.executor.map(run_arm, wave, progress=shown, what="training arms")
        results += [_result(spec, o) for spec, o in zip(wave, outcomes, strict=True)]
    trained = {(r.arm, r.seed): r for r in results}
    detector = load_detector(detector_path(context, "fair_source", 0))
    return {
        "schema": SCHEMA,
        "detector": {
            "name": context.config.detector.name,
            "params": sum(p.numel() for p in detector.state_dict().values()),
            "size": list(context.config.detector.size),
        },
        "arms": [_described(name, [trained[name, s] for s in seeds]) for name in arms],
        "alarms": [*_left_out(context), *_alarms(results)],
    }


def arms_of(context: Context) -> list[str]:
    """The arms that can be trained with what there is, in the study's order."""
    domains = domains_of(context)
    without = set()
    known = 0 if domains.oracle is None else len(domains.oracle)
    for name in filter(sees_labels, context.config.arms):
        if known < max(labelled_frames(name) or 0, 1):
            without.add(name)
    if not context.documents["generate"]["effects"]:
        without.update(a for a in context.config.arms if "extra" in arm_kind(a).inputs)
    return [name for name in context.config.arms if name not in without]


def _left_out(context: Context) -> list[str]:
    """Arms that ask for generated frames that nothing asked for, or for more labels than are."""
    oracle = domains_of(context).oracle
    ungenerated = (
        []
        if context.documents["generate"]["effects"]
        else [
            f"“{arm_kind(name).label}” is left out: no frames were generated, because the target "
            "shows no condition that the source lacks and an effect could make"
            for name in context.config.arms
            if "extra" in arm_kind(name).inputs
        ]
    )
    return ungenerated + [
        f"“{arm_kind(name).label}” is left out: the target has {len(oracle)} labelled frames to "
        "train on"
        for name in context.config.arms
        if oracle is not None and (labelled_frames(name) or 0) > len(oracle)
    ]


def _template(context: Context) -> ArmSpec:
    """Settings shared by all arms, with the samples written where workers can map them."""
    config = context.config
    domains = domains_of(context)
    folder = context.cache_folder("samples")
    size = config.detector.size
    progress = context.watcher.progress
    files: dict[str, Path] = {}
    labelled: dict[str, Dataset | None] = {
        "source": domains.train,
        "validation": domains.val,
        "extra": _generated(context),
        "oracle": domains.oracle,
    }
    for name, dataset in labelled.items():
        if dataset is not None:
            files[name] = folder / f"{name}.npz"
            samples = read_samples(dataset, domains.classes, size, progress=progress)
            save_samples(files[name], samples)
    files["target"] = folder / "target.npz"
    save_images(files["target"], read_images(domains.target_train, size, progress=progress))
    training = config.training
    return ArmSpec(
        arm="fair_source",
        seed=0,
        out=arms_folder(context) / "none.pt",
        detector=config.detector.name,
        options={"width": config.detector.width} if config.detector.name == "compact" else {},
        burn_in=training.burn_in,
        steps=training.steps,
        batch=training.batch,
        learning_rate=training.learning_rate,
        extra_share=config.generate.share,
        threads=config.compute.threads,
        device=config.compute.device,
        precision=config.compute.precision,
        curves=tuple(config.compute.curves),
        curves_folder=context.folder / "curves",
        source=files["source"],
        validation=files["validation"],
        target=files["target"],
        extra=files.get("extra"),
        oracle=files.get("oracle"),
    )


def _generated(context: Context) -> Dataset | None:
    """All generated frames together."""
    folder = context.stage_folder("generate")
    sets = [
        load_manifest(folder / effect["manifest"])
        for effect in context.documents["generate"]["effects"]
    ]
    if not sets:
        return None
    joined = sets[0]
    for other in sets[1:]:
        joined = joined.concat(other)
    return replace(joined, name="generated")


def _result(spec: ArmSpec, outcome: Outcome[ArmResult]) -> ArmResult:
    if outcome.error is not None:
        kind = TrainingError if outcome.expected else IsthmusError
        raise kind(f"training {spec.arm} (seed {spec.seed}): {outcome.error}")
    return outcome.unwrap()


def _described(name: str, results: Sequence[ArmResult]) -> Document:
    kind = arm_kind(name)
    return {
        "name": name,
        "label": kind.label,
        "level": kind.level,
        "recipe": kind.recipe,
        "steps": results[0].steps,
        "seeds": [result.seed for result in results],
        "weights": [weights_digest(load_detector(result.weights)) for result in results],
        "curves": [point for result in results for point in _curve(result)],
    }


def _curve(result: ArmResult) -> list[Document]:
    """The loss, averaged over stretches of steps."""
    history = result.history
    length = max(1, len(history) // CURVE_POINTS)
    first = result.steps - len(history)
    return [
        {
            "seed": result.seed,
            "step": first + start + len(part),
            "loss": round(sum(part) / len(part), 6),
        }
        for start in range(0, len(history), length)
        if (part := history[start : start + length])
    ]


def _alarms(results: Sequence[ArmResult]) -> list[str]:
    """What went wrong on the way, once for all seeds that it happened to."""
    seeds: dict[tuple[str, str], list[str]] = {}
    for result in results:
        if result.arm == BURN_IN:
            continue
        for alarm in result.alarms:
            # The figures differ from seed to seed; they stand with the trained weights.
            words = re.sub(r" by step \d+| \([^)]*\)", "", alarm)
            seeds.setdefault((arm_kind(result.arm).label, words), []).append(str(result.seed))
    return [
        f"“{label}”, {'seed' if len(found) == 1 else 'seeds'} {', '.join(found)}: {words}"
        for (label, words), found in seeds.items()
    ]
