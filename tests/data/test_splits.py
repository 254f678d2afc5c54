"""Splits by public labels: whole drives, and an account of what is on no side."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from isthmus.data.dataset import Dataset
from isthmus.data.frame import Frame
from isthmus.data.splits import RULES, save_split, split_by
from isthmus.errors import ConfigError, InputError


def dataset(*rows: tuple[str, str]) -> Dataset:
    frames = [
        Frame(f"f{i}.jpg", Path(f"f{i}.jpg"), 9, 9, f"{i:064x}", sequence=drive,
              attributes={"timeofday": time} if time else {"weather": "clear"})
        for i, (drive, time) in enumerate(rows)
    ]  # fmt: skip
    return Dataset("set", tuple(frames))


ROWS = [("a", "daytime"), ("a", "daytime"), ("a", "night"), ("b", "night"), ("b", "dawn/dusk"),
        ("", "daytime"), ("c", ""), ("d", "undefined")]  # fmt: skip


def test_drives_are_whole_and_the_rest_is_accounted_for():
    found = split_by(dataset(*ROWS), "time")
    names = {side: [f.id for f in part] for side, part in found.sides.items()}
    assert names == {"day": ["f0.jpg", "f1.jpg", "f5.jpg"], "night": ["f3.jpg"]}
    assert found.left_out == {
        "its drive is on another side": 1,
        "no attribute": 1,
        "timeofday is 'dawn/dusk'": 1,
        "timeofday is 'undefined'": 1,
    }
    kept = sum(len(part) for part in found.sides.values())
    assert kept + sum(found.left_out.values()) == len(ROWS)
    drives = [{f.sequence for f in part if f.sequence} for part in found.sides.values()]
    assert not set.intersection(*drives)


def test_the_lists_can_be_made_again(tmp_path):
    first = save_split(dataset(*ROWS), "time", tmp_path / "one")
    second = save_split(dataset(*ROWS), "time", tmp_path / "two")
    assert [p.read_bytes() for p in first.values()] == [p.read_bytes() for p in second.values()]
    told = json.loads(first["night"].read_text())
    assert told["rule"] == {"attribute": "timeofday", "values": ["night"]}
    assert told["frames"] == [{"id": "f3.jpg", "sequence": "b", "sha256": f"{3:064x}"}]
    assert told["dataset"]["fingerprint"] == dataset(*ROWS).fingerprint


def test_every_value_is_on_one_side():
    for rule in RULES.values():
        values = [value for side in rule.sides.values() for value in side]
        assert len(values) == len(set(values))


def test_wrong_rules_are_errors():
    with pytest.raises(ConfigError, match=r"neither a rule .* nor an attribute"):
        split_by(dataset(*ROWS), "mood")
    with pytest.raises(InputError, match="'scene'"):
        split_by(dataset(*ROWS), "scene")
    with pytest.raises(ConfigError, match="too much alike"):
        split_by(dataset(("a", "a/b"), ("b", "a b")), "timeofday")


def test_the_words_of_a_rule_are_used_only_where_the_labels_use_them():
    others = dataset(("a", "noon"), ("b", "midnight"))
    with pytest.raises(InputError, match="with one of the values daytime, night"):
        split_by(others, "time")
    assert set(split_by(others, "timeofday").sides) == {"noon", "midnight"}


def test_sequences_divide_a_set_as_attributes_do():
    rows = dataset(("a", "night"), ("a", "night"), ("b", "night"))
    sides = split_by(rows, "sequence").sides
    assert {name: len(part) for name, part in sides.items()} == {
        name: sum(f.sequence == name for f in rows) for name in rows.sequences
    }
    assert len(sides) == 2


def test_any_attribute_divides_a_set_into_its_values(tmp_path):
    written = save_split(dataset(("a", "dawn/dusk"), ("b", "../night"), ("c", "")), "timeofday",
                         tmp_path)  # fmt: skip
    assert {side: path.name for side, path in written.items()} == {
        "dawn-dusk": "dawn-dusk.json",
        "night": "night.json",
    }
    assert all(path.parent == tmp_path for path in written.values())
    told = json.loads(written["night"].read_text())
    assert told["rule"] == {"attribute": "timeofday", "values": ["../night"]}
