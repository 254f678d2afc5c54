"""How much of the target a source stands for, in feature space.

*Density ratio*: w(x) = p_target(x) / p_source(x) from the odds of a classifier (Bickel, Brückner &
Scheffer, "Discriminative learning under covariate shift", JMLR 2009), each frame judged by one
that was trained on other sequences. With it a set of n source frames is worth
(Σ w)² / Σ w² of the target's (effective sample size, Kish 1965).

*Uncovered mass*: a target frame is covered if its k-th nearest source frame is no farther than
source frames of *other* sequences are from each other for the most part (95 %); the share that is
not, less the 5 % that no gap would leave, is mass of the target that the source does not reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isthmus import seeds
from isthmus.errors import InputError

Matrix = NDArray[np.float32]
Column = NDArray[np.float64]
FOLDS = 5
LEAST_ROWS = 10
LARGEST_RATIO = 100.0
NEIGHBOURS = 3
USUAL = 0.95
BLOCK = 1024


@dataclass(frozen=True)
class Support:
    """What `source` (n frames) is of `target` (m frames).

    Attributes:
        weights: (n,) density ratios of the source frames, mean 1.
        effective: target frames that the source is worth: (Σ w)² / Σ w², times the covered share (a
            ratio says nothing of places where the source has no frame).
        distance: (m,) of each target frame to its k-th source neighbour, over the usual one.
        uncovered: share of the target beyond the usual distance, less what no gap would leave.
    """

    weights: Column
    effective: float
    distance: Column
    uncovered: float

    def farthest(self, n: int) -> list[int]:
        """Rows of the `n` target frames that the source reaches least, farthest first."""
        return [int(i) for i in np.argsort(-self.distance, kind="stable")[:n]]


def support(
    source: Matrix,
    target: Matrix,
    *,
    source_sequences: Sequence[str],
    target_sequences: Sequence[str],
    seed: int = 0,
) -> Support:
    """Density ratios, effective size and uncovered mass; features (n, d), (m, d) of one layer.

    Features are brought to the source's mean and deviation and to few principal components first.

    Raises:
        InputError: fewer than 10 frames on a side, or features that are not finite.
    """
    for name, rows in (("source", source), ("target", target)):
        if len(rows) < LEAST_ROWS or not np.isfinite(rows).all():
            raise InputError(f"{name}: needs {LEAST_ROWS} frames or more with finite features")
    x, y = _components(source, target)
    weights = _ratios(x, y, source_sequences, target_sequences, seed)
    distance = neighbour_distance(x, y, source_sequences)
    beyond = float((distance > 1).mean())
    uncovered = max(0.0, (beyond - (1 - USUAL)) / USUAL)
    kish = float(weights.sum() ** 2 / np.square(weights).sum())
    return Support(weights, kish * (1 - uncovered), distance, uncovered)


def weighted_share(members: NDArray[np.bool_], weights: Column) -> float:
    """Share of `members` (n,) in a set whose frames count by `weights` (n,): Σ w m / Σ w."""
    return float((weights * members).sum() / weights.sum())


def _components(source: Matrix, target: Matrix) -> tuple[Column, Column]:
    """Both sides in components of the pooled rows, as many as a classifier can learn from."""
    mean, deviation = source.mean(axis=0), source.std(axis=0)
    usable = deviation > 1e-6
    if not usable.any():
        raise InputError("source: its features do not vary")
    x, y = (
        ((rows - mean)[:, usable] / deviation[usable]).astype(np.float64)
        for rows in (source, target)
    )
    pooled = np.concatenate([x, y])
    middle = pooled.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov(pooled, rowvar=False).reshape(x.shape[1], -1))
    count = int(min(32, max(2, len(pooled) // 20), x.shape[1]))
    basis = vectors[:, np.argsort(-values)[:count]]
    return (x - middle) @ basis, (y - middle) @ basis


def _ratios(x: Column, y: Column, of_x: Sequence[str], of_y: Sequence[str], seed: int) -> Column:
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    fold_x, fold_y = (_folds(s, seed, side) for s, side in ((of_x, "source"), (of_y, "target")))
    ratio = np.empty(len(x))
    for fold in range(FOLDS):
        held = fold_x == fold
        if not held.any():
            continue
        rows = np.concatenate([x[~held], y[fold_y != fold]])
        side = np.repeat([0, 1], [int((~held).sum()), int((fold_y != fold).sum())])
        if side.min() == side.max():
            ratio[held] = 1.0
            continue
        scaler = StandardScaler().fit(rows)
        model = LogisticRegression(C=0.1, max_iter=500).fit(scaler.transform(rows), side)
        odds = np.exp(np.clip(model.decision_function(scaler.transform(x[held])), -30, 30))
        ratio[held] = odds * (side == 0).sum() / (side == 1).sum()
    # A frame that looks wholly of the target must not outweigh all others.
    ratio = np.clip(ratio, 1 / LARGEST_RATIO, LARGEST_RATIO)
    return np.asarray(ratio / ratio.mean())


def _folds(sequences: Sequence[str], seed: int, side: str) -> NDArray[np.int64]:
    """A fold for each frame: whole sequences; a single one in stretches, frames without alone."""
    names = [name or f"\0{row}" for row, name in enumerate(sequences)]
    units = list(dict.fromkeys(names))
    if len(units) < FOLDS:
        return np.arange(len(names)) * FOLDS // len(names)
    order = seeds.generator(seed, "support", "folds", side).permutation(len(units))
    fold = {unit: int(order[k]) % FOLDS for k, unit in enumerate(units)}
    return np.array([fold[name] for name in names])


def neighbour_distance(x: Column, y: Column, sequences: Sequence[str]) -> Column:
    """Of each row of y (m, d) to its k-th neighbour in x (n, d), over what is usual in x.

    Usual is what 95 % of x's rows have to their k-th neighbour of another sequence; `sequences`
    (n,) names x's. Above 1: farther than x's own rows are for the most part.
    """
    names = np.array([name or f"\0{row}" for row, name in enumerate(sequences)])
    several = len(set(names.tolist())) > 1
    k = min(NEIGHBOURS, len(x) - 1)
    within = np.empty(len(x))
    for start in range(0, len(x), BLOCK):
        rows = slice(start, start + BLOCK)
        d = _squares(x[rows], x)
        # A neighbour of the same drive is no witness that the source reaches another place.
        same = names[rows, None] == names[None, :] if several else np.eye(len(x), dtype=bool)[rows]
        d[same] = np.inf
        within[rows] = np.partition(d, k - 1, axis=1)[:, k - 1]
    finite = within[np.isfinite(within)]
    usual = float(np.quantile(finite, USUAL)) if len(finite) else 1.0
    across = np.concatenate(
        [
            np.partition(_squares(y[i : i + BLOCK], x), k - 1, axis=1)[:, k - 1]
            for i in range(0, len(y), BLOCK)
        ]
    )
    return np.asarray(np.sqrt(across / max(usual, 1e-12)))


def _squares(a: Column, b: Column) -> Column:
    d = np.square(a).sum(axis=1)[:, None] + np.square(b).sum(axis=1)[None] - 2 * a @ b.T
    return np.asarray(np.maximum(d, 0))
