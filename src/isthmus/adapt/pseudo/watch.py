"""The watch over a teacher: what is judged, when, and what happens when a class is in trouble.

Every `EVERY` steps and at the end the averaged detector is looked at on some target images: the
expected count of each class (`collapse`) and how consistent its detections are under flipping and
scaling (`validators`). A class in trouble is muted: training goes back to the last good state and
goes on with that class taught by the source alone. At the end, a detector that is less
consistent than the teacher was when it began to speak is given up for that one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from isthmus import seeds
from isthmus.adapt.pseudo.calibration import Thresholds, class_scores, prior_thresholds
from isthmus.adapt.pseudo.collapse import expected_counts, judge
from isthmus.adapt.validators import class_merits
from isthmus.detect.detector import Detector
from isthmus.detect.evaluate import predict
from isthmus.detect.samples import Images, Samples
from isthmus.detect.train import State

WATCHED = 48
EVERY = 50
TOLERANCE = 0.10  # of consistency; about two standard errors on `WATCHED` images


class Watch:
    """Thresholds of a teacher, the classes it may not teach, and the last good state."""

    def __init__(
        self, source: Samples, target: Images, prior: np.ndarray, *, seed: int, steps: int
    ) -> None:
        rng = seeds.generator(seed, "watched")
        self._target = target.subset(np.sort(rng.permutation(len(target))[:WATCHED]))
        images = source.images
        self._source = images.subset(np.sort(rng.permutation(len(images))[:WATCHED]))
        self._classes, self._prior, self._steps = source.classes, prior, steps
        self.thresholds: Thresholds | None = None
        self.muted = np.zeros(len(source.classes), bool)
        self._start = self._on_source = self._merits = np.zeros(0)
        self._first: dict[str, Any] = {}
        self._good: dict[str, Any] = {}

    @property
    def silenced(self) -> bool:
        """Whether no class is left that the teacher may teach."""
        return bool(self.muted.all())

    def begin(self, state: State) -> None:
        """Look at the state in which the teacher begins to speak."""
        scores = class_scores(predict(state.average, self._source), len(self._classes))
        self._on_source = expected_counts(scores, len(self._source))
        self._merits, self._start = class_merits(state.average, self._target, self._prior)
        self._calibrate(state.average)
        self._first = self._good = state.snapshot()

    def _calibrate(self, teacher: Detector) -> None:
        """Match the thresholds to the prior."""
        found = predict(teacher, self._target)
        scores = class_scores(found, len(self._classes))
        self.thresholds = prior_thresholds(scores, len(self._target), self._prior)

    def after_step(self, state: State) -> None:
        """Judge if it is time to; may roll back and note alarms."""
        last = state.step == self._steps
        if self.thresholds is None or (state.step % EVERY and not last):
            return
        merits, counts = class_merits(state.average, self._target, self._prior)
        verdict = judge(counts, self._start, self._on_source, self._classes, state.step)
        fallen = (merits < self._merits - TOLERANCE) & ~verdict.classes & ~self.muted
        messages = verdict.messages + tuple(
            self._fallen(k, merits[k], state.step) for k in np.flatnonzero(fallen).tolist()
        )
        lost = (verdict.classes | fallen) & ~self.muted
        if lost.any():
            state.alarms += messages
            self.muted |= lost
            state.restore(self._good)
            merits, _ = class_merits(state.average, self._target, self._prior)
        else:
            self._good = state.snapshot()
        if last and merits.mean() < self._merits.mean():
            state.alarms.append(
                f"detections on the target are less consistent at the end ({merits.mean():.2f}) "
                f"than before the teacher spoke ({self._merits.mean():.2f}); that state is kept"
            )
            state.restore(self._first)
        self._calibrate(state.average)

    def _fallen(self, label: int, merit: float, step: int) -> str:
        return (
            f"{self._classes[label]}: detections of this class grow inconsistent by step {step} "
            f"({merit:.2f}, at the start {self._merits[label]:.2f}); rolled back, and the class "
            "is taught by the source alone"
        )

    def memory(self) -> dict[str, Any]:
        """Thresholds, counts, merits, muted classes, the first and the last good state."""
        if self.thresholds is None:
            return {}
        arrays = {
            "sure": self.thresholds.sure,
            "doubt": self.thresholds.doubt,
            "start": self._start,
            "source": self._on_source,
            "merits": self._merits,
            "muted": self.muted,
        }
        return {
            "first": self._first,
            "good": self._good,
            "arrays": {key: torch.from_numpy(value.copy()) for key, value in arrays.items()},
        }

    def recall(self, memory: Mapping[str, Any]) -> None:
        """Take back what `memory` gave."""
        if memory:
            arrays = {key: value.numpy() for key, value in memory["arrays"].items()}
            self.thresholds = Thresholds(arrays["sure"], arrays["doubt"])
            self._start, self._on_source = arrays["start"], arrays["source"]
            self._merits, self.muted = arrays["merits"], arrays["muted"]
            self._first, self._good = dict(memory["first"]), dict(memory["good"])
