"""Fourier domain adaptation: low frequencies' amplitudes from the target, phase from the source.

Yang & Soatto, "FDA: Fourier Domain Adaptation for Semantic Segmentation", CVPR 2020, eq. 3–4.
Amplitude at low frequency is light, colour and haze; phase is where things are, so boxes stay.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from isthmus.adapt.image.transfer import TransferAdapter, random_pairs
from isthmus.detect.objectives import ImageHook
from isthmus.detect.samples import Images
from isthmus.errors import InputError

BETA = (0.006, 0.034)


def fourier_transfer(source: Tensor, target: Tensor, beta: np.ndarray | float) -> Tensor:
    """Give source images the low-frequency amplitudes of target images.

    Args:
        source, target: float32 (b, c, h, w) in [0, 1], of equal shape.
        beta: per image or for all: frequencies up to ``floor(beta·min(h, w))`` cycles per image
            in either direction are swapped, the mean included; 0 changes nothing.

    Returns:
        float32 (b, c, h, w) in [0, 1].
    """
    if source.shape != target.shape:
        raise InputError(
            f"Fourier transfer: source {tuple(source.shape)} and target {tuple(target.shape)} "
            "must have equal shapes; resize one of them"
        )
    height, width = source.shape[-2:]
    betas = np.broadcast_to(np.asarray(beta, float), (len(source),))
    reach = torch.from_numpy(np.floor(betas * min(height, width)))
    rows = (torch.fft.fftfreq(height) * height).abs()
    columns = torch.fft.rfftfreq(width) * width
    low = torch.maximum(rows[:, None], columns[None])[None] <= reach[:, None, None]
    low &= torch.from_numpy(betas > 0)[:, None, None]
    spectrum = torch.fft.rfft2(source)
    edge = int(reach.max()) + 1
    for band in (slice(0, edge), slice(max(edge, height - edge + 1), height)):
        part = spectrum[:, :, band, :edge]
        amplitude = torch.fft.rfft2(target)[:, :, band, :edge].abs()
        swapped = torch.polar(amplitude, part.angle())
        spectrum[:, :, band, :edge] = torch.where(low[:, None, band, :edge], swapped, part)
    mixed: Tensor = torch.fft.irfft2(spectrum, s=(height, width))
    return mixed.clamp_(0, 1)


def transfer(source: Tensor, target: Tensor, rng: np.random.Generator) -> Tensor:
    """`fourier_transfer` with a reach drawn for each image."""
    return fourier_transfer(source, target, rng.uniform(*BETA, len(source)))


def fourier_hook(target: Images) -> ImageHook:
    """Change of look for training batches, towards `target`."""
    return random_pairs(transfer, target)


class FourierAdaptation(TransferAdapter):
    """Train on source images with the amplitudes of target images."""

    name = "fda"
    label = "Fourier adaptation (FDA)"
    style = staticmethod(fourier_hook)
