"""The sensor's reading: shot and read noise, the colour mosaic and its interpolation."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numba import njit

from isthmus.synth.imaging.optics import Floats
from isthmus.synth.imaging.sensor import Sensor

DEVIATES = 4096
TOP = 8.0
"""Linear level above which nothing is told apart."""
FULL_RESOLUTION = 960
"""Narrower pictures (pixels) are cells of a mosaic read together: each pixel has all colours."""


@lru_cache(maxsize=1)
def _deviates() -> Floats:
    """Normal deviates in 4096 steps: several times faster to draw than exact ones."""
    from scipy.special import ndtri

    return np.asarray(ndtri((np.arange(DEVIATES) + 0.5) / DEVIATES), np.float32)


def read_out(signal: Floats, gain: float, sensor: Sensor, rng: np.random.Generator) -> Floats:
    """Signal (h, w, 3), 1 = saturation, as the sensor reads it: with noise, through its mosaic.

    Photons are Poisson; at thousands of electrons a normal deviate of variance N is as good.
    """
    electrons = sensor.full_well / max(gain, 1.0)
    mosaic = sensor.bayer and signal.shape[1] >= FULL_RESOLUTION
    planes = 1 if mosaic else 3
    # Full pixels have no more noise: it would let the sun's disc fall to black here and there.
    signal = np.minimum(signal, np.float32(TOP))
    draws = rng.integers(0, DEVIATES, (*signal.shape[:2], planes), dtype=np.uint16)
    noise = np.take(_deviates(), draws)
    read = (sensor.read_noise / electrons) ** 2
    if not mosaic:
        spread = np.sqrt(np.maximum(signal, 0) / electrons + read)
        return np.asarray(signal + spread * noise, np.float32)
    raw = np.empty(signal.shape[:2], np.float32)
    _mosaic(np.ascontiguousarray(signal), noise[..., 0], 1 / electrons, read, raw)
    out = np.empty_like(signal)
    _interpolate(raw, out)
    return out


@njit(cache=True, nogil=True)
def _mosaic(signal, noise, per, read, raw):  # type: ignore[no-untyped-def]
    for y in range(raw.shape[0]):
        for x in range(raw.shape[1]):
            c = (y & 1) + (x & 1)  # rows RGRG, GBGB
            s = signal[y, x, c]
            raw[y, x] = s + noise[y, x] * np.sqrt(max(s, np.float32(0.0)) * per + read)


@njit(cache=True, nogil=True)
def _interpolate(raw, out):  # type: ignore[no-untyped-def]
    """Bilinear with the gradient correction of Malvar, He & Cutler (ICASSP 2004) for green."""
    height, width = raw.shape
    for y in range(height):
        u = y - 1 if y > 0 else min(1, height - 1)
        d = y + 1 if y < height - 1 else max(height - 2, 0)
        uu = y - 2 if y > 1 else y
        dd = y + 2 if y < height - 2 else y
        for x in range(width):
            left = x - 1 if x > 0 else min(1, width - 1)
            right = x + 1 if x < width - 1 else max(width - 2, 0)
            ll = x - 2 if x > 1 else x
            rr = x + 2 if x < width - 2 else x
            here = raw[y, x]
            across = (raw[y, left] + raw[y, right]) * np.float32(0.5)
            down = (raw[u, x] + raw[d, x]) * np.float32(0.5)
            c = (y & 1) + (x & 1)
            if c == 1:
                out[y, x, 1] = here
                # Rows that begin with red have red beside green, the others blue.
                if y & 1 == 0:
                    out[y, x, 0], out[y, x, 2] = across, down
                else:
                    out[y, x, 0], out[y, x, 2] = down, across
                continue
            corners = (raw[u, left] + raw[u, right] + raw[d, left] + raw[d, right]) * np.float32(
                0.25
            )
            around = (raw[uu, x] + raw[dd, x] + raw[y, ll] + raw[y, rr]) * np.float32(0.25)
            green = (across + down) * np.float32(0.5) + (here - around) * np.float32(0.25)
            out[y, x, 1] = green
            out[y, x, c] = here
            out[y, x, 2 - c] = corners + (here - around) * np.float32(0.25)
