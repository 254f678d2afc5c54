"""CORAL: source features get the covariance of the target's, then a classifier is trained on them.

Sun, Feng & Saenko, "Return of Frustratingly Easy Domain Adaptation", AAAI 2016, algorithm 1.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import eigh

from isthmus.adapt.vectors.source_only import logistic


def _power(covariance: np.ndarray, exponent: float) -> np.ndarray:
    values, axes = eigh(covariance)
    return np.asarray((axes * np.maximum(values, 1e-12) ** exponent) @ axes.T)


def recoloured(source: np.ndarray, target: np.ndarray, ridge: float = 1.0) -> np.ndarray:
    """Source rows (n, d) with the covariance of target rows: ``X C_s^(-1/2) C_t^(1/2)``.

    `ridge` times the identity is added to both covariances, as in the paper.
    """
    extra = ridge * np.eye(source.shape[1])
    here = np.cov(source, rowvar=False) + extra
    there = np.cov(target, rowvar=False) + extra
    return np.asarray(source @ _power(here, -0.5) @ _power(there, 0.5))


class Coral:
    """CORAL, then logistic regression."""

    label = "CORAL"

    def predict(
        self, source: np.ndarray, labels: np.ndarray, target: np.ndarray, *, seed: int
    ) -> np.ndarray:
        """Class of each target row."""
        return logistic(recoloured(source, target), labels, target)
