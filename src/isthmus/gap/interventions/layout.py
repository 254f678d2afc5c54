"""Layout and class mix: source frames weighted so that what they hold is spread as in the target.

Importance weighting (Shimodaira 2000): frame i counts w_i = p_target(s_i) / p_source(s_i) for a
statistic s of the frame. Two estimates of w:

cells       s is a label (scene, busy or empty): the target's share of the cell over the source's;
            exact. Target frames in cells that the source has no frame in cannot be matched; their
            share is `uncovered`.
classifier  s are numbers (boxes a class, their area, where they lie): the odds of a logistic
            regression between source and target (Bickel, Brückner & Scheffer, JMLR 10, 2009), each
            frame judged by a model that has not seen its unit. Weights are cut off at 20 times
            their mean.

Weights leave fewer frames' worth of information: `effective_n` = (Σ w)² / Σ w² (Kish 1965).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from isthmus.data.frame import Frame
from isthmus.errors import InputError
from isthmus.gap.estimate import checked_pair
from isthmus.gap.folds import fold_of_units
from isthmus.gap.metric import Floats, Indices, pooled_rows

HEAVIEST = 20.0
FOLDS = 5
FEW = 0.2
MOST_ROWS = 8000
FINEST = 10


@dataclass(frozen=True)
class Weights:
    """Weights `values` (n,) of the source's frames, mean 1, 0 or more.

    `effective_n`: frames' worth of information, 1 to n; `uncovered`: share of target frames, 0 to
    1, that no source frame stands for (None: not known, with a classifier); `settings`: how.
    """

    values: Floats
    effective_n: float
    uncovered: float | None
    settings: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def weights_by_cells(cells_x: Sequence[str], cells_y: Sequence[str]) -> Weights:
    """Weights from a label of each frame, source (n,) and target (m,).

    Raises:
        InputError: a side is empty, or they share no cell.
    """
    mine, theirs = Counter(cells_x), Counter(cells_y)
    shared = sum(count for cell, count in theirs.items() if cell in mine)
    if not shared:
        raise InputError(
            f"source ({', '.join(map(str, mine))}) and target ({', '.join(map(str, theirs))}) "
            "have no cell in common: nothing can be weighted; choose coarser cells"
        )
    n, m = len(cells_x), len(cells_y)
    values = np.array([theirs[cell] / shared / mine[cell] * n for cell in cells_x])
    uncovered = 1 - shared / m
    notes: tuple[str, ...] = ()
    if uncovered > 0:
        lost = [str(cell) for cell in theirs if cell not in mine]
        notes = (f"{uncovered:.0%} of the target lies in cells without source: {', '.join(lost)}",)
    return _weights(values, uncovered, {"method": "cells", "cells": len(mine)}, notes)


def weights_by_classifier(
    statistics_x: npt.ArrayLike,
    statistics_y: npt.ArrayLike,
    *,
    units_x: Indices | None = None,
    units_y: Indices | None = None,
    seed: int = 0,
) -> Weights:
    """Weights from statistics of each frame, (n, k) and (m, k).

    `units_x` (n,), `units_y` (m,): rows with equal numbers 0, 1, … are judged by the same held-out
    model; None: each row by itself.

    Raises:
        InputError: statistics that are no finite matrices, or fewer than two units a side.
    """
    from sklearn.linear_model import LogisticRegression

    x, y = checked_pair(statistics_x, statistics_y)
    numbers = [
        np.arange(len(side)) if given is None else np.unique(given, return_inverse=True)[1]
        for side, given in ((x, units_x), (y, units_y))
    ]
    rows = pooled_rows(x, y, *(n.astype(np.int64) for n in numbers))
    fewest = min(rows.units_x, rows.units - rows.units_x)
    if fewest < 2:
        raise InputError("a held-out classifier needs two units (frames, sequences, blocks) a side")
    fold = fold_of_units(rows, min(FOLDS, fewest), seed, 0)
    folds = np.concatenate([fold[numbers[0]], fold[numbers[1] + rows.units_x]])
    pooled = np.concatenate([x, y]).astype(np.float64)
    spread = pooled.std(axis=0)
    pooled = (pooled - pooled.mean(axis=0)) / np.where(spread > 0, spread, 1)
    side = np.r_[np.zeros(len(x), int), np.ones(len(y), int)]
    odds = np.zeros(len(pooled))
    for held in range(int(folds.max()) + 1):
        model = LogisticRegression(C=1.0, max_iter=1000, class_weight="balanced")
        model.fit(pooled[folds != held], side[folds != held])
        odds[folds == held] = model.decision_function(pooled[folds == held])
    values = np.exp(np.clip(odds[: len(x)], -30, 30))
    values = np.minimum(values, HEAVIEST * values.mean())
    return _weights(values, None, {"method": "classifier", "statistics": x.shape[1]}, ())


def _weights(
    values: Floats, uncovered: float | None, settings: dict[str, Any], notes: tuple[str, ...]
) -> Weights:
    values = values / values.mean()
    effective = float(values.sum() ** 2 / np.square(values).sum())
    if effective < FEW * len(values):
        notes += (
            f"the weights leave {effective:.0f} frames' worth of {len(values)}: few source frames "
            "look like the target in this",
        )
    settings = {**settings, "effective_n": round(effective, 2), "uncovered": uncovered}
    return Weights(values, effective, uncovered, settings, notes)


def box_statistics(frames: Sequence[Frame], categories: Sequence[str]) -> Floats:
    """Layout of labelled (or predicted) boxes, (n, 4 · categories).

    For each category: log(1 + boxes), root of the share of the image they cover (each box for
    itself, at most 1), mean height of their lower edges (0 top to 1 bottom; 0.5 without boxes),
    log(1 + pixels of the largest box's longer side over the image's). Ignored boxes are left out.

    Raises:
        InputError: a frame without labels.
    """
    out = np.zeros((len(frames), len(categories), 4))
    for row, frame in enumerate(frames):
        if frame.objects is None:
            raise InputError(f"frame {frame.id} has no boxes: give labels, or predictions")
        for column, category in enumerate(categories):
            boxes = [b for b in frame.objects if b.category == category and not b.ignore]
            corners = np.array([b.xyxy for b in boxes], np.float64).reshape(-1, 4)
            sides = corners[:, 2:] - corners[:, :2]
            area = float(sides.prod(axis=1).sum()) / (frame.width * frame.height)
            low = float(corners[:, 3].mean()) / frame.height if boxes else 0.5
            longest = float(sides.max()) / max(frame.width, frame.height) if boxes else 0.0
            out[row, column] = np.log1p(len(boxes)), np.sqrt(min(area, 1)), low, np.log1p(longest)
    return out.reshape(len(frames), -1)


def whole_repeats(weights: Floats) -> Indices:
    """How often to take each frame, (n,) whole numbers in proportion to the weights.

    Fractions are carried to the next frame, so that every stretch of frames gets its share; ten
    rows a frame at most, fewer for large samples.
    """
    finest = int(np.clip(MOST_ROWS // len(weights), 1, FINEST))
    reached = np.cumsum(weights / weights.mean()) * finest
    # Half a row ahead: equal weights give equal numbers whatever the rounding.
    steps = np.floor(reached + 0.5).astype(np.int64)
    result: Indices = np.diff(steps, prepend=0)
    return result
