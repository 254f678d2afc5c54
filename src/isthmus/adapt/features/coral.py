"""Deep CORAL: the covariances of source and target features are brought together.

Sun & Saenko, "Deep CORAL: Correlation Alignment for Deep Domain Adaptation", ECCV workshop 2016,
eq. 1: ``‖C_S - C_T‖²_F / (4 d²)``. Here each place of a feature map is a sample.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from torch import Tensor

from isthmus.adapt.features.alignment import AlignmentAdapter, FeatureLoss, PlainLoss, positions


def covariance(rows: Tensor) -> Tensor:
    """Unbiased covariance (d, d) of rows (n, d)."""
    centred = rows - rows.mean(0, keepdim=True)
    return centred.T @ centred / max(1, len(rows) - 1)


def coral_loss(source: Tensor, target: Tensor) -> Tensor:
    """Squared Frobenius distance of the covariances of rows (n, d) and (m, d), over 4d²."""
    difference = covariance(source) - covariance(target)
    return difference.square().sum() / (4 * source.shape[1] ** 2)


class _CoralLoss(PlainLoss):
    def __call__(
        self, source: Tensor, target: Tensor, *, level: str, done: float, rng: np.random.Generator
    ) -> Tensor:
        return coral_loss(positions(source), positions(target))


class CoralAdaptation(AlignmentAdapter):
    """Train with the CORAL loss on chosen levels."""

    name = "coral"
    label = "Covariances of features (deep CORAL)"
    usual_weight = 10.0

    def loss(self, channels: Mapping[str, int], seed: int) -> FeatureLoss:
        """The loss; it has no weights."""
        return _CoralLoss()
