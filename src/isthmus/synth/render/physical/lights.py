"""Sun, sky and lamps as Mitsuba's emitters, in the same units as the fast renderer: lux, cd/m²."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from isthmus.synth.render.fast.daylight import Daylight, daylight
from isthmus.synth.render.fast.light import low_beam
from isthmus.synth.render.fast.sky import luminance, make_sky
from isthmus.synth.view import View
from isthmus.synth.world.material import RGB
from isthmus.synth.world.mesh import Floats
from isthmus.synth.world.scene import Scene, lit_lamps

HEIGHT, WIDTH = 128, 256
FLIP = np.array([1.0, 1.0, -1.0])
MOST_LAMPS = 24
BEAM_ANGLE = 60.0
"""Degrees off its axis beyond which a low beam lights nothing to speak of."""
BEAM_SIZE = (768, 128)
"""Rows and columns of its pattern: the cut-off is sharp from top to bottom only."""
"""Headlamps and the like; fewer are filled up, since their number is part of a kernel."""
AHEAD = 12.0
"""Metres before the camera where lamps' light counts most."""
FACING = 6.0
FLOOR = 2.0
"""Lux for which every lamp counts at least: it may be near what it lights."""
NO_LAMP: dict[str, Any] = {
    "type": "area",
    "radiance": {"type": "rgb", "value": [1e-6, 1e-6, 1e-6]},
    "sampling_weight": 0.0,
}
DIM = 2000.0
"""Illuminance of open ground, lux, below which lamps are traced: under more, what they add to their
surroundings is not seen, and every lamp costs."""


class Headlamp(NamedTuple):
    """A low beam: its place (3,), the level direction (3,) it shines in, and its peak (3,), cd."""

    place: NDArray[np.float64]
    ahead: NDArray[np.float64]
    candela: NDArray[np.float64]


def emitters(mi: Any, scene: Scene, layers: tuple[str, ...]) -> dict[str, Any]:
    """Emitters by name, for a scene's dictionary."""
    light = daylight(scene.weather)
    made: dict[str, Any] = {}
    if "sky" in layers:
        made["sky"] = _environment(mi, sky_picture(scene, light))
        if is_dim(scene):
            made["sky"]["sampling_weight"] = FLOOR + float(light.sky.mean())
    if "sun" in layers and light.sun.max() > 0:
        x, y, z = (float(v) for v in light.direction)
        made["sun"] = {
            "type": "directional",
            "direction": [-x, -y, z],
            "irradiance": {"type": "rgb", "value": [float(v) for v in light.sun]},
        }
        if is_dim(scene):
            made["sun"]["sampling_weight"] = FLOOR + float(light.sun.mean())
    if "lamps" in layers and is_dim(scene):
        made |= _lamps(mi, scene)
    return made


def is_dim(scene: Scene) -> bool:
    """True if lamps light what stands around them, and are not merely seen."""
    return float(daylight(scene.weather).ground.max()) < DIM


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


def area_light(emission: RGB, corners: Floats, view: View) -> dict[str, Any]:
    """Faces, given by their corners (f, 3, 3), as a light of one luminance, cd/m²."""
    edges = corners[:, 1:] - corners[:, :1]
    areas = 0.5 * np.linalg.norm(np.cross(edges[:, 0], edges[:, 1]), axis=1)
    strength = float(np.mean(emission)) * areas @ _nearness(corners.mean(axis=1), view)
    radiance = {"type": "rgb", "value": list(emission)}
    return {"type": "area", "radiance": radiance, "sampling_weight": FLOOR + float(strength)}


def _nearness(places: Floats, view: View) -> Floats:
    """(n,) 1/m²: what a candela at places (n, 3) gives, in lux, to what the camera looks at."""
    seen = np.asarray(view.position) + AHEAD * view.rotation[2]
    gap = places - seen
    return np.asarray(1 / ((gap * gap).sum(axis=1) + AHEAD**2), np.float32)


def _weight(lamp: Headlamp, view: View) -> float:
    """How often a lamp is asked for its light: more if it shines at us, and mirrors itself."""
    towards = np.asarray(view.position) - lamp.place
    facing = towards @ lamp.ahead / max(float(np.linalg.norm(towards)), 1e-6)
    lux = float(lamp.candela.mean() * _nearness(lamp.place[None].astype(np.float32), view)[0])
    return FLOOR + lux * (1 + FACING * max(float(facing), 0.0))


def _headlamps(scene: Scene) -> list[Headlamp]:
    """The nearest ones but one's own. Street lamps' lenses are area lights already."""
    eye = np.asarray(scene.view.position)
    made = []
    others = [lamp for lamp in lit_lamps(scene) if lamp.group == "head"]
    others.sort(key=lambda lamp: float(np.linalg.norm(np.asarray(lamp.position) - eye)))
    for lamp in others[:MOST_LAMPS]:
        level = np.asarray(lamp.direction) * (1.0, 0.0, 1.0)
        level /= max(float(np.linalg.norm(level)), 1e-6)
        # A hand's breadth in front of the glass, which would shade it.
        place = np.asarray(lamp.position) + 0.12 * level
        made.append(Headlamp(place, level, np.asarray(lamp.intensity)))
    return made


def _lamps(mi: Any, scene: Scene) -> dict[str, Any]:
    """Low beams, and as many that give nothing as it takes to make up `MOST_LAMPS`."""
    made: dict[str, Any] = {}
    pattern = mi.Bitmap(np.ascontiguousarray(beam_pattern()[..., None]))
    common = {
        "type": "spot", "cutoff_angle": BEAM_ANGLE, "beam_width": 0.98 * BEAM_ANGLE,
        "texture": {"type": "bitmap", "bitmap": pattern, "raw": True, "wrap_mode": "clamp"},
    }  # fmt: skip
    for k, lamp in enumerate(_headlamps(scene)):
        place, aim = lamp.place * FLIP, (lamp.place + lamp.ahead) * FLIP
        made[f"lamp{k:02d}"] = common | {
            "intensity": {"type": "rgb", "value": lamp.candela.tolist()},
            "to_world": mi.ScalarTransform4f().look_at(
                origin=place.tolist(), target=aim.tolist(), up=[0, 1, 0]
            ),
            "sampling_weight": _weight(lamp, scene.view),
        }
    for k in range(len(made), MOST_LAMPS):
        made[f"lamp{k:02d}"] = common | {"intensity": 0.0, "sampling_weight": 0.0}
    return made


@lru_cache(maxsize=1)
def beam_pattern() -> Floats:
    """Share of a low beam's peak over its cone, (`BEAM_SIZE`): as Mitsuba's spot wants it.

    Columns go from the lamp's right to its left, rows from below to above.
    """
    rows, columns = BEAM_SIZE
    reach = np.tan(np.radians(BEAM_ANGLE))
    up = ((np.arange(rows) + 0.5) / rows * 2 - 1) * reach
    right = (1 - (np.arange(columns) + 0.5) / columns * 2) * reach
    table = np.empty(BEAM_SIZE, np.float32)
    for i, y in enumerate(up.tolist()):
        for j, x in enumerate(right.tolist()):
            length = (1 + x * x + y * y) ** 0.5
            table[i, j] = low_beam(x / length, y / length, 1 / length)
    return table
