"""The takeaway says what the figures say."""

from __future__ import annotations

import copy

import pytest

from isthmus.study.phrases import leading_kind, seen_by
from isthmus.study.takeaway import takeaway


def estimate(pair="source-target", metric="mmd", kind="all", ratio=5.0, p=0.001, units=20, **more):
    return {
        "pair": pair,
        "metric": metric,
        "extractor": "descriptors",
        "layer": kind,
        "kind": kind,
        "ratio": ratio,
        "above_floor": ratio > 1,
        "p_value": p,
        "units_x": units,
        "units_y": 12,
        **more,
    }


def cell(mean, low=None, high=None):
    return {
        "mean": mean,
        "low": mean - 0.02 if low is None else low,
        "high": mean + 0.02 if high is None else high,
    }


def arm(name, mean, closed=None, change=(0.1, 0.05, 0.15), alarm=False):
    value, low, high = change
    return {
        "name": name,
        "label": name.upper(),
        "level": "image",
        "ap50": {"vehicle": cell(mean), "mean": cell(mean)},
        "gap_closed": closed,
        "change": {}
        if name == "fair_source"
        else {"vehicle": {"value": value, "low": low, "high": high, "alarm": alarm}},
    }


def closed(value, low, high):
    return {"value": value, "low": low, "high": high, "defined": True, "reason": None}


def documents():
    domain = {"name": "day", "frames": 100, "objects": {"vehicle": 200}, "skipped": 0}
    return copy.deepcopy(
        {
            "data": {
                "domains": {
                    "source": domain,
                    "target": {**domain, "name": "dusk"},
                    "target_test": None,
                },
                "notes": [],
            },
            "conditions": {"conditions": []},
            "gap": {
                "pairs": [{"name": "source-target"}, {"name": "source-halves"}],
                "estimates": [
                    estimate(),
                    estimate(metric="cmd", ratio=7.0),
                    estimate(kind="texture", ratio=2.0),
                    estimate(kind="shape", ratio=0.5, p=0.4),
                    estimate(pair="source-halves", ratio=0.8, p=0.3),
                ],
            },
            "score": {
                "classes": ["vehicle"],
                "arms": [arm("fair_source", 0.3), arm("fda", 0.5, closed(0.6, 0.4, 0.8))],
                "selected": {"arm": "fda"},
                "oracle_selected": {"arm": "fda", "loss": 0.0},
            },
        }
    )


def levels(result, topic):
    return [s["level"] for s in result["statements"] if s["topic"] == topic]


def test_a_gap_that_was_narrowed():
    result = takeaway(documents())
    assert result["verdict"] == "gap narrowed"
    assert result["headline"] == (
        "day → dusk: all 2 measurements see a gap; “FDA” wins back 60 % [40, 80] of its cost in "
        "AP50."
    )
    assert result["figures"]["gap_over_floor_median"] == 6.0
    assert result["figures"]["control_over_floor_median"] == 0.8
    text = " ".join(s["text"] for s in result["statements"])
    assert "texture 2×, shape 0.5×" in text
    assert "mean AP50 50.0 [48.0, 52.0] against 30.0 [28.0, 32.0]" in text
    assert not levels(result, "harm")


def test_harm_is_an_alarm_and_comes_first():
    given = documents()
    given["score"]["arms"][1] = arm(
        "fda", 0.2, closed(-0.3, -0.5, -0.1), (-0.1, -0.15, -0.05), True
    )
    result = takeaway(given)
    assert result["verdict"] == "a class got worse"
    assert result["statements"][0]["level"] == "alarm"
    assert "−10.0 points [−15.0, −5.0]" in result["statements"][0]["text"]
    assert any("Do not deploy “FDA” for vehicle" in step["text"] for step in result["next_steps"])


def test_without_test_labels_nothing_is_claimed_about_accuracy():
    given = documents()
    given["score"] = {"classes": ["vehicle"], "arms": [], "selected": None}
    result = takeaway(given)
    assert result["verdict"] == "gap found"
    assert levels(result, "score") == ["warning"]
    # 2 vehicles a frame, 384 objects wanted: 193 frames
    assert any("Label about 193 target frames" in step["text"] for step in result["next_steps"])
    assert "ap50_selected" not in result["figures"]


def test_no_gap_found_is_said_and_not_called_a_proof():
    given = documents()
    for row in given["gap"]["estimates"]:
        row.update(ratio=0.7, above_floor=False, p_value=0.5)
    result = takeaway(given)
    assert result["verdict"] == "no gap found"
    assert any("no proof" in s["text"] for s in result["statements"])


def test_an_undefined_share_is_never_a_number():
    given = documents()
    given["score"]["arms"][1]["gap_closed"] = {
        "value": None,
        "low": None,
        "high": None,
        "defined": False,
        "reason": "no oracle",
    }
    result = takeaway(given)
    assert result["verdict"] == "undecided"
    assert "cannot be told" in result["headline"]


def test_skipped_input_and_few_units_are_warned_about():
    given = documents()
    given["data"]["domains"]["target"]["skipped"] = 3
    for row in given["gap"]["estimates"]:
        row["units_x"] = 4
    result = takeaway(given)
    assert levels(result, "data") == ["warning"]
    assert levels(result, "certainty") == ["warning"]


@pytest.mark.parametrize(
    ("units", "p", "level"),
    [((4, 4), 0.03, 0.05), ((4, 5), 0.03, 0.01), ((20, 4), 0.03, 0.01), ((20, 4), 0.004, 0.01)],
)
def test_a_p_value_is_held_to_the_lax_level_only_where_the_strict_one_is_out_of_reach(
    units, p, level
):
    # 4 and 4 units can be exchanged in 70 ways, 4 and 5 in 126: only the first cannot reach 0.01.
    given = documents()
    for row in given["gap"]["estimates"]:
        row.update(units_x=units[0], units_y=units[1], p_value=p)
    said = next(s["text"] for s in takeaway(given)["statements"] if s["topic"] == "gap")
    seen = p <= level
    assert (f"p ≤ {level}" in said) is seen
    assert said.startswith("None of") is not seen


def test_measurements_are_counted_in_words_that_fit():
    said = [seen_by(*counts) for counts in ((1, 1), (0, 1), (3, 3), (2, 3), (0, 3), (0, 0))]
    assert said == [
        "the only measurement sees a gap",
        "the only measurement sees no gap",
        "all 3 measurements see a gap",
        "2 of 3 measurements see a gap",
        "0 of 3 measurements see a gap",
        "0 of 0 measurements see a gap",
    ]


def test_rare_conditions_become_statements_with_their_remedy():
    given = documents()
    case = {
        "label": "Low light",
        "rare": True,
        "remedy": "low_light",
        "source_share": 0.01,
        "source_high": 0.03,
        "target_share": 0.9,
    }
    given["conditions"]["conditions"] = [case, {**case, "remedy": None, "label": "Snow"}]
    result = takeaway(given)
    texts = [s["text"] for s in result["statements"] if s["topic"] == "corner cases"]
    assert texts[0].startswith("Low light: 90 % of the target frames, 1 % of the source")
    assert result["figures"]["corner_cases"] == 2
    assert [s for s in result["next_steps"] if "“Snow”" in s["text"]]


def statements(result, topic):
    return [s["text"] for s in result["statements"] if s["topic"] == topic]


def test_the_control_counts_the_same_measurements_as_the_gap():
    given = documents()
    given["gap"]["estimates"].append(estimate(pair="source-halves", kind="texture", ratio=40.0))
    assert takeaway(given)["figures"]["control_over_floor_median"] == 0.8


def test_a_control_below_zero_is_explained_and_has_a_true_minus():
    given = documents()
    given["gap"]["estimates"][-1]["ratio"] = -0.44
    (text,) = statements(takeaway(given), "gap")
    assert "the median is −0.44 times theirs: as expected, no gap." in text


def test_more_than_the_whole_gap_is_explained():
    given = documents()
    given["data"]["domains"]["target"]["splits"] = {"train": 140, "test": 140}
    (text,) = statements(takeaway(given), "adaptation")
    assert "oracle, which had" not in text
    given["score"]["arms"][1]["gap_closed"] = closed(1.34, 0.99, 1.91)
    result = takeaway(given)
    (text,) = statements(result, "adaptation")
    assert "cannot be told from the oracle" in text
    assert "more than the oracle" not in result["headline"]
    given["score"]["arms"][1]["gap_closed"] = closed(1.34, 1.08, 1.91)
    result = takeaway(given)
    (text,) = statements(result, "adaptation")
    assert "it scores above the oracle, which had only 140 labelled target frames" in text
    assert (
        "wins back 134 % [108, 191] of its cost in AP50, more than the oracle."
        in (result["headline"])
    )


def generated(*shares, floor=0.1):
    given = documents()
    metrics = ["mmd", "cmd"][: len(shares)]
    for row in given["gap"]["estimates"]:
        row["floor"] = floor
    given["generate"] = {
        "effects": [{"effect": "low_light", "boxes": {"keep": 9, "ignore": 0, "drop": 0}}],
        "gap": [
            {
                "effect": "low_light",
                "extractor": "descriptors",
                "metric": metric,
                "before": {"value": 2.0},
                "after": {"value": 2.0 * share},
            }
            for metric, share in zip(metrics, shares, strict=True)
        ],
    }
    return [s for s in takeaway(given)["statements"] if s["topic"] == "generation"]


def test_generated_frames_that_do_not_reach_the_target_are_named():
    (short,) = generated(0.4, 1.2)
    assert short["level"] == "warning"
    assert "Low light: the generated frames do not reach the target: 2 of 2" in short["text"]
    assert "40 to 120 % of the gap is left; by 1 of them they lie farther" in short["text"]
    (partly,) = generated(0.4, 0.04)
    assert "1 of 2 gap measures" in partly["text"]
    (there,) = generated(0.04, 0.03)
    assert there["level"] == "good"


def test_a_class_that_is_hardly_detected_is_not_hidden_by_the_mean():
    given = documents()
    assert not statements(takeaway(given), "class")
    given["score"]["arms"][1]["ap50"]["pedestrian"] = cell(0.01, 0.003, 0.027)
    (text,) = statements(takeaway(given), "class")
    assert text.startswith("Pedestrian is hardly detected on the target: AP50 1.0 [0.3, 2.7]")


def test_the_harm_of_an_arm_that_was_not_chosen_is_one_statement():
    given = documents()
    other = arm("adabn", 0.2, None, (-0.01, -0.02, -0.0004), True)
    other["change"]["mean"] = {"value": -0.05, "low": -0.1, "high": -0.02, "alarm": True}
    given["score"]["arms"].append(other)
    (text,) = statements(takeaway(given), "harm")
    assert "vehicle −1.0 points [−2.0, 0.0], the mean over classes −5.0 points" in text


def test_an_untrained_detector_proves_nothing():
    given = documents()
    given["score"]["arms"][0]["validators"] = {"source_val_ap50": 0.01}
    given["score"]["arms"][1] = arm("fda", 0.2, None, (-0.1, -0.15, -0.05), True)
    result = takeaway(given)
    assert result["verdict"] == "detector not trained"
    assert result["statements"][0]["level"] == "alarm"
    assert "no evidence" in result["statements"][0]["text"]
    assert not levels(result, "harm")
    assert result["next_steps"][0]["text"] == "Train for more steps"


def test_a_kind_leads_only_where_most_metrics_say_so():
    def row(kind, metric, ratio):
        return {"kind": kind, "metric": metric, "ratio": ratio}

    agreed = [row("texture", m, 5.0) for m in "abc"] + [row("shape", m, 2.0) for m in "abc"]
    assert leading_kind(agreed) == "texture"
    split = [row("texture", "a", 9.0), row("texture", "b", 1.0), row("texture", "c", 3.0)]
    split += [row("shape", "a", 2.0), row("shape", "b", 2.9), row("shape", "c", 3.1)]
    assert leading_kind(split) is None
    assert leading_kind(agreed[:3]) == "texture"
    assert leading_kind([]) is None


def test_early_layers_of_a_network_do_not_say_what_kind_the_gap_is():
    def leading(deep):
        given = documents()
        kinds = [estimate(kind="texture", ratio=4.0, layer="texture", deep=True)]
        kinds += [estimate(kind="semantic", ratio=2.0, layer="c9", deep=True)]
        kinds += [estimate(kind="semantic", ratio=9.0, layer=f"c{i}", deep=deep) for i in (1, 2)]
        given["gap"]["estimates"] = [estimate(), *kinds]
        return takeaway(given)["figures"]["leading_kind"]

    assert leading(deep=False) == "texture"
    assert leading(deep=True) == "semantic"


def test_no_gain_means_staying_with_the_fair_source():
    given = documents()
    arm = given["score"]["arms"][1]
    arm["change"]["mean"] = {"value": -0.027, "low": -0.1, "high": 0.03, "alarm": False}
    steps = takeaway(given)["next_steps"]
    assert any("Stay with the fair source" in step["text"] for step in steps)
