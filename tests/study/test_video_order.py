"""Frames that follow each other are told from frames in any order."""

import numpy as np

from isthmus.features.extractor import FeatureSet
from isthmus.study.video_order import KIND, LEVEL, lag_one, video_problems


def drive(frames: int, keep: float, seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(frames, 12))
    for i in range(1, frames):
        rows[i] = keep * rows[i - 1] + np.sqrt(1 - keep**2) * rows[i]
    return rows.astype(np.float32)


def features(rows: np.ndarray, names: list[str], sequence: str = "") -> FeatureSet:
    return FeatureSet({"all": rows}, tuple(names), (sequence,) * len(rows))


def test_a_video_without_sequences_is_told_whatever_the_order_of_its_rows() -> None:
    rows = drive(60, 0.9, 0)
    names = [f"frame_{i}.png" for i in range(60)]
    (found,) = video_problems(features(rows, names), "night", seed=0)
    assert (found.kind, found.severity, found.path) == (KIND, "note", "night")
    assert "sequences" in found.reason
    shuffled = np.random.default_rng(1).permutation(60)
    again = features(rows[shuffled], [names[i] for i in shuffled])
    assert video_problems(again, "night", seed=0) == (found,)
    # Names that say nothing of time, or sequences that are known: nothing to say.
    assert not video_problems(features(rows[shuffled], names), "night", seed=0)
    assert not video_problems(features(rows, names, "drive 1"), "night", seed=0)


def test_independent_frames_are_taken_for_a_video_no_oftener_than_stated() -> None:
    p_values = [lag_one(drive(20, 0.0, seed), seed=seed)[1] for seed in range(50)]
    assert sum(p <= LEVEL for p in p_values) <= 1
    assert 0.4 < np.mean(p_values) < 0.6
    assert lag_one(np.ones((9, 3), np.float32), seed=0) == (0.0, 1.0)
