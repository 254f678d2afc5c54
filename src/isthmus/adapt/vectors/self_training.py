"""Self-training by selective pseudo-labels: the sure part of the target joins, more every round.

Wang & Breckon, "Unsupervised Domain Adaptation via Structured Prediction Based Selective
Pseudo-Labeling" (SPL), AAAI 2020. In every round a supervised locality-preserving projection is
learnt from the source and the target rows chosen so far; each target row is then judged by the
nearest class mean of the source and by the clusters that the target itself forms around those
means, and of every class the surest share joins, so that no class can be crowded out.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import eigh

from isthmus.adapt.vectors.method import principal, unit_rows

DIMENSIONS = 128
ROUNDS = 10
RIDGE = 1.0
CLUSTER_STEPS = 30


def locality_projection(rows: np.ndarray, labels: np.ndarray, dimensions: int) -> np.ndarray:
    """Projection (d, k) that brings rows of one class together: He & Niyogi 2003, supervised.

    Maximises ``trace(Vᵀ X D Xᵀ V) / trace(Vᵀ (X L Xᵀ + I) V)`` with W = 1 for pairs of one class.
    """
    sums = np.stack([rows[labels == label].sum(0) for label in range(labels.max() + 1)])
    sizes = np.bincount(labels)[labels]
    weighted = (rows * sizes[:, None]).T @ rows
    within = weighted - sums.T @ sums + RIDGE * np.eye(rows.shape[1])
    _, axes = eigh(weighted, within)
    return np.asarray(axes[:, ::-1][:, :dimensions])


def _likely(rows: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Probability of each class (n, c) from squared distances to unit centres."""
    squared = ((rows[:, None] - centres[None]) ** 2).sum(2)
    scores = np.exp(-squared)
    return np.asarray(scores / scores.sum(1, keepdims=True))


def clusters_around(rows: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Centres (c, d) after k-means that starts from `centres`; an empty cluster keeps its own."""
    for _ in range(CLUSTER_STEPS):
        nearest = ((rows[:, None] - centres[None]) ** 2).sum(2).argmin(1)
        moved = np.stack(
            [
                rows[nearest == k].mean(0) if (nearest == k).any() else centre
                for k, centre in enumerate(centres)
            ]
        )
        if np.allclose(moved, centres):
            break
        centres = moved
    return centres


def surest(likely: np.ndarray, share: float) -> np.ndarray:
    """Rows that are chosen (bool): of every predicted class the surest `share`."""
    label, sure = likely.argmax(1), likely.max(1)
    chosen = np.zeros(len(likely), bool)
    for k in range(likely.shape[1]):
        own = np.flatnonzero(label == k)
        best = own[np.argsort(-sure[own], kind="stable")]
        chosen[best[: int(len(own) * share)]] = True
    return chosen


class SelfTraining:
    """Selective pseudo-labels with structured prediction."""

    label = "Self-training (SPL)"

    def predict(
        self, source: np.ndarray, labels: np.ndarray, target: np.ndarray, *, seed: int
    ) -> np.ndarray:
        """Class of each target row."""
        source, target = principal(unit_rows(source), unit_rows(target), DIMENSIONS)
        source, target = unit_rows(source), unit_rows(target)
        classes = int(labels.max()) + 1
        rows, known = source, labels
        likely = np.zeros((len(target), classes))
        for turn in range(ROUNDS + 1):
            axes = locality_projection(rows, known, DIMENSIONS)
            middle = (rows @ axes).mean(0)
            here, there = unit_rows(source @ axes - middle), unit_rows(target @ axes - middle)
            means = unit_rows(np.stack([here[labels == k].mean(0) for k in range(classes)]))
            formed = unit_rows(clusters_around(there, means))
            likely = np.maximum(_likely(there, means), _likely(there, formed))
            chosen = surest(likely, min(1.0, (turn + 1) / ROUNDS))
            rows = np.concatenate([source, target[chosen]])
            known = np.concatenate([labels, likely.argmax(1)[chosen]])
        return np.asarray(likely.argmax(1))
