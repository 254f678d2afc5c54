"""Maximum mean discrepancy of features as a training loss.

Long et al., "Learning Transferable Features with Deep Adaptation Networks" (DAN), ICML 2015: a
mixture of Gaussian kernels around the mean squared distance of the batch. The estimate is the
biased one of Gretton et al., JMLR 2012, eq. 5, which is never negative. Here each place of a
feature map is a sample; some are drawn from each domain at random.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from isthmus.adapt.features.alignment import AlignmentAdapter, FeatureLoss, PlainLoss, positions

FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0)
DRAWN = 256


def mmd_loss(source: Tensor, target: Tensor) -> Tensor:
    """Squared MMD, biased, of rows (n, d) and (m, d) under the mean of `FACTORS`' kernels.

    The kernels are ``exp(-‖x - y‖² / (factor · mean squared distance))``; the mean distance is
    taken as a constant, no gradient flows through it.
    """
    rows = torch.cat([source, target])
    squares = rows.square().sum(1)
    squared = (squares[:, None] + squares[None] - 2 * rows @ rows.T).clamp(min=0)
    count = len(rows)
    mean = (squared.detach().sum() / max(1, count * (count - 1))).clamp(min=1e-12)
    kernel = torch.stack([torch.exp(-squared / (factor * mean)) for factor in FACTORS]).mean(0)
    n = len(source)
    return kernel[:n, :n].mean() + kernel[n:, n:].mean() - 2 * kernel[:n, n:].mean()


class _MmdLoss(PlainLoss):
    def __call__(
        self, source: Tensor, target: Tensor, *, level: str, done: float, rng: np.random.Generator
    ) -> Tensor:
        return mmd_loss(_draw(positions(source), rng), _draw(positions(target), rng))


def _draw(rows: Tensor, rng: np.random.Generator) -> Tensor:
    return rows[torch.from_numpy(rng.choice(len(rows), min(DRAWN, len(rows)), replace=False))]


class MmdAdaptation(AlignmentAdapter):
    """Train with the MMD loss on chosen levels."""

    name = "mmd"
    label = "Distribution of features (MMD)"
    usual_weight = 1.0

    def loss(self, channels: Mapping[str, int], seed: int) -> FeatureLoss:
        """The loss; it has no weights."""
        return _MmdLoss()
