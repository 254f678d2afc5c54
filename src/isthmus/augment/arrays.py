"""A frame in memory, as effects take and give it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from isthmus.augment.depth import Geometry
from isthmus.augment.linear import Bytes, Floats
from isthmus.augment.severity import MOST_SEVERE
from isthmus.data.frame import Box
from isthmus.errors import InputError

if TYPE_CHECKING:
    from isthmus.augment.lamp_streaks import Source
    from isthmus.augment.surfaces import Surfaces

SMALLEST_SIDE = 32
OTHER, SKY_CLASS, SEALED, SOFT, PLANTS = range(5)
"""Values of `Arrays.surface`."""


@dataclass(frozen=True)
class Arrays:
    """A frame in memory.

    Attributes:
        image: (h, w, 3) uint8 sRGB.
        boxes: its labels, in pixels.
        surface: (h, w) what each pixel shows: sky, sealed ground (road, pavement), soft ground
            (grass, earth), plants or anything else; None where the frame has no such map.
        geometry: where the camera stands, as far as it is known.
        exact: depth is measured, not estimated: surfaces' normals can be taken from it.
        layout: what lies where, if that has been worked out already: the parts of a composition
            share it.
        sources: lamps that shine in the frame, if an effect has lit them: wet ground mirrors them.
    """

    image: Bytes
    boxes: tuple[Box, ...] = ()
    surface: Bytes | None = None
    geometry: Geometry = field(default_factory=Geometry)
    exact: bool = False
    layout: Surfaces | None = None
    sources: tuple[Source, ...] = ()

    @property
    def things(self) -> tuple[Box, ...]:
        """The boxes that hold one thing each: those that are not to be ignored."""
        return tuple(box for box in self.boxes if not box.ignore)


def check(arrays: Arrays, depth: Floats, severity: float) -> None:
    """Refuse what no effect can work on.

    Raises:
        InputError: wrong type, shape, size, depth or severity.
    """
    image = arrays.image
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise InputError(f"image {image.dtype} {image.shape}: uint8 (h, w, 3) is needed")
    if min(image.shape[:2]) < SMALLEST_SIDE:
        raise InputError(f"image {image.shape[1]}×{image.shape[0]}: {SMALLEST_SIDE} px are needed")
    if depth.shape != image.shape[:2]:
        raise InputError(f"depth {depth.shape} does not fit the image {image.shape[:2]}")
    if arrays.surface is not None and arrays.surface.shape != depth.shape:
        raise InputError(f"map of classes {arrays.surface.shape} does not fit the image")
    if not np.isfinite(depth).all() or (depth <= 0).any():
        raise InputError("depth: every pixel needs a finite number of metres above 0")
    if not 0 <= severity <= MOST_SEVERE:
        raise InputError(f"severity {severity}: a number from 0 to {MOST_SEVERE:g} is needed")
