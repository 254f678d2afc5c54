"""The sky: brightness over the dome, clouds, the sun's disc.

Luminance follows the CIE general sky (ISO 15469): type 12 (clear) and type 1 (overcast), mixed by
cloud cover and scaled to the illuminance that `daylight` names. Clouds are noise on a flat layer,
lit by sun and sky. Around a low sun the horizon glows from orange to yellow, opposite it is pink
(the belt of Venus); both fade with height (Minnaert, "Light and Color in the Outdoors", ch. 11).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from isthmus.synth.render.fast.daylight import Daylight
from isthmus.synth.world.mesh import Floats

ROWS, COLUMNS = 48, 192
ORANGE, PINK = (1.72, 0.86, 0.36), (1.22, 0.93, 1.04)
"""Colours, of luminance about 1, of the horizon under a low sun and opposite it."""
DUSK = ((-14.0, 0.0), (-8.0, 0.7), (-4.0, 1.0), (1.0, 1.0), (6.0, 0.55), (14.0, 0.0))
"""Sun's height in degrees, strength of these colours."""
SUN_RADIUS = np.radians(0.2665)
HARMONICS = (
    *[1 / 4], *[1 / 2] * 3, *[15 / 16] * 2, 5 / 64, 15 / 16, 15 / 64,
)  # fmt: skip
"""Squared norms of spherical harmonics, times those of the cosine lobe (π, 2π/3, π/4)."""


class Sky(NamedTuple):
    """What the kernels need of the sky; RGB in cd/m².

    Attributes:
        sun: (3,) towards the sun.
        clear: (3,) scale of the clear sky. pale: (3,) of its horizon.
        cloud: (3,) luminance of clouds' sunny side. grey: (3,) scale of the overcast sky.
        cover: 0–1.
        dusk: strength of the low sun's colours, 0–1.
        shift: where in the noise the clouds are.
    """

    sun: Floats
    clear: Floats
    pale: Floats
    cloud: Floats
    grey: Floats
    cover: float
    dusk: float
    shift: float


class SkyMap(NamedTuple):
    """The dome as a table.

    Attributes:
        levels: (k, ROWS, COLUMNS, 3) luminance, each level blurred more. Row r is the height
            (r + 0.5) / ROWS · 90°, column c the azimuth (c + 0.5) / COLUMNS · 360° from +Z to +X.
        harmonics: (9, 3) lux on a surface by its normal (x, y, z): the sum of these times 1, y, z,
            x, x·y, y·z, 3z² − 1, x·z, x² − y² (Ramamoorthi and Hanrahan 2001).
    """

    levels: Floats
    harmonics: Floats


@njit(cache=True, nogil=True, error_model="numpy")
def _hash(x, z):  # type: ignore[no-untyped-def]
    h = np.uint32(np.uint32(x) * np.uint32(374761393)) + np.uint32(
        np.uint32(z) * np.uint32(668265263)
    )
    h = np.uint32(np.uint32(h ^ (h >> np.uint32(13))) * np.uint32(1274126177))
    return np.float32(np.uint32(h ^ (h >> np.uint32(16))) & np.uint32(0xFFFFFF)) / np.float32(
        16777216.0
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _noise(x, z):  # type: ignore[no-untyped-def]
    """Value noise 0–1."""
    fx, fz = np.floor(x), np.floor(z)
    ix, iz = np.int64(fx), np.int64(fz)
    u, v = x - fx, z - fz
    u, v = u * u * (3 - 2 * u), v * v * (3 - 2 * v)
    near = _hash(ix, iz) * (1 - u) + _hash(ix + 1, iz) * u
    far = _hash(ix, iz + 1) * (1 - u) + _hash(ix + 1, iz + 1) * u
    return near * (1 - v) + far * v


@njit(cache=True, nogil=True, error_model="numpy")
def _clouds(x, z, octaves):  # type: ignore[no-untyped-def]
    total, weight, scale = 0.0, 0.5, 1.0
    for _ in range(octaves):
        total += weight * _noise(x * scale, z * scale)
        x, z = 0.8 * x - 0.6 * z + 17.3, 0.6 * x + 0.8 * z - 4.1
        scale *= 2.03
        weight *= 0.52
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def luminance(directions, sky, octaves, out):  # type: ignore[no-untyped-def]
    """Luminance (n, 3) of the dome, without the sun's disc, towards (n, 3) unit vectors."""
    sun, clear_scale, pale, cloud, grey, cover, dusk, shift = sky
    flat = np.sqrt(sun[0] * sun[0] + sun[2] * sun[2]) + 1e-6
    for i in range(len(directions)):
        x, y, z = directions[i, 0], max(directions[i, 1], 0.004), directions[i, 2]
        towards = min(max(x * sun[0] + y * sun[1] + z * sun[2], -1.0), 1.0)
        angle = np.arccos(towards)
        clear = (1 - np.exp(-0.32 / y)) * (
            1 + 10 * (np.exp(-3 * angle) - 0.009) + 0.45 * towards * towards
        )
        overcast = 1 + 2 * y
        low = (1 - y) ** 4
        halo = np.exp(-9 * angle)
        # Clouds lie on a shell: near the horizon they crowd but do not shrink without end.
        stretch = 1.7 / (y + 0.11)
        density = _clouds(x * stretch + shift, z * stretch - shift, octaves)
        threshold = 0.80 - 0.66 * cover
        thick = min(max((density - threshold) * 5.0, 0.0), 1.0) * min(cover * 8, 1.0)
        thick = thick * thick * (3 - 2 * thick)
        shade = 1 - 0.45 * min(max((density - threshold - 0.08) * 3.0, 0.0), 1.0)
        full = min(max((cover - 0.75) * 4, 0.0), 1.0)
        aureole = (0.5 * halo + 5.0 * np.exp(-24 * angle)) * (1 - full)
        side = 0.5 + 0.5 * (x * sun[0] + z * sun[2]) / (np.sqrt(x * x + z * z) + 1e-6) / flat
        glow = dusk * (0.3 + 0.7 * side * side) * np.exp(-y / (0.07 + 0.2 * side))
        lit = dusk * side * side * np.exp(-2.5 * y) * 0.8
        paler = 0.2126 * pale[0] + 0.7152 * pale[1] + 0.0722 * pale[2]
        white = 0.2126 * cloud[0] + 0.7152 * cloud[1] + 0.0722 * cloud[2]
        for c in range(3):
            tint = ORANGE[c] * side + PINK[c] * (1 - side)
            blue = clear_scale[c] * (1 - low) + pale[c] * low
            blue = clear * (blue * (1 - glow) + tint * paler * glow)
            puff = cloud[c] * (1 - lit) + tint * white * lit
            blue += puff * aureole
            puffs = blue * (1 - thick) + thick * puff * shade * (1 + 1.2 * halo)
            even = grey[c] * overcast * (0.86 + 0.30 * (density - 0.47))
            out[i, c] = puffs * (1 - full) + even * full


def dome() -> tuple[Floats, Floats]:
    """Directions (ROWS·COLUMNS, 3) of the sky map's cells and their solid angles."""
    up = np.radians((np.arange(ROWS) + 0.5) / ROWS * 90)
    around = np.radians((np.arange(COLUMNS) + 0.5) / COLUMNS * 360)
    flat = np.cos(up)[:, None]
    directions = np.stack(
        [
            flat * np.sin(around),
            np.repeat(np.sin(up)[:, None], COLUMNS, 1),
            flat * np.cos(around),
        ],
        axis=-1,
    ).reshape(-1, 3)
    angle = np.repeat(np.cos(up) * np.radians(90 / ROWS) * np.radians(360 / COLUMNS), COLUMNS)
    return directions.astype(np.float32), angle.astype(np.float32)


def sun_disc(directions: Floats, light: Daylight) -> Floats:
    """Luminance (n, 3) of the sun's disc, cd/m², towards (n, 3) unit vectors: 0 beside it."""
    edge = np.cos(SUN_RADIUS)
    inside = (directions * light.direction).sum(axis=1) > edge
    return np.asarray(inside[:, None] * light.sun / np.float32(2 * np.pi * (1 - edge)), np.float32)


def make_sky(light: Daylight, seed: int) -> tuple[Sky, SkyMap]:
    """The sky of a light, and its table."""
    directions, angle = dome()
    sun_up = max(float(light.direction[1]), 0.0)
    tone = light.sky / max(float(light.sky.mean()), 1e-9)
    mean = float(light.sky.mean()) / np.pi
    warm = light.sun / max(float(light.sun.max()), 1e-9) if light.sun.max() > 1 else tone
    low_sun = float(np.clip(1 - light.direction[1] / 0.35, 0, 1)) if light.sun.max() > 1 else 0.6
    clear = tone ** (1.7 - 0.4 * low_sun)
    pale = tone**0.35 * (1 - 0.35 * low_sun) + warm * 0.35 * low_sun
    cloud = (light.sky * 1.1 + 0.35 * light.sun * (0.3 + sun_up)) / np.pi
    height = float(np.degrees(np.arcsin(light.direction[1])))
    degrees, strengths = zip(*DUSK, strict=True)
    sky = Sky(
        sun=light.direction.astype(np.float32),
        clear=(clear * mean).astype(np.float32),
        pale=(pale * mean).astype(np.float32),
        cloud=(cloud * 1.0).astype(np.float32),
        grey=(tone * mean).astype(np.float32),
        cover=float(light.cover),
        dusk=float(np.interp(height, degrees, strengths)),
        shift=float(seed % 1009) * 3.7,
    )
    table = np.empty((ROWS * COLUMNS, 3), np.float32)
    luminance(directions, tuple(sky), 4, table)
    level = (table * (angle * directions[:, 1])[:, None]).sum(axis=0)
    scale = (light.sky / np.maximum(level, 1e-12)).astype(np.float32)
    grey = float(light.sky.mean() / max(float(level.mean()), 1e-12))
    scale = (0.5 * scale + 0.5 * grey).astype(np.float32)
    sky = sky._replace(
        clear=sky.clear * scale, pale=sky.pale * scale, cloud=sky.cloud * scale,
        grey=sky.grey * scale,
    )  # fmt: skip
    return sky, _table(table * scale, directions, angle)


def _table(table: Floats, directions: Floats, angle: Floats) -> SkyMap:
    from scipy.ndimage import gaussian_filter

    first = table.reshape(ROWS, COLUMNS, 3)
    levels = [first] + [
        gaussian_filter(first, (width, width, 0), mode=("nearest", "wrap", "nearest"))
        for width in (2.0, 5.0, 11.0)
    ]
    light = table.astype(np.float64) * angle[:, None]
    # Not a product of matrices, whose last bit depends on threads.
    harmonics = [
        factor * (light * field[:, None]).sum(axis=0)
        for factor, field in zip(HARMONICS, _basis(directions.astype(np.float64)), strict=True)
    ]
    return SkyMap(np.stack(levels).astype(np.float32), np.asarray(harmonics, np.float32))


def _basis(directions: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    x, y, z = directions.T
    one = np.ones(len(directions))
    return [one, y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y]
