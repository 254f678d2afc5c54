"""Choosing without labels, and the share of the gap that an arm closed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from isthmus.adapt import validators as worth
from isthmus.adapt.gap_closed import changes, gap_closed
from isthmus.adapt.select import Candidate, rank_correlations, select_arm
from isthmus.adapt.validators import NEARER, advantage, class_consistency, validators
from isthmus.detect.bootstrap import Score
from isthmus.detect.detector import Detections, build_detector

PRIOR = np.array([1.0, 2.0])


def consistency(first, second, prior):
    return class_consistency(first, second, prior).mean()


def found(*rows):
    table = np.array(rows, float).reshape(-1, 6)
    return Detections(table[:, :4], table[:, 4], table[:, 5].astype(int))


def test_consistency_is_one_for_equal_and_zero_for_disjoint_sets():
    a = [found((0, 0, 10, 10, 0.9, 0), (20, 0, 30, 10, 0.8, 1), (40, 0, 50, 10, 0.7, 1))] * 4
    b = [found((0, 50, 10, 60, 0.9, 0), (20, 50, 30, 60, 0.8, 1), (40, 50, 50, 60, 0.7, 1))] * 4
    assert consistency(a, a, PRIOR) == pytest.approx(1.0)
    assert consistency(a, b, PRIOR) == 0


def test_silence_is_not_rewarded_and_a_lost_class_costs_its_share():
    whole = [found((0, 0, 10, 10, 0.9, 0), (20, 0, 30, 10, 0.8, 1), (40, 0, 50, 10, 0.7, 1))] * 4
    vehicles = [found((20, 0, 30, 10, 0.8, 1), (40, 0, 50, 10, 0.7, 1))] * 4
    assert consistency([found()] * 4, [found()] * 4, PRIOR) == 0
    assert consistency(vehicles, vehicles, PRIOR) == pytest.approx(0.5)
    assert consistency(whole, whole, PRIOR) == pytest.approx(1.0)


def test_under_confidence_alone_changes_nothing():
    rows = [(0, 0, 10, 10, 0.9, 0), (20, 0, 30, 10, 0.8, 1), (40, 0, 50, 10, 0.7, 1)]
    shy = [found(*[(*row[:4], row[4] / 10, row[5]) for row in rows])] * 4
    assert consistency(shy, shy, PRIOR) == pytest.approx(1.0)


def test_validators_of_a_detector_are_finite_and_within_their_ranges(draw):
    detector = build_detector("compact", ("square", "disc"), seed=0, width=4, depth=0)
    signs = validators(detector, draw(6, 0).images, PRIOR)
    assert all(np.isfinite(value) for value in signs.values())
    assert 0 <= signs["flip_consistency"] <= 1
    assert {"count_square", "count_disc", "prior_drift", "entropy"} <= set(signs)


def test_advantage_is_the_mean_log_ratio_over_families():
    base = {"flip_consistency": 0.4, "scale_consistency": 0.2, "flatness": 0.9,
            "prototype_ratio": 2.0, "confidence": 0.5}  # fmt: skip
    assert advantage(base, base) == 0
    better = base | {"prototype_ratio": 3.0, "confidence": 0.99}
    assert advantage(better, base) == pytest.approx(np.log(3.05 / 2.05) / 3)
    assert advantage(base, better) == pytest.approx(-advantage(better, base))
    # flip and scaling are one family: what one wins the other can lose
    traded = base | {"flip_consistency": 0.5, "scale_consistency": 0.1}
    assert advantage(traded, base) == pytest.approx(0)
    del better["prototype_ratio"]
    assert advantage(better, base) == 0, "a family that one lacks is left out"


def test_simulation_counts_by_the_share_of_the_gap_that_it_takes():
    base = {"flatness": 0.95, "prototype_ratio": 0.95, "simulated_ap50": 0.15, NEARER: 0.75}
    better = base | {"simulated_ap50": 0.35}
    assert advantage(better, base) == pytest.approx(0.75 * np.log(2) / 1.75)
    steadier = base | {"flatness": 1.95}
    assert advantage(steadier, base) == pytest.approx(np.log(2) / 2 / 1.75)
    both = [signs | {NEARER: 1.0} for signs in (better | {"flatness": 0.45}, base)]
    assert advantage(*both) == pytest.approx((np.log(2) - np.log(2) / 2) / 2)
    useless = [signs | {NEARER: 0.0} for signs in (better, base)]
    assert advantage(*useless) == 0


def eager():
    """An untrained detector that takes many places for objects."""
    detector = build_detector("compact", ("square", "disc"), seed=0, width=4, depth=0)
    with torch.no_grad():
        detector.out.bias[:2] += 3.0
    return detector


def test_flatness_and_prototypes_are_among_the_signs(draw):
    detector = eager()
    source, target = draw(8, 1).images, draw(6, 0).images
    signs = validators(detector, target, PRIOR, source=source)
    assert 0 <= signs["flatness"] <= 1
    assert signs["prototype_ratio"] > 0
    # the source against itself: a class is at its own prototype, so the ratio is boundless
    assert validators(detector, source, PRIOR, source=source)["prototype_ratio"] > 1e3
    assert "prototype_ratio" not in validators(detector, target, PRIOR)
    again = validators(detector, target, PRIOR, source=source)
    assert again == signs, "what is drawn is drawn alike every time"


def test_the_prototype_of_a_single_class_is_held_against_the_rest_of_the_image(draw):
    detector = build_detector("compact", ("square",), seed=0, width=4, depth=0)
    with torch.no_grad():
        detector.out.bias[:1] += 3.0
    source, target = draw(8, 1).images, draw(6, 0).images
    assert 0 < validators(detector, target, PRIOR[:1], source=source)["prototype_ratio"] < 1e3


def test_weights_that_move_little_change_little(draw, monkeypatch):
    detector = eager()
    target = draw(6, 0).images
    found = {}
    for noise in (0.0, 0.5):
        monkeypatch.setattr(worth, "NOISE", noise)
        found[noise] = validators(detector, target, PRIOR)["flatness"]
    assert found[0.0] == pytest.approx(1.0)
    assert found[0.5] < 0.9


def sign(consistent, square=1.0, disc=2.0):
    return {
        "flip_consistency": consistent,
        "scale_consistency": consistent,
        "count_square": square,
        "count_disc": disc,
    }


def candidate(arm, merits, source=0.8, **counts):
    return Candidate(arm, [sign(m, **counts) for m in merits], [source] * len(merits))


FAIR = candidate("fair_source", [0.50, 0.52, 0.48])


def test_the_arm_with_the_best_signs_is_chosen_and_never_the_oracle():
    chosen = select_arm(
        [
            FAIR,
            candidate("fda", [0.60, 0.62, 0.61]),
            candidate("oracle", [0.9, 0.9, 0.9]),
        ]
    )
    assert chosen.arm == "fda"
    assert "consistency" in chosen.reason
    assert dict(chosen.ranking)["fda"] == pytest.approx(
        np.mean(
            [np.log((a + 0.05) / (b + 0.05)) for a, b in ((0.6, 0.5), (0.62, 0.52), (0.61, 0.48))]
        )
    )
    assert [arm for arm, _ in chosen.ranking] == ["fda", "fair_source"]


@pytest.mark.parametrize(
    ("bad", "word"),
    [
        (candidate("mean_teacher", [0.9, 0.9, 0.9], square=0.4), "vanishing"),
        (candidate("mean_teacher", [0.9, 0.9, 0.9], disc=9.0), "running away"),
        (candidate("mean_teacher", [0.9, 0.9, 0.9], source=0.6), "source validation"),
    ],
)
def test_guard_rails_exclude_however_consistent_an_arm_is(bad, word):
    chosen = select_arm([FAIR, bad, candidate("fda", [0.60, 0.62, 0.61])])
    assert chosen.arm == "fda"
    assert word in chosen.excluded["mean_teacher"]


def test_a_lead_within_chance_keeps_the_fair_source():
    chosen = select_arm([FAIR, candidate("fda", [0.40, 0.75, 0.42])])
    assert chosen.arm == "fair_source"
    assert "standard error" in chosen.reason
    assert select_arm([FAIR, candidate("fda", [0.3] * 3)]).arm == "fair_source"


def test_rank_correlation_is_that_of_arms_within_each_seed():
    # the second seed stands higher in all signs and lower in all scores: no matter
    signs = [
        [{"up": v, "down": -v, "flat": 1.0}, {"up": v + 9, "down": 9 - v, "flat": 1.0}]
        for v in (0.1, 0.3, 0.2, 0.9)
    ]
    scores = [(1.0, 0.1), (3.0, 0.3), (2.0, 0.2), (4.0, 0.4)]
    result = rank_correlations(signs, scores)
    assert result == {"up": pytest.approx(1.0), "down": pytest.approx(-1.0), "flat": None}


def score_of(mean, spread, seed=0, common=None):
    noise = np.random.default_rng(seed).normal(0, spread, 2000)
    draws = mean + noise + (0 if common is None else common)
    return Score(mean, *np.quantile(draws, [0.025, 0.975]), (mean,), draws)


def test_gap_closed_against_arithmetic_and_its_paired_interval():
    common = np.random.default_rng(9).normal(0, 0.1, 2000)
    fair, half, oracle = (
        score_of(mean, 0.005, seed, common) for seed, mean in enumerate((0.3, 0.5, 0.7))
    )
    result = gap_closed(half, fair, oracle)
    assert result.defined
    assert result.value == pytest.approx(0.5)
    assert 0.45 < result.low < 0.5 < result.high < 0.55, "what all share must cancel"


def test_gap_closed_is_undefined_where_there_may_be_no_gap():
    fair, oracle = score_of(0.50, 0.02, 1), score_of(0.51, 0.02, 2)
    result = gap_closed(score_of(0.52, 0.02, 3), fair, oracle)
    assert not result.defined
    assert result.value is None
    assert "may be none" in result.reason
    assert "not given" in gap_closed(fair, fair, None).reason


def test_harm_to_a_class_is_an_alarm_only_beyond_chance():
    fair = {"a": score_of(0.6, 0.01, 1), "b": score_of(0.5, 0.05, 2), "c": score_of(0.5, 0.01, 3)}
    arm = {"a": score_of(0.4, 0.01, 4), "b": score_of(0.45, 0.05, 5), "c": score_of(0.55, 0.01, 6)}
    result = changes(arm, fair)
    assert (result["a"].alarm, result["a"].warning) == (True, True)
    assert (result["b"].alarm, result["b"].warning) == (False, True)
    assert (result["c"].alarm, result["c"].warning) == (False, False)
    assert result["a"].high < 0 < result["c"].low
