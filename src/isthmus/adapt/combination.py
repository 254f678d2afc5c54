"""Combinations: adapters one after the other, each kept only if no label-free sign falls.

What an image-level method makes visible, a teacher can teach; the other way round it teaches
absence. So order matters, and it is the caller's: ``fda+adabn+mean_teacher``. After every stage the
detector is compared with the one before it (`judge_stage`); a stage that made it worse is undone,
and the next one starts from what was there before. A look that an image-level stage settled on
stays for the stages after it, and so do generated frames in their batches. The budget is shared
equally by the stages that spend steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from isthmus.adapt.adapter import (
    ADAPTERS,
    Adapted,
    Adapter,
    Budget,
    Level,
    Task,
    adapt,
    build_adapter,
)
from isthmus.adapt.arm_kinds import combined_label
from isthmus.adapt.image.generated import GeneratedFrames
from isthmus.adapt.image.transfer import Style, TransferAdapter
from isthmus.adapt.select import count_fault
from isthmus.adapt.validators import advantage, evenly, validators
from isthmus.compute.executor import Progress
from isthmus.detect.detector import Detector
from isthmus.errors import ConfigError

SEPARATOR = "+"
FREE = frozenset({"adabn"})
"""Adapters that spend no step."""
LATER_RATE = 0.5  # of the learning rate, from the second training stage on
TOLERANCE = 0.05  # of the signs' advantage: less is no fall
JUDGED = 64


def stages_of(name: str) -> list[str]:
    """The stages of a combination's name.

    Raises:
        ConfigError: fewer than two, or an unknown one.
    """
    stages = name.split(SEPARATOR)
    unknown = [stage for stage in stages if stage not in ADAPTERS]
    if len(stages) < 2 or unknown:
        raise ConfigError(
            f"combination {name!r}: two or more of {', '.join(sorted(ADAPTERS))}, joined by "
            f"{SEPARATOR!r}, are expected" + (f"; unknown: {', '.join(unknown)}" if unknown else "")
        )
    return stages


def judge_stage(before: Mapping[str, float], after: Mapping[str, float]) -> str | None:
    """Why a stage must be undone, by the signs (`validators`) before and after it, or None."""
    fault = count_fault(after, before, "before")
    if fault is not None:
        return fault
    lead = advantage(after, before)
    if lead < -TOLERANCE:
        return (
            f"signs on the target (consistency, flatness, prototypes) fell by {-100 * lead:.0f} %"
        )
    return None


class Combination:
    """Adapters one after the other.

    Args:
        stages: names in `ADAPTERS`, in order.
    """

    level: Level = "combination"
    needs = frozenset({"source.images", "source.labels", "target.images"})

    def __init__(self, stages: Sequence[str]) -> None:
        self.stages = tuple(stages)
        self.name = SEPARATOR.join(self.stages)
        self.label = combined_label(self.stages)

    def fit(self, task: Task) -> Adapted:
        """Run the stages; what each was worth by the signs stands among the alarms if it fell."""
        budgets = _shares(task.budget, self.stages)
        detector, style, mixed = task.detector, task.style, task.mixed
        signs = self._signs(task, detector)
        history: list[float] = []
        alarms: list[str] = []
        spent = 0
        for number, (stage, budget) in enumerate(zip(self.stages, budgets, strict=True)):
            adapter = build_adapter(stage)
            result = adapt(
                adapter,
                replace(
                    task,
                    detector=detector,
                    budget=budget,
                    checkpoint=_checkpoint(task.checkpoint, number),
                    progress=_shifted(task, spent),
                    style=style,
                    mixed=mixed,
                    warmed=task.warmed or spent > 0,
                ),
            )
            spent += budget.steps
            history += result.history
            alarms += result.alarms
            after = self._signs(task, result.detector)
            fault = judge_stage(signs, after)
            if fault is not None:
                alarms.append(f"stage {number + 1}, {adapter.label}: undone, {fault}")
                continue
            detector, signs = result.detector, after
            style = _style_of(adapter) or style
            mixed = mixed or isinstance(adapter, GeneratedFrames)
        return Adapted(detector, tuple(history), tuple(alarms))

    @staticmethod
    def _signs(task: Task, detector: Detector) -> dict[str, float]:
        target, source = evenly(task.target, JUDGED), task.source
        return validators(detector, target, source.prior(), source=source.images)


def _shares(budget: Budget, stages: Sequence[str]) -> list[Budget]:
    """The budget of each stage; those that cost nothing get no step."""
    training = [index for index, stage in enumerate(stages) if stage not in FREE]
    shares = []
    spent = 0
    for index in range(len(stages)):
        steps = 0
        rate = budget.learning_rate
        if index in training:
            place = training.index(index)
            whole, rest = divmod(budget.steps, len(training))
            steps = whole + (place < rest)
            rate *= LATER_RATE if place else 1.0
        shares.append(replace(budget, steps=steps, learning_rate=rate, age=budget.age + spent))
        spent += steps
    return shares


def _checkpoint(path: Path | None, number: int) -> Path | None:
    return path and path.with_name(f"{path.stem}.{number}{path.suffix}")


def _shifted(task: Task, spent: int) -> Progress | None:
    report = task.progress
    if report is None:
        return None
    return lambda done, _, what: report(spent + done, task.budget.steps, what)


def _style_of(adapter: Adapter) -> Style | None:
    """The look that an image-level adapter gives."""
    return adapter.style if isinstance(adapter, TransferAdapter) else None
