"""How alike two pictures are in structure, whatever became of their light and colours.

Self-similarity: what each place of a picture has in common with every other place. Tumanyan et
al., "Splicing ViT Features for Semantic Appearance Transfer" (Splice), CVPR 2022, eq. 2, there
of DINO-ViT keys; here of any extractor that gives maps, or of cells made by hand: the
directions of edges (Dalal & Triggs 2005) and where in the crop it is light or dark.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from isthmus.augment.linear import Bytes, Floats
from isthmus.data.frame import XYXY
from isthmus.errors import InputError

if TYPE_CHECKING:
    from isthmus.features.extractor import Extractor

SIDE = 48
"""Pixels a side to which crops are brought for cells made by hand."""
CELLS = 6
DIRECTIONS = 6
FLAT = 1.0
"""Spread of grey levels below which a place has no pattern."""
MOST_PLACES = 400
"""Places of an extractor's map that are compared; beyond that every so many are left out."""


class Structure:
    """Places of crops as vectors.

    Args:
        extractor: gives maps (a network's layer: its last one with positions is taken); None for
            cells made by hand.
    """

    def __init__(self, extractor: Extractor | None = None) -> None:
        self.extractor = extractor
        self.size = extractor.size if extractor is not None else (SIDE, SIDE)

    def places(self, crops: Bytes) -> Floats:
        """Vectors (n, p, d) of crops (n, h, w, 3) uint8 at `size`.

        Raises:
            InputError: the extractor gives no map.
        """
        if self.extractor is None:
            return cells(crops)
        from isthmus.features.extractor import SpatialExtractor

        maps: dict[str, Floats] = {}
        if isinstance(self.extractor, SpatialExtractor):
            maps = self.extractor.extract_maps(crops)
        if not maps:
            raise InputError(
                f"layers {', '.join(self.extractor.layers)}: none gives a map; choose a layer of "
                "a network that has positions, or leave the extractor out"
            )
        last = list(maps.values())[-1]
        flat = last.reshape(len(last), -1, last.shape[-1])
        return flat[:, :: -(-flat.shape[1] // MOST_PLACES)]

    def crops(self, image: Bytes, boxes: Sequence[XYXY]) -> Bytes:
        """Crops (n, h, w, 3) at `size` of boxes in an image (h, w, 3)."""
        from PIL import Image

        picture = Image.fromarray(image)
        made = [
            np.asarray(picture.resize(self.size, Image.Resampling.BILINEAR, _whole(xyxy, image)))
            for xyxy in boxes
        ]
        return np.stack(made)


def self_similarity(places: Floats) -> Floats:
    """Cosines (n, p, p) between all places (n, p, d) of each picture."""
    norms = np.linalg.norm(places, axis=2, keepdims=True)
    unit = places / np.maximum(norms, 1e-9)
    return np.asarray(unit @ unit.transpose(0, 2, 1), np.float32)


def structure_distance(before: Floats, after: Floats) -> NDArray[np.float64]:
    """Root mean square difference (n,) of self-similarities (n, p, p); broadcasts over n."""
    squared = np.square(before - after).mean(axis=(1, 2), dtype=np.float64)
    return np.asarray(np.sqrt(squared))


def cells(crops: Bytes) -> Floats:
    """Cells (n, 36, 9) of crops (n, 48, 48, 3): edges by direction, light and two colours.

    All are relative to the crop's own spread: light and colours may change as a whole.
    """
    values: Floats = np.asarray(crops, np.float32) / np.float32(255)
    light: Floats = values @ np.array([0.299, 0.587, 0.114], np.float32)
    across, down = np.zeros_like(light), np.zeros_like(light)
    across[:, :, 1:-1] = light[:, :, 2:] - light[:, :, :-2]
    down[:, 1:-1] = light[:, 2:] - light[:, :-2]
    direction = np.arctan2(down, across) * np.float32(DIRECTIONS / np.pi)
    bins = np.floor(direction).astype(np.intp) % DIRECTIONS
    place = np.arange(SIDE) // (SIDE // CELLS)
    cell = place[:, None] * CELLS + place[None]
    index = (np.arange(len(crops))[:, None, None] * CELLS**2 + cell) * DIRECTIONS + bins
    strength = np.hypot(across, down)
    sums = np.bincount(index.ravel(), strength.ravel(), len(crops) * CELLS**2 * DIRECTIONS)
    edges = sums.reshape(len(crops), CELLS, CELLS, DIRECTIONS) / (SIDE // CELLS) ** 2
    scale = np.sqrt(np.square(edges).sum(-1).mean(axis=(1, 2), keepdims=True))[..., None]
    parts = [
        _standard(_cell_means(plane)) * weight
        for plane, weight in (
            (light, 1.0),
            (values[..., 0] - light, 0.5),
            (values[..., 2] - light, 0.5),
        )
    ]
    found = np.concatenate([edges / np.maximum(scale, 0.01), np.stack(parts, -1)], -1)
    return np.asarray(found.reshape(len(crops), CELLS**2, -1), np.float32)


def pattern_correlation(before: Bytes, after: Bytes) -> float:
    """Correlation, -1 to 1, of light and dark between two pictures (h, w, 3) of one place.

    Of cell means, so that noise does not count. 1 for any change of brightness and contrast alone,
    and where there was no pattern to lose.
    """
    old, new = (_light_cells(picture) for picture in (before, after))
    spread = float(old.std() * new.std())
    if float(old.std()) < FLAT:
        return 1.0
    covariance = float(((old - old.mean()) * (new - new.mean())).mean())
    return covariance / spread if spread > 0 else 0.0


def _light_cells(picture: Bytes) -> NDArray[np.float64]:
    """Mean grey levels (12, 12), 0–255, of a picture (h, w, 3)."""
    from PIL import Image

    small = Image.fromarray(picture).convert("L").resize((12, 12), Image.Resampling.BOX)
    return np.asarray(small, np.float64)


def _cell_means(planes: Floats) -> Floats:
    n, side = len(planes), SIDE // CELLS
    return np.asarray(planes.reshape(n, CELLS, side, CELLS, side).mean(axis=(2, 4)), np.float32)


def _standard(planes: Floats) -> Floats:
    """Each plane (h, w) of (n, h, w) with mean 0 and spread 1; flat ones stay near 0."""
    middle = planes.mean(axis=(1, 2), keepdims=True)
    spread = planes.std(axis=(1, 2), keepdims=True)
    return np.asarray((planes - middle) / np.maximum(spread, 0.01), np.float32)


def _whole(xyxy: XYXY, image: Bytes) -> tuple[float, float, float, float]:
    """The box within the image, at least a pixel wide and high."""
    height, width = image.shape[:2]
    x1, y1 = min(max(xyxy[0], 0.0), width - 1.0), min(max(xyxy[1], 0.0), height - 1.0)
    return x1, y1, min(max(xyxy[2], x1 + 1), width), min(max(xyxy[3], y1 + 1), height)
