"""The camera: light is conserved, noise is that of photons, exposure meters, twins are found."""

import io
from dataclasses import fields, replace

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from isthmus.errors import InputError
from isthmus.synth.imaging import Sensor, develop, jpeg_bytes, sample_sensor
from isthmus.synth.imaging.exposure import meter
from isthmus.synth.imaging.optics import blur, motion_blurred, shrink, through_lens
from isthmus.synth.imaging.readout import read_out
from isthmus.synth.imaging.sensor import LIMITS
from isthmus.synth.imaging.twin import FITTED, distance, figures, fit_sensor

PLAIN = Sensor(vignette=0.0, sharpening=0.0, balance=0.0)


def _rng():
    return np.random.default_rng(0)


def _street(seed=0, size=(96, 160)):
    """Light with a bright sky, a dark road, colours and edges."""
    rng = np.random.default_rng(seed)
    light = np.full((*size, 3), 800.0)
    light[: size[0] // 3] = (3000, 3600, 4600)
    for _ in range(40):
        y, x = rng.integers(0, size[0] - 12), rng.integers(0, size[1] - 12)
        light[y : y + 12, x : x + 12] = rng.uniform(50, 4000) * rng.uniform(0.4, 1, 3)
    return light.astype(np.float32)


def test_a_lens_moves_light_and_loses_none():
    light = np.full((64, 96, 3), 10.0, np.float32)
    light[32, 48] = 500.0
    sensor = replace(PLAIN, defocus=2.0, bloom=0.1, veil=0.05, streaks=0.0)
    seen = through_lens(light, sensor, _rng())
    assert 100 < seen[32, 48, 0] < 430  # defocus is 2 pixels of 640
    assert seen[32, 52, 0] > 10.02
    assert seen.sum() == pytest.approx(light.sum(), rel=0.02)


def test_corners_are_darker_by_the_vignette():
    light = np.full((60, 60, 3), 100.0, np.float32)
    seen = through_lens(light, replace(PLAIN, vignette=0.4, defocus=0.0), _rng())
    assert seen[0, 0, 0] / seen[30, 30, 0] == pytest.approx(0.6, abs=0.01)


@pytest.mark.parametrize("bayer", [False, True])
@pytest.mark.parametrize("gain", [1.0, 8.0])
def test_noise_is_that_of_photons_and_of_reading(bayer, gain):
    sensor = replace(PLAIN, full_well=8000.0, read_noise=3.0, bayer=bayer)
    signal = np.full((60, 960, 3), 0.25, np.float32)
    read = read_out(signal, gain, sensor, _rng())
    electrons = 8000 / gain
    variance = 0.25 / electrons + (3.0 / electrons) ** 2
    assert read.mean() == pytest.approx(0.25, rel=0.01)
    # At the mosaic's own colour nothing is interpolated.
    assert read[::2, ::2, 0].var() == pytest.approx(variance, rel=0.06)


def test_the_mosaic_keeps_plain_colours_and_planes():
    sensor = replace(PLAIN, full_well=1e12, read_noise=0.0)
    colour = np.broadcast_to(np.array([0.2, 0.5, 0.3], np.float32), (20, 960, 3))
    assert read_out(colour, 1.0, sensor, _rng()) == pytest.approx(colour, abs=1e-4)
    ramp = np.repeat(np.linspace(0.1, 0.9, 960, dtype=np.float32)[None, :, None], 20, axis=0)
    ramp = np.repeat(ramp, 3, axis=2)
    inner = read_out(ramp, 1.0, sensor, _rng())[:, 2:-2]
    assert inner == pytest.approx(ramp[:, 2:-2], abs=1e-4)


@pytest.mark.parametrize("width", [96, 960])
def test_what_is_as_bright_as_the_sun_is_white_and_bears_no_noise(width):
    signal = np.full((40, width, 3), 0.2, np.float32)
    signal[10:30, 20:60] = 1e6
    read = read_out(signal, 1.0, replace(PLAIN, full_well=6000.0), _rng())
    assert read[12:28, 22:58].min() > 7.8
    assert read.max() < 9.5


def test_metering_makes_day_and_brighter_day_alike_and_night_darker():
    light = _street()
    one, two = (develop(light * k, PLAIN, _rng()).mean() for k in (1.0, 4.0))
    assert one == pytest.approx(two, abs=3)
    assert develop(light * 1e-4, PLAIN, _rng()).mean() < 0.8 * one
    assert meter(light, replace(PLAIN, bias=1.0)).scale == pytest.approx(
        2 * meter(light, PLAIN).scale
    )
    assert meter(light * 100, PLAIN).shutter < meter(light, PLAIN).shutter / 50


def test_metering_keeps_a_twilight_sky_and_leaves_lit_windows_alone():
    light = np.full((96, 160, 3), 8.0, np.float32)
    bright = light.copy()
    bright[:32, 60:100] = 400.0
    dusk = meter(bright, PLAIN).scale / meter(light, PLAIN).scale
    night = meter(bright * 1e-3, PLAIN).scale / meter(light * 1e-3, PLAIN).scale
    assert dusk < 0.6
    # A sky thirty times as bright as a street with lamps keeps its colours, and is not too dark.
    bright[80:84] = 40.0
    bright[:32, 60:100] = 240.0
    assert 0.5 < 120 * meter(bright / 2, PLAIN).scale < 0.85
    assert night == pytest.approx(1.0, abs=0.02)


def test_blur_and_shrink_are_a_gaussian_and_means_of_blocks():
    image = _rng().random((21, 34, 3), np.float32)
    wanted = gaussian_filter(image, (1.3, 1.3, 0), mode="nearest", truncate=3.0)
    np.testing.assert_allclose(blur(image, 1.3), wanted, atol=1e-6)
    assert blur(image, 0.0) is image
    whole = np.pad(image, ((0, 3), (0, 2), (0, 0)), mode="edge").reshape(6, 4, 9, 4, 3)
    np.testing.assert_allclose(shrink(image, 4), whole.mean(axis=(1, 3)), atol=1e-6)


def test_motion_draws_an_edge_out_by_its_way():
    light = np.zeros((9, 80, 3), np.float32)
    light[:, 40:] = 100
    flow = np.zeros((9, 80, 2), np.float32)
    flow[..., 0] = 20
    row = motion_blurred(light, flow)[4, :, 0]
    between = np.flatnonzero((row > 2) & (row < 98))
    assert 16 <= len(between) <= 21
    assert between.mean() == pytest.approx(39.5, abs=1)
    still = motion_blurred(light, flow * 0)
    assert (still == light).all()


def test_a_picture_is_the_same_for_the_same_draws_and_a_jpeg_holds_it():
    light = _street()
    sensor = sample_sensor(np.random.default_rng(3), dirt=0.3)
    one, two = (develop(light, sensor, _rng()) for _ in range(2))
    assert one.tobytes() == two.tobytes()
    back = np.asarray(Image.open(io.BytesIO(jpeg_bytes(one, 95))))
    assert np.abs(back.astype(float) - one).mean() < 6


def test_a_twin_finds_the_camera_that_took_the_pictures():
    lights = [_street(k) for k in range(3)]
    hidden = replace(
        Sensor(), grey=0.1, saturation=0.5, warmth=0.6, defocus=1.4, sharpening=0.0, read_noise=12.0
    )
    draws = [np.random.default_rng(50 + k) for k in range(len(lights))]
    taken = [develop(light, hidden, rng) for light, rng in zip(lights, draws, strict=True)]
    twin = fit_sensor(taken, lights)
    assert twin.distance_after < 0.25 * twin.distance_before
    assert twin.sensor.warmth == pytest.approx(0.6, abs=0.25)
    assert twin.sensor.saturation == pytest.approx(0.5, abs=0.12)
    assert twin.sensor.grey == pytest.approx(0.1, rel=0.35)
    assert distance(figures(taken), twin.target) == 0


def test_every_parameter_of_a_camera_has_limits_within_which_pictures_come_out():
    ends = {f.name: LIMITS[f.name] for f in fields(Sensor)}
    assert ends.keys() == LIMITS.keys()
    assert all(ends[name][0] <= low < high <= ends[name][1] for name, (low, high) in FITTED.items())
    light = _street(size=(48, 64))
    for name, bounds in ends.items():
        for value in bounds:
            with np.errstate(divide="raise", invalid="raise"):
                picture = develop(light, replace(Sensor(), **{name: value}), _rng())
            assert picture.shape == light.shape, name


def test_a_twin_of_too_few_pictures_is_refused():
    with pytest.raises(InputError, match="target pictures"):
        fit_sensor([np.zeros((40, 40, 3), np.uint8)], [_street()] * 3)
