"""A frame cut into rows × columns cells, each described for itself.

Either an extractor sees each cell as a picture of its own (`patch_features`), or the positions of
a network's layer that lie in a cell stand for it (`layer_features`): these have seen more than
the cell, as far as the layer's field of view reaches.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from isthmus.data.images import RGB, resize_rgb
from isthmus.errors import ConfigError, InputError
from isthmus.features.extractor import Extractor, Matrix, SpatialExtractor
from isthmus.gap.pictures import Pictures, batches, stacked

GRID = (4, 6)
MAPS_AT_ONCE = 4


def patch_features(
    pictures: Pictures, extractor: Extractor, grid: tuple[int, int] = GRID
) -> dict[str, Matrix]:
    """Features of every patch of every picture: layer → float32 (n, rows, columns, d).

    Patches are cut at rounded multiples of height / rows and width / columns, and resized to the
    extractor's size: choose one near the patches' own (such as `Descriptors(size=(64, 64))`).

    Raises:
        InputError: no pictures, or pictures with fewer pixels than cells.
    """
    rows, columns = _checked_grid(grid)
    if not len(pictures):
        raise InputError("no pictures given")
    parts: dict[str, list[Matrix]] = {layer: [] for layer in extractor.layers}
    for index in range(len(pictures)):
        patches = _patches(pictures[index], rows, columns, extractor.size)
        found = extractor.extract(stacked(patches))
        for layer in extractor.layers:
            parts[layer].append(found[layer].reshape(rows, columns, -1))
    return {layer: np.stack(found) for layer, found in parts.items()}


def _patches(picture: RGB, rows: int, columns: int, size: tuple[int, int]) -> list[RGB]:
    height, width = picture.shape[:2]
    if height < rows or width < columns:
        raise InputError(f"a picture of {width} × {height} px has no {rows} × {columns} cells")
    out = []
    for top, bottom in pairwise(_edges(height, rows)):
        for left, right in pairwise(_edges(width, columns)):
            patch = picture[top:bottom, left:right]
            same = patch.shape[:2] == (size[1], size[0])
            out.append(patch if same else resize_rgb(patch, *size))
    return out


def _edges(length: int, parts: int) -> list[int]:
    return [round(k * length / parts) for k in range(parts + 1)]


def layer_features(
    pictures: Pictures, extractor: SpatialExtractor, grid: tuple[int, int] = GRID
) -> dict[str, Matrix]:
    """Maps of an extractor's layers averaged within cells: layer → float32 (n, rows, columns, d).

    Layers without positions are left out. A layer with fewer rows or columns of positions than
    the grid has cells gets as many cells as it has positions.

    Args:
        pictures: of the extractor's size.
        extractor: with `extract_maps`.
        grid: (rows, columns).

    Raises:
        InputError: no pictures.
    """
    rows, columns = _checked_grid(grid)
    parts: dict[str, list[Matrix]] = {}
    for batch in batches(pictures, MAPS_AT_ONCE):
        for layer, maps in extractor.extract_maps(batch).items():
            height, width = maps.shape[1:3]
            cells = map_features(maps, (min(rows, height), min(columns, width)))
            parts.setdefault(layer, []).append(cells)
    return {layer: np.concatenate(found) for layer, found in parts.items()}


def map_features(maps: npt.ArrayLike, grid: tuple[int, int] = GRID) -> Matrix:
    """A layer's maps (n, h, w, d) averaged within cells: float32 (n, rows, columns, d).

    Raises:
        InputError: another shape, or fewer positions than cells.
    """
    rows, columns = _checked_grid(grid)
    values = np.asarray(maps)
    if values.ndim != 4 or values.shape[1] < rows or values.shape[2] < columns:
        raise InputError(
            f"maps of shape {values.shape} have no {rows} × {columns} cells; expected "
            "(n, h, w, d), at least as fine as the grid"
        )
    out = np.empty((len(values), rows, columns, values.shape[3]), np.float32)
    for r, (top, bottom) in enumerate(pairwise(_edges(values.shape[1], rows))):
        for c, (left, right) in enumerate(pairwise(_edges(values.shape[2], columns))):
            part = values[:, top:bottom, left:right]
            out[:, r, c] = part.mean(axis=(1, 2), dtype=np.float64)
    return out


def _checked_grid(grid: tuple[int, int]) -> tuple[int, int]:
    if len(grid) != 2 or min(grid) < 1:
        raise ConfigError(f"grid {grid}: expected (rows, columns), each at least 1")
    return grid
