"""AP: equal to COCOeval on random and edge cases; a published worked example; resampling."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.data.dataset import Dataset
from isthmus.data.frame import Box, Frame
from isthmus.detect.bootstrap import MEAN, frame_units, interval, make_plan, score
from isthmus.detect.detector import Detections
from isthmus.detect.evaluate import coco_scores
from isthmus.detect.precision import EVERY_POINT, average_precision, match
from isthmus.errors import InputError

CLASSES = ("a", "b")


def dataset_of(*frames: tuple[Box, ...]) -> Dataset:
    return Dataset(
        "test",
        tuple(
            Frame(f"{i:03d}", Path(f"{i}.png"), 100, 100, str(i), objects=boxes)
            for i, boxes in enumerate(frames)
        ),
        categories=CLASSES,
    )


def found_of(*rows: tuple) -> Detections:
    """Rows (x1, y1, x2, y2, score, label)."""
    table = np.array(rows, float).reshape(-1, 6)
    order = np.argsort(-table[:, 4], kind="stable")
    table = table[order]
    return Detections(
        table[:, :4].astype(np.float32), table[:, 4].astype(np.float32), table[:, 5].astype(int)
    )


def assert_equal_to_coco(predictions, dataset):
    reference = coco_scores(predictions, dataset, CLASSES)
    matches = match(predictions, dataset, CLASSES)
    mine = {
        "ap50": average_precision(matches, thresholds=[0.5])[0],
        "ap": average_precision(matches)[0],
    }
    for kind, values in mine.items():
        for name, value in zip(CLASSES, values, strict=True):
            expected = reference[kind][name]
            if expected is None:
                assert np.isnan(value)
            else:
                assert value == pytest.approx(expected, abs=1e-9), (kind, name)


def random_case(seed: int) -> tuple[list[Detections], Dataset]:
    rng = np.random.default_rng(seed)
    frames, predictions = [], []
    for _ in range(rng.integers(1, 9)):
        boxes, rows = [], []
        for _ in range(rng.integers(0, 6)):
            x, y, w, h = rng.integers(0, 60), rng.integers(0, 60), *rng.integers(5, 40, 2)
            boxes.append(
                Box(
                    CLASSES[rng.integers(2)],
                    tuple(map(float, (x, y, x + w, y + h))),
                    ignore=bool(rng.random() < 0.25),
                )
            )
        for box in boxes:
            for _ in range(rng.integers(0, 3)):
                jitter = rng.integers(-4, 5, 4)
                x1, y1, x2, y2 = np.array(box.xyxy) + jitter
                # few distinct scores: many ties
                rows.append(
                    (
                        x1,
                        y1,
                        max(x2, x1 + 1),
                        max(y2, y1 + 1),
                        rng.integers(1, 6) / 8,
                        CLASSES.index(box.category),
                    )
                )
        for _ in range(rng.integers(0, 4)):
            x, y = rng.integers(0, 60, 2)
            rows.append((x, y, x + 20, y + 20, rng.integers(1, 6) / 8, rng.integers(2)))
        frames.append(tuple(boxes))
        predictions.append(found_of(*rows))
    return predictions, dataset_of(*frames)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_equals_cocoeval_on_random_cases_with_ties_and_crowds(seed):
    assert_equal_to_coco(*random_case(seed))


def test_equals_cocoeval_on_edge_cases():
    box = Box("a", (10.0, 10.0, 30.0, 30.0))
    crowd = Box("a", (0.0, 0.0, 50.0, 50.0), ignore=True)
    hit = (10, 10, 30, 30, 0.9, 0)
    for boxes, rows in itertools.product(
        [(), (box,), (crowd,), (box, crowd), (box, box)],
        [(), (hit,), (hit, hit), (hit, (12, 10, 32, 30, 0.9, 0)), ((60, 60, 70, 70, 0.5, 1),)],
    ):
        assert_equal_to_coco([found_of(*rows)], dataset_of(boxes))


def test_more_than_a_hundred_detections_are_cut_as_in_coco():
    rng = np.random.default_rng(0)
    rows = [
        (x, y, x + 9, y + 9, s, 0)
        for x, y, s in zip(
            rng.integers(0, 90, 150), rng.integers(0, 90, 150), rng.random(150), strict=True
        )
    ]
    boxes = tuple(Box("a", tuple(map(float, row[:4]))) for row in rows[::3])
    assert_equal_to_coco([found_of(*rows)], dataset_of(boxes))


def test_published_worked_example(shared_data):
    """24.57 % every-point AP at IoU 0.3, printed by Object-Detection-Metrics for its example.

    It measures boxes with inclusive corners: a box from x to x + w is w + 1 pixels wide.
    """
    folder = shared_data / "label_formats/metrics_padilla/samples/sample_2"
    frames, predictions = [], []
    for truth in sorted((folder / "groundtruths").glob("*.txt")):

        def numbers(path, skip):
            lines = path.read_text().splitlines()
            return [[float(v) for v in line.split()[skip:]] for line in lines if line.strip()]

        frames.append(
            tuple(Box("a", (x, y, x + w + 1, y + h + 1)) for x, y, w, h in numbers(truth, 1))
        )
        predictions.append(
            found_of(
                *(
                    (x, y, x + w + 1, y + h + 1, s, 0)
                    for s, x, y, w, h in numbers(folder / "detections" / truth.name, 1)
                )
            )
        )
    matches = match(predictions, dataset_of(*frames), CLASSES, thresholds=np.array([0.3]))
    value = average_precision(matches, interpolation=EVERY_POINT)[0, 0]
    assert 100 * value == pytest.approx(24.57, abs=0.01)


def test_weights_equal_physical_repetition():
    predictions, dataset = random_case(7)
    rng = np.random.default_rng(0)  # without ties: their order is arbitrary anyway
    predictions = [
        found_of(*np.column_stack([d.boxes, rng.random(len(d)), d.labels])) for d in predictions
    ]
    weights = np.random.default_rng(1).integers(0, 4, len(dataset))
    repeated = [i for i, count in enumerate(weights) for _ in range(count)]
    frames = dataset_of(*(dataset.frames[i].objects for i in repeated))
    direct = average_precision(match([predictions[i] for i in repeated], frames, CLASSES))
    weighted = average_precision(match(predictions, dataset, CLASSES), weights[None])
    assert weighted[0] == pytest.approx(direct[0], abs=1e-12, nan_ok=True)


def test_perfect_and_empty_predictions():
    box = Box("a", (10.0, 10.0, 30.0, 30.0))
    dataset = dataset_of((box,), (box,))
    perfect = match([found_of((10, 10, 30, 30, 0.4, 0))] * 2, dataset, CLASSES)
    nothing = match([found_of()] * 2, dataset, CLASSES)
    assert average_precision(perfect)[0, 0] == pytest.approx(1.0)
    assert average_precision(nothing)[0, 0] == 0
    assert np.isnan(average_precision(perfect)[0, 1]), "no box of class b"


def test_wrong_number_of_predictions_is_an_error():
    with pytest.raises(InputError, match="1 predictions for 2 frames"):
        match([found_of()], dataset_of((), ()), CLASSES)


def test_units_are_sequences_or_blocks_that_cut_none():
    many = frame_units([f"s{i // 2}" for i in range(20)])
    assert len(set(many)) == 10
    one = frame_units(["drive"] * 62)
    sizes = np.bincount(one)
    assert len(sizes) == 20
    assert (np.diff(one) >= 0).all()
    assert sizes.max() - sizes.min() <= 1
    two = frame_units(["x"] * 30 + ["y"] * 10)
    assert not set(two[:30]) & set(two[30:])
    assert len(set(frame_units([""] * 5))) == 5


def test_the_interval_holds_the_mean_and_shrinks_with_more_units():
    rng = np.random.default_rng(0)
    box = Box("a", (10.0, 10.0, 30.0, 30.0))
    widths = []
    for count in (16, 256):
        dataset = dataset_of(*[(box,)] * count)
        found = [
            [
                found_of((10, 10, 30, 30, 0.5, 0)) if rng.random() < 0.6 else found_of()
                for _ in range(count)
            ]
            for _ in range(3)
        ]
        matches = [match(f, dataset, CLASSES, thresholds=np.array([0.5])) for f in found]
        plan = make_plan(np.arange(count), 3, draws=400, seed=0)
        result = score(matches, plan, thresholds=[0.5])
        assert result["a"].low <= result["a"].mean <= result["a"].high
        assert result[MEAN].mean == result["a"].mean, "a class without boxes is left out"
        assert np.isnan(result["b"].mean)
        widths.append(result["a"].high - result["a"].low)
    assert widths[1] < 0.6 * widths[0]


def test_draws_are_the_same_for_every_arm_and_depend_on_the_seed():
    a, b = (make_plan(np.arange(9), 3, draws=50, seed=1) for _ in range(2))
    c = make_plan(np.arange(9), 3, draws=50, seed=2)
    assert np.array_equal(a.weights, b.weights)
    assert not np.array_equal(a.weights, c.weights)
    assert (a.weights.sum(1) == 9).all()
    assert interval(np.array([np.nan, np.nan]))[0] != interval(np.array([1.0]))[0]
