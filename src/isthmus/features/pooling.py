"""From activations of a network to one vector per image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isthmus.errors import InputError
from isthmus.features.extractor import Maps, Matrix, Spec, nearest

POOLINGS = ("mean", "mean+std")


def pool(activations: Sequence[NDArray[Any]], n: int, layer: str, pooling: str) -> Matrix:
    """Vectors (n, d) from a layer's activations for `n` images.

    Args:
        activations: the layer's tensors (several where it gives, or is called for, several:
            their vectors are put side by side), each (n, c), (n, tokens, c) or (n, c, h, w).
        n: number of images.
        layer: its name, for messages.
        pooling: "mean" over tokens or space, or "mean+std": means, then deviations.

    Sums are in double precision over each image alone, so that no batch changes a bit.

    Raises:
        InputError: a tensor has another shape, another first dimension, or no floats.
    """
    parts = []
    for values in activations:
        if values.dtype.kind != "f" or values.ndim < 2 or values.shape[0] != n:
            raise InputError(
                f"layer {layer!r} gives {values.dtype} of shape {values.shape} for {n} image(s); "
                "features need floats with one row per image: choose another layer"
            )
        if values.ndim == 2:
            parts.append(values.astype(np.float32))
            continue
        axes = (1,) if values.ndim == 3 else tuple(range(2, values.ndim))
        parts.append(values.mean(axis=axes, dtype=np.float64).astype(np.float32))
        if pooling == "mean+std":
            parts.append(values.std(axis=axes, dtype=np.float64).astype(np.float32))
    return np.concatenate(parts, axis=1)


def maps_of(activations: Sequence[NDArray[Any]], n: int) -> Maps | None:
    """Maps (n, h, w, c) of a layer's activations (n, c, h, w), side by side in c.

    None where they have no positions, or positions of several sizes.
    """
    sizes = {values.shape[2:] for values in activations}
    if len(sizes) != 1 or any(
        values.dtype.kind != "f" or values.ndim != 4 or len(values) != n for values in activations
    ):
        return None
    parts = [values.transpose(0, 2, 3, 1).astype(np.float32) for values in activations]
    return np.concatenate(parts, axis=3)


def maps_by_layer(parts: Sequence[Mapping[str, Maps | None]]) -> dict[str, Maps]:
    """Maps of all images from those of several passes; layers that have none are left out."""
    return {
        layer: np.concatenate([maps for part in parts if (maps := part[layer]) is not None])
        for layer in (parts[0] if parts else ())
        if all(part[layer] is not None for part in parts)
    }


def pooling_option(spec: Spec) -> str:
    """The option ``pool=mean|mean+std``."""
    pooling = spec.options.get("pool", "mean")
    if pooling not in POOLINGS:
        raise InputError(f"{spec.text}: pool={pooling}{nearest(pooling, POOLINGS)}")
    return pooling


def batch_option(spec: Spec) -> int | None:
    """The option ``batch=N``; None if it is not given."""
    text = spec.options.get("batch")
    if text is None:
        return None
    if not text.isdecimal() or not 1 <= int(text) <= 4096:
        raise InputError(f"{spec.text}: batch={text} is not a number from 1 to 4096")
    return int(text)
