"""The physical renderer: light in its right amount, and one kernel for all scenes."""

import numpy as np
import pytest

from isthmus.synth.render.fast.daylight import daylight
from isthmus.synth.render.physical.lights import MOST_LAMPS, emitters, is_dim
from isthmus.synth.render.physical.materials import NO_LIGHT, finishes
from isthmus.synth.render.physical.shapes import SLOTS, meshes
from isthmus.synth.view import View
from isthmus.synth.world.material import Material
from isthmus.synth.world.mesh import box
from isthmus.synth.world.scene import Scene, Weather, soup
from isthmus.synth.world.thing import Lamp, Part, Placed, Thing

OVERCAST = Weather(sun_elevation=40.0, clouds=1.0)
NIGHT = Weather(sun_elevation=-20.0, street_lamps=True)
GREY = Material((0.5, 0.5, 0.5), roughness=1.0)
DOWN = View(16, 12, 20.0, (0.0, 3.0, 0.0), pitch=1.4)


@pytest.fixture(scope="module")
def mi():
    found = pytest.importorskip("mitsuba")
    found.set_variant("scalar_rgb")
    return found


def _shine(colour):
    return Material((0.1, 0.1, 0.1), emission=colour, lamp="signal")


def _scene(weather, *parts, view=DOWN, lamps=()):
    return Scene((Placed(Thing(tuple(parts), lamps=tuple(lamps)), (0, 0, 0)),), view, weather)


def _slab(material, width=40.0):
    return Part(box((-width, width), (-1, 0), (-width, width)), material, "building")


def test_matt_ground_sends_back_what_falls_on_it(mi):
    from isthmus.synth.render.physical import PhysicalRenderer

    scene = _scene(OVERCAST, _slab(GREY))
    made = PhysicalRenderer(64, "scalar_rgb", denoise=False).render(scene, soup(scene)).total
    falling = daylight(OVERCAST).sky
    assert np.allclose(made.mean(axis=(0, 1)), 0.5 * falling / np.pi, rtol=0.05)


def test_a_lamp_is_seen_as_bright_by_day_as_by_night(mi):
    from isthmus.synth.render.physical import PhysicalRenderer

    for weather, tolerance in ((OVERCAST, 0.15), (NIGHT, 0.01)):
        shining, dark = (
            _scene(weather, _slab(material)) for material in (_shine((9e4,) * 3), _shine(NO_LIGHT))
        )
        pictures = [
            PhysicalRenderer(4, "scalar_rgb", denoise=False).render(scene, soup(scene)).total
            for scene in (shining, dark)
        ]
        added = float((pictures[0] - pictures[1]).mean())
        # Lights are rounded to levels, by night, where they are traced.
        assert added == pytest.approx(9e4, rel=tolerance if weather is OVERCAST else 0.31)


def test_fog_hides_textures_and_lamps_as_it_hides_the_rest(mi):
    """What is put on after tracing has to pass the same air (Koschmieder)."""
    from isthmus.synth.render.physical.guides import Guides
    from isthmus.synth.render.physical.picture import _through_fog
    from isthmus.synth.weather.air import extinction

    fog = Weather(visibility=80.0)
    metres = np.array([[0.0, 20.0, 60.0, np.inf]], np.float32)
    ones = np.ones((1, 4, 3), np.float32)
    about = Guides(0.2 * ones, ones, 3 * ones, 100 * ones, metres)
    seen = _through_fog(about, _scene(fog))
    through = np.exp(-extinction(fog) * metres)
    assert np.allclose(seen.detail[..., 0], 1 + 2 * through, rtol=1e-5)
    assert np.allclose(seen.glow[..., 0], 100 * through, rtol=1e-5, atol=1e-6)
    assert np.allclose(seen.normal[..., 0], through, rtol=1e-5, atol=1e-6)
    assert np.allclose(seen.plain[0, -1], 0.8)
    assert _through_fog(about, _scene(Weather(visibility=10_000.0))) is about


def test_scenes_differ_in_numbers_but_not_in_what_is_compiled(mi):
    """As many emitters, meshes and kinds of both, and the same bounds, whatever is in a scene."""
    lamp = Lamp((0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (100.0,) * 3, 20.0, "head")
    weather = Weather(sun_elevation=-20.0, street_lamps=True, vehicle_lamps=True)
    few = _scene(
        weather, _slab(GREY), Part(box((0, 1), (0, 1), (5, 6)), _shine((90.0,) * 3), "pole")
    )
    shining = [
        Part(box((k, k + 0.5), (0, 1), (5, 6)), _shine((1.8**k,) * 3), "pole") for k in range(9)
    ]
    many = _scene(weather, _slab(GREY), *shining, lamps=[lamp] * 3)
    found = []
    for scene in (few, many):
        lights = emitters(mi, scene, ("sky", "lamps"))
        shapes, _ = meshes(mi, scene, soup(scene))
        assert sum(mesh.emitter() is not None for mesh in shapes.values()) == SLOTS
        assert sum(light["type"] == "spot" for light in lights.values()) == MOST_LAMPS
        world = mi.load_dict({"type": "scene", **lights, **shapes}, parallel=False)
        found.append((len(shapes), len(lights), str(world.bbox())))
    assert found[0] == found[1]


def test_lights_are_rounded_until_they_fit(mi):
    weather = Weather(sun_elevation=-20.0, street_lamps=True)
    parts = [
        Part(box((k, k + 0.5), (0, 1), (5, 6)), _shine((1.3**k, 1.1**k, 3.0)), "pole")
        for k in range(60)
    ]
    triangles = soup(_scene(weather, *parts))
    up = np.zeros(len(triangles.faces), np.bool_)
    table, which = finishes(triangles, weather, up, lamps=SLOTS)
    levels = {table[k].emission for k in which} - {NO_LIGHT}
    assert 3 <= len(levels) <= SLOTS
    brightest = max(max(level) for level in levels)
    assert 0.3 < brightest / 1.3**59 < 3.3


def test_lamps_are_traced_in_the_dark_alone():
    assert is_dim(_scene(NIGHT, _slab(GREY)))
    assert not is_dim(_scene(OVERCAST, _slab(GREY)))
