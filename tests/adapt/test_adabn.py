"""AdaBN: pooled statistics of the target."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from isthmus.adapt.adapter import Budget, Task, adapt, build_adapter
from isthmus.adapt.features.adabn import reestimate
from isthmus.detect.batches import image_tensor
from isthmus.detect.compact import MEAN, SPREAD
from isthmus.detect.detector import build_detector
from isthmus.detect.train import weights_digest
from isthmus.errors import TrainingError


@pytest.fixture
def detector():
    return build_detector("compact", ("square", "disc"), seed=0, width=4, depth=0)


def test_statistics_are_those_pooled_over_all_target_images(draw, detector):
    # 37 images: the last batch is smaller, and an average over batches would be wrong
    target = draw(37, 0).images
    adapted = reestimate(detector, target, seed=0)
    x = (image_tensor(target, np.arange(37)) - MEAN) / SPREAD
    with torch.no_grad():
        entering = detector.stem[0](x)
    norm = adapted.stem[1]
    torch.testing.assert_close(norm.running_mean, entering.mean((0, 2, 3)), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(
        norm.running_var, entering.var((0, 2, 3), unbiased=False), atol=1e-4, rtol=1e-4
    )


def test_one_batch_makes_evaluation_equal_to_batch_normalisation(draw, detector):
    target = draw(12, 0).images
    adapted = reestimate(detector, target, seed=0)
    x = image_tensor(target, np.arange(12))
    with torch.no_grad():
        torch.testing.assert_close(
            adapted.raw(x).heat, detector.train().raw(x).heat, atol=1e-3, rtol=1e-3
        )


def test_weights_stay_and_the_given_detector_stays(draw, detector):
    before = weights_digest(detector)
    adapted = reestimate(detector, draw(9, 0).images, seed=0)
    assert weights_digest(detector) == before != weights_digest(adapted)
    for mine, theirs in zip(adapted.parameters(), detector.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    assert not adapted.training


def test_one_image_works_with_an_alarm(draw, detector):
    source = draw(8, 1)
    result = adapt(build_adapter("adabn"), Task(detector, source, draw(1, 0).images, Budget(4), 0))
    assert "1 target image" in result.alarms[0]
    assert all(torch.isfinite(v).all() for v in result.detector.state_dict().values())


def test_a_detector_without_batch_normalisation_is_an_error(draw, detector):
    def strip(module):
        for name, child in module.named_children():
            if isinstance(child, nn.BatchNorm2d):
                setattr(module, name, nn.GroupNorm(1, child.num_features))
            else:
                strip(child)

    strip(detector)
    with pytest.raises(TrainingError, match="no batch normalisation"):
        reestimate(detector, draw(4, 0).images, seed=0)
