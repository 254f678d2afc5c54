"""A detector on another device or in mixed precision, seen from outside as ever.

Images go to the device, the network runs there under autocast, and outputs come back to where the
images were, in float32: batches, losses, adapters and decoding know nothing of devices.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from isthmus.detect.detector import Detections, Detector, QueryRaw, Raw, Targets
from isthmus.errors import ConfigError

Precision = Literal["float32", "bfloat16", "float16"]
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


class PlacedDetector(nn.Module):
    """A detector whose network runs on `device` in `precision`; see `placed`."""

    def __init__(self, detector: Detector, device: str, precision: Precision) -> None:
        super().__init__()
        assert isinstance(detector, nn.Module)
        self.inner = detector.to(device)
        self.device, self.precision = torch.device(device), precision
        self.name, self.classes, self.levels = detector.name, detector.classes, detector.levels
        self.options = detector.options

    def raw_and_features(self, images: Tensor) -> tuple[Raw, dict[str, Tensor]]:
        """What `raw` and `features` give, back on the images' device."""
        dtype = PRECISIONS[self.precision]
        with torch.autocast(self.device.type, dtype, enabled=dtype is not torch.float32):
            raw, features = self.inner.raw_and_features(images.to(self.device))

        def back(x: Tensor) -> Tensor:
            return x.float().to(images.device)

        heat, distance = back(raw.heat), back(raw.distance)
        features = {name: back(level) for name, level in features.items()}
        if isinstance(raw, QueryRaw):
            layers = tuple((back(logits), back(boxes)) for logits, boxes in raw.auxiliary)
            return QueryRaw(heat, distance, 0, raw.size, layers), features
        return Raw(heat, distance, raw.stride, raw.size), features

    def raw(self, images: Tensor) -> Raw:
        """Outputs, back on the images' device."""
        return self.raw_and_features(images)[0]

    def features(self, images: Tensor) -> dict[str, Tensor]:
        """Named levels, back on the images' device."""
        return self.raw_and_features(images)[1]

    def loss(
        self, raw: Raw, targets: Targets, *, image_weights: Tensor | None = None
    ) -> dict[str, Tensor]:
        """As of the detector within."""
        losses: dict[str, Tensor] = self.inner.loss(raw, targets, image_weights=image_weights)
        return losses

    def decode(self, raw: Raw, *, threshold: float = 0.05, limit: int = 100) -> list[Detections]:
        """As of the detector within."""
        found: list[Detections] = self.inner.decode(raw, threshold=threshold, limit=limit)
        return found


def placed(detector: Detector, device: str = "cpu", precision: Precision = "float32") -> Detector:
    """`detector` to run on `device` in `precision`; itself for the processor and full precision.

    Args:
        detector: is moved to the device.
        device: "cpu", "cuda", "cuda:1", "mps", …
        precision: of the network's arithmetic; weights, averages and losses stay float32. float16
            is without loss scaling: bfloat16 is the safe choice.

    Raises:
        ConfigError: no such device here, or no such precision.
    """
    if precision not in PRECISIONS:
        raise ConfigError(f"precision {precision!r}: one of {', '.join(PRECISIONS)} is expected")
    check_device(device)
    if torch.device(device).type == "cpu" and precision == "float32":
        return detector
    return PlacedDetector(detector, device, precision)


def check_device(device: str) -> None:
    """Try a device.

    Raises:
        ConfigError: there is none of this name here.
    """
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"device {device!r}: cannot be used here ({reason})") from error


def unplaced(detector: Detector) -> Detector:
    """The detector within, back on the processor: to be stored and run anywhere."""
    if isinstance(detector, PlacedDetector):
        inner: Detector = detector.inner.to("cpu")
        return inner
    return detector
