"""What a score is: a few cues with a meaning, and a calibrated logistic curve over them.

Cues are figures of the pixels that the condition changes for physical reasons. Their weights, and
the threshold, are fitted to rendered frames whose conditions are known (`calibration.json`, made by
benchmarks/condition_scores.py), and validated on frames of other places. The score is the curve's
probability (Platt scaling) with both classes weighted alike: 0.5 is undecided.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from isthmus.cornercases.scores.picture import Picture

Cues = Mapping[str, float]


@dataclass(frozen=True)
class Score:
    """How much a frame shows a condition.

    Attributes:
        name: key in tables and results.
        label: for people.
        cues: picture → named figures, always the same names.
        remedy: effect that makes source frames such; None if there is none.
    """

    name: str
    label: str
    cues: Callable[[Picture], Cues]
    remedy: str | None = None


@dataclass(frozen=True)
class Calibration:
    """A logistic curve over standardised cues, and the threshold from which a frame counts.

    Attributes:
        mean, deviation, weight: by cue; cues are cut at 4 deviations.
        bias: of the curve.
        threshold: score from which the condition holds.
    """

    mean: Mapping[str, float]
    deviation: Mapping[str, float]
    weight: Mapping[str, float]
    bias: float
    threshold: float

    def score(self, cues: Cues) -> float:
        """Probability of the condition, [0, 1]."""
        total = self.bias
        for name, weight in self.weight.items():
            standard = (cues[name] - self.mean[name]) / self.deviation[name]
            total += weight * min(4.0, max(-4.0, standard))
        return float(1 / (1 + np.exp(-total)))


@cache
def calibrations() -> Mapping[str, Calibration]:
    """Name of a score → its calibration."""
    text = (files("isthmus.cornercases.scores") / "calibration.json").read_text("utf-8")
    return {name: Calibration(**fields) for name, fields in json.loads(text).items()}
