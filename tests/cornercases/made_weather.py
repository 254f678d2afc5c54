"""Weather made on frames, to be found again."""

import numpy as np

from isthmus.features.colour import SRGB_TO_LINEAR


def encode(linear):
    coded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.clip(np.rint(coded * 255), 0, 255).astype(np.uint8)


def expose(rgb, stops, black=0.0):
    """`rgb` photographed with 2^stops of the light, over a black level."""
    return encode(np.maximum(SRGB_TO_LINEAR[rgb] * 2.0**stops + black, 1e-9))


def fog(rgb, sky, visibility, airlight=0.75):
    """Koschmieder's law over the depths of a street canyon 10 m wide; the sky is far away."""
    height, width = sky.shape
    y = (np.arange(height) + 0.5)[:, None] / height
    x = (np.arange(width) + 0.5)[None, :] / width - 0.5
    ground = np.where(y > 0.47, 1.07 / np.maximum(y - 0.45, 0.02), 1e3)
    walls = np.minimum(5.0 / np.maximum(np.abs(x), 0.05), 150.0)
    depth = np.where(sky, 2000.0, np.minimum(ground, walls))
    through = np.exp(-3.912 / visibility * depth)[..., None]
    return encode(SRGB_TO_LINEAR[rgb] * through + airlight * (1 - through))


def night(rgb, sky, *, ground=0.06, glow=0.003, lamps=24):
    """Lamps light the ground instead of the sun; the sky is dark but for a glow.

    The lamps themselves are white discs of 2 % of the width, in rows above the street.
    """
    height, width = sky.shape
    light = np.where(sky[..., None], glow, SRGB_TO_LINEAR[rgb] * ground)
    rows, columns = np.mgrid[:height, :width]
    radius = max(1.0, 0.01 * width)
    for k in range(lamps):
        x, y = (k + 0.5) / lamps * width, (0.2 + 0.1 * (k % 3)) * height
        light[(columns - x) ** 2 + (rows - y) ** 2 <= radius**2] = 1.0
    return encode(light)
