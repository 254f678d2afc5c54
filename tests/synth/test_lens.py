"""Lenses that bend and shutters that roll: where things land, by formula, in truth and picture."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest

from isthmus.errors import ConfigError
from isthmus.synth.annotate import annotate
from isthmus.synth.imaging.distortion import through_bend
from isthmus.synth.imaging.rolling import rolled, row_times
from isthmus.synth.lens import Lens, bend
from isthmus.synth.view import View
from isthmus.synth.world.factors import Factors
from isthmus.synth.world.material import Material
from isthmus.synth.world.mesh import box, flat, quads
from isthmus.synth.world.scene import Scene, Weather, soup
from isthmus.synth.world.thing import Part, Placed, Thing

GREY = Material((0.5, 0.5, 0.5))
VIEW = View(160, 120, 120.0, (0.0, 1.0, 0.0))
BARREL = Lens(-0.25, 0.04, 0.004, -0.003)


def _face(corners, semantic="wall"):
    return Placed(Thing((Part(flat(*quads([corners])), GREY, semantic),)), (0, 0, 0))


def _car(x, z, velocity=(0.0, 0.0, 0.0), points=None):
    mesh = box((-1, 1), (0, 1.5), (-2, 2))
    thing = Thing((Part(mesh, GREY, "car"),), "car", (2, 1.5, 4), keypoints=points)
    return Placed(thing, (x, 0, z), velocity=velocity)


def _truth(*things, lens=BARREL, dt=None, ego=(0.0, 0.0, 0.0)):
    scene = Scene(things, VIEW, Weather(), ego)
    return annotate(scene, soup(scene), sequence_dt=dt, bend=bend(VIEW, lens))


def _rays():
    """Slopes (x right, y down) of the rays of the picture's pixels through `BARREL`."""
    v, u = np.mgrid[0:120, 0:160] + 0.5
    return BARREL.straight((u - 80) / 120, (v - 60) / 120)


@pytest.mark.parametrize("lens", [BARREL, Lens(0.3), Lens(0.0, 0.1), Lens(0, 0, 0.02, -0.02)])
def test_straightening_undoes_bending(lens):
    x, y = np.random.default_rng(0).uniform(-0.7, 0.7, (2, 500))
    u, v = lens.straight(*lens.bent(x, y))
    assert u == pytest.approx(x, abs=1e-9)
    assert v == pytest.approx(y, abs=1e-9)


def test_bending_is_opencvs():
    # cv2.projectPoints([[0.5, -0.25, 1]], 0, 0, I, [-0.2, 0.1, 0.01, 0.02]), worked out by hand.
    square = 0.5**2 + 0.25**2
    radial = 1 - 0.2 * square + 0.1 * square**2
    x, y = Lens(-0.2, 0.1, 0.01, 0.02).bent(np.array([0.5]), np.array([-0.25]))
    assert x[0] == pytest.approx(0.5 * radial - 0.0025 + 0.02 * (square + 0.5))
    assert y[0] == pytest.approx(-0.25 * radial + 0.01 * (square + 0.125) - 0.005)


def test_a_lens_that_folds_is_refused():
    assert not Lens(-0.5).covers(1.0, 0.75)
    with pytest.raises(ConfigError, match="folds"):
        bend(View(160, 120, 60.0, (0, 1, 0)), Lens(-0.5))
    with pytest.raises(ConfigError, match="fold the picture"):
        Factors.of({"lens_k1": -0.4, "camera_fov": 90})
    assert Factors.of({"lens_k1": -0.3, "camera_fov": 60}).lens_k1 == -0.3


def test_each_pixel_has_the_depth_of_its_own_bent_ray():
    ground = _face([(-400, 0, -5), (-400, 0, 900), (400, 0, 900), (400, 0, -5)], "road")
    truth = _truth(ground)
    _, y = _rays()
    below = y > 0.01
    assert truth.depth[below] == pytest.approx(1 / y[below], rel=1e-5)
    assert np.isinf(truth.depth[y < 0]).all()


def test_instances_flow_and_outlines_follow_the_lens():
    wall = _face([(-3, -1, 5), (-3, 3, 5), (-0.2, 3, 5), (-0.2, -1, 5)])
    truth = _truth(_car(1.0, 12.0), _car(-1.5, 14.0), wall, dt=0.1, ego=(0.0, 0.0, 5.0))
    x, y = _rays()
    # The near car's rear: 0 to 2 m right, 1 m above to 0.5 m below... the camera's height, at 10 m.
    rear = (x > 0) & (x < 0.2) & (y > -0.05) & (y < 0.1)
    (near,) = [item for item in truth.objects if item.instance == 1]
    seen = truth.visible_mask(near)
    assert (seen & rear).sum() == rear.sum()
    assert (seen & ~rear).sum() < 0.05 * rear.sum()  # its side
    (far,) = [item for item in (*truth.objects, *truth.hidden) if item.instance == 2]
    assert far.occlusion > 0.6
    for item in (near, far):
        visible, amodal = truth.visible_mask(item), truth.amodal_mask(item)
        assert not (visible & ~amodal).any()
        assert item.occlusion == pytest.approx(1 - visible.sum() / amodal.sum())
        rows, columns = np.nonzero(amodal)
        assert item.amodal == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    # Half a metre nearer: slopes of the wall grow by 5/4.5.
    on_wall = truth.depth == np.float32(5)
    u, v = BARREL.bent(x / 0.9, y / 0.9)
    a, b = BARREL.bent(x, y)
    expected = np.stack([u - a, v - b], axis=-1)[on_wall] * 120
    found = truth.flow[on_wall]
    known = np.isfinite(found).all(axis=1)
    assert known.mean() > 0.6
    assert found[known] == pytest.approx(expected[known], abs=0.25)


def test_what_the_picture_shows_is_what_truth_says():
    things = (_car(1.0, 9.0), _car(-2.5, 6.0), _car(4.0, 15.0))
    scene = Scene(things, VIEW, Weather())
    found = bend(VIEW, BARREL)
    wide = annotate(dataclasses.replace(scene, view=found.wide), soup(scene))
    numbers = np.arange(4)
    picture = through_bend((wide.instance[..., None] == numbers).astype(np.float32), found)
    truth = _truth(*things)
    sure = picture.max(axis=2) > 0.999
    assert sure.mean() > 0.9
    assert (picture.argmax(axis=2)[sure] == truth.instance[sure]).mean() > 0.999
    assert len(truth.objects) == 3
    assert truth.objects[0].truncation > 0 or truth.objects[1].truncation > 0


def test_a_rolling_shutter_leans_what_crosses_and_leaves_what_keeps_pace():
    seconds = 0.03
    heights = np.linspace(-4, 6, 41).tolist()
    parts = tuple(
        Part(box((-0.05, 0.05), pair, (-0.05, 0.05)), GREY, "pole") for pair in pairwise(heights)
    )
    pole = Placed(Thing(parts, "person"), (0.0, 0.0, 10.0), velocity=(15.0, 0.0, 0.0))
    steps = [pole, _car(2.5, 8.0, (0, 0, 20))]
    scene = Scene(tuple(steps), VIEW, Weather(), (0.0, 0.0, 20.0))
    still = dataclasses.replace(scene, ego_velocity=(0.0, 0.0, 0.0))
    whole = soup(still)
    _, moved = rolled(still, whole, seconds, Lens())
    truth = annotate(still, moved)
    for row in (10, 60, 110):
        columns = np.flatnonzero(truth.instance[row] == 1)
        time = seconds * ((row + 0.5) / 120 - 0.5)
        assert columns.mean() + 0.5 == pytest.approx(80 + 120 * 15 * time / 10, abs=0.6)
    _, moved = rolled(scene, whole, seconds, Lens())
    mine = whole.faces[whole.thing == 1].ravel()
    assert (moved.points[mine] == whole.points[mine]).all()
    assert rolled(scene, whole, 0.0, Lens()) == (scene, whole)


def test_keypoints_roll_with_their_body():
    points = np.tile(np.array([[0.0, 0.75, -2.0]], np.float32), (17, 1))
    placed = _car(0.0, 8.0, (12.0, 0.0, 0.0), points)
    scene = Scene((placed,), VIEW, Weather())
    read, _ = rolled(scene, soup(scene), 0.03, BARREL)
    world = read.things[0].to_world(read.things[0].thing.keypoints)
    time = row_times(world[:1], np.array([[12.0, 0, 0]]), VIEW, 0.03, BARREL)
    assert world[0, 0] == pytest.approx(12 * time[0], abs=1e-4)
    _, y = BARREL.bent(np.array([world[0, 0] / 6]), np.array([0.25 / 6]))
    assert time[0] == pytest.approx(0.03 * y[0], rel=1e-3)
