"""Mean teacher with soft targets: the moving average teaches the student on target images.

Tarvainen & Valpola, NeurIPS 2017; for detection Deng et al., "Unbiased Mean Teacher" (CVPR 2021)
and Kay et al., "Align and Distill" (2024), whose soft distillation is stabler than hard pseudo
labels. Added here: per-class thresholds matched to the source's class prior (`calibration`), an
ignore band where the teacher is in doubt, optional block masks (Hoyer et al., "MIC", CVPR 2023),
and a watch per class that rolls back (`collapse`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from isthmus import seeds
from isthmus.adapt.adapter import Adapted, Level, Task
from isthmus.adapt.image.transfer import Style
from isthmus.adapt.pseudo.calibration import Thresholds, class_scores, prior_thresholds
from isthmus.adapt.pseudo.collapse import expected_counts, judge
from isthmus.detect.augmentations import Move, block_mask, strong
from isthmus.detect.batches import image_tensor
from isthmus.detect.detector import Detections, Detector, Raw, Targets
from isthmus.detect.evaluate import predict
from isthmus.detect.losses import box_distance, soft_centres
from isthmus.detect.objectives import Order, Supervised, images_digest
from isthmus.detect.samples import Images
from isthmus.detect.targets import dense_targets
from isthmus.detect.train import State
from isthmus.files import digest_of

WATCHED = 48
WATCH_EVERY = 50
TARGET_WEIGHT = 1.0
SHRUNK = 0.5


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
        self._steps, self._silent = steps, silent
        self._prior = prior
        self._order = Order(len(target), batch, seed, "target")
        rng = seeds.generator(seed, "watched")
        self._watched = target.subset(np.sort(rng.permutation(len(target))[:WATCHED]))
        source = supervised.samples.images
        self._source_watched = source.subset(np.sort(rng.permutation(len(source))[:WATCHED]))
        self._classes = supervised.samples.classes
        self._settings = [batch, seed, steps, silent, masked_share]
        self._thresholds: Thresholds | None = None
        self._start = self._source_counts = np.zeros(0)
        self._muted = np.zeros(len(self._classes), bool)
        self._good: dict[str, Any] = {}

    @property
    def fingerprint(self) -> str:
        """Digest of source, target and settings."""
        return digest_of(
            [self._supervised.fingerprint, images_digest(self._target), self._settings]
        )

    def losses(self, state: State, rng: np.random.Generator) -> dict[str, Tensor]:
        """Losses on one source batch and, when the teacher speaks, one target batch."""
        losses = self._supervised.losses(state, rng)
        if state.step < self._silent:
            return losses
        if self._thresholds is None:
            self._begin(state)
        images = image_tensor(self._target, self._order(state.step))
        count, _, height, width = images.shape
        images = Move.draw(rng, count, height, width).images(images)
        soft, mask, distance, inside, objects = self._opinion(state.average, images)
        shown = strong(images, rng)
        hidden = np.flatnonzero(rng.random(count) < self._masked_share)
        if len(hidden):
            shown[hidden] = block_mask(shown[hidden], rng)
        raw = state.student.raw(shown)
        # Never divided by less than half of what is expected: few pseudo objects must not weigh
        # more than many.
        norm = max(objects, 0.5 * count * float(self._prior.sum()), 1.0)
        losses["target_centres"] = TARGET_WEIGHT * soft_centres(raw.heat, soft, mask) / norm
        losses["target_boxes"] = TARGET_WEIGHT * box_distance(raw, distance, inside) / norm
        return losses

    @torch.no_grad()
    def _opinion(
        self, teacher: Detector, images: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, float]:
        """Soft heat, mask, distances, their weights, and the number of sure objects."""
        assert self._thresholds is not None
        own = teacher.raw(images)
        shift = torch.from_numpy(self._thresholds.shift).float()[:, None, None]
        raw = Raw(own.heat + shift, own.distance, own.stride, own.size)
        found = teacher.decode(raw, threshold=float(self._thresholds.shifted_doubt().min()))
        dense = dense_targets(self._objects(found), raw)
        mask = dense.mask * torch.from_numpy(~self._muted).float()[:, None, None]
        # The whole map is lifted, its floor too; a class that runs away by it is caught by the
        # watch.
        return raw.heat.sigmoid(), mask, raw.distance, dense.inside, float(dense.peak.sum())

    def _objects(self, found: list[Detections]) -> Targets:
        """Sure detections as objects; the middle of doubtful ones as ignored regions."""
        assert self._thresholds is not None
        doubt = self._thresholds.shifted_doubt()
        boxes = np.concatenate([d.boxes for d in found])
        scores = np.concatenate([d.scores for d in found])
        labels = np.concatenate([d.labels for d in found])
        image = np.repeat(np.arange(len(found)), [len(d) for d in found])
        keep = (scores > doubt[labels]) & ~self._muted[labels]
        boxes, scores, labels, image = boxes[keep], scores[keep], labels[keep], image[keep]
        doubtful = scores < 0.5
        middle = (boxes[:, :2] + boxes[:, 2:]) / 2
        half = np.maximum((boxes[:, 2:] - boxes[:, :2]) / 2 * SHRUNK, 4.0)
        boxes = np.where(
            doubtful[:, None], np.concatenate([middle - half, middle + half], 1), boxes
        )
        return Targets.of(
            torch.from_numpy(boxes).float(),
            torch.from_numpy(labels),
            torch.from_numpy(doubtful),
            torch.from_numpy(image),
            torch.from_numpy(scores).float(),
        )

    def _begin(self, state: State) -> None:
        source = predict(state.average, self._source_watched)
        scores = class_scores(source, len(self._classes))
        self._source_counts = expected_counts(scores, len(self._source_watched))
        self._start = self._calibrate(state)
        self._good = state.snapshot()

    def _calibrate(self, state: State) -> np.ndarray:
        """Match the thresholds to the prior; returns the expected counts."""
        found = predict(state.average, self._watched)
        scores = class_scores(found, len(self._classes))
        self._thresholds = prior_thresholds(scores, len(self._watched), self._prior)
        return expected_counts(scores, len(self._watched))

    def after_step(self, state: State) -> None:
        """Every so often, and at the end: watch each class, roll back if one is lost."""
        if self._thresholds is None or (state.step % WATCH_EVERY and state.step != self._steps):
            return
        counts = self._calibrate(state)
        verdict = judge(counts, self._start, self._source_counts, self._classes, state.step)
        if not (verdict.classes & ~self._muted).any():
            self._good = state.snapshot()
            return
        state.alarms += verdict.messages
        self._muted |= verdict.classes
        state.restore(self._good)
        self._calibrate(state)

    def memory(self) -> dict[str, Any]:
        """Thresholds, counts, muted classes and the last good state."""
        if self._thresholds is None:
            return {}
        arrays = {
            "sure": self._thresholds.sure,
            "doubt": self._thresholds.doubt,
            "start": self._start,
            "source": self._source_counts,
            "muted": self._muted,
        }
        return {
            "good": self._good,
            "arrays": {key: torch.from_numpy(value.copy()) for key, value in arrays.items()},
        }

    def recall(self, memory: Mapping[str, Any]) -> None:
        """Take back what `memory` gave."""
        if memory:
            arrays = {key: value.numpy() for key, value in memory["arrays"].items()}
            self._thresholds = Thresholds(arrays["sure"], arrays["doubt"])
            self._start, self._source_counts = arrays["start"], arrays["source"]
            self._muted, self._good = arrays["muted"], dict(memory["good"])


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
        silent_share: float = 0.0,
        masked_share: float = 0.0,
    ) -> None:
        self.masked_share = masked_share
        self.name, self.label, self.style, self.silent_share = name, label, style, silent_share
        self.level = "pseudo-label" if style is None else "combination"

    def fit(self, task: Task) -> Adapted:
        """Spend the budget on source and target batches side by side."""
        budget = task.budget
        supervised = Supervised(
            task.source,
            batch=budget.batch,
            seed=task.seed,
            hook=self.style(task.target) if self.style else None,
            hook_fingerprint=getattr(self.style, "__name__", ""),
        )
        objective = Teaching(
            supervised,
            task.target,
            batch=budget.batch,
            seed=task.seed,
            steps=budget.steps,
            silent=round(self.silent_share * budget.steps),
            prior=task.source.prior(),
            masked_share=self.masked_share,
        )
        return task.train(objective, self.name)
