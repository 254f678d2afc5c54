"""What quality needs of each image: figures of its light and detail, and a fingerprint.

The fingerprint is for near duplicates: a copy that was resized, recompressed, brightened or given
another contrast keeps it. It is the luma at 32 × 32, freed of what is broad (a Gaussian blur of 3
cells is taken away: that a sky is above a road is no likeness), brought to length 1; its cosine is
a correlation of details. An image without detail has the fingerprint 0, and is like nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from isthmus.compute.executor import Executor, Progress
from isthmus.data.frame import Frame, Problem
from isthmus.data.images import read_resized, resize_rgb
from isthmus.features.colour import luma
from isthmus.features.each_image import each_image
from isthmus.features.sharpness import sharpness_of

Column = NDArray[np.float64]
Matrix = NDArray[np.float32]
LONGEST_SIDE = 480
FINGERPRINT_SIDE = 32
BROAD = 3.0
FAINTEST = 2 / 255
"""Deviation of fine luma below which a fingerprint would be noise."""
NEAR = 0.9
"""Cosine of fingerprints from which two images are near duplicates."""
WHITE = 250 / 255
FIGURES = ("brightness", "dark_end", "bright_end", "clipped", "spread", "sharpness", "colour")


@dataclass(frozen=True)
class Looks:
    """Figures of the images that could be read.

    Attributes:
        frames: those that could be read, in order.
        values: figure → (n,): `brightness` mean luma; `dark_end`, `bright_end` 10th and 99th
            percentile of luma; `clipped` share of pixels at white; `spread` deviation of luma;
            `sharpness` (Crété 2007); `colour` mean distance of a pixel's largest from its
            smallest channel; each in [0, 1].
        fingerprints: float32 (n, 1024), of length 1 or 0.
        problems: frames that could not be read, and why.
    """

    frames: tuple[Frame, ...]
    values: Mapping[str, Column]
    fingerprints: Matrix
    problems: tuple[Problem, ...]

    def __len__(self) -> int:
        return len(self.frames)


def look_at(
    frames: Iterable[Frame], *, executor: Executor | None = None, progress: Progress | None = None
) -> Looks:
    """Decode every image once; labels are not looked at.

    Raises:
        InputError: there are no frames, or none can be read.
    """
    made = each_image(_look, frames, "images", executor=executor, progress=progress)
    figures = np.array([figures for figures, _ in made.values], dtype=np.float64)
    return Looks(
        made.frames,
        {name: figures[:, k] for k, name in enumerate(FIGURES)},
        np.stack([fingerprint for _, fingerprint in made.values]),
        made.problems,
    )


def _look(path: str, width: int, height: int) -> tuple[list[float], Matrix]:
    scale = min(1.0, LONGEST_SIDE / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    rgb = read_resized(path, *size)
    return figures_of(rgb), fingerprint_of(rgb)


def figures_of(rgb: NDArray[np.uint8]) -> list[float]:
    """The `FIGURES` of one uint8 (h, w, 3) image."""
    light = luma(rgb)
    ends = np.quantile(light, (0.1, 0.99))
    low, high = rgb.min(axis=2), rgb.max(axis=2)
    return [
        float(light.mean()),
        float(ends[0]),
        float(ends[1]),
        float((low >= WHITE * 255).mean()),
        float(light.std()),
        sharpness_of(light),
        float((high - low).mean()) / 255,
    ]


def fingerprint_of(rgb: NDArray[np.uint8]) -> Matrix:
    """Fingerprint float32 (1024,) of one uint8 (h, w, 3) image; see the module's text."""
    small = luma(resize_rgb(rgb, FINGERPRINT_SIDE, FINGERPRINT_SIDE))
    fine = small - gaussian_filter(small, BROAD, mode="nearest")
    length = float(np.linalg.norm(fine))
    if length < FAINTEST * FINGERPRINT_SIDE:
        return np.zeros(fine.size, np.float32)
    return np.asarray(fine.ravel() / length, np.float32)
