"""Generated frames in the batches: how many, whose, and with which other parts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from isthmus.adapt.adapter import Budget, Task, adapt, build_adapter
from isthmus.detect.detector import build_detector
from isthmus.detect.train import weights_digest
from isthmus.errors import TrainingError


@pytest.fixture
def task(draw):
    tiny = build_detector("compact", ("square", "disc"), seed=0, width=4, depth=0)
    return Task(tiny, draw(8, 0), draw(4, 1).images, Budget(4, batch=4), 0, generated=draw(6, 2))


def whites(samples):
    """The same samples, all white but for what moving leaves bare."""
    images = replace(samples.images, pixels=np.full_like(samples.images.pixels, 255))
    return replace(samples, images=images)


def white_images(task, **more):
    objective = task.supervised(**more)
    objective._strong = False
    images = objective.batch(0, np.random.default_rng(0)).images
    return int(((images == 1).float().mean((1, 2, 3)) > 0.4).sum())


def test_a_share_of_each_batch_is_generated(task):
    task = replace(task, generated=whites(task.generated), generated_share=0.25)
    assert white_images(task) == 0, "until a stage mixes them in"
    assert white_images(replace(task, mixed=True)) == 1
    assert white_images(replace(task, mixed=True, generated_share=0.5)) == 2


def test_pseudo_labels_share_their_half_with_generated_frames(task, draw):
    mixed = replace(task, mixed=True)
    extra = mixed.supervised(pseudo=draw(3, 5)).extra
    assert len(extra) == 6, "as many generated ones as there are pseudo-labelled ones"
    assert len(task.supervised(pseudo=draw(3, 5)).extra) == 3


@pytest.mark.parametrize("name", ["augmented", "augmented_mean_teacher"])
def test_without_generated_frames_it_says_so(task, name):
    with pytest.raises(TrainingError, match="no generated frames"):
        adapt(build_adapter(name), replace(task, generated=None))


@pytest.mark.parametrize("name", ["augmented", "augmented_mean_teacher"])
def test_what_is_learnt_depends_on_the_generated_frames(task, draw, name):
    first, again, other = (
        weights_digest(adapt(build_adapter(name), replace(task, generated=g)).detector)
        for g in (task.generated, task.generated, draw(6, 3))
    )
    assert first == again
    assert first != other
