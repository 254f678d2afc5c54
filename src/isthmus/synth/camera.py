"""From luminance to a JPEG-ready picture: exposure, lens, sensor noise, tone curve.

The camera meters for the lower part of the picture, has a longest exposure and a highest gain:
at night pictures stay dark and grow noisy, as they do.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from isthmus.synth.mesh import Floats

READ_NOISE = 2.2
FULL_WELL = 9000.0
KNEE = 0.82
DEVIATES = 4096
DAYLIGHT = 400.0
DIMMING = 0.19
TABLE_TOP = 8.0
TABLE_SIZE = 8192


@dataclass(frozen=True)
class Sensor:
    """One camera's habits.

    Attributes:
        grey: linear level that metering aims at by day.
        bright: linear level that the brightest 3 % reach at least, if the scene is flat.
        saturation: strength of colours relative to the scene's.
        base: luminance (cd/m²) that reaches `grey` at the longest exposure and gain 1.
        most_gain: highest amplification.
        blur: standard deviation of the lens' blur, pixels.
        veil: share of light that the lens scatters over the picture.
        vignette: loss of light in the corners.
    """

    grey: float = 0.17
    bright: float = 0.36
    saturation: float = 0.82
    base: float = 18.0
    most_gain: float = 24.0
    blur: float = 0.45
    veil: float = 0.02
    vignette: float = 0.22


def sample_sensor(rng: np.random.Generator) -> Sensor:
    """A camera; one per place, as one car has one camera."""
    return Sensor(
        grey=float(rng.uniform(0.14, 0.21)),
        saturation=float(rng.uniform(0.72, 0.92)),
        blur=float(rng.uniform(0.35, 0.6)),
        veil=float(rng.uniform(0.01, 0.03)),
        vignette=float(rng.uniform(0.1, 0.3)),
    )


def expose(luminance: Floats, sensor: Sensor, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Picture (h, w, 3) of luminance (h, w, 3) in cd/m²."""
    height, width = luminance.shape[:2]
    light = _scatter(luminance, sensor)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    light = light * (1 - sensor.vignette * 0.5 * (x**2 + y**2))[..., None]
    metered = light[height // 3 :: 2, ::2] @ np.full(3, 1 / 3, np.float32)
    # Bright lamps and sky count, but do not rule; in a flat scene (fog) the bright parts do.
    level = float(np.exp(np.log(metered + 1e-4).mean()) * 0.5 + np.median(metered) * 0.5)
    level = max(level, 1e-4)
    bright = max(float(np.quantile(metered, 0.97)), level)
    # Pictures of dim places are left dimmer, as metering programs do.
    dim = min((level / DAYLIGHT) ** DIMMING, 1.0)
    aim = dim * max(sensor.grey, min(sensor.bright * level / bright, 2.0 * sensor.grey))
    gain = min(aim / sensor.grey * sensor.base / level, sensor.most_gain)
    signal = _muted(light, sensor.saturation) * np.float32(sensor.grey * gain / sensor.base)
    # Below gain 1 the shutter shortens; above it the amplifier works and photons are few.
    electrons = FULL_WELL / max(gain, 1.0)
    noise = np.sqrt(np.maximum(signal, 0) / electrons + (READ_NOISE / electrons) ** 2)
    deviates = np.take(_deviates(), rng.integers(0, DEVIATES, signal.shape, dtype=np.uint16))
    signal = signal + noise * deviates
    return tone(signal)


def _muted(light: Floats, saturation: float) -> Floats:
    grey = light @ np.array([0.25, 0.6, 0.15], np.float32)
    return np.asarray(grey[..., None] * (1 - saturation) + light * saturation, np.float32)


def tone(signal: Floats) -> NDArray[np.uint8]:
    """Bytes (sRGB) of a linear signal, highlights rolled off above a knee."""
    # Square roots spread the dark levels, where steps of the curve would show.
    level = np.sqrt(np.clip(signal, 0, TABLE_TOP)) * ((TABLE_SIZE - 1) / np.sqrt(TABLE_TOP))
    return np.asarray(np.take(_tone_table(), (level + 0.5).astype(np.int32)), np.uint8)


@lru_cache(maxsize=1)
def _deviates() -> Floats:
    """Normal deviates in 4096 steps: several times faster to draw than exact ones."""
    from scipy.special import ndtri

    return np.asarray(ndtri((np.arange(DEVIATES) + 0.5) / DEVIATES), np.float32)


@lru_cache(maxsize=1)
def _tone_table() -> NDArray[np.uint8]:
    s = np.linspace(0, np.sqrt(TABLE_TOP), TABLE_SIZE) ** 2
    rolled = KNEE + (1 - KNEE) * (1 - np.exp(-(s - KNEE) / (1 - KNEE) * 0.55))
    s = np.where(s > KNEE, rolled, s)
    encoded = np.where(s <= 0.0031308, 12.92 * s, 1.055 * np.power(s, 1 / 2.4) - 0.055)
    return (encoded * 255 + 0.5).clip(0, 255).astype(np.uint8)


def _scatter(luminance: Floats, sensor: Sensor) -> Floats:
    """Lens blur, and a veil around what is much brighter than the rest."""
    light = blur(luminance, sensor.blur)
    height, width = light.shape[:2]
    cap = float(np.median(light[::4, ::4])) * 400 + 1e-3
    small = np.minimum(light, cap)[: height // 4 * 4, : width // 4 * 4]
    small = small.reshape(height // 4, 4, width // 4, 4, 3).sum(axis=3).sum(axis=1) / 16
    wide = 0.6 * blur(small, 1.2) + 0.4 * blur(small, 5.0)
    veil = enlarge(wide, width, height)
    return light * (1 - sensor.veil) + sensor.veil * veil


def blur(image: Floats, sigma: float) -> Floats:
    """Gaussian blur of (h, w, c), separable, edges repeated."""
    from scipy.ndimage import gaussian_filter1d

    if sigma <= 0:
        return image
    once = gaussian_filter1d(image, sigma, axis=0, mode="nearest", truncate=3)
    return np.asarray(
        gaussian_filter1d(once, sigma, axis=1, mode="nearest", truncate=3), np.float32
    )


def enlarge(image: Floats, width: int, height: int) -> Floats:
    """(h, w, 3) enlarged to (height, width, 3), bilinear."""
    from PIL import Image

    planes = [
        Image.fromarray(np.ascontiguousarray(image[..., c])).resize(
            (width, height), Image.Resampling.BILINEAR
        )
        for c in range(3)
    ]
    return np.stack([np.asarray(plane, np.float32) for plane in planes], axis=-1)
