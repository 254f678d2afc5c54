"""How many labelled frames an adaptation is worth."""

from __future__ import annotations

import numpy as np
import pytest

from isthmus.adapt.arm_kinds import arm_kind, is_arm, labelled_frames, sees_labels
from isthmus.adapt.arms import _evenly
from isthmus.adapt.label_curve import break_even
from isthmus.detect.bootstrap import Score
from isthmus.errors import ConfigError


def certain(value, wobble=0.0, seed=0):
    draws = value + np.random.default_rng(seed).normal(0, wobble, 4000)
    return Score(value, value, value, (value,), draws)


CURVE = [(0, certain(0.2)), (10, certain(0.3)), (50, certain(0.5)), (100, certain(0.45))]


@pytest.mark.parametrize(
    ("reached", "frames"),
    [(0.25, 5.0), (0.3, 10.0), (0.4, 30.0), (0.5, 50.0), (0.2, 0.0), (0.1, 0.0), (0.6, None)],
)
def test_the_curve_is_met_where_arithmetic_says(reached, frames):
    found = break_even(certain(reached), CURVE)
    assert found.frames == (None if frames is None else pytest.approx(frames))
    assert found.low == found.high == found.frames
    assert found.most == 100


def test_a_dip_is_taken_for_chance():
    dipped = [(0, certain(0.2)), (10, certain(0.4)), (20, certain(0.3)), (30, certain(0.5))]
    # between 20 and 30 the rising curve runs from 0.4 to 0.5
    assert break_even(certain(0.45), dipped).frames == pytest.approx(25)


def test_an_end_beyond_the_curve_is_open():
    found = break_even(certain(0.49, 0.02), CURVE[:3])
    assert found.frames == pytest.approx(48)
    assert 38 < found.low < 45
    assert found.high is None


def test_what_all_share_cancels():
    common = np.random.default_rng(3).normal(0, 0.2, 4000)
    moved = [(n, Score(s.mean, 0, 0, (), s.draws + common)) for n, s in CURVE]
    found = break_even(Score(0.4, 0, 0, (), np.full(4000, 0.4) + common), moved)
    assert (found.low, found.high) == (pytest.approx(30), pytest.approx(30))


def test_names_of_arms_with_few_labels():
    assert labelled_frames("labels_30") == 30
    assert sees_labels("labels_30")
    assert sees_labels("oracle")
    assert not sees_labels("augmented")
    assert arm_kind("labels_30").inputs == ("oracle",)
    for name in ("labels_0", "labels_", "labels_-3", "labels_3x", "labels_3+adabn"):
        assert not is_arm(name)


def test_labelled_frames_are_spread_over_the_set(draw):
    samples = draw(9, 0)
    some = _evenly(samples, 3)
    assert some.images.ids == tuple(samples.images.ids[i] for i in (0, 3, 6))
    second = slice(*some.offsets[1:3])
    assert (some.boxes[second] == samples.boxes[slice(*samples.offsets[3:5])]).all()
    assert _evenly(samples, 9).images.ids == samples.images.ids
    with pytest.raises(ConfigError, match="has 9 labelled frames"):
        _evenly(samples, 10)
