"""Pictures made by chance, each with detail of its own."""

import numpy as np
from PIL import Image


def picture(seed):
    """Rectangles of all sizes on a gradient."""
    rng = np.random.default_rng(seed)
    image = np.linspace(40, 180, 270)[:, None, None] * np.ones((270, 480, 3))
    for _ in range(60):
        y, x = rng.integers(0, 250), rng.integers(0, 460)
        h, w = rng.integers(8, 90, 2)
        image[y : y + h, x : x + w] = rng.uniform(0, 255, 3)
    return Image.fromarray(image.astype(np.uint8))
