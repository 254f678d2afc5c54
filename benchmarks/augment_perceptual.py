"""How unlike pairs of pictures look to a network, for `augment.py`.

Zhang et al., "The unreasonable effectiveness of deep features as a perceptual metric" (LPIPS, CVPR
2018), with uniform weights: each layer's activations are brought to unit length over the channels
at every position; squared differences are added up over channels and averaged over positions, then
over layers. 0 for equal pictures, 2 at most for activations that are never negative. The network
is the user's: figures of different networks do not compare.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from isthmus.data.images import resize_rgb

SMALLEST = 1e-10
"""Added to lengths, as LPIPS does: where nothing is active nothing differs."""


def perceptual(
    true: Sequence[np.ndarray], sets: dict[str, Sequence[np.ndarray]], extractor: Any
) -> dict[str, float]:
    """Set → mean distance of its pictures to the true ones, pair by pair.

    Args:
        true: pictures (h, w, 3) uint8.
        sets: name → as many pictures of the same scenes.
        extractor: gives maps of its layers (`SpatialExtractor`).
    """
    totals = dict.fromkeys(sets, 0.0)
    for number, wanted in enumerate(true):
        reference = activations(wanted, extractor)
        for name, images in sets.items():
            totals[name] += distance(reference, activations(images[number], extractor))
    return {name: total / len(true) for name, total in totals.items()}


def activations(image: np.ndarray, extractor: Any) -> dict[str, np.ndarray]:
    """Layer → (h', w', c) activations of unit length over the channels."""
    small = resize_rgb(np.ascontiguousarray(image), *extractor.size)
    unit = {}
    for layer, values in extractor.extract_maps(small[None]).items():
        maps = np.asarray(values[0], np.float64)
        unit[layer] = maps / (np.linalg.norm(maps, axis=-1, keepdims=True) + SMALLEST)
    return unit


def distance(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> float:
    """Mean over layers of the mean squared difference of positions."""
    return float(np.mean([((a[layer] - b[layer]) ** 2).sum(axis=-1).mean() for layer in a]))
