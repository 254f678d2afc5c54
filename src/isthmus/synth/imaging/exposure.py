"""Metering: how much light the camera lets in, and how much it amplifies what came in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isthmus.synth.imaging.optics import Floats
from isthmus.synth.imaging.sensor import Sensor

DAYLIGHT = 400.0
"""Luminance (cd/m²) below which pictures are left dimmer than by day."""
DIMMING = 0.19
BRIGHT = 0.36
"""Linear level that the brightest 3 % reach at least, if the scene is flat (fog)."""

SKY = 3.5
"""How many times brighter than the middle the upper third may come out by twilight."""


@dataclass(frozen=True)
class Exposure:
    """What metering chose.

    Attributes:
        scale: linear level of one cd/m².
        gain: amplification; below 1 the shutter is shorter than its longest.
        shutter: seconds.
    """

    scale: float
    gain: float
    shutter: float


def meter(light: Floats, sensor: Sensor) -> Exposure:
    """Exposure for light (h, w, 3): the lower two thirds decide, lamps and sky do not rule."""
    height = light.shape[0]
    metered = _mean(light[height // 3 :: 2, ::2])
    level = float(np.exp(np.log(metered + 1e-4).mean()) * 0.5 + np.median(metered) * 0.5)
    level = max(level, 1e-4)
    bright = max(float(np.quantile(metered, 0.97)), level)
    dim = min((level / DAYLIGHT) ** DIMMING, 1.0)
    aim = dim * max(sensor.grey, min(BRIGHT * level / bright, 2.0 * sensor.grey))
    # By twilight the sky stays in the picture; by day it may burn out, as cameras let it.
    sky = float(np.median(_mean(light[: height // 3 : 2, ::2])))
    burnt = sky * aim / level / (SKY * sensor.grey)
    if burnt > 1:
        aim /= burnt ** min(2.5 * (1 - dim), 1.0)
    gain = min(aim / sensor.grey * sensor.base / level, sensor.most_gain)
    scale = sensor.grey * gain / sensor.base * 2.0**sensor.bias
    return Exposure(scale, gain, sensor.shutter * min(gain, 1.0))


def _mean(light: Floats) -> Floats:
    """(h, w) of (h, w, 3); a mean over so short an axis is slow."""
    return (light[..., 0] + light[..., 1] + light[..., 2]) * np.float32(1 / 3)
