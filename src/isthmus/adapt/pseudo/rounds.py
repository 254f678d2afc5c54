"""Offline rounds of pseudo-labels: predict on the target, keep what is sure, train on it, repeat.

Lee, "Pseudo-Label" (ICML workshop 2013); for detectors RoyChowdhury et al., "Automatic adaptation
of object detectors to new domains using self-training" (CVPR 2019). How sure is sure is decided
for each class by its precision on labelled source images: the lowest score above which at least
`PRECISION` of the detections are right. What is less sure is ignored, not taught as background, and
images without a sure object are not used: they would teach absence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from isthmus.adapt.adapter import Adapted, Level, Task
from isthmus.adapt.validators import evenly, found_on
from isthmus.detect.detector import Detections, Detector
from isthmus.detect.objectives import images_digest, samples_digest
from isthmus.detect.precision import match_image
from isthmus.detect.samples import Images, Samples
from isthmus.detect.train import State
from isthmus.files import digest_of

PRECISION = 0.8
DOUBT_PRECISION = 0.3
LEAST_SCORE = 0.05
MOST_IMAGES = 512
OVERLAP = np.array([0.5])


def precision_thresholds(found: list[Detections], truth: Samples, precision: float) -> np.ndarray:
    """Per class the lowest score from which upwards this share of the detections is right.

    Args:
        found: one per image of `truth`, boxes in pixels of its canvas.
        truth: labelled images.
        precision: wanted share in (0, 1] at IoU 0.5; ignored boxes count neither way.

    Returns:
        float64 (classes,); infinity for a class that never reaches it.
    """
    thresholds = []
    for label in range(len(truth.classes)):
        scores, right = [], []
        for image, one in enumerate(found):
            here = slice(truth.offsets[image], truth.offsets[image + 1])
            own = truth.labels[here] == label
            mine = one.labels == label
            hit, ignored = match_image(
                one.boxes[mine].astype(float),
                truth.boxes[here][own].astype(float),
                truth.ignore[here][own],
                OVERLAP,
            )
            scores.append(one.scores[mine][~ignored[0]])
            right.append(hit[0][~ignored[0]])
        thresholds.append(_lowest(np.concatenate(scores), np.concatenate(right), precision))
    return np.array(thresholds)


def _lowest(scores: np.ndarray, right: np.ndarray, precision: float) -> float:
    order = np.argsort(-scores, kind="stable")
    reached = np.cumsum(right[order]) / np.arange(1, len(order) + 1) >= precision
    # equal scores are taken together or not at all
    reached &= np.append(np.diff(scores[order]) != 0, True)[: len(order)]
    if not reached.any():
        return float("inf")
    return max(float(scores[order][np.flatnonzero(reached)[-1]]), LEAST_SCORE)


def pseudo_samples(
    found: list[Detections],
    images: Images,
    classes: tuple[str, ...],
    sure: np.ndarray,
    doubt: np.ndarray,
) -> Samples | None:
    """Images with a sure object; boxes from `sure` (classes,) upwards, those from `doubt` ignored.

    None if no image has a sure object.
    """  # fmt: skip
    used = [i for i, one in enumerate(found) if (one.scores >= sure[one.labels]).any()]
    if not used:
        return None
    kept = [found[i] for i in used]
    seen = [one.scores >= np.minimum(doubt, sure)[one.labels] for one in kept]
    return Samples(
        images.subset(used),
        classes,
        np.concatenate([one.boxes[s] for one, s in zip(kept, seen, strict=True)]),
        np.concatenate([one.labels[s] for one, s in zip(kept, seen, strict=True)]),
        np.concatenate(
            [(one.scores < sure[one.labels])[s] for one, s in zip(kept, seen, strict=True)]
        ),
        np.cumsum([0, *(int(s.sum()) for s in seen)]),
    )


class _Rounds:
    """Objective: source and pseudo-labelled target side by side, labels renewed every round."""

    def __init__(self, task: Task, rounds: int, name: str) -> None:
        self._task, self._rounds = task, rounds
        self._target = evenly(task.target, MOST_IMAGES)
        self._truth = task.validation or task.source
        self._settings = [name, rounds, task.budget.batch, task.seed, task.budget.steps]
        self._pseudo: Samples | None = None
        self._round = -1
        self._supervised = self._task.supervised()

    @property
    def fingerprint(self) -> str:
        """Digest of source, validation, target and settings."""
        return digest_of(
            [
                self._task.supervised().fingerprint,
                samples_digest(self._truth),
                images_digest(self._target),
                self._settings,
            ]
        )

    def losses(self, state: State, rng: np.random.Generator) -> dict[str, Tensor]:
        """Losses of one mixed batch; at the start of a round the target is labelled anew."""
        now = state.step * self._rounds // max(1, self._task.budget.steps)
        if now != self._round:
            self._round = now
            self._relabel(state)
        return self._supervised.losses(state, rng)

    def _relabel(self, state: State) -> None:
        teacher: Detector = state.average
        truth = found_on(teacher, self._truth.images)
        sure = precision_thresholds(truth, self._truth, PRECISION)
        doubt = precision_thresholds(truth, self._truth, DOUBT_PRECISION)
        found = found_on(teacher, self._target)
        classes = self._task.source.classes
        self._pseudo = pseudo_samples(found, self._target, classes, sure, doubt)
        self._supervised = self._task.supervised(pseudo=self._pseudo)
        counts = self._pseudo.counts() if self._pseudo else dict.fromkeys(classes, 0)
        silent = [name for name, count in counts.items() if count == 0]
        if silent:
            state.alarms.append(
                f"round {self._round + 1}: no pseudo-label of {', '.join(silent)} on the target "
                f"is sure enough; what {'these classes look' if len(silent) > 1 else 'it looks'} "
                "like there is not taught"
            )

    def after_step(self, state: State) -> None:
        """Nothing to watch over between rounds."""

    def memory(self) -> dict[str, Any]:
        """The round, and the pseudo-labels as arrays."""
        if self._pseudo is None:
            return {"round": self._round}
        places = {name: i for i, name in enumerate(self._target.ids)}
        arrays = {
            "boxes": self._pseudo.boxes,
            "labels": self._pseudo.labels,
            "ignore": self._pseudo.ignore,
            "offsets": self._pseudo.offsets,
            "images": np.array([places[name] for name in self._pseudo.images.ids]),
        }
        return {
            "round": self._round,
            "pseudo": {key: torch.from_numpy(value.copy()) for key, value in arrays.items()},
        }

    def recall(self, memory: Mapping[str, Any]) -> None:
        """Take back what `memory` gave."""
        self._round = int(memory["round"])
        if "pseudo" in memory:
            arrays = {key: value.numpy() for key, value in memory["pseudo"].items()}
            self._pseudo = Samples(
                self._target.subset(arrays["images"]),
                self._task.source.classes,
                arrays["boxes"],
                arrays["labels"],
                arrays["ignore"],
                arrays["offsets"],
            )
            self._supervised = self._task.supervised(pseudo=self._pseudo)


class PseudoLabelRounds:
    """Train on sure detections as if they were labels, in rounds.

    Args:
        rounds: how often the target is labelled; the budget is split evenly.
    """

    name = "pseudo_labels"
    label = "Pseudo-labels in rounds"
    level: Level = "pseudo-label"
    needs = frozenset({"source.images", "source.labels", "target.images"})

    def __init__(self, *, rounds: int = 2) -> None:
        self.rounds = rounds

    def fit(self, task: Task) -> Adapted:
        """Spend the budget; thresholds come from the source's validation samples if given."""
        objective = _Rounds(task, self.rounds, self.name)
        return task.train(objective, self.name)
