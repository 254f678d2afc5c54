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


def test_roads_throw_a_low_sky_back_and_walls_do_not(mi):
    """Dry asphalt is matt from above, but at a slant it mirrors some of a bright horizon."""
    from isthmus.synth.render.physical import PhysicalRenderer

    asphalt = Material((0.1, 0.1, 0.1), roughness=0.85)
    mirrored = {}
    for pitch, height in ((1.4, 3.0), (0.12, 1.4)):
        view = View(16, 12, 60.0, (0.0, height, 0.0), pitch=pitch)
        for semantic in ("road", "building"):
            part = Part(box((-60, 60), (-1, 0), (-60, 60)), asphalt, semantic)
            scene = _scene(OVERCAST, part, view=view)
            made = PhysicalRenderer(64, "scalar_rgb", denoise=False).render(scene, soup(scene))
            matt = 0.1 * daylight(OVERCAST).sky / np.pi
            mirrored[semantic, pitch] = float((made.total[6:] / matt).mean())
    assert mirrored["building", 0.12] == pytest.approx(1, abs=0.06)
    assert mirrored["road", 1.4] == pytest.approx(1, abs=0.15)
    assert mirrored["road", 0.12] > 1.3


def test_the_sun_stands_where_the_fast_renderer_has_it_and_is_as_bright():
    from isthmus.synth.render.fast import FastRenderer
    from isthmus.synth.render.physical.guides import guides
    from isthmus.synth.render.physical.picture import seen_sun

    view = View(160, 90, 600.0, (0.0, 1.5, 0.0), pitch=-0.2)
    weather = Weather(sun_elevation=12.0, sun_azimuth=2.0, clouds=0.1, visibility=9000.0)
    # A wall hides a part of it.
    wall = Part(box((2.1, 9.0), (0, 40), (50, 51)), GREY, "wall")
    scene = _scene(weather, wall, view=view)
    triangles = soup(scene)
    about = guides(scene, triangles, np.full((len(triangles.faces), 3), 0.5, np.float32), 1)
    made = seen_sun(scene, about)
    fast = FastRenderer(1).render(scene, triangles, ("sun",)).layers["sun"]
    disc = fast.mean(axis=2) > 1e6
    assert 8 < disc.sum() < 30
    assert ((made.mean(axis=2) > 1e6) == disc).all()
    assert np.allclose(made[disc], fast[disc], rtol=0.01)
    assert not seen_sun(_scene(NIGHT, wall, view=view), about).any()


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
    about = Guides(0.2 * ones, ones, 3 * ones, 100 * ones, metres, 1 - np.isfinite(metres))
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


def test_low_beams_keep_below_the_horizon_in_both_renderers(mi):
    """Mitsuba's spot with the pattern lights a wall as the formula says, the right way up."""
    from isthmus.synth.render.fast.light import low_beam
    from isthmus.synth.render.physical.picture import _sensor

    lamp = Lamp((0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (1000.0,) * 3, 18.0, "head")
    weather = Weather(sun_elevation=-20.0, vehicle_lamps=True)
    wall = Part(box((-30, 30), (-20, 20), (10, 11)), GREY, "wall")
    view = View(48, 36, 60.0, (0.0, 1.0, 0.12))
    scene = _scene(weather, wall, view=view, lamps=(lamp,))
    spot = emitters(mi, scene, ("lamps",))["lamp00"]
    world = mi.load_dict({
        "type": "scene", "lamp": spot, "integrator": {"type": "path", "max_depth": 2},
        "wall": {"type": "rectangle", "bsdf": {"type": "diffuse"}, "to_world":
                 mi.ScalarTransform4f().translate([0, 1, -10]).scale([30, 30, 1])},
    })  # fmt: skip
    sensor = _sensor(mi, scene, 16)
    seen = np.array(mi.render(world, sensor=mi.load_dict(sensor), spp=16))[..., 1]
    for row, column in ((22, 24), (22, 36), (26, 12), (18, 36), (12, 24)):
        x, y = (column + 0.5 - 24) / 60, (18 - row - 0.5) / 60
        length = (1 + x * x + y * y) ** 0.5
        share = low_beam(x / length, y / length, 1 / length)
        lux = 1000 * share / (9.88 * length) ** 2 / length
        assert seen[row, column] == pytest.approx(0.5 * lux / np.pi, rel=0.15, abs=2e-3)


def test_own_beams_light_a_wall_by_the_inverse_square_law():
    from isthmus.synth.render.fast.lamps import OWN_CANDELA, own_lamps
    from isthmus.synth.render.fast.light import low_beam
    from isthmus.synth.render.physical.headlights import own_light

    view = View(33, 25, 30.0, (0.0, 1.2, 0.0))
    weather = Weather(sun_elevation=-20.0, vehicle_lamps=True, visibility=1e7)
    x, y = view.rays(1)
    distance = (20.0 * np.sqrt(x * x + y * y + 1)).astype(np.float32)
    white = np.ones((25, 33, 3), np.float32)
    normal = white * np.array([0, 0, -1], np.float32)
    made = own_light(_scene(weather, view=view), white, normal, distance)
    expected = 0.0
    for place in own_lamps(_scene(weather, view=view))[0]:
        gap = np.array([0.0, 1.2 + 20 * float(y[15, 0]), 20.0]) - place
        length = float(np.linalg.norm(gap))
        share = low_beam(*(gap / length).tolist())
        expected += OWN_CANDELA[0] * share * gap[2] / length**3 / np.pi
    assert made[15, 16, 0] == pytest.approx(expected, rel=0.01)
    dark = Weather(sun_elevation=-20.0, vehicle_lamps=False)
    assert not own_light(_scene(dark, view=view), white, normal, distance).any()


@pytest.mark.slow
def test_fog_takes_contrast_of_small_dark_things_by_koschmieders_law(mi):
    """Scattered light of every order: a small black plate against fog, C = exp(−β·d)."""
    from isthmus.synth.render.physical import PhysicalRenderer

    visibility = 60.0
    weather = Weather(sun_elevation=40.0, clouds=1.0, visibility=visibility)
    view = View(60, 40, 600.0, (0.0, 1.5, 0.0))
    black = Material((0.0, 0.0, 0.0), roughness=1.0)
    floor = Part(box((-300, 300), (-1, 0), (-50, 600)), GREY, "building")
    for share in (0.15, 0.3, 0.6):
        metres = visibility * share
        half = 0.012 * metres
        plate = box((-half, half), (1.5 - half, 1.5 + half), (metres, metres + 0.3))
        scene = _scene(weather, floor, Part(plate, black, "wall"), view=view)
        light = PhysicalRenderer(256, "scalar_rgb", denoise=False).render(scene, soup(scene))
        rows = light.total[19:21].mean(axis=(0, 2))
        around = np.concatenate([rows[4:16], rows[44:56]]).mean()
        contrast = 1 - rows[27:33].mean() / around
        assert contrast == pytest.approx(0.05**share, rel=0.15)
