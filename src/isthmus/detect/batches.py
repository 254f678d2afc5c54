"""From stored samples to a batch of tensors."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from isthmus.detect.detector import Targets
from isthmus.detect.samples import Images, Samples


@dataclass(frozen=True)
class Batch:
    """Images float32 (b, 3, h, w) in [0, 1] and the objects in them."""

    images: Tensor
    targets: Targets

    def with_images(self, images: Tensor) -> Batch:
        """The same objects on other pixels."""
        return replace(self, images=images)

    def joined(self, other: Batch) -> Batch:
        """These images followed by `other`'s."""
        a, b = self.targets, other.targets
        targets = Targets(
            torch.cat([a.boxes, b.boxes]),
            torch.cat([a.labels, b.labels]),
            torch.cat([a.ignore, b.ignore]),
            torch.cat([a.image, b.image + len(self.images)]),
            torch.cat([a.weights, b.weights]),
        )
        return Batch(torch.cat([self.images, other.images]), targets)


def image_tensor(images: Images, indices: np.ndarray) -> Tensor:
    """float32 (b, 3, h, w) in [0, 1]."""
    chosen = np.ascontiguousarray(images.pixels[np.asarray(indices)].transpose(0, 3, 1, 2))
    return torch.from_numpy(chosen).float().div_(255)


def no_targets() -> Targets:
    """Targets of images without objects."""
    return Targets.of(
        torch.zeros(0, 4),
        torch.zeros(0, dtype=torch.long),
        torch.zeros(0, dtype=torch.bool),
        torch.zeros(0, dtype=torch.long),
    )


def labelled_batch(samples: Samples, indices: np.ndarray) -> Batch:
    """Images and objects at `indices`."""
    rows = [np.arange(samples.offsets[i], samples.offsets[i + 1]) for i in indices]
    image = np.repeat(np.arange(len(indices)), [len(row) for row in rows])
    row = np.concatenate(rows) if rows else np.zeros(0, int)
    targets = Targets.of(
        torch.from_numpy(samples.boxes[row]),
        torch.from_numpy(samples.labels[row]),
        torch.from_numpy(samples.ignore[row]),
        torch.from_numpy(image),
    )
    return Batch(image_tensor(samples.images, indices), targets)
