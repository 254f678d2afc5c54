"""sRGB bytes ↔ linear light (IEC 61966-2-1), by tables: light adds up in linear values only."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numba import njit
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
    return looked_up(_decoding(), image)


def to_srgb(light: Floats) -> Bytes:
    """Bytes (sRGB) of linear light, clipped to 0–1; `to_srgb(to_linear(x)) == x` for all bytes."""
    out = np.empty(light.shape, np.uint8)
    plain = np.ascontiguousarray(light, np.float32)
    _encode(plain.reshape(-1), _encoding(), out.reshape(-1))
    return out


def luminance(light: Floats) -> Floats:
    """Relative luminance (…,) of linear RGB (…, 3)."""
    return np.asarray(light @ LUMINANCE, np.float32)


def looked_up(table: Floats, index: NDArray[Any]) -> Floats:
    """``table[index]``, in one pass over memory; every index must be within the table."""
    out = np.empty(index.shape, np.float32)
    _look_up(table, np.ascontiguousarray(index).reshape(-1), out.reshape(-1))
    return out


@njit(cache=True, nogil=True)
def _look_up(table, index, out):  # type: ignore[no-untyped-def]
    for i in range(len(out)):
        out[i] = table[index[i]]


@njit(cache=True, nogil=True)
def _encode(light, table, out):  # type: ignore[no-untyped-def]
    """Bytes of light by a table that is even in its square root, which follows the curve."""
    last, half = np.float32(len(table) - 1), np.float32(0.5)
    for i in range(len(out)):
        level = np.sqrt(min(max(light[i], np.float32(0)), np.float32(1)))
        out[i] = table[int(level * last + half)]
