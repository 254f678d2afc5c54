"""How sure a teacher must be of a class before it may teach it, from the source's class prior.

A detector under a domain gap is under-confident, and not equally for all classes: one threshold
for all lets frequent, easy classes teach and silences the rest. Here each class's threshold is
the score at which as many objects are taken as the source leads one to expect per image (prior
matching; compare Saerens et al., Neural Computation 2002, for classifiers, and the per-class
thresholds of CBST, Zou et al., ECCV 2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isthmus.detect.detector import Detections

SURE_SHARE = 0.7  # of the expected objects become positives: the target may hold fewer
DOUBT_SHARE = 1.5  # up to here the teacher does not deny an object either
SURE_RANGE = (0.12, 0.6)
LEAST_DOUBT = 0.04


@dataclass(frozen=True)
class Thresholds:
    """What the teacher teaches, per class and in its own scores.

    From `sure` (c,) upwards an object is taught, below `doubt` (c,) background, between the two
    nothing.
    """

    sure: np.ndarray
    doubt: np.ndarray

    def lifted(self, scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Scores (k,) after a shift of logits by which `sure` becomes one half, per class."""
        sure = self.sure[labels]
        scores = np.clip(scores, 1e-6, 1 - 1e-6)
        odds = scores / (1 - scores) * (1 - sure) / sure
        return np.asarray(odds / (1 + odds))


def class_scores(detections: Sequence[Detections], classes: int) -> list[np.ndarray]:
    """Scores of all detections of each class, descending."""
    labels = np.concatenate([d.labels for d in detections])
    scores = np.concatenate([d.scores for d in detections]).astype(float)
    return [np.sort(scores[labels == k])[::-1] for k in range(classes)]


def prior_thresholds(scores: Sequence[np.ndarray], images: int, prior: np.ndarray) -> Thresholds:
    """Thresholds that take the expected number of objects.

    Args:
        scores: of each class, descending, over `images` target images.
        images: their number.
        prior: boxes per image and class in the source.
    """
    sure, doubt = [], []
    for values, expected in zip(scores, prior, strict=True):
        sure.append(float(np.clip(_ranked(values, SURE_SHARE * expected * images), *SURE_RANGE)))
        low = _ranked(values, DOUBT_SHARE * expected * images)
        doubt.append(float(np.clip(low, LEAST_DOUBT, 0.7 * sure[-1])))
    return Thresholds(np.array(sure), np.array(doubt))


def _ranked(values: np.ndarray, rank: float) -> float:
    place = max(0, round(rank) - 1)
    return float(values[place]) if place < len(values) else 0.0
