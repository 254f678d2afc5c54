"""Density ratios, effective size and uncovered mass where the truth is known."""

import numpy as np
import pytest

from isthmus.errors import InputError
from isthmus.quality.support import support, weighted_share


def rows(rng, n, shift=0.0, d=4):
    values = rng.normal(size=(n, d)).astype(np.float32)
    values[:, 0] += shift
    return values


def found(source, target, **given):
    return support(
        source,
        target,
        source_sequences=given.get("source_sequences", [""] * len(source)),
        target_sequences=[""] * len(target),
    )


def test_equal_sets_cover_each_other_and_are_worth_their_number():
    rng = np.random.default_rng(0)
    both = found(rows(rng, 600), rows(rng, 400))
    assert both.uncovered < 0.05
    assert both.effective > 0.9 * 600
    assert both.weights.mean() == pytest.approx(1)


def test_weights_are_the_density_ratio():
    """For unit Gaussians a shift s apart, log w = s x - s²/2."""
    rng = np.random.default_rng(1)
    source = rows(rng, 3000)
    weights = found(source, rows(rng, 3000, shift=1.0)).weights
    truth = np.exp(source[:, 0] - 0.5)
    assert np.corrcoef(np.log(weights), np.log(truth))[0, 1] > 0.95
    # What the target has above 0 is 84 %, seen through the source's weighted frames.
    assert weighted_share(source[:, 0] > 0, weights) == pytest.approx(0.841, abs=0.04)


def test_a_target_elsewhere_is_uncovered_and_shown():
    rng = np.random.default_rng(2)
    target = np.concatenate([rows(rng, 150), rows(rng, 50, shift=12.0)])
    both = found(rows(rng, 500), target)
    assert both.uncovered == pytest.approx(0.25, abs=0.05)
    assert min(both.farthest(50)) >= 150
    away = found(rows(rng, 500), rows(rng, 100, shift=15.0))
    assert away.uncovered > 0.95
    assert away.effective < 30


def test_copies_within_a_drive_are_no_witnesses():
    """Two drives of copies: what is usual is the distance between them, not between copies."""
    rng = np.random.default_rng(3)
    places = rows(rng, 40)
    source = np.repeat(places, 10, axis=0) + 1e-3 * rows(rng, 400)
    sequences = [f"s{i}" for i in range(40) for _ in range(10)]
    assert found(source, rows(rng, 200), source_sequences=sequences).uncovered < 0.15
    assert found(source, rows(rng, 200)).uncovered > 0.5


def test_few_frames_are_refused():
    with pytest.raises(InputError, match="10 frames"):
        found(np.ones((5, 2), np.float32), np.ones((20, 2), np.float32))
    with pytest.raises(InputError, match="do not vary"):
        found(np.ones((20, 2), np.float32), np.ones((20, 2), np.float32))
