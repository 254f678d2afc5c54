"""Night: the low beam's law, the camera's meter, windows, lamps of vehicles."""

import numpy as np
import pytest

from drawn_street import draw_street
from isthmus.augment.arrays import Arrays
from isthmus.augment.depth import FAR, Geometry, default_depth
from isthmus.augment.effect import EFFECTS
from isthmus.augment.lamps import shining, tail_lamps, vehicle_lamps
from isthmus.augment.linear import luminance, to_linear
from isthmus.augment.low_beam import CUT_OFF, LAMP_HEIGHT, grazing, low_beam, retroreflected
from isthmus.augment.night import BRIGHTEST, metered
from isthmus.augment.surfaces import Plane, surfaces
from isthmus.augment.windows import lit, panes, straight
from isthmus.cornercases.measures import measure_image
from isthmus.data.frame import Box

SHAPE = (240, 320)
PLANE = Plane(horizon=120.0, rate=1 / (300 * 1.4), focal=300.0, middle=120.0)
"""A camera 1.4 m above the road."""


def row_of(height, distance):
    """Row at which a place so high above the road is seen at a distance, metres."""
    return 120 + 300 * (1.4 - height) / distance - 0.5


def test_a_wall_gets_a_quarter_of_the_beam_at_twice_the_distance():
    # The ray along which the beam is looked at: from the lamps, 2 % down.
    values = []
    for distance in (10.0, 20.0):
        beam = low_beam(np.full(SHAPE, distance, np.float32), PLANE)
        row = row_of(LAMP_HEIGHT - 0.02 * distance, distance)
        values.append(np.interp(row, np.arange(240), beam[:, 160]))
    assert values[0] / values[1] == pytest.approx(4, rel=0.03)
    assert 100 < values[0] < 300  # lux, of two headlamps by UN R112


def test_the_beam_ends_at_its_cut_off():
    distance = 12.0
    beam = low_beam(np.full(SHAPE, distance, np.float32), PLANE)[:, 160]
    edge = LAMP_HEIGHT - CUT_OFF * distance
    below, above = (
        np.interp(row_of(edge + side, distance), np.arange(240), beam) for side in (-0.2, 0.2)
    )
    assert below > 10 * above


def test_the_road_is_struck_at_a_grazing_angle():
    depth = np.full(SHAPE, 20.0, np.float32)
    row = int(row_of(0.0, 20.0))
    level, wall = (grazing(depth, PLANE, np.full(SHAPE, u, np.float32)) for u in (0, 1))
    assert level[row, 160] == pytest.approx(LAMP_HEIGHT / 20, abs=0.002)
    assert np.all(wall == 1)
    # Paint with glass beads sends back far more than its white would, and more so far away.
    near, far = (retroreflected(np.full(SHAPE, z, np.float32), PLANE)[0, 0] for z in (5, 30))
    assert near < 0.1 * far
    assert far == pytest.approx(0.12 * np.pi)
    assert far > 5 * LAMP_HEIGHT / 30 * 0.8


def test_exposure_meets_its_aim_and_has_an_end():
    rng = np.random.default_rng(0)
    light = rng.uniform(0, 30, (90, 120, 3)).astype(np.float32)
    light[50:60, 50:60] = 5000.0  # a lamp, which saturates
    exposure = metered(light, 0.1)
    assert luminance(light * exposure)[30:].clip(0, 1).mean() == pytest.approx(0.1, rel=0.06)
    assert metered(2 * light, 0.1) == pytest.approx(exposure / 2, rel=1e-3)
    assert metered(1e-3 * light[:40], 0.1) == pytest.approx(BRIGHTEST, rel=1e-3)


def house() -> tuple[Arrays, np.ndarray]:
    """A wall with 2 × 4 windows of 1.2 × 1.5 m before a pole and its twigs, 12 m away."""
    image = np.full((*SHAPE, 3), 190, np.uint8)
    depth = np.full(SHAPE, 12.0, np.float32)
    for y in (15, 65):
        for x in (30, 100, 180, 250):
            image[y : y + 37, x : x + 30] = 60
    image[:110, 150:153] = 50
    for k in range(60):  # a twig
        image[10 + k, 5 + k // 3] = 40
    below = np.arange(SHAPE[0]) + 0.5 > 120 + 300 * 1.4 / 12
    rows = np.arange(SHAPE[0])[below]
    image[below] = 110
    depth[below] = (300 * 1.4 / (rows + 0.5 - 120))[:, None]
    geometry = Geometry(0.5, 300 / 320, 1.4)
    return Arrays(image, (), geometry=geometry, exact=True), depth


def test_windows_are_found_and_poles_and_twigs_are_not():
    arrays, depth = house()
    where, level = surfaces(arrays, depth), luminance(to_linear(arrays.image))
    found = panes(arrays, depth, where, level)
    assert found.max() == 8
    assert (found > 0).sum() == pytest.approx(8 * 37 * 30, rel=0.05)
    assert found[30, 151] == 0
    # An object's own windows are not the house's.
    covered = Arrays(arrays.image, (Box("van", (90, 5, 140, 110)),), geometry=arrays.geometry)
    assert panes(covered, depth, where, level).max() == 6

    bright = lit(found, depth, where, 1.0, np.random.default_rng(0))
    assert np.all(bright[found > 0].reshape(-1) > 0)
    assert bright[150:].max() == 0
    some = [
        np.unique(found[lit(found, depth, where, 0.38, np.random.default_rng(k)) > 0.2]).size
        for k in range(40)
    ]
    assert 2 < np.mean(some) < 6


def test_what_stands_before_the_sky_is_no_window():
    arrays, depth = house()
    depth[:60] = FAR  # the upper row of windows hangs in the air now
    where, level = surfaces(arrays, depth), luminance(to_linear(arrays.image))
    assert panes(arrays, depth, where, level).max() == 4


def test_a_pane_has_upright_sides_and_straight_edges():
    pane = np.ones((12, 8), bool)
    assert straight(pane)
    # On a wall that runs along the street: as high as 12 on one side, as 8 on the other.
    oblique = np.zeros((12, 8), bool)
    for x in range(8):
        oblique[x // 4 : 12 - x // 3, x] = True
    assert straight(oblique)
    stairs = np.tri(12, 12, dtype=bool)
    stairs[:6, 8:] = True
    assert not straight(stairs)
    hollow = pane.copy()
    hollow[2:10, 2:6] = False
    assert not straight(hollow)


def vehicle(*lamps: tuple[int, int]) -> tuple[np.ndarray, Box]:
    """A grey vehicle with red glass (8 × 6) at the given places."""
    image = np.full((120, 200, 3), 120, np.uint8)
    image[40:100, 110:170] = 90
    for x, y in lamps:
        image[y : y + 6, x : x + 8] = (150, 20, 20)
    return image, Box("car", (110.0, 40.0, 170.0, 100.0))


def test_tail_lamps_shine_where_the_picture_shows_red_glass():
    image, box = vehicle((114, 66), (158, 66))
    left, right = tail_lamps(image, box)
    assert left == pytest.approx((118.0, 69.0), abs=0.6)
    assert right == pytest.approx((162.0, 69.0), abs=0.6)
    for k in range(20):
        lamps = vehicle_lamps([box], (120, 200), 6.0, np.random.default_rng(k), image=image)
        light = shining(lamps, (120, 200))
        if light.max() > 0:
            assert light[69, 118, 0] > 5 * light[69, 118, 2]
            break
    else:
        pytest.fail("not one vehicle of twenty has its lamps on")
    assert tail_lamps(*vehicle((114, 66))) == []
    red, box = vehicle()
    red[40:100, 110:170] = (150, 20, 20)
    assert tail_lamps(red, box) == []


@pytest.mark.parametrize("number", [0, 1, 2, 11])  # others have green walls, taken for plants
def test_what_the_effect_makes_is_read_as_night(number):
    street = draw_street(number, (480, 288))
    depth = default_depth(street.image, street.boxes, Geometry())
    arrays = Arrays(street.image, street.boxes)
    for severity in (2.0, 3.0, 4.0):
        rng = np.random.default_rng(number)
        after, _ = EFFECTS["night"].apply(arrays, depth, severity, rng)
        values = measure_image(after.image)
        assert values["sky_darkness"] > 3.5
        assert values["lightness"] < 40


def test_the_road_beside_a_vehicle_is_lit_as_road():
    """Estimated depth stands a plate where the box is: its bounds must not show."""
    image = np.full((*SHAPE, 3), 110, np.uint8)
    image[:100] = 235
    image[140:200, 190:250] = (235, 235, 235)
    image[185:200, 190:250] = 100  # the box is taller than the vehicle: road is seen in it
    boxes = (Box("car", (190.0, 140.0, 250.0, 200.0)),)
    geometry = Geometry(0.5, 300 / 320, 1.4)
    arrays = Arrays(image, boxes, geometry=geometry)
    depth = default_depth(image, boxes, geometry)
    assert (depth < FAR).all() or depth.max() == FAR
    after, _ = EFFECTS["night"].apply(arrays, depth, 3.0, np.random.default_rng(1))
    made = luminance(to_linear(after.image))
    inside, beside = made[190:198, 200:240].mean(), made[190:198, 262:300].mean()
    assert inside == pytest.approx(beside, rel=0.5)
    assert made[165:178, 200:240].mean() > 4 * beside


def test_a_wet_road_at_night_is_darker_and_mirrors_lights_of_the_same_night():
    street = draw_street(3, (320, 192))
    depth = np.minimum(street.depth, FAR).astype(np.float32)
    arrays = Arrays(street.image, exact=True)
    dry, wet = (
        EFFECTS[name].apply(arrays, depth, 4.0, np.random.default_rng(1))[0].image.astype(int)
        for name in ("night", "wet_night")
    )
    assert (wet[:60] == dry[:60]).all()  # the same night over it
    assert EFFECTS["wet_night"].scale == EFFECTS["wet_road"].scale
    road = np.s_[-60:]
    assert np.median(wet[road]) < np.median(dry[road])
    assert (wet[road] - dry[road]).max() > 20
