"""Measures against closed forms, made weather, and real day and dusk."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from made_weather import expose, fog, night
from scipy.ndimage import gaussian_filter

from isthmus.cornercases.measures import (
    HORIZON_BAND,
    MEASURES,
    NOISE_FLOOR,
    haze_of,
    measure_image,
    sky_darkness_of,
    working_size,
)
from isthmus.features.colour import SRGB_TO_LINEAR, luma
from isthmus.features.sharpness import sharpness_of


def median(images, name):
    return float(np.median([measure_image(image)[name] for image in images]))


def uniform(*levels, size=(40, 60)):
    return np.broadcast_to(np.array(levels, np.uint8), (*size, 3)).copy()


def test_uniform_grey_is_known_in_closed_form():
    values = measure_image(uniform(119))
    assert values["luminance"] == pytest.approx(100 * SRGB_TO_LINEAR[119], abs=1e-3)
    assert values["lightness"] == pytest.approx(50.03, abs=0.06)
    for name in ("contrast", "over_exposed", "under_exposed", "sharpness"):
        assert values[name] == pytest.approx(0, abs=1e-4)
    assert values["colour_cast"] < 0.1


def test_areas_are_counted():
    image = uniform(119)
    image[:10] = 255
    image[-4:] = (20, 0, 10)
    image[20, :] = (255, 255, 249)  # yellow lamps are not white
    values = measure_image(image)
    assert values["over_exposed"] == pytest.approx(25)
    assert values["under_exposed"] == pytest.approx(10)


def test_contrast_of_two_halves():
    image = uniform(255)
    image[:20] = 0
    assert measure_image(image)["contrast"] == pytest.approx(50, abs=0.01)


@pytest.mark.parametrize(
    ("levels", "direction"), [((190, 120, 120), 20), ((140, 140, 90), 106), ((110, 120, 160), -72)]
)
def test_cast_is_the_colour_of_grey_things(levels, direction):
    values = measure_image(uniform(*levels))
    assert values["colour_cast"] > 15
    assert values["cast_direction"] == pytest.approx(direction, abs=8)


def test_clipped_sky_does_not_hide_a_cast():
    image = uniform(140, 130, 100)
    with_sky = image.copy()
    with_sky[:20] = 255
    assert measure_image(with_sky)["colour_cast"] == measure_image(image)["colour_cast"]


@settings(max_examples=30, deadline=None)
@given(
    st.tuples(st.integers(16, 40), st.integers(16, 40)).flatmap(
        lambda size: hnp.arrays(np.uint8, (*size, 3))
    )
)
def test_every_image_has_finite_values_in_range(image):
    values = measure_image(image)
    assert list(values) == list(MEASURES)
    for name, value in values.items():
        assert MEASURES[name].low <= value <= MEASURES[name].high


def test_sharpness_of_known_signals():
    rng = np.random.default_rng(0)
    white = rng.normal(size=(200, 300)).astype(np.float32)
    crisp = sharpness_of(white)
    soft = [sharpness_of(gaussian_filter(white, sigma)) for sigma in (1, 2, 4)]
    assert crisp > 0.85
    assert crisp > soft[0] > soft[1] > soft[2]
    ramp = np.tile(np.arange(300, dtype=np.float32), (200, 1))
    assert sharpness_of(ramp) < 0.02
    # Neither brightness nor contrast enters.
    assert sharpness_of(0.1 * white + 5) == pytest.approx(crisp, abs=1e-3)
    # The blurred direction counts: motion blur along x only.
    moved = gaussian_filter(white, (0, 3))
    assert sharpness_of(moved) < 0.6 * crisp


def test_haze_is_one_minus_transmission_over_black():
    """A black wall behind a uniform veil: the measure is the veil's share of the airlight."""
    for through in (0.9, 0.6, 0.3):
        linear = np.full((100, 150), 0.8)
        linear[20:80] = 0.8 * (1 - through)
        coded = np.clip(1.055 * linear ** (1 / 2.4) - 0.055, 0, 1)
        darkest = np.rint(coded * 255).astype(np.uint8)
        assert haze_of(darkest) == pytest.approx(1 - through, abs=0.01)


def test_haze_looks_at_the_horizon_only():
    darkest = np.full((200, 100), 200, np.uint8)
    rows = [round(share * 200) for share in HORIZON_BAND]
    darkest[rows[0] : rows[1]] = 0
    assert haze_of(darkest) < 0.01


def test_fog_grows_with_density_on_real_frames(day):
    clear = median([image for image, _ in day], "haze")
    veils = [median([fog(i, s, v) for i, s in day], "haze") for v in (400, 200, 100, 50)]
    assert clear < 0.02
    assert veils == sorted(veils)
    assert veils[0] > 4 * clear
    assert veils[1] > 0.12
    assert veils[2] == pytest.approx(0.3, abs=0.06)
    assert veils[3] == pytest.approx(0.5, abs=0.08)


@pytest.mark.parametrize("black", [0.0, 0.01])
def test_night_is_not_fog_and_fog_is_not_night(day, black):
    night = [expose(image, -5.5, black) for image, _ in day]
    assert median(night, "lightness") < 14
    assert max(measure_image(image)["haze"] for image in night) < 0.08
    foggy = [fog(image, sky, 80) for image, sky in day]
    assert median(foggy, "lightness") > 40
    assert median(foggy, "contrast") < median([image for image, _ in day], "contrast") - 8


def sky_and_ground(sky, ground, lamps=0.0):
    """Luminance (120, 180): the upper third, the rest, and 14 lamps of 3 × 3 pixels in it."""
    light = np.full((120, 180), ground, np.float32)
    light[:45] = sky
    for x in range(6, 180, 12):
        light[30:33, x : x + 3] = lamps
    return light


def test_darkness_of_the_sky_is_the_ratio_of_highlights_to_sky():
    wanted = np.log2((0.9 + NOISE_FLOOR) / (0.02 + NOISE_FLOOR))
    assert sky_darkness_of(sky_and_ground(0.02, 0.1, lamps=0.9)) == pytest.approx(wanted, abs=1e-4)
    # A gap of sky between dark roofs is enough, and lamps are no sky.
    street = sky_and_ground(0.005, 0.1, lamps=0.9)
    assert sky_darkness_of(street) > wanted + 1
    street[:40, 80:110] = 0.02
    assert sky_darkness_of(street) == pytest.approx(wanted, abs=1e-4)
    # The brightest thing of a day is its sky; nothing is ever darker than the noise.
    assert sky_darkness_of(sky_and_ground(0.8, 0.1, lamps=0.02)) == 0
    assert sky_darkness_of(np.zeros((16, 16), np.float32)) == 0
    assert sky_darkness_of(sky_and_ground(0.0, 0.1, lamps=1.0)) < MEASURES["sky_darkness"].high


def test_no_exposure_makes_a_night_of_a_day(day, dusk):
    few = day[::3]
    for stops in (1, -3):
        assert median([expose(image, stops) for image, _ in few], "sky_darkness") < 1
    assert max(measure_image(image)["sky_darkness"] for image in dusk[::3]) < 2.5
    assert median([fog(image, sky, 80) for image, sky in few], "sky_darkness") < 1
    for ground in (0.15, 0.02):
        nights = [night(image, sky, ground=ground) for image, sky in few]
        assert min(measure_image(image)["sky_darkness"] for image in nights) > 3.5


def test_real_dusk_is_darker_than_real_day(day, dusk):
    images = [image for image, _ in day]
    assert median(dusk, "lightness") < 30 < median(images, "lightness")
    assert median(dusk, "luminance") < 0.6 * median(images, "luminance")
    assert median(dusk, "under_exposed") > 3 * median(images, "under_exposed")
    assert median(dusk, "over_exposed") < median(images, "over_exposed")
    assert median(dusk, "haze") < 0.02


def test_exposure_moves_light_and_leaves_sharpness(day):
    images = [image for image, _ in day]
    dark = [expose(image, -3) for image in images]
    assert median(dark, "luminance") == pytest.approx(median(images, "luminance") / 8, rel=0.03)
    assert median(dark, "sharpness") == pytest.approx(median(images, "sharpness"), abs=0.04)
    blurred = [gaussian_filter(image, (1.5, 1.5, 0)) for image in images]
    assert median(blurred, "sharpness") < 0.55 < median(images, "sharpness")
    assert median(blurred, "lightness") == pytest.approx(median(images, "lightness"), abs=1)


@pytest.mark.parametrize(
    ("given_size", "expected"),
    [
        ((1280, 720), (480, 270)),
        ((720, 1280), (270, 480)),
        ((320, 240), (320, 240)),
        ((4000, 20), (480, 16)),
    ],
)
def test_working_size(given_size, expected):
    assert working_size(*given_size) == expected


def test_luma_of_the_extremes():
    assert luma(uniform(255)).max() == pytest.approx(1)
    assert luma(uniform(0)).max() == 0


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_histogram_edges_hold_all_values(data):
    measure = data.draw(st.sampled_from(list(MEASURES.values())))
    number = st.floats(measure.low, measure.high)
    values = np.array(data.draw(st.lists(number, min_size=1, max_size=8)))
    edges = measure.edges(values, values[:1])
    assert 3 <= len(edges) <= 26
    assert edges[0] <= values.min()
    assert values.max() <= edges[-1]
    widths = np.diff(edges)
    assert widths.min() > 0
    np.testing.assert_allclose(widths, widths[0], rtol=1e-4)
