"""Weights that match layout or class mix: exact cells, held-out odds, and what they remove."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from isthmus.data.frame import Box, Frame
from isthmus.errors import InputError
from isthmus.files import canonical_json
from isthmus.gap.interventions import removed_by_weights
from isthmus.gap.interventions.layout import (
    box_statistics,
    weights_by_cells,
    weights_by_classifier,
    whole_repeats,
)

FEW = {"permutations": 99, "bootstraps": 99, "floor_splits": 50}


def test_cells_worked_by_hand() -> None:
    found = weights_by_cells(["a", "a", "a", "b"], ["a", "b", "b", "c"])
    # Of the target that can be matched a third is a, two thirds are b.
    np.testing.assert_allclose(found.values, [4 / 9, 4 / 9, 4 / 9, 8 / 3])
    assert found.effective_n == pytest.approx(16 / (3 * (4 / 9) ** 2 + (8 / 3) ** 2))
    assert found.uncovered == 0.25
    assert "25% of the target lies in cells without source: c" in found.warnings[0]
    with pytest.raises(InputError, match="no cell in common"):
        weights_by_cells(["a"], ["b"])


def test_a_gap_that_is_only_a_mix_goes_with_the_weights() -> None:
    rng = np.random.default_rng(0)
    cells_x = np.where(rng.random(200) < 0.8, "road", "town")
    cells_y = np.where(rng.random(200) < 0.25, "road", "town")
    x, y = (
        rng.normal(size=(200, 3)) + 2.5 * (cells == "town")[:, None] for cells in (cells_x, cells_y)
    )
    weights = weights_by_cells(cells_x.tolist(), cells_y.tolist())
    found = removed_by_weights(x, y, weights, layer="all", **FEW)
    assert found.share is not None
    assert found.share >= 0.9
    assert found.effective_n == weights.effective_n
    assert 40 < weights.effective_n < 160
    assert found.change_p_value == 0.01
    # A shift within the cells stays, whatever the weights.
    moved = removed_by_weights(x, y + np.array([0, 0, 6.0]), weights, layer="all", **FEW)
    assert moved.share is not None
    assert moved.share < 0.3
    canonical_json(found.to_document())


def test_odds_find_the_true_density_ratio() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(1500, 1)), rng.normal(size=(1500, 1)) + 0.8
    found = weights_by_classifier(x, y)
    true = np.exp(0.8 * x[:, 0] - 0.32)
    assert np.corrcoef(np.log(found.values), np.log(true))[0, 1] > 0.999
    np.testing.assert_allclose(found.values, true / true.mean(), rtol=0.5)
    assert found.effective_n == pytest.approx(true.sum() ** 2 / np.square(true).sum(), rel=0.25)
    assert found.uncovered is None
    np.testing.assert_array_equal(found.values, weights_by_classifier(x, y).values)


def test_domains_far_apart_leave_few_frames_and_say_so() -> None:
    rng = np.random.default_rng(2)
    found = weights_by_classifier(rng.normal(size=(80, 2)), rng.normal(size=(80, 2)) + 2.5)
    assert found.effective_n < 16
    assert "few source frames" in found.warnings[0]
    with pytest.raises(InputError, match="two units"):
        weights_by_classifier(np.ones((5, 1)), np.ones((5, 1)), units_x=np.zeros(5, int))


def test_whole_repeats_keep_the_proportions() -> None:
    rng = np.random.default_rng(3)
    weights = rng.exponential(size=300)
    repeats = whole_repeats(weights)
    assert repeats.sum() == pytest.approx(3000, abs=1)
    assert np.abs(repeats - 10 * weights / weights.mean()).max() <= 1
    assert (whole_repeats(np.ones(50)) == 10).all()
    assert (whole_repeats(np.ones(9000)) == 1).all()


def test_boxes_become_numbers() -> None:
    boxes = (
        Box("car", (0, 0, 50, 20)),
        Box("car", (0, 60, 10, 80)),
        Box("car", (0, 0, 100, 100), ignore=True),
        Box("dog", (0, 0, 9, 9)),
    )
    labelled = Frame("f", Path("f.png"), 100, 100, "d", objects=boxes)
    empty = Frame("g", Path("g.png"), 100, 100, "e", objects=())
    found = box_statistics([labelled, empty], ["car", "bus"])
    np.testing.assert_allclose(found[0], [np.log(3), np.sqrt(0.12), 0.5, np.log(1.5), 0, 0, 0.5, 0])
    np.testing.assert_allclose(found[1], [0, 0, 0.5, 0] * 2)
    with pytest.raises(InputError, match="no boxes"):
        box_statistics([Frame("h", Path("h.png"), 9, 9, "x")], ["car"])
