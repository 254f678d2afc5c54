"""The sensor: photons are few and amplified, so that light comes with noise.

Noise is Poisson's of the electrons counted and the reading's own (EMVA 1288's linear model).
"""

from __future__ import annotations

import numpy as np

from isthmus.augment.linear import Floats, luminance
from isthmus.augment.smooth import normal_noise

FULL_WELL = 14000.0
"""Electrons that saturate a pixel without amplification."""
READ_NOISE = 2.0
"""Standard deviation of the reading, electrons."""


def sensed(light: Floats, gain: float, rng: np.random.Generator, *, muted: float = 0.0) -> Floats:
    """Light (h, w, 3) with shot and read noise of an amplified exposure.

    Args:
        light: linear, 1 = saturation.
        gain: amplification; electrons at saturation fall with it.
        rng: draws the noise.
        muted: 0–1, how far colours are greyed by noise reduction.
    """
    electrons = np.float32(FULL_WELL / max(gain, 1e-3))
    deviation = np.sqrt(np.maximum(light, 0) / electrons + (READ_NOISE / electrons) ** 2)
    grey = luminance(light)[..., None]
    # Cameras smooth colour noise more than grey noise.
    noise = 0.6 * normal_noise(rng, light.shape)
    noise += np.float32(0.75) * normal_noise(rng, light.shape[:2])[..., None]
    return np.asarray(light + (grey - light) * np.float32(muted) + deviation * noise, np.float32)
