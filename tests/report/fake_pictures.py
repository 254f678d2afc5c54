"""Small drawn street scenes for invented runs."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw


def picture(
    path: Path, seed: int, *, light: float = 1.0, size: tuple[int, int] = (480, 360)
) -> str:
    """Draw a small street scene and return its path relative to the stage folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_encoded("PNG" if path.suffix == ".png" else "JPEG", seed, light, size))
    return f"{path.parent.name}/{path.name}"


@cache  # Tests write the same run many times.
def _encoded(form: str, seed: int, light: float, size: tuple[int, int]) -> bytes:
    rng = np.random.default_rng(seed)
    width, height = size
    horizon = int(height * rng.uniform(0.42, 0.52))
    image = Image.new("RGB", size, (168, 196, 222))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, horizon, width, height), fill=(96, 98, 102))
    for _ in range(7):
        left = int(rng.uniform(-40, width))
        top = int(rng.uniform(horizon * 0.2, horizon * 0.8))
        shade = int(rng.uniform(110, 190))
        draw.rectangle((left, top, left + 90, horizon), fill=(shade, shade - 14, shade - 30))
    for _ in range(4):
        left, bottom = int(rng.uniform(0, width - 60)), int(rng.uniform(horizon + 20, height))
        colour = tuple(int(v) for v in rng.integers(40, 220, 3))
        draw.rounded_rectangle((left, bottom - 40, left + 80, bottom), 9, fill=colour)
    values = np.asarray(image, dtype=np.float32) * light + rng.normal(0, 4, (height, width, 1))
    file = BytesIO()
    Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)).save(file, form)
    return file.getvalue()


def pictures(stage: Path, name: str, count: int, light: float) -> list[str]:
    first = sum(map(ord, name))
    return [
        picture(stage / "pictures" / f"{name}-{i}.jpg", first + i, light=light)
        for i in range(count)
    ]
