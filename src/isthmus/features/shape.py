"""Shape of an image: which way edges run, and where they lie.

Oriented edges on a coarse grid, after histograms of oriented gradients (Dalal and Triggs 2005).
An edge counts by how it stands out from its surroundings, not by its contrast: neither
brightness nor contrast nor shading enters, only the layout. The image is smoothed and halved
first, so that grain and slight blur stay with texture.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from isthmus.features.colour import Array, Named, luma
from isthmus.features.extractor import Images
from isthmus.features.texture import half

ROWS, COLUMNS = 4, 6
ORIENTATIONS = 6
FLAT = float((1 / 255) ** 2)  # squared gradients of one grey level are no edge
EMPTY_CELL = 0.02


def shape_block(rgb: Images) -> Named:
    """Named components, each in [0, 1], of one uint8 (h, w, 3) image with h, w >= 32.

    `orientation_r_c_k`: share of the edges of cell (r, c) that run at k · 30° (0 = vertical
    edge, soft between neighbours); the shares of a cell with hardly any edge fade to 0.
    `density_r_c`: mean edge membership of the cell's pixels.
    """
    values = half(luma(rgb))
    across = values[1:-1, 2:] - values[1:-1, :-2]
    down = values[2:, 1:-1] - values[:-2, 1:-1]
    membership = _membership(np.square(across) + np.square(down))
    angle = np.arctan2(down, across) * np.float32(ORIENTATIONS / np.pi)
    angle += ORIENTATIONS * (angle < 0)
    lower = np.floor(angle)
    upper_part = membership * (angle - lower)
    lower_part = membership - upper_part
    lower_bin = lower.astype(np.intp) % ORIENTATIONS
    upper_bin = (lower_bin + 1) % ORIENTATIONS
    cells, pixels = _cells(*membership.shape)
    length = ROWS * COLUMNS * ORIENTATIONS
    sums = np.bincount(
        (cells + lower_bin).ravel(), weights=lower_part.ravel(), minlength=length
    ) + np.bincount((cells + upper_bin).ravel(), weights=upper_part.ravel(), minlength=length)
    histogram = sums.reshape(ROWS * COLUMNS, ORIENTATIONS) / pixels[:, None]
    density = histogram.sum(axis=1)
    shares = histogram / (density + EMPTY_CELL)[:, None]
    names = [f"{row}_{column}" for row in range(ROWS) for column in range(COLUMNS)]
    named = [
        (f"orientation_{cell}_{k}", float(share))
        for cell, row in zip(names, shares, strict=True)
        for k, share in enumerate(row)
    ]
    named += [(f"density_{cell}", float(v)) for cell, v in zip(names, density, strict=True)]
    return named


def _membership(squared: Array) -> Array:
    """How far a pixel is an edge, [0, 1): its squared gradient against its surroundings'."""
    size = max(3, round(min(squared.shape) / 8))
    around = uniform_filter(squared, size=size, mode="reflect")
    level: Array = np.maximum(around, 0) + np.float32(0.1) * squared.mean() + np.float32(FLAT)
    return squared / (squared + level)


@lru_cache(maxsize=8)
def _cells(height: int, width: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """First histogram index of each pixel's cell (h, w), and the pixels of each cell."""
    rows = np.arange(height) * ROWS // height
    columns = np.arange(width) * COLUMNS // width
    cell = rows[:, None] * COLUMNS + columns[None, :]
    counts = np.bincount(cell.ravel(), minlength=ROWS * COLUMNS).astype(np.float64)
    return cell.astype(np.intp) * ORIENTATIONS, np.maximum(counts, 1)
