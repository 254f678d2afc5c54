"""What an adapter is: a method that lowers the cost of a domain gap without target labels.

An adapter gets a detector trained on the source, labelled source samples and *images* of the
target. `adapt` is the only way in; it refuses an adapter that asks for target labels and a
target that carries any.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from isthmus.compute.executor import Progress
from isthmus.errors import ConfigError, LabelAccessError

if TYPE_CHECKING:  # the names of arms and adapters are wanted without loading torch
    from isthmus.adapt.image.transfer import Style
    from isthmus.detect.curves import Curves
    from isthmus.detect.detector import Detector
    from isthmus.detect.objectives import Supervised
    from isthmus.detect.samples import Images, Samples
    from isthmus.detect.train import Objective, Recipe

Level = Literal["source", "image", "feature", "pseudo-label", "combination"]
PSEUDO_SHARE = 0.5
LEGAL_NEEDS = frozenset({"source.images", "source.labels", "target.images"})


@dataclass(frozen=True)
class Budget:
    """What an adapter may spend; the same for every arm of a comparison.

    Attributes:
        steps: optimiser steps.
        batch: images per step and domain.
        learning_rate: peak.
        age: steps that the detector was trained before.
        checkpoint_every: steps between checkpoints.
    """

    steps: int
    batch: int = 8
    learning_rate: float = 1e-3
    age: int = 0
    checkpoint_every: int = 100

    def recipe(self) -> Recipe:
        """The training recipe for this budget."""
        from isthmus.detect.train import Recipe

        return Recipe(
            self.steps,
            learning_rate=self.learning_rate,
            age=self.age,
            checkpoint_every=self.checkpoint_every,
        )


@dataclass(frozen=True)
class Task:
    """What an adapter is given, and all that it is given.

    Attributes:
        detector: trained on the source; stays as it is.
        source: labelled samples.
        target: images without labels.
        budget: steps, batch, learning rate.
        seed: decides every random draw.
        checkpoint: file to resume from; a killed run ends with the same weights.
        progress: called after each step.
        validation: labelled source samples that the detector was not trained on, if there are any.
        generated: labelled frames made from the source in the target's conditions, if there are.
        generated_share: share of each labelled batch that they take where they are mixed in.
        mixed: an earlier stage mixes them in: so do later ones.
        style: change of look of the source images that an earlier stage settled on.
        curves: where the losses of each step go.
        warmed: an earlier stage has adapted the detector: a teacher may speak at once.
    """

    detector: Detector
    source: Samples
    target: Images
    budget: Budget
    seed: int
    checkpoint: Path | None = None
    progress: Progress | None = None
    validation: Samples | None = None
    generated: Samples | None = None
    generated_share: float = 0.5
    mixed: bool = False
    style: Style | None = None
    warmed: bool = False
    curves: Curves | None = None

    def supervised(
        self, style: Style | None = None, fingerprint: str = "", *, pseudo: Samples | None = None
    ) -> Supervised:
        """Learning from the labelled images: what every method that trains begins with.

        Args:
            style: change of look; without one, that which an earlier stage settled on.
            fingerprint: of the style, if its name alone does not tell what it does.
            pseudo: target images with pseudo-labels, half of each batch (shared equally with
                generated frames that are mixed in).
        """
        from isthmus.detect.objectives import Supervised

        style = style or self.style
        extra, share = (self.generated if self.mixed else None), self.generated_share
        if pseudo is not None:
            share = PSEUDO_SHARE
            extra = pseudo if extra is None else pseudo.concat(extra.evenly(len(pseudo)))
        return Supervised(
            self.source,
            batch=self.budget.batch,
            seed=self.seed,
            hook=style(self.target) if style else None,
            hook_fingerprint=fingerprint or getattr(style, "__name__", ""),
            extra=extra,
            extra_share=share,
        )

    def train(self, objective: Objective, name: str) -> Adapted:
        """Spend the budget on `objective`, under `name`; see `isthmus.detect.train.train`."""
        from isthmus.detect.train import train

        trained = train(
            self.detector,
            objective,
            self.budget.recipe(),
            seed=self.seed,
            name=name,
            checkpoint=self.checkpoint,
            progress=self.progress,
            curves=self.curves,
        )
        return Adapted(trained.detector, trained.history, trained.alarms)


@dataclass(frozen=True)
class Adapted:
    """An adapted detector, the loss of each step, and what went wrong on the way."""

    detector: Detector
    history: tuple[float, ...] = ()
    alarms: tuple[str, ...] = ()


class Adapter(Protocol):
    """One method.

    Attributes:
        name: stable word. label: for people. level: where it acts.
        needs: what it reads, out of `LEGAL_NEEDS`.
    """

    name: str
    label: str
    level: Level
    needs: frozenset[str]

    def fit(self, task: Task) -> Adapted:
        """Adapt a copy of the task's detector; see `adapt`."""
        ...


ADAPTERS: dict[str, str] = {
    "augmented": "image.generated:GeneratedFrames",
    "augmented_mean_teacher": "image.generated:GeneratedMeanTeacher",
    "adabn": "features.adabn:AdaBN",
    "coral": "features.coral:CoralAdaptation",
    "mmd": "features.mmd:MmdAdaptation",
    "dann": "features.dann:AdversarialAdaptation",
    "fda": "image.fda:FourierAdaptation",
    "reinhard": "image.reinhard:ReinhardAdaptation",
    "histogram": "image.histogram:HistogramAdaptation",
    "ot": "image.optimal_transport:OptimalTransportAdaptation",
    "mean_teacher": "pseudo.mean_teacher:MeanTeacher",
    "pseudo_labels": "pseudo.rounds:PseudoLabelRounds",
    "fda_mean_teacher": "pseudo.mean_teacher:FourierMeanTeacher",
}
"""Name → module below `isthmus.adapt` and class; loaded when it is wanted: torch comes with it."""


def build_adapter(name: str) -> Adapter:
    """The adapter of this name with its default settings; `ConfigError` if there is none.

    Names joined by "+" give a combination, see `isthmus.adapt.combination`.
    """
    if "+" in name:
        from isthmus.adapt.combination import Combination, stages_of

        return Combination(stages_of(name))
    if name not in ADAPTERS:
        raise ConfigError(f"adapter {name!r}: unknown; there is {', '.join(sorted(ADAPTERS))}")
    module, kind = ADAPTERS[name].split(":")
    adapter: Adapter = getattr(importlib.import_module(f"isthmus.adapt.{module}"), kind)()
    return adapter


def adapt(adapter: Adapter, task: Task) -> Adapted:
    """Adapt a copy of the task's detector to its target: the only way in.

    Raises:
        LabelAccessError: the adapter wants target labels, or the target carries labels.
        TrainingError: the method cannot work on this detector, or training went wrong.
    """
    from isthmus.detect.samples import Images

    illegal = sorted(adapter.needs - LEGAL_NEEDS)
    if illegal:
        raise LabelAccessError(
            f"adapter {adapter.name!r} asks for {', '.join(illegal)}; "
            f"an adapter may only use {', '.join(sorted(LEGAL_NEEDS))}"
        )
    if type(task.target) is not Images:
        raise LabelAccessError(
            f"adapter {adapter.name!r}: the target must be plain `Images`, which hold no label; "
            f"got {type(task.target).__name__}"
        )
    return adapter.fit(task)
