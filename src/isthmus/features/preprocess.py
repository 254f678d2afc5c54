"""What a network expects of its input: size, channel order, scale, mean and deviation.

One definition for torch and ONNX networks, so that the same options mean the same numbers:
``value = (pixel * scale - mean) / std`` for pixels 0–255, channels in the stated order.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from isthmus.errors import InputError
from isthmus.features.extractor import Images, Spec, nearest

Triple = tuple[float, float, float]

IMAGENET_MEAN: Triple = (0.485, 0.456, 0.406)
IMAGENET_STD: Triple = (0.229, 0.224, 0.225)
DEFAULT_SIZE = (224, 224)
OPTIONS = ("size", "scale", "mean", "std", "order")
SIDE_LIMIT = 8192


@dataclass(frozen=True)
class Preprocess:
    """How pixels become the input of a network.

    Attributes:
        size: (width, height) in pixels.
        scale: factor on pixel values 0–255.
        mean, std: per channel of `order`, after scaling; std > 0.
        order: "rgb" or "bgr".
    """

    size: tuple[int, int] = DEFAULT_SIZE
    scale: float = 1 / 255
    mean: Triple = IMAGENET_MEAN
    std: Triple = IMAGENET_STD
    order: str = "rgb"

    def __post_init__(self) -> None:
        values = (self.scale, *self.mean, *self.std)
        if not all(math.isfinite(v) for v in values) or min(self.std) <= 0 or self.scale == 0:
            raise InputError("preprocessing: scale, mean and std must be finite, std positive")
        if len(self.size) != 2 or not all(1 <= side <= SIDE_LIMIT for side in self.size):
            raise InputError(f"preprocessing: size {self.size} is not within 1–{SIDE_LIMIT} px")
        if self.order not in ("rgb", "bgr"):
            raise InputError(f"preprocessing: channel order {self.order!r} is not rgb or bgr")

    def apply(self, batch: Images) -> NDArray[np.float32]:
        """uint8 (n, h, w, 3) RGB → float32 (n, 3, h, w), contiguous."""
        check_batch(batch, self.size)
        channels = batch if self.order == "rgb" else batch[..., ::-1]
        values = np.ascontiguousarray(channels.transpose(0, 3, 1, 2), dtype=np.float32)
        values *= np.float32(self.scale)
        values -= np.asarray(self.mean, np.float32)[:, None, None]
        values /= np.asarray(self.std, np.float32)[:, None, None]
        return values

    def as_json(self) -> dict[str, object]:
        """JSON-like content for a fingerprint."""
        return {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(self).items()}


def check_batch(batch: Images, size: tuple[int, int]) -> None:
    """Raise `InputError` unless `batch` is uint8 (n, height, width, 3) for `size`."""
    width, height = size
    if batch.dtype != np.uint8 or batch.ndim != 4 or batch.shape[1:] != (height, width, 3):
        raise InputError(
            f"images of shape {batch.shape} and type {batch.dtype}: the extractor takes uint8 "
            f"(n, {height}, {width}, 3); read them with isthmus.data.images.read_resized"
        )


def from_options(spec: Spec, *, default_size: tuple[int, int] = DEFAULT_SIZE) -> Preprocess:
    """Preprocessing from the options ``size=WxH scale= mean=r,g,b std=r,g,b order=rgb|bgr``.

    Without scale, mean and std, those of ImageNet networks hold. As soon as one of them is
    given, the ones left out are neutral: scale 1, mean 0, std 1. Numbers may be fractions
    (``scale=1/255``), mean and std one number or three in the channel order of the network.
    """
    options = spec.options
    size = parse_size(spec, options.get("size"), default_size)
    order = options.get("order", "rgb")
    if order not in ("rgb", "bgr"):
        raise InputError(f"{spec.text}: order={order}{nearest(order, ('rgb', 'bgr'))}")
    if not {"scale", "mean", "std"} & set(options):
        if order == "rgb":
            return Preprocess(size)
        return Preprocess(size, mean=IMAGENET_MEAN[::-1], std=IMAGENET_STD[::-1], order=order)
    scale = _numbers(spec, options, "scale", "1", single=True)[0]
    mean = _numbers(spec, options, "mean", "0")
    std = _numbers(spec, options, "std", "1")
    if min(std) <= 0 or scale == 0:
        raise InputError(f"{spec.text}: std must be positive and scale not 0")
    return Preprocess(size, scale, mean, std, order)


def parse_size(spec: Spec, text: str | None, default: tuple[int, int]) -> tuple[int, int]:
    """``"320x240"`` → (320, 240); `default` for None."""
    if text is None:
        return default
    width, cross, height = text.lower().partition("x")
    if cross and width.isdecimal() and height.isdecimal():
        size = int(width), int(height)
        if all(1 <= side <= SIDE_LIMIT for side in size):
            return size
    raise InputError(f"{spec.text}: size={text} is not WIDTHxHEIGHT in pixels (as in 320x240)")


def _numbers(
    spec: Spec, options: Mapping[str, str], name: str, default: str, *, single: bool = False
) -> Triple:
    text = options.get(name, default)
    try:
        values = [float(Fraction(part.strip())) for part in text.split(",")]
    except (ValueError, ZeroDivisionError, OverflowError):
        values = []
    if len(values) == 1:
        values *= 3
    elif single:
        values = []
    if len(values) != 3:
        count = "one number" if single else "one number or three"
        raise InputError(f"{spec.text}: {name}={text} is not {count} (as in 0.5 or 1/255)")
    return values[0], values[1], values[2]
