"""The teacher's thresholds, its watch, and that it resumes to the same bytes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from isthmus.adapt.adapter import Budget, Task, adapt, build_adapter
from isthmus.adapt.pseudo import watch
from isthmus.adapt.pseudo.calibration import Thresholds, class_scores, prior_thresholds
from isthmus.adapt.pseudo.collapse import expected_counts, judge
from isthmus.adapt.pseudo.mean_teacher import MeanTeacher
from isthmus.adapt.pseudo.opinion import both_ways, opinion_of
from isthmus.detect.batches import image_tensor
from isthmus.detect.detector import Detections, build_detector
from isthmus.detect.train import State, weights_digest

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
    lifted = thresholds.lifted(thresholds.sure, np.array([0, 1]))
    assert lifted == pytest.approx([0.5, 0.5])
    more = thresholds.lifted(np.array([0.05, 0.4, 0.9]), np.array([0, 0, 0]))
    assert (np.diff(more) > 0).all(), "order stays"
    assert more[2] < 1


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


def watched(monkeypatch, merits):
    """Let the watch see these merits per class, one pair a look, and steady counts."""
    looks = iter(merits)
    steady = np.array([1.0, 1.0])
    monkeypatch.setattr(watch, "EVERY", 3)
    monkeypatch.setattr(watch, "class_merits", lambda *a: (np.array(next(looks)), steady))
    restored = []
    original = State.restore

    def restore(state, snapshot):
        restored.append(state.step)
        original(state, snapshot)

    monkeypatch.setattr(State, "restore", restore)
    return restored


def speaking(draw, tiny, steps):
    task = Task(tiny, draw(16, 0), draw(16, 1).images, Budget(steps, batch=4), 0, warmed=True)
    return MeanTeacher().fit(task)


def test_a_class_that_grows_inconsistent_is_rolled_back_and_muted(draw, tiny, monkeypatch):
    # looks: at the start, at 3, at 6 (square falls), again after the rollback, at the end
    looks = [(0.5, 0.5), (0.6, 0.5), (0.3, 0.9), (0.6, 0.5), (0.3, 0.9)]
    restored = watched(monkeypatch, looks)
    result = speaking(draw, tiny, 8)
    assert restored == [6], "once muted, a class is not judged again"
    assert len(result.alarms) == 1
    assert "square: detections of this class grow inconsistent by step 6" in result.alarms[0]
    assert len(result.history) == 8, "the budget is spent all the same"


def test_a_vanishing_class_is_rolled_back_whatever_the_others_do(draw, tiny, monkeypatch):
    restored = watched(monkeypatch, [(0.5, 0.5)] * 9)
    counts = iter([(1.0, 1.0), (1.0, 1.0), (0.2, 3.0), (1.0, 1.0), (1.0, 1.0)])
    monkeypatch.setattr(
        watch, "class_merits", lambda *a: (np.array([0.5, 0.5]), np.array(next(counts)))
    )
    monkeypatch.setattr(watch, "expected_counts", lambda *a: np.array([1.0, 1.0]))
    result = speaking(draw, tiny, 8)
    assert restored == [6]
    assert "square: the teacher loses this class by step 6" in result.alarms[0]


def test_what_is_returned_is_never_below_the_start(draw, tiny, monkeypatch):
    restored = watched(monkeypatch, [(0.5, 0.5), (0.45, 0.5), (0.45, 0.5)])
    result = speaking(draw, tiny, 6)
    assert restored == [6]
    assert "less consistent at the end" in result.alarms[0]
    assert weights_digest(result.detector) == weights_digest(tiny)


def test_with_no_class_left_the_source_alone_is_learnt(draw, tiny, monkeypatch):
    watched(monkeypatch, [(0.5, 0.5), (0.1, 0.1), (0.5, 0.5), (0.5, 0.5)])
    one = speaking(draw, tiny, 6)
    assert len(one.alarms) == 2
    assert len(one.history) == 6


def test_an_opinion_is_the_mean_of_both_views_and_lifts_sure_objects_alone(draw, tiny):
    images = image_tensor(draw(3, 0).images, np.arange(3))
    tiny.eval()
    with torch.no_grad():
        straight, mirrored = tiny.raw(images), tiny.raw(images.flip(-1))
    raw, again = both_ways(straight, mirrored), both_ways(mirrored, straight)
    torch.testing.assert_close(again.heat.flip(-1), raw.heat, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(
        again.distance.flip(-1)[:, [2, 1, 0, 3]], raw.distance, atol=1e-3, rtol=1e-3
    )
    top = float(raw.heat.sigmoid().max())
    none = Thresholds(np.array([0.99, 0.99]), np.array([0.98, 0.98]))
    silent = opinion_of(tiny, images, none, np.zeros(2, bool))
    assert silent.objects == 0
    torch.testing.assert_close(silent.heat, raw.heat.sigmoid(), atol=1e-6, rtol=0)
    assert silent.inside.sum() == 0
    some = Thresholds(np.array([0.999 * top] * 2), np.array([0.998 * top] * 2))
    lifted = opinion_of(tiny, images, some, np.zeros(2, bool))
    assert lifted.objects > 0
    assert lifted.heat.max() >= 0.5 > top, "a sure object is believed"
    assert (lifted.heat >= silent.heat).all()
    assert (lifted.heat == silent.heat).float().mean() > 0.5, "the floor is not lifted"
    muted = opinion_of(tiny, images, some, np.array([True, True]))
    assert muted.mask.sum() == 0
    assert muted.objects == 0


def test_an_interrupted_teacher_ends_with_the_same_bytes(draw, tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(watch, "EVERY", 3)
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


def test_block_masks_are_optional_and_change_what_is_learnt(draw, tiny, monkeypatch):
    watched(monkeypatch, [(0.5, 0.5)] * 8)  # nothing to roll back
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
