"""Houses: closed to the street, of their size, with windows where they belong."""

import numpy as np
import pytest

from isthmus.errors import ConfigError
from isthmus.synth.world.buildings import STYLES, building
from isthmus.synth.world.buildings.facade import Plan, facade


def _area(mesh):
    a, b, c = np.moveaxis(mesh.points[mesh.faces], 1, 0)
    return np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2


@pytest.mark.parametrize("style", list(STYLES))
@pytest.mark.parametrize("detail", [0, 1, 2])
def test_a_house_keeps_to_its_plot_and_stands_on_the_ground(style, detail):
    house = building(np.random.default_rng(3), 12.0, 10.0, style, detail=detail)
    points = np.concatenate([p.mesh.points for p in house.parts])
    assert np.isfinite(points).all()
    assert points[:, 1].min() == 0
    assert np.abs(points[:, 0]).max() <= 6 + 1.2
    assert np.abs(points[:, 2]).max() <= 5 + 1.7
    assert points[:, 1].max() == pytest.approx(house.size[1])


def test_walls_leave_just_the_openings_free():
    plan = Plan(floors=3, cornice=0.0)
    meshes = facade(plan, 10.0, False, np.random.default_rng(0), 2)
    flat_wall = meshes["wall"]
    facing = np.abs(flat_wall.normals[flat_wall.faces[:, 0], 2]) > 0.9
    points = flat_wall.points[flat_wall.faces[facing]]
    a, b, c = np.moveaxis(points, 1, 0)
    wall = np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2
    glass = sum(_area(meshes[n]) for n in ("glass", "lit") if n in meshes)
    base = _area(meshes["base"])
    assert wall + glass + base == pytest.approx(10.0 * plan.height, rel=1e-4)


def test_every_front_faces_the_street():
    house = building(np.random.default_rng(1), 12.0, 10.0, "apartment")
    glass = next(p.mesh for p in house.parts if p.material.lamp == "window")
    outward = np.sign((glass.points * glass.normals)[:, [0, 2]].sum(axis=1))
    assert (outward > 0).all()


def test_the_same_draw_gives_the_same_house():
    one, two = (building(np.random.default_rng(7), 9.0, 8.0, "shops") for _ in range(2))
    for a, b in zip(one.parts, two.parts, strict=True):
        assert a.material == b.material
        assert a.mesh.points.tobytes() == b.mesh.points.tobytes()


def test_an_unknown_style_names_the_known():
    with pytest.raises(ConfigError, match="terrace"):
        building(np.random.default_rng(0), 9.0, 8.0, "castle")
