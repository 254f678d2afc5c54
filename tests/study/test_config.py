"""Study files: all faults at once, with lines and nearest names."""

from __future__ import annotations

from pathlib import Path

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
