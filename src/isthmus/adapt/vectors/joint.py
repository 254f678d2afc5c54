"""Joint distribution adaptation: a subspace in which domains and classes have small MMD.

Long et al., "Transfer Feature Learning with Joint Distribution Adaptation" (JDA), ICCV 2013, eq. 8
and algorithm 1 with a linear kernel: the MMD of all rows and that of every class, the target's
classes being those predicted in the round before. The first round alone is transfer component
analysis (Pan et al., IEEE TNN 2011).
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import eigh

from isthmus.adapt.vectors.method import nearest_neighbour, principal

DIMENSIONS = 100
ROUNDS = 10
RIDGE = 1.0


def mmd_matrix(
    labels: np.ndarray, guesses: np.ndarray | None, count: int, classes: int
) -> np.ndarray:
    """Coefficients M (n+m, n+m) of the MMD: its value is ``trace(Aᵀ X M Xᵀ A)``; unit norm.

    Args:
        labels: (n,) of the source. guesses: (m,) of the target, or None in the first round.
        count: m. classes: their number.
    """
    n = len(labels)
    both = np.concatenate([np.full(n, 1 / n), np.full(count, -1 / count)])
    total = np.outer(both, both) * classes
    if guesses is not None:
        for label in range(classes):
            here, there = labels == label, guesses == label
            if here.any() and there.any():
                own = np.concatenate([here / here.sum(), -(there / there.sum())])
                total += np.outer(own, own)
    return np.asarray(total / np.linalg.norm(total))


def subspace(rows: np.ndarray, matrix: np.ndarray, dimensions: int, ridge: float) -> np.ndarray:
    """Projection A (d, k) that keeps variance and makes the MMD small (JDA, eq. 8)."""
    centred = rows - rows.mean(0)
    spread = rows.T @ matrix @ rows + ridge * np.eye(rows.shape[1])
    variance = centred.T @ centred
    # largest variance per unit of MMD: the smallest values of the paper's problem, turned over
    _, axes = eigh(variance, spread)
    return np.asarray(axes[:, ::-1][:, :dimensions])


class JointDistributions:
    """Joint distribution adaptation, then nearest neighbour."""

    label = "MMD of domains and classes (JDA)"

    def predict(
        self, source: np.ndarray, labels: np.ndarray, target: np.ndarray, *, seed: int
    ) -> np.ndarray:
        """Class of each target row."""
        source, target = principal(source, target, len(source) + len(target))
        rows = np.concatenate([source, target])
        classes = int(labels.max()) + 1
        guesses: np.ndarray | None = None
        for _ in range(ROUNDS):
            matrix = mmd_matrix(labels, guesses, len(target), classes)
            projected = rows @ subspace(rows, matrix, DIMENSIONS, RIDGE)
            projected /= np.maximum(np.linalg.norm(projected, axis=1, keepdims=True), 1e-12)
            guesses = nearest_neighbour(projected[: len(source)], labels, projected[len(source) :])
        assert guesses is not None
        return guesses
