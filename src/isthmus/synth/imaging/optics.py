"""The lens: defocus, scattered light, loss in the corners, dirt, motion during the exposure.

Light is (h, w, 3) in cd/m², linear; lenses only move it about.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from isthmus.synth.imaging.sensor import Sensor

Floats = NDArray[np.float32]
BRIGHTEST = 3000.0
"""Scattering takes light of at most this many times the median: sensors' own lenses flare no more
before what they scatter saturates all around."""

SUN, DAYLIGHT = 7.0, 300.0
"""By day, from this luminance (cd/m²) on, so many times more: then only the sun is so bright."""


def through_lens(light: Floats, sensor: Sensor, rng: np.random.Generator) -> Floats:
    """What reaches the sensor of the light that reaches the lens."""
    height, width = light.shape[:2]
    scale = width / sensor.reference
    out = blur(light, sensor.defocus * scale) if sensor.defocus > 0 else light.copy()
    out = _scatter(out, sensor)
    if sensor.dirt > 0:
        out = _dirty(out, sensor, rng)
    if sensor.vignette > 0:
        y, x = np.linspace(-1, 1, height), np.linspace(-1, 1, width)
        fall = 1 - sensor.vignette * 0.5 * (y[:, None] ** 2 + x[None] ** 2)
        out *= fall[..., None].astype(np.float32)
    return out


def blur(image: Floats, sigma: float) -> Floats:
    """Gaussian blur of (h, w, c), edges repeated; `sigma` in pixels."""
    if sigma <= 0:
        return image
    reach = int(3.0 * sigma + 0.5)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights = (weights / weights.sum()).astype(np.float32)
    padding = ((0, 0), (reach, reach), (0, 0))
    wide = np.pad(np.asarray(image, np.float32), padding, mode="edge")
    once, out = np.empty(image.shape, np.float32), np.empty(image.shape, np.float32)
    height = image.shape[0]
    flat = (wide.reshape(height, -1), once.reshape(height, -1), out.reshape(height, -1))
    _blur(flat, weights, image.shape[2])
    return out


@njit(cache=True, nogil=True)
def _blur(pictures, weights, channels):  # type: ignore[no-untyped-def]
    """Fill the second and third of (wide, once, out), rows of a picture, by rows and columns."""
    wide, once, out = pictures
    height, length = out.shape
    reach = len(weights) // 2
    for y in range(height):
        for i in range(length):
            once[y, i] = weights[0] * wide[y, i]
        for k in range(1, len(weights)):
            weight, shift = weights[k], k * channels
            for i in range(length):
                once[y, i] += weight * wide[y, i + shift]
    for y in range(height):
        for k in range(len(weights)):
            weight, row = weights[k], min(max(y + k - reach, 0), height - 1)
            if k == 0:
                for i in range(length):
                    out[y, i] = weight * once[row, i]
            else:
                for i in range(length):
                    out[y, i] += weight * once[row, i]


def shrink(image: Floats, factor: int) -> Floats:
    """Means of blocks of `factor` × `factor`; what is left over at the edges is repeated."""
    height, width = image.shape[:2]
    padding = ((0, -height % factor), (0, -width % factor), (0, 0))
    padded = np.pad(image, padding, mode="edge")
    # Row by row, then column by column: numpy's mean over both is many times slower.
    rows = np.add.reduce(padded.reshape(-1, factor, *padded.shape[1:]), axis=1)
    blocks = np.zeros((len(rows), rows.shape[1] // factor, 3), np.float32)
    for k in range(factor):
        blocks += rows[:, k::factor]
    return np.asarray(blocks * np.float32(1 / factor**2))


def enlarge(image: Floats, height: int, width: int) -> Floats:
    """(h, w, 3) enlarged to (height, width, 3), bilinear."""
    from PIL import Image

    planes = [
        Image.fromarray(np.ascontiguousarray(image[..., c])).resize(
            (width, height), Image.Resampling.BILINEAR
        )
        for c in range(3)
    ]
    return np.stack([np.asarray(plane, np.float32) for plane in planes], axis=-1)


def _scatter(light: Floats, sensor: Sensor) -> Floats:
    """Veil, bloom and streaks: broad parts of the point spread function, made at low resolution.

    The weights follow the long-tailed scatter of real lenses (McCann & Rizzi, "Camera and visual
    veiling glare in HDR images", J. SID 2007): most of it near, a little everywhere.
    """
    height, width = light.shape[:2]
    factor = max(4, width // 160)
    small = shrink(light, factor)
    middle = float(np.median(small))
    cap = middle * BRIGHTEST * (1 + SUN * min(middle / DAYLIGHT, 1.0)) + 1e-3
    small = small * np.minimum(cap / np.maximum(small.max(axis=2, keepdims=True), 1e-6), 1.0)
    wide = small.shape[1]
    near = 0.7 * blur(small, 0.012 * wide) + 0.3 * blur(small, 0.035 * wide)
    far = blur(small, 0.12 * wide)
    added = sensor.bloom * near + sensor.veil * far
    if sensor.streaks > 0:
        drawn = gaussian_filter1d(small, 0.09 * wide, axis=0, mode="constant", truncate=3.0)
        added = added + sensor.streaks * drawn
    kept = 1 - sensor.bloom - sensor.veil - sensor.streaks
    full = enlarge(added, -(-height // factor) * factor, -(-width // factor) * factor)
    return np.asarray(light * np.float32(kept) + full[:height, :width], np.float32)


def _dirty(light: Floats, sensor: Sensor, rng: np.random.Generator) -> Floats:
    """Smears and dust out of focus on the lens: they dim what is behind and glow in the light."""
    height, width = light.shape[:2]
    count = int(6 + 60 * sensor.dirt)
    small = (max(height // 4, 8), max(width // 4, 8))
    cover = np.zeros(small, np.float32)
    y, x = np.mgrid[0 : small[0], 0 : small[1]].astype(np.float32)
    for _ in range(count):
        cy, cx = rng.uniform(0, small[0]), rng.uniform(0, small[1])
        radius = small[1] * rng.uniform(0.008, 0.05)
        long = rng.uniform(0.6, 1.8)
        distance = np.hypot((x - cx) / long, y - cy) / radius
        cover += np.clip(1.4 - distance, 0, 1) * rng.uniform(0.15, 0.6)
    cover = np.clip(cover, 0, 0.85)[..., None].repeat(3, axis=2) * np.float32(sensor.dirt**0.5)
    mask = enlarge(blur(cover, 1.0), height, width)
    glow = blur(shrink(light, 4), 0.08 * small[1])
    return np.asarray(light * (1 - mask) + 0.7 * mask * enlarge(glow, height, width), np.float32)


@njit(cache=True, nogil=True)
def _drawn(light, flow, samples, out):  # type: ignore[no-untyped-def]
    height, width = light.shape[0], light.shape[1]
    for y in range(height):
        for x in range(width):
            u, v = flow[y, x, 0], flow[y, x, 1]
            length = max(abs(u), abs(v))
            if length < 0.5:
                for c in range(3):
                    out[y, x, c] = light[y, x, c]
                continue
            count = min(samples, int(length * 2) + 2)
            r = g = b = np.float32(0.0)
            for k in range(count):
                t = (k + 0.5) / count - 0.5
                j = min(max(int(x + 0.5 + t * u), 0), width - 1)
                i = min(max(int(y + 0.5 + t * v), 0), height - 1)
                r += light[i, j, 0]
                g += light[i, j, 1]
                b += light[i, j, 2]
            out[y, x, 0], out[y, x, 1], out[y, x, 2] = r / count, g / count, b / count


def motion_blurred(light: Floats, flow: Floats, samples: int = 24) -> Floats:
    """Light drawn out along each pixel's way (h, w, 2) during the exposure, in pixels.

    Each pixel gathers along its own way (Potmesil & Chakravarty, SIGGRAPH 1983, in screen space):
    edges of fast things stay a little harder than they should.
    """
    out = np.empty_like(light)
    _drawn(np.ascontiguousarray(light), np.ascontiguousarray(flow, np.float32), samples, out)
    return out
