"""Rain, snow, night, tunnel, lens and colour: the physics of each."""

import numpy as np
import pytest

from drawn_street import draw_street
from isthmus.augment.arrays import Arrays
from isthmus.augment.colour_cast import gains
from isthmus.augment.composition import Composition, Part
from isthmus.augment.daylight import metered
from isthmus.augment.depth import FAR, Geometry
from isthmus.augment.effect import EFFECTS
from isthmus.augment.fog import Fog
from isthmus.augment.lens_dirt import cover
from isthmus.augment.linear import LUMINANCE, luminance, to_linear
from isthmus.augment.low_light import DAYLIGHT, KEPT, LONGEST, RISEN, LowLight, exposed
from isthmus.augment.night import street_lamps
from isthmus.augment.rain import Rain
from isthmus.augment.sensor_noise import SensorNoise, gain_of
from isthmus.augment.smooth import disc_blurred
from isthmus.augment.snow import Snow, covered
from isthmus.augment.surfaces import Plane, surfaces
from isthmus.hydrometeors.air import rain_extinction


def frame(number: int = 2):
    street = draw_street(number, (320, 192))
    geometry = Geometry(street.camera.cy / 192, street.camera.fx / 320, 1.4)
    arrays = Arrays(street.image, street.boxes, geometry=geometry, exact=True)
    return arrays, np.minimum(street.depth, FAR).astype(np.float32)


def lit(name: str, severity: float, arrays: Arrays, depth: np.ndarray) -> np.ndarray:
    after, _ = EFFECTS[name].apply(arrays, depth, severity, np.random.default_rng(0))
    return luminance(to_linear(after.image))


def test_rain_takes_light_by_its_law():
    depth = np.array([[100.0, 200.0]], np.float32)
    through = Rain.transmission(depth, 10.0)
    assert through[0, 0] ** 2 == pytest.approx(through[0, 1], rel=1e-5)
    assert through[0, 0] < np.exp(-100 * rain_extinction(10.0))


def test_rain_greys_the_scene_and_its_sky():
    arrays, depth = frame()
    after, _ = Rain().apply(arrays, depth, 3.0, np.random.default_rng(0))
    saturation = [np.ptp(image.astype(int), axis=2).mean() for image in (arrays.image, after.image)]
    assert saturation[1] < 0.8 * saturation[0]
    assert EFFECTS["rain"].attributes(3.0) == {"weather": "rainy"}


def test_snow_lies_on_the_road_and_turns_it_the_brightest():
    arrays, depth = frame()
    before, after = luminance(to_linear(arrays.image)), lit("snow", 5.0, arrays, depth)
    road = np.s_[170:, 60:260]
    wall = np.s_[40:90, :20]
    assert np.median(before[road]) < np.median(before[wall])
    assert np.median(after[road]) > 1.5 * np.median(after[wall])


def test_flakes_alone_leave_the_road_as_dark_as_it_was():
    arrays, depth = frame()
    road = np.s_[170:, 60:260]
    falling, _ = Snow(lying=False).apply(arrays, depth, 3.0, np.random.default_rng(0))
    lying, _ = Snow().apply(arrays, depth, 3.0, np.random.default_rng(0))
    assert np.median(falling.image[road]) < 0.75 * np.median(lying.image[road])


def test_the_camera_meters_by_the_lower_part():
    rng = np.random.default_rng(0)
    light = rng.uniform(0.05, 0.9, (90, 120, 3)).astype(np.float32)
    assert np.allclose(metered(0.3 * light, light), light, rtol=1e-3)
    bright_sky = light.copy()
    bright_sky[:20] *= 8
    assert np.allclose(metered(bright_sky, light)[40:], light[40:], rtol=1e-3)
    assert np.array_equal(metered(0.3 * light, light, 0.0), 0.3 * light)


def test_exposure_makes_up_for_dusk_and_no_longer_for_night():
    assert exposed(DAYLIGHT) == exposed(5 * DAYLIGHT) == 1
    # Each halving of the light leaves a third of a stop, until exposure is at its end.
    assert exposed(50) / exposed(100) == pytest.approx(2**-KEPT)
    assert exposed(LONGEST / 4) / exposed(LONGEST / 2) == pytest.approx(0.5)
    levels = [exposed(lux) for lux in LowLight().scale.ladder]
    assert levels == sorted(levels, reverse=True)
    # The road of a rendered street under 60 lux has a third of its level by day.
    assert exposed(60) == pytest.approx(1 / 3, rel=0.1)


def test_dusk_is_a_little_darker_and_then_blue():
    arrays, depth = frame()
    day, early, late = (
        to_linear(LowLight(lamps=False).apply(arrays, depth, s, np.random.default_rng(0))[0].image)
        for s in (0.0, 1.0, 3.0)
    )
    light = [luminance(image).mean() for image in (day, early, late)]
    assert 0.3 < light[1] / light[0] < 0.9
    assert 0.1 < light[2] / light[0] < 0.5
    wall = np.s_[40:90, :20]
    hue = [image[wall][..., 2].mean() / image[wall][..., 0].mean() for image in (day, early, late)]
    assert hue[1] == pytest.approx(hue[0], rel=0.1)
    assert hue[2] > 1.15 * hue[0]


def test_at_dusk_what_stands_gets_more_of_the_light_than_the_road():
    arrays, depth = frame()
    dusk = LowLight(lamps=False).apply(arrays, depth, 1.0, np.random.default_rng(0))[0].image
    road = surfaces(arrays, depth).sealed
    stands = ~road & (depth < FAR)
    before, after = (luminance(to_linear(image)) for image in (arrays.image, dusk))
    wall, ground = (after[part].mean() / before[part].mean() for part in (stands, road))
    assert 1.15 < wall / ground < RISEN


def test_night_is_dark_but_for_its_lamps():
    arrays, depth = frame()
    after = lit("night", 3.0, arrays, depth)
    sky = depth >= FAR
    assert np.median(after[sky]) < 0.03
    assert after.mean() < 0.35 * luminance(to_linear(arrays.image)).mean()
    assert after.max() > 0.8


def test_street_lamps_light_the_road_by_the_cosine_law():
    plane = Plane(horizon=40.0, rate=1 / (100 * 1.4), focal=100.0, middle=48.0)
    below = np.maximum(np.arange(96) + 0.5 - 40, 0.6)
    depth = np.repeat((1 / (plane.rate * below))[:, None], 120, axis=1).astype(np.float32)
    light = street_lamps(depth, plane, 5.0)
    ground = light[50:, 40:80]
    assert 0.3 < ground.mean() < 2
    assert ground.max() > 1.3 * ground.min()
    high = street_lamps(depth * 0 + 30, plane, 5.0)
    assert np.isfinite(high).all()
    # What stands near the axis of a lamp (left of the street, 5 m ahead) is grazed by its light;
    # 6 m beside it is struck by more than the ground there.
    depth = np.full((96, 400), 5.0, np.float32)
    axis, row = int(200 + 100 * -6.5 / 5), 75
    level, wall = (street_lamps(depth, plane, 5.0, up)[row] for up in (None, np.ones_like(depth)))
    assert wall[axis] < 0.15 * level[axis]
    assert wall[axis + 120] > 2 * wall[axis]
    # Little is sent upwards.
    tall = street_lamps(np.full((96, 400), 20.0, np.float32), plane, 20.0, np.ones_like(depth))
    above, under = (int(40 - 100 * (height - 1.4) / 20) for height in (9.0, 4.0))
    assert above >= 0
    assert tall[above].max() < 0.5 * tall[under].max()


def test_only_what_is_nearer_than_the_mouth_is_seen_inside_a_tunnel():
    arrays, depth = frame()
    changed = EFFECTS["tunnel_exit"].change(
        to_linear(arrays.image), arrays, depth, 3.0, np.random.default_rng(0)
    )
    assert changed.transmission.min() < 0.05
    assert (changed.transmission[depth < 15] > 0.7).mean() > 0.95


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
def test_dirt_covers_the_share_that_it_is_asked_for(share):
    covered = np.mean([
        (cover(np.random.default_rng(k), (96, 160), share) > 0.2).mean() for k in range(5)
    ])  # fmt: skip
    assert covered == pytest.approx(share, abs=0.12)


def test_noise_at_middle_grey_has_the_ratio_it_is_stated_in():
    flat = Arrays(np.full((128, 128, 3), 118, np.uint8))  # 18 % linear
    light = np.full((128, 128, 3), 0.18, np.float32)
    depth = np.full((128, 128), 20.0, np.float32)
    for severity in (2.0, 4.0):
        noisy = SensorNoise().change(light, flat, depth, severity, np.random.default_rng(0)).light
        ratio = 20 * np.log10(0.18 / luminance(noisy).std())
        # Luminance averages the channels' own noise: a few dB better than one channel.
        assert 0 < ratio - SensorNoise().scale.value(severity) < 4
    assert gain_of(12) > gain_of(30)


def test_colour_casts_keep_luminance_and_warm_or_cool():
    for mired in (-80.0, 80.0):
        assert gains(mired) @ LUMINANCE == pytest.approx(1, abs=1e-6)
    assert gains(80.0)[0] > 1 > gains(80.0)[2]
    assert gains(-80.0)[0] < 1 < gains(-80.0)[2]
    assert np.allclose(gains(0.0), 1)


def test_a_disc_keeps_the_light_and_spreads_it_evenly():
    point = np.zeros((65, 65, 3), np.float32)
    point[32, 32] = 1
    spread = disc_blurred(point, 5.0)
    assert spread.sum() == pytest.approx(3, rel=1e-4)
    inside = spread[32, 29:36, 0]
    assert inside.max() / inside.min() < 1.2
    assert inside.mean() == pytest.approx(1 / (np.pi * 25), rel=0.1)
    assert spread[32, 39:].max() == 0


def test_a_composition_is_its_parts_in_order():
    arrays, depth = frame()
    fog, dusk = Fog(), LowLight()
    both = Composition("fog_at_dusk", "fog at dusk", (Part(fog), Part(dusk, 0.5)))
    rng = np.random.default_rng(5)
    light = to_linear(arrays.image)
    whole = both.change(light, arrays, depth, 4.0, np.random.default_rng(5))
    first = fog.change(light, arrays, depth, 4.0, rng)
    second = dusk.change(first.light, arrays, depth, 2.0, rng)
    assert np.array_equal(whole.light, second.light)
    assert np.array_equal(whole.transmission, first.transmission)
    assert both.attributes(4.0) == {"weather": "foggy", "timeofday": "dawn/dusk"}
    assert both.scale == fog.scale
    assert both.cause == "fog and darkness"
    _, audit = both.apply(arrays, depth, 5.0, np.random.default_rng(0))
    lost = [item.reason for item in audit.boxes if item.decision != "keep"]
    assert lost
    assert all("fog and darkness" in reason for reason in lost)


def test_wheels_leave_tracks_of_wet_asphalt_in_snow_on_a_road():
    arrays, depth = frame()
    before = luminance(to_linear(arrays.image))
    after = lit("snow", 3.0, arrays, depth)
    where = surfaces(arrays, depth)
    share, tracks = covered(arrays, depth, where, 0.85, np.random.default_rng(0))
    road = where.sealed
    assert (tracks > 0.9)[road].mean() > 0.02
    assert share[road & (tracks > 0.9)].mean() < 0.2
    assert share[road & (tracks == 0)].mean() > 0.6
    packed, _ = covered(arrays, depth, where, 1.0, np.random.default_rng(0))
    assert packed[road & (tracks > 0.9)].mean() > 0.3
    assert np.isfinite(after).all()
    assert after[road].mean() > before[road].mean()
