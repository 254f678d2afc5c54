"""Augmentation: boxes follow their objects; appearance changes leave them in place."""

from __future__ import annotations

import numpy as np
import torch

from isthmus.detect.augmentations import Move, block_mask, gaussian_blur, strong, weak
from isthmus.detect.batches import Batch, labelled_batch
from isthmus.detect.detector import Targets
from isthmus.detect.samples import FILL


def painted(boxes: np.ndarray, height: int = 60, width: int = 80) -> Batch:
    """One image per box, bright inside the box."""
    images = torch.full((len(boxes), 3, height, width), FILL / 255)
    for image, (x1, y1, x2, y2) in zip(images, boxes.astype(int), strict=True):
        image[:, y1:y2, x1:x2] = 1.0
    count = len(boxes)
    targets = Targets.of(
        torch.from_numpy(boxes.astype(np.float32)),
        torch.zeros(count, dtype=torch.long),
        torch.zeros(count, dtype=torch.bool),
        torch.arange(count),
    )
    return Batch(images, targets)


def test_moved_boxes_enclose_the_moved_pixels():
    rng = np.random.default_rng(0)
    low = rng.integers(20, 30, (40, 2))
    batch = painted(np.concatenate([low, low + rng.integers(12, 24, (40, 2))], 1))
    moved = weak(batch, rng)
    compared = 0
    for k in range(len(moved.targets.boxes)):
        if moved.targets.ignore[k]:
            continue
        image = moved.images[moved.targets.image[k], 0] > (1 + FILL / 255) / 2
        rows, columns = torch.nonzero(image.any(1))[:, 0], torch.nonzero(image.any(0))[:, 0]
        seen = torch.tensor([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]).float()
        assert (seen - moved.targets.boxes[k]).abs().max() < 1.0
        compared += 1
    assert compared > 30


def test_a_flip_alone_is_exact():
    batch = painted(np.array([[10.0, 20.0, 30.0, 50.0]]))
    move = Move(np.array([True]), np.array([1.0]), np.zeros((1, 2)))
    torch.testing.assert_close(move.images(batch.images), batch.images.flip(-1))
    assert move.targets(batch.targets, 60, 80).boxes.tolist() == [[50.0, 20.0, 70.0, 50.0]]


def test_objects_that_leave_the_image_are_ignored_or_dropped():
    batch = painted(np.array([[0.0, 0.0, 20.0, 20.0]] * 2))
    move = Move(np.array([False] * 2), np.ones(2), np.array([[-15.0, 0.0], [-25.0, 0.0]]))
    targets = move.targets(batch.targets, 60, 80)
    assert targets.boxes.tolist() == [[0.0, 0.0, 5.0, 20.0]]
    assert targets.ignore.tolist() == [True]


def test_strong_changes_are_seeded_bounded_and_leave_their_input_alone(draw):
    images = labelled_batch(draw(8, 0), np.arange(8)).images
    before = images.clone()
    first = strong(images, np.random.default_rng(3))
    second = strong(images, np.random.default_rng(3))
    assert torch.equal(first, second)
    assert torch.equal(images, before)
    assert first.min() >= 0
    assert first.max() <= 1
    assert (first - images).abs().mean() > 0.02


def test_blur_keeps_the_mean_and_spreads_a_point_by_sigma():
    image = torch.zeros(1, 1, 21, 21)
    image[..., 10, 10] = 1
    blurred = gaussian_blur(image, np.array([1.0]))[0, 0]
    at = torch.arange(21.0) - 10
    assert abs(blurred.sum().item() - 1) < 1e-5
    assert abs((blurred.sum(0) * at**2).sum().item() - 1.0) < 0.05


def test_block_masks_hide_about_the_stated_share():
    images = torch.ones(64, 3, 96, 96)
    masked = block_mask(images, np.random.default_rng(0))
    hidden = (masked[:, 0] < 1).float().mean().item()
    assert 0.25 < hidden < 0.35
    assert ((masked == 1) | ((masked - FILL / 255).abs() < 1e-6)).all()
