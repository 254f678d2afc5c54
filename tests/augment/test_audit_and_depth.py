"""The audit on made-up pictures; the default depth against the exact depth of drawn ones."""

from __future__ import annotations

import numpy as np
import pytest

from drawn_street import draw_street
from isthmus.augment.audit import audit_boxes
from isthmus.augment.depth import (
    FAR,
    SKY,
    Geometry,
    box_distance,
    default_depth,
    estimate_geometry,
    find_sky,
)
from isthmus.augment.smooth import enlarge, gauss, guided, normal_noise, shrink, smooth_noise
from isthmus.data.frame import Box, Camera, Frame

BOX = (Box("person", (40, 30, 60, 80)),)


def picture(contrast: float, seed: int = 0) -> np.ndarray:
    """A grey picture with a patterned object in `BOX`."""
    rng = np.random.default_rng(seed)
    pattern = np.kron(rng.uniform(-1, 1, (10, 4)), np.ones((5, 5)))
    grey = np.full((100, 100), 120.0)
    grey[30:80, 40:60] += contrast * (pattern + 0.8)
    return np.repeat(grey.clip(0, 255)[..., None], 3, axis=2).astype(np.uint8)


def only(before, after, **options):
    return audit_boxes(before, after, BOX, cause="fog", **options).boxes[0]


def test_unchanged_object_is_kept_whole():
    item = only(picture(50), picture(50))
    assert (item.decision, item.reason) == ("keep", "")
    assert item.visibility == pytest.approx(1, abs=1e-6)


def test_visibility_is_the_share_of_contrast_that_is_left():
    assert only(picture(60), picture(30)).visibility == pytest.approx(0.5, abs=0.02)


def test_vanished_object_is_dropped():
    item = only(picture(50), picture(0))
    assert item.decision == "drop"
    assert "fog" in item.reason


@pytest.mark.parametrize(("shade", "decision"), [(0.9, "ignore"), (0.99, "drop")])
def test_a_shape_before_fog_is_seen_from_five_percent_of_contrast_on(shade, decision):
    fog = np.full((100, 100, 3), 200, np.uint8)
    fog[30:80, 40:60] = round(200 * shade)  # lighter than its surroundings before, darker now
    item = only(picture(50), fog)
    assert item.visibility == 0
    assert item.decision == decision
    assert (item.contrast[1] > 0.05 / 2) == (decision == "ignore")


def test_faint_object_is_ignored():
    item = only(picture(100), picture(5))
    assert item.decision == "ignore"
    assert item.reason


def test_noise_is_not_contrast():
    noise = np.random.default_rng(1).normal(0, 30, (100, 100, 1))
    drowned = (picture(0) + noise).clip(0, 255).astype(np.uint8)
    assert only(picture(50), drowned).decision != "keep"
    assert only(picture(50), drowned).visibility < 0.25


def test_glare_over_an_object_is_not_contrast():
    glare = np.linspace(0, 130, 100)[None, :, None] + np.zeros((100, 100, 3))
    assert only(picture(50), (picture(0) + glare).clip(0, 255).astype(np.uint8)).visibility < 0.3


def test_transmission_bounds_visibility():
    through = np.full((100, 100), 0.04, np.float32)
    item = only(picture(50), picture(50), transmission=through)
    assert item.visibility == pytest.approx(0.04)
    assert item.decision == "ignore"


def test_object_that_was_invisible_before_is_not_blamed_on_the_effect():
    assert only(picture(0), picture(0)).decision == "keep"


@pytest.mark.parametrize("xyxy", [(-5, -5, 4, 4), (95, 95, 130, 120), (99.5, 10, 99.9, 10.2)])
def test_boxes_at_the_edge_are_audited(xyxy):
    image = picture(20)
    (item,) = audit_boxes(image, image, (Box("car", xyxy),), cause="fog").boxes
    assert item.decision == "keep"


def frame_with(boxes, camera=None):
    return Frame("f", None, 640, 360, "", objects=tuple(boxes), camera=camera)


def test_horizon_is_found_from_people_on_the_road():
    rng = np.random.default_rng(0)
    horizon, focal, height = 190.0, 576.0, 1.4
    boxes = []
    for _ in range(30):
        z, x = rng.uniform(9, 35), rng.uniform(50, 600)
        tall = focal * 1.65 * rng.uniform(0.93, 1.07) / z
        feet = horizon + focal * height / z
        boxes.append(Box("pedestrian", (x, feet - tall, x + tall / 3, feet)))
    found = estimate_geometry([frame_with(boxes)])
    assert found.horizon * 360 == pytest.approx(horizon, abs=6)


def test_intrinsics_are_used():
    found = estimate_geometry([frame_with([], Camera(500.0, 500.0, 320.0, 170.0))])
    assert found.focal == pytest.approx(500 / 640)
    assert found.horizon == pytest.approx(170 / 360)


def test_without_anything_the_usual_camera_is_taken():
    assert estimate_geometry([frame_with([])]) == Geometry()


def test_box_distance_is_that_of_its_geometry():
    geometry = Geometry(0.5, 0.9, 1.4)
    focal, z = 0.9 * 640, 20.0
    feet = 180 + focal * 1.4 / z
    box = Box("person", (300, feet - focal * 1.65 / z, 320, feet))
    assert box_distance(box, geometry, 640, 360) == pytest.approx(z, rel=1e-3)


def test_default_depth_of_an_empty_road_is_a_plane():
    image = np.full((180, 320, 3), 90, np.uint8)
    depth = default_depth(image, (), Geometry(0.5, 0.9, 1.4))
    rows = np.array([110, 130, 170])
    exact = 0.9 * 320 * 1.4 / (rows + 0.5 - 90)
    assert np.allclose(depth[rows, 160], exact, rtol=0.12)
    assert np.isfinite(depth).all()
    assert depth.min() > 0


def test_box_stands_before_what_is_behind_it():
    image = np.full((180, 320, 3), 90, np.uint8)
    image[70:130, 140:160] = 200
    with_box = default_depth(image, (Box("person", (140, 70, 160, 130)),), Geometry(0.5, 0.9, 1.4))
    without = default_depth(image, (), Geometry(0.5, 0.9, 1.4))
    assert with_box[80, 150] < 0.5 * without[80, 150]
    assert abs(with_box[80, 20] / without[80, 20] - 1) < 0.05


def test_sky_is_found_and_road_is_not():
    image = np.full((180, 320, 3), 80, np.uint8)
    image[:90] = (190, 205, 230)
    image[40:90, 200:260] = (90, 60, 50)
    sky = find_sky(image, Geometry(0.5))
    assert sky[:80, :190].mean() > 0.98
    assert not sky[95:].any()
    assert not sky[50:85, 205:255].any()


def test_default_depth_against_the_truth():
    """Of drawn streets: road within 25 % below 40 m, objects within 35 %, most of the sky."""
    road, objects, sky = [], [], []
    for index in range(6):
        street = draw_street(index, (320, 192))
        known = Frame("f", None, 320, 192, "", objects=street.boxes, camera=street.camera)
        depth = default_depth(street.image, street.boxes, estimate_geometry([known]))
        true = street.depth
        ahead = np.s_[150:, 120:200]
        free = (street.instance[ahead] == 0) & (true[ahead] < 40)
        road.append(np.abs(depth[ahead] / true[ahead] - 1)[free])
        for box in street.boxes:
            mask = street.instance == int(box.instance)
            if street.hidden[int(box.instance) - 1] < 0.2 and mask.sum() > 60:
                objects.append(abs(np.median(depth[mask]) / np.median(true[mask]) - 1))
        sky.append((depth[true > 1000] >= SKY).mean())
    assert len(objects) > 8
    assert np.median(np.concatenate(road)) < 0.25
    assert np.median(objects) < 0.35
    assert np.median(sky) > 0.6


def test_smoothing_keeps_means_and_sizes():
    rng = np.random.default_rng(0)
    plane = rng.uniform(0, 1, (61, 83)).astype(np.float32)
    for sigma in (0.8, 4.0, 12.0):
        smooth = gauss(plane, sigma)
        assert smooth.shape == plane.shape
        assert smooth.mean() == pytest.approx(plane.mean(), abs=0.02)
        assert smooth.std() < plane.std() / 2
    assert shrink(plane, 4).shape == (15, 20)
    assert enlarge(shrink(plane, 4), (61, 83)).shape == (61, 83)
    assert shrink(np.arange(16, dtype=np.float32).reshape(4, 4), 2)[0, 0] == 2.5


def test_guided_filter_follows_edges():
    guide = np.zeros((64, 96), np.float32)
    guide[:, 48:] = 1
    rough = guide * 5 + np.random.default_rng(0).normal(0, 0.3, guide.shape).astype(np.float32)
    smooth = guided(guide, rough, 8, 1e-3)
    assert np.abs(smooth[:, :44]).max() < 0.35
    assert np.abs(smooth[:, 52:] - 5).max() < 0.35


def test_noise_has_unit_spread_at_any_size():
    for shape in ((48, 64), (200, 300)):
        fields = [smooth_noise(np.random.default_rng(k), shape, (3, 7, 15)) for k in range(30)]
        assert np.std(fields) == pytest.approx(1, abs=0.3)
    noise = normal_noise(np.random.default_rng(0), (300, 300))
    assert abs(noise.mean()) < 0.02
    assert noise.std() == pytest.approx(1, abs=0.01)
    assert FAR > SKY
