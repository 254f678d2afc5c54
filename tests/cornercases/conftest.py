"""Real frames by day and at dusk."""

import numpy as np
import pytest
from PIL import Image

from isthmus.data.images import read_rgb


@pytest.fixture(scope="session")
def day(shared_data):
    """(image, sky mask) of some frames of two day sequences."""
    folder = shared_data / "camvid" / "images" / "train"
    paths = [*sorted(folder.glob("0006R0*.jpg"))[::12], *sorted(folder.glob("0016E5*.jpg"))[::25]]
    masks = [str(p).replace("images", "masks").replace(".jpg", ".png") for p in paths]
    return [
        (read_rgb(p), np.asarray(Image.open(m)) == 0) for p, m in zip(paths, masks, strict=True)
    ]


@pytest.fixture(scope="session")
def dusk(shared_data):
    folder = shared_data / "camvid" / "images" / "train"
    return [read_rgb(path) for path in sorted(folder.glob("0001TP*.jpg"))[::6]]
