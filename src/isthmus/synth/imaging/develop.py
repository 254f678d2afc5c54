"""From light to a picture: lens, metering, reading, white balance, tone curve, JPEG."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from numba import njit
from numpy.typing import NDArray

from isthmus.synth.imaging.exposure import meter
from isthmus.synth.imaging.optics import Floats, blur, motion_blurred, through_lens
from isthmus.synth.imaging.readout import TOP, read_out
from isthmus.synth.imaging.sensor import Sensor

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
    levels, grey = np.empty(signal.shape, np.float32), np.empty(signal.shape[:2], np.float32)
    colours = (_white(signal, sensor), np.float32(sensor.saturation))
    _tone(np.ascontiguousarray(signal), colours, _curve(sensor.knee, sensor.contrast), levels, grey)
    if sensor.sharpening > 0:
        grey -= blur(grey[..., None], 1.0)[..., 0]
    picture = np.empty(signal.shape, np.uint8)
    _finish(levels, grey, np.float32(max(sensor.sharpening, 0.0)), picture)
    return picture


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


@lru_cache(maxsize=64)
def _curve(knee: float, contrast: float) -> Floats:
    """Bytes (as floats) of linear levels: contrast, highlights rolled off, sRGB."""
    s = np.linspace(0, np.sqrt(TOP), SIZE) ** 2
    s = 0.18 * (s / 0.18) ** contrast
    rolled = knee + (1 - knee) * (1 - np.exp(-(s - knee) / (1 - knee) * 0.4))
    s = np.where(s > knee, rolled, s)
    encoded = np.where(s <= 0.0031308, 12.92 * s, 1.055 * np.power(s, 1 / 2.4) - 0.055)
    return np.asarray(encoded * 255, np.float32)


@njit(cache=True, nogil=True, error_model="numpy")
def _tone(signal, colours, curve, levels, grey):  # type: ignore[no-untyped-def]
    """Fill `levels` with what the curve makes of balanced, muted colours, `grey` with its luma."""
    white, saturation = colours
    # Square roots spread the dark levels, where steps of the curve would show.
    stretch = np.float32((SIZE - 1) / np.sqrt(TOP))
    red, green, blue = np.float32(LUMA[0]), np.float32(LUMA[1]), np.float32(LUMA[2])
    mute = np.float32(1) - saturation
    for y in range(signal.shape[0]):
        for x in range(signal.shape[1]):
            r, g = signal[y, x, 0] * white[0], signal[y, x, 1] * white[1]
            b = signal[y, x, 2] * white[2]
            paler = mute * (red * r + green * g + blue * b)
            r = min(max(paler + saturation * r, np.float32(0)), np.float32(TOP))
            g = min(max(paler + saturation * g, np.float32(0)), np.float32(TOP))
            b = min(max(paler + saturation * b, np.float32(0)), np.float32(TOP))
            r = curve[np.int32(np.sqrt(r) * stretch + np.float32(0.5))]
            g = curve[np.int32(np.sqrt(g) * stretch + np.float32(0.5))]
            b = curve[np.int32(np.sqrt(b) * stretch + np.float32(0.5))]
            levels[y, x, 0], levels[y, x, 1], levels[y, x, 2] = r, g, b
            grey[y, x] = red * r + green * g + blue * b


@njit(cache=True, nogil=True, error_model="numpy")
def _finish(levels, detail, strength, picture):  # type: ignore[no-untyped-def]
    """Fill `picture` with bytes: levels 0–255 and so much of the detail (h, w)."""
    for y in range(levels.shape[0]):
        for x in range(levels.shape[1]):
            more = strength * detail[y, x] + np.float32(0.5)
            for c in range(3):
                level = min(max(levels[y, x, c] + more, np.float32(0)), np.float32(255))
                picture[y, x, c] = np.uint8(level)
