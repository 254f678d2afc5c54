"""Seamless noise for surfaces and clouds, made once a process from fixed seeds."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from isthmus import seeds
from isthmus.synth.mesh import Floats, Ints

SIDE = 256


@lru_cache(maxsize=8)
def tile(name: str, slope: float) -> Floats:
    """A tile (256, 256), mean 0, standard deviation 1, spectrum ~ 1/f^slope, periodic."""
    rng = seeds.generator(0, "texture", name)
    spectrum = np.fft.rfft2(rng.normal(size=(SIDE, SIDE)))
    fy, fx = np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None]
    radius = np.maximum(np.hypot(fx, fy), 1 / SIDE)
    spectrum *= radius**-slope
    spectrum[0, 0] = 0
    noise = np.fft.irfft2(spectrum, s=(SIDE, SIDE))
    return np.ascontiguousarray(noise / noise.std(), np.float32)


def sample(noise: Floats, x: Floats, y: Floats, per_unit: float) -> Floats:
    """Values of a tile at (x, y), `per_unit` texels a unit, nearest, repeated for ever."""
    i = (y * per_unit).astype(np.int32) & (SIDE - 1)
    j = (x * per_unit).astype(np.int32) & (SIDE - 1)
    return np.asarray(np.take(noise.ravel(), i * SIDE + j), np.float32)


def scramble(a: Ints, b: Ints, c: Ints) -> Floats:
    """A number in [0, 1) for each triple of integers: the same triple, the same number."""
    mixed = (
        a.astype(np.uint32) * np.uint32(73856093)
        ^ b.astype(np.uint32) * np.uint32(19349663)
        ^ c.astype(np.uint32) * np.uint32(83492791)
    )
    mixed ^= mixed >> np.uint32(13)
    mixed *= np.uint32(1274126177)
    mixed ^= mixed >> np.uint32(16)
    return np.asarray((mixed & np.uint32(0xFFFF)) / np.float32(65536), np.float32)
