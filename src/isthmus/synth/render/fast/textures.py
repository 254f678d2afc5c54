"""All surface textures with their smaller copies in one array for the kernels."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from isthmus.synth.world.mesh import Floats

LEVELS = 9
"""256, 128, … 1 texels wide."""


class Atlas(NamedTuple):
    """Texels of all textures.

    Attributes:
        texels: (n, 87381, 3): level by level, row by row.
        span: (n,) metres that a tile covers.
    """

    texels: Floats
    span: Floats


@lru_cache(maxsize=1)
def atlas() -> Atlas:
    """The textures in the order of `texture_names`."""
    from isthmus.synth.world.texture import tile

    tiles = [tile(name) for name in texture_names()]
    texels = np.stack([_levels(item.colour) for item in tiles])
    return Atlas(texels, np.array([item.span for item in tiles], np.float32))


@lru_cache(maxsize=1)
def texture_names() -> tuple[str, ...]:
    """Names of textures; a texture's number is its place here."""
    from isthmus.synth.world.texture import TEXTURES

    return tuple(TEXTURES)


def _levels(colour: Floats) -> Floats:
    """(87381, 3): the tile and its averages over 2 × 2, 4 × 4, … texels."""
    found = []
    for _ in range(LEVELS):
        found.append(colour.reshape(-1, 3))
        half = len(colour) // 2
        if half:
            colour = colour.reshape(half, 2, half, 2, 3).mean(axis=(1, 3))
    return np.concatenate(found).astype(np.float32)
