"""Frames without a sequence that look like a video: they would be counted as independent.

A folder of pictures says nothing of drives. Where its frames, in the order of their names, resemble
their neighbours more than they would in any random order, they are not independent, and p-value,
interval and floor are optimistic. The test is a permutation test of the lag-1 autocorrelation
(Wald & Wolfowitz, Annals of Mathematical Statistics 14, 1943) of the leading principal components.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from isthmus import seeds
from isthmus.data.frame import Problem
from isthmus.features.extractor import FeatureSet, Matrix

LEVEL = 0.001
SHUFFLES = 1999
COMPONENTS = 5
LEAST_FRAMES = 8
"""Fewer have too few orders to tell anything at this level."""
KIND = "looks-like-video"


def video_problems(features: FeatureSet, name: str, *, seed: int) -> tuple[Problem, ...]:
    """A note if the frames of the side `name` have no sequences but follow each other like video.

    The widest layer is looked at; the chance of a note for independent frames is 0.1 %.
    """
    if any(features.sequences) or len(features) < LEAST_FRAMES:
        return ()
    widest = max(features.layers.values(), key=lambda rows: rows.shape[1])
    order = sorted(range(len(features)), key=lambda row: _natural(features.ids[row]))
    correlation, p_value = lag_one(widest[order], seed=seed)
    if p_value > LEVEL:
        return ()
    reason = (
        f"frames have no sequences and count as independent, but in the order of their names "
        f"neighbours are alike as in a video (lag-1 autocorrelation {correlation:.2f}, "
        f"p = {p_value:.4f} against random orders): p-value, interval and floor are optimistic. "
        "Give their sequences: each drive in a folder of its own, or labels with a sequence a frame"
    )
    return (Problem(path=name, kind=KIND, reason=reason, severity="note"),)


def lag_one(x: Matrix, *, seed: int) -> tuple[float, float]:
    """Lag-1 autocorrelation of the rows (n, d) in their order, and its one-sided p-value.

    p = (orders at least as correlated + 1) / (orders + 1), over random orders.
    """
    z = x.astype(np.float64) - x.mean(axis=0, dtype=np.float64)
    left, values, _ = np.linalg.svd(z, full_matrices=False)
    scores = left[:, :COMPONENTS] * values[:COMPONENTS]
    total = float(np.square(scores).sum())
    if total <= 0:
        return 0.0, 1.0
    found = _correlation(scores, total)
    rng = seeds.generator(seed, "video-order")
    drawn = [_correlation(scores[rng.permutation(len(x))], total) for _ in range(SHUFFLES)]
    return found, (sum(one >= found for one in drawn) + 1) / (SHUFFLES + 1)


def _correlation(scores: NDArray[np.float64], total: float) -> float:
    return float((scores[1:] * scores[:-1]).sum()) / total


def _natural(name: str) -> list[tuple[int, str]]:
    """Sorts "frame_10" behind "frame_9"."""
    parts = re.split(r"(\d+)", name)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
