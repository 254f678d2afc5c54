"""The losses of contrastive unpaired translation.

Park, Efros, Zhang & Zhu, "Contrastive Learning for Unpaired Image-to-Image Translation" (CUT),
ECCV 2020. A patch of the translated picture must be told from the other patches of the same
source picture: what is at a place stays there. Least-squares GAN: Mao et al., ICCV 2017.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

TEMPERATURE = 0.07
UNKNOWN = -100
"""In a map of classes: says nothing."""


def patch_nce(queries: Tensor, keys: Tensor, temperature: float = TEMPERATURE) -> Tensor:
    """PatchNCE (Park et al. 2020, eq. 3).

    The mean over patches i of ``-log(exp(q_i·k_i / τ) / Σ_j exp(q_i·k_j / τ))``, the sum running
    over the patches of the same picture.

    Args:
        queries: unit vectors (b, s, d) of the translated picture.
        keys: unit vectors (b, s, d) of the source picture at the same s places; they get no
            gradient.
        temperature: τ.
    """
    logits = torch.bmm(queries, keys.detach().transpose(1, 2)) / temperature
    own = torch.arange(logits.shape[1], device=logits.device).expand(len(logits), -1)
    return functional.cross_entropy(logits.flatten(0, 1), own.reshape(-1))


def vectors_at(level: Tensor, places: Tensor) -> Tensor:
    """Features (b, s, c) of a level (b, c, h, w) at `places` (b, s, 2), shares (y, x) in [0, 1)."""
    height, width = level.shape[-2:]
    size = torch.tensor([height, width], device=places.device)
    cells = (places * size).long().clamp_(min=0)
    flat = cells[..., 0].clamp(max=height - 1) * width + cells[..., 1].clamp(max=width - 1)
    index = flat[:, None].expand(-1, level.shape[1], -1)
    return level.flatten(2).gather(2, index).transpose(1, 2)


def least_squares(logits: Tensor, wanted: float) -> Tensor:
    """Mean squared distance of patch logits from `wanted` (1 target, 0 translated)."""
    return (logits - wanted).square().mean()


def read_loss(logits: Tensor, classes: Tensor) -> Tensor:
    """Cross-entropy of a reader's logits (b, k, h, w) with classes (b, h, w).

    Objects and background count alike however few places objects cover; `UNKNOWN` places count
    nothing. 0 where nothing is known.
    """
    each = functional.cross_entropy(logits, classes, ignore_index=UNKNOWN, reduction="none")
    parts = []
    for mask in (classes > 0, classes == 0):
        count = mask.sum()
        parts.append((each * mask).sum() / count.clamp(min=1))
    return (parts[0] + parts[1]) / 2
