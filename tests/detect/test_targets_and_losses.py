"""Dense targets, losses and ignored regions."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from isthmus.detect.boxes import overlaps, suppress
from isthmus.detect.detector import ANY_CLASS, Raw, Targets, build_detector
from isthmus.detect.losses import dense_loss, generalised_iou, soft_centres
from isthmus.detect.targets import dense_targets


def raw_of(b: int = 1, classes: int = 2, h: int = 12, w: int = 16) -> Raw:
    heat = torch.full((b, classes, h, w), -3.0, requires_grad=True)
    distance = torch.full((b, 4, h, w), 6.0, requires_grad=True)
    return Raw(heat, distance, 4, (4 * h, 4 * w))


def targets_of(*rows: tuple) -> Targets:
    """Rows (box, label, ignore[, image])."""
    return Targets.of(
        torch.tensor([row[0] for row in rows], dtype=torch.float32).reshape(-1, 4),
        torch.tensor([row[1] for row in rows], dtype=torch.long),
        torch.tensor([row[2] for row in rows], dtype=torch.bool),
        torch.tensor([row[3] if len(row) > 3 else 0 for row in rows], dtype=torch.long),
    )


def test_centre_cell_and_distances_are_those_of_the_box():
    dense = dense_targets(targets_of(((8.0, 4.0, 28.0, 24.0), 1, False)), raw_of())
    row, column = 14 // 4, 18 // 4
    assert dense.peak[0, 1, row, column] == 1
    assert dense.peak.sum() == 1
    assert dense.heat[0, 1].max() == dense.heat[0, 1, row, column] == 1
    assert dense.heat[0, 0].max() == 0
    # cell (3, 4) has its centre at x = 18, y = 14
    assert dense.distance[0, :, row, column].tolist() == [10.0, 10.0, 10.0, 10.0]
    assert dense.inside.sum() == pytest.approx(1.0)


def test_the_smaller_of_two_overlapping_objects_owns_the_shared_cell():
    large, small = (0.0, 0.0, 48.0, 44.0), (20.0, 18.0, 28.0, 26.0)
    dense = dense_targets(targets_of((large, 0, False), (small, 1, False)), raw_of())
    assert dense.distance[0, :, 5, 5].tolist() == [2.0, 4.0, 6.0, 4.0]


def test_two_equal_boxes_share_one_weight():
    box = (8.0, 8.0, 24.0, 24.0)
    dense = dense_targets(targets_of((box, 0, False), (box, 0, False)), raw_of())
    assert dense.inside.sum() == pytest.approx(1.0)


def test_large_and_small_objects_weigh_the_same():
    dense = dense_targets(
        targets_of(((0.0, 0.0, 60.0, 44.0), 0, False), ((4.0, 4.0, 10.0, 12.0), 0, False, 1)),
        raw_of(b=2),
    )
    assert dense.inside.sum((1, 2)).tolist() == pytest.approx([1.0, 1.0])


def test_no_gradient_inside_an_ignored_region_and_some_outside():
    raw = raw_of()
    region = (8.0, 8.0, 40.0, 32.0)
    targets = targets_of((region, 0, True), ((16.0, 12.0, 32.0, 28.0), 0, False))
    sum(dense_loss(raw, dense_targets(targets, raw)).values()).backward()
    inside = (slice(None), slice(None), slice(2, 8), slice(2, 10))
    assert raw.heat.grad[:, :1][inside].abs().max() == 0
    assert raw.distance.grad[inside].abs().max() == 0
    assert raw.heat.grad[:, 1][0, 2:8, 2:10].abs().min() > 0, "the other class learns there"
    assert raw.heat.grad[0, 0, :2].abs().min() > 0


def test_an_ignored_region_without_a_class_silences_all_classes():
    raw = raw_of()
    targets = targets_of(((0.0, 0.0, 64.0, 48.0), ANY_CLASS, True))
    sum(dense_loss(raw, dense_targets(targets, raw)).values()).backward()
    assert raw.heat.grad.abs().max() == 0


def test_weight_zero_image_gives_no_gradient():
    detector = build_detector("compact", ("a",), seed=0, width=4, depth=0)
    raw = raw_of(b=2, classes=1)
    targets = targets_of(((8.0, 8.0, 24.0, 24.0), 0, False), ((8.0, 8.0, 24.0, 24.0), 0, False, 1))
    loss = detector.loss(raw, targets, image_weights=torch.tensor([1.0, 0.0]))
    sum(loss.values()).backward()
    assert raw.heat.grad[1].abs().max() == 0
    assert raw.heat.grad[0].abs().max() > 0


def test_generalised_iou_against_the_closed_form():
    a = torch.tensor([2.0, 2.0, 2.0, 2.0]).view(1, 4, 1, 1)
    b = torch.tensor([2.0, 2.0, 6.0, 2.0]).view(1, 4, 1, 1)
    # 4x4 inside 8x4: IoU 1/2, hull = union
    assert generalised_iou(a, b).item() == pytest.approx(0.5)
    assert generalised_iou(a, a).item() == pytest.approx(1.0)


def test_soft_loss_vanishes_where_student_and_teacher_agree():
    logits = torch.linspace(-4, 4, 24).reshape(1, 2, 3, 4)
    everywhere = torch.ones_like(logits)
    assert soft_centres(logits, logits.sigmoid(), everywhere).item() == pytest.approx(0, abs=1e-10)
    assert soft_centres(logits, 1 - logits.sigmoid(), everywhere).item() > 1
    assert soft_centres(logits, 1 - logits.sigmoid(), 0 * everywhere).item() == 0


def test_suppression_keeps_the_best_of_each_class():
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [0, 0, 10, 10], [20, 0, 30, 10]], float)
    assert suppress(boxes, np.array([0, 0, 1, 0])).tolist() == [True, False, True, True]
    assert overlaps(boxes, boxes)[0, 1] == pytest.approx(9 / 11)
    assert overlaps(np.zeros((1, 4)), np.zeros((1, 4)))[0, 0] == 0
