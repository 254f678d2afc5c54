"""Mixed precision and devices, as far as a processor can show them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from isthmus.adapt.adapter import Budget, Task, adapt, build_adapter
from isthmus.detect.batches import image_tensor
from isthmus.detect.detector import build_detector, load_detector, save_detector
from isthmus.detect.objectives import Supervised
from isthmus.detect.placed import PlacedDetector, placed, unplaced
from isthmus.detect.train import Recipe, train, weights_digest
from isthmus.errors import ConfigError


@pytest.fixture
def tiny():
    return build_detector("compact", ("square", "disc"), seed=0, width=4, depth=0).eval()


def test_the_processor_in_full_precision_is_the_detector_itself(tiny):
    assert placed(tiny) is tiny
    assert unplaced(tiny) is tiny


def test_half_precision_is_near_and_comes_back_in_float32(draw, tiny):
    x = image_tensor(draw(2, 0).images, np.arange(2))
    half = placed(tiny, "cpu", "bfloat16")
    with torch.no_grad():
        raw, features = half.raw_and_features(x)
        exact = tiny.raw(x)
    assert raw.heat.dtype == features["neck"].dtype == torch.float32
    torch.testing.assert_close(raw.heat, exact.heat, atol=0.1, rtol=0.05)
    assert not torch.equal(raw.heat, exact.heat), "the network did run in bfloat16"
    assert unplaced(half) is tiny


def test_training_and_adapting_keep_full_weights_and_can_be_stored(draw, tiny, tmp_path):
    half = placed(tiny, "cpu", "bfloat16")
    objective = Supervised(draw(8, 0), batch=4, seed=0)
    trained = train(half, objective, Recipe(3), seed=0, name="half").detector
    assert isinstance(trained, PlacedDetector)
    assert all(p.dtype == torch.float32 for p in trained.parameters())
    task = Task(trained, draw(8, 0), draw(6, 1).images, Budget(2, batch=2), 0)
    for name in ("adabn", "mean_teacher"):
        result = unplaced(adapt(build_adapter(name), task).detector)
        save_detector(tmp_path / "x.pt", result)
        assert weights_digest(load_detector(tmp_path / "x.pt")) == weights_digest(result)


def test_what_is_not_there_is_named(tiny):
    with pytest.raises(ConfigError, match="cannot be used here"):
        placed(tiny, "cuda:7" if not torch.cuda.is_available() else "nonsense")
    with pytest.raises(ConfigError, match="float8"):
        placed(tiny, "cpu", "float8")
