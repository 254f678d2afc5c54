"""Galleries rank the right frames, judge none by itself, and show no moment twice."""

from __future__ import annotations

import numpy as np
import pytest

from isthmus.errors import ConfigError, InputError
from isthmus.files import canonical_json
from isthmus.gap.gallery import SCORES, domain_logits, frame_scores, galleries
from isthmus.gap.witness import witness

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(40, 3)), rng.normal(size=(40, 3)) + 6
X[7] = X[23] = 6.0  # two source frames that might be the target's
X[23] += 0.3
Y[11] = -0.2  # a target frame that might be the source's
IDS = [f"{i:02d}" for i in range(40)]


def test_every_score_names_the_frames_that_were_put_there() -> None:
    # One side's odd frames at a time: an odd frame of the target has near neighbours in the source.
    source = galleries(X, np.delete(Y, 11, axis=0), ids_x=IDS, ids_y=IDS[:39], count=40, alike=0)
    target = galleries(X[24:], Y, ids_x=IDS[24:], ids_y=IDS, count=40, alike=0)
    assert [(g.score, g.side) for g in source] == [
        (score, side) for score in SCORES for side in ("source", "target")
    ]
    for gallery in source[::2]:
        assert gallery.title == "most target-like source frames"
        assert {7, 23} == {entry.row for entry in gallery.entries[:2]}
    for gallery in target[1::2]:
        assert gallery.title == "least source-like target frames"
        assert gallery.entries[-1].row == 11
        assert len(gallery.entries) == 40
        assert gallery.passed_over == 0
        assert [entry.id for entry in gallery.entries] == [IDS[e.row] for e in gallery.entries]
    canonical_json([gallery.to_document() for gallery in source])


def test_scores_are_what_they_say() -> None:
    by_name = {score.name: score for score in frame_scores(X, Y)}
    np.testing.assert_allclose(by_name["witness"].x, witness(X, Y).x)
    nearest = np.sqrt(np.square(X[:, None] - Y[None]).sum(-1)).min(axis=1)
    own = np.sqrt(np.square(Y[:, None] - Y[None]).sum(-1)) + np.diag(np.full(40, np.inf))
    np.testing.assert_allclose(by_name["distance"].x, nearest / np.median(own.min(axis=1)))
    # All but the frames that were put among the others.
    assert np.flatnonzero(by_name["classifier"].x < 0).tolist() == [7, 23]
    assert np.flatnonzero(by_name["classifier"].y > 0).tolist() == [11]


def test_the_classifier_is_at_chance_where_only_places_tell_the_sides_apart() -> None:
    """Every drive has a place of its own: a classifier that has seen it would know the side."""
    draw = np.random.default_rng(1)
    places = np.repeat(draw.normal(size=(24, 40)), 10, axis=0)
    rows = places + 0.1 * draw.normal(size=places.shape)
    units = np.repeat(np.arange(12), 10)
    held = domain_logits(rows[:120], rows[120:], units, units)
    alone = domain_logits(rows[:120], rows[120:], np.arange(120), np.arange(120))
    right = [((a > 0).mean() + (b < 0).mean()) / 2 for a, b in (held, alone)]
    assert right[0] < 0.7
    assert right[1] > 0.95


def test_near_duplicates_are_passed_over_in_time_and_in_looks() -> None:
    strange = 15 + 4.0 * np.arange(5)[:, None] * np.ones(3)
    y = np.concatenate([Y, strange, strange + 0.001])  # ten strange frames, in five pairs
    ids = [str(i) for i in range(50)]
    found = {
        g.score: g for g in galleries(X, y, ids_x=IDS, ids_y=ids, count=5) if g.side == "target"
    }["distance"]
    assert {entry.row % 5 for entry in found.entries} == set(range(5))
    assert found.passed_over >= 4
    groups = ["drive"] * 50
    times = [i / 10 for i in range(50)]
    (apart,) = (
        g
        for g in galleries(
            X, y, ids_x=IDS, ids_y=ids, groups_y=groups, times_y=times, count=4, apart=1, alike=0
        )
        if (g.side, g.score) == ("target", "distance")
    )
    shown = sorted(entry.row for entry in apart.entries)
    assert min(np.diff(shown)) >= 10
    assert apart.passed_over > 0


def test_equal_input_gives_equal_galleries_and_wrong_input_is_refused() -> None:
    one, two = (galleries(X, Y, ids_x=IDS, ids_y=IDS, seed=3) for _ in range(2))
    assert one == two
    with pytest.raises(InputError, match="3 ids"):
        galleries(X, Y, ids_x=IDS[:3], ids_y=IDS)
    with pytest.raises(ConfigError, match="out of range"):
        galleries(X, Y, ids_x=IDS, ids_y=IDS, count=0)
    with pytest.raises(InputError, match="two units"):
        domain_logits(X, Y, np.zeros(40, int), np.arange(40))
