"""Gates: rules that hold and rules that do not, figures that do not exist, and JUnit files."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from defusedxml import ElementTree

from isthmus.data.images import write_jpeg
from isthmus.errors import ConfigError
from isthmus.study.gate import check_gate, gate_schema, load_gate, parse_gate
from isthmus.study.junit import junit_bytes, write_junit
from isthmus.study.measure import GapResult, measure_gap


def drawn(folder: Path, brightness: int, seed: int, count: int = 12) -> Path:
    """Noise around a grey level: folders of one level differ by chance alone."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    for number in range(count):
        noise = rng.integers(-20, 20, (48, 64, 3)) + rng.integers(-10, 10)
        write_jpeg(folder / f"{number}.jpg", np.clip(noise + brightness, 0, 255).astype(np.uint8))
    return folder


@pytest.fixture(scope="module")
def dark_and_bright(tmp_path_factory) -> GapResult:
    place = tmp_path_factory.mktemp("gate")
    a, b = drawn(place / "a", 60, 0), drawn(place / "b", 180, 1)
    return measure_gap(a, b, metrics=["mmd", "energy"], permutations=199, workers=1)


@pytest.fixture(scope="module")
def alike(tmp_path_factory) -> GapResult:
    place = tmp_path_factory.mktemp("alike")
    a, b = drawn(place / "a", 120, 2), drawn(place / "b", 120, 3)
    return measure_gap(a, b, metrics=["mmd"], permutations=199, workers=1)


RULES = {"mmd": {"ratio": {"max": 3}, "p_value": {"min": 0.006}}}


def test_a_gate_passes_on_two_folders_of_one_kind_and_fails_on_two_of_different(
    alike, dark_and_bright
):
    assert check_gate(alike, parse_gate(RULES)).passed
    failed = check_gate(dark_and_bright, parse_gate(RULES))
    assert not failed.passed
    colour = {c.figure: c for c in failed.failures if c.layer == "colour"}
    assert set(colour) == {"ratio", "p_value"}
    assert colour["ratio"].found > 3
    assert colour["p_value"].found == pytest.approx(1 / 200)
    assert colour["p_value"].reason == "p_value 0.005 is below 0.006"


def test_every_layer_is_held_against_a_metrics_rule_and_one_against_its_own(dark_and_bright):
    layers = {"shape": {"ratio": {"max": 1e9}}, "descriptors#colour": {"ratio": {"max": 1e9}}}
    rules = {"mmd": {"ratio": {"max": 0}, "layers": layers}}
    rule = {c.layer: c.rule for c in check_gate(dark_and_bright, parse_gate(rules)).checks}
    assert rule == {
        "colour": "ratio ≤ 1e+09",
        "texture": "ratio ≤ 0",
        "shape": "ratio ≤ 1e+09",
        "all": "ratio ≤ 0",
    }


def test_an_extractors_layer_comes_before_a_layer_of_any_extractor(alike):
    named = {"colour": {"value": {"max": 1}}, "descriptors#colour": {"value": {"max": 2}}}
    for layers in (named, dict(reversed(named.items()))):
        checked = check_gate(alike, parse_gate({"mmd": {"layers": layers}}))
        assert [(c.layer, c.rule) for c in checked.checks] == [("colour", "value ≤ 2")]


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ({"coral": {"ratio": {"max": 3}}}, "coral was not measured"),
        ({"mmd": {"layers": {"colur": {"ratio": {"max": 3}}}}}, "no layer 'colur' was measured"),
        ({"mmd": {"p_value": {"min": 0.005}}}, "take more than 199 permutations"),
        ({"mmd": {"p_value": {"min": 0}}}, "this rule could not fail"),
    ],
)
def test_a_rule_that_nothing_could_be_held_against_fails_and_says_why(alike, rules, reason):
    checked = check_gate(alike, parse_gate(rules))
    assert checked.checks
    assert not checked.passed
    assert all(reason in check.reason for check in checked.checks)


def test_a_floor_that_is_not_known_is_a_failure(tmp_path):
    few = [drawn(tmp_path / name, 120, seed, count=4) for seed, name in enumerate("ab")]
    result = measure_gap(*few, metrics=["mmd"], permutations=99, workers=1)
    row = {**result.document["estimates"][0], "floor": None, "ratio": None}
    checked = check_gate({"estimates": [row]}, parse_gate({"mmd": {"ratio": {"max": 1e9}}}))
    assert [c.reason for c in checked.checks] == [
        "there is no noise floor: 4 and 4 independent units a side are too few for it"
    ]


def test_a_hint_is_printed_once_with_all_rules_that_it_is_for(alike, capsys):
    from isthmus.console import show_gate

    # A rule that 199 permutations cannot break, on four layers; and one that all of them break.
    rules = {"mmd": {"p_value": {"min": 0.001}, "value": {"max": -9}}, "coral": RULES["mmd"]}
    checked = check_gate(alike, parse_gate(rules))
    assert len(checked.failures) == 10
    assert sum(map(len, checked.reasons.values())) == 10
    show_gate(checked, saved=None)
    said = [line for line in capsys.readouterr().err.splitlines() if "FAIL: " in line]
    assert len(said) == len(checked.reasons) == 6
    (hint,) = [line for line in said if "take more than 999 permutations" in line]
    layers = ("colour", "texture", "shape", "all")
    assert hint.startswith(f"FAIL: {', '.join(f'mmd descriptors {layer}' for layer in layers)}: ")
    assert "FAIL: coral: coral was not measured; ask for it" in said


def test_only_source_against_target_is_held_against_the_rules(dark_and_bright):
    pairs = {row["pair"] for row in dark_and_bright.document["estimates"]}
    assert pairs == {"source-target", "source-halves"}
    checked = check_gate(dark_and_bright, parse_gate({"mmd": {"value": {"max": 1e9}}}))
    assert len(checked.checks) == 4


def test_without_metrics_those_that_the_gate_names_are_measured_too(tmp_path):
    few = [drawn(tmp_path / name, 120, seed, count=4) for seed, name in enumerate("ab")]
    gate = tmp_path / "gate.yaml"
    gate.write_text("coral: {value: {max: 1000}}\n")
    result = measure_gap(*few, permutations=99, gate=gate, workers=1)
    assert result.gate.passed
    assert result.document["gate"]["passed"] is True
    assert {"mmd", "coral"} <= {row["metric"] for row in result.document["estimates"]}


def test_all_faults_of_a_gate_are_told_at_once_with_their_lines(tmp_path):
    gate = tmp_path / "gate.yaml"
    gate.write_text(
        "mdm: {ratio: {max: 3}}\n"
        "frechet:\n  ratoi: {max: 3}\n  value: {min: 3, max: 1}\n  p_value: {min: .nan}\n"
        "energy: {}\n"
        "mmd: {ratio: {max: yes}}\n"
        "mmd: {layers: {all: {ratio: {}}}}\n"
    )
    with pytest.raises(ConfigError) as caught:
        load_gate(gate)
    said = str(caught.value)
    assert "line 1: mdm: unknown metric; did you mean 'mmd'?" in said
    assert "line 3: frechet.ratoi: unknown option; did you mean 'ratio'?" in said
    assert "line 4: frechet.value: min 3 lies above max 1" in said
    assert "line 5: frechet.p_value.min: Input should be a finite number" in said
    assert "line 6: energy: no rule; give bounds for one of value" in said
    assert "line 8: mmd: given twice" in said
    assert "line 8: mmd.layers.all.ratio: no bound" in said


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected rules such as"),
        ("- mmd", "expected rules such as"),
        ("{}", "at least 1 item"),
        ("mmd: [", "not YAML"),
        ("!!python/object/apply:os.system ['true']", "not YAML"),
        ("mmd: &a {layers: {all: *a}}", "nested too deeply"),
        ("a: &a [0,0,0,0,0,0,0,0,0,0]\n" + "\n".join(
            f"{n}: &{n} [{', '.join(f'*{o}' for _ in range(10))}]"
            for o, n in zip("abcdef", "bcdefg", strict=True)
        ), "more than 100000 values"),
    ],
)  # fmt: skip
def test_what_is_no_gate_file_is_refused(tmp_path, text, message):
    gate = tmp_path / "gate.yaml"
    gate.write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_gate(gate)
    with pytest.raises(ConfigError, match="no such gate file"):
        load_gate(tmp_path / "none.yaml")


def test_junit_holds_one_case_for_each_rule_and_says_why_one_failed(tmp_path, dark_and_bright):
    rules = {"mmd": {"ratio": {"max": 3}}, "coral": {"value": {"max": 1}}}
    checked = check_gate(dark_and_bright, parse_gate(rules))
    write_junit(checked, tmp_path / "out" / "gate.xml")
    root = ElementTree.parse(tmp_path / "out" / "gate.xml").getroot()
    suite = root.find("testsuite")
    cases = suite.findall("testcase")
    failed = [case for case in cases if case.find("failure") is not None]
    assert len(cases) == len(checked.checks) == int(suite.get("tests")) == int(root.get("tests"))
    assert len(failed) == len(checked.failures) == int(suite.get("failures")) > 1
    colour = next(c for c in failed if c.get("name") == "descriptors colour: ratio ≤ 3")
    row = next(c for c in checked.checks if c.layer == "colour")
    message = colour.find("failure").get("message")
    assert f"{row.found:.6g}" in message
    assert f"[{row.low:.6g}, {row.high:.6g}]" in message
    assert "rule: ratio ≤ 3" in message
    assert "coral was not measured" in failed[-1].find("failure").get("message")
    assert list((tmp_path / "out").iterdir()) == [tmp_path / "out" / "gate.xml"]


def test_names_that_no_xml_may_hold_do_not_break_the_file(alike):
    row = {**alike.document["estimates"][0], "layer": 'a\x00"<&>\ud800\x1b'}
    checked = check_gate({"estimates": [row]}, parse_gate({"mmd": {"value": {"max": -9}}}))
    root = ElementTree.fromstring(junit_bytes(checked))
    assert root.find(".//testcase").get("name") == 'descriptors a�"<&>��: value ≤ -9'


def test_the_command_line_tells_a_gate_that_holds_from_one_that_does_not(tmp_path, capsys):
    from isthmus.cli import main

    sides = [str(drawn(tmp_path / name, 120, seed, count=4)) for seed, name in enumerate("ab")]
    always = ["measure", *sides, "--metric", "energy", "--permutations", "99", "--workers", "1"]
    for bound, status, verdict in ((1e9, 0, "4 of 4 rules hold"), (-1, 4, "0 of 4 rules hold")):
        (tmp_path / "gate.yaml").write_text(f"energy: {{value: {{max: {bound}}}}}")
        outputs = ["--gate", str(tmp_path / "gate.yaml"), "--junit", str(tmp_path / "gate.xml")]
        with pytest.raises(SystemExit) as ended:
            main([*always, *outputs])
        assert ended.value.code == status
        assert verdict in capsys.readouterr().out
        root = ElementTree.parse(tmp_path / "gate.xml").getroot()
        assert root.get("failures") == ("4" if status else "0")
    with pytest.raises(SystemExit) as ended:
        main([*always, "--junit", str(tmp_path / "gate.xml")])
    assert ended.value.code == 1
    assert "--junit: there are no rules" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["dqm", "gap", "gate", "study"])
def test_the_command_line_prints_each_schema(capsys, name):
    from isthmus.cli import main

    with pytest.raises(SystemExit) as ended:
        main(["schema", name])
    assert ended.value.code == 0
    jsonschema.Draft202012Validator.check_schema(json.loads(capsys.readouterr().out))


def test_the_schema_of_gate_files_takes_a_gate_and_refuses_a_misspelt_one():
    taken = jsonschema.Draft202012Validator(gate_schema())
    assert taken.is_valid(RULES)
    assert not taken.is_valid({"mmd": {"ratoi": {"max": 3}}})
