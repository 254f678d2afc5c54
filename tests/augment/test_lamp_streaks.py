"""Lamps mirrored by a wet road: where their streaks lie, how bright they are."""

import numpy as np
import pytest

from isthmus.augment.arrays import Arrays
from isthmus.augment.depth import Geometry
from isthmus.augment.effect import EFFECTS
from isthmus.augment.lamp_streaks import DAMP_SLOPE, Source, source_at, streaks
from isthmus.augment.linear import luminance, to_linear
from isthmus.augment.surfaces import Plane
from isthmus.data.frame import Box

SHAPE = (240, 320)
PLANE = Plane(horizon=120.0, rate=1 / (300 * 1.4), focal=300.0, middle=120.0)
"""A camera 1.4 m above the road."""
WHITE = np.ones(3, np.float32)
ROAD = np.zeros(SHAPE, np.float32)
ROAD[120:] = 1
DRY, STILL = np.zeros(SHAPE, np.float32), np.ones(SHAPE, np.float32)


def test_a_lamp_is_placed_where_it_is_seen():
    lamp = source_at(PLANE, (220.0, 90.0), 320, 20.0, WHITE)
    assert (lamp.x, lamp.y, lamp.z) == pytest.approx((4.0, 3.4, 20.0))


def test_still_water_shows_a_lamp_as_far_below_its_foot_as_it_stands_above_it():
    lamp = Source(2.0, 0.7, 25.0, WHITE)
    light = streaks([lamp], PLANE, ROAD, STILL)[..., 0]
    y, x = np.unravel_index(light.argmax(), SHAPE)
    assert abs(x + 0.5 - (160 + 300 * 2.0 / 25)) <= 1
    # The mirror image of a place 0.7 m high is one 0.7 m below the road. What is nearer is
    # brighter, so that the streak's peak lies a little below.
    assert -1 <= y + 0.5 - (120 + 300 * (1.4 + 0.7) / 25) <= 6


def test_rough_ground_draws_the_image_out_along_the_line_of_sight():
    lamp = Source(0.0, 2.0, 30.0, WHITE)
    rough, still = (streaks([lamp], PLANE, ROAD, p)[..., 0] for p in (DRY, STILL))
    for light in (rough, still):
        y, x = np.unravel_index(light.argmax(), SHAPE)
        high = (light[:, x] > 0.5 * light.max()).sum()
        wide = (light[y] > 0.5 * light.max()).sum()
        assert high > 2 * wide
    assert (rough > 0.02 * still.max()).sum() > 2 * (still > 0.02 * still.max()).sum()
    # Water that stands still gathers in one place what rough ground spreads.
    assert still.max() > 3 * rough.max()


def test_light_under_the_lamp_is_that_of_the_formula():
    """Camera and lamp at one height, the place half way between: facets that lie level shine."""
    lamp = Source(0.0, 1.4, 40.0, np.array([500.0, 0.0, 0.0], np.float32))
    light = streaks([lamp], PLANE, ROAD, DRY)
    row = 120 + 300 * 1.4 / 20 - 0.5  # 20 m ahead
    found = np.interp(row, np.arange(240), light[:, 160, 0])
    away = np.hypot(20, 1.4)
    cosine = 1.4 / away
    fresnel = 0.02 + 0.98 * (1 - cosine) ** 5
    facets = 1 / (np.pi * DAMP_SLOPE**2)
    shadowed = min(1, 2 * cosine / cosine)
    expected = np.pi * 500 * facets * fresnel * shadowed / (4 * cosine * away**2)
    assert found == pytest.approx(expected, rel=0.05)
    assert light[..., 1:].max() == 0


def test_light_grows_in_proportion_and_only_the_road_mirrors():
    lamps = [Source(0.0, 0.7, 20.0, WHITE), Source(-3.0, 5.0, 15.0, 2 * WHITE)]
    both = streaks(lamps, PLANE, 0.5 * ROAD, DRY)
    apart = [streaks([lamp], PLANE, ROAD, DRY) for lamp in lamps]
    assert np.allclose(both, 0.5 * (apart[0] + apart[1]), rtol=1e-4, atol=1e-7)
    assert both[:120].max() == 0
    assert streaks(lamps, PLANE, 0 * ROAD, DRY).max() == 0
    # What lies under the road or behind the camera sends nothing.
    assert streaks([Source(0, -1, 9, WHITE), Source(0, 1, -9, WHITE)], PLANE, ROAD, DRY).max() == 0


@pytest.mark.parametrize("name", ["wet_night", "storm"])
def test_lamps_of_vehicles_are_mirrored_where_the_road_is_wet(name):
    image = np.full((*SHAPE, 3), 110, np.uint8)
    rows = np.arange(240)
    depth = np.where(rows > 125, 420 / np.maximum(rows + 0.5 - 120, 1), 90.0).astype(np.float32)
    depth = np.repeat(depth[:, None], 320, axis=1)
    box = Box("car", (140.0, 110.0, 180.0, 148.0))
    depth[110:149, 140:181] = 15.0
    geometry = Geometry(0.5, 300 / 320, 1.4)
    found = []
    for boxes in ((), (box,)):
        arrays = Arrays(image, boxes, geometry=geometry, exact=True)
        light = [
            luminance(to_linear(EFFECTS[name].apply(arrays, depth, 3.0, rng)[0].image))
            for rng in map(np.random.default_rng, range(8))
        ]
        found.append(np.mean(light, axis=0)[155:200, 135:185].mean())
    assert found[1] > 1.2 * found[0]
