"""Image-level methods by name, each usable alone: `fit` to target images, `transform` others."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from isthmus import seeds
from isthmus.errors import ConfigError, InputError
from isthmus.files import digest_of, file_digest

if TYPE_CHECKING:
    from isthmus.adapt.image.transfer import Transfer

STYLES: dict[str, str] = {
    "fda": "fda:transfer",
    "reinhard": "reinhard:transfer",
    "histogram": "histogram:transfer",
    "ot": "optimal_transport:sliced_transport",
}
"""Name → module in this folder and function (source batch, target batch, rng) → batch."""


class ImageStyle:
    """One image-level method with the images whose look it gives.

    Args:
        method: a name in `STYLES`.
        seed: decides which target image each image takes its look from.

    Raises:
        ConfigError: there is no such method.
    """

    def __init__(self, method: str, *, seed: int = 0) -> None:
        if method not in STYLES:
            raise ConfigError(f"method {method!r}: unknown; there is {', '.join(STYLES)}")
        self.method, self.seed = method, seed
        self.looks: tuple[Path, ...] = ()

    def fit(self, images: Sequence[Path]) -> Self:
        """Take the look of these image files; they are read when they are needed.

        Raises:
            InputError: there are none.
        """
        if not images:
            raise InputError(f"{self.method}: at least one target image is needed to take a look")
        self.looks = tuple(images)
        return self

    @cached_property
    def fingerprint(self) -> str:
        """Digest of everything that decides the pictures."""
        return digest_of([self.method, self.seed, [file_digest(look) for look in self.looks]])

    def look_for(self, name: str) -> Path:
        """The target image that the image of this name takes its look from."""
        if not self.looks:
            raise InputError(f"{self.method}: `fit` it to target images first")
        rng = seeds.generator(self.seed, "look", self.method, name)
        return self.looks[int(rng.integers(len(self.looks)))]

    def transform(self, image: np.ndarray, name: str) -> np.ndarray:
        """An image (h, w, 3) uint8 in the look of a target image; `name` decides which."""
        rng = seeds.generator(self.seed, "transform", self.method, name)
        return restyle(self.method, image, self.look_for(name), rng)


def restyle(method: str, image: np.ndarray, look: Path, rng: np.random.Generator) -> np.ndarray:
    """An image (h, w, 3) uint8 in the look of the image file `look`, by `method` of `STYLES`."""
    import torch

    from isthmus.data.images import read_resized

    module, function = STYLES[method].split(":")
    transfer: Transfer = getattr(importlib.import_module(f"isthmus.adapt.image.{module}"), function)
    height, width = image.shape[:2]
    pair = (image, read_resized(look, width, height))
    source, target = (
        torch.from_numpy(np.ascontiguousarray(x.transpose(2, 0, 1))[None]).float().div_(255)
        for x in pair
    )
    changed = transfer(source, target, rng)[0].mul(255).round_().clamp_(0, 255)
    return np.asarray(changed.byte().permute(1, 2, 0).contiguous().numpy())
