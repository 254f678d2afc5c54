"""Pictures as arrays of bytes and as tensors."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from isthmus.augment.linear import Bytes


def to_tensor(image: Bytes) -> Tensor:
    """float32 (1, 3, h, w) in [0, 1] of an image (h, w, 3) uint8."""
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)[None])).float().div_(255)


def to_bytes(tensor: Tensor) -> Bytes:
    """An image (h, w, 3) uint8 of float (1, 3, h, w), nominally in [0, 1]."""
    scaled = tensor[0].detach().mul(255).round_().clamp_(0, 255).byte().cpu()
    return np.ascontiguousarray(scaled.permute(1, 2, 0).numpy())


def mixed(before: Bytes, after: Bytes, strength: float) -> Bytes:
    """`before` moved towards `after` by `strength` (0 before, 1 after)."""
    if strength == 1:
        return after
    moved = before + strength * (after.astype(np.float32) - before)
    return np.clip(np.rint(moved), 0, 255).astype(np.uint8)
