"""How many drops and flakes there are, how large they are and how fast they fall."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
LEAST = 1e-6
"""mm/h below which nothing falls: the laws know no size there."""
MOST = 60_000
"""Particles drawn at most; beyond, the smallest are left out: single ones are not seen."""


class Pinhole(Protocol):
    """How much air a camera sees: its picture's size and focal length in pixels."""

    @property
    def width(self) -> int: ...  # noqa: D102
    @property
    def height(self) -> int: ...  # noqa: D102
    @property
    def focal(self) -> float: ...  # noqa: D102


@dataclass(frozen=True)
class Particles:
    """Falling particles in camera axes.

    Attributes:
        position: (n, 3) metres, x right, y up, z forward.
        velocity: (n, 3) m/s relative to the camera.
        diameter: (n,) metres.
    """

    position: Array
    velocity: Array
    diameter: Array


def rain_drops(
    rate: float, view: Pinhole, reach: float, rng: np.random.Generator, most: int = MOST
) -> Particles:
    """Drops of rain of `rate` mm/h before the camera, up to `reach` metres away.

    Marshall & Palmer (J. Meteorol. 1948): N(D) = 8000 exp(−4.1 R^−0.21 D) per m³ and mm. Terminal
    speeds by Atlas, Srivastava & Sekhon (1973): 9.65 − 10.3 exp(−0.6 D) m/s, D in mm.
    """
    if rate < LEAST:
        return _nothing()
    slope = 4.1 * rate**-0.21
    count, smallest = _number(8000 / slope, slope, 0.8, view, reach, most=most)
    diameter = smallest + rng.exponential(1 / slope, count)
    diameter = np.minimum(diameter, 6.0)
    fall = 9.65 - 10.3 * np.exp(-0.6 * diameter)
    gust = rng.normal(0.0, 0.25, (count, 2))
    velocity = np.stack([gust[:, 0], -np.maximum(fall, 0.5), gust[:, 1]], axis=1)
    return Particles(_places(count, view, reach, rng), velocity, diameter / 1000)


def snow_flakes(
    rate: float, view: Pinhole, reach: float, rng: np.random.Generator, most: int = MOST
) -> Particles:
    """Flakes of snow of `rate` mm/h of water.

    Gunn & Marshall (J. Meteorol. 1958): N(D) = 3800 R^−0.87 exp(−2.55 R^−0.48 D) per m³ and mm of
    melted diameter; a flake is about four times as wide as its drop, and falls at 1 to 2 m/s.
    """
    if rate < LEAST:
        return _nothing()
    slope = 2.55 * rate**-0.48
    count, smallest = _number(3800 * rate**-0.87 / slope, slope, 0.4, view, reach, most=most)
    melted = smallest + rng.exponential(1 / slope, count)
    diameter = np.minimum(4.0 * melted, 14.0)
    fall = 0.9 + 0.05 * diameter + rng.normal(0, 0.1, count)
    drift = rng.normal(0.0, 0.5, (count, 2)) + rng.normal(0.0, 0.6, 2)
    velocity = np.stack([drift[:, 0], -np.maximum(fall, 0.3), drift[:, 1]], axis=1)
    return Particles(_places(count, view, reach, rng), velocity, diameter / 1000)


def _nothing() -> Particles:
    return Particles(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0))


def _number(
    per_volume: float, slope: float, smallest: float, view: Pinhole, reach: float, *, most: int
) -> tuple[int, float]:
    """How many are larger than `smallest` (mm) in the view; a larger bound if they are too many."""
    area = view.width * view.height / view.focal**2
    whole = per_volume * area * reach**3 / 3
    many = whole * np.exp(-slope * smallest)
    if many > most:
        smallest = float(np.log(whole / most) / slope)
        many = most
    return int(many), smallest


def _places(count: int, view: Pinhole, reach: float, rng: np.random.Generator) -> Array:
    """Uniform in the pyramid that the camera sees, a little wider than the picture."""
    z = np.maximum(reach * rng.random(count) ** (1 / 3), 0.15)
    x = rng.uniform(-0.55, 0.55, count) * view.width / view.focal * z
    y = rng.uniform(-0.6, 0.6, count) * view.height / view.focal * z
    return np.stack([x, y, z], axis=1)
