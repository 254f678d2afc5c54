"""The cells of `gap_calibration.py`: which samples are drawn, and what is true of them.

Samples are Gaussian with unit variance in D features: single frames, short sequences, or videos
that change slowly (AR(1): neighbours correlate by a given amount). In a cell with a gap, y is
moved by `shift` in every feature; for CORAL, which is blind to that, it is stretched instead.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import gamma, hyp1f1
from scipy.stats import norm

D = 8
BANDWIDTH = 2.0
BOUNDS = (-8.0, 8.0)
# Settings that keep 1000 draws bearable, and those that a closed form asks for.
REQUESTS: dict[str, dict[str, Any]] = {
    "mmd": {"bandwidth": BANDWIDTH},
    "sliced_wasserstein": {"projections": 16},
    "cmd": {"bounds": BOUNDS},
    "proxy_a_distance": {"repeats": 2},
    "frechet": {},
    "energy": {},
    "wasserstein": {},
    "kl_gaussian": {"ridge": 0.0},
    "coral": {},
    "emd": {"resampled_rows": 32},
    "sinkhorn": {"resampled_rows": 32},
    "precision_gap": {},
    "recall_gap": {},
    "coverage_gap": {},
}
SLOW = ("emd", "sinkhorn", "precision_gap", "recall_gap", "coverage_gap")
FAST = tuple(name for name in REQUESTS if name not in SLOW)
LEFT_OUT = {
    "proxy_a_distance, classifier rbf and mlp": "every resample refits a classifier, 300 times "
    "slower; folds, exchanges and draws are those of the linear one",
}


@dataclass(frozen=True)
class Sample:
    """One side: `sequences` of `frames`, neighbours correlating by `keep`; 0: single frames."""

    sequences: int
    frames: int
    keep: float = 0.0

    def draw(self, rng: np.random.Generator) -> tuple[np.ndarray, list[str] | None]:
        """Rows (n, D) and the sequence of each."""
        rows = rng.standard_normal((self.sequences, self.frames, D))
        if not self.keep:
            return rows.reshape(-1, D), None
        for i in range(1, self.frames):
            rows[:, i] *= math.sqrt(1 - self.keep**2)
            rows[:, i] += self.keep * rows[:, i - 1]
        groups = np.repeat([f"v{s}" for s in range(self.sequences)], self.frames)
        return rows.reshape(-1, D), groups.tolist()


def frames(count: int) -> Sample:
    return Sample(count, 1)


# name: (x, y). The first word of a name says what kind it is of.
SCENARIOS: dict[str, tuple[Sample, Sample]] = {
    "iid_160_80": (frames(160), frames(80)),
    "iid_50_30": (frames(50), frames(30)),
    "sequences_16x10_12x10": (Sample(16, 10, 0.8), Sample(12, 10, 0.8)),
    "sequences_12x4_9x4": (Sample(12, 4, 0.8), Sample(9, 4, 0.8)),
    "blocks_400_200_ar0.8": (Sample(1, 400, 0.8), Sample(1, 200, 0.8)),
    "blocks_3x150_120_ar0.9": (Sample(3, 150, 0.9), Sample(1, 120, 0.9)),
}
KINDS = {"iid": "iid", "clustered": "sequences", "few_long_videos": "blocks"}


@dataclass(frozen=True)
class Cell:
    """`metrics` on `scenario` with a gap of `shift`; without one, it is p-values that count."""

    scenario: str
    shift: float
    metrics: tuple[str, ...]

    @property
    def name(self) -> str:
        """A name for files and figures."""
        return f"{self.scenario}_shift{self.shift}"


CELLS = (
    Cell("iid_160_80", 0.0, FAST),
    Cell("iid_50_30", 0.0, SLOW),
    Cell("sequences_16x10_12x10", 0.0, FAST),
    Cell("sequences_12x4_9x4", 0.0, SLOW),
    Cell("blocks_400_200_ar0.8", 0.0, (*FAST, *SLOW)),
    Cell("blocks_3x150_120_ar0.9", 0.0, FAST),
    Cell("iid_160_80", 0.3, FAST),
    Cell("iid_160_80", 1.0, FAST),
    Cell("iid_50_30", 1.0, SLOW),
    Cell("sequences_16x10_12x10", 1.0, FAST),
    Cell("blocks_400_200_ar0.8", 1.0, FAST),
)


def changed(metric: str, rows: np.ndarray, shift: float) -> np.ndarray:
    """`rows` with the gap that the metric can see."""
    return rows * (1 + shift) if metric == "coral" else rows + shift


def _mean_length(squared: float, variance: float) -> float:
    """E|z| for z of D features with this variance each and a mean of this squared length."""
    series = float(hyp1f1(-0.5, D / 2, -squared / (2 * variance)))
    return math.sqrt(2 * variance) * float(gamma((D + 1) / 2) / gamma(D / 2)) * series


def truth(metric: str, shift: float) -> float | None:
    """The populations' distance at this gap; None where it has no closed form."""
    squared = D * shift**2
    if metric == "mmd":
        s2 = BANDWIDTH**2
        return 2 * (s2 / (s2 + 2)) ** (D / 2) * (1 - math.exp(-squared / (2 * (s2 + 2))))
    closed = {
        "sliced_wasserstein": math.sqrt(squared / D),
        "cmd": math.sqrt(squared) / (BOUNDS[1] - BOUNDS[0]),
        # What the best of all classifiers attains, the linear one with endless frames too.
        "proxy_a_distance": 2 * (1 - 2 * float(norm.cdf(-math.sqrt(squared) / 2))),
        "frechet": squared,
        "energy": 2 * (_mean_length(squared, 2.0) - _mean_length(0.0, 2.0)),
        "wasserstein": shift,
        "kl_gaussian": squared,
        "coral": D * ((1 + shift) ** 2 - 1) ** 2 / (4 * D**2),
        "emd": math.sqrt(squared),
        # Entropy costs both sides the same where covariances are equal.
        "sinkhorn": squared,
    }
    return closed.get(metric)
