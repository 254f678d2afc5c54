"""Drops on a windscreen or a lens."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def number_of_drops(rate: float, rng: np.random.Generator) -> int:
    """Drops on the glass in rain of `rate` mm/h; heavier rain leaves more between two wipes."""
    return int(rng.poisson(1.5 * rate**0.7))


def lens_drops(
    light: Floats, soft: Floats, number: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Drops on the windscreen or the lens: each shows the scene small, upside down and blurred.

    Args:
        light: (h, w, 3).
        soft: (h, w, 3) the same far out of focus, which is what drops show.
        number: of drops.
        rng: where, and how large.

    Returns:
        The light, and (h, w) the share of it that came through a drop.
    """
    height, width = light.shape[:2]
    cover = np.zeros((height, width), np.float32)
    if number == 0:
        return light, cover
    out = light.copy()
    for _ in range(number):
        radius = width * float(rng.lognormal(np.log(0.011), 0.5))
        cx, cy = float(rng.uniform(0, width)), float(rng.uniform(0, height))
        long = float(rng.uniform(0.85, 1.5))
        x0, x1 = int(max(cx - radius - 2, 0)), int(min(cx + radius + 3, width))
        y0, y1 = int(max(cy - long * radius - 2, 0)), int(min(cy + long * radius + 3, height))
        if x1 <= x0 or y1 <= y0:
            continue
        y, x = np.mgrid[y0:y1, x0:x1]
        u, v = (x + 0.5 - cx) / radius, (y + 0.5 - cy) / (radius * long)
        edge = np.hypot(u, v)
        # A lens of water: the middle shows the middle upside down, the rim the far sides.
        bend = 0.5 * width * (1 + 0.8 * edge**3)
        sx = np.clip(cx - u * bend, 0, width - 1).astype(int)
        sy = np.clip(cy - v * bend, 0, height - 1).astype(int)
        share = np.clip((1.0 - edge) * radius / max(2.5, 0.25 * radius), 0, 1) * 0.92
        rim = 1 - 0.45 * np.clip(edge, 0, 1) ** 4
        share = share.astype(np.float32)[..., None]
        seen = soft[sy, sx] * rim[..., None].astype(np.float32)
        out[y0:y1, x0:x1] = out[y0:y1, x0:x1] * (1 - share) + seen * share
        window = cover[y0:y1, x0:x1]
        window += (1 - window) * share[..., 0]
    return out, cover
