"""The door to adaptation: no target labels pass."""

from __future__ import annotations

import pytest
import torch

from isthmus.adapt.adapter import ADAPTERS, LEGAL_NEEDS, Budget, Task, adapt, build_adapter
from isthmus.detect.detector import build_detector
from isthmus.errors import ConfigError, LabelAccessError


@pytest.fixture
def tiny():
    return build_detector("compact", ("square", "disc"), seed=0, width=4, depth=0)


@pytest.mark.parametrize("name", sorted(ADAPTERS))
def test_every_registered_adapter_keeps_to_the_contract(name):
    adapter = build_adapter(name)
    assert adapter.name == name
    assert adapter.label
    assert adapter.needs <= LEGAL_NEEDS
    assert "target.labels" not in LEGAL_NEEDS


@pytest.mark.parametrize("name", sorted(ADAPTERS))
def test_a_target_of_one_image_is_enough_to_go_on(name, draw, tiny):
    task = Task(tiny, draw(8, 0), draw(1, 1).images, Budget(3, batch=2), 0, generated=draw(4, 2))
    result = adapt(build_adapter(name), task)
    assert all(torch.isfinite(v).all() for v in result.detector.state_dict().values())
    assert len(result.history) == (0 if name == "adabn" else 3)


def test_an_adapter_that_wants_target_labels_is_refused(draw, tiny):
    class Cheat(type(build_adapter("adabn"))):
        needs = frozenset({"target.images", "target.labels"})

    with pytest.raises(LabelAccessError, match=r"target\.labels"):
        adapt(Cheat(), Task(tiny, draw(4, 0), draw(4, 1).images, Budget(2), 0))


def test_a_target_with_labels_is_refused(draw, tiny):
    with pytest.raises(LabelAccessError, match="Samples"):
        adapt(build_adapter("adabn"), Task(tiny, draw(4, 0), draw(4, 1), Budget(2), 0))


def test_an_adapter_that_reaches_for_labels_finds_none(draw, tiny):
    class Thief(type(build_adapter("adabn"))):
        def fit(self, task):
            return task.target.labels

    with pytest.raises(AttributeError, match="labels"):
        adapt(Thief(), Task(tiny, draw(4, 0), draw(4, 1).images, Budget(2), 0))


def test_an_unknown_adapter_is_named():
    with pytest.raises(ConfigError, match="adda"):
        build_adapter("adda")
