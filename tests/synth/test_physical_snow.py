"""Snow of the physical renderer lies where the fast one's does, as snow and not as white metal."""

import numpy as np
import pytest

from isthmus.synth.render.fast import light
from isthmus.synth.render.physical.materials import SNOW
from isthmus.synth.render.physical.shapes import lies, meshes
from isthmus.synth.view import View
from isthmus.synth.world.material import Material
from isthmus.synth.world.mesh import box
from isthmus.synth.world.scene import Scene, Weather, soup
from isthmus.synth.world.thing import Part, Placed, Thing

METAL = Material((0.5, 0.1, 0.1), roughness=0.2, metallic=1.0)
GLASS = Material((0.9, 0.9, 0.9), roughness=0.05, transmission=0.75)


def _scene(cover):
    body = Part(box((-1, 1), (0, 1), (-1, 1)), METAL, "car")
    pane = Part(box((-1, 1), (1.1, 1.2), (-1, 1)), GLASS, "car")
    view = View(32, 24, 30.0, (0.0, 1.5, -4.0))
    return Scene((Placed(Thing((body, pane)), (0, 0, 0)),), view, Weather(snow_cover=cover))


def test_snow_lies_on_what_looks_up_and_not_on_panes():
    scene = _scene(0.9)
    triangles = soup(scene)
    corners = triangles.points[triangles.faces]
    top = (corners[..., 1] == 1).all(axis=1)
    assert (lies(triangles, scene.weather) == top).all()
    assert top.sum() == 2
    assert not lies(triangles, Weather(snow_cover=0.3)).any()


def test_snow_is_matt_and_carries_its_colour():
    mi = pytest.importorskip("mitsuba")
    mi.set_variant("scalar_rgb")
    scene = _scene(0.9)
    triangles = soup(scene)
    bare, plain = meshes(mi, _scene(0.0), triangles)
    made, carried = meshes(mi, scene, triangles)
    snowy = lies(triangles, scene.weather)
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
