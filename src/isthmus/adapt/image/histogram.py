"""Histogram matching: each channel's distribution of values becomes the target's.

Gonzalez & Woods, "Digital Image Processing", histogram specification: the value of rank q in the
source becomes the value of rank q in the target. Monotone in every channel, so edges stay.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from isthmus.adapt.image.transfer import TransferAdapter, random_pairs
from isthmus.detect.objectives import ImageHook
from isthmus.detect.samples import Images

LEVELS = 256


def _ranks(channels: Tensor) -> Tensor:
    """Share of pixels at or below each of `LEVELS` values, float64 (k, LEVELS), of (k, n)."""
    count = len(channels)
    level = (channels * (LEVELS - 1)).round().long() + LEVELS * torch.arange(count)[:, None]
    counts = torch.bincount(level.flatten(), minlength=count * LEVELS)
    return counts.view(count, LEVELS).double().cumsum(1) / channels.shape[1]


def histogram_transfer(source: Tensor, target: Tensor) -> Tensor:
    """Source images (b, 3, h, w) in [0, 1] with the histograms of target images, by channel."""
    channels = source.flatten(0, 1).flatten(1)
    here, there = _ranks(channels), _ranks(target.flatten(0, 1).flatten(1))
    # middle of a value's ranks: a flat patch goes to the middle of the target's
    middle = here - 0.5 * here.diff(dim=1, prepend=torch.zeros(len(here), 1))
    table = torch.searchsorted(there, middle).clamp(max=LEVELS - 1).float() / (LEVELS - 1)
    level = (channels * (LEVELS - 1)).round().long()
    return table.gather(1, level).view_as(source)


def transfer(source: Tensor, target: Tensor, rng: np.random.Generator) -> Tensor:
    """`histogram_transfer`; draws nothing."""
    return histogram_transfer(source, target)


def histogram_hook(target: Images) -> ImageHook:
    """Change of look for training batches, towards `target`."""
    return random_pairs(transfer, target)


class HistogramAdaptation(TransferAdapter):
    """Train on source images with the histograms of target images."""

    name = "histogram"
    label = "Histogram matching"
    style = staticmethod(histogram_hook)
