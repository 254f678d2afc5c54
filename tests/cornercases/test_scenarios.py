"""Layouts, rarity, pairs of classes, boxes whose size does not go with their place."""

import numpy as np
import pytest

from isthmus.cornercases.attributes import Facts
from isthmus.cornercases.scenarios import (
    co_occurrences,
    habits,
    layout_names,
    layout_of,
    rarity,
    unusual_boxes,
)
from isthmus.data.frame import Box
from isthmus.errors import InputError


def standing(lowest, category="car", x=50.0, scale=1.0):
    """A box on a road whose horizon is at 40 of 100: height half of what it is below it."""
    tall = 0.5 * (lowest - 40) * scale
    return Box(category, (x - tall / 2, lowest - tall, x + tall / 2, lowest))


def frame(*boxes):
    return Facts({}, boxes, 100)


def street(rng, n=5):
    places = zip(rng.uniform(45, 95, n), rng.uniform(20, 180, n), strict=True)
    return frame(*(standing(y, x=x) for y, x in places))


def test_layouts_have_names_and_stay_within_bounds():
    made = layout_of(street(np.random.default_rng(0)), 200)
    assert made.shape == (len(layout_names()),)
    assert made.min() >= 0
    assert made.max() <= 1
    named = dict(zip(layout_names(), layout_of(frame(standing(90)), 200), strict=True))
    assert named["vehicle_number"] == 0.25  # 1 / (1 + 3)
    assert named["vehicle_tallest"] == pytest.approx(0.25)
    assert named["vehicle_third0"] == 0.25
    assert not layout_of(frame(), 200).any()


def test_a_crowd_is_rare_among_cars():
    rng = np.random.default_rng(1)
    source = np.stack([layout_of(street(rng, rng.integers(2, 7)), 200) for _ in range(80)])
    crowd = frame(*(standing(80, "person", x) for x in range(10, 190, 9)))
    found = rarity(source, np.stack([layout_of(crowd, 200), source[3]]), [""] * 80)
    assert found[0] > 2
    assert found[1] < 1
    with pytest.raises(InputError, match="10 are needed"):
        rarity(source[:5], source, [""] * 5)


def test_classes_that_are_never_together():
    frames = [frame(standing(80), standing(70, "person"))] * 6
    frames += [frame(standing(80)), frame(standing(60, "train"))]
    first, *_, last = co_occurrences(frames)
    assert first.pair in {("car", "train"), ("person", "train")}
    assert (first.frames, first.lift) == (0, 0)
    assert last.pair == ("car", "person")
    assert last.lift == pytest.approx(6 * 8 / (7 * 6))


def test_a_giant_stands_out():
    rng = np.random.default_rng(2)
    frames = [street(rng) for _ in range(30)]
    known = habits(frames)
    assert set(known) == {"car"}
    assert unusual_boxes(frames[:5], known) == []
    odd = frame(standing(80), standing(60, scale=5.0))
    ((number, box, off),) = unusual_boxes([frames[0], odd], known)
    assert (number, box) == (1, odd.objects[1])
    assert off > 4
