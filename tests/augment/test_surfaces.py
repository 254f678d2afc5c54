"""What lies where: from class maps, from exact depth; the road's plane; mirrors and normals."""

import numpy as np
import pytest

from drawn_street import draw_street
from isthmus.augment.arrays import PLANTS, SEALED, SKY_CLASS, SOFT, Arrays
from isthmus.augment.depth import FAR, Geometry, default_depth
from isthmus.augment.effect import EFFECTS
from isthmus.augment.surfaces import (
    CLASS_IDS,
    Plane,
    on_feet,
    on_road,
    road_plane,
    surface_map,
    surfaces,
    upward,
)
from isthmus.augment.wet_road import fresnel, mirror
from isthmus.data.frame import Box
from isthmus.errors import ConfigError

PLANE = Plane(horizon=40.0, rate=1 / (100 * 1.4), focal=100.0, middle=48.0)


def level(rows: int = 96, columns: int = 120) -> np.ndarray:
    """Depth of an empty road under the sky, for `PLANE`."""
    below = np.arange(rows) + 0.5 - PLANE.horizon
    depth = np.where(below > 0.6, 1 / (PLANE.rate * np.maximum(below, 0.6)), FAR)
    return np.repeat(depth[:, None], columns, axis=1).astype(np.float32)


def test_parts_of_a_composition_share_what_lies_where(monkeypatch):
    planes = []

    def counted(depth, geometry):
        planes.append(road_plane(depth, geometry))
        return planes[-1]

    monkeypatch.setattr("isthmus.augment.surfaces.road_plane", counted)
    arrays = Arrays(np.full((96, 120, 3), 90, np.uint8))
    EFFECTS["sleet"].apply(arrays, level(), 2.0, np.random.default_rng(0))
    assert len(planes) == 1


def test_the_plane_is_read_off_depth():
    for number in range(4):
        street = draw_street(number, (320, 192))
        depth = np.minimum(street.depth, FAR).astype(np.float32)
        geometry = Geometry(0.4, street.camera.fx / 320, 1.0)
        found = road_plane(depth, geometry)
        assert found.horizon == pytest.approx(street.camera.cy, abs=1.5)
        row = np.flatnonzero(street.instance[:, 160] == 0)[-1]
        exact = street.depth[row, 160] * (row + 0.5 - street.camera.cy) / street.camera.fx
        assert found.eye == pytest.approx(exact, rel=0.06)


def test_where_there_is_no_road_the_geometry_decides():
    wall = np.full((96, 120), 8.0, np.float32)
    found = road_plane(wall, Geometry(0.5, 0.9, 1.4))
    assert (found.horizon, found.eye) == (48.0, pytest.approx(1.4))


def test_ground_of_drawn_streets_is_found_by_exact_depth():
    street = draw_street(1, (320, 192))
    depth = np.minimum(street.depth, FAR).astype(np.float32)
    geometry = Geometry(street.camera.cy / 192, street.camera.fx / 320, 1.4)
    where = surfaces(Arrays(street.image, street.boxes, geometry=geometry, exact=True), depth)
    flat = np.abs(where.plane.height(depth)) < 0.02
    road = flat & (street.instance == 0) & (street.depth < 60)
    assert where.sealed[road].mean() > 0.94
    assert not where.sealed[street.depth > 1000].any()
    assert where.sky[street.depth > 1000].all()
    cars = (street.instance > 0) & (where.plane.height(depth) > 0.3)
    assert not where.sealed[cars].any()


@pytest.mark.parametrize("classes", CLASS_IDS)
def test_class_maps_are_read_by_their_names(classes):
    theirs = CLASS_IDS[classes]
    ids = np.full((4, 40), 65535, np.uint16)
    ids[0, 0] = theirs[SKY_CLASS][0]
    ids[1, :10] = theirs[SEALED][-1]
    ids[2, 0] = theirs[PLANTS][0]
    ours = surface_map(ids, classes)
    assert (ours[0, 0], ours[1, 3], ours[2, 0], ours[3, 3]) == (SKY_CLASS, SEALED, PLANTS, 0)
    assert SOFT in theirs
    with pytest.raises(ConfigError, match="one of isthmus, cityscapes"):
        surface_map(ids, "kitti")


def test_normals_tell_roads_from_walls():
    depth = level()
    assert upward(depth, PLANE)[60:].min() > 0.9
    wall = np.full_like(depth, 9.0)
    assert upward(wall, PLANE)[:90].max() < 0.1


def test_a_mirror_shows_an_upright_thing_upside_down_from_its_foot():
    depth, light = level(), np.zeros((96, 120, 3), np.float32)
    z = 14.0
    foot = PLANE.horizon + 1 / (PLANE.rate * z)  # row 50
    depth[30:50, 50:60] = z
    light[30:40, 50:60] = (1, 0, 0)
    light[40:50, 50:60] = (0, 1, 0)
    where = surfaces(Arrays(np.zeros((96, 120, 3), np.uint8), exact=True), depth)
    assert foot == pytest.approx(50)
    seen = mirror(light, depth, where)
    assert (seen[52:59, 55, 1] == 1).all()
    assert (seen[61:69, 55, 0] == 1).all()
    assert not seen[:49].any()


def test_water_mirrors_by_fresnels_law():
    share = fresnel(PLANE, (96, 120))
    assert share[41, 60] > 0.8
    assert (np.diff(share[41:, 60]) < 0).all()
    assert not share[:40].any()
    # Straight down still water sends back 2 %.
    steep = Plane(horizon=0.0, rate=0.1, focal=1.0, middle=0.0)
    assert fresnel(steep, (200, 3))[-1, 1] == pytest.approx(0.02, abs=0.01)


def test_things_are_put_on_their_feet():
    depth = level()
    depth[30:60, 50:60] = 9.0
    placed = on_feet(depth, (Box("car", (50, 30, 60, 60)),), PLANE)
    assert placed[45, 55] == pytest.approx(1 / (PLANE.rate * 20))
    assert placed[45, 20] == depth[45, 20]


def test_patterns_on_the_road_have_no_seams():
    noise = np.linspace(0, 1, 64)[None].repeat(64, axis=0).astype(np.float32)
    pattern, x = on_road(noise, PLANE, (96, 400))
    assert np.abs(np.diff(pattern[90])).max() < 0.02
    assert x[90, 200] == pytest.approx(0, abs=0.05)


def test_a_vehicle_to_be_ignored_is_no_road():
    """Estimated depth does not know of it: snow would lie on it, wheels' tracks run over it."""
    street = draw_street(2, (320, 192))
    box = Box("car", (100.0, 140.0, 180.0, 185.0), ignore=True)
    depth = default_depth(street.image, (), Geometry())
    bare, known = (surfaces(Arrays(street.image, boxes), depth).sealed for boxes in ((), (box,)))
    inside = np.s_[140:185, 100:180]
    assert bare[inside].mean() > 0.9
    assert not known[inside].any()
    assert known.sum() == bare.sum() - bare[inside].sum()
