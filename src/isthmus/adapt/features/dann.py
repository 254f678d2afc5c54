"""Adversarial alignment: a discriminator behind a gradient reversal, on every place of a level.

Ganin et al., "Domain-Adversarial Training of Neural Networks", JMLR 2016, eq. 18 and the schedule
of section 5.2.2; on image-level features of a detector: Chen et al., "Domain Adaptive Faster
R-CNN for Object Detection in the Wild", CVPR 2018, eq. 4.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from isthmus import seeds
from isthmus.adapt.features.alignment import AlignmentAdapter, FeatureLoss

HIDDEN = 32
LEARNING_RATE = 2e-3
WEIGHT_DECAY = 1e-3
CLIP = 5.0
STEEPNESS = 10.0


class _Reverse(torch.autograd.Function):
    """Identity forwards; the gradient times ``-factor`` backwards."""

    @staticmethod
    def forward(context: Any, x: Tensor, factor: float) -> Tensor:
        context.factor = factor
        return x.view_as(x)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return -context.factor * gradients[0], None


def reverse_gradient(x: Tensor, factor: float) -> Tensor:
    """`x` itself, whose gradient is multiplied by ``-factor`` on the way back."""
    reversed_: Tensor = _Reverse.apply(x, factor)  # type: ignore[no-untyped-call]
    return reversed_


def ramp(done: float) -> float:
    """Weight of the reversed gradient in [0, 1) when a share `done` of the budget is spent."""
    return 2 / (1 + math.exp(-STEEPNESS * done)) - 1


class DomainDiscriminators(nn.Module):
    """One small discriminator a level, of every place: is it source (1) or target (0)."""

    def __init__(self, channels: Mapping[str, int], seed: int) -> None:
        super().__init__()
        # torch layers draw weights from the global generator; it is put back afterwards.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seeds.integer(seed, "dann", "weights"))
            self.per_level = nn.ModuleDict(
                {
                    name: nn.Sequential(
                        nn.Conv2d(count, HIDDEN, 1), nn.ReLU(), nn.Conv2d(HIDDEN, 1, 1)
                    )
                    for name, count in channels.items()
                }
            )

    def forward(self, level: str, features: Tensor) -> Tensor:
        """Logits (b, 1, h, w) of being source."""
        logits: Tensor = self.per_level[level](features)
        return logits


class AdversarialLoss:
    """A `FeatureLoss`: the discriminators learn to tell the domains, the detector not to.

    The discriminators are trained by an optimiser of their own, on the gradients of the same
    backward pass; only what flows on into the detector is reversed and weighted.
    """

    def __init__(self, channels: Mapping[str, int], seed: int, weight: float) -> None:
        self.discriminators = DomainDiscriminators(channels, seed)
        self.weight = weight
        self.optimiser = torch.optim.AdamW(
            self.discriminators.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY
        )

    def __call__(
        self, source: Tensor, target: Tensor, *, level: str, done: float, rng: np.random.Generator
    ) -> Tensor:
        """Binary cross-entropy over all places, both domains weighing the same."""
        factor = self.weight * ramp(done)
        there = self.discriminators(level, reverse_gradient(source, factor))
        here = self.discriminators(level, reverse_gradient(target, factor))
        # -log σ(source) - log(1 - σ(target)), halved
        return (functional.softplus(-there).mean() + functional.softplus(here).mean()) / 2

    def after_step(self) -> None:
        """One step of the discriminators."""
        torch.nn.utils.clip_grad_norm_(self.discriminators.parameters(), CLIP)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)

    def memory(self) -> dict[str, Any]:
        """Discriminators and their optimiser."""
        return {
            "discriminators": self.discriminators.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }

    def recall(self, memory: Mapping[str, Any]) -> None:
        """Take back what `memory` gave."""
        self.discriminators.load_state_dict(memory["discriminators"])
        self.optimiser.load_state_dict(memory["optimiser"])


class AdversarialAdaptation(AlignmentAdapter):
    """Train against discriminators on chosen levels; `weight` is that of the reversed gradient."""

    name = "dann"
    label = "Adversarial features (gradient reversal)"
    usual_weight = 0.1

    def __init__(
        self, *, levels: tuple[str, ...] | None = None, weight: float | None = None
    ) -> None:
        super().__init__(levels=levels)
        # The discriminators learn at full strength: only their reversed gradient is weighted.
        self.reversed_weight = self.usual_weight if weight is None else weight
        self.weight = 1.0

    def loss(self, channels: Mapping[str, int], seed: int) -> FeatureLoss:
        """New discriminators, one a level."""
        return AdversarialLoss(channels, seed, self.reversed_weight)
