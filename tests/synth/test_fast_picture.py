"""Pictures of plain scenes against photometry worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from isthmus.errors import ConfigError
from isthmus.synth.render.fast import FastRenderer
from isthmus.synth.render.fast.daylight import daylight
from isthmus.synth.render.fast.mirrors import empty_mirrors, soften, soften_across
from isthmus.synth.render.renderer import LAYERS, RENDERERS, renderer
from isthmus.synth.view import View
from isthmus.synth.world.material import Material
from isthmus.synth.world.mesh import box, flat, quads
from isthmus.synth.world.scene import Ruts, Scene, Weather, soup
from isthmus.synth.world.thing import Lamp, Part, Placed, Thing

CHALK = Material((0.4, 0.4, 0.4), roughness=1.0, porosity=0.0)
BLACK, WHITE, RED = (CHALK.tinted(c) for c in ((0.0,) * 3, (0.8,) * 3, (0.8, 0.02, 0.02)))
VIEW = View(96, 64, 80.0, (0.0, 1.5, 0.0))
DOWN = View(64, 64, 64.0, (0.0, 3.0, 6.0), pitch=1.4)
OVERCAST = Weather(sun_elevation=40, clouds=1.0, visibility=1e6)
NIGHT = Weather(sun_elevation=-18, visibility=1e6)


def floor(material: Material = CHALK, semantic: str = "building") -> Part:
    mesh = flat(*quads([[(-200, 0, -50), (-200, 0, 400), (200, 0, 400), (200, 0, -50)]]))
    return Part(mesh, material, semantic)


def upright(material: Material, z: float, x0=-9.0, x1=9.0, y1=6.0) -> Part:
    mesh = flat(*quads([[(x0, 0, z), (x0, y1, z), (x1, y1, z), (x1, 0, z)]]))
    return Part(mesh, material, "wall")


def light_of(*parts: Part, weather: Weather = OVERCAST, view: View = VIEW, lamps=(), layers=LAYERS,
             threads=1):  # fmt: skip
    scene = Scene((Placed(Thing(parts, lamps=lamps), (0, 0, 0)),), view, weather)
    return FastRenderer(threads).render(scene, soup(scene), layers)


def test_open_ground_shines_by_its_albedo() -> None:
    """L = ρE/π, and a few per cent that the rough surface mirrors of the sky."""
    for weather in (OVERCAST, Weather(sun_elevation=50, clouds=0.0, visibility=1e6)):
        ground = daylight(weather).ground.mean()
        centre = light_of(floor(), weather=weather, view=DOWN).total[24:40, 24:40].mean()
        assert 0.93 < centre / (0.4 * ground / np.pi) < 1.15


def test_layers_add_up_and_can_be_had_alone() -> None:
    weather = Weather(sun_elevation=30, clouds=0.3, street_lamps=True, vehicle_lamps=True)
    shiny = Material((0.3, 0.1, 0.1), roughness=0.2, coat=1.0)
    both = light_of(floor(), upright(shiny, 9.0), weather=weather)
    assert set(both.layers) == set(LAYERS)
    total = sum(both.layers[name] for name in LAYERS)
    np.testing.assert_allclose(both.total, total, rtol=1e-5)
    assert all(both.layers[name].any() for name in LAYERS)
    for name in LAYERS:
        alone = light_of(floor(), upright(shiny, 9.0), weather=weather, layers=(name,))
        assert alone.layers[name].tobytes() == both.layers[name].tobytes()


def test_fog_takes_contrast_by_koschmieders_law() -> None:
    """The contrast of white and black falls by exp(−β·d)."""
    visibility = 60.0
    weather = Weather(sun_elevation=40, clouds=1.0, visibility=visibility)
    contrasts = []
    for distance in (10.0, 40.0):
        white, black = (
            light_of(upright(m, distance, y1=60.0), weather=weather).total[26:34, 44:52].mean()
            for m in (WHITE, BLACK)
        )
        contrasts.append(white - black)
    expected = 0.05 ** (30 / visibility)
    assert contrasts[1] / contrasts[0] == pytest.approx(expected, rel=0.03)


def test_what_is_far_away_in_fog_looks_like_the_fog() -> None:
    weather = Weather(sun_elevation=40, clouds=1.0, visibility=40.0)
    near, far = (light_of(upright(BLACK, z, y1=90.0), weather=weather).total for z in (5.0, 200.0))
    horizon = light_of(floor(BLACK), weather=weather).total[30, 48]
    np.testing.assert_allclose(far[30, 48], horizon, rtol=0.05)
    assert near[30, 48].mean() < 0.5 * far[30, 48].mean()


@pytest.mark.parametrize(("azimuth", "shaded"), [(270, "right"), (90, "left")])
def test_shadows_fall_away_from_the_sun(azimuth: float, shaded: str) -> None:
    tower = Part(box((-0.5, 0.5), (0, 3), (7.5, 8.5)), CHALK, "building")
    weather = Weather(sun_elevation=45, sun_azimuth=azimuth, clouds=0.0)
    view = View(96, 64, 60.0, (0.0, 9.0, 8.0), pitch=np.pi / 2 - 1e-3)
    sun = light_of(floor(), tower, weather=weather, view=view).layers["sun"].mean(axis=2)
    # Shadow from 0.5 m to 3.5 m beside the middle; the picture shows 60/9 pixels a metre.
    left, right = sun[32, 48 - 20], sun[32, 48 + 20]
    dark, bright = (right, left) if shaded == "right" else (left, right)
    assert dark < 0.3 * bright
    assert sun[32, 48 + 40] == pytest.approx(sun[32, 48 - 40], rel=0.1)


def test_a_car_keeps_the_sky_from_the_ground_below_it() -> None:
    body = Part(box((-0.9, 0.9), (0.25, 1.5), (6, 10)), CHALK, "car")
    sky = light_of(floor(), body, weather=OVERCAST).layers["sky"].mean(axis=2)
    open_sky = light_of(floor(), weather=OVERCAST).layers["sky"].mean(axis=2)
    row = int(32 + 80 * 1.5 / 6.3)  # ground 30 cm below the front
    assert sky[row, 48] < 0.35 * open_sky[row, 48]
    assert sky[row + 8, 10] > 0.8 * open_sky[row + 8, 10]


def test_a_puddle_shows_the_wall_behind_it() -> None:
    asphalt = Material((0.05, 0.05, 0.05), roughness=0.9)
    parts = (floor(asphalt, "road"), upright(RED, 12.0, y1=3.0))
    dry, wet = (
        light_of(*parts, weather=Weather(clouds=1.0, wetness=w)).layers["sky"] for w in (0.0, 1.0)
    )
    # Light from the wall meets the camera from the street at 5 to 10 m.
    street = wet[44:56, 40:56].reshape(-1, 3)
    redness = (street[:, 0] / street[:, 2]).max()
    assert redness > 1.5
    plain = dry[44:56, 40:56].reshape(-1, 3)
    assert (plain[:, 0] / plain[:, 2]).max() < 1.2


def test_mirrors_even_out_the_pattern_in_which_rays_start() -> None:
    """A tenth of it is left, and what is even stays as it is."""
    shape = (24, 32)
    mirrors = empty_mirrors(*shape)
    mirrors.share[:], mirrors.nearness[:] = 1.0, 0.1
    y, x = np.indices(shape)
    pattern = ((5 * x + 11 * y + 7 * (x & y & 3)) & 15).astype(np.float32)
    mirrored = np.repeat(pattern[None, ..., None], 3, axis=-1)
    out = np.zeros_like(mirrored)
    soften_across((0, 24), tuple(mirrors), mirrored)
    soften((0, 24), tuple(mirrors), mirrored, out)
    inner = out[0, 3:-3, 3:-3]
    assert inner.std() < 0.12 * pattern.std()
    assert inner.mean() == pytest.approx(pattern[:16, :16].mean(), rel=0.03)


def test_wet_ground_is_darker_where_it_mirrors_nothing() -> None:
    asphalt = Material((0.1, 0.1, 0.1), roughness=1.0, porosity=0.8)
    dry, wet = (
        light_of(floor(asphalt, "road"), weather=Weather(clouds=1.0, wetness=w), view=DOWN)
        .total[24:40, 24:40].mean()
        for w in (0.0, 0.7)
    )  # fmt: skip
    assert wet < 0.8 * dry


def test_snow_lies_on_what_is_level() -> None:
    parts = (floor(BLACK, "terrain"), upright(BLACK, 9.0, y1=3.0))
    bare, snowy = (
        light_of(*parts, weather=Weather(clouds=1.0, snow_cover=s)).total for s in (0.0, 1.0)
    )
    assert snowy[55, 48].mean() > 10 * bare[55, 48].mean()
    assert snowy[24, 48].mean() < 2 * bare[24, 48].mean() + 50


def test_wheels_leave_tracks_in_the_snow_of_their_lane() -> None:
    centre = np.array([(0.0, 1.0)] * 40, np.float32)
    ruts = Ruts(centre, -10.0, 1.0, np.zeros(1, np.float32))
    things = (Placed(Thing((floor(BLACK, "road"),)), (0, 0, 0)),)
    weather = Weather(clouds=1.0, snow_cover=0.9)
    with_, without = (
        FastRenderer(1).render(scene, soup(scene)).total.mean(axis=2)
        for scene in (Scene(things, DOWN, weather, ruts=r) for r in (ruts, None))
    )
    left, right, between = (slice(x - 4, x + 5) for x in (16, 48, 32))  # 0.75 m aside, 3 m below
    for track in (left, right):
        assert with_[:, track].mean() < 0.6 * without[:, track].mean()
    assert with_[:, between].mean() > 0.7 * without[:, between].mean()


def test_panes_let_their_share_through() -> None:
    clear, tinted = (Material((1.0,) * 3, roughness=0.02, transmission=t) for t in (1.0, 0.5))
    wall = upright(WHITE, 8.0)
    low = slice(36, 40)  # what panes mirror there is dark street
    without, whole, half = (
        light_of(floor(BLACK), wall, *pane).total[low, 44:52].mean()
        for pane in ((), (upright(clear, 6.0),), (upright(tinted, 6.0),))
    )
    # Beyond a pane less light is thought to fall on things; the ratio of panes is exact.
    assert half / whole == pytest.approx(0.5, abs=0.08)
    assert whole < without


def test_what_shines_has_its_luminance_and_can_be_switched_off() -> None:
    panel = Material((0.0,) * 3, roughness=1.0, emission=(500.0, 300.0, 100.0), lamp="window")
    for street_lamps, expected in ((True, (500, 300, 100)), (False, (0, 0, 0))):
        weather = Weather(sun_elevation=-18, street_lamps=street_lamps)
        seen = light_of(upright(panel, 5.0), weather=weather).layers["lamps"][32, 48]
        np.testing.assert_allclose(seen, expected, rtol=0.01, atol=1e-3)


def test_a_lamp_lights_the_ground_by_the_inverse_square_law() -> None:
    lamp = Lamp((0.0, 6.0, 6.0), (0.0, -1.0, 0.0), (900.0, 900.0, 900.0), 180.0, "street")
    weather = Weather(sun_elevation=-18, street_lamps=True, visibility=1e6)
    view = View(65, 65, 64.0, (0.0, 3.0, 6.0), pitch=np.pi / 2 - 1e-4)
    seen = light_of(floor(), weather=weather, view=view, lamps=(lamp,)).layers["lamps"]
    assert seen[32, 32, 1] == pytest.approx(0.4 * 900 / 36 / np.pi, rel=0.02)
    # One metre and a half aside: cos/d² of the slanting ray.
    aside = seen[32, 32 + 32, 1] / seen[32, 32, 1]
    assert aside == pytest.approx((36 / (36 + 2.25)) ** 1.5, rel=0.02)


def test_head_lamps_light_the_street_ahead_and_not_the_sky_above() -> None:
    weather = Weather(sun_elevation=-18, vehicle_lamps=True, visibility=1e6)
    lamps = light_of(floor(), upright(CHALK, 25.0, y1=9.0), weather=weather).layers["lamps"]
    level = lamps.mean(axis=2)
    assert level[36, 48] > 10 * level[20, 48]  # below and above the cut-off, on the wall
    assert level[40, 48] > level[40, 2]


def test_the_suns_disc_carries_its_illuminance() -> None:
    weather = Weather(sun_elevation=30, sun_azimuth=0, clouds=0.0, visibility=1e6)
    view = View(64, 64, 3000.0, (0.0, 1.5, 0.0), pitch=-np.radians(30))
    sun = light_of(floor(), weather=weather, view=view).layers["sun"]
    lux = sun.sum(axis=(0, 1)) / 3000.0**2
    np.testing.assert_allclose(lux, daylight(weather).sun, rtol=0.05)


def test_edges_are_smooth_and_flat_places_even() -> None:
    view = View(96, 64, 80.0, (0.0, 1.5, 0.0))
    picture = light_of(upright(BLACK, 8.0, x0=-9.0, x1=0.04, y1=60.0), view=view).total[32]
    step = picture[46:51].mean(axis=1)
    # The edge lies at column 48.4: that pixel is half wall and half sky.
    assert min(step[0], step[4]) < step[2] < max(step[0], step[4])


def crowded() -> Scene:
    rng = np.random.default_rng(0)
    things = [Placed(Thing((floor(CHALK, "road"),)), (0, 0, 0))]
    paint = Material((0.5, 0.1, 0.1), texture="plaster", roughness=0.2, coat=1.0)
    pane = Material((0.9, 0.9, 0.9), roughness=0.02, transmission=0.6)
    shine = Material((0.5,) * 3, emission=(900.0, 20.0, 10.0), lamp="tail")
    for _ in range(30):
        body = box((-0.9, 0.9), (0.2, 1.4), (-2, 2))
        lamp = Lamp((0.0, 0.8, -2.1), (0.0, 0.0, -1.0), (30.0, 2.0, 1.0), 60.0, "tail")
        parts = tuple(Part(body, m, "car") for m in (paint, shine, pane))
        place = (float(rng.uniform(-12, 12)), 0.0, float(rng.uniform(4, 60)))
        mesh = box((-0.9, 0.9), (1.4, 2.0), (-1, 1))
        glass = Part(mesh, pane, "car")
        things.append(
            Placed(Thing((*parts[:2], glass), "car", (1.8, 2, 4), (lamp,)), place, place[0])
        )
    weather = Weather(sun_elevation=20, clouds=0.4, visibility=400, wetness=0.7, rain=2.0,
                      snow_cover=0.2, vehicle_lamps=True, street_lamps=True)  # fmt: skip
    return Scene(tuple(things), VIEW, weather, seed=5)


def test_the_same_bytes_for_any_number_of_threads_and_no_nan() -> None:
    scene = crowded()
    one, two = (FastRenderer(n).render(scene, soup(scene)) for n in (1, 2))
    for name in LAYERS:
        assert np.isfinite(one.layers[name]).all()
        assert (one.layers[name] >= 0).all()
        assert one.layers[name].dtype == np.float32
        assert one.layers[name].tobytes() == two.layers[name].tobytes()


def test_the_seed_changes_clouds_and_wear_alone() -> None:
    scene = crowded()
    other = Scene(scene.things, scene.view, scene.weather, seed=6)
    pictures = [FastRenderer(1).render(s, soup(s)).total for s in (scene, other)]
    assert not np.array_equal(*pictures)
    assert pictures[0].mean() == pytest.approx(pictures[1].mean(), rel=0.25)


def test_renderers_are_known_by_name() -> None:
    assert isinstance(renderer("fast"), FastRenderer)
    assert set(RENDERERS) >= {"fast", "physical"}
    with pytest.raises(ConfigError, match="fast"):
        renderer("slow")
