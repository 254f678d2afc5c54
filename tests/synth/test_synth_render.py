"""Shapes, shadows, light and camera: closed forms and invariants."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.errors import ConfigError
from isthmus.synth import vehicles
from isthmus.synth.camera import Sensor, expose, tone
from isthmus.synth.conditions import CONDITIONS, KOSCHMIEDER, light_for
from isthmus.synth.mesh import box, linear, normals
from isthmus.synth.people import person, sample_person
from isthmus.synth.render.picture import render
from isthmus.synth.render.raster import NEAR, clip_near
from isthmus.synth.render.shading import add_air
from isthmus.synth.render.shadows import inside, swept
from isthmus.synth.scene import sample_scene
from isthmus.synth.street import bend, sample_street
from isthmus.synth.texture import scramble, tile
from isthmus.synth.view import View

SEED = 5
coordinates = st.floats(-20, 20, allow_nan=False, width=32)


def test_projection_and_rays_agree():
    view = View(320, 192, 280.0, (1.0, 1.4, 0.0), 0.04, -0.03)
    x, y = view.rays(1)
    direction = np.stack([x[0, 40], y[90, 0], np.float32(1)])
    point = view.position + view.rotation.T @ (17 * direction)
    seen = view.to_camera(point[None])
    assert view.project(seen)[0] == pytest.approx((40.5, 90.5), abs=1e-2)
    assert seen[0, 2] == pytest.approx(17, rel=1e-5)


def test_horizon_is_where_far_ground_goes():
    view = View(320, 192, 280.0, (0.0, 1.4, 0.0), 0.05)
    far = view.project(view.to_camera(np.array([[0, 0, 1e6]])))
    assert far[0, 1] == pytest.approx(view.horizon, abs=0.05)


@given(st.lists(st.tuples(coordinates, coordinates, coordinates), min_size=3, max_size=8))
def test_clipped_polygon_lies_in_front(points):
    clipped = clip_near(np.array(points, np.float32))
    assert (clipped[:, 2] >= NEAR - 1e-3).all()
    if all(p[2] > NEAR for p in points):
        assert len(clipped) == len(points)


@settings(max_examples=60)
@given(st.floats(0.1, 3), st.floats(0.1, 3), st.floats(0, 6.3), coordinates, coordinates,
       st.integers(0, 2**31))  # fmt: skip
def test_swept_quad_covers_just_its_path(half_x, half_z, turn, dx, dz, seed):
    c, s = np.cos(turn), np.sin(turn)
    corners = np.array([(-half_x, -half_z), (half_x, -half_z), (half_x, half_z), (-half_x, half_z)])
    quad = (corners @ np.array([[c, s], [-s, c]])).astype(np.float32)
    shift = np.array([dx, dz], np.float32)
    outline = swept(quad[None], shift[None])
    rng = np.random.default_rng(seed)
    points = rng.uniform(-8, 8, (40, 2)) + rng.random((40, 1)) * shift
    hit = inside(points, outline)[:, 0]
    # Brute force: is any of many copies over the point?
    local = points[:, None] - np.linspace(0, 1, 400)[None, :, None] * shift
    u, v = local @ np.array([c, s]), local @ np.array([-s, c])
    margin = 0.06
    surely = ((np.abs(u) < half_x - margin) & (np.abs(v) < half_z - margin)).any(axis=1)
    never = ~((np.abs(u) < half_x + margin) & (np.abs(v) < half_z + margin)).any(axis=1)
    assert hit[surely].all()
    assert not hit[never].any()


def test_normals_of_a_box_point_outwards():
    faces = np.zeros((5, 8, 3), np.float32)
    for i, face in enumerate(box((-1, 1), (0, 2), (5, 8))):
        faces[i, :4], faces[i, 4:] = face, face[3]
    expected = [(-1, 0, 0), (1, 0, 0), (0, 0, -1), (0, 0, 1), (0, 1, 0)]
    assert np.allclose(normals(faces, (0, 1, 6.5)), expected, atol=1e-6)


def test_street_bends_as_an_arc():
    points = np.array([[0, 0, 50.0], [2, 1, 100.0]])
    assert np.allclose(bend(points, 0.002)[:, 0], [0.5 * 0.002 * 2500, 2 + 0.5 * 0.002 * 10000])
    assert np.allclose(bend(points, 0.0), points)


@pytest.mark.parametrize("style", vehicles.STYLES)
def test_vehicles_fill_their_size(style):
    rng = np.random.default_rng(1)
    body = vehicles.vehicle(style, vehicles.sample_palette(rng, style))
    width, height, length = vehicles.STYLES[style].size
    spread = np.ptp(body.points.reshape(-1, 3), axis=0)
    assert np.allclose(spread, (width, height, length), atol=0.12)
    assert (body.colour >= 0).all()
    assert (body.colour < 1).all()
    assert np.allclose(np.linalg.norm(body.facing, axis=1), 1, atol=1e-4)


def test_palettes_do_not_leak_between_vehicles():
    first = vehicles.vehicle("saloon", np.zeros((10, 3), np.float32))
    vehicles.vehicle("saloon", np.ones((10, 3), np.float32))
    assert (first.colour == 0).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.floats(0, 6.3), st.booleans())
def test_people_are_as_tall_as_they_are(seed, heading, standing):
    who = sample_person(np.random.default_rng(seed), standing=standing)
    body = person(who, (3.0, 0.12, 9.0), heading)
    y = body.points[..., 1] - 0.12
    assert np.isfinite(body.points).all()
    assert y.max() == pytest.approx(who.height, abs=0.07 * who.height)
    assert y.min() > -0.05
    assert np.abs(body.points[..., 0] - 3.0).max() < 0.75 * who.height


def test_noise_tiles_are_normalised_and_periodic():
    noise = tile("test", 1.5)
    assert abs(float(noise.mean())) < 1e-5
    assert float(noise.std()) == pytest.approx(1, abs=1e-4)
    step = np.abs(np.diff(noise, axis=1)).mean()
    assert np.abs(noise[:, 0] - noise[:, -1]).mean() < 2 * step


def test_scrambled_numbers_are_even_and_repeat():
    a, b = np.meshgrid(np.arange(200, dtype=np.int32), np.arange(50, dtype=np.int32))
    values = scramble(a, b, np.full_like(a, 7))
    assert np.array_equal(values, scramble(a, b, np.full_like(a, 7)))
    assert np.allclose(np.histogram(values, 10, (0, 1))[0] / values.size, 0.1, atol=0.012)


def test_air_follows_koschmieder():
    class Two:
        number = np.array([1, 1], np.int32)
        depth = np.array([80.0, 80.0], np.float32)
        stretch = np.ones(2, np.float32)

    light = light_for("fog", sample_street(SEED, 0), np.random.default_rng(0))
    object.__setattr__(light, "visibility", 80.0)
    planes = [np.array([0.0, 3000.0], np.float32) for _ in range(3)]
    add_air(planes, Two(), light)
    for c in range(3):
        # A black object at the visibility has 5 % contrast to the fog behind it.
        assert (light.airlight[c] - planes[c][0]) / light.airlight[c] == pytest.approx(0.05)
        assert (planes[c][1] - planes[c][0]) / 3000 == pytest.approx(0.05, rel=1e-4)
    assert pytest.approx(2.996, abs=1e-3) == KOSCHMIEDER


def test_camera_darkens_what_is_dim_and_brightens_what_is_not():
    rng = np.random.default_rng(0)
    scene = rng.uniform(0.2, 1, (96, 128, 3)).astype(np.float32)
    day, dusk, night = (
        expose(scene * level, Sensor(), np.random.default_rng(1)).mean()
        for level in (3000, 10, 0.05)
    )
    assert day > dusk > night
    brighter = expose(scene * 6000, Sensor(), np.random.default_rng(1)).mean()
    assert brighter == pytest.approx(day, abs=2)


def test_noise_rises_when_light_falls():
    flat = np.full((96, 128, 3), 1.0, np.float32)
    sensor = Sensor(vignette=0.0)
    noise = [expose(flat * level, sensor, np.random.default_rng(2)).std() for level in (1000, 1)]
    assert noise[1] > 2 * noise[0]


def test_tone_is_monotone_and_near_srgb():
    signal = np.linspace(0, 10, 5000, dtype=np.float32)
    curve = tone(signal).astype(int)
    assert (np.diff(curve) >= 0).all()
    assert curve[0] == 0
    assert abs(int(tone(linear([118.0]))[0]) - 118) <= 1
    assert curve[-1] >= 250


@pytest.mark.parametrize("condition", CONDITIONS)
def test_rendering_repeats_to_the_byte(condition):
    scene = sample_scene(SEED, 12, size=(160, 96))
    first = render(scene, condition, SEED)
    again = render(sample_scene(SEED, 12, size=(160, 96)), condition, SEED)
    assert first.image.shape == (96, 160, 3)
    assert first.image.dtype == np.uint8
    assert np.array_equal(first.image, again.image)
    assert np.array_equal(first.truth.instance, again.truth.instance)


def test_conditions_look_as_they_should():
    def mean(condition):
        return np.mean(
            [render(sample_scene(SEED, i, size=(160, 96)), condition, SEED).image.mean()
             for i in range(0, 60, 10)]
        )  # fmt: skip

    day, dusk, night = mean("clear_day"), mean("dusk"), mean("night")
    assert day > 1.25 * dusk > 1.25 * 1.4 * night

    def far_contrast(condition):
        found = []
        for index in range(0, 60, 10):
            frame = render(sample_scene(SEED, index, size=(160, 96)), condition, SEED)
            grey = frame.image.mean(axis=2)
            found.append(grey[(frame.truth.depth > 60) & (frame.truth.depth < 200)].std())
        return np.nanmean(found)

    assert far_contrast("fog") < 0.3 * far_contrast("clear_day")


def test_unknown_condition_is_named():
    with pytest.raises(ConfigError, match=r"sandstorm.*clear_day, fog, dusk, night"):
        light_for("sandstorm", sample_street(SEED, 0), np.random.default_rng(0))
