"""Truth against closed forms, and against itself under other light."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from isthmus.synth.mesh import Material, box, mesh
from isthmus.synth.render.picture import render
from isthmus.synth.render.raster import SAMPLES, arrange, depth_at, paint
from isthmus.synth.scene import Scene, sample_scene
from isthmus.synth.stage import Actor, Thing, rectangle
from isthmus.synth.truth import read_truth
from isthmus.synth.view import View

SEED = 5


def truth_of(scene: Scene):
    faces = arrange(scene.things, scene.view, scene.street.curvature)
    return read_truth(scene, faces, paint(faces, scene.view))


def staged(*blocks, wall=None) -> Scene:
    """A scene of grey blocks ((x0, x1), (y0, y1), (z0, z1)) as actors and an unlabelled wall."""
    base = sample_scene(SEED, 0, size=(320, 192))
    view = View(320, 192, 250.0, (0.0, 1.5, 0.0))
    things, actors = [], []
    for x, y, z in blocks:
        centre = (sum(x) / 2, sum(y) / 2, sum(z) / 2)
        body = mesh(box(x, y, z), (0.5, 0.5, 0.5), Material.PLAIN, centre=centre)
        foot = rectangle(centre[0], centre[2], (x[1] - x[0]) / 2, (z[1] - z[0]) / 2, 0.0)
        things.append(Thing(body, z[0], len(actors), foot, y[1]))
        size = (x[1] - x[0], y[1] - y[0], z[1] - z[0])
        actors.append(Actor("car", (centre[0], 0.0, centre[2]), 0.0, size))
    if wall is not None:
        x, y, z = wall
        body = mesh(box(x, y, z), (0.2, 0.2, 0.2), Material.PLAIN, centre=(0, 1, sum(z) / 2))
        things.append(Thing(body, z[0]))
    street = replace(base.street, curvature=0.0)
    return replace(
        base, street=street, view=view, things=tuple(things), actors=tuple(actors), lamps=()
    )


@pytest.mark.parametrize("index", [0, 13, 27, 41])
def test_boxes_are_the_tight_bounds_of_visible_pixels(index):
    truth = truth_of(sample_scene(SEED, index))
    assert truth.objects
    for item in truth.objects:
        rows, columns = np.nonzero(truth.instance == item.actor + 1)
        tight = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert item.visible == tight
        assert item.pixels == len(rows)
    assert set(np.unique(truth.instance)) == {0} | {item.actor + 1 for item in truth.objects}


@pytest.mark.parametrize("index", range(0, 60, 6))
def test_visible_lies_in_amodal_and_shares_are_shares(index):
    for item in truth_of(sample_scene(SEED, index)).objects:
        v, a = item.visible, item.amodal
        assert a[0] <= v[0]
        assert a[1] <= v[1]
        assert v[2] <= a[2]
        assert v[3] <= a[3]
        assert 0 <= item.occlusion <= 1
        assert 0 <= item.truncation <= 1
        assert a[0] >= 0
        assert a[3] <= 192


def test_block_has_the_box_and_the_depth_of_geometry():
    scene = staged(((-1.0, 1.0), (0.0, 1.4), (20.0, 24.0)))
    truth = truth_of(scene)
    (item,) = truth.objects
    u = [160 + 250 * x / 20 for x in (-1, 1)]
    v = [96 + 250 * (1.5 - y) / 20 for y in (1.4, 0.0)]
    # Its top is seen from above, a little higher up than its front edge.
    top = 96 + 250 * 0.1 / 24
    assert np.allclose(item.visible, (u[0], min(v[0], top), u[1], v[1]), atol=1.0)
    front = truth.depth[100:112, 152:168]
    assert np.allclose(front, 20.0, rtol=1e-4)
    assert item.occlusion == 0
    assert item.truncation == 0


def test_half_hidden_block_is_half_occluded():
    block = ((-1.0, 1.0), (0.0, 2.0), (20.0, 21.0))
    wall = ((0.0, 3.0), (0.0, 4.0), (15.0, 15.2))
    hidden = truth_of(staged(block, wall=wall)).objects[0]
    free = truth_of(staged(block)).objects[0]
    assert hidden.occlusion == pytest.approx(0.5, abs=0.06)
    # The amodal box knows half pixels.
    assert np.allclose(hidden.amodal, free.visible, atol=0.5)
    assert hidden.visible[2] < free.visible[2]


def test_block_half_out_of_the_picture_is_half_truncated():
    edge = 160 / 250 * 20
    item = truth_of(staged(((edge - 1, edge + 1), (0.0, 2.0), (20.0, 20.1)))).objects[0]
    assert item.truncation == pytest.approx(0.5, abs=0.05)
    assert item.visible[2] == 320


def test_wholly_hidden_block_is_not_in_the_truth():
    block = ((-0.5, 0.5), (0.0, 1.0), (20.0, 21.0))
    assert not truth_of(staged(block, wall=((-3, 3), (0, 5), (10, 10.2)))).objects


@pytest.mark.parametrize("index", [2, 35])
def test_road_has_the_depth_of_a_plane(index):
    scene = sample_scene(SEED, index)
    view = scene.view
    faces = arrange(scene.things, view, scene.street.curvature)
    number = paint(faces, view)
    sx, sy = np.broadcast_arrays(*view.rays(SAMPLES))
    depth = depth_at(faces, number.ravel(), sx.ravel(), sy.ravel())
    table = np.concatenate([[0], faces.mesh.material])
    road = table[number.ravel()] == Material.ASPHALT
    # World Y of a ray of camera z = 1 is row 1 of the inverse rotation times (x, y, 1).
    r = view.rotation
    fall = r[0, 1] * sx + r[1, 1] * sy + r[2, 1]
    exact = -view.position[1] / fall.ravel()[road]
    assert road.sum() > 20_000
    assert np.quantile(np.abs(depth[road] / exact - 1), 0.995) < 2e-3


def test_truth_is_the_same_under_every_light():
    scene = sample_scene(SEED, 23)
    day, fog, night = (render(scene, name, SEED) for name in ("clear_day", "fog", "night"))
    for other in (fog, night):
        assert np.array_equal(day.truth.instance, other.truth.instance)
        assert np.array_equal(day.truth.depth, other.truth.depth)
        assert day.truth.objects == other.truth.objects
        assert not np.array_equal(day.image, other.image)


def test_scene_does_not_depend_on_what_was_made_before():
    alone = sample_scene(SEED, 17)
    for index in range(3):
        sample_scene(SEED, index)
        sample_scene(SEED + 1, index)
    again = sample_scene(SEED, 17)
    assert alone.actors == again.actors
    assert all(
        np.array_equal(a.mesh.points, b.mesh.points)
        for a, b in zip(alone.things, again.things, strict=True)
    )


@pytest.mark.parametrize("place", range(8))
def test_actors_stand_on_the_ground_and_not_in_each_other(place):
    scene = sample_scene(SEED, place * 10 + 3)
    feet = [t.footprint for t in scene.things if t.actor >= 0]
    lows, highs = [f.min(axis=0) for f in feet], [f.max(axis=0) for f in feet]
    for i in range(len(feet)):
        for j in range(i):
            assert (lows[i] > highs[j]).any() or (lows[j] > highs[i]).any()
    for thing in scene.things:
        if thing.actor >= 0:
            lowest = float(thing.mesh.points[..., 1].min())
            assert abs(lowest - thing.base) < 0.06
            assert thing.base == scene.actors[thing.actor].position[1]


def test_frames_of_a_place_share_it_and_move_on():
    a, b = sample_scene(SEED, 20), sample_scene(SEED, 21)
    assert a.street == b.street
    assert b.travelled == pytest.approx(a.street.advance)
    assert sample_scene(SEED, 30).street != a.street
