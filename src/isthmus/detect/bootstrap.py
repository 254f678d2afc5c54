"""Intervals for AP: units of frames resampled, nested in training seeds, the same for all arms.

Frames of a drive are not independent; what is resampled are units: whole sequences or, in a
single drive, blocks of contiguous frames. Within each draw the training seeds are resampled too
(two sources of chance: which frames, which training). All arms see the same draws, so that
differences between arms are paired.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isthmus import seeds
from isthmus.detect.precision import Matches, average_precision
from isthmus.errors import InputError

FEWEST_UNITS = 8
MEAN = "mean"


@dataclass(frozen=True)
class Plan:
    """Which frames and which trainings count how often in each draw.

    Attributes:
        weights: int64 (draws, n) multiplicity of each test frame.
        trainings: int64 (draws, s) index of the training used in place s.
        units: number of units that were resampled.
    """

    weights: np.ndarray
    trainings: np.ndarray
    units: int


@dataclass(frozen=True)
class Score:
    """A figure with its interval.

    Attributes: `mean` over trainings on all frames; `low`, `high` the interval at `plan`'s level;
    `per_seed` one value a training; `draws` float64 (draws,), paired between arms.
    """

    mean: float
    low: float
    high: float
    per_seed: tuple[float, ...]
    draws: np.ndarray


def frame_units(sequences: Sequence[str], *, least: int = FEWEST_UNITS) -> np.ndarray:
    """Unit of each frame, int64 (n,), for frames in reading order.

    Each sequence is a unit. Where that gives fewer than `least` units, sequences are cut into
    blocks of contiguous frames, in all about twice as many as `least` (if there are frames for
    it): few long blocks keep neighbours together, yet leave something to resample. Frames
    without a sequence are units of their own.
    """
    count = len(sequences)
    names = [name or f"\0{index}" for index, name in enumerate(sequences)]
    groups = {name: number for number, name in enumerate(dict.fromkeys(names))}
    whole = np.array([groups[name] for name in names], np.int64)
    if len(groups) >= least or count == 0:
        return whole
    length = max(1, count // (2 * least))
    units = np.zeros(count, np.int64)
    following = 0
    for number in range(len(groups)):
        places = np.flatnonzero(whole == number)
        blocks = max(1, len(places) // length)
        units[places] = following + np.arange(len(places)) * blocks // len(places)
        following += blocks
    return units


def make_plan(units: np.ndarray, trainings: int, *, draws: int = 1000, seed: int) -> Plan:
    """Draw units and trainings with replacement."""
    if not len(units) or trainings < 1:
        raise InputError("a score needs at least one test frame and one training")
    names, place = np.unique(units, return_inverse=True)
    rng = seeds.generator(seed, "bootstrap", "units")
    counts = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=draws)
    chosen = seeds.generator(seed, "bootstrap", "trainings").integers(
        0, trainings, (draws, trainings)
    )
    return Plan(counts[:, place], chosen, len(names))


def score(
    matches: Sequence[Matches],
    plan: Plan,
    *,
    thresholds: Sequence[float] | None = None,
    level: float = 0.95,
) -> dict[str, Score]:
    """AP of an arm by class and over classes (`MEAN`).

    Args:
        matches: one per training seed, in the order of the seeds, all on the plan's frames.
        plan: the draws.
        thresholds: IoUs to average over; (0.5,) gives AP50; default .50:.05:.95.
        level: of the interval.

    Returns:
        Class name, or "mean", → score in [0, 1]; NaN where the test holds no box of the class.
    """
    if len(matches) != plan.trainings.shape[1]:
        raise InputError(
            f"{len(matches)} trainings, but the plan was made for {plan.trainings.shape[1]}"
        )
    classes = matches[0].classes
    points = np.stack([average_precision(m, thresholds=thresholds)[0] for m in matches])
    drawn = np.stack([average_precision(m, plan.weights, thresholds=thresholds) for m in matches])
    rows = np.arange(len(plan.trainings))
    # (draws, s, classes): training s of draw d on the frames of draw d
    nested = np.stack([drawn[chosen, rows] for chosen in plan.trainings.T], 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a class without boxes: NaN is meant
        draws = nested.mean(1)
        columns = {name: (points[:, k], draws[:, k]) for k, name in enumerate(classes)}
        columns[MEAN] = (np.nanmean(points, 1), np.nanmean(draws, 1))
        return {
            name: Score(float(p.mean()), *interval(d, level), tuple(map(float, p)), d)
            for name, (p, d) in columns.items()
        }


def interval(draws: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """Percentile interval of the finite draws; NaN if there are none."""
    finite = draws[np.isfinite(draws)]
    if not len(finite):
        return float("nan"), float("nan")
    low, high = np.quantile(finite, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
