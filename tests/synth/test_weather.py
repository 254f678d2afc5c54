"""Weather before the lens: extinction by formula, drops by their number, what hides what."""

import numpy as np
import pytest

from isthmus.hydrometeors.splashes import splash_density, splashes
from isthmus.synth.view import View
from isthmus.synth.weather import extinction, precipitate, transmission
from isthmus.synth.world.scene import Scene, Weather

VIEW = View(160, 96, 130.0, (0.0, 1.4, 0.0))
UP = VIEW.rotation[:, 1]


def _scene(**weather):
    return Scene((), VIEW, Weather(**weather), (0.0, 0.0, 10.0))


def test_contrast_is_five_percent_at_the_visibility():
    assert transmission(Weather(visibility=200.0), 200.0) == pytest.approx(0.05)
    rain = extinction(Weather(visibility=1e9, rain=25.0))
    assert rain == pytest.approx(1.076 * 25**0.67 * 0.2302585 / 1000, rel=1e-4)
    snow = extinction(Weather(visibility=1e9, snowfall=2.0))
    assert snow > 3 * extinction(Weather(visibility=1e9, rain=2.0))


def test_snow_brightens_dark_things_and_hides_nothing_nearer_than_itself():
    light = np.full((96, 160, 3), 10.0, np.float32)
    light[:, 80:] = 1000.0
    depth = np.full((96, 160), 50.0, np.float32)
    depth[:48] = 0.1
    out, cover = precipitate(light, depth, _scene(snowfall=3.0), 0.01, np.random.default_rng(0))
    assert (out[:48] == light[:48]).all()
    assert out[48:, :80].mean() > 1.05 * light[48:, :80].mean()
    assert 0.005 < cover[48:].mean() < 0.8
    assert cover.min() >= 0
    assert cover.max() <= 1


def test_more_rain_covers_more_and_no_rain_nothing():
    light = np.random.default_rng(1).uniform(10, 1000, (96, 160, 3)).astype(np.float32)
    depth = np.full((96, 160), 30.0, np.float32)

    def covered(rate):
        rng = np.random.default_rng(0)
        return precipitate(light, depth, _scene(rain=rate), 0.004, rng)[1].mean()

    assert covered(0.0) == 0
    assert covered(1.0) < covered(40.0)
    same = [precipitate(light, depth, _scene(rain=9.0), 0.004, np.random.default_rng(0))[0]
            for _ in range(2)]  # fmt: skip
    assert same[0].tobytes() == same[1].tobytes()


def _road():
    """Depth of a level road under the camera, and where it is."""
    y = (48 - np.arange(96) - 0.5) / 130
    depth = np.where(y < -0.01, 1.4 / np.maximum(-y, 1e-6), 1e6)
    depth = np.repeat(depth[:, None], 160, axis=1).astype(np.float32)
    return depth, depth < 1e5


def test_splashes_are_as_many_as_large_drops_strike_the_road():
    depth, road = _road()
    crowns = splashes(10.0, depth, road, VIEW, np.random.default_rng(0), up=UP)
    reach = 130 * 0.014 / 0.2
    # The part of the road that the camera sees, from the lower edge to the reach.
    near = 1.4 * 130 / 47.5
    area = 160 / 130 * (reach**2 - near**2) / 2
    assert len(crowns.diameter) == pytest.approx(area * splash_density(10.0), rel=0.08)
    heights = crowns.position[:, 1] + 1.4
    assert np.median(heights) == pytest.approx(0.005, abs=0.01)
    assert splash_density(2.0) < splash_density(10.0) < splash_density(40.0) < 400
    assert not len(
        splashes(10.0, depth, road & False, VIEW, np.random.default_rng(0), up=UP).diameter
    )


def test_splashes_brighten_the_road_alone_and_count_for_no_cover():
    depth, road = _road()
    light = np.full((96, 160, 3), 1000.0, np.float32)
    light[road] = 50.0
    rngs = [np.random.default_rng(0) for _ in range(2)]
    dry, covered = precipitate(light, depth, _scene(rain=8.0), 0.01, rngs[0])
    wet, same = precipitate(light, depth, _scene(rain=8.0), 0.01, rngs[1], upward=road)
    low = np.mgrid[0:96, 0:160][0] > 70
    assert wet[low].mean() > 1.02 * dry[low].mean()
    assert same.shape == covered.shape
