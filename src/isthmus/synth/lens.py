"""Lenses that bend straight lines: radial and tangential distortion, and its inverse.

Brown, "Close-range camera calibration", Photogrammetric Engineering 37 (1971); Conrady, MNRAS 79
(1919); coefficients in the order and sense of OpenCV's `distCoeffs`. Only + − × ÷ are used, so the
last bit is the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from isthmus.errors import ConfigError
from isthmus.synth.view import View

Doubles = NDArray[np.float64]
STEPS = 12
"""Newton's steps; four or five do for lenses in use."""
CLOSE = 1e-9
"""Slope by which the inverse may miss: a millionth of a pixel."""
LEAST = 0.05
"""Least share of its size that the lens may leave of an area."""
WIDEST = 3.0
"""How much wider than the picture the pinhole view may have to be."""


@dataclass(frozen=True)
class Lens:
    """Distortion of slopes x/z (to the right) and y/z (down) of rays.

    With r² = x² + y²: x' = x(1 + k1 r² + k2 r⁴) + 2 p1 x y + p2 (r² + 2x²) and
    y' = y(1 + k1 r² + k2 r⁴) + p1 (r² + 2y²) + 2 p2 x y. k1 < 0: a barrel.
    """

    k1: float = 0.0
    k2: float = 0.0
    p1: float = 0.0
    p2: float = 0.0

    @property
    def coefficients(self) -> tuple[float, float, float, float]:
        """k1, k2, p1, p2."""
        return self.k1, self.k2, self.p1, self.p2

    @property
    def bends(self) -> bool:
        """False for a pinhole."""
        return any(self.coefficients)

    def bent(self, x: Doubles, y: Doubles) -> tuple[Doubles, Doubles]:
        """Slopes in the picture of rays of slopes x, y."""
        square = x * x + y * y
        radial = 1 + square * (self.k1 + square * self.k2)
        cross = 2 * x * y
        return (
            x * radial + self.p1 * cross + self.p2 * (square + 2 * x * x),
            y * radial + self.p1 * (square + 2 * y * y) + self.p2 * cross,
        )

    def _slopes(self, x: Doubles, y: Doubles) -> tuple[Doubles, Doubles, Doubles]:
        """∂x'/∂x, ∂x'/∂y = ∂y'/∂x, ∂y'/∂y."""
        square = x * x + y * y
        radial = 1 + square * (self.k1 + square * self.k2)
        more = 2 * (self.k1 + 2 * self.k2 * square)
        return (
            radial + more * x * x + 2 * self.p1 * y + 6 * self.p2 * x,
            more * x * y + 2 * self.p1 * x + 2 * self.p2 * y,
            radial + more * y * y + 6 * self.p1 * y + 2 * self.p2 * x,
        )

    def straight(self, x: Doubles, y: Doubles) -> tuple[Doubles, Doubles]:
        """Slopes of the rays that the lens shows at slopes x, y; NaN where there is none."""
        u, v = x.copy(), y.copy()
        with np.errstate(all="ignore"):
            for _ in range(STEPS):
                a, b = self.bent(u, v)
                xx, xy, yy = self._slopes(u, v)
                area = xx * yy - xy * xy
                u, v = (
                    u - ((a - x) * yy - (b - y) * xy) / area,
                    v - ((b - y) * xx - (a - x) * xy) / area,
                )
            a, b = self.bent(u, v)
            xx, xy, yy = self._slopes(u, v)
            # Beyond the fold the same place is reached again, mirrored or turned about.
            fits = (abs(a - x) + abs(b - y) < CLOSE) & (xx * yy - xy * xy > LEAST) & (xx + yy > 0)
        return np.where(fits, u, np.nan), np.where(fits, v, np.nan)

    def covers(self, x: float, y: float) -> bool:
        """True if each place of a picture that reaches ±x and ±y in slopes shows one ray."""
        across = np.linspace(-1.0, 1.0, 9)
        u, v = (grid.ravel() for grid in np.meshgrid(x * across, y * across))
        return bool(np.isfinite(self.straight(u, v)[0]).all())


@dataclass(frozen=True, eq=False)
class Bend:
    """From a pinhole's picture to a lens's, pixel by pixel.

    Attributes:
        lens: what bends.
        view: of the picture wanted.
        wide: a pinhole view of the same focal length that sees all that the lens shows.
        x, y: (h, w) where in the wide picture (pixels) the picture's pixels have their middles.
    """

    lens: Lens
    view: View
    wide: View
    x: Doubles
    y: Doubles

    @cached_property
    def nearest(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """(h, w) rows and columns of the wide picture's pixels that hold those middles."""
        return self.y.astype(np.intp), self.x.astype(np.intp)

    @cached_property
    def seen(self) -> NDArray[np.bool_]:
        """(wide h, wide w) the wide picture's pixels that the lens shows."""
        v, u = np.mgrid[0 : self.wide.height, 0 : self.wide.width] + 0.5
        x, y = self.pixels(u, v)
        inside = (x >= 0) & (x < self.view.width) & (y >= 0) & (y < self.view.height)
        return np.asarray(inside)

    def widened(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """The wide picture's values, where the lens shows it, of the picture's (h, w); else 0."""
        v, u = np.mgrid[0 : self.wide.height, 0 : self.wide.width] + 0.5
        x, y = self.pixels(u, v)
        out = np.zeros(u.shape, np.float32)
        out[self.seen] = values[y[self.seen].astype(np.intp), x[self.seen].astype(np.intp)]
        return out

    def pixels(self, u: Doubles, v: Doubles) -> tuple[Doubles, Doubles]:
        """The picture's pixels of the wide picture's; NaN beyond what the lens shows."""
        focal, view, wide = self.view.focal, self.view, self.wide
        x, y = (u - 0.5 * wide.width) / focal, (v - 0.5 * wide.height) / focal
        a, b = self.lens.bent(x, y)
        reach = ((self.x - 0.5 * wide.width) ** 2 + (self.y - 0.5 * wide.height) ** 2).max()
        near = x * x + y * y <= 1.02 * reach / focal**2
        return (
            np.where(near, 0.5 * view.width + focal * a, np.nan),
            np.where(near, 0.5 * view.height + focal * b, np.nan),
        )


def bend(view: View, lens: Lens) -> Bend:
    """What a lens makes of a view.

    Raises:
        ConfigError: the lens folds the picture, or needs a view more than three times as wide.
    """
    v, u = np.mgrid[0 : view.height, 0 : view.width] + 0.5
    x, y = lens.straight((u - 0.5 * view.width) / view.focal, (v - 0.5 * view.height) / view.focal)
    if not np.isfinite(x).all():
        raise ConfigError(
            f"lens {lens.coefficients}: folds a picture of {view.width}x{view.height}: take "
            "smaller coefficients, or a smaller camera_fov"
        )
    sides = []
    for slopes, side in ((x, view.width), (y, view.height)):
        half = int(np.ceil(abs(slopes).max() * view.focal)) + 2
        if 2 * half > WIDEST * side + 8:
            raise ConfigError(
                f"lens {lens.coefficients}: its picture of {view.width}x{view.height} shows more "
                f"than {WIDEST:g} times what a pinhole's would: take smaller coefficients"
            )
        sides.append(2 * half)
    wide = View(sides[0], sides[1], view.focal, view.position, view.pitch, view.yaw)
    return Bend(
        lens, view, wide, 0.5 * sides[0] + x * view.focal, 0.5 * sides[1] + y * view.focal
    )  # fmt: skip
