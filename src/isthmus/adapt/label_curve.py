"""How many labelled target frames an adaptation is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isthmus.detect.bootstrap import Score, interval


@dataclass(frozen=True)
class BreakEven:
    """The number of labelled frames with which training reaches the score of an arm.

    Attributes:
        frames: 0 if the arm is no better than the fair source; None if the curve never gets there.
        low, high: 95 % interval from paired draws; None for an end beyond the curve.
        most: labelled frames at the end of the curve.
    """

    frames: float | None
    low: float | None
    high: float | None
    most: int


def break_even(arm: Score, curve: Sequence[tuple[int, Score]]) -> BreakEven:
    """Where the curve of AP50 over labelled frames meets an arm.

    Between points the curve is a straight line; a dip is taken for chance, as more labels do no
    harm.

    Args:
        arm: the score that is to be reached.
        curve: (labelled frames, score), rising in frames; the first is the fair source at 0.
    """
    frames = np.array([count for count, _ in curve], float)
    reached = _meet(np.array([arm.mean]), frames, np.array([[s.mean] for _, s in curve]))
    draws = _meet(arm.draws, frames, np.stack([score.draws for _, score in curve]))
    # Beyond the curve is as good as infinitely far: order is all that an interval needs.
    low, high = interval(np.where(np.isfinite(draws), draws, 1e12))
    return BreakEven(
        _within(float(reached[0]), frames[-1]),
        _within(low, frames[-1]),
        _within(high, frames[-1]),
        int(frames[-1]),
    )


def _meet(level: np.ndarray, frames: np.ndarray, curves: np.ndarray) -> np.ndarray:
    """First abscissa (draws,) at which curves (points, draws) reach `level`; infinity if never."""
    rising = np.maximum.accumulate(curves, axis=0)
    found = np.full(len(level), np.inf)
    for k in range(len(frames) - 1, 0, -1):
        left, right = rising[k - 1], rising[k]
        with np.errstate(divide="ignore", invalid="ignore"):
            share = (level - left) / (right - left)
        there = (left < level) & (level <= right)
        found[there] = (frames[k - 1] + share * (frames[k] - frames[k - 1]))[there]
    found[level <= rising[0]] = 0.0
    return found


def _within(value: float, most: float) -> float | None:
    return float(value) if value <= most else None
