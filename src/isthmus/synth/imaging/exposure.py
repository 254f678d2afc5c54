"""Metering: how much light the camera lets in, and how much it amplifies what came in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isthmus.synth.imaging.optics import Floats
from isthmus.synth.imaging.sensor import Sensor

DAYLIGHT = 400.0
"""Luminance (cd/m²) below which pictures are left dimmer than by day."""
DIMMING = 0.19
BRIGHT, FLATTER = 0.42, 0.5
"""Linear level that the brightest 3 % reach at least, if the scene is flat (fog, snow), and by how
much more if it is all but one grey."""

SKY = 3.5
"""How many times brighter than the middle the sky may come out by twilight."""
YIELDING, LEAST, NIGHT = 0.4, 0.45, 2.0
"""How much of what the sky is too bright is taken back by day, the darkest that leaves, and the
luminance (cd/m²) below which it is lit windows rather than sky that are bright up there."""
DUSKIEST = 0.36
"""The darkest that a twilight sky leaves: all of its excess is taken back."""

GLARE = 2.5
"""Linear level that the brightest 3 % may have in the dark before the rest is dimmed."""


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
    aim = BRIGHT * level / bright * (1 + FLATTER * max(2 - bright / level, 0.0))
    aim = dim * max(sensor.grey, min(aim, 3.2 * sensor.grey))
    # By twilight the sky stays in the picture; by day it may burn out, as cameras let it. It need
    # not fill the upper third: between houses a sixth will do.
    sky = float(np.quantile(_mean(light[: height // 3 : 2, ::2]), 0.85))
    burnt = sky * aim / level / (SKY * sensor.grey)
    if burnt > 1:
        yielding = min(max(2.5 * (1 - dim), YIELDING), 1.0)
        least = np.interp(yielding, (YIELDING, 1.0), (LEAST, DUSKIEST))
        aim *= max(burnt ** (-yielding * min(level / NIGHT, 1.0)), float(least))
    # Wet streets by night mirror lamps over much of the picture: cameras give in to them, by half.
    glare = bright * aim / level / GLARE
    if dim < 1 and glare > 1:
        aim *= max(glare**-0.5, LEAST)
    gain = min(aim / sensor.grey * sensor.base / level, sensor.most_gain)
    scale = sensor.grey * gain / sensor.base * 2.0**sensor.bias
    return Exposure(scale, gain, sensor.shutter * min(gain, 1.0))


def _mean(light: Floats) -> Floats:
    """(h, w) of (h, w, 3); a mean over so short an axis is slow."""
    return (light[..., 0] + light[..., 1] + light[..., 2]) * np.float32(1 / 3)
