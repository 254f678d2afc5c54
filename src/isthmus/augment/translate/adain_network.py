"""A convolutional encoder and its decoder for `adain`, from a safetensors file.

Any plain stack in the manner of Huang & Belongie (ICCV 2017): 3 × 3 convolutions with ReLU and
reflected edges (1 × 1 ones, as for normalisation, without ReLU), halving (max pooling) and
doubling (nearest) in between. Tensors are named ``encoder.I.weight``, ``encoder.I.bias``,
``decoder.I.weight`` and so on, I counting up from 0; the decoder mirrors the encoder. The file's
metadata says where the encoder halves: ``halve`` = "1,3" for after its convolutions 1 and 3; the
decoder doubles at the mirrored places. Without it: never.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from isthmus.augment.translate.weights import read_safetensors
from isthmus.errors import InputError

MOST_LAYERS = 64


class AdainNetwork:
    """Encoder and decoder.

    Args:
        encoder, decoder: convolutions in order.
        halve: numbers of the encoder's convolutions after which it halves.
    """

    def __init__(self, encoder: nn.ModuleList, decoder: nn.ModuleList, halve: frozenset[int]):
        self.encoder, self.decoder, self.halve = encoder, decoder, halve

    @classmethod
    def read(cls, path: Path) -> Self:
        """The network in a file; `InputError` if there is none."""
        tensors, metadata = read_safetensors(path)
        text = metadata.get("halve", "")
        if not all(part.strip().isdecimal() for part in text.split(",") if part.strip()):
            raise InputError(f"{path}: halve={text!r} is no list of numbers such as 1,3")
        halve = [int(part) for part in text.split(",") if part.strip()]
        return cls.of({**tensors, "encoder.halve": torch.tensor(halve)}, path)

    @classmethod
    def of(cls, tensors: Mapping[str, Tensor], path: Path) -> Self:
        """The network made of named tensors; `path` is for messages."""
        halve = frozenset(tensors.get("encoder.halve", torch.zeros(0)).long().tolist())
        encoder, decoder = _stack(tensors, "encoder", path), _stack(tensors, "decoder", path)
        ends = tensors["encoder.0.weight"], tensors[f"decoder.{len(decoder) - 1}.weight"]
        if ends[0].shape[1] != 3 or ends[1].shape[0] != 3:
            raise InputError(f"{path}: the encoder has to take, the decoder to give, 3 channels")
        if len(encoder) != len(decoder) or not halve <= set(range(len(encoder))):
            raise InputError(
                f"{path}: {len(encoder)} layers in the encoder, {len(decoder)} in the decoder, "
                f"halving after {sorted(halve)}: they do not mirror each other"
            )
        encoder.register_buffer("halve", torch.tensor(sorted(halve)))
        return cls(encoder, decoder, halve)

    @property
    def multiple(self) -> int:
        """Sides have to be multiples of this."""
        return int(2 ** len(self.halve))

    def encode(self, image: Tensor) -> Tensor:
        """Features of a picture (1, 3, h, w); it is padded to a multiple."""
        height, width = image.shape[-2:]
        edges = (0, -width % self.multiple, 0, -height % self.multiple)
        x = functional.pad(image, edges, mode="replicate")
        for number, layer in enumerate(self.encoder):
            x = layer(x)
            x = functional.relu(x) if layer.kernel_size != (1, 1) else x
            if number in self.halve:
                x = functional.max_pool2d(x, 2)
        return x

    def decode(self, features: Tensor) -> Tensor:
        """The picture (1, 3, h, w) that features stand for."""
        x, last = features, len(self.decoder) - 1
        for number, layer in enumerate(self.decoder):
            if last - number in self.halve:
                x = functional.interpolate(x, scale_factor=2)
            x = layer(x)
            x = x if number == last else functional.relu(x)
        return x


def _stack(tensors: Mapping[str, Tensor], part: str, path: Path) -> nn.ModuleList:
    layers: list[nn.Module] = []
    inputs: int | None = None
    while f"{part}.{len(layers)}.weight" in tensors and len(layers) < MOST_LAYERS:
        weight = tensors[f"{part}.{len(layers)}.weight"]
        bias = tensors.get(f"{part}.{len(layers)}.bias")
        if weight.ndim != 4 or inputs not in (None, weight.shape[1]) or bias is None:
            raise InputError(
                f"{path}: {part}.{len(layers)}: weight (out, in, h, w) with as many inputs as the "
                "layer before has outputs, and a bias, are needed"
            )
        inputs, inside, height, width = weight.shape
        edges = (height // 2, width // 2)
        layer = nn.Conv2d(inside, inputs, (height, width), 1, edges, padding_mode="reflect")
        layer.load_state_dict({"weight": weight, "bias": bias})
        layers.append(layer.requires_grad_(False))
    if not layers:
        raise InputError(f"{path}: no tensor {part}.0.weight; see the docs for the names needed")
    return nn.ModuleList(layers)
