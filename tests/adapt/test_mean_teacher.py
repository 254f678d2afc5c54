"""The teacher's thresholds, its watch, and that it resumes to the same bytes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from isthmus.adapt.adapter import Budget, Task, adapt, build_adapter
from isthmus.adapt.pseudo import mean_teacher
from isthmus.adapt.pseudo.calibration import class_scores, prior_thresholds
from isthmus.adapt.pseudo.collapse import expected_counts, judge
from isthmus.adapt.pseudo.mean_teacher import MeanTeacher
from isthmus.detect.detector import Detections, build_detector
from isthmus.detect.train import weights_digest

CLASSES = ("pedestrian", "vehicle")


def test_thresholds_take_as_many_objects_as_expected():
    rng = np.random.default_rng(0)
    scores = [np.sort(rng.uniform(0.05, 0.58, 400))[::-1] for _ in range(2)]
    thresholds = prior_thresholds(scores, 100, np.array([1.0, 2.0]))
    taken = [(values >= t).sum() for values, t in zip(scores, thresholds.sure, strict=True)]
    assert taken == [70, 140]
    doubted = [(values >= t).sum() for values, t in zip(scores, thresholds.doubt, strict=True)]
    assert doubted[0] >= 150
    assert (thresholds.doubt < thresholds.sure).all()
    shifted = 1 / (
        1 + np.exp(-(np.log(thresholds.sure / (1 - thresholds.sure)) + thresholds.shift))
    )
    assert shifted == pytest.approx([0.5, 0.5])


def test_a_silent_class_keeps_a_bounded_threshold():
    thresholds = prior_thresholds([np.zeros(0), np.full(500, 0.99)], 10, np.array([1.0, 1.0]))
    assert thresholds.sure.tolist() == [0.12, 0.6]


def test_scores_are_sorted_by_class():
    found = [
        Detections(np.zeros((2, 4)), np.array([0.9, 0.2]), np.array([1, 0])),
        Detections(np.zeros((1, 4)), np.array([0.95]), np.array([1])),
    ]
    low, high = class_scores(found, 2)
    assert low.tolist() == [0.2]
    assert high.tolist() == [0.95, 0.9]
    assert expected_counts([low, high], 2) == pytest.approx([0.1, 0.925])


@pytest.mark.parametrize(
    ("now", "start", "source", "troubled"),
    [
        # pedestrians vanish while the sum of both classes rises: the case that hides
        ([0.2, 3.2], [0.6, 2.4], [1.2, 2.6], [True, False]),
        # what was missed is found: no alarm
        ([1.1, 2.4], [0.2, 2.4], [1.2, 2.6], [False, False]),
        # false alarms go: no alarm
        ([1.2, 2.4], [3.0, 2.4], [1.2, 2.6], [False, False]),
        # runs away
        ([1.2, 9.0], [1.0, 2.4], [1.2, 2.6], [False, True]),
    ],
)
def test_the_watch_judges_each_class_by_itself(now, start, source, troubled):
    verdict = judge(np.array(now), np.array(start), np.array(source), CLASSES, 50)
    assert verdict.classes.tolist() == troubled
    assert len(verdict.messages) == sum(troubled)
    for message, name in zip(verdict.messages, np.array(CLASSES)[troubled], strict=True):
        assert name in message


@pytest.fixture
def tiny():
    return build_detector("compact", ("square", "disc"), seed=0, width=4, depth=0)


def test_a_collapse_rolls_back_and_mutes_the_class(draw, tiny, monkeypatch):
    monkeypatch.setattr(mean_teacher, "WATCH_EVERY", 3)
    judged = []

    def alarmed(now, start, source, classes, step):
        judged.append(step)
        verdict = judge(now, now, now, classes, step)
        if step == 6:
            return type(verdict)(np.array([True, False]), ("square: lost",))
        return verdict

    monkeypatch.setattr(mean_teacher, "judge", alarmed)
    kept = {}

    def restore(state, snapshot, original=mean_teacher.State.restore):
        kept[state.step] = snapshot
        original(state, snapshot)

    monkeypatch.setattr(mean_teacher.State, "restore", restore)
    result = MeanTeacher().fit(Task(tiny, draw(16, 0), draw(16, 1).images, Budget(8, batch=4), 0))
    assert judged == [3, 6, 8]
    assert list(kept) == [6]
    assert result.alarms == ("square: lost",)
    assert len(result.history) == 8, "the budget is spent all the same"


def test_an_interrupted_teacher_ends_with_the_same_bytes(draw, tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(mean_teacher, "WATCH_EVERY", 3)
    source, target = draw(16, 0), draw(16, 1).images
    budget = Budget(10, batch=4, checkpoint_every=2)

    def run(place, progress=None):
        adapter = build_adapter("fda_mean_teacher")
        return adapt(adapter, Task(tiny, source, target, budget, 3, place, progress))

    def stop(done, total, what):
        assert total == 10
        if done == 9:
            raise KeyboardInterrupt

    whole = run(None)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "x.checkpoint", stop)
    resumed = run(tmp_path / "x.checkpoint")
    assert weights_digest(resumed.detector) == weights_digest(whole.detector)
    assert resumed.history == whole.history


def test_the_teacher_learns_from_the_target(draw, tiny):
    """Pixels of the target change the result; its labels cannot, as there are none."""
    source = draw(16, 0)
    first = MeanTeacher().fit(Task(tiny, source, draw(16, 1).images, Budget(3, batch=4), 0))
    other = MeanTeacher().fit(Task(tiny, source, draw(16, 2).images, Budget(3, batch=4), 0))
    assert weights_digest(first.detector) != weights_digest(other.detector)
    assert all(torch.isfinite(v).all() for v in first.detector.state_dict().values())


def test_block_masks_are_optional_and_change_what_is_learnt(draw, tiny):
    source, target, budget = draw(16, 0), draw(16, 1).images, Budget(3, batch=4)
    plain = MeanTeacher().fit(Task(tiny, source, target, budget, 0))
    masked = MeanTeacher(masked_share=1.0).fit(Task(tiny, source, target, budget, 0))
    assert weights_digest(plain.detector) != weights_digest(masked.detector)


def test_a_silent_teacher_asks_nothing_of_the_target(draw, tiny):
    """Before it speaks, only the source is learnt: other target images change nothing."""
    source, budget = draw(16, 0), Budget(3, batch=4)
    silent = MeanTeacher(silent_share=1.0)
    first = silent.fit(Task(tiny, source, draw(16, 1).images, budget, 0))
    other = silent.fit(Task(tiny, source, draw(16, 2).images, budget, 0))
    assert weights_digest(first.detector) == weights_digest(other.detector)
