"""Study files: all faults at once, with lines and nearest names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.errors import ConfigError
from isthmus.study.config import load_study, parse_study, study_schema

GOOD = """
name: day-to-dusk
source: {path: day/coco.json, where: {time: day}}
target:
  path: dusk
  test: {split: test}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "study.yaml"
    path.write_text(text)
    return path


def test_paths_are_relative_to_the_study_file(tmp_path):
    config = load_study(write(tmp_path, GOOD))
    assert config.source.path == tmp_path / "day/coco.json"
    assert config.target.path == tmp_path / "dusk"
    assert config.training.seeds == 3
    assert "fair_source" in config.arms


def test_all_faults_are_reported_at_once_with_their_lines(tmp_path):
    text = (
        GOOD + "trainig: {}\ntraining:\n  stepz: 3\n  batch: 0\ngap:\n  metrics: [mmd]\n"
        "  permutations: many\n"
    )
    with pytest.raises(ConfigError) as caught:
        load_study(write(tmp_path, text))
    message = str(caught.value)
    assert "4 faults" in message
    assert "line 7: trainig: unknown option; did you mean 'training'?" in message
    assert "line 9: training.stepz: unknown option; did you mean 'steps'?" in message
    assert "line 10: training.batch" in message
    assert "(got 0)" in message
    assert "line 13: gap.permutations" in message


def test_unknown_names_list_the_known_ones(tmp_path):
    with pytest.raises(ConfigError, match=r"gap.metrics: unknown 'mmdd'; did you mean 'mmd'\?"):
        load_study(write(tmp_path, GOOD + "gap: {metrics: [mmdd]}\n"))


def test_the_reference_arm_cannot_be_left_out(tmp_path):
    with pytest.raises(ConfigError, match="fair_source"):
        load_study(write(tmp_path, GOOD + "arms: [fda]\n"))


@pytest.mark.parametrize(
    "text", ["", "- a", "a: [", "!!python/object/apply:os.system ['true']", "\0", "name: 3"]
)
def test_what_is_no_study_file_is_a_config_error_with_its_path(tmp_path, text):
    with pytest.raises(ConfigError, match=r"study\.yaml"):
        load_study(write(tmp_path, text))


def test_a_fault_of_yaml_is_told_by_its_line_alone(tmp_path):
    with pytest.raises(ConfigError) as caught:
        load_study(write(tmp_path, "name: x\nsource: {path: [a\n"))
    assert "not YAML: line 3: expected ',' or ']'" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_another_kind_of_document_is_named_not_quoted(tmp_path):
    with pytest.raises(ConfigError, match=r"found a list$"):
        load_study(write(tmp_path, "- secret"))


def test_a_folder_is_answered_with_the_study_files_in_it(tmp_path):
    with pytest.raises(ConfigError, match=r"no study file \(\*.yaml\) lies in it"):
        load_study(tmp_path)
    study = write(tmp_path, GOOD)
    with pytest.raises(ConfigError, match=rf"a folder, not a study file.*{study}$"):
        load_study(tmp_path)


def test_a_run_directory_is_answered_with_how_to_go_on_and_how_to_see_the_report(tmp_path):
    config = load_study(write(tmp_path, GOOD))
    run = tmp_path / "run"
    run.mkdir()
    (run / "study.json").write_text(config.model_dump_json())
    with pytest.raises(ConfigError) as caught:
        load_study(run)
    assert f"isthmus study run {run}/study.json --out {run}." in str(caught.value)
    assert f"isthmus report {run}" in str(caught.value)
    assert load_study(run / "study.json") == config


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="no such study file"):
        load_study(tmp_path / "none.yaml")


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "a" * 200])
def test_a_name_cannot_leave_the_run_folder(name):
    with pytest.raises(ConfigError):
        parse_study({"name": name, "source": {"path": "a"}, "target": {"path": "b"}})


JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@settings(max_examples=60)
@given(st.sampled_from(["name", "seed", "source", "gap", "training", "arms", "zzz"]), JSON_LIKE)
def test_nothing_but_a_config_error_escapes(option, value):
    values = {"name": "a", "source": {"path": "a"}, "target": {"path": "b"}, option: value}
    try:
        parse_study(values)
    except ConfigError as error:
        assert str(error)  # noqa: PT017


def test_the_published_schema_names_every_option():
    schema = study_schema()
    assert {"source", "target", "gap", "training", "arms"} <= set(schema["properties"])
    assert schema["additionalProperties"] is False


PAGE = Path(__file__).resolve().parents[2] / "docs" / "study-file.md"
SECTIONS = {
    "## Top level": ("StudyConfig",),
    "## `source` and `target`": ("SourceSection", "TargetSection"),
    "## `gap`": ("GapSection",),
    "## `generate`": ("GenerateSection",),
    "## `detector`": ("DetectorSection",),
    "## `training`": ("TrainingSection",),
    "## `compute`": ("ComputeSection",),
}


def documented(heading: str) -> dict[str, tuple[str, str]]:
    """Option → (default, range) of the table below a heading of the page."""
    part = PAGE.read_text("utf-8").split(f"\n{heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \| .+ \|$", part, re.M)
    return {name: (default, limits) for name, default, limits in rows}


def limits_of(option: dict[str, Any]) -> str:
    """The range of an option of the JSON Schema, in the words of the page."""
    kinds = [option, *option.get("anyOf", []), *option.get("prefixItems", [])]
    found = {key: value for kind in kinds for key, value in kind.items()}
    if "prefixItems" in option:
        return f"{found['minimum']} to {found['maximum']} each"
    if "minItems" in found:
        return "one or more"
    if {"minimum", "maximum"} <= set(found):
        return f"{found['minimum']} to {found['maximum']}"
    if "minimum" in found:
        return f"{found['minimum']} or more"
    if "exclusiveMinimum" in found:
        upper, limit = ("up to", "maximum") if "maximum" in found else ("below", "exclusiveMaximum")
        return f"above {found['exclusiveMinimum']:g}, {upper} {found[limit]:g}"
    return "81 characters at most" if "pattern" in found else "–"


def test_the_page_has_every_option_with_its_default_and_range():
    schema = study_schema()
    for heading, names in SECTIONS.items():
        rows = documented(heading)
        models = [schema if n == "StudyConfig" else schema["$defs"][n] for n in names]
        options = {name: option for m in models for name, option in m["properties"].items()}
        assert set(rows) == set(options), heading
        for name, option in options.items():
            default, limits = rows[name]
            assert limits == limits_of(option), (heading, name)
            given = option.get("default")
            if name == "arms" or given is None or isinstance(given, dict):
                continue  # in words on the page
            shown = ", ".join(map(str, given)) if isinstance(given, list) else str(given)
            assert default == (shown.lower() if isinstance(given, bool) else shown), (heading, name)


def test_the_default_arms_are_documented_and_exist():
    from isthmus.adapt.arm_kinds import ARMS

    arms = study_schema()["properties"]["arms"]["default"]
    assert set(arms) <= set(ARMS)
    assert documented("## Top level")["arms"][0] == ", ".join(f"`{name}`" for name in arms)


def test_combinations_and_hub_detectors_are_known_by_their_form(tmp_path):
    arms = "arms: [fair_source, fda+adabn+mean_teacher]\n"
    config = load_study(write(tmp_path, GOOD + arms + "detector: {name: 'hf:models/rtdetr'}\n"))
    assert config.arms[1] == "fda+adabn+mean_teacher"
    assert config.detector.name == "hf:models/rtdetr"
    with pytest.raises(ConfigError, match="fda\\+oracle"):
        load_study(write(tmp_path, GOOD + "arms: [fair_source, fda+oracle]\n"))


def test_a_category_mapped_to_no_class_is_refused_with_the_nearest_name():
    values = {
        "name": "s",
        "source": {"path": "a.json", "categories": {"pickup": "vehicel", "cart": None}},
        "target": {"path": "b"},
    }
    with pytest.raises(ConfigError, match=r"source.categories: unknown 'vehicel'.*'vehicle'"):
        parse_study(values)
