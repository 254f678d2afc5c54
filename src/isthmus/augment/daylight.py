"""The light of the day itself: its sun evened out, its clouds.

A picture of a sunlit street is turned into one under an even sky by lifting what lies in shade and
holding down what is lit, judged by each place's surroundings.
"""

from __future__ import annotations

import numpy as np

from isthmus.augment.linear import Floats
from isthmus.augment.smooth import enlarge, gauss, smooth_noise


def unevenness(level: Floats, sky: Floats) -> Floats:
    """Brightness (h, w) of a place's surroundings on the ground, relative to the middle one."""
    sigma = level.shape[1] / 25
    local = (gauss(level * (1 - sky), sigma) + 1e-3) / (gauss(1 - sky, sigma) + 2e-3)
    return np.asarray(np.maximum(local, 1e-3) / np.median(local), np.float32)


def evened(level: Floats, surroundings: Floats, amount: float) -> Floats:
    """Factor (h, w) that evens out the sun: lifts what is in shade, holds down what is lit."""
    factor = np.maximum(surroundings, 1e-3) ** np.float32(-0.55 * amount)
    # Highlights (sunlit walls, glints) lose more than their surroundings.
    held = 1 / (1 + np.float32(2.0 * amount) * np.maximum(level - 0.25, 0))
    return np.asarray(np.clip(factor, 0.3, 1.8) * held, np.float32)


def clouds(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Brightness (h, w) around 1 of a cloudy sky, flattened towards the horizon."""
    small = (-(-shape[0] // 2), -(-shape[1] // 2))
    noise = smooth_noise(rng, small, (2, 4, 8, 16, 32, 64))
    # Clouds lie on a flat ceiling: rows crowd towards the horizon.
    share = np.minimum(np.linspace(0, 1, small[0]) * 2, 1) ** 1.5
    rows = (share * (small[0] - 1)).astype(int)
    return enlarge(np.exp(0.44 * noise[rows] - 0.05).clip(0.3, 2.0), shape)
