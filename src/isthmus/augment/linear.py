"""sRGB bytes ↔ linear light (IEC 61966-2-1), by tables: light adds up in linear values only."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
STEPS = 16384
LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)


@lru_cache(maxsize=1)
def _decoding() -> Floats:
    value = np.arange(256) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(
        np.float32
    )


@lru_cache(maxsize=1)
def _encoding() -> Bytes:
    light = np.linspace(0, 1, STEPS) ** 2
    encoded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.power(light, 1 / 2.4) - 0.055)
    return (encoded * 255 + 0.5).astype(np.uint8)


def to_linear(image: Bytes) -> Floats:
    """Linear light 0–1 (float32) of sRGB bytes, any shape."""
    return np.asarray(np.take(_decoding(), image), np.float32)


def to_srgb(light: Floats) -> Bytes:
    """Bytes (sRGB) of linear light, clipped to 0–1; `to_srgb(to_linear(x)) == x` for all bytes."""
    # The table is even in the square root of light, which follows the curve closely.
    level = np.sqrt(np.clip(light, 0, 1)) * np.float32(STEPS - 1)
    return np.asarray(np.take(_encoding(), (level + np.float32(0.5)).astype(np.int32)), np.uint8)


def luminance(light: Floats) -> Floats:
    """Relative luminance (…,) of linear RGB (…, 3)."""
    return np.asarray(light @ LUMINANCE, np.float32)
