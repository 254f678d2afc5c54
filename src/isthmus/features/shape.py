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

from isthmus.features.colour import SPACE, Array, Named, histograms, luma
from isthmus.features.extractor import Images
from isthmus.features.texture import half

ROWS, COLUMNS = 4, 6
ORIENTATIONS = 6
FLAT = float((1 / 255) ** 2)  # squared gradients of one grey level are no edge
EMPTY_CELL = 0.02


def shape_block(rgb: Images) -> Named:
    """Named components (n,), each in [0, 1], of uint8 (n, h, w, 3) images with h, w >= 32.

    `orientation_r_c_k`: share of the edges of cell (r, c) that run at k · 30° (0 = vertical
    edge, soft between neighbours); the shares of a cell with hardly any edge fade to 0.
    `density_r_c`: mean edge membership of the cell's pixels.
    """
    values = half(luma(rgb))
    across = values[:, 1:-1, 2:] - values[:, 1:-1, :-2]
    down = values[:, 2:, 1:-1] - values[:, :-2, 1:-1]
    membership = _membership(np.square(across) + np.square(down))
    angle = np.arctan2(down, across) * np.float32(ORIENTATIONS / np.pi)
    angle += ORIENTATIONS * (angle < 0)
    lower = np.floor(angle)
    upper_part = membership * (angle - lower)
    lower_part = membership - upper_part
    lower_bin = lower.astype(np.intp) % ORIENTATIONS
    upper_bin = (lower_bin + 1) % ORIENTATIONS
    cells, pixels = _cells(*membership.shape[1:])
    length = ROWS * COLUMNS * ORIENTATIONS
    sums = histograms(cells + lower_bin, length, lower_part)
    sums += histograms(cells + upper_bin, length, upper_part)
    histogram = sums.reshape(-1, ROWS * COLUMNS, ORIENTATIONS) / pixels[:, None]
    density = histogram.sum(axis=2)
    shares = histogram / (density + EMPTY_CELL)[..., None]
    names = [f"{row}_{column}" for row in range(ROWS) for column in range(COLUMNS)]
    named = [
        (f"orientation_{name}_{k}", shares[:, cell, k])
        for cell, name in enumerate(names)
        for k in range(ORIENTATIONS)
    ]
    named += [(f"density_{name}", density[:, cell]) for cell, name in enumerate(names)]
    return named


def _membership(squared: Array) -> Array:
    """How far a pixel is an edge, [0, 1): its squared gradient against its surroundings'."""
    size = max(3, round(min(squared.shape[1:]) / 8))
    around = uniform_filter(squared, size=(1, size, size), mode="reflect")
    mean = squared.mean(axis=SPACE, keepdims=True)
    level: Array = np.maximum(around, 0) + np.float32(0.1) * mean + np.float32(FLAT)
    return squared / (squared + level)


@lru_cache(maxsize=8)
def _cells(height: int, width: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """First histogram index of each pixel's cell (h, w), and the pixels of each cell."""
    rows = np.arange(height) * ROWS // height
    columns = np.arange(width) * COLUMNS // width
    cell = rows[:, None] * COLUMNS + columns[None, :]
    counts = np.bincount(cell.ravel(), minlength=ROWS * COLUMNS).astype(np.float64)
    return cell.astype(np.intp) * ORIENTATIONS, np.maximum(counts, 1)
