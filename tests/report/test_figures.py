"""The charts show the documents' numbers, with nothing lost and nothing invented."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fake_run import LAYERS, METRICS, write_run
from fake_scores import ARMS

from isthmus.report.blocks import Chart
from isthmus.report.figures import conditions, gap, scores, theme, training
from isthmus.report.sections import gap as gap_section

Documents = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Documents:
    run = write_run(tmp_path_factory.mktemp("figures"))
    return {p.parent.name: json.loads(p.read_text()) for p in run.glob("stages/*/result.json")}


@pytest.fixture
def rows(documents: Documents) -> list[dict[str, Any]]:
    labels = {"source-target": "day → dusk", "source-halves": "day → day"}
    return gap.ratio_rows(documents["gap"]["estimates"], labels)


def values_in(spec: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """All inline data of a spec."""
    yield from spec.get("datasets", {}).values()
    if "values" in spec.get("data", {}):
        yield spec["data"]["values"]


def data_with(chart: Chart, key: str) -> list[dict[str, Any]]:
    return next(rows for rows in values_in(chart.spec) if rows and key in rows[0])


def drawn(chart: Chart | None, title: str) -> Chart:
    """`chart`, which has to be the one with this title."""
    assert isinstance(chart, Chart)
    assert chart.title == title
    return chart


def test_ratios_stand_on_the_scale_of_the_floor(rows: list[dict[str, Any]]) -> None:
    row = next(r for r in rows if r["metric"] == "MMD" and r["place"] == "descriptors · all")
    assert row["ratio"] == pytest.approx(6.2, abs=1e-3)
    assert row["low"] == pytest.approx(6.2 * 0.82, rel=1e-3)
    assert row["high"] == pytest.approx(6.2 * 1.17, rel=1e-3)
    assert row["sample"] == "577 and 62 frames in 29 and 8 blocks"
    assert row["p"] == "p = 0.001"
    assert len(rows) == 2 * len(METRICS) * len(LAYERS)


def test_an_estimate_below_zero_stays_on_the_axis_with_its_true_number() -> None:
    estimate = {"metric": "mmd", "pair": "p", "value": -0.02, "low": -0.05, "high": 0.01,
                "floor": 0.05, "ratio": -0.4}  # fmt: skip
    (row,) = gap.ratio_rows([estimate], {})
    assert (row["low"], row["ratio"], row["high"]) == (-1.0, -0.4, 0.2)
    assert row["value"] == "−0.02 [−0.05, 0.01]"
    assert row["times"] == "−0.40\u202f×"


@pytest.mark.parametrize("odd", [{"floor": 0.0}, {"floor": None}, {"ratio": None}])
def test_an_estimate_without_a_floor_is_not_drawn(odd: dict[str, Any]) -> None:
    assert (
        gap.ratio_rows([{"metric": "mmd", "value": 1.0, "floor": 0.5, "ratio": 2.0} | odd], {})
        == []
    )


def test_the_axis_always_shows_the_floor(rows: list[dict[str, Any]]) -> None:
    for factor in (-0.3, 0.01, 1, 900):
        scaled = [r | {k: r[k] * factor for k in ("low", "ratio", "high")} for r in rows]
        chart = gap.ratios("a", "a", scaled, ["day → dusk", "day → day"])
        domain = chart.spec["layer"][1]["encoding"]["x"]["scale"]["domain"]
        assert domain[0] < 1 < domain[1]
        assert all(domain[0] < min(r["low"], r["high"]) for r in scaled)
        assert all(max(r["low"], r["high"]) < domain[1] for r in scaled)


@pytest.mark.parametrize("ends", [(-3.0, 20.0), (-0.5, 1.5), (-30.0, 40.0), (0.0, 5000.0)])
def test_the_floor_has_its_own_tick_and_name(ends: tuple[float, float]) -> None:
    row: dict[str, Any] = dict.fromkeys(("place", "value", "times", "p", "sample"), "")
    row |= {"pair": "p", "metric": "m", "low": ends[0], "ratio": 1.0, "high": ends[1]}
    chart = gap.ratios("a", "a", [row], ["p"])
    axis = chart.spec["layer"][1]["encoding"]["x"]["axis"]
    assert data_with(chart, "floor") == [{"floor": 1, "name": "1 = noise floor"}]
    assert 1 in axis["values"]
    assert 2 <= len(axis["values"]) <= 10


def test_kinds_are_medians_over_metrics(rows: list[dict[str, Any]]) -> None:
    chart = gap.kinds(rows, "day → dusk", "day → day")
    bars = {row["kind"]: row for row in data_with(chart, "noise")}
    assert list(bars) == ["Colour and light", "Texture", "Shape", "Semantic content"]
    assert bars["Texture"]["ratio"] == pytest.approx(4.6 * 0.72, abs=1e-3)  # Fréchet is the median
    assert bars["Semantic content"]["over"] == "5 estimates"
    # Of three layers of a network, the first two are not deep.
    assert "last third of its layers, here compact · stride16." in chart.caption


def test_captions_name_only_what_is_shown(rows: list[dict[str, Any]]) -> None:
    network = [r | {"extractor": "onnx:n.onnx"} for r in rows if r["kind"] == "semantic"]
    assert "study's detector" in gap.layers(rows, "day → dusk").caption
    assert "study's detector" not in gap.layers(network, "day → dusk").caption
    # Where no layer is marked as early, none is left out, and no third is spoken of.
    unmarked = [r | {"deep": True} for r in network]
    caption = gap.kinds(unmarked, "day → dusk", None).caption
    assert "its layers, here compact · stride4; compact · stride8" in caption
    assert "third" not in caption


def test_cautions_that_differ_in_their_numbers_alone_are_one() -> None:
    warnings = ["bounds 0.005 to 7.3: a", "bounds 3.301e-05 to 28: a", "bounds 1 to 2: other"]
    found = [{"pair": "p", "warnings": [warning]} for warning in warnings]
    _, listing = gap_section._warnings(found, {"p": "day → dusk"})
    assert [item[:30] for item in listing.items] == [
        "Bounds 0.005 to 7.3: a (2 esti",
        "Bounds 1 to 2: other (1 estima",
    ]


def test_every_layer_and_metric_has_a_cell(rows: list[dict[str, Any]]) -> None:
    cells = data_with(gap.layers(rows, "day → dusk"), "times")
    assert len({(c["place"], c["metric"]) for c in cells}) == len(LAYERS) * len(METRICS)


def test_histograms_keep_shares(documents: Documents) -> None:
    measure = documents["conditions"]["measures"][0]
    chart = drawn(conditions.histogram("m", measure), "Mean luminance")
    bars = data_with(chart, "share")
    for domain in ("source", "target"):
        assert [b["share"] for b in bars if b["domain"] == domain] == measure[domain]
    assert bars[0]["from"] == measure["edges"][0]
    assert bars[-1]["to"] == measure["edges"][-1]
    assert conditions.histogram("m", measure | {"edges": []}) is None
    assert conditions.histogram("m", measure | {"source": [1.0]}) is None


def test_average_precision_per_arm(documents: Documents) -> None:
    arms = documents["score"]["arms"]
    chart = scores.average_precision(
        "ap", arms, "vehicle", chosen="fda_mean_teacher", rests_on="62 frames.", title="AP50"
    )
    points = data_with(chart, "seeds")
    assert [p["arm"] for p in points] == [arm[1] for arm in ARMS]
    for point, arm in zip(points, arms, strict=True):
        cell = arm["ap50"]["vehicle"]
        assert (point["ap"], point["low"], point["high"]) == (
            cell["mean"],
            cell["low"],
            cell["high"],
        )
    roles = {p["arm"]: p["role"] for p in points}
    assert roles["Fair source"] == "reference"
    assert roles["AdaBN"] == "adapted"
    assert roles["FDA, then mean teacher"] == "chosen"
    assert roles["Oracle (target labels)"] == "oracle"
    seeds = [v for v in values_in(chart.spec) if v and "seeds" not in v[0]]
    assert len(seeds[0]) == 3 * len(ARMS)


def test_gap_closed_leaves_out_what_is_undefined(documents: Documents) -> None:
    arms = documents["score"]["arms"]
    chart = drawn(scores.gap_closed(arms, chosen=""), "How much of the gap each arm closed")
    assert [p["arm"] for p in data_with(chart, "closed")] == [a[1] for a in ARMS[2:-1]]
    assert scores.gap_closed(arms[:2], chosen="") is None


def test_alarms_are_marked_in_points(documents: Documents) -> None:
    chart = drawn(scores.change(documents["score"]["arms"]), "What got better, what got worse")
    points = data_with(chart, "change")
    worse = [p for p in points if p["state"] == "alarm: worse"]
    assert [(p["arm"], p["class"]) for p in worse] == [("AdaBN", "pedestrian")]
    assert worse[0]["change"] == pytest.approx(-6.1)
    assert not any(p["arm"] == "Fair source" for p in points)


def test_curves_are_means_over_seeds_and_thinned() -> None:
    curves = [{"seed": s, "step": i, "loss": i + s} for s in (0, 2) for i in range(1001)]
    chart = drawn(training.curves([{"name": "a", "curves": curves}]), "Training loss")
    points = data_with(chart, "loss")
    assert len(points) <= 122
    assert points[0] == {"arm": "A", "step": 0, "loss": 1.0}
    assert points[-1] == {"arm": "A", "step": 1000, "loss": 1001.0}
    assert training.curves([{"name": "a", "curves": []}]) is None


def test_before_and_after_are_shares_of_before(documents: Documents) -> None:
    chart = drawn(
        training.before_after("a", "Low light", documents["generate"]["gap"]),
        "Gap to the target before and after: Low light",
    )
    points = data_with(chart, "share")
    assert {p["share"] for p in points if p["when"] == "before"} == {1.0}
    assert [p["share"] for p in points if p["when"] == "after"] == pytest.approx([0.6] * 5)


def test_charts_carry_no_address_and_fill_their_place(documents: Documents) -> None:
    chart = drawn(scores.change(documents["score"]["arms"]), "What got better, what got worse")
    assert "http" not in json.dumps(chart.spec)
    assert chart.spec["width"] == "container"
    assert "config" not in chart.spec


def luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour, as WCAG 2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    "colour", sorted({theme.SOURCE, theme.TARGET, theme.CONTROL, theme.ORACLE, theme.ALARM})
)
def test_marks_can_be_seen_on_white(colour: str) -> None:
    assert 1.05 / (luminance(colour) + 0.05) >= 3.0  # WCAG 2.1, graphical objects


def test_source_and_target_differ_for_colour_blind_readers() -> None:
    def lms_without_m(colour: str) -> tuple[float, float]:  # deuteranopia: no M cones (Viénot 1999)
        r, g, b = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        long = 17.8824 * r + 43.5161 * g + 4.11935 * b
        short = 0.0299566 * r + 0.184309 * g + 1.46709 * b
        return long / 65.5, short / 1.68

    source, target = lms_without_m(theme.SOURCE), lms_without_m(theme.TARGET)
    assert abs(source[1] - target[1]) > 0.3
