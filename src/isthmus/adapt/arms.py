"""The arms of a comparison: all trained with the same number of steps, from the same start.

All arms but the plain source start from one burn-in of the fair source per seed and get the same
further steps. The fair source, which spends them on the source, is thus the steps-matched
control. `run_arm` takes files and leaves files, so that arms can be trained by any executor, in
any order, and a killed run goes on where it was.
"""

from __future__ import annotations

import glob
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isthmus.adapt.adapter import Adapted, Budget
from isthmus.adapt.arm_kinds import BURN_IN, arm_kind, labelled_frames, sees_labels
from isthmus.errors import ConfigError, InputError
from isthmus.files import digest_of, read_json, write_json

if TYPE_CHECKING:
    from isthmus.detect.curves import Curves
    from isthmus.detect.placed import Precision
    from isthmus.detect.samples import Samples

RECORD_SCHEMA = "isthmus.arm/1"
LATER_RATE = 0.5  # of the burn-in's learning rate, for the steps after it


@dataclass(frozen=True)
class ArmSpec:
    """One training: everything that decides its bytes, and where they go. Picklable.

    Attributes:
        arm: name in `ARMS`, or `BURN_IN`.
        seed: of weights, order and draws.
        out: file of the weights; the record lies beside it as .json.
        source, validation, target, extra, oracle: files written by `save_samples` or `save_images`.
        start: weights to start from (None: new ones).
        detector, options: for `build_detector`.
        burn_in, steps: steps before and after the arms part.
        batch, learning_rate: of the burn-in; later steps take `LATER_RATE` of the rate.
        extra_share: share of each batch taken from `extra`, or from labelled target frames.
        threads: numerical threads; other numbers may give other bytes.
        device, precision: where and in which arithmetic the network runs, see
            `isthmus.detect.placed`; other ones give other bytes.
        checkpoint_every: steps.
        curves, curves_folder: tools that the losses go to while training (`detect.curves`), and
            where; no byte of the weights depends on them.
    """

    arm: str
    seed: int
    out: Path
    source: Path
    validation: Path | None = None
    target: Path | None = None
    extra: Path | None = None
    oracle: Path | None = None
    start: Path | None = None
    detector: str = "compact"
    options: Mapping[str, Any] = field(default_factory=dict)
    burn_in: int = 400
    steps: int = 300
    batch: int = 8
    learning_rate: float = 8e-3
    extra_share: float = 0.5
    threads: int = 1
    device: str = "cpu"
    precision: Precision = "float32"
    checkpoint_every: int = 100
    curves: tuple[str, ...] = ()
    curves_folder: Path | None = None

    @property
    def record(self) -> Path:
        """Where the history, the alarms and the identity are written, last of all."""
        return self.out.with_suffix(".json")


@dataclass(frozen=True)
class ArmResult:
    """What a training left: `weights` file, the loss of each step, alarms, steps from scratch."""

    arm: str
    seed: int
    weights: Path
    steps: int
    history: tuple[float, ...]
    alarms: tuple[str, ...]


def plan_arms(
    arms: Sequence[str], seeds: Sequence[int], folder: Path, template: ArmSpec
) -> Iterator[list[ArmSpec]]:
    """The trainings in waves: each wave needs only files of those before it.

    Args:
        arms: names in `ARMS`.
        seeds: training seeds.
        folder: where weights go, as ``<arm>-<seed>.pt``.
        template: all settings; its `arm`, `seed`, `out` and `start` are replaced.

    Raises:
        ConfigError: an arm is unknown, or a file that it needs is not in the template.
    """
    for name in arms:
        for needed in arm_kind(name).inputs:
            if getattr(template, needed) is None:
                raise ConfigError(f"arm {name!r} needs {needed} data, and there are none")

    def spec(arm: str, seed: int, start: str) -> ArmSpec:
        first = None if start == "scratch" else folder / f"{start}-{seed}.pt"
        return replace(template, arm=arm, seed=seed, out=folder / f"{arm}-{seed}.pt", start=first)

    remaining = list(arms)
    if any(arm_kind(name).start == BURN_IN for name in arms):
        done = {"scratch"}
        first = [spec(BURN_IN, seed, "scratch") for seed in seeds]
    else:
        done, first = {"scratch", BURN_IN}, []
    while remaining or first:
        wave = [name for name in remaining if arm_kind(name).start in done]
        if not wave and not first:
            raise ConfigError(
                f"arm {remaining[0]!r} starts from {arm_kind(remaining[0]).start!r}, "
                "which is not among the arms"
            )
        # Longest first: the last worker should not be left alone with a teacher.
        wave.sort(key=lambda name: -len(arm_kind(name).inputs) - ("teacher" in name))
        yield first + [spec(name, seed, arm_kind(name).start) for name in wave for seed in seeds]
        if first:
            done.add(BURN_IN)
        first = []
        done.update(wave)
        remaining = [name for name in remaining if name not in wave]


def run_arm(spec: ArmSpec) -> ArmResult:
    """Train one arm, or read what an earlier run left of the same training.

    Leaves the weights (`save_detector`) and then the record; a checkpoint beside them serves a
    run that was killed, and goes when the arm is done.

    Raises:
        InputError: a file is missing or damaged. TrainingError: see `train`.
    """
    import torch

    from isthmus.detect.curves import curves_of
    from isthmus.detect.detector import save_detector
    from isthmus.detect.placed import unplaced

    identity = _identity(spec)
    finished = _finished(spec, identity)
    if finished is not None:
        return finished
    checkpoint = spec.out.with_suffix(".checkpoint")
    threads = torch.get_num_threads()
    torch.set_num_threads(spec.threads)
    try:
        place = spec.curves_folder or spec.out.parent / "curves"
        with curves_of(spec.curves, place, f"{spec.arm}-{spec.seed}") as curves:
            adapted = _train(spec, checkpoint, curves)
    finally:
        torch.set_num_threads(threads)
    save_detector(spec.out, unplaced(adapted.detector), about={"arm": spec.arm, "seed": spec.seed})
    write_json(
        spec.record,
        {
            "schema": RECORD_SCHEMA,
            "identity": identity,
            "arm": spec.arm,
            "seed": spec.seed,
            "steps": _steps(spec),
            "history": list(adapted.history),
            "alarms": list(adapted.alarms),
        },
    )
    checkpoint.unlink(missing_ok=True)
    for left in spec.out.parent.glob(f"{glob.escape(spec.out.stem)}.[0-9].checkpoint"):
        left.unlink()  # of the stages of a combination
    return _result(spec, read_json(spec.record))


def _steps(spec: ArmSpec) -> int:
    return spec.burn_in if spec.arm == BURN_IN else spec.burn_in + spec.steps


def _result(spec: ArmSpec, record: Mapping[str, Any]) -> ArmResult:
    return ArmResult(
        spec.arm,
        spec.seed,
        spec.out,
        int(record["steps"]),
        tuple(record["history"]),
        tuple(record["alarms"]),
    )


def _identity(spec: ArmSpec) -> str:
    """Digest of settings and of the contents (not the paths) of all input files."""
    from isthmus.detect.detector import load_detector
    from isthmus.detect.objectives import images_digest, samples_digest
    from isthmus.detect.samples import load_images, load_samples
    from isthmus.detect.train import weights_digest

    places = ("source", "validation", "target", "extra", "oracle", "start", "out", "threads",
              "curves", "curves_folder")  # fmt: skip
    settings = {key: value for key, value in asdict(spec).items() if key not in places}
    used = () if spec.arm == BURN_IN else arm_kind(spec.arm).inputs
    contents = [samples_digest(load_samples(spec.source))]
    if spec.validation is not None and "target" in used:
        contents.append(samples_digest(load_samples(spec.validation)))
    for needed in used:
        path = getattr(spec, needed)
        contents.append(
            images_digest(load_images(path))
            if needed == "target"
            else samples_digest(load_samples(path))
        )
    if spec.start is not None:
        contents.append(weights_digest(load_detector(spec.start)))
    return digest_of([settings, contents])


def _finished(spec: ArmSpec, identity: str) -> ArmResult | None:
    if not (spec.out.exists() and spec.record.exists()):
        return None
    try:
        record = read_json(spec.record)
        return _result(spec, record) if record["identity"] == identity else None
    except (InputError, KeyError, TypeError):
        return None


def _evenly(samples: Samples, count: int) -> Samples:
    """`count` of the samples, evenly spaced.

    Raises:
        ConfigError: there are fewer.
    """
    if count > len(samples):
        raise ConfigError(f"labels_{count}: the target has {len(samples)} labelled frames to train")
    return samples.evenly(count)


def _train(spec: ArmSpec, checkpoint: Path, curves: Curves | None) -> Adapted:
    """Load, train, return; what the arms differ in stands here and nowhere else."""
    from isthmus.adapt.adapter import ADAPTERS, Task, adapt, build_adapter
    from isthmus.detect.detector import build_detector, load_detector
    from isthmus.detect.objectives import Supervised
    from isthmus.detect.placed import placed
    from isthmus.detect.samples import load_images, load_samples
    from isthmus.detect.train import Recipe, train

    source = load_samples(spec.source)
    if spec.start is None:
        detector = build_detector(spec.detector, source.classes, seed=spec.seed, **spec.options)
    else:
        detector = load_detector(spec.start)
    detector = placed(detector, spec.device, spec.precision)
    budget = Budget(
        spec.steps,
        spec.batch,
        LATER_RATE * spec.learning_rate,
        spec.burn_in,
        spec.checkpoint_every,
    )
    if spec.arm in ADAPTERS or "+" in spec.arm:
        assert spec.target is not None
        target = load_images(spec.target)
        validation = load_samples(spec.validation) if spec.validation else None
        generated = None
        if spec.extra is not None and "extra" in arm_kind(spec.arm).inputs:
            generated = load_samples(spec.extra)
        task = Task(
            detector, source, target, budget, spec.seed, checkpoint,
            validation=validation, curves=curves,
            generated=generated,
            generated_share=spec.extra_share,
        )  # fmt: skip
        return adapt(build_adapter(spec.arm), task)
    recipe, plain = budget.recipe(), spec.arm == "plain_source"
    if spec.start is None:
        recipe = Recipe(
            _steps(spec),
            learning_rate=spec.learning_rate,
            ema=None if plain else Recipe.ema,
            checkpoint_every=spec.checkpoint_every,
        )
    extra = None
    if sees_labels(spec.arm):
        assert spec.oracle is not None
        labelled = load_samples(spec.oracle)
        # In a share of every batch: few frames would drown among those of the source.
        extra = _evenly(labelled, labelled_frames(spec.arm) or len(labelled))
    objective = Supervised(
        source,
        batch=spec.batch,
        seed=spec.seed,
        strong_changes=not plain,
        extra=extra,
        extra_share=spec.extra_share,
    )
    trained = train(
        detector, objective, recipe, seed=spec.seed, name=spec.arm, checkpoint=checkpoint,
        curves=curves,
    )  # fmt: skip
    return Adapted(trained.detector, trained.history, trained.alarms)
