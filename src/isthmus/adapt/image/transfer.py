"""Training on source images that were given the look of target images."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from torch import Tensor

from isthmus.adapt.adapter import Adapted, Level, Task
from isthmus.detect.batches import image_tensor
from isthmus.detect.objectives import ImageHook, images_digest
from isthmus.detect.samples import Images

SHARE = 0.7

Style = Callable[[Images], ImageHook]
"""From target images to a change of look of source images."""
Transfer = Callable[[Tensor, Tensor, np.random.Generator], Tensor]
"""(source batch, target batch, generator) → source batch in the look of the target."""


def random_pairs(transfer: Transfer, target: Images, share: float = SHARE) -> ImageHook:
    """A hook that gives a `share` of each batch the look of target images drawn at random."""

    def hook(images: Tensor, rng: np.random.Generator) -> Tensor:
        chosen = np.flatnonzero(rng.random(len(images)) < share)
        if not len(chosen):
            return images
        styles = image_tensor(target, rng.integers(0, len(target), len(chosen)))
        changed = images.clone()
        changed[chosen] = transfer(images[chosen], styles, rng)
        return changed

    return hook


class TransferAdapter:
    """An adapter that trains on source images in the look of the target.

    Attributes:
        name, label: for machines and for people.
        style: change of look of the source images.
    """

    name: str
    label: str
    style: Style
    level: Level = "image"
    needs = frozenset({"source.images", "source.labels", "target.images"})

    def fit(self, task: Task) -> Adapted:
        """Fair source training, spent on source images whose look `style` has changed."""
        objective = task.supervised(self.style, f"{self.name}:{images_digest(task.target)}")
        return task.train(objective, self.name)
