"""Weighted sums of layers: what is asked for is what is summed, and nothing else is."""

from __future__ import annotations

import jsonschema
import numpy as np
import pytest

from isthmus.cli import main
from isthmus.data.formats import read_dataset
from isthmus.data.images import write_jpeg
from isthmus.errors import ConfigError
from isthmus.features.descriptors import Descriptors
from isthmus.features.store import extract_features
from isthmus.files import read_json
from isthmus.gap.layers import measure_layers
from isthmus.study.gate import check_gate, parse_gate
from isthmus.study.layer_weights import SUM, parse_weights
from isthmus.study.measure import gap_schema, measure_gap


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    place = tmp_path_factory.mktemp("weights")
    rng = np.random.default_rng(0)
    for name, level, count in (("day", 170, 12), ("dusk", 90, 10)):
        (place / name).mkdir()
        for number in range(count):
            pixels = np.clip(rng.normal(level, 30, (48, 64, 3)), 0, 255).astype(np.uint8)
            write_jpeg(place / name / f"{number}.jpg", pixels)
    return place / "day", place / "dusk"


def sums(document):
    return {
        (row["pair"], row["metric"]): row for row in document["estimates"] if row["layer"] == SUM
    }


def test_the_sum_is_that_of_the_layers_and_of_those_named_alone(folders):
    asked = {"metrics": ["mmd", "cmd"], "permutations": 99, "workers": 1}
    found = measure_gap(*folders, layer_weights="colour=3,shape=1", **asked)
    plain = measure_gap(*folders, **asked)
    rows = found.document["estimates"]
    assert [row for row in rows if row["layer"] != SUM] == plain.document["estimates"]
    assert set(sums(found.document)) == {
        (pair, metric) for pair in ("source-target", "source-halves") for metric in ("mmd", "cmd")
    }
    x, y = (extract_features(read_dataset(folder), Descriptors()) for folder in folders)
    for metric, params in (("mmd", {}), ("cmd", {"bounds": (0.0, 1.0)})):
        row = sums(found.document)["source-target", metric]
        profile = measure_layers(
            x.layers, y.layers, metric, weights={"colour": 0.75, "shape": 0.25},
            permutations=99, bootstraps=300, **params,
        )  # fmt: skip
        expected = profile.combined.to_json()
        for name in ("value", "low", "high", "p_value", "floor", "plug_in", "n", "m", "d"):
            assert row[name] == expected[name], name
        parts = profile.layers
        assert row["value"] == pytest.approx(
            0.75 * parts["colour"].value + 0.25 * parts["shape"].value
        )
        assert row["params"]["weights"] == {"colour": 0.75, "shape": 0.25}
        assert row["kind"] == "all"
    jsonschema.validate(found.document, gap_schema())
    gate = parse_gate({"mmd": {"layers": {SUM: {"value": {"max": 1e-9}}}}})
    assert [check.layer for check in check_gate(found, gate).failures] == [SUM]


def test_an_extractor_without_any_of_the_layers_has_no_sum(folders):
    specs = ["descriptors#colour", "descriptors#texture,shape"]
    found = measure_gap(
        *folders, extractors=specs, metrics=["mmd"], layer_weights={"texture": 1, "shape": 0},
        permutations=99, workers=1,
    )  # fmt: skip
    rows = sums(found.document).values()
    assert {row["extractor"] for row in rows} == {specs[1]}
    texture = next(r for r in found.document["estimates"] if r["layer"] == "texture")
    row = sums(found.document)["source-target", "mmd"]
    assert row["value"] == pytest.approx(texture["value"])


def test_the_command_line_takes_weights(folders, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main([
            "measure", *map(str, folders), "--metric", "mmd", "--permutations", "99", "--workers",
            "1", "--layer-weights", "colour=2,texture=1", "--json", str(tmp_path / "gap.json"),
        ])  # fmt: skip
    assert ended.value.code == 0
    assert SUM in capsys.readouterr().out
    row = sums(read_json(tmp_path / "gap.json"))["source-target", "mmd"]
    assert row["params"]["weights"] == pytest.approx({"colour": 2 / 3, "texture": 1 / 3})


def test_names_may_hold_the_separators():
    assert parse_weights(" a=b=2, /x%2Cy = .5 ,") == {"a=b": 2.0, "/x,y": 0.5}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("colour", "'colour' is no LAYER=NUMBER"),
        ("=1", "'=1' is no LAYER=NUMBER"),
        ("colour=much", "'colour=much' is no LAYER=NUMBER"),
        ("colour=-1", "colour=-1: a number of 0 or more"),
        ("colour=inf", "colour=inf: a number of 0 or more"),
        ("colour=1,colour=2", "'colour' is named twice"),
        ("colour=0", "a weight above 0 is needed"),
        ("", "a weight above 0 is needed"),
        ("color=1", "no layer 'color' is measured; did you mean 'colour'"),
    ],
)
def test_weights_that_cannot_be_used_are_refused_before_the_work(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        measure_gap(tmp_path / "none", tmp_path / "none", layer_weights=text)
