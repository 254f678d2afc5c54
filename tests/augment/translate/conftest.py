"""Small labelled streets: bright or dark, a box on each."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from isthmus.data.dataset import Dataset
from isthmus.data.frame import Box, Frame
from isthmus.data.images import write_png

WIDTH, HEIGHT = 96, 64


def draw_street(rng: np.random.Generator, light: float) -> tuple[np.ndarray, list[Box]]:
    """Sky over road with two cars of windows and wheels; `light` scales it all."""
    picture = np.empty((HEIGHT, WIDTH, 3), np.float64)
    picture[:28] = (150, 180, 220)
    picture[28:] = (110, 110, 105)
    picture[46:49, ::2] = (200, 200, 190)
    boxes = []
    for left in (int(rng.integers(4, 14)), int(rng.integers(52, 66))):
        top = int(rng.integers(26, 34))
        picture[top : top + 20, left : left + 24] = rng.integers(20, 250, 3)
        picture[top + 3 : top + 8, left + 3 : left + 11] = (20, 25, 30)
        picture[top + 3 : top + 8, left + 13 : left + 21] = (25, 25, 35)
        for wheel in (left + 3, left + 16):
            picture[top + 15 : top + 20, wheel : wheel + 5] = 10
        boxes.append(Box("vehicle", (left, top, left + 24.0, top + 20.0)))
    picture += rng.normal(0, 4, picture.shape)
    return np.clip(picture * light, 0, 255).round().astype(np.uint8), boxes


@pytest.fixture(scope="session")
def streets() -> Callable[..., Dataset]:
    """The function that writes a data set of streets: (folder, count, seed, light) → it."""

    def make(folder: Path, count: int, seed: int, light: float, labelled: bool = True) -> Dataset:
        frames = []
        for index in range(count):
            picture, boxes = draw_street(np.random.default_rng((seed, index)), light)
            path = folder / f"{index:03d}.png"
            write_png(path, picture)
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            objects = tuple(boxes) if labelled else None
            frames.append(Frame(f"{index:03d}.png", path, WIDTH, HEIGHT, digest, objects=objects))
        return Dataset(folder.name, tuple(frames), (), ("vehicle",) if labelled else ())

    return make
