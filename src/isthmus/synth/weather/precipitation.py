"""Falling rain and snow in a picture's light, and drops on the lens.

A drop shows nearly all of the sky and the street behind it upside down (Garg & Nayar, "Vision and
rain", IJCV 2007), so it is about as bright as the mean of the scene; its streak is as faint as its
share of the exposure. A flake is white and lit from everywhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from isthmus.synth.imaging.optics import blur, enlarge, shrink
from isthmus.synth.view import View
from isthmus.synth.weather.drops import Particles, rain_drops, snow_flakes
from isthmus.synth.weather.splashes import splashes
from isthmus.synth.world.scene import Scene

Floats = NDArray[np.float32]
RAIN_REACH, SNOW_REACH = 7.0, 16.0
"""Farther ones are thinner than a third of a pixel: they are part of the air's extinction."""

WINDSCREEN = 0.7
"""Nothing falls nearer to a camera behind a windscreen, metres."""


def precipitate(
    light: Floats,
    depth: Floats,
    scene: Scene,
    shutter: float,
    rng: np.random.Generator,
    *,
    upward: NDArray[np.bool_] | None = None,
) -> tuple[Floats, Floats]:
    """Light with what falls before it.

    Args:
        light: (h, w, 3) cd/m².
        depth: (h, w) metres; 0 or less, or not finite: the sky.
        scene: its weather, view and speed.
        shutter: seconds.
        rng: where drops are.
        upward: (h, w) pixels that show level surfaces, on which rain splashes.

    Returns:
        The light, and (h, w) the share of each pixel's light that does not come from the scene;
        splashes, which lie on what they hide, do not count.
    """
    weather = scene.weather
    out = np.ascontiguousarray(light, np.float32).copy()
    cover = np.zeros(light.shape[:2], np.float32)
    near = np.where(np.isfinite(depth) & (depth > 0), depth, np.float32(1e6)).astype(np.float32)
    ambient = np.asarray(light.reshape(-1, 3).mean(axis=0), np.float32)
    ego = scene.view.rotation.astype(np.float64) @ np.asarray(scene.ego_velocity, np.float64)
    moving: dict[str, Any] = {"view": scene.view, "ego": ego, "shutter": shutter}
    if weather.rain > 0:
        drops = rain_drops(weather.rain, scene.view, RAIN_REACH, rng)
        _draw(out, cover, near, drops, colour=0.94 * ambient, **moving)
    if weather.snowfall > 0:
        flakes = snow_flakes(weather.snowfall, scene.view, SNOW_REACH, rng)
        # White and lit from everywhere: as bright as the bright quarter of the scene.
        white = np.quantile(light[::4, ::4].reshape(-1, 3), 0.75, axis=0)
        _draw(out, cover, near, flakes, colour=white.astype(np.float32), **moving)
    if weather.rain > 0 and upward is not None:
        crowns = splashes(weather.rain, near, upward, scene.view, rng)
        _draw(out, np.zeros_like(cover), near, crowns, colour=0.94 * ambient, **moving)
    if weather.rain > 0:
        out, wet = lens_drops(out, weather.rain, rng)
        cover = cover + (1 - cover) * wet
    return out, cover


def _draw(
    out: Floats,
    cover: Floats,
    depth: Floats,
    what: Particles,
    *,
    view: View,
    ego: NDArray[np.float64],
    shutter: float,
    colour: Floats,
) -> None:  # fmt: skip
    half = 0.5 * shutter * (what.velocity - ego)
    ends = []
    for sign in (-1.0, 1.0):
        place = what.position + sign * half
        z = np.maximum(place[:, 2], 0.05)
        ends.append(
            np.stack(
                [
                    view.width / 2 + view.focal * place[:, 0] / z,
                    view.height / 2 - view.focal * place[:, 1] / z,
                ],
                axis=1,
            )
        )
    width = view.focal * what.diameter / what.position[:, 2]
    length = np.linalg.norm(ends[1] - ends[0], axis=1)
    # What is out of focus near the lens is as faint as it is broad.
    broad = np.hypot(width, 0.35 * view.width / 640 / np.maximum(what.position[:, 2], 0.15))
    opacity = np.minimum(width / np.maximum(broad, 1e-6), 1.0) ** 2
    opacity *= width / np.maximum(width + length, 1e-6)
    opacity *= np.minimum(broad, 1.0)
    opacity *= what.position[:, 2] > WINDSCREEN
    _streaks(
        out, cover, depth, np.concatenate(ends, axis=1).astype(np.float32),
        np.maximum(broad, 1.0).astype(np.float32), opacity.astype(np.float32),
        what.position[:, 2].astype(np.float32), np.asarray(colour, np.float32),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def _streaks(out, cover, depth, ends, width, opacity, z, colour):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Lay thick lines with soft sides over the light, where nothing stands before them."""
    rows, columns = depth.shape
    for i in range(len(ends)):
        ax, ay, bx, by = ends[i, 0], ends[i, 1], ends[i, 2], ends[i, 3]
        r = width[i] * np.float32(0.5)
        x0, x1 = max(int(min(ax, bx) - r - 1), 0), min(int(max(ax, bx) + r + 1), columns - 1)
        y0, y1 = max(int(min(ay, by) - r - 1), 0), min(int(max(ay, by) + r + 1), rows - 1)
        if x1 - x0 > 200 or y1 - y0 > 400:
            continue
        ux, uy = bx - ax, by - ay
        square = ux * ux + uy * uy + np.float32(1e-9)
        for y in range(y0, y1 + 1):
            for x in range(x0, x1 + 1):
                if depth[y, x] < z[i]:
                    continue
                px, py = x + np.float32(0.5) - ax, y + np.float32(0.5) - ay
                t = min(max((px * ux + py * uy) / square, np.float32(0)), np.float32(1))
                dx, dy = px - t * ux, py - t * uy
                reach = r + np.float32(0.5) - np.sqrt(dx * dx + dy * dy)
                if reach <= 0:
                    continue
                a = opacity[i] * min(reach, np.float32(1))
                for c in range(3):
                    out[y, x, c] += a * (colour[c] - out[y, x, c])
                cover[y, x] += a * (1 - cover[y, x])


def lens_drops(
    light: Floats, rate: float, rng: np.random.Generator, *, count: int | None = None
) -> tuple[Floats, Floats]:
    """Drops on the windscreen or the lens: each shows the scene small, upside down and blurred.

    Args:
        light: (h, w, 3).
        rate: of rain, mm/h; heavier rain leaves more drops between two wipes.
        rng: where.
        count: of drops; by the rain if None.

    Returns:
        The light, and (h, w) the share of it that came through a drop.
    """
    height, width = light.shape[:2]
    number = int(rng.poisson(1.5 * rate**0.7)) if count is None else count
    cover = np.zeros((height, width), np.float32)
    if number == 0:
        return light, cover
    small = blur(shrink(light, 4), width / 4 * 0.012)
    soft = enlarge(small, -(-height // 4) * 4, -(-width // 4) * 4)[:height, :width]
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
