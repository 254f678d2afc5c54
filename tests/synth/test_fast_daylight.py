"""Light from above against tabulated daylight; the dome against its own integrals."""

from __future__ import annotations

import numpy as np
import pytest

from isthmus.synth.render.fast.daylight import daylight
from isthmus.synth.render.fast.sky import ROWS, dome, luminance, make_sky
from isthmus.synth.world.scene import Weather


def lux(elevation: float, clouds: float = 0.0) -> float:
    return float(daylight(Weather(sun_elevation=elevation, clouds=clouds)).ground.mean())


@pytest.mark.parametrize(
    ("elevation", "clouds", "low", "high"),
    [
        (60, 0, 75_000, 110_000),  # clear noon of summer
        (60, 1, 12_000, 25_000),  # overcast noon
        (10, 0, 6_000, 14_000),
        (0, 0, 300, 1_500),  # sunset
        (-6, 0, 2, 5),  # end of civil twilight: 3.4 lx
        (-18, 0, 0.02, 0.5),  # night over a town
        (-18, 1, 0.3, 2),  # clouds throw the town's light back
    ],
)
def test_open_ground_receives_what_tables_say(elevation, clouds, low, high) -> None:
    assert low < lux(elevation, clouds) < high


def test_light_grows_with_the_suns_height_and_has_no_jumps() -> None:
    values = np.array([lux(e) for e in np.arange(-18, 75, 0.25)])
    assert (np.diff(values) >= 0).all()
    assert (values[1:] / values[:-1]).max() < 1.35  # a quarter of a degree


def test_a_low_sun_is_red_and_clouds_and_fog_hide_it() -> None:
    high, low = (daylight(Weather(sun_elevation=e, clouds=0)).sun for e in (60, 5))
    assert low[0] / low[2] > 2 * high[0] / high[2]
    assert not daylight(Weather(sun_elevation=40, clouds=1.0)).sun.any()
    assert not daylight(Weather(sun_elevation=-2)).sun.any()
    fog = daylight(Weather(sun_elevation=40, visibility=60)).sun.max()
    assert fog < 0.02 * high.max()


def test_extinction_is_koschmieders() -> None:
    light = daylight(Weather(visibility=100))
    assert np.exp(-light.extinction * 100) == pytest.approx(0.05)


@pytest.mark.parametrize("clouds", [0.0, 0.4, 1.0])
def test_the_dome_gives_the_ground_its_light(clouds: float) -> None:
    light = daylight(Weather(sun_elevation=35, clouds=clouds))
    sky, table = make_sky(light, 3)
    directions, angle = dome()
    out = np.empty((len(directions), 3), np.float32)
    luminance(directions, tuple(sky), 4, out)
    ground = (out * (angle * directions[:, 1])[:, None]).sum(axis=0)
    assert ground.mean() == pytest.approx(light.sky.mean(), rel=0.02)
    for x, y, z in ((0.0, 1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.6, 0.48, 0.64)):
        terms = (1, y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y)
        lux = (np.asarray(terms)[:, None] * table.harmonics).sum(axis=0)
        facing = np.maximum(directions @ np.array([x, y, z], np.float32), 0)
        np.testing.assert_allclose(lux, (out * (angle * facing)[:, None]).sum(axis=0), rtol=0.08)
    assert (out >= 0).all()
    np.testing.assert_allclose(table.levels[0], out.reshape(ROWS, -1, 3), rtol=1e-3)


def test_an_overcast_sky_is_three_times_brighter_above_than_at_the_horizon() -> None:
    """Moon and Spencer's overcast sky, standard in ISO 15469, but for the clouds' structure."""
    _, table = make_sky(daylight(Weather(sun_elevation=35, clouds=1.0)), 0)
    rows = table.levels[0].mean(axis=(1, 2))
    assert rows[-4:].mean() / rows[:2].mean() == pytest.approx(2.9, rel=0.25)


def test_a_clear_sky_is_brightest_around_the_sun_and_blue_above() -> None:
    weather = Weather(sun_elevation=30, sun_azimuth=90, clouds=0.0)
    _, table = make_sky(daylight(weather), 0)
    level = table.levels[0]
    row, column = np.unravel_index(level.sum(axis=2).argmax(), level.shape[:2])
    assert (row + 0.5) / ROWS * 90 == pytest.approx(30, abs=4)
    assert (column + 0.5) / level.shape[1] * 360 == pytest.approx(90, abs=4)
    assert level[-1, 0, 2] > 1.5 * level[-1, 0, 0]


def test_by_twilight_the_horizon_glows_where_the_sun_is_and_blue_lies_above() -> None:
    def warmth(elevation: float) -> tuple[float, float, float]:
        weather = Weather(sun_elevation=elevation, sun_azimuth=0.0, clouds=0.0)
        level = make_sky(daylight(weather), 0)[1].levels[0]
        red = level[..., 0] / level[..., 2]
        return red[1, 0], red[1, level.shape[1] // 2], red[-1].mean()

    sunward, opposite, above = warmth(-3.0)
    assert sunward > 1.5 > opposite > above
    assert max(warmth(50.0)) < 1.1
