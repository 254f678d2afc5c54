"""What each sample shows: the nearest opaque face, and the panes in front of it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from isthmus.synth.annotate.raster import rasterise
from isthmus.synth.annotate.triangles import OUT, PICTURE, Projection, set_up
from isthmus.synth.world.mesh import Floats, Ints
from isthmus.synth.world.scene import Soup

SAMPLES = 2
"""Samples per pixel along either axis."""


class Samples(NamedTuple):
    """Buffers of samples, (2h, 2w).

    Attributes:
        face: number of the opaque face, −1 for the sky. nearness: its 1/z.
        pane, pane_nearness: the same of the nearest transparent face in front of it.
    """

    face: Ints
    nearness: Floats
    pane: Ints
    pane_nearness: Floats


def sample(soup: Soup, clear: NDArray[np.bool_], projection: Projection, threads: int) -> Samples:
    """Look at every sample; `clear` (f,) tells transparent faces."""
    width, height = projection.width, projection.height
    buffers: list[Any] = []
    for chosen in (~clear, clear):
        keep = np.where(chosen, np.uint8(PICTURE), np.uint8(OUT))
        triangles = set_up(soup.points, soup.faces, keep, projection, threads=threads)
        buffers += rasterise(triangles, width, height, threads)
    face, nearness, pane, pane_nearness = buffers
    pane[pane_nearness <= nearness] = -1
    return Samples(face, nearness, pane, pane_nearness)
