"""Mean teacher with soft targets: the moving average teaches the student on target images.

Tarvainen & Valpola, NeurIPS 2017; for detection Deng et al., "Unbiased Mean Teacher" (CVPR 2021)
and Kay et al., "Align and Distill" (2024), whose soft distillation is stabler than hard pseudo
labels. Added here: per-class thresholds matched to the source's class prior (`calibration`), an
ignore band where the teacher is in doubt, opinions from two views (`opinion`), optional block masks
(Hoyer et al., "MIC", CVPR 2023), and a watch (`Watch`) by signs that need no label: no class may
vanish, run away or lose consistency, and what is returned is never below the start.

Source and target images go through the student in one batch: in two, batch normalisation would
learn from statistics that neither the teacher nor the finished detector works with.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from isthmus.adapt.adapter import Adapted, Level, Task
from isthmus.adapt.image.fda import fourier_hook
from isthmus.adapt.image.transfer import Style
from isthmus.adapt.pseudo.opinion import opinion_of
from isthmus.adapt.pseudo.watch import Watch
from isthmus.detect.augmentations import Move, block_mask, strong
from isthmus.detect.batches import image_tensor
from isthmus.detect.objectives import Order, Supervised, images_digest
from isthmus.detect.samples import Images
from isthmus.detect.train import State
from isthmus.files import digest_of

TARGET_WEIGHT = 1.0
RAMP_SHARE = 0.3  # of the teaching: a young teacher's word weighs less


class Teaching:
    """Source loss plus the teacher's soft opinion on target images."""

    def __init__(
        self,
        supervised: Supervised,
        target: Images,
        *,
        batch: int,
        seed: int,
        steps: int,
        silent: int,
        prior: np.ndarray,
        masked_share: float = 0.0,
    ) -> None:
        self._masked_share = masked_share
        self._supervised, self._target = supervised, target
        self._steps, self._silent, self._prior = steps, silent, prior
        self._order = Order(len(target), batch, seed, "target")
        self._watch = Watch(supervised.samples, target, prior, seed=seed, steps=steps)
        self._settings = [batch, seed, steps, silent, masked_share]

    @property
    def fingerprint(self) -> str:
        """Digest of source, target and settings."""
        return digest_of(
            [self._supervised.fingerprint, images_digest(self._target), self._settings]
        )

    def losses(self, state: State, rng: np.random.Generator) -> dict[str, Tensor]:
        """Losses on one source batch and, when the teacher speaks, one target batch."""
        if state.step < self._silent or self._watch.silenced:
            return self._supervised.losses(state, rng)
        if self._watch.thresholds is None:
            self._watch.begin(state)
        assert self._watch.thresholds is not None
        images = image_tensor(self._target, self._order(state.step))
        count, _, height, width = images.shape
        images = Move.draw(rng, count, height, width).images(images)
        opinion = opinion_of(state.average, images, self._watch.thresholds, self._watch.muted)
        shown = strong(images, rng)
        hidden = np.flatnonzero(rng.random(count) < self._masked_share)
        if len(hidden):
            shown[hidden] = block_mask(shown[hidden], rng)
        batch = self._supervised.batch(state.step, rng)
        both = state.student.raw(torch.cat([batch.images, shown]))
        labelled = len(batch.images)
        losses = state.student.loss(both.part(0, labelled), batch.targets)
        # Never divided by less than half of what is expected: few pseudo objects must not weigh
        # more than many.
        least = 0.5 * count * float(self._prior.sum())
        here = both.part(labelled, labelled + count)
        taught = opinion.losses(state.student, here, least)
        weight = TARGET_WEIGHT * self._ramp(state.step)
        return losses | {name: weight * loss for name, loss in taught.items()}

    def _ramp(self, step: int) -> float:
        length = max(1.0, RAMP_SHARE * (self._steps - self._silent))
        return min(1.0, (step - self._silent + 1) / length)

    def after_step(self, state: State) -> None:
        """Every so often, and at the end: watch each class, roll back if one is lost."""
        self._watch.after_step(state)

    def memory(self) -> dict[str, Any]:
        """What the watch remembers."""
        return self._watch.memory()

    def recall(self, memory: Mapping[str, Any]) -> None:
        """Take back what `memory` gave."""
        self._watch.recall(memory)


class MeanTeacher:
    """The moving average of the weights teaches on target images.

    Args:
        name, label: of this variant.
        style: change of look of the source images (such as `fourier_hook`), all the way.
        silent_share: share of the steps before the teacher speaks. What an image-level method
            makes visible, a teacher can teach, so it may come first; one optimiser and one
            schedule serve both parts, because a restart in between was seen to cost more than
            the second part gains.
        masked_share: share of target images of which blocks are hidden from the student. In
            budgets of a few hundred steps masks were seen to cost more than they give.
    """

    level: Level
    needs = frozenset({"source.images", "source.labels", "target.images"})

    def __init__(
        self,
        name: str = "mean_teacher",
        label: str = "Mean teacher, soft targets",
        *,
        style: Style | None = None,
        silent_share: float = 0.5,
        masked_share: float = 0.0,
    ) -> None:
        self.masked_share = masked_share
        self.name, self.label, self.style, self.silent_share = name, label, style, silent_share
        self.level = "pseudo-label" if style is None else "combination"

    def fit(self, task: Task) -> Adapted:
        """Spend the budget on source and target batches side by side."""
        budget = task.budget
        silent = 0.0 if task.warmed else self.silent_share
        objective = Teaching(
            task.supervised(self.style),
            task.target,
            batch=budget.batch,
            seed=task.seed,
            steps=budget.steps,
            silent=round(silent * budget.steps),
            prior=task.source.prior(),
            masked_share=self.masked_share,
        )
        return task.train(objective, self.name)


class FourierMeanTeacher(MeanTeacher):
    """Source images in the amplitudes of the target all the way; the teacher from half of it."""

    def __init__(self) -> None:
        super().__init__("fda_mean_teacher", "FDA, then mean teacher", style=fourier_hook)
