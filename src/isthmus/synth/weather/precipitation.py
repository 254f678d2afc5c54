"""Falling rain and snow in a picture's light, and drops on the lens.

A drop shows nearly all of the sky and the street behind it upside down (Garg & Nayar, "Vision and
rain", IJCV 2007), so it is about as bright as the mean of the scene; its streak is as faint as its
share of the exposure. A flake is white and lit from everywhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from isthmus.hydrometeors.glass import lens_drops, number_of_drops
from isthmus.hydrometeors.sizes import rain_drops, snow_flakes
from isthmus.hydrometeors.splashes import splashes
from isthmus.hydrometeors.streaks import RAIN_REACH, SNOW_REACH, draw_particles
from isthmus.synth.imaging.optics import blur, enlarge, shrink
from isthmus.synth.world.scene import Scene

Floats = NDArray[np.float32]


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
    if weather.rain <= 0 and weather.snowfall <= 0:
        return light, np.zeros(light.shape[:2], np.float32)
    out = np.ascontiguousarray(light, np.float32).copy()
    cover = np.zeros(light.shape[:2], np.float32)
    near = np.where(np.isfinite(depth) & (depth > 0), depth, np.float32(1e6)).astype(np.float32)
    ambient = np.asarray(light.reshape(-1, 3).mean(axis=0), np.float32)
    ego = scene.view.rotation.astype(np.float64) @ np.asarray(scene.ego_velocity, np.float64)
    moving: dict[str, Any] = {"view": scene.view, "ego": ego, "shutter": shutter}
    if weather.rain > 0:
        drops = rain_drops(weather.rain, scene.view, RAIN_REACH, rng)
        draw_particles(out, cover, near, drops, colour=0.94 * ambient, **moving)
    if weather.snowfall > 0:
        flakes = snow_flakes(weather.snowfall, scene.view, SNOW_REACH, rng)
        # White and lit from everywhere: as bright as the bright quarter of the scene.
        white = np.quantile(light[::4, ::4].reshape(-1, 3), 0.75, axis=0)
        draw_particles(out, cover, near, flakes, colour=white.astype(np.float32), **moving)
    if weather.rain > 0 and upward is not None:
        up = scene.view.rotation[:, 1]
        crowns = splashes(weather.rain, near, upward, scene.view, rng, up=up)
        draw_particles(out, np.zeros_like(cover), near, crowns, colour=0.94 * ambient, **moving)
    if weather.rain > 0:
        count = number_of_drops(weather.rain, rng)
        out, wet = lens_drops(out, behind_glass(out) if count else out, count, rng)
        cover = cover + (1 - cover) * wet
    return out, cover


def behind_glass(light: Floats) -> Floats:
    """The scene as a drop on the glass shows it: light (h, w, 3) far out of focus."""
    height, width = light.shape[:2]
    small = blur(shrink(light, 4), width / 4 * 0.012)
    return enlarge(small, -(-height // 4) * 4, -(-width // 4) * 4)[:height, :width]
