"""How strong an effect must be for source frames to look as lit, clear and sharp as the target.

The severity is read off unlabeled images: a few source frames are given the effect at each step
of a ladder, their conditions are measured as those of all frames are, and the step whose medians
lie nearest the target's is taken. Only the measures that ask for the effect decide: fog must match
the target's haze and contrast; how light the frame becomes is the camera's exposure. No label and
no trained network is involved.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from isthmus import seeds
from isthmus.augment.depth import estimate_geometry
from isthmus.augment.effect import EFFECTS
from isthmus.augment.loading import load_frame
from isthmus.cornercases.conditions import CONDITIONS, RELATIVE
from isthmus.cornercases.measures import MEASURES, measure_image, working_size
from isthmus.cornercases.table import ConditionTable
from isthmus.data.dataset import Dataset
from isthmus.data.images import read_rgb, resize_rgb

LADDER = tuple(np.arange(0.5, 5.01, 0.5).tolist())
FRAMES = 12
SPREAD = 0.75
# For an effect that no condition asks for. Angles have no median.
COMPARED = ("lightness", "contrast", "over_exposed", "under_exposed", "sharpness", "haze")


def asking_measures(effect: str) -> tuple[str, ...]:
    """The measures whose corner cases are answered by `effect`; all if there is none."""
    asking = [m for m, _, _, _, remedy in RELATIVE if remedy == effect]
    for condition in CONDITIONS.values():
        if condition.remedy == effect:
            asking += condition.strength
    return tuple(dict.fromkeys(asking)) or COMPARED


def fit_severity(
    effect: str, source: Dataset, target: ConditionTable, *, seed: int
) -> tuple[float, float]:
    """The range of severities around the one that comes nearest to the target.

    Args:
        effect: name in `EFFECTS`.
        source: labelled frames; a sample of them is used.
        target: measured conditions of the target.
        seed: decides the sample and the effect's draws.

    Returns:
        (low, high) within 0.5–5, 1.5 apart where the ladder allows.
    """
    sample = source.sample(FRAMES, seed)
    compared = asking_measures(effect)
    wanted = {name: float(np.median(target.values[name])) for name in compared}
    plain = _measured(effect, sample, 0.0, seed)
    scales = {name: max(abs(plain[name] - wanted[name]), 1e-6) for name in compared}
    # A measure on which source and target already agree must not decide.
    relevant = [n for n in compared if scales[n] > 0.1 * _spread(target, n)]
    best, least = LADDER[0], np.inf
    for severity in LADDER:
        now = _measured(effect, sample, severity, seed)
        distance = sum(abs(now[n] - wanted[n]) / (scales[n] + _spread(target, n)) for n in relevant)
        if distance < least:
            best, least = severity, distance
    return max(LADDER[0], best - SPREAD), min(LADDER[-1], best + SPREAD)


def _measured(effect: str, sample: Dataset, severity: float, seed: int) -> dict[str, float]:
    """Medians of the measures over the sample, after the effect."""
    geometry = estimate_geometry(sample.frames)
    rows: list[dict[str, float]] = []
    for frame in sample:
        if severity > 0:
            arrays, depth, _ = load_frame(frame, geometry)
            rng = seeds.generator(seed, "fit-severity", effect, frame.id)
            image = EFFECTS[effect].apply(arrays, depth, severity, rng)[0].image
        else:
            image = read_rgb(frame.image)
        rows.append(measure_image(resize_rgb(image, *working_size(frame.width, frame.height))))
    return {name: _median([row[name] for row in rows]) for name in MEASURES}


def _median(values: Sequence[float]) -> float:
    return float(np.median(values))


def _spread(table: ConditionTable, name: str) -> float:
    low, high = np.percentile(table.values[name], (10, 90))
    return float(high - low) + 1e-6
