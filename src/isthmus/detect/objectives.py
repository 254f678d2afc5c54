"""Learning from labelled samples: the objective of all source-only arms and of the oracle."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from torch import Tensor

from isthmus import seeds
from isthmus.detect.augmentations import strong, weak
from isthmus.detect.batches import Batch, labelled_batch
from isthmus.detect.samples import Images, Samples
from isthmus.detect.train import State
from isthmus.errors import TrainingError
from isthmus.files import digest_of

ImageHook = Callable[[Tensor, np.random.Generator], Tensor]
"""Changes the look of a batch of images (b, 3, h, w) in [0, 1], never where things are."""


class Order:
    """Which samples a step uses: whole passes in random order, by seed and step alone."""

    def __init__(self, count: int, batch: int, seed: int, name: str) -> None:
        self.count, self.batch, self.seed, self.name = count, batch, seed, name

    def __call__(self, step: int) -> np.ndarray:
        """Indices of the batch of `step`, int64 (batch,)."""
        places = np.arange(step * self.batch, (step + 1) * self.batch)
        rounds = places // self.count
        chosen = np.empty(len(places), int)
        for turn in np.unique(rounds):
            rng = seeds.generator(self.seed, "order", self.name, int(turn))
            here = rounds == turn
            chosen[here] = rng.permutation(self.count)[places[here] % self.count]
        return chosen


class Supervised:
    """Detector loss on labelled samples, weakly or strongly augmented.

    Args:
        samples: labelled images.
        batch: images a step.
        seed: decides the order of the samples.
        strong_changes: change appearance strongly, or only move objects.
        hook: image-level change before the strong ones, such as a transfer of style.
        extra: further samples (generated ones) of which each batch holds `extra_share`.
    """

    def __init__(
        self,
        samples: Samples,
        *,
        batch: int,
        seed: int,
        strong_changes: bool = True,
        hook: ImageHook | None = None,
        hook_fingerprint: str = "",
        extra: Samples | None = None,
        extra_share: float = 0.0,
    ) -> None:
        require_boxes(samples)
        self.samples = samples
        self.extra = extra
        from_extra = 0 if extra is None else min(batch - 1, round(batch * extra_share))
        self._order = Order(len(samples), batch - from_extra, seed, "source")
        self._extra_order = Order(len(extra) if extra else 1, from_extra, seed, "extra")
        self._strong, self._hook = strong_changes, hook
        self._settings = [batch, seed, strong_changes, from_extra, hook_fingerprint]

    @property
    def fingerprint(self) -> str:
        """Digest of samples and settings."""
        extra = samples_digest(self.extra) if self.extra else ""
        return digest_of([samples_digest(self.samples), extra, self._settings])

    def losses(self, state: State, rng: np.random.Generator) -> dict[str, Tensor]:
        """Losses of one batch."""
        batch = self.batch(state.step, rng)
        return state.student.loss(state.student.raw(batch.images), batch.targets)

    def batch(self, step: int, rng: np.random.Generator) -> Batch:
        """The augmented batch of `step`."""
        batch = labelled_batch(self.samples, self._order(step))
        if self.extra is not None and self._extra_order.batch:
            batch = batch.joined(labelled_batch(self.extra, self._extra_order(step)))
        batch = weak(batch, rng)
        images = batch.images if self._hook is None else self._hook(batch.images, rng)
        if self._strong:
            images = strong(images, rng)
        return batch.with_images(images)

    def after_step(self, state: State) -> None:
        """Nothing to watch over."""

    def memory(self) -> dict[str, Any]:
        """Nothing to remember."""
        return {}

    def recall(self, memory: Mapping[str, Any]) -> None:
        """Nothing to recall."""


def require_boxes(samples: Samples) -> None:
    """Refuse samples in which a class has no box to learn from."""
    missing = [name for name, count in samples.counts().items() if count == 0]
    if missing:
        raise TrainingError(
            f"the source has no box of {', '.join(missing)} in {len(samples)} images: a class "
            "cannot be learnt from nothing. Add labelled images that show it, map a category to "
            "it"
        )


def images_digest(images: Images) -> str:
    """SHA-256 of the pixels at training size."""
    digest = hashlib.sha256(str(images.pixels.shape).encode())
    for picture in images.pixels:
        digest.update(np.ascontiguousarray(picture).tobytes())
    return digest.hexdigest()


def samples_digest(samples: Samples) -> str:
    """SHA-256 of pixels and labels."""
    digest = hashlib.sha256(images_digest(samples.images).encode())
    for array in (samples.boxes, samples.labels, samples.ignore, samples.offsets):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
