"""Training that brings the features of source and target together, whatever measures how far.

Source and target images go through the detector in *one* batch. In two, batch normalisation
would give each domain its own mean and spread while training and a mixture of both afterwards:
the loss would find nothing to align, and the running statistics would fit neither.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from isthmus.adapt.adapter import Adapted, Level, Task
from isthmus.detect.augmentations import Move, strong
from isthmus.detect.batches import image_tensor
from isthmus.detect.objectives import Order, Supervised, images_digest
from isthmus.detect.samples import Images
from isthmus.detect.train import State
from isthmus.errors import ConfigError
from isthmus.files import digest_of

DEFAULT_LEVELS = 2


class FeatureLoss(Protocol):
    """How far two sets of features are apart, as a scalar to be minimised."""

    def __call__(
        self, source: Tensor, target: Tensor, *, level: str, done: float, rng: np.random.Generator
    ) -> Tensor:
        """The loss of one level.

        Args:
            source, target: features (b, c, h, w) and (b', c, h, w).
            level: its name.
            done: share of the budget that is spent, in [0, 1).
            rng: for random draws.
        """
        ...

    def after_step(self) -> None:
        """Called once gradients have flowed: a loss with weights of its own updates them."""
        ...

    def memory(self) -> dict[str, Any]:
        """Weights and optimiser of the loss, for checkpoints."""
        ...

    def recall(self, memory: Mapping[str, Any]) -> None:
        """Take back what `memory` gave."""
        ...


class PlainLoss:
    """The part of a `FeatureLoss` that one without weights of its own shares with all such."""

    def after_step(self) -> None:
        """There is nothing to update."""

    def memory(self) -> dict[str, Any]:
        """Nothing to remember."""
        return {}

    def recall(self, memory: Mapping[str, Any]) -> None:
        """Nothing to recall."""


def positions(features: Tensor) -> Tensor:
    """Features (b, c, h, w) as rows (b·h·w, c): every place of every image is a sample."""
    return features.permute(0, 2, 3, 1).flatten(0, 2)


class Alignment:
    """Objective: detector loss on the source plus a loss between the domains' features."""

    def __init__(
        self,
        supervised: Supervised,
        target: Images,
        loss: FeatureLoss,
        *,
        levels: tuple[str, ...],
        weight: float,
        batch: int,
        seed: int,
        steps: int,
        name: str,
    ) -> None:
        self._supervised, self._target, self._loss = supervised, target, loss
        self._levels, self._weight, self._steps = levels, weight, steps
        self._order = Order(len(target), batch, seed, "target")
        self._settings = [name, list(levels), weight, batch, seed, steps]

    @property
    def fingerprint(self) -> str:
        """Digest of source, target and settings."""
        return digest_of(
            [self._supervised.fingerprint, images_digest(self._target), self._settings]
        )

    def losses(self, state: State, rng: np.random.Generator) -> dict[str, Tensor]:
        """Detector losses of the source batch and the weighted loss of each level."""
        batch = self._supervised.batch(state.step, rng)
        images = image_tensor(self._target, self._order(state.step))
        images = strong(Move.draw(rng, len(images), *images.shape[-2:]).images(images), rng)
        count = len(batch.images)
        raw, features = state.student.raw_and_features(torch.cat([batch.images, images]))
        losses = state.student.loss(raw.part(0, count), batch.targets)
        for level in self._levels:
            both = features[level]
            distance = self._loss(
                both[:count],
                both[count:],
                level=level,
                done=state.step / max(1, self._steps),
                rng=rng,
            )
            losses[f"align_{level}"] = self._weight * distance
        return losses

    def after_step(self, state: State) -> None:
        """Update the loss's own weights, if it has any."""
        self._loss.after_step()

    def memory(self) -> dict[str, Any]:
        """What the loss remembers."""
        return self._loss.memory()

    def recall(self, memory: Mapping[str, Any]) -> None:
        """Take back what `memory` gave."""
        self._loss.recall(memory)


class AlignmentAdapter(ABC):
    """Adapter that trains with an `Alignment`.

    Args:
        levels: of the detector; None takes its last two.
        weight: of the alignment beside the detector's own loss; None: the method's usual one.
    """

    name: str
    label: str
    level: Level = "feature"
    needs = frozenset({"source.images", "source.labels", "target.images"})
    usual_weight: float = 1.0

    def __init__(
        self, *, levels: tuple[str, ...] | None = None, weight: float | None = None
    ) -> None:
        self.levels = levels
        self.weight = self.usual_weight if weight is None else weight

    @abstractmethod
    def loss(self, channels: Mapping[str, int], seed: int) -> FeatureLoss:
        """A new loss for levels with these numbers of channels."""

    def fit(self, task: Task) -> Adapted:
        """Spend the budget on source and target batches side by side.

        Raises:
            ConfigError: a level that the detector does not have.
        """
        levels = self.levels or task.detector.levels[-DEFAULT_LEVELS:]
        unknown = [name for name in levels if name not in task.detector.levels]
        if unknown:
            raise ConfigError(
                f"{self.name}: detector {task.detector.name!r} has no level "
                f"{', '.join(unknown)}; it has {', '.join(task.detector.levels)}"
            )
        with torch.no_grad():
            # a copy: in training mode a look alone would change the running statistics
            probe = copy.deepcopy(task.detector).eval()
            shapes = probe.features(image_tensor(task.target, np.arange(1)))
        channels = {name: shapes[name].shape[1] for name in levels}
        budget = task.budget
        objective = Alignment(
            task.supervised(),
            task.target,
            self.loss(channels, task.seed),
            levels=tuple(levels),
            weight=self.weight,
            batch=budget.batch,
            seed=task.seed,
            steps=budget.steps,
            name=self.name,
        )
        return task.train(objective, self.name)
