"""From light to a picture: lens, metering, reading, white balance, tone curve, JPEG."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from isthmus.synth.imaging.exposure import meter
from isthmus.synth.imaging.optics import Floats, blur, motion_blurred, through_lens
from isthmus.synth.imaging.readout import read_out
from isthmus.synth.imaging.sensor import Sensor

TOP = 8.0
SIZE = 8192
LUMA = np.array([0.25, 0.6, 0.15], np.float32)


def develop(
    light: Floats, sensor: Sensor, rng: np.random.Generator, *, flow: Floats | None = None
) -> NDArray[np.uint8]:
    """Picture (h, w, 3), sRGB bytes, of light (h, w, 3) in cd/m².

    Args:
        light: linear, RGB.
        sensor: the camera.
        rng: noise and dirt.
        flow: (h, w, 2) pixels a second that what is seen moves right and down: blurs it.
    """
    exposure = meter(light, sensor)
    seen = through_lens(light, sensor, rng)
    if flow is not None and exposure.shutter > 0:
        seen = motion_blurred(seen, flow * np.float32(exposure.shutter))
    signal = seen * np.float32(exposure.scale)
    signal = read_out(signal, exposure.gain, sensor, rng)
    signal *= _white(signal, sensor)
    grey = signal @ LUMA
    mute = np.float32(sensor.saturation)
    signal = grey[..., None] * (1 - mute) + signal * mute
    picture = np.take(_curve(sensor.knee, sensor.contrast), _steps(signal))
    if sensor.sharpening > 0:
        picture = _sharpened(picture, sensor.sharpening)
    return np.asarray((picture + 0.5).clip(0, 255), np.uint8)


def jpeg_bytes(picture: NDArray[np.uint8], quality: int) -> bytes:
    """The picture as JPEG (4:2:0, as cameras write it)."""
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", quality=int(quality), subsampling=2)
    return stream.getvalue()


def _white(signal: Floats, sensor: Sensor) -> Floats:
    """Factors of the channels: most of the light's colour is taken away, by the grey world."""
    inside = signal[::4, ::4].reshape(-1, 3)
    inside = inside[(inside.max(axis=1) < 0.95) & (inside.min(axis=1) > 0.002)]
    mean = inside.mean(axis=0) if len(inside) > 16 else np.ones(3)
    balanced = (mean.mean() / np.maximum(mean, 1e-6)) ** sensor.balance
    warm = np.array([1 + 0.25 * sensor.warmth, 1.0, 1 - 0.25 * sensor.warmth])
    factors = np.clip(balanced, 0.4, 2.5) * warm
    return np.asarray(factors / (factors @ LUMA), np.float32)


def _steps(signal: Floats) -> NDArray[np.int32]:
    # Square roots spread the dark levels, where steps of the curve would show.
    level = np.sqrt(np.clip(signal, 0, TOP)) * np.float32((SIZE - 1) / np.sqrt(TOP))
    return np.asarray(level + np.float32(0.5), np.int32)


@lru_cache(maxsize=64)
def _curve(knee: float, contrast: float) -> Floats:
    """Bytes (as floats) of linear levels: contrast, highlights rolled off, sRGB."""
    s = np.linspace(0, np.sqrt(TOP), SIZE) ** 2
    s = 0.18 * (s / 0.18) ** contrast
    rolled = knee + (1 - knee) * (1 - np.exp(-(s - knee) / (1 - knee) * 0.55))
    s = np.where(s > knee, rolled, s)
    encoded = np.where(s <= 0.0031308, 12.92 * s, 1.055 * np.power(s, 1 / 2.4) - 0.055)
    return np.asarray(encoded * 255, np.float32)


def _sharpened(picture: Floats, strength: float) -> Floats:
    grey = picture @ LUMA
    detail = grey - blur(grey[..., None], 1.0)[..., 0]
    return np.asarray(picture + np.float32(strength) * detail[..., None], np.float32)
