"""The sensor: photons are few and amplified, so that light comes with noise.

Noise is Poisson's of the electrons counted and the reading's own (EMVA 1288's linear model).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isthmus.augment.linear import Floats
from isthmus.augment.smooth import normal_noise

FULL_WELL = 14000.0
"""Electrons that saturate a pixel without amplification."""
READ_NOISE = 2.0
"""Standard deviation of the reading, electrons."""


def sensed(light: Floats, gain: float, rng: np.random.Generator) -> Floats:
    """Light (h, w, 3) with shot and read noise of an amplified exposure.

    Args:
        light: linear, 1 = saturation.
        gain: amplification; electrons at saturation fall with it.
        rng: draws the noise.
    """
    electrons = np.float32(FULL_WELL / max(gain, 1e-3))
    reading = np.float32((READ_NOISE / electrons) ** 2)
    out = np.empty(light.shape, np.float32)
    coloured, common = normal_noise(rng, light.shape), normal_noise(rng, light.shape[:2])
    plain = np.ascontiguousarray(light, np.float32)
    _sense(plain, coloured, common, electrons, reading, out)
    return out


@njit(cache=True, nogil=True)
def _sense(light, coloured, common, electrons, reading, out):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Light with noise, `coloured` (h, w, 3) and of all colours together (h, w)."""
    # Cameras smooth colour noise more than grey noise.
    own, shared = np.float32(0.6), np.float32(0.75)
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            grain = shared * common[y, x]
            for c in range(3):
                value = light[y, x, c]
                deviation = np.sqrt(max(value, np.float32(0)) / electrons + reading)
                noise = own * coloured[y, x, c] + grain
                out[y, x, c] = value + deviation * noise
