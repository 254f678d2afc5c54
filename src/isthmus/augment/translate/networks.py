"""The networks of unpaired translation, small enough to train on a processor.

Nothing in the generator looks at a picture as a whole: features are normalised place by place
(Karras et al., "Progressive Growing of GANs", ICLR 2018, section 4.2), so that what was trained
on crops does the same on frames of any size. The picture is changed by a gain and an offset at
each pixel: fine detail is carried through, it need not be drawn again. Discriminator: Isola et
al., "Image-to-Image Translation with Conditional Adversarial Networks" (PatchGAN, CVPR 2017).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from isthmus import seeds

MULTIPLE = 4
SLOPE = 0.2
KNOTS = 33
"""Places of a curve of values, evenly spread over [0, 1]."""


class PixelNorm(nn.Module):
    """Each place's features divided by their root mean square over channels."""

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) → the same shape."""
        size: Tensor = x.square().mean(1, keepdim=True) + 1e-6
        scaled: Tensor = x * torch.rsqrt(size)
        return scaled


def _convolution(inside: int, outside: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inside, outside, 3, stride, 1, padding_mode="reflect")


def through_curve(images: Tensor, curve: Tensor) -> Tensor:
    """Images (b, 3, h, w) in [0, 1], each channel through its curve (3, KNOTS)."""
    scaled = images.clamp(0, 1) * (KNOTS - 1)
    below = scaled.detach().long().clamp(max=KNOTS - 2)
    table = curve.expand(len(images), -1, -1)
    low = table.gather(2, below.flatten(2)).view_as(images)
    high = table.gather(2, below.flatten(2) + 1).view_as(images)
    return low + (scaled - below) * (high - low)


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = PixelNorm()
        self.first, self.second = _convolution(width, width), _convolution(width, width)

    def forward(self, x: Tensor) -> Tensor:
        inner: Tensor = self.second(functional.leaky_relu(self.first(self.norm(x)), SLOPE))
        return x + inner


class Generator(nn.Module):
    """Picture in, picture out; float32 (b, 3, h, w), nominally in [0, 1], any h, w ≥ 16.

    Args:
        width: channels at half resolution, twice as many at a quarter.
        blocks: residual blocks at a quarter of the resolution.

    With new weights it gives each channel through `curve`, (3, KNOTS): no change unless it is set.
    """

    def __init__(self, width: int = 32, blocks: int = 4) -> None:
        super().__init__()
        self.stem = _convolution(12, width)
        self.down = _convolution(width, 2 * width, 2)
        self.blocks = nn.ModuleList(_Residual(2 * width) for _ in range(blocks))
        self.up = _convolution(2 * width, width)
        self.head = _convolution(width + 3, 16)
        self.out = nn.Conv2d(16, 6, 1)
        self.norm = PixelNorm()
        self.curve: Tensor
        self.register_buffer("curve", torch.linspace(0, 1, KNOTS).repeat(3, 1))

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of the levels that `encode` gives."""
        width = self.stem.out_channels
        return (width, 2 * width, 2 * width, 2 * width)

    def encode(self, images: Tensor) -> list[Tensor]:
        """Levels at 1/2, 1/4, 1/4 and 1/4 of the resolution: stem, down, middle and last block."""
        x = functional.pixel_unshuffle(2 * images - 1, 2)
        stem = functional.leaky_relu(self.stem(x), SLOPE)
        x = functional.leaky_relu(self.down(self.norm(stem)), SLOPE)
        levels = [stem, x]
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in (len(self.blocks) // 2 - 1, len(self.blocks) - 1):
                levels.append(x)
        return levels

    def forward(self, images: Tensor) -> Tensor:
        """The picture translated; values may leave [0, 1] a little."""
        height, width = images.shape[-2:]
        padding = (0, -width % MULTIPLE, 0, -height % MULTIPLE)
        x = functional.pad(images, padding, mode="reflect")
        deep = functional.interpolate(self.norm(self.encode(x)[-1]), scale_factor=2)
        fine = functional.leaky_relu(self.up(deep), SLOPE)
        fine = functional.interpolate(self.norm(fine), scale_factor=2)
        head = functional.leaky_relu(self.head(torch.cat([fine, 2 * x - 1], 1)), SLOPE)
        gain, offset = self.out(head).chunk(2, 1)
        changed = through_curve(x, self.curve) * (1 + gain) + offset
        cropped: Tensor = changed[..., :height, :width]
        return cropped


class Discriminator(nn.Module):
    """A logit for each patch: is it of the target? Patches overlap and see about 46 pixels.

    A fourth input channel says at what height of the frame a patch lies: sky is compared with
    sky, road with road, so that a difference in layout is no reason to turn one into the other.
    """

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            [
                nn.Conv2d(4, width, 4, 2, 1),
                nn.Conv2d(width, 2 * width, 4, 2, 1),
                nn.Conv2d(2 * width, 4 * width, 4, 2, 1),
                nn.Conv2d(4 * width, 1, 3, 1, 1),
            ]
        )
        self.norm = PixelNorm()

    def forward(self, images: Tensor, rows: Tensor) -> Tensor:
        """Logits (b, 1, h', w') of images (b, 3, h, w) and their rows (b, h) in [0, 1]."""
        height, width = images.shape[-2:]
        place = rows[:, None, :, None].expand(-1, 1, height, width)
        x = 2 * torch.cat([images, place], 1) - 1
        for index, layer in enumerate(self.layers[:-1]):
            x = functional.leaky_relu(layer(x), SLOPE)
            x = self.norm(x) if index else x
        out: Tensor = self.layers[-1](x)
        return out


class Projections(nn.Module):
    """A small perceptron for each level, to unit vectors (Park et al. 2020, the network F_l)."""

    def __init__(self, widths: tuple[int, ...], size: int = 64) -> None:
        super().__init__()
        self.levels = nn.ModuleList(
            nn.Sequential(nn.Linear(width, size), nn.ReLU(), nn.Linear(size, size))
            for width in widths
        )

    def forward(self, level: int, vectors: Tensor) -> Tensor:
        """(b, s, c) → unit vectors (b, s, size)."""
        return functional.normalize(self.levels[level](vectors), dim=-1)


class Reader(nn.Module):
    """Reads classes off a picture: logits (b, classes + 1, h/4, w/4), channel 0 background."""

    def __init__(self, classes: int, width: int = 32) -> None:
        super().__init__()
        self.first, self.second = _convolution(48, width), _convolution(width, width)
        self.third = nn.Conv2d(width, width, 3, 1, 2, dilation=2)
        self.out = nn.Conv2d(width, classes + 1, 1)
        self.norm = PixelNorm()

    def forward(self, images: Tensor) -> Tensor:
        """Logits of images (b, 3, h, w), h and w multiples of 4."""
        x = functional.pixel_unshuffle(2 * images - 1, 4)
        for layer in (self.first, self.second, self.third):
            x = self.norm(functional.leaky_relu(layer(x), SLOPE))
        out: Tensor = self.out(x)
        return out


def draw_weights(module: nn.Module, seed: int, name: str) -> None:
    """He initialisation from one seeded generator; the global one stays untouched."""
    generator = torch.Generator().manual_seed(seeds.integer(seed, "translate", name, "weights"))
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(part.weight, a=SLOPE, generator=generator)
            if part.bias is not None:
                nn.init.zeros_(part.bias)
    if isinstance(module, Generator):
        nn.init.zeros_(module.out.weight)
        for block in module.blocks:
            block.second.weight.data.mul_(0.1)  # type: ignore[union-attr,operator]
