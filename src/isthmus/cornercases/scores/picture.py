"""A frame as scores see it: 320 pixels wide at most, with what several of them need made once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from isthmus.cornercases.measures import channel_extreme
from isthmus.cornercases.scores.marks import marks_of
from isthmus.data.images import resize_rgb
from isthmus.features.colour import Array, lab, luma

LONGEST_SIDE = 320
SHORTEST_SIDE = 32
WHITE = 250
GAMMA = 2.2


@dataclass(frozen=True)
class Picture:
    """uint8 (h, w, 3) RGB, h and w from 32, the longer side 320 at most."""

    rgb: NDArray[np.uint8]

    @classmethod
    def of(cls, rgb: NDArray[np.uint8]) -> Picture:
        """`rgb` brought to the size at which scores are taken; never enlarged."""
        height, width = rgb.shape[:2]
        factor = min(1.0, LONGEST_SIDE / max(width, height))
        wide, high = (max(SHORTEST_SIDE, round(side * factor)) for side in (width, height))
        return cls(rgb if (wide, high) == (width, height) else resize_rgb(rgb, wide, high))

    @cached_property
    def luma(self) -> Array:
        """Gamma-coded brightness (h, w), [0, 1]."""
        return luma(self.rgb)

    @cached_property
    def lab(self) -> tuple[Array, Array, Array]:
        """L*, a*, b*, each (h, w)."""
        return lab(self.rgb)

    @cached_property
    def chroma(self) -> Array:
        """Distance from grey, sqrt(a*² + b*²), (h, w)."""
        a, b = self.lab[1:]
        return np.sqrt(a * a + b * b)

    @cached_property
    def darkest(self) -> NDArray[np.uint8]:
        """The smallest of the three channels, (h, w)."""
        return channel_extreme(self.rgb, np.minimum)

    @cached_property
    def white(self) -> Array:
        """1 where every channel is at the white end, (h, w)."""
        return np.asarray(self.darkest >= WHITE, dtype=np.float32)

    @cached_property
    def fine(self) -> Array:
        """Luma less its Gaussian blur by 1.5 pixels: what is as thin as rain and snow, (h, w)."""
        return np.asarray(self.luma - gaussian_filter(self.luma, 1.5, mode="nearest"))

    @cached_property
    def linear(self) -> Array:
        """About linear luminance (h, w), [0, 1]: luma to the power 2.2."""
        return np.asarray(self.luma**GAMMA, dtype=np.float32)

    @cached_property
    def marks(self) -> dict[str, float]:
        """Small bright marks above and below; see `marks_of`."""
        return marks_of(self.luma)

    def rows(self, first: float, last: float) -> slice:
        """Rows between two shares of the height, one row at least."""
        height = len(self.rgb)
        start = min(height - 1, round(first * height))
        return slice(start, max(start + 1, round(last * height)))

    def columns(self, first: float, last: float) -> slice:
        """Columns between two shares of the width, one at least."""
        width = self.rgb.shape[1]
        start = min(width - 1, round(first * width))
        return slice(start, max(start + 1, round(last * width)))
