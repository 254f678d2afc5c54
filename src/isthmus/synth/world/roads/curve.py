"""Centre lines in plan, and the lie of the land in height.

A place along a road is (s, d): metres along its centre line and metres to the right of it. Height
depends on world Z alone: one vertical profile for the whole land, so that roads, blocks and
fields that cross each other need no fitting.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import cos, sin

import numpy as np
from numpy.typing import ArrayLike, NDArray

Reals = NDArray[np.float64]

STEP = 0.5
"""Spacing of the tabulated centre line, metres."""


@dataclass(frozen=True)
class Curve:
    """A centre line from `start` to `end` (metres along it), straight on beyond either.

    Attributes:
        origin: (X, Z) at s = 0.
        heading: radians at s = 0; 0 is +Z, π/2 is +X.
        start, end: span of the table.
        curvature: (n,) 1/m at each `STEP` from `start`; positive bends to the right.
    """

    origin: tuple[float, float]
    heading: float
    start: float
    end: float
    curvature: Reals

    @cached_property
    def _table(self) -> Reals:
        """(4, n): s, X, Z, heading."""
        s = self.start + STEP * np.arange(len(self.curvature))
        middle = 0.5 * (self.curvature[1:] + self.curvature[:-1]) * STEP
        turn = np.concatenate([[0.0], np.cumsum(middle)])
        turn += self.heading - np.interp(0.0, s, turn)
        halfway = 0.5 * (turn[1:] + turn[:-1])
        x = np.concatenate([[0.0], np.cumsum(np.sin(halfway) * STEP)])
        z = np.concatenate([[0.0], np.cumsum(np.cos(halfway) * STEP)])
        x += self.origin[0] - np.interp(0.0, s, x)
        z += self.origin[1] - np.interp(0.0, s, z)
        return np.stack([s, x, z, turn])

    def turn(self, s: ArrayLike) -> Reals:
        """Heading at s, radians, in the shape of s."""
        table = self._table
        return np.asarray(np.interp(np.asarray(s, np.float64), table[0], table[3]))

    def bend(self, s: ArrayLike) -> Reals:
        """Curvature at s, 1/m, in the shape of s."""
        table = self._table
        return np.asarray(np.interp(np.asarray(s, np.float64), table[0], self.curvature, 0.0, 0.0))

    def at(self, s: ArrayLike, d: ArrayLike = 0.0) -> Reals:
        """(…, 2): X and Z of the places (s, d); s and d are broadcast."""
        along, across = np.broadcast_arrays(np.asarray(s, np.float64), np.asarray(d, np.float64))
        table = self._table
        heading = np.interp(along, table[0], table[3])
        beyond = along - np.clip(along, table[0, 0], table[0, -1])
        sine, cosine = np.sin(heading), np.cos(heading)
        x = np.interp(along, table[0], table[1]) + beyond * sine + across * cosine
        z = np.interp(along, table[0], table[2]) + beyond * cosine - across * sine
        return np.stack([x, z], axis=-1)

    @cached_property
    def _rows(self) -> list[list[float]]:
        """(n) rows of s, X, Z, heading, curvature: faster to read one by one than an array."""
        rows: list[list[float]] = np.column_stack([self._table.T, self.curvature]).tolist()
        return rows

    def point(self, s: float, d: float = 0.0) -> tuple[float, float, float]:
        """(X, Z, heading) of one place: what `at` and `turn` say, quickly."""
        rows = self._rows
        step = (s - self.start) / STEP
        k = min(max(int(step), 0), len(rows) - 2)
        share = min(max(step - k, 0.0), 1.0)
        (_, x0, z0, h0, _), (_, x1, z1, h1, _) = rows[k], rows[k + 1]
        heading = h0 + share * (h1 - h0)
        sine, cosine = sin(heading), cos(heading)
        beyond = s - min(max(s, rows[0][0]), rows[-1][0])
        x = x0 + share * (x1 - x0) + beyond * sine + d * cosine
        z = z0 + share * (z1 - z0) + beyond * cosine - d * sine
        return x, z, heading

    def nearest(self, x: float, z: float) -> tuple[float, float]:
        """(s, d) of a point (X, Z), by its foot on the centre line."""
        coarse = self._table[:3, ::8]
        s = float(coarse[0, np.argmin((coarse[1] - x) ** 2 + (coarse[2] - z) ** 2)])
        d = 0.0
        for _ in range(5):
            px, pz, heading = self.point(s)
            px, pz = x - px, z - pz
            sine, cosine = sin(heading), cos(heading)
            along, d = px * sine + pz * cosine, px * cosine - pz * sine
            k = min(max(int((s - self.start) / STEP), 0), len(self._rows) - 1)
            s += along / max(1.0 - self._rows[k][4] * d, 0.2)
            if abs(along) < 1e-9:
                break
        return s, d


def bent(
    curvature: float,
    *,
    start: float,
    end: float,
    origin: tuple[float, float] = (0.0, 0.0),
    heading: float = 0.0,
    straights: tuple[tuple[float, float], ...] = (),
    most: float = 0.95,
) -> Curve:
    """A centre line of one curvature, straight over some stretches and once it has turned enough.

    Args:
        curvature: 1/m, positive to the right.
        straights: (from, to) in metres; there the road is straight, with easings of 8 m.
        most: radians after which it turns no more, so that no road comes back upon itself.
    """
    s = start + STEP * np.arange(int((end - start) / STEP) + 1)
    share: Reals = np.ones_like(s)
    for low, high in straights:
        outside = np.maximum(np.maximum(low - s, s - high), 0.0)
        share = share * _ease(outside / 8.0)
    share = share * _ease((s - start) / 10.0)
    ahead = np.cumsum(np.where(s > 0, abs(curvature) * share * STEP, 0.0))
    behind = np.cumsum(np.where(s < 0, abs(curvature) * share * STEP, 0.0)[::-1])[::-1]
    share = share * _ease((most - np.maximum(ahead, behind)) / 0.25)
    return Curve(origin, heading, start, end, curvature * share)


def _ease(x: ArrayLike) -> Reals:
    """0 below 0, 1 above 1, smooth between."""
    t = np.clip(np.asarray(x, np.float64), 0.0, 1.0)
    return t * t * (3 - 2 * t)


@dataclass(frozen=True)
class Land:
    """Height of the land over Z: level, then one smooth rise or fall, then level again.

    Attributes:
        rise: metres from one level to the other.
        start, length: where the slope begins and how long it is, metres.
    """

    rise: float = 0.0
    start: float = 20.0
    length: float = 200.0

    def height(self, z: ArrayLike) -> Reals:
        """Height at world Z, metres, in the shape of z."""
        return self.rise * _ease((np.asarray(z, np.float64) - self.start) / self.length)

    def slope(self, z: ArrayLike) -> Reals:
        """Its derivative with respect to Z."""
        t = np.clip((np.asarray(z, np.float64) - self.start) / self.length, 0.0, 1.0)
        return self.rise * 6 * t * (1 - t) / self.length
