"""A small dense anchor-free detector in pure torch, made to train on a laptop's processor.

A residual trunk (strides 2, 4, 8, 16) with a top-down path to one map of stride 4, where each
cell says whether an object's centre is here and how far its edges are. Centres as Gaussian
peaks with the penalty-reduced focal loss: Zhou et al., "Objects as Points" (2019), eq. 1.
Distances to the four edges with the generalised IoU loss: Tian et al., "FCOS" (2019), and
Rezatofighi et al. (2019).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from isthmus import seeds
from isthmus.detect.boxes import decode_dense
from isthmus.detect.detector import Detections, Raw, Targets
from isthmus.detect.losses import dense_loss
from isthmus.detect.targets import dense_targets
from isthmus.errors import ConfigError

STRIDE = 4
MULTIPLE = 16
MEAN, SPREAD = 0.45, 0.25
PRIOR_LOGIT = -4.0
LARGEST_LOG_DISTANCE = 6.0


def _convolution(inside: int, outside: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, stride, 1, bias=False),
        nn.BatchNorm2d(outside),
        nn.ReLU(inplace=True),
    )


class _Residual(nn.Module):
    def __init__(self, inside: int, outside: int, stride: int) -> None:
        super().__init__()
        self.first = _convolution(inside, outside, stride)
        self.second = nn.Sequential(
            nn.Conv2d(outside, outside, 3, 1, 1, bias=False), nn.BatchNorm2d(outside)
        )
        self.skip: nn.Module = nn.Identity()
        if inside != outside or stride != 1:
            self.skip = nn.Sequential(
                nn.Conv2d(inside, outside, 1, stride, bias=False), nn.BatchNorm2d(outside)
            )

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.second(self.first(x)) + self.skip(x), inplace=True)


class CompactDetector(nn.Module):
    """Dense detector of 0.1–2 M parameters for images of any size.

    Args:
        classes: names, in the order of the heat map's channels.
        seed: of the initial weights.
        width: channels of the stem, 8–32; all others are multiples of it.
        depth: further residual blocks at stride 16 (0–4), for a wider view.
    """

    name = "compact"
    levels: tuple[str, ...] = ("stem", "c1", "c2", "c3", "neck")

    def __init__(
        self, classes: tuple[str, ...], *, seed: int, width: int = 8, depth: int = 1
    ) -> None:
        super().__init__()
        if not (4 <= width <= 64 and 0 <= depth <= 8):
            raise ConfigError(
                f"compact detector: width {width} and depth {depth}; "
                "width is 4–64 (usual 8–32), depth 0–8"
            )
        self.classes = tuple(classes)
        self.options: Mapping[str, Any] = {"width": width, "depth": depth}
        # torch layers draw weights from the global generator as they are built; it is put back.
        with torch.random.fork_rng(devices=[]):
            self._build(width, depth)
        self._draw_weights(seed)

    def _build(self, width: int, depth: int) -> None:
        w, neck = width, 4 * width if width <= 8 else 3 * width
        self.stem = _convolution(3, w, 2)
        self.c1 = _Residual(w, 2 * w, 2)
        self.c2 = _Residual(2 * w, 4 * w, 2)
        self.c3 = nn.Sequential(
            _Residual(4 * w, 8 * w, 2), *(_Residual(8 * w, 8 * w, 1) for _ in range(depth))
        )
        self.from_c3 = nn.Conv2d(8 * w, neck, 1)
        self.from_c2 = nn.Conv2d(4 * w, neck, 1)
        self.from_c1 = nn.Conv2d(2 * w, neck, 1)
        self.neck = _convolution(neck, neck)
        self.tower = _convolution(neck, neck)
        self.out = nn.Conv2d(neck, len(self.classes) + 4, 1)

    def _draw_weights(self, seed: int) -> None:
        """He initialisation from one seeded generator; the global one stays untouched."""
        generator = torch.Generator().manual_seed(seeds.integer(seed, "compact", "weights"))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        with torch.no_grad():
            self.out.weight.mul_(0.1)
            assert self.out.bias is not None
            self.out.bias[: len(self.classes)] = PRIOR_LOGIT
            self.out.bias[len(self.classes) :] = 1.0

    def _levels(self, images: Tensor) -> dict[str, Tensor]:
        height, width = images.shape[-2:]
        x = (images - MEAN) / SPREAD
        x = functional.pad(x, (0, -width % MULTIPLE, 0, -height % MULTIPLE))
        stem = self.stem(x)
        c1 = self.c1(stem)
        c2 = self.c2(c1)
        c3 = self.c3(c2)
        top = functional.interpolate(self.from_c3(c3), scale_factor=2) + self.from_c2(c2)
        top = functional.interpolate(top, scale_factor=2) + self.from_c1(c1)
        return {"stem": stem, "c1": c1, "c2": c2, "c3": c3, "neck": self.neck(top)}

    def features(self, images: Tensor) -> dict[str, Tensor]:
        """Named levels, each (b, c, h', w'); those of padding are included."""
        return self._levels(images)

    def raw(self, images: Tensor) -> Raw:
        """Heat logits and distances at stride 4, cropped to the images' size."""
        return self.raw_and_features(images)[0]

    def raw_and_features(self, images: Tensor) -> tuple[Raw, dict[str, Tensor]]:
        """What `raw` and `features` give, for the cost of one."""
        height, width = images.shape[-2:]
        levels = self._levels(images)
        out = self.out(self.tower(levels["neck"]))
        out = out[:, :, : -(-height // STRIDE), : -(-width // STRIDE)]
        count = len(self.classes)
        distance = STRIDE * torch.exp(out[:, count:].clamp(max=LARGEST_LOG_DISTANCE))
        return Raw(out[:, :count], distance, STRIDE, (height, width)), levels

    def forward(self, images: Tensor) -> Raw:
        """Same as `raw`."""
        return self.raw(images)

    def loss(
        self, raw: Raw, targets: Targets, *, image_weights: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Focal loss of the centres and generalised IoU loss of the boxes, per object."""
        dense = dense_targets(targets, raw)
        if image_weights is not None:
            dense = dense.scaled(image_weights)
        return dense_loss(raw, dense)

    def decode(self, raw: Raw, *, threshold: float = 0.05, limit: int = 100) -> list[Detections]:
        """Peaks of the heat map, after suppression of overlapping boxes of the same class."""
        return decode_dense(raw, threshold=threshold, limit=limit)
