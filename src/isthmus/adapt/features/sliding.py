"""Test time: normalisation statistics that follow the images as they come.

A camera that drives into fog or dusk meets a target that nobody collected. The statistics of batch
normalisation can be re-estimated while detecting, over a sliding window of the last images, and
blended with those of training: ``N/(N+n)`` of the source's for n images in the window (Schneider et
al., "Improving robustness against common corruptions by covariate shift adaptation", NeurIPS 2020,
eq. 2). No weight is trained, so nothing can collapse; an image is detected with what was seen up to
and including it, never with what comes later.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from isthmus.adapt.features.adabn import normalisation_layers
from isthmus.detect.batches import image_tensor
from isthmus.detect.detector import Detections, Detector
from isthmus.detect.evaluate import LIMIT, THRESHOLD, to_original
from isthmus.detect.samples import Images
from isthmus.errors import ConfigError

WINDOW = 32
SOURCE_WEIGHT = 16.0


@dataclass(frozen=True)
class _Moments:
    """Mean and mean square of one image per channel, float64 (c,)."""

    mean: Tensor
    square: Tensor


class _Layer:
    """One normalisation layer: the source's statistics and those of the last images."""

    def __init__(self, layer: nn.BatchNorm2d, window: int) -> None:
        assert layer.running_mean is not None
        assert layer.running_var is not None
        self.layer = layer
        self.mean = layer.running_mean.double().clone()
        self.square = layer.running_var.double() + self.mean.square()
        self.seen: deque[_Moments] = deque(maxlen=window)
        layer.register_forward_pre_hook(self._look)

    def _look(self, layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        """Add the images that enter, then set the statistics that they are normalised by."""
        x = inputs[0].double()
        means, squares = x.mean((2, 3)), x.square().mean((2, 3))
        self.seen.extend(_Moments(m, s) for m, s in zip(means, squares, strict=True))
        count = len(self.seen)
        share = count / (count + SOURCE_WEIGHT)
        mean = torch.stack([one.mean for one in self.seen]).mean(0)
        square = torch.stack([one.square for one in self.seen]).mean(0)
        mean = torch.lerp(self.mean, mean, share)
        variance = torch.lerp(self.square, square, share) - mean.square()
        assert self.layer.running_mean is not None
        assert self.layer.running_var is not None
        self.layer.running_mean.copy_(mean)
        self.layer.running_var.copy_(variance.clamp(min=0))


class SlidingAdaBN:
    """A detector whose statistics follow a stream of images.

    Args:
        detector: a copy is taken; it stays as it is.
        window: images that the statistics rest on.

    Raises:
        TrainingError: the detector has no batch normalisation with running statistics.
        ConfigError: window below 1.
    """

    def __init__(self, detector: Detector, *, window: int = WINDOW) -> None:
        if window < 1:
            raise ConfigError(f"sliding AdaBN: a window of {window} images; 1 or more are needed")
        self.detector = copy.deepcopy(detector).eval()
        for layer in normalisation_layers(self.detector):
            _Layer(layer, window)

    @torch.no_grad()
    def detect(self, image: Tensor, *, threshold: float = THRESHOLD) -> Detections:
        """Objects of the next image, float32 (3, h, w) in [0, 1]; the statistics move on."""
        raw = self.detector.raw(image[None])
        return self.detector.decode(raw, threshold=threshold, limit=LIMIT)[0]

    def stream(self, images: Images, *, threshold: float = THRESHOLD) -> Iterator[Detections]:
        """Detections of image after image, in order, boxes in pixels of the originals."""
        for index in range(len(images)):
            image = image_tensor(images, np.array([index]))[0]
            yield to_original(self.detect(image, threshold=threshold), images, index)
