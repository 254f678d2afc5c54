"""The one interface of all detectors, their registry, and how they are stored.

Adapters, training and scoring touch a detector through `Detector` alone, so that a pretrained
network can stand in for the compact one. Images are float32 (b, 3, h, w) in [0, 1], RGB, in
sRGB encoding as decoded; each detector normalises inside. Boxes are half-open xyxy in pixels of
the image given.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError  # raised by torch.load; nothing is pickled here
from typing import Any, Protocol, Self

import numpy as np
import torch
from torch import Tensor, nn

from isthmus.errors import ConfigError, InputError
from isthmus.files import canonical_json, write_bytes

STATE_SCHEMA = "isthmus.detector/1"
ANY_CLASS = -1


@dataclass(frozen=True)
class Raw:
    """Dense outputs before decoding.

    Attributes:
        heat: logits (b, classes, h, w): is the centre of an object of this class here?
        distance: (b, 4, h, w), positive distances in pixels from the cell's centre to the left,
            top, right and bottom edge of the object.
        stride: pixels per cell; cell (i, j) has its centre at (stride·(j+½), stride·(i+½)).
        size: (height, width) in pixels of the images.
    """

    heat: Tensor
    distance: Tensor
    stride: int
    size: tuple[int, int]

    def part(self, start: int, stop: int) -> Raw:
        """Outputs of the images from `start` to before `stop`."""
        here = slice(start, stop)
        return Raw(self.heat[here], self.distance[here], self.stride, self.size)


@dataclass(frozen=True)
class QueryRaw(Raw):
    """Outputs of a detector that gives a set of boxes: a map of one column, a query a row.

    Attributes:
        heat: logits (b, classes, q, 1).
        distance: (b, 4, q, 1), here the corners x1, y1, x2, y2 in pixels. stride: 0.
        auxiliary: (logits (b, q, classes), corners (b, q, 4)) of earlier layers, for the loss.
    """

    auxiliary: tuple[tuple[Tensor, Tensor], ...] = ()

    @classmethod
    def of(
        cls,
        logits: Tensor,
        boxes: Tensor,
        size: tuple[int, int],
        auxiliary: tuple[tuple[Tensor, Tensor], ...] = (),
    ) -> QueryRaw:
        """From logits (b, q, classes) and corners (b, q, 4) in pixels."""
        heat, corners = (x.transpose(1, 2)[..., None] for x in (logits, boxes))
        return cls(heat, corners, 0, size, auxiliary)

    @property
    def logits(self) -> Tensor:
        """Logits (b, q, classes)."""
        return self.heat[..., 0].transpose(1, 2)

    @property
    def boxes(self) -> Tensor:
        """Corners (b, q, 4) xyxy in pixels."""
        return self.distance[..., 0].transpose(1, 2)

    def part(self, start: int, stop: int) -> QueryRaw:
        """Outputs of the images from `start` to before `stop`."""
        here = slice(start, stop)
        layers = tuple((logits[here], boxes[here]) for logits, boxes in self.auxiliary)
        return QueryRaw(self.heat[here], self.distance[here], 0, self.size, layers)


@dataclass(frozen=True)
class Targets:
    """Objects of a batch of images, all in one list.

    Attributes:
        boxes: float32 (k, 4) xyxy in pixels.
        labels: int64 (k,) class index; `ANY_CLASS` (only with ignore) stands for all classes.
        ignore: bool (k,); inside an ignored box its class gives no loss, positive or negative.
        image: int64 (k,) index of the image within the batch.
        weights: float32 (k,) in [0, 1]: how sure the object is; 1 for annotations.
    """

    boxes: Tensor
    labels: Tensor
    ignore: Tensor
    image: Tensor
    weights: Tensor

    @classmethod
    def of(
        cls,
        boxes: Tensor,
        labels: Tensor,
        ignore: Tensor,
        image: Tensor,
        weights: Tensor | None = None,
    ) -> Targets:
        """Targets with weight 1 unless given."""
        ones = torch.ones(len(boxes)) if weights is None else weights
        return cls(boxes, labels, ignore, image, ones)


@dataclass(frozen=True)
class Detections:
    """What was found in one image, best first.

    Attributes:
        boxes: float32 (k, 4) xyxy in pixels.
        scores: float32 (k,) in [0, 1].
        labels: int64 (k,) class index.
    """

    boxes: np.ndarray
    scores: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.scores)

    def above(self, threshold: float) -> Detections:
        """Those with a score above `threshold`."""
        keep = self.scores > threshold
        return Detections(self.boxes[keep], self.scores[keep], self.labels[keep])


class Detector(Protocol):
    """What training, scoring and every adapter may ask of a detector (a torch module)."""

    name: str
    classes: tuple[str, ...]
    options: Mapping[str, Any]
    levels: tuple[str, ...]
    training: bool

    def raw(self, images: Tensor) -> Raw:
        """Dense outputs for float32 (b, 3, h, w) in [0, 1]; needed for soft teaching."""
        ...

    def loss(
        self, raw: Raw, targets: Targets, *, image_weights: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Named scalar losses; their sum is minimised. `image_weights`: (b,)."""
        ...

    def decode(self, raw: Raw, *, threshold: float = 0.05, limit: int = 100) -> list[Detections]:
        """Objects of each image, best first, at most `limit`."""
        ...

    def features(self, images: Tensor) -> dict[str, Tensor]:
        """Named levels, each (b, c, h', w'), in the order of `levels`."""
        ...

    def raw_and_features(self, images: Tensor) -> tuple[Raw, dict[str, Tensor]]:
        """What `raw` and `features` give, for the cost of one."""
        ...

    def train(self, mode: bool = True) -> Self:
        """Switch to training mode (batch statistics) or back."""
        ...

    def eval(self) -> Self:
        """Switch to evaluation mode."""
        ...

    def parameters(self) -> Iterator[nn.Parameter]:
        """Trainable tensors."""
        ...

    def modules(self) -> Iterator[nn.Module]:
        """All parts, for adapters that look for normalisation layers."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Weights and statistics by name."""
        ...

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> Any:
        """Take weights and statistics."""
        ...


def _compact(classes: tuple[str, ...], seed: int, options: Mapping[str, Any]) -> Detector:
    from isthmus.detect.compact import CompactDetector

    return CompactDetector(classes, seed=seed, **options)


def _hub(classes: tuple[str, ...], seed: int, options: Mapping[str, Any]) -> Detector:
    from isthmus.detect.hub import HubDetector

    return HubDetector(classes, seed=seed, **options)


DETECTORS: dict[str, Callable[[tuple[str, ...], int, Mapping[str, Any]], Detector]] = {
    "compact": _compact,
    "hf": _hub,
}
HUB_PREFIX = "hf:"


def build_detector(name: str, classes: tuple[str, ...], *, seed: int, **options: Any) -> Detector:
    """A new detector, its new weights drawn from `seed`.

    Args:
        name: in `DETECTORS`, or ``hf:FOLDER_OR_NAME``: a pretrained model of transformers.
        classes: what is to be found.
        seed: of new weights.
        options: of the detector.

    Raises:
        ConfigError: unknown name or option, or no classes.
    """
    if name.startswith(HUB_PREFIX):
        name, options = "hf", {"source": name.removeprefix(HUB_PREFIX)}
    if name not in DETECTORS:
        raise ConfigError(f"detector {name!r}: unknown; there is {', '.join(sorted(DETECTORS))}")
    if not classes or len(set(classes)) != len(classes):
        raise ConfigError(f"detector {name!r}: needs distinct classes, got {list(classes)}")
    try:
        return DETECTORS[name](tuple(classes), seed, options)
    except TypeError as error:
        raise ConfigError(f"detector {name!r}: wrong options {options} ({error})") from error


def tensor_bytes(content: Mapping[str, Any]) -> bytes:
    """Plain tensors, numbers and text as one file's bytes; equal content gives equal bytes."""
    buffer = io.BytesIO()
    torch.save(dict(content), buffer)
    return buffer.getvalue()


def read_tensors(path: Path) -> dict[str, Any]:
    """Read what `tensor_bytes` wrote; nothing in the file is ever executed.

    Raises:
        InputError: missing, cut off, or not such a file.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, RuntimeError, EOFError, ValueError, UnpicklingError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{path}: not a readable file of weights ({reason})") from error
    if not isinstance(content, dict):
        raise InputError(f"{path}: not a file of weights (holds a {type(content).__name__})")
    return content


def save_detector(
    path: Path, detector: Detector, *, about: Mapping[str, Any] | None = None
) -> None:
    """Write weights and how to build the detector, whole or not at all.

    `about` is any JSON-like note kept beside them.
    """
    meta = {
        "schema": STATE_SCHEMA,
        "name": detector.name,
        "classes": list(detector.classes),
        "options": dict(detector.options),
        "about": dict(about or {}),
    }
    weights = {key: value.detach().contiguous() for key, value in detector.state_dict().items()}
    write_bytes(path, tensor_bytes({"meta": canonical_json(meta), "weights": weights}))


def load_detector(path: Path) -> Detector:
    """A detector as `save_detector` wrote it, in evaluation mode.

    Raises:
        InputError: missing, damaged or of another kind.
    """
    content = read_tensors(path)
    try:
        meta = json.loads(content["meta"])
        schema = meta["schema"]
        if schema != STATE_SCHEMA:
            raise InputError(f"{path}: schema {schema!r}, expected {STATE_SCHEMA!r}")
        detector = build_detector(meta["name"], tuple(meta["classes"]), seed=0, **meta["options"])
        detector.load_state_dict(content["weights"])
    except (KeyError, TypeError, ValueError, RuntimeError, ConfigError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: not a detector of isthmus ({reason})") from error
    return detector.eval()
