"""Small images made on the spot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

MakeImage = Callable[..., Path]


def make(path: Path, width: int = 40, height: int = 30, shade: int = 90, **options) -> Path:
    """An image file with a horizontal ramp; `options` go to Pillow's `save`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ramp = np.linspace(0, 60, width)[None, :, None] + np.full((height, 1, 3), shade)
    Image.fromarray(ramp.astype(np.uint8)).save(path, **options)
    return path


@pytest.fixture(scope="session")
def make_image() -> MakeImage:
    return make
