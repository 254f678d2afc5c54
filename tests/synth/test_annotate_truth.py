"""The truth of small scenes against what geometry says."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.errors import InputError
from isthmus.synth.annotate import ObjectTruth, Truth, annotate
from isthmus.synth.annotate import objects as objects_module
from isthmus.synth.view import View
from isthmus.synth.world.material import Material
from isthmus.synth.world.mesh import box, flat, quads
from isthmus.synth.world.scene import Scene, Weather, soup
from isthmus.synth.world.thing import SEMANTICS, Part, Placed, Thing

GREY = Material((0.5, 0.5, 0.5))
VIEW = View(160, 120, 120.0, (0.0, 1.0, 0.0))


def cuboid(width, height, length, semantic="car", rider=False) -> Part:
    mesh = box((-width / 2, width / 2), (0, height), (-length / 2, length / 2))
    return Part(mesh, GREY, semantic, rider)


def car(**other) -> Thing:
    return Thing((cuboid(2, 1.5, 4),), "car", (2, 1.5, 4), **other)


def wall(x0, x1, z, y1=3.0) -> Placed:
    mesh = flat(*quads([[(x0, -1, z), (x0, y1, z), (x1, y1, z), (x1, -1, z)]]))
    return Placed(Thing((Part(mesh, GREY, "wall"),)), (0, 0, 0))


def truth_of(*things: Placed, view: View = VIEW, dt=None, ego=(0.0, 0.0, 0.0), threads=1) -> Truth:
    scene = Scene(things, view, Weather(), ego)
    return annotate(scene, soup(scene), sequence_dt=dt, threads=threads)


def bounds(mask: np.ndarray) -> tuple[int, ...]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


def check_invariants(truth: Truth) -> None:
    for item in (*truth.objects, *truth.hidden):
        visible, amodal = truth.visible_mask(item), truth.amodal_mask(item)
        assert item.pixels == visible.sum()
        assert not (visible & ~amodal).any()
        assert item.amodal == bounds(amodal)
        assert item.visible == (bounds(visible) if item.pixels else None)
        assert 0 <= item.occlusion <= 1
        assert 0 <= item.truncation < 1
        assert item.occlusion == pytest.approx(1 - visible.sum() / amodal.sum())
        x1, y1, x2, y2 = item.extent
        assert x1 <= item.amodal[0] < item.amodal[2] <= x2
        assert y1 <= item.amodal[1] < item.amodal[3] <= y2
        assert item.height == y2 - y1
    assert all(item.pixels for item in truth.objects)
    assert not any(item.pixels for item in truth.hidden)


def test_a_car_alone_is_neither_hidden_nor_cut() -> None:
    truth = truth_of(Placed(car(), (0.5, 0, 12.0)))
    (item,) = truth.objects
    assert (item.category, item.thing, item.instance) == ("car", 0, 1)
    assert (item.occlusion, item.truncation) == (0, 0)
    assert item.visible == item.amodal == item.extent
    # Its rear: 2 m × 1.5 m at 10 m, 120 pixels a unit of slope.
    assert item.visible == pytest.approx((80 - 6, 60 - 6, 80 + 18, 60 + 12), abs=1)
    check_invariants(truth)
    assert (truth.semantic[truth.instance == 1] == SEMANTICS.index("car")).all()
    assert item.distance == pytest.approx(np.sqrt(0.5**2 + 0.25**2 + 12**2), rel=1e-6)


def test_half_behind_a_wall_is_half_hidden() -> None:
    # The wall at 5 m covers what lies left of the line of sight x/z = 0.
    truth = truth_of(Placed(car(), (0, 0, 12.0)), wall(-4, 0, 5.0))
    (item,) = truth.objects
    assert item.occlusion == pytest.approx(0.5, abs=0.03)
    assert item.truncation == 0
    assert item.visible is not None
    assert item.visible[0] == 80
    check_invariants(truth)


def test_what_is_wholly_hidden_is_told_apart() -> None:
    truth = truth_of(Placed(car(), (0, 0, 12.0)), wall(-4, 4, 5.0))
    assert truth.objects == ()
    (item,) = truth.hidden
    assert item.occlusion == 1
    assert (truth.instance == 0).all()
    check_invariants(truth)


def test_half_outside_the_picture_is_half_cut() -> None:
    # The left edge looks along x/z = −2/3; the middle of the car's rear lies on it.
    thin = Thing((cuboid(2, 1.5, 0.01),), "car", (2, 1.5, 0.01))
    (item,) = truth_of(Placed(thin, (-8.0, 0, 12.0))).objects
    assert item.truncation == pytest.approx(0.5, abs=0.06)
    assert item.amodal[0] == 0
    assert item.extent[0] == -10


def test_what_is_outside_the_picture_is_not_listed() -> None:
    truth = truth_of(Placed(car(), (30.0, 0, 12.0)), Placed(car(), (0, 0, -12.0)))
    assert truth.objects == truth.hidden == ()


def test_a_car_beside_the_camera_is_cut_by_the_near_plane_and_keeps_its_bounds() -> None:
    truth = truth_of(Placed(car(), (1.6, 0, 1.0)))
    (item,) = truth.objects
    assert item.truncation > 0.3
    assert item.amodal[2] == VIEW.width
    assert np.isnan(item.box.projection).any()
    check_invariants(truth)


@settings(max_examples=12, deadline=None)
@given(
    st.floats(-3, 3), st.floats(9, 30), st.floats(-3.2, 3.2), st.floats(0.8, 3),
    st.floats(-0.1, 0.1), st.floats(-0.2, 0.2),
)  # fmt: skip
def test_3d_boxes_project_onto_amodal_boxes(x, z, heading, width, pitch, yaw) -> None:
    view = View(160, 120, 60.0, (0.0, 1.3, 0.0), pitch, yaw)
    thing = Thing((cuboid(width, 1.5, 4),), "car", (width, 1.5, 4))
    for item in truth_of(Placed(thing, (x, 0, z), heading), view=view).objects:
        corners = item.box.projection
        low, high = corners.min(axis=0), corners.max(axis=0)
        assert item.extent == pytest.approx((*low, *high), abs=1.001)


def test_a_box_in_space_tells_size_place_and_heading() -> None:
    view = View(160, 120, 120.0, (0.0, 1.0, 0.0), yaw=0.2)
    (item,) = truth_of(Placed(car(), (1.0, 0, 12.0), heading=0.5), view=view).objects
    assert item.box.size == (2, 1.5, 4)
    assert item.box.heading == pytest.approx(0.3)
    centre = view.to_camera(np.array([1.0, 0.75, 12.0], np.float32))
    np.testing.assert_allclose(item.box.centre, centre, atol=1e-5)
    edges = item.box.corners[4] - item.box.corners[0], item.box.corners[2] - item.box.corners[0]
    assert [np.linalg.norm(edge) for edge in edges] == pytest.approx([2, 1.5], rel=1e-5)


def test_normals_point_at_the_camera_whichever_way_faces_run() -> None:
    there = wall(-4, 4, 5.0)
    mesh = there.thing.parts[0].mesh.mirrored()
    back = Placed(Thing((Part(mesh, GREY, "wall"),)), (0, 0, 0))
    for placed in (there, back):
        normal = truth_of(placed).normal
        np.testing.assert_allclose(normal[60, 80], (0, 0, -1), atol=1e-6)
    view = View(160, 120, 120.0, (0.0, 1.0, 0.0), pitch=0.1)
    tilted = truth_of(there, view=view).normal[60, 80]
    np.testing.assert_allclose(tilted, (0, -np.sin(0.1), -np.cos(0.1)), atol=1e-6)


def test_sky_has_no_depth_and_no_normal() -> None:
    truth = truth_of(Placed(car(), (0, 0, 12.0)))
    sky = truth.face < 0
    assert np.isinf(truth.depth[sky]).all()
    assert not truth.normal[sky].any()
    assert (truth.semantic[sky] == 0).all()
    assert np.isfinite(truth.depth[~sky]).all()


def person(keypoints: np.ndarray) -> Thing:
    return Thing((cuboid(0.5, 1.8, 0.3, "person"),), "person", (0.5, 1.8, 0.3),
                 keypoints=keypoints.astype(np.float32))  # fmt: skip


def test_keypoints_are_visible_hidden_or_outside() -> None:
    points = np.zeros((17, 3))
    points[:, 1] = np.linspace(1.7, 0.1, 17)  # along the body's axis, 15 cm under its surface
    points[0] = (0, 1.7, -0.15)  # the nose, on the surface
    points[1] = (0, 1.7, 0.15)  # an "eye" at the back of the head
    points[16] = (0, 60.0, 0)  # far above the picture
    (alone,) = truth_of(Placed(person(points), (0, 0, 6.0))).objects
    assert alone.keypoints is not None
    state = alone.keypoints.visibility
    assert (state[0], state[1], state[16]) == (2, 1, 0)
    assert (state[[11, 12]] == 2).all()  # hips lie up to 17 cm deep
    np.testing.assert_allclose(alone.keypoints.pixels[0], (80, 60 - 120 * 0.7 / 5.85), atol=1e-3)
    assert alone.keypoints.depth[0] == pytest.approx(5.85)
    (behind,) = truth_of(Placed(person(points), (0, 0, 6.0)), wall(-4, 4, 5.0, 0.9)).objects
    assert behind.keypoints is not None
    assert behind.keypoints.visibility[0] == 2
    assert (behind.keypoints.visibility[11:16] == 1).all()


def two_wheeler() -> Thing:
    bicycle, rider = cuboid(0.4, 1.0, 1.8, "bicycle"), box((-0.2, 0.2), (0.9, 1.8), (-0.2, 0.3))
    points = np.tile(np.float32([[0, 1.5, 0]]), (17, 1))
    return Thing((bicycle, Part(rider, GREY, "rider", True)), "bicycle", (0.4, 1.8, 1.8),
                 keypoints=points)  # fmt: skip


def test_a_two_wheeler_and_its_rider_are_two_objects() -> None:
    truth = truth_of(wall(-9, -8, 5.0), Placed(two_wheeler(), (0, 0, 8.0), 1.2), wall(8, 9, 5.0))
    found: dict[str, ObjectTruth] = {item.category: item for item in truth.objects}
    assert set(found) == {"bicycle", "rider"}
    bicycle, rider = found["bicycle"], found["rider"]
    assert (bicycle.instance, rider.instance) == (2, 4)  # riders come after all three things
    assert (bicycle.thing, rider.thing) == (1, 1)
    assert bicycle.keypoints is None
    assert rider.keypoints is not None
    assert bicycle.box.size == pytest.approx((0.4, 1.0, 1.8))
    assert rider.box.size == pytest.approx((0.4, 0.9, 0.5))
    assert not (truth.visible_mask(bicycle) & truth.visible_mask(rider)).any()
    check_invariants(truth)
    for item in (bicycle, rider):
        corners = item.box.projection
        expected = (*corners.min(axis=0), *corners.max(axis=0))
        assert item.extent == pytest.approx(expected, abs=1.001)


def test_flow_of_a_wall_by_driving_on() -> None:
    truth = truth_of(wall(-9, 9, 10.0, 9.0), dt=0.5, ego=(0.0, 0.0, 4.0))
    assert truth.flow is not None
    u = np.arange(160) + 0.5 - 80
    # From 10 m to 8 m, what was at u is at u·10/8.
    np.testing.assert_allclose(truth.flow[60, :, 0], u * (10 / 8 - 1), rtol=1e-5)
    np.testing.assert_allclose(truth.flow[30, 80, 1], (30.5 - 60) * 0.25, rtol=1e-5)


def test_flow_of_what_moves_and_of_the_sky() -> None:
    moving = Placed(car(), (0, 0, 12.0), velocity=(1.5, 0.0, 0.0))
    truth = truth_of(moving, wall(-9, 9, 30.0, 1.2), dt=0.1)
    assert truth.flow is not None
    rear = np.isclose(truth.depth, 10)
    np.testing.assert_allclose(truth.flow[rear], [[1.8, 0]] * rear.sum(), atol=1e-5)
    assert not truth.flow[truth.instance == 0].any()
    assert truth_of(moving).flow is None


def test_flow_is_undefined_where_the_camera_is_passed() -> None:
    truth = truth_of(wall(-9, 9, 2.0, 9.0), dt=1.0, ego=(0.0, 0.0, 3.0))
    assert truth.flow is not None
    assert np.isnan(truth.flow[truth.face >= 0]).all()


def crossing(seed: int = 0) -> tuple[Placed, ...]:
    rng = np.random.default_rng(seed)
    cars = [
        Placed(car(), (float(rng.uniform(-9, 9)), 0, float(rng.uniform(0, 40))),
               float(rng.uniform(0, 6)))
        for _ in range(25)
    ]  # fmt: skip
    riders = [Placed(two_wheeler(), (x, 0, 9.0 + x), x) for x in (-3.0, 0.0, 2.0)]
    return (*cars, *riders, wall(-2, 0, 7.0, 1.2))


@pytest.mark.parametrize("seed", range(3))
def test_invariants_hold_in_a_crowd(seed: int) -> None:
    truth = truth_of(*crossing(seed))
    assert len(truth.objects) + len(truth.hidden) > 5
    check_invariants(truth)
    distances = [item.distance for item in truth.objects]
    assert distances == sorted(distances)


def digest(truth: Truth) -> str:
    arrays = (truth.face, truth.instance, truth.semantic, truth.depth, truth.normal, truth.flow)
    content = b"".join(array.tobytes() for array in arrays)
    return hashlib.sha256(content + repr(truth.objects).encode()).hexdigest()


def test_truth_is_the_same_for_any_number_of_threads_and_in_another_process() -> None:
    one, two = (truth_of(*crossing(), dt=0.1, ego=(0, 0, 9.0), threads=n) for n in (1, 2))
    assert digest(one) == digest(two)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from test_annotate_truth import *;"
        "print(digest(truth_of(*crossing(), dt=0.1, ego=(0, 0, 9.0))))"
    )
    there = subprocess.run(
        [sys.executable, "-c", code, os.path.dirname(__file__)],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert there.stdout.strip() == digest(one)


def test_more_things_than_numbers_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects_module, "MOST", 2)
    with pytest.raises(InputError, match="3 things"):
        truth_of(*[Placed(car(), (0, 0, 9.0))] * 3)
