"""Sun, sky and lamps as Mitsuba's emitters, in the same units as the fast renderer: lux, cd/m²."""

from __future__ import annotations

from typing import Any

import numpy as np

from isthmus.synth.render.fast.daylight import Daylight, daylight
from isthmus.synth.render.fast.sky import luminance, make_sky
from isthmus.synth.world.mesh import Floats
from isthmus.synth.world.scene import Scene, lit_lamps

HEIGHT, WIDTH = 256, 512
MOST_LAMPS = 24
SUN_ANGLE = 0.53
"""Width of the sun's disc, degrees."""


def emitters(mi: Any, scene: Scene, layers: tuple[str, ...]) -> dict[str, Any]:
    """Emitters by name, for a scene's dictionary."""
    light = daylight(scene.weather)
    made: dict[str, Any] = {}
    if "sky" in layers:
        made["sky"] = _environment(mi, sky_picture(scene, light))
    if "sun" in layers and light.sun.max() > 0:
        x, y, z = (float(v) for v in light.direction)
        made["sun"] = {
            "type": "directional",
            "direction": [-x, -y, z],
            "irradiance": {"type": "rgb", "value": [float(v) for v in light.sun]},
        }
    if "lamps" in layers:
        made |= _lamps(mi, scene)
    return made


def sky_picture(scene: Scene, light: Daylight) -> Floats:
    """The sky around, (HEIGHT, WIDTH, 3) cd/m², as an environment map: Y up, rows from the top.

    Below the horizon lies ground that the sky lights, so that nothing mirrors a void.
    """
    sky, _ = make_sky(light, scene.seed)
    v = (np.arange(HEIGHT) + 0.5) / HEIGHT * np.pi
    u = (np.arange(WIDTH) + 0.5) / WIDTH * 2 * np.pi
    # Mitsuba: direction (sin u sin v, cos v, −cos u sin v), and its Z is ours mirrored.
    x = np.sin(u)[None] * np.sin(v)[:, None]
    y = np.repeat(np.cos(v)[:, None], WIDTH, axis=1)
    z = np.cos(u)[None] * np.sin(v)[:, None]
    directions = np.stack([x, y, z], axis=-1).reshape(-1, 3).astype(np.float32)
    out = np.empty((len(directions), 3), np.float32)
    luminance(directions, sky, 5, out)
    ground = (light.ground * 0.18 / np.pi).astype(np.float32)
    out[directions[:, 1] < 0] = ground
    return out.reshape(HEIGHT, WIDTH, 3)


def _environment(mi: Any, picture: Floats) -> Any:
    return {"type": "envmap", "bitmap": mi.Bitmap(np.ascontiguousarray(picture)), "scale": 1.0}


def _lamps(mi: Any, scene: Scene) -> dict[str, Any]:
    """The nearest lamps. Street lamps' lenses are area lights already: they are left out."""
    eye = np.asarray(scene.view.position)
    lamps = [lamp for lamp in lit_lamps(scene) if lamp.group != "street"]
    lamps.sort(key=lambda lamp: float(np.linalg.norm(np.asarray(lamp.position) - eye)))
    made: dict[str, Any] = {}
    for k, lamp in enumerate(lamps[:MOST_LAMPS]):
        # A hand's breadth in front of the glass, which would shade it.
        place = (np.asarray(lamp.position) + 0.12 * np.asarray(lamp.direction)) * (1, 1, -1)
        aim = place + np.asarray(lamp.direction) * (1, 1, -1)
        intensity = {"type": "rgb", "value": list(lamp.intensity)}
        if lamp.spread >= 90:
            made[f"lamp{k}"] = {"type": "point", "position": place.tolist(), "intensity": intensity}
            continue
        up = [0, 1, 0] if abs(lamp.direction[1]) < 0.9 else [1, 0, 0]
        made[f"lamp{k}"] = {
            "type": "spot",
            "intensity": intensity,
            "cutoff_angle": min(2.2 * lamp.spread, 89.0),
            "beam_width": 0.35 * lamp.spread,
            "to_world": mi.ScalarTransform4f().look_at(
                origin=place.tolist(), target=aim.tolist(), up=up
            ),
        }
    return made
