"""Pseudo-labels: thresholds by precision, what is kept, rounds, resuming."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from isthmus.adapt.adapter import Budget, Task, adapt, build_adapter
from isthmus.adapt.pseudo import rounds
from isthmus.adapt.pseudo.rounds import precision_thresholds, pseudo_samples
from isthmus.detect.detector import Detections, build_detector
from isthmus.detect.train import weights_digest

CLASSES = ("square", "disc")


@pytest.fixture
def tiny():
    return build_detector("compact", CLASSES, seed=0, width=4, depth=0)


def as_found(samples, scores):
    """The true boxes as detections, with these scores."""
    found = []
    for image in range(len(samples)):
        here = slice(samples.offsets[image], samples.offsets[image + 1])
        one = Detections(samples.boxes[here], scores[here].astype(np.float32), samples.labels[here])
        order = np.argsort(-one.scores, kind="stable")
        found.append(Detections(one.boxes[order], one.scores[order], one.labels[order]))
    return found


def test_the_threshold_is_where_precision_is_still_kept(draw):
    truth = draw(30, 0)
    squares = np.flatnonzero(truth.labels == 0)
    scores = np.linspace(0.9, 0.1, len(truth.labels))
    found = as_found(truth, scores)
    # from the 11th square on, every box lies elsewhere: precision falls from there
    bad = set(map(tuple, truth.boxes[squares[10:]].tolist()))
    for one in found:
        for row, label in enumerate(one.labels):
            if label == 0 and tuple(one.boxes[row].tolist()) in bad:
                one.boxes[row] += 500
    thresholds = precision_thresholds(found, truth, 0.8)
    # 10 right of 12 are 0.83, of 13 are 0.77: the 12th square is the last
    assert thresholds[0] == pytest.approx(scores[squares[11]], abs=1e-6)
    assert thresholds[1] == pytest.approx(max(scores[truth.labels == 1].min(), 0.05), abs=1e-6)


def test_a_class_that_is_never_right_is_not_taught(draw):
    truth = draw(10, 0)
    found = as_found(truth, np.full(len(truth.labels), 0.9))
    wrong = [Detections(d.boxes + 500, d.scores, np.zeros_like(d.labels)) for d in found]
    assert np.isinf(precision_thresholds(wrong, truth, 0.5)).all()


def test_equal_scores_are_taken_together(draw):
    truth = draw(10, 0)
    found = as_found(truth, np.full(len(truth.labels), 0.9))
    squares = [Detections(d.boxes, d.scores, np.zeros_like(d.labels)) for d in found]
    share = float((truth.labels == 0).mean())
    assert precision_thresholds(squares, truth, share - 0.01)[0] == pytest.approx(0.9)
    assert np.isinf(precision_thresholds(squares, truth, share + 0.01)[0])


def test_sure_boxes_teach_doubtful_ones_are_ignored_and_empty_images_left_out(draw):
    images = draw(3, 0).images
    boxes = np.array([[0, 0, 9, 9], [20, 0, 30, 9], [40, 0, 50, 9]], np.float32)
    found = [
        Detections(boxes, np.array([0.9, 0.4, 0.1], np.float32), np.array([0, 0, 0])),
        Detections(boxes[:1], np.array([0.4], np.float32), np.array([0])),
        Detections(boxes[:1], np.array([0.7], np.float32), np.array([1])),
    ]
    made = pseudo_samples(found, images, CLASSES, np.array([0.8, 0.6]), np.array([0.3, 0.3]))
    assert made.images.ids == (images.ids[0], images.ids[2])
    assert made.offsets.tolist() == [0, 2, 3]
    assert made.ignore.tolist() == [False, True, False]
    assert made.counts() == {"square": 1, "disc": 1}
    never = np.array([np.inf, np.inf])
    assert pseudo_samples(found, images, CLASSES, never, never) is None


def test_labels_are_made_anew_every_round_and_silence_is_reported(draw, tiny, monkeypatch):
    rounds_at = []
    original = rounds._Rounds._relabel
    monkeypatch.setattr(
        rounds._Rounds, "_relabel", lambda self, s: rounds_at.append(s.step) or original(self, s)
    )
    task = Task(tiny, draw(12, 0), draw(8, 1).images, Budget(6, batch=4), 0)
    result = adapt(build_adapter("pseudo_labels"), task)
    assert rounds_at == [0, 3]
    assert len(result.history) == 6
    # an untrained detector is sure of nothing
    assert "no pseudo-label of square, disc" in result.alarms[0]


def test_an_interrupted_round_ends_with_the_same_bytes(draw, tiny, tmp_path, monkeypatch):
    # whatever is found is sure enough: pseudo-labels are part of the checkpoint
    monkeypatch.setattr(rounds, "precision_thresholds", lambda *a: np.array([0.02, 0.02]))
    source, target = draw(12, 0), draw(8, 1).images
    budget = Budget(8, batch=4, checkpoint_every=3)

    def run(place, progress=None):
        task = Task(tiny, source, target, budget, 3, place, progress)
        return adapt(build_adapter("pseudo_labels"), task)

    def stop(done, total, what):
        if done == 5:
            raise KeyboardInterrupt

    whole = run(None)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "x.checkpoint", stop)
    resumed = run(tmp_path / "x.checkpoint")
    assert weights_digest(resumed.detector) == weights_digest(whole.detector)
    assert all(torch.isfinite(v).all() for v in whole.detector.state_dict().values())
