"""The published JSON Schema of a measurement, held against real documents."""

from __future__ import annotations

import copy
import dataclasses
import json

import jsonschema
import numpy as np
import pytest

from isthmus.data.images import write_jpeg
from isthmus.gap import Estimate
from isthmus.study.gate import parse_gate
from isthmus.study.measure import SCHEMA, GapResult, gap_schema, measure_gap


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> GapResult:
    place = tmp_path_factory.mktemp("schema")
    rng = np.random.default_rng(0)
    for name, count in (("a", 8), ("b", 4)):
        (place / name).mkdir()
        for number in range(count):
            pixels = rng.integers(0, 255, (48, 64, 3), np.uint8)
            write_jpeg(place / name / f"{number}.jpg", pixels)
    (place / "b" / "broken.jpg").write_text("no image")
    gate = parse_gate({"mmd": {"ratio": {"max": 3}}, "coral": {"value": {"max": 1}}})
    metrics = ["mmd", "frechet", "cmd"]
    return measure_gap(
        place / "a", place / "b", metrics=metrics, permutations=99, gate=gate, workers=1
    )


def validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(gap_schema())


def test_what_measure_writes_is_what_the_schema_promises(measured, tmp_path):
    jsonschema.Draft202012Validator.check_schema(gap_schema())
    measured.save(tmp_path / "gap.json")
    document = json.loads((tmp_path / "gap.json").read_text("utf-8"))
    validator().validate(document)
    assert document["problems"]
    assert document["gate"]["checks"]
    without = {key: value for key, value in document.items() if key != "gate"}
    validator().validate(without)


def test_the_document_names_the_schema_and_its_version():
    schema = gap_schema()
    assert schema["properties"]["schema"]["const"] == SCHEMA == schema["title"]
    name, version = SCHEMA.removeprefix("isthmus.").split("/")
    assert schema["$id"] == f"urn:isthmus:schema:{name}:{version}"


def test_every_field_of_an_estimate_is_described(measured):
    row = gap_schema()["$defs"]["estimate"]
    assert set(row["required"]) == set(row["properties"])
    assert set(measured.document["estimates"][0]) == set(row["required"])
    assert {field.name for field in dataclasses.fields(Estimate)} < set(row["required"])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d.pop("problems"),
        lambda d: d.update(schema="isthmus.gap/2"),
        lambda d: d["estimates"][0].pop("floor"),
        lambda d: d["estimates"][0].update(value=None),
        lambda d: d["estimates"][0].update(p_value=0),
        lambda d: d["pairs"].clear(),
        lambda d: d["problems"][0].update(severity="bad"),
        lambda d: d["gate"]["checks"][0].update(figure="size"),
    ],
)
def test_the_schema_refuses_what_is_not_promised(measured, spoil):
    document = copy.deepcopy(measured.document)
    spoil(document)
    assert not validator().is_valid(document)
