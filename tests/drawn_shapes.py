"""Squares and discs: a labelled world that a tiny network learns in seconds."""

from __future__ import annotations

import numpy as np

from isthmus.detect.samples import Images, Samples

SHAPES = ("square", "disc")


def draw_shapes(count: int, seed: int, *, width: int = 64, height: int = 48) -> Samples:
    """Samples with one to three shapes on noise."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(90, 120, (count, height, width, 3)).astype(np.uint8)
    ys, xs = np.mgrid[:height, :width] + 0.5
    boxes, labels, offsets = [], [], [0]
    for image in pixels:
        for column in rng.permutation(3)[: rng.integers(1, 4)]:
            side, label = int(rng.integers(10, 18)), int(rng.integers(2))
            x = int(column * width // 3 + rng.integers(0, width // 3 - 17))
            y = int(rng.integers(0, height - side))
            inside = (xs > x) & (xs < x + side) & (ys > y) & (ys < y + side)
            if label:
                middle_x, middle_y = x + side / 2, y + side / 2
                inside = (xs - middle_x) ** 2 + (ys - middle_y) ** 2 < side**2 / 4
            image[inside] = rng.integers(180, 255, 3)
            boxes.append((x, y, x + side, y + side))
            labels.append(label)
        offsets.append(len(boxes))
    size = np.tile(np.array([[width, height]], np.int32), (count, 1))
    images = Images(
        pixels, size, size, tuple(f"{seed}-{i:04d}" for i in range(count)), ("",) * count
    )
    return Samples(
        images,
        SHAPES,
        np.array(boxes, np.float32),
        np.array(labels),
        np.zeros(len(labels), bool),
        np.array(offsets),
    )
