"""`adain`: statistics of features taken from the target, without any training.

Huang & Belongie, "Arbitrary Style Transfer in Real-time with Adaptive Instance Normalization",
ICCV 2017, eq. 8: each channel of an encoder gets the mean and the spread that it has in a target
image. The encoder here is one that can be undone exactly, so that no decoder has to be learnt:
an orthonormal Haar transform of several scales in the decorrelated colours of Ruderman (1998),
as in wavelet pooling (Yoo et al., "Photorealistic Style Transfer via Wavelet Transforms", ICCV
2019). With weights of an encoder and its decoder from a file, those are used (see `adain_network`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from isthmus import seeds
from isthmus.augment.linear import Bytes
from isthmus.augment.translate.adain_network import AdainNetwork
from isthmus.augment.translate.pixels import to_bytes, to_tensor
from isthmus.augment.translate.weights import (
    TRANSLATOR_SCHEMA,
    named,
    read_translator,
    write_weights,
)
from isthmus.compute.executor import Progress
from isthmus.data.dataset import Dataset, UnlabeledView
from isthmus.errors import InputError
from isthmus.files import file_digest

SCALES = 4
MOST_LOOKS = 256
LARGEST_GAIN = 4.0
"""A flat picture's spread is not blown up further than this: it would be noise."""
# Opponent colours: lightness, blue–yellow, red–green; orthonormal, so that spreads add up.
_AXES = torch.tensor([[1.0, 1.0, 1.0], [1.0, 1.0, -2.0], [1.0, -1.0, 0.0]])
AXES = _AXES / _AXES.norm(dim=1, keepdim=True)


def adain(content: Tensor, mean: Tensor, spread: Tensor) -> Tensor:
    """AdaIN (Huang & Belongie 2017, eq. 8): σ(y)·(x − μ(x))/σ(x) + μ(y), channel by channel.

    Args:
        content: features (b, c, h, w).
        mean, spread: of the style, (c,).
    """
    mine, gain = content.mean((2, 3), keepdim=True), spread[:, None, None]
    own = content.std((2, 3), keepdim=True, correction=0).clamp(min=1e-6)
    return (content - mine) * (gain / own).clamp(max=LARGEST_GAIN) + mean[:, None, None]


def statistics(features: Tensor) -> Tensor:
    """Mean and spread (2, c) of each channel of (1, c, h, w)."""
    return torch.stack([features.mean((0, 2, 3)), features.std((0, 2, 3), correction=0)])


def analyse(image: Tensor, scales: int = SCALES) -> list[Tensor]:
    """Bands of a picture (1, 3, h, w), sides multiples of 2^scales: details, then what is left.

    Details (1, 9, h/2^k, w/2^k) for k = 1 … scales, then (1, 3, h/2^scales, w/2^scales).
    `synthesise` undoes it exactly.
    """
    rest = torch.einsum("ij,bjhw->bihw", AXES.to(image), image)
    bands = []
    for _ in range(scales):
        quads = functional.pixel_unshuffle(rest, 2)
        quads = quads.view(len(rest), 3, 4, *quads.shape[-2:])
        turned = torch.einsum("ij,bcjhw->bcihw", _haar(image), quads)
        rest = turned[:, :, 0]
        bands.append(turned[:, :, 1:].flatten(1, 2))
    return [*bands, rest]


def synthesise(bands: Sequence[Tensor]) -> Tensor:
    """The picture (1, 3, h, w) whose bands these are."""
    rest = bands[-1]
    for details in reversed(bands[:-1]):
        split = details.view(len(rest), 3, 3, *rest.shape[-2:])
        turned = torch.cat([rest[:, :, None], split], 2)
        quads = torch.einsum("ji,bcjhw->bcihw", _haar(rest), turned)
        rest = functional.pixel_shuffle(quads.flatten(1, 2), 2)
    return torch.einsum("ji,bjhw->bihw", AXES.to(rest), rest)


def _haar(like: Tensor) -> Tensor:
    """Orthonormal Haar matrix of 2 × 2 pixels: mean, and three differences."""
    signs = [[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]
    return torch.tensor(signs, dtype=like.dtype, device=like.device) / 2


def fit_adain(
    target: UnlabeledView | Dataset,
    file: Path | str,
    *,
    network: Path | str | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Path:
    """Take the statistics of target images and write them as a translator's file.

    Args:
        target: one image or more; at most `MOST_LOOKS` are read, spread evenly.
        file: to write; ends in .safetensors.
        network: weights of an encoder with its decoder, see `adain_network`.
        seed: decides which image's look each frame takes.
        progress: called with (images read, images in all, what).

    Raises:
        InputError: no image, one that cannot be read, or a file that is no such network.
    """
    from isthmus.data.images import read_rgb

    frames = tuple(target)
    if not frames:
        raise InputError(f"{target.name}: no image to take a look from; adain needs at least one")
    places = np.linspace(0, len(frames) - 1, min(len(frames), MOST_LOOKS)).round().astype(int)
    net = AdainNetwork.read(Path(network)) if network is not None else None
    looks: dict[str, list[Tensor]] = {}
    for number, index in enumerate(places, 1):
        image = to_tensor(read_rgb(frames[index].image))
        for band, features in enumerate(_encode(image, net)):
            looks.setdefault(f"look.{band}", []).append(statistics(features))
        if progress:
            progress(number, len(places), "taking looks")
    tensors = {name: torch.stack(each) for name, each in looks.items()}
    if net is not None:
        tensors |= named(net.encoder, "encoder") | named(net.decoder, "decoder")
    note = {"schema": TRANSLATOR_SCHEMA, "method": "adain", "seed": seed, "target": target.name}
    write_weights(Path(file), tensors, note)
    return Path(file)


def _encode(image: Tensor, net: AdainNetwork | None) -> list[Tensor]:
    if net is not None:
        return [net.encode(image)]
    return analyse(_padded(image, 2**SCALES))


def _padded(image: Tensor, multiple: int) -> Tensor:
    height, width = image.shape[-2:]
    edges = (0, -width % multiple, 0, -height % multiple)
    return functional.pad(image, edges, mode="replicate")


class AdainTranslator:
    """Target statistics, given to frames; goes to another process as the name of its file.

    Raises:
        InputError: the file is missing, damaged or of another method.
    """

    method = "adain"

    def __init__(self, path: Path) -> None:
        self.path = path
        tensors, note = read_translator(path)
        looks = [name for name in sorted(tensors) if name.startswith("look.")]
        if note["method"] != self.method or not looks:
            raise InputError(f"{path}: a translator of method {note['method']}, not adain")
        self.looks = [tensors[f"look.{band}"] for band in range(len(looks))]
        self.seed = int(note.get("seed", 0))
        self.network = AdainNetwork.of(tensors, path) if len(looks) == 1 else None
        self.fingerprint = file_digest(path)

    def __reduce__(self) -> tuple[Any, ...]:
        return _kept, (self.path, self.fingerprint)

    @torch.no_grad()
    def transform(self, image: Bytes, name: str) -> Bytes:
        """An image (h, w, 3) uint8 with the statistics of one target image; `name` says which."""
        rng = seeds.generator(self.seed, "translate", "adain", name)
        which = int(rng.integers(len(self.looks[0])))
        bands = [
            adain(band, *look[which])
            for band, look in zip(_encode(to_tensor(image), self.network), self.looks, strict=True)
        ]
        made = synthesise(bands) if self.network is None else self.network.decode(bands[0])
        return to_bytes(made[..., : image.shape[0], : image.shape[1]])


def load(path: Path | str, device: str = "cpu") -> AdainTranslator:
    """The translator in the file `path`; runs on the processor whatever `device` says."""
    return AdainTranslator(Path(path))


@lru_cache(maxsize=2)
def _kept(path: Path, fingerprint: str) -> AdainTranslator:
    translator = load(path)
    if translator.fingerprint != fingerprint:
        raise InputError(f"{path}: has changed while frames were being translated; start again")
    return translator
