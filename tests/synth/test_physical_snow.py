"""Snow of the physical renderer lies where the fast one's does, as snow and not as white metal."""

import numpy as np
import pytest

from isthmus.synth.render.fast import light
from isthmus.synth.render.fast.weathering import white_share
from isthmus.synth.render.physical.guides import guides
from isthmus.synth.render.physical.materials import SNOW, colours
from isthmus.synth.render.physical.shapes import meshes, snowed
from isthmus.synth.view import View
from isthmus.synth.world.material import Material
from isthmus.synth.world.mesh import Mesh, box
from isthmus.synth.world.scene import Scene, Weather, soup
from isthmus.synth.world.thing import Part, Placed, Thing

METAL = Material((0.5, 0.1, 0.1), roughness=0.2, metallic=1.0)
GLASS = Material((0.9, 0.9, 0.9), roughness=0.05, transmission=0.75)


def _scene(cover):
    body = Part(box((-1, 1), (0, 1), (-1, 1)), METAL, "car")
    pane = Part(box((-1, 1), (1.1, 1.2), (-1, 1)), GLASS, "car")
    view = View(32, 24, 30.0, (0.0, 1.5, -4.0))
    return Scene((Placed(Thing((body, pane)), (0, 0, 0)),), view, Weather(snow_cover=cover))


def _carried(scene, triangles):
    return snowed(colours(triangles, scene.weather), scene, triangles)


def test_snow_lies_on_what_looks_up_and_not_on_panes():
    scene = _scene(0.9)
    triangles = soup(scene)
    corners = triangles.points[triangles.faces]
    top = (corners[..., 1] == 1).all(axis=1)
    colour, wholly = _carried(scene, triangles)
    assert (wholly == top).all()
    assert top.sum() == 2
    assert np.allclose(colour[top], SNOW)
    thin, wholly = _carried(_scene(0.4), triangles)
    assert not wholly.any()
    share = white_share(0.4)
    assert 0.2 < share < 0.8
    assert np.allclose(thin[top], share * np.array(SNOW) + (1 - share) * np.array(METAL.colour))
    assert np.allclose(thin[~top], _carried(_scene(0.0), triangles)[0][~top])


def test_snow_on_twigs_and_leaves_is_carried_by_their_faces():
    """Else white is put on green afterwards, and light of other things comes out violet."""
    rng = np.random.default_rng(3)
    corners = rng.uniform(-1, 1, (600, 1, 3)) + rng.uniform(-0.12, 0.12, (600, 3, 3))
    corners[..., 1] += 1.5
    outward = rng.normal(size=(600, 1, 3)).repeat(3, axis=1)
    outward /= np.linalg.norm(outward, axis=2, keepdims=True)
    parts = []
    for k, texture in enumerate(("foliage", "bark")):
        some = slice(300 * k, 300 * k + 300)
        points, normals = (a[some].reshape(-1, 3).astype(np.float32) for a in (corners, outward))
        mesh = Mesh(points, np.arange(900, dtype=np.int32).reshape(-1, 3), normals, points[:, :2])
        material = Material((0.05, 0.1, 0.03), texture, roughness=0.9)
        parts.append(Part(mesh, material, "vegetation"))
    view = View(64, 48, 60.0, (0.0, 1.5, -4.0))
    scene = Scene((Placed(Thing(tuple(parts)), (0, 0, 0)),), view, Weather(snow_cover=0.9))
    triangles = soup(scene)
    colour, _ = _carried(scene, triangles)
    assert (colour.max(axis=1) > 0.5).mean() > 0.2
    about = guides(scene, triangles, colour, 1)
    # By the smoothed normals alone, some were 16, and three times as much in blue as in green.
    assert np.quantile(about.detail, 0.99) < 1.6
    assert about.detail.max() < 4


def test_light_of_the_sky_between_leaves_bears_no_texture():
    plain = 0.02
    dark = Part(box((-9, 0.35), (0, 9), (0, 1)), Material((plain,) * 3, "brick"), "building")
    view = View(16, 12, 15.0, (0.0, 4.0, -10.0))
    scene = Scene((Placed(Thing((dark,)), (0, 0, 0)),), view, Weather())
    triangles = soup(scene)
    about = guides(scene, triangles, np.full((len(triangles.faces), 3), plain / 8, np.float32), 1)
    mixed = (about.sky > 0.2) & (about.sky < 0.8)
    assert mixed.any()
    assert about.detail[about.sky == 0].mean() > 5
    assert np.allclose(about.detail[mixed], 1, atol=0.06)
    assert (about.detail[about.sky == 1] == 1).all()


def test_snow_is_matt_and_carries_its_colour():
    mi = pytest.importorskip("mitsuba")
    mi.set_variant("scalar_rgb")
    scene = _scene(0.9)
    triangles = soup(scene)
    bare, plain = meshes(mi, _scene(0.0), triangles)
    made, carried = meshes(mi, scene, triangles)
    _, snowy = _carried(scene, triangles)
    matt = [
        sum(m.face_count() for m in shapes.values() if "Diffuse" in str(m.bsdf()))
        for shapes in (bare, made)
    ]
    assert matt[1] - matt[0] == snowy.sum() == 2
    assert np.allclose(carried[snowy], SNOW)
    assert (carried[~snowy] == plain[~snowy]).all()


def test_headlamps_leave_the_ground_below_them_dark():
    beam = light.low_beam.py_func
    down = [beam(0.0, -np.cos(a), np.sin(a)) for a in np.radians(np.arange(0, 60, 2.0))]
    assert down[0] == 0
    # No edge on the ground: it grows little by little.
    assert max(np.diff(down)) < 0.002
    assert beam(0.0, -0.03, 1.0) > 0.3
