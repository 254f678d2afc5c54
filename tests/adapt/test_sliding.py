"""AdaBN on a sliding window: statistics of what was seen, no look ahead, a window that forgets."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from isthmus.adapt.features import sliding
from isthmus.adapt.features.sliding import SlidingAdaBN
from isthmus.detect.batches import image_tensor
from isthmus.detect.detector import build_detector
from isthmus.detect.evaluate import predict
from isthmus.detect.train import weights_digest
from isthmus.errors import ConfigError, TrainingError


@pytest.fixture
def tiny():
    return build_detector("compact", ("square", "disc"), seed=0, width=4, depth=0).eval()


def first_statistics(follower):
    norm = follower.detector.stem[1]
    return norm.running_mean.clone(), norm.running_var.clone()


def entering(detector, images):
    """What enters the first normalisation layer."""
    x = image_tensor(images, np.arange(len(images)))
    with torch.no_grad():
        return detector.stem[0]((x - 0.45) / 0.25).double()


def test_statistics_are_a_blend_of_source_and_window(draw, tiny, monkeypatch):
    monkeypatch.setattr(sliding, "SOURCE_WEIGHT", 2.0)
    images = draw(6, 0).images
    follower = SlidingAdaBN(tiny, window=4)
    list(follower.stream(images))
    x = entering(tiny, images.subset([2, 3, 4, 5]))
    source = tiny.stem[1]
    mean = x.mean((0, 2, 3)) * 4 / 6 + source.running_mean.double() * 2 / 6
    old_square = source.running_var.double() + source.running_mean.double().square()
    square = x.square().mean((0, 2, 3)) * 4 / 6 + old_square * 2 / 6
    found_mean, found_var = first_statistics(follower)
    torch.testing.assert_close(found_mean.double(), mean, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(found_var.double(), square - mean.square(), atol=1e-3, rtol=1e-3)


def test_what_comes_later_changes_nothing(draw, tiny):
    images = draw(5, 0).images
    whole = list(SlidingAdaBN(tiny).stream(images))
    begun = list(SlidingAdaBN(tiny).stream(images.subset([0, 1, 2])))
    for a, b in zip(begun, whole, strict=False):
        assert np.array_equal(a.boxes, b.boxes)
        assert np.array_equal(a.scores, b.scores)


def test_a_source_that_outweighs_all_is_plain_detection(draw, tiny, monkeypatch):
    monkeypatch.setattr(sliding, "SOURCE_WEIGHT", 1e12)
    images = draw(3, 0).images
    for a, b in zip(SlidingAdaBN(tiny).stream(images), predict(tiny, images), strict=True):
        np.testing.assert_allclose(a.scores, b.scores, atol=1e-4)


def test_the_detector_given_stays_and_wrong_use_is_named(draw, tiny):
    before = weights_digest(tiny)
    list(SlidingAdaBN(tiny).stream(draw(2, 0).images))
    assert weights_digest(tiny) == before
    with pytest.raises(ConfigError, match="window of 0"):
        SlidingAdaBN(tiny, window=0)
    bare = build_detector("compact", ("square", "disc"), seed=0, width=4, depth=0)
    for block in (bare.stem, bare.neck, bare.tower):
        block[1] = nn.Identity()
    for block in (bare.c1, bare.c2, bare.c3[0]):
        block.first[1] = block.second[1] = block.skip[1] = nn.Identity()
    with pytest.raises(TrainingError, match="no batch normalisation"):
        SlidingAdaBN(bare)
