"""Seamless surface textures, made once a process from fixed seeds; nothing is read from files.

A tile multiplies a material's colour, so its mean is about 1. Every renderer takes the same tiles.
A new texture is one function and one line of `TEXTURES`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np

from isthmus import seeds
from isthmus.errors import ConfigError
from isthmus.synth.world.mesh import Floats

Paint = Any  # an array (256, 256) or (256, 256, 3) of floats

SIDE = 256


@dataclass(frozen=True)
class Tile:
    """A seamless tile.

    Attributes:
        colour: (256, 256, 3) float32 factors of linear light, mean about 1. Row 0 is v = 0.
        span: metres that the tile covers along either axis.
    """

    colour: Floats
    span: float


@lru_cache(maxsize=64)
def tile(name: str) -> Tile:
    """The tile of a texture.

    Raises:
        ConfigError: `name` is not one of `TEXTURES`.
    """
    if name not in TEXTURES:
        raise ConfigError(f"texture {name!r}: not known; one of {', '.join(TEXTURES)}")
    span, paint = TEXTURES[name]
    colour = np.asarray(paint(), np.float64)
    if colour.ndim == 2:
        colour = np.repeat(colour[..., None], 3, axis=2)
    colour = np.clip(colour, 0.02, 4.0)
    return Tile(np.ascontiguousarray(colour / colour.mean(), np.float32), span)


def noise(name: str, slope: float, stretch: tuple[float, float] = (1.0, 1.0)) -> Floats:
    """Periodic noise (256, 256), mean 0, deviation 1, amplitude ~ 1/f^slope.

    `stretch` draws it out along (v, u): 4 makes features four times as long.
    """
    rng = seeds.generator(0, "texture", name)
    spectrum = np.fft.rfft2(rng.normal(size=(SIDE, SIDE)))
    fy = np.fft.fftfreq(SIDE)[:, None] * stretch[0]
    fx = np.fft.rfftfreq(SIDE)[None] * stretch[1]
    spectrum *= np.maximum(np.hypot(fx, fy), 1 / SIDE) ** -slope
    spectrum[0, 0] = 0
    values = np.fft.irfft2(spectrum, s=(SIDE, SIDE))
    return np.asarray(values / values.std(), np.float32)


def _grid() -> tuple[Floats, Floats]:
    v, u = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE
    return v, u


def _bricks(rows: int, columns: int, joint: float, name: str, spread: float) -> Paint:
    """Blocks in running bond, every second row moved by half a block; joints are paler."""
    v, u = _grid()
    row = np.floor(v * rows)
    shifted = (u * columns + 0.5 * (row % 2)) % columns
    column = np.floor(shifted)
    rng = seeds.generator(0, "texture", name, "blocks")
    shades = rng.normal(1.0, spread, (rows, columns, 1)) * rng.normal(1.0, spread / 12, (1, 1, 3))
    shades = shades + rng.normal(0.0, spread / 7, (rows, columns, 3))
    colour = shades[row.astype(int), column.astype(int)]
    down, across = (v * rows) % 1, shifted % 1
    wide = joint * columns / rows
    gap = (down < joint) | (down > 1 - joint) | (across < wide) | (across > 1 - wide)
    grain = 1 + 0.06 * noise(name, 0.6)[..., None]
    return np.asarray(np.where(gap[..., None], 1.25 if spread > 0.1 else 0.72, colour) * grain)


def _asphalt() -> Paint:
    grain = noise("asphalt-grain", 0.0)
    stones = np.where(grain > 1.6, 0.45, 0.0)
    return 1 + 0.09 * noise("asphalt", 1.0) + 0.10 * grain + stones


def _asphalt_old() -> Paint:
    cracks = np.abs(noise("cracks", 1.6))
    lines = np.where(cracks < 0.035, -0.4, 0.0)
    return 1 + 0.14 * noise("asphalt-old", 1.3) + 0.12 * noise("asphalt-grain", 0.0) + lines


def _paving() -> Paint:
    return _bricks(8, 4, 0.03, "paving", 0.06)


def _cobble() -> Paint:
    return _bricks(16, 12, 0.09, "cobble", 0.12) * 0.9


def _concrete() -> Paint:
    stains = noise("stains", 1.6, (2.5, 0.8))
    return 1 + 0.05 * noise("concrete", 1.0) + 0.03 * noise("concrete-grain", 0.0) + 0.05 * stains


def _grass() -> Paint:
    blades = noise("blades", 0.2, (2.0, 0.5))
    patches = noise("grass", 1.5)
    green = 1 + 0.22 * blades + 0.08 * patches
    return np.stack([green + 0.05 * patches, green, green], axis=-1)


def _soil() -> Paint:
    return 1 + 0.2 * noise("soil", 1.1) + 0.12 * noise("soil-grain", 0.2)


def _brick() -> Paint:
    return _bricks(16, 5, 0.06, "brick", 0.15)


def _plaster() -> Paint:
    streaks = noise("streaks", 1.4, (3.0, 0.5))
    return 1 + 0.03 * noise("plaster", 0.6) + 0.04 * streaks + 0.04 * noise("plaster-old", 1.8)


def _stone() -> Paint:
    return _bricks(6, 3, 0.025, "stone", 0.07)


def _roof_tile() -> Paint:
    v, u = _grid()
    wave = 0.82 + 0.25 * np.abs(np.sin(np.pi * u * 12))
    lap = np.where((v * 10) % 1 < 0.14, 0.6, 1.0)
    return wave * lap * (1 + 0.1 * noise("roof", 0.8))


def _bark() -> Paint:
    return 1 + 0.3 * noise("bark", 0.8, (2.5, 0.4))


def _foliage() -> Paint:
    leaf = noise("leaf", 0.5)
    return np.stack([1 + 0.30 * leaf, 1 + 0.24 * leaf, 1 + 0.34 * leaf], axis=-1)


def _cloth() -> Paint:
    folds = noise("folds", 1.8, (1.6, 0.6))
    return 1 + 0.12 * folds + 0.04 * noise("weave", 0.0)


def _cloth_check() -> Paint:
    v, u = _grid()
    bands = (np.where((u * 4) % 1 < 0.5, 0.7, 1.2) + np.where((v * 4) % 1 < 0.5, 0.7, 1.2)) / 2
    return bands * _cloth()


def _cloth_stripe() -> Paint:
    v, _ = _grid()
    return np.where((v * 8) % 1 < 0.45, 0.55, 1.3) * _cloth()


def _denim() -> Paint:
    v, u = _grid()
    twill = 0.05 * np.sin(2 * np.pi * 64 * (u + v))
    worn = noise("denim", 1.7)
    return 1 + twill + 0.16 * worn + 0.06 * noise("denim-grain", 0.0)


def _knit() -> Paint:
    v, u = _grid()
    return (
        1
        + 0.14 * np.sin(2 * np.pi * 48 * u) * np.sin(2 * np.pi * 32 * v)
        + 0.08 * noise("knit", 1.6)
    )


def _skin() -> Paint:
    flush = noise("skin", 1.6)
    return np.stack([1 + 0.04 * flush, 1 + 0.02 * flush, 1 + 0.02 * flush], axis=-1)


def _hair() -> Paint:
    return 1 + 0.28 * noise("hair", 0.5, (3.0, 0.3))


def _metal() -> Paint:
    return 1 + 0.04 * noise("metal", 0.8, (0.25, 1.0)) + 0.03 * noise("metal-stains", 1.8)


def _rubber() -> Paint:
    return 1 + 0.12 * noise("rubber", 1.0)


def _paint_worn() -> Paint:
    worn = noise("worn", 0.9) + 0.5 * noise("worn-grain", 0.1)
    return np.where(worn < -1.5, 0.35, 1.0) + 0.05 * noise("paint", 1.0)


def _dirt() -> Paint:
    return 1 + 0.25 * noise("dirt", 1.5)


def _interior() -> Paint:
    """Rooms and shops behind panes: things on shelves, a dark floor, a bright ceiling."""
    rng = seeds.generator(0, "texture", "interior")
    v, u = _grid()
    found = np.zeros((SIDE, SIDE, 3))
    shelf = np.minimum((v * 9).astype(int), 8)
    for row in range(9):
        edges = np.sort(rng.random(26))
        number = np.searchsorted(edges, u[0]) % 26
        shade = rng.lognormal(-0.2, 0.55, (26, 1)) * rng.lognormal(0.0, 0.09, (26, 3))
        found += (shelf == row)[..., None] * shade[number][None]
    found *= np.where((v * 9) % 1 < 0.1, 0.45, 1.0)[..., None]
    wide = np.abs((u * 5) % 1 - 0.5) < 0.08
    found *= np.where(wide, 0.35, 1.0)[..., None]
    found = np.where((v > 0.62)[..., None], 0.9 + 1.6 * (np.abs(v - 0.7) < 0.03)[..., None], found)
    return (
        found * np.where(v < 0.16, 0.5, 1.0)[..., None] * (1 + 0.1 * noise("room", 1.5))[..., None]
    )


TEXTURES: Mapping[str, tuple[float, Callable[[], Paint]]] = MappingProxyType(
    {
        "asphalt": (2.0, _asphalt),
        "asphalt_old": (4.0, _asphalt_old),
        "paving": (2.4, _paving),
        "cobble": (1.6, _cobble),
        "concrete": (3.0, _concrete),
        "grass": (1.5, _grass),
        "soil": (2.0, _soil),
        "brick": (1.2, _brick),
        "plaster": (5.0, _plaster),
        "stone": (2.4, _stone),
        "roof_tile": (3.0, _roof_tile),
        "bark": (0.8, _bark),
        "foliage": (1.2, _foliage),
        "cloth": (0.6, _cloth),
        "cloth_check": (0.3, _cloth_check),
        "cloth_stripe": (0.4, _cloth_stripe),
        "denim": (0.6, _denim),
        "knit": (0.3, _knit),
        "skin": (0.3, _skin),
        "hair": (0.15, _hair),
        "metal": (1.0, _metal),
        "rubber": (0.3, _rubber),
        "paint_worn": (2.0, _paint_worn),
        "dirt": (1.0, _dirt),
        "interior": (4.2, _interior),
    }
)
"""Name → (span in metres, painter of a (256, 256) or (256, 256, 3) tile)."""
