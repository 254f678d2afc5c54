"""Colour transfer: mean and spread of each channel of a decorrelated colour space.

Reinhard et al., "Color Transfer between Images", IEEE CG&A 2001. The space is their lαβ:
logarithms of cone responses, rotated so that natural images have almost independent channels.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from isthmus.adapt.image.transfer import TransferAdapter, random_pairs
from isthmus.detect.objectives import ImageHook
from isthmus.detect.samples import Images

DARKEST = 1 / 255
CONES = torch.tensor([[0.3811, 0.5783, 0.0402], [0.1967, 0.7244, 0.0782], [0.0241, 0.1288, 0.8444]])
_AXES = torch.tensor([[1.0, 1.0, 1.0], [1.0, 1.0, -2.0], [1.0, -1.0, 0.0]])
ROTATION = _AXES / _AXES.norm(dim=1, keepdim=True)


def _to_lab(images: Tensor) -> Tensor:
    cones = torch.einsum("ij,bjhw->bihw", CONES, images.clamp(min=DARKEST)).log10()
    return torch.einsum("ij,bjhw->bihw", ROTATION, cones)


def _from_lab(lab: Tensor) -> Tensor:
    cones = torch.pow(10.0, torch.einsum("ji,bjhw->bihw", ROTATION, lab))
    return torch.einsum("ij,bjhw->bihw", torch.linalg.inv(CONES), cones)


def reinhard_transfer(source: Tensor, target: Tensor) -> Tensor:
    """Source images (b, 3, h, w) in [0, 1] with the colour statistics of target images."""
    a, b = _to_lab(source), _to_lab(target)
    over = (2, 3)
    spread = b.std(over, keepdim=True) / a.std(over, keepdim=True).clamp(min=1e-4)
    moved = (a - a.mean(over, keepdim=True)) * spread + b.mean(over, keepdim=True)
    return _from_lab(moved).clamp_(0, 1)


def transfer(source: Tensor, target: Tensor, rng: np.random.Generator) -> Tensor:
    """`reinhard_transfer`; draws nothing."""
    return reinhard_transfer(source, target)


def reinhard_hook(target: Images) -> ImageHook:
    """Change of look for training batches, towards `target`."""
    return random_pairs(transfer, target)


class ReinhardAdaptation(TransferAdapter):
    """Train on source images with the colours of target images."""

    name = "reinhard"
    label = "Colour transfer (Reinhard)"
    style = staticmethod(reinhard_hook)
