"""Random changes of training batches: weak ones move objects, strong ones change appearance.

All draws come from the generator given; all work is done on whole batches. Strong changes are
those of Unbiased Teacher (Liu et al., ICLR 2021) and of its followers: colour, contrast,
saturation, greyscale, blur, noise, cut-outs; block masks are those of MIC (Hoyer et al., CVPR
2023).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from isthmus.detect.batches import Batch
from isthmus.detect.detector import Targets
from isthmus.detect.samples import FILL

SCALE = (0.9, 1.4)
SHIFT = 0.1
VISIBLE = 0.3
BLUR_RADIUS = 3
MASK_BLOCK, MASK_SHARE = 32, 0.3


@dataclass(frozen=True)
class Move:
    """One flip, scaling and shift per image: x' = scale·x + shift_x (after the flip).

    Attributes: `flip` bool (b,), `scale` (b,), `shift` (b, 2) in pixels.
    """

    flip: np.ndarray
    scale: np.ndarray
    shift: np.ndarray

    @classmethod
    def draw(cls, rng: np.random.Generator, count: int, height: int, width: int) -> Move:
        """Random moves; a scaled image keeps its centre up to the shift."""
        scale = np.exp(rng.uniform(np.log(SCALE[0]), np.log(SCALE[1]), count))
        size = np.array([width, height])
        shift = rng.uniform(-SHIFT, SHIFT, (count, 2)) * size + (1 - scale)[:, None] * size / 2
        return cls(rng.random(count) < 0.5, scale, shift)

    def images(self, images: Tensor) -> Tensor:
        """Images (b, c, h, w) moved; what comes in from outside is filled."""
        height, width = images.shape[-2:]
        theta = np.zeros((len(images), 2, 3))
        theta[:, 0, 0] = np.where(self.flip, -1, 1) / self.scale
        theta[:, 1, 1] = 1 / self.scale
        # grid_sample maps output to input in [-1, 1]: u = (v - offset) / scale, then the flip.
        offset = 2 * self.shift / (width, height) + self.scale[:, None] - 1
        theta[:, :, 2] = -offset / self.scale[:, None]
        theta[:, 0, 2] *= np.where(self.flip, -1, 1)
        grid = functional.affine_grid(
            torch.from_numpy(theta).float(), list(images.shape), align_corners=False
        )
        fill = FILL / 255
        return functional.grid_sample(images - fill, grid, align_corners=False).add_(fill)

    def targets(self, targets: Targets, height: int, width: int) -> Targets:
        """Boxes moved and clipped; those mostly outside become ignored, those outside vanish."""
        where = targets.image
        flip = torch.from_numpy(self.flip)[where]
        scale = torch.from_numpy(self.scale).float()[where]
        shift = torch.from_numpy(self.shift).float()[where]
        x1, y1, x2, y2 = targets.boxes.unbind(1)
        left = torch.where(flip, width - x2, x1) * scale + shift[:, 0]
        right = torch.where(flip, width - x1, x2) * scale + shift[:, 0]
        top, bottom = y1 * scale + shift[:, 1], y2 * scale + shift[:, 1]
        clipped = torch.stack(
            [
                left.clamp(0, width),
                top.clamp(0, height),
                right.clamp(0, width),
                bottom.clamp(0, height),
            ],
            1,
        )
        kept_area = (clipped[:, 2] - clipped[:, 0]) * (clipped[:, 3] - clipped[:, 1])
        full_area = ((right - left) * (bottom - top)).clamp(min=1e-6)
        keep = kept_area > 0
        ignore = targets.ignore | (kept_area < VISIBLE * full_area)
        return Targets(
            clipped[keep], targets.labels[keep], ignore[keep], where[keep], targets.weights[keep]
        )


def weak(batch: Batch, rng: np.random.Generator) -> Batch:
    """Flip, scale and shift, with the objects."""
    count, _, height, width = batch.images.shape
    move = Move.draw(rng, count, height, width)
    return replace(
        batch, images=move.images(batch.images), targets=move.targets(batch.targets, height, width)
    )


def strong(images: Tensor, rng: np.random.Generator) -> Tensor:
    """Change appearance, not geometry; (b, 3, h, w) in [0, 1] → the same, a new tensor."""
    count = len(images)
    x = _colour(images, rng)
    blurred = np.flatnonzero(rng.random(count) < 0.4)
    if len(blurred):
        x[blurred] = gaussian_blur(x[blurred], rng.uniform(0.3, 1.5, len(blurred)))
    noisy = np.flatnonzero(rng.random(count) < 0.4)
    if len(noisy):
        spread = rng.uniform(0.005, 0.05, (len(noisy), 1, 1, 1)).astype(np.float32)
        noise = rng.standard_normal((len(noisy), *x.shape[1:]), dtype=np.float32)
        x[noisy] += torch.from_numpy(noise * spread)
    _cut_out(x, rng)
    return x.clamp_(0, 1)


def _colour(images: Tensor, rng: np.random.Generator) -> Tensor:
    count = len(images)

    def factors(low: float, high: float, chance: float) -> Tensor:
        drawn = np.exp(rng.uniform(np.log(low), np.log(high), (count, 1, 1, 1)))
        off = rng.random((count, 1, 1, 1)) >= chance
        return torch.from_numpy(np.where(off, 1.0, drawn)).float()

    gain, contrast, saturation = (
        factors(0.5, 1.6, 0.8),
        factors(0.5, 1.6, 0.8),
        factors(0.4, 1.8, 0.8),
    )
    saturation[torch.from_numpy(rng.random(count) < 0.2)] = 0.0
    tint = torch.from_numpy(rng.uniform(0.9, 1.1, (count, 3, 1, 1))).float()
    x = images * (gain * tint)
    mean = x.mean((1, 2, 3), keepdim=True)
    grey = x.mean(1, keepdim=True)
    # contrast·(sat·x + (1 - sat)·grey - mean) + mean, in two passes over the pixels
    x = x.mul_(contrast * saturation)
    return x.add_(grey.mul_(contrast * (1 - saturation)).add_((1 - contrast) * mean))


def gaussian_blur(images: Tensor, sigmas: np.ndarray) -> Tensor:
    """Blur image i of (b, c, h, w) with standard deviation ``sigmas[i]`` pixels."""
    count, channels, height, width = images.shape
    at = np.arange(-BLUR_RADIUS, BLUR_RADIUS + 1)
    kernel = np.exp(-0.5 * (at[None] / np.asarray(sigmas)[:, None]) ** 2)
    kernel /= kernel.sum(1, keepdims=True)
    weight = torch.from_numpy(np.repeat(kernel, channels, 0)).float()
    x = images.reshape(1, count * channels, height, width)
    x = functional.pad(x, (BLUR_RADIUS,) * 4, mode="replicate")
    x = functional.conv2d(x, weight[:, None, None, :], groups=count * channels)
    x = functional.conv2d(x, weight[:, None, :, None], groups=count * channels)
    return x.reshape(images.shape)


def _cut_out(images: Tensor, rng: np.random.Generator) -> None:
    count, _, height, width = images.shape
    for index in np.flatnonzero(rng.random(count) < 0.5):
        h = int(rng.uniform(0.05, 0.25) * height)
        w = int(rng.uniform(0.05, 0.25) * width)
        y, x = int(rng.integers(0, height - h)), int(rng.integers(0, width - w))
        colour = torch.from_numpy(rng.random((3, 1, 1))).float()
        images[index, :, y : y + h, x : x + w] = colour


def block_mask(images: Tensor, rng: np.random.Generator) -> Tensor:
    """Hide `MASK_SHARE` of the blocks of each image: what is there must come from context."""
    count, _, height, width = images.shape
    rows, columns = -(-height // MASK_BLOCK), -(-width // MASK_BLOCK)
    seen = torch.from_numpy(rng.random((count, 1, rows, columns)) >= MASK_SHARE).float()
    seen = seen.repeat_interleave(MASK_BLOCK, 2).repeat_interleave(MASK_BLOCK, 3)
    seen = seen[..., :height, :width]
    fill = FILL / 255
    return (images - fill) * seen + fill
