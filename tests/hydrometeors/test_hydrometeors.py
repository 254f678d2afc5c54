"""Drops and flakes by the laws that they are named after; what they do to light and on glass."""

from dataclasses import dataclass

import numpy as np
import pytest

from isthmus.hydrometeors.air import (
    KOSCHMIEDER,
    fog_extinction,
    rain_extinction,
    snow_extinction,
)
from isthmus.hydrometeors.glass import lens_drops, number_of_drops
from isthmus.hydrometeors.sizes import MOST, Particles, rain_drops, snow_flakes
from isthmus.hydrometeors.streaks import draw_particles


@dataclass(frozen=True)
class Pinhole:
    width: int
    height: int
    focal: float


VIEW = Pinhole(160, 96, 130.0)


def test_extinction_is_that_of_the_published_laws():
    assert np.exp(-200 * fog_extinction(200)) == pytest.approx(0.05)
    assert pytest.approx(2.9957, abs=1e-4) == KOSCHMIEDER
    # 25 mm/h: 1.076 · 25^0.67 = 9.30 dB/km.
    assert 10 * np.log10(np.exp(1000 * rain_extinction(25))) == pytest.approx(9.300, abs=2e-3)
    assert 10 * np.log10(np.exp(1000 * snow_extinction(1))) == pytest.approx(5.4)


def test_a_streak_is_as_long_as_the_shutter_and_hides_only_what_is_behind_it():
    drop = Particles(np.array([[0.0, 0.0, 5.0]]), np.array([[0.0, -6.0, 0.0]]), np.array([0.02]))
    lengths = []
    for shutter in (0.01, 0.04):
        out, cover = np.zeros((96, 160, 3), np.float32), np.zeros((96, 160), np.float32)
        depth = np.full((96, 160), 20.0, np.float32)
        draw_particles(out, cover, depth, drop, view=VIEW, ego=np.zeros(3), shutter=shutter,
                       colour=np.ones(3, np.float32))  # fmt: skip
        rows = np.flatnonzero(cover.max(axis=1) > 0.3 * cover.max())
        lengths.append(rows[-1] - rows[0] + 1)
        assert np.allclose(out[..., 0], cover, atol=1e-6)
    # 6 m/s · 0.04 s at 5 m through a focal length of 130 pixels: 6.2 pixels.
    assert lengths[1] - lengths[0] == pytest.approx(130 / 5 * 6 * 0.03, abs=1.5)
    out, cover = np.zeros((96, 160, 3), np.float32), np.zeros((96, 160), np.float32)
    near = np.full((96, 160), 3.0, np.float32)
    draw_particles(out, cover, near, drop, view=VIEW, ego=np.zeros(3), shutter=0.01,
                   colour=np.ones(3, np.float32))  # fmt: skip
    assert not cover.any()


def test_heavier_rain_leaves_more_drops_on_the_glass():
    counts = [
        np.mean([number_of_drops(rate, np.random.default_rng(k)) for k in range(50)])
        for rate in (1, 5, 25)
    ]
    assert counts[0] < counts[1] < counts[2]


def test_drops_are_as_many_and_as_large_as_marshall_and_palmer_say():
    rate = 2.0
    drops = rain_drops(rate, VIEW, 4.0, np.random.default_rng(0))
    slope = 4.1 * rate**-0.21
    volume = VIEW.width * VIEW.height / VIEW.focal**2 * 4.0**3 / 3
    assert len(drops.diameter) == pytest.approx(8000 / slope * np.exp(-0.8 * slope) * volume, abs=1)
    assert drops.diameter.mean() * 1000 == pytest.approx(0.8 + 1 / slope, rel=0.05)
    assert -9.7 < drops.velocity[:, 1].min() < drops.velocity[:, 1].max() < -0.4
    assert np.median(drops.position[:, 2]) == pytest.approx(4.0 * 0.5 ** (1 / 3), rel=0.05)


def test_a_downpour_of_snow_is_bounded():
    assert len(snow_flakes(10.0, VIEW, 16.0, np.random.default_rng(0)).diameter) <= MOST


def test_a_drop_on_the_lens_shows_the_scene_upside_down():
    light = np.zeros((96, 160, 3), np.float32)
    light[:48] = 1000.0
    out, cover = lens_drops(light, light, 60, np.random.default_rng(4))
    inside = cover > 0.85
    assert inside.any()
    rows = np.mgrid[0:96, 0:160][0]
    drawn = np.abs(out - light).max(axis=2) > 300
    assert (drawn <= (cover > 0)).all()
    assert drawn[rows < 20].any() or drawn[rows > 76].any()


@pytest.mark.parametrize("law", [rain_drops, snow_flakes])
@pytest.mark.parametrize("rate", [0.0, 5e-324, 1e-9])
def test_next_to_no_rain_or_snow_has_no_particle(law, rate):
    assert len(law(rate, VIEW, 16.0, np.random.default_rng(0)).diameter) == 0
