"""The watch over a teacher, so that no class vanishes or runs away.

The mean over classes hides it, and so does the number of boxes: a teacher was seen to forget
pedestrians while it found ever more vehicles. So each class is watched by itself: its *expected
count*, the sum of the scores of its detections per image, against what it was at the start and
against what the source leads one to expect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

VANISHED = 0.5
RUN_AWAY = 2.0


@dataclass(frozen=True)
class Verdict:
    """`classes` (bool per class) that are in trouble, and a sentence for each."""

    classes: np.ndarray
    messages: tuple[str, ...]


def expected_counts(scores: Sequence[np.ndarray], images: int) -> np.ndarray:
    """Sum of scores per image and class, float64 (c,)."""
    return np.array([values.sum() / max(1, images) for values in scores])


def judge(
    now: np.ndarray, start: np.ndarray, source: np.ndarray, classes: Sequence[str], step: int
) -> Verdict:
    """Compare expected counts per image with the start's and with those on source images.

    A class has vanished if its count fell below half of the start's *and* of the source's; it
    runs away if it is above twice both. One condition alone is what adaptation should do: find
    what was missed, or stop seeing what is not there.
    """
    vanished = (now < VANISHED * start) & (now < VANISHED * source)
    run_away = (now > RUN_AWAY * start) & (now > RUN_AWAY * source)
    messages = tuple(
        f"{name}: the teacher {'loses' if vanished[k] else 'multiplies'} this class by step "
        f"{step} (expected count per image {now[k]:.2f}, at the start {start[k]:.2f}, on the "
        f"source {source[k]:.2f}); rolled back, and the class is taught by the source alone"
        for k, name in enumerate(classes)
        if vanished[k] or run_away[k]
    )
    return Verdict(vanished | run_away, messages)
