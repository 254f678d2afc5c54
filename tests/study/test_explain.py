"""A measured gap is explained: what removes it, where it lies, which frames show it."""

import dataclasses
import json
import sys
from dataclasses import replace
from types import ModuleType

import jsonschema
import numpy as np
import pytest
import torch

import isthmus
from isthmus.compute.executor import SerialExecutor
from isthmus.compute.local import local_executor
from isthmus.data.dataset import Dataset
from isthmus.data.frame import Box, Frame
from isthmus.data.images import write_jpeg
from isthmus.errors import InputError
from isthmus.files import canonical_json, file_digest
from isthmus.gap.interventions import RemovedShare
from isthmus.gap.regions import RegionMap
from isthmus.study import explain
from isthmus.study.explain import SCHEMA, explain_schema
from isthmus.study.explain_layout import layout_share
from isthmus.study.explain_parts import SHOWN_INTERVENTIONS, overlaid
from isthmus.study.explain_sides import Sides, prepare
from isthmus.study.measure import GapResult, measure_gap

SIZE = (96, 64)
BOTH = "colour+spectrum+sharpness"


def drawn(folder, name, count, *, corner, light, seed):
    """Noisy grey frames with one box each; `corner` brightens the lower right of all of them."""
    rng = np.random.default_rng(seed)
    folder.mkdir()
    frames = []
    for number in range(count):
        picture = rng.normal(110, 25, (SIZE[1], SIZE[0], 3))
        picture[40:, 60:] += corner
        x, y = int(rng.integers(4, 40)), int(rng.integers(4, 12))
        picture[y : y + 18, x : x + 18] = rng.normal(200, 8, (18, 18, 3))
        path = folder / f"{number:03d}.jpg"
        write_jpeg(path, np.clip(picture * light, 0, 255).astype(np.uint8))
        box = Box("vehicle", (float(x), float(y), x + 18.0, y + 18.0))
        digest = file_digest(path)
        frames.append(Frame(path.name, path, *SIZE, digest=digest, objects=(box,)))
    return Dataset(name, tuple(frames), (), ("vehicle",))


@pytest.fixture(scope="module")
def explained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explain")
    source = drawn(folder / "a", "plain", 26, corner=0, light=1.0, seed=1)
    target = drawn(folder / "b", "lit corner", 24, corner=70, light=0.75, seed=2)
    result = measure_gap(source, target, metrics=["mmd"], permutations=99, workers=1)
    report = isthmus.explain(result, folder / "run", permutations=99)
    document = json.loads((folder / "run/stages/explain/result.json").read_text())
    return folder / "run", report, document


def test_every_part_is_there(explained):
    _, _, document = explained
    assert document["schema"] == SCHEMA
    assert (document["n"], document["m"]) == (26, 24)
    assert document["left_out"] == []
    shares = {row["intervention"]: row["share"] for row in document["removed"]}
    assert shares["light"] > 0.1
    assert shares["light"] > shares["sharpness"]
    assert {part["part"] for part in document["parts"]} == {"object", "context", "background"}


def test_the_document_is_what_its_schema_promises(explained):
    _, _, document = explained
    schema = explain_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["title"] == SCHEMA
    jsonschema.validate(document, schema)
    row = schema["$defs"]["removed"]
    assert [field.name for field in dataclasses.fields(RemovedShare)] == row["required"]
    spoiled = {**document, "removed": [{**document["removed"][0], "share": 1.5}]}
    assert not jsonschema.Draft202012Validator(schema).is_valid(spoiled)


def mixed(folder, name, count, *, crowded, seed, labelled=True):
    """Grey noise; `crowded` of 10 frames hold a large bright object, the others a small one."""
    rng = np.random.default_rng(seed)
    folder.mkdir()
    frames = []
    for number in range(count):
        picture = rng.normal(90, 12, (SIZE[1], SIZE[0], 3))
        side = 50 if number % 10 < crowded else 8
        x, y = int(rng.integers(0, 40)), int(rng.integers(0, 14))
        picture[y : y + side, x : x + side] += 110
        path = folder / f"{number:03d}.jpg"
        write_jpeg(path, np.clip(picture, 0, 255).astype(np.uint8))
        box = Box("vehicle", (float(x), float(y), float(x + side), float(y + side)))
        objects = (box,) if labelled else None
        frames.append(Frame(path.name, path, *SIZE, digest=file_digest(path), objects=objects))
    return Dataset(name, tuple(frames), (), ("vehicle",))


@pytest.fixture
def mix(tmp_path):
    """Both sides hold the same two kinds of frame, in other shares; only the mix differs."""
    sides = [
        mixed(tmp_path / name, name, 60, crowded=crowded, seed=crowded)
        for name, crowded in (("source", 2), ("target", 7))
    ]
    return Sides(sides[0].frames, sides[1].frames, permutations=99)


def test_a_gap_that_is_a_mix_goes_with_the_layout(mix, tmp_path):
    material = prepare(mix, tmp_path, SerialExecutor())
    found = layout_share(mix, material)
    assert found["intervention"] == "layout"
    assert found["share"] > 0.8
    assert found["low"] > 0.5
    assert found["effective_n"] < 50
    assert found["settings"]["classes"] == ["vehicle"]
    # A class on one side alone is named: weights cannot bring it.
    more = replace(mix.target[0], objects=(*mix.target[0].objects, Box("tram", (0, 0, 9, 9))))
    other = replace(mix, target=(more, *mix.target[1:]))
    assert any("tram: boxes on the side of the target only" in w for w in
               layout_share(other, material)["warnings"])  # fmt: skip


def test_without_labels_the_layout_is_left_out_with_the_reason(explained, tmp_path):
    _, _, document = explained
    order = [row["intervention"] for row in document["removed"]]
    assert order == ["light", "colour", "spectrum", "sharpness", "layout", BOTH]
    source = drawn(tmp_path / "a", "few", 6, corner=0, light=1.0, seed=3)
    target = drawn(tmp_path / "b", "others", 6, corner=0, light=0.5, seed=4)
    bare = Dataset("bare", tuple(replace(f, objects=None) for f in target.frames), (), ())
    result = measure_gap(source, bare, metrics=["mmd"], permutations=99, workers=1)
    report = isthmus.explain(result, tmp_path / "run", permutations=19)
    document = json.loads((tmp_path / "run/stages/explain/result.json").read_text())
    assert [row["intervention"] for row in document["removed"]] == list(SHOWN_INTERVENTIONS)
    (reason,) = [item["reason"] for item in document["left_out"] if item["part"] == "layout"]
    assert "the target has no labels" in reason
    assert "what the class and layout mix removes: the target has no labels" in report.read_text()


def test_the_heat_map_is_hottest_where_the_frames_differ_most(explained):
    _, _, document = explained
    row, column = document["regions"]["peak"]
    assert row >= 3
    assert column >= 4


def test_the_report_shows_the_explanation_and_no_stage_of_a_study(explained):
    run, report, document = explained
    page = report.read_text()
    for heading in ("What removes it", "Where in the frame", "Which frames", "How many frames"):
        assert heading in page
    assert "has not run" not in page
    assert "Takeaway" not in page
    named = [e["image"] for g in document["galleries"] for e in g["entries"]]
    assert named
    assert all((run / "stages" / "explain" / name).is_file() for name in named)


def test_a_part_that_cannot_be_told_is_named_with_its_reason(explained, tmp_path):
    source = drawn(tmp_path / "a", "few", 6, corner=0, light=1.0, seed=3)
    target = drawn(tmp_path / "b", "others", 6, corner=0, light=0.5, seed=4)
    result = measure_gap(source, target, metrics=["mmd"], permutations=99, workers=1)
    report = isthmus.explain(result, tmp_path / "run", permutations=19)
    document = json.loads((tmp_path / "run/stages/explain/result.json").read_text())
    assert all(matrix["cells"] == [] for matrix in document["slices"])
    assert all(item["reason"] for item in document["left_out"])
    assert report.is_file()


class Corner(torch.nn.Module):
    """Small means of the picture, and a vector."""

    def __init__(self):
        super().__init__()
        self.means, self.vector = torch.nn.AvgPool2d(4), torch.nn.Flatten()

    def forward(self, x):
        return self.vector(self.means(x))


def test_layers_of_a_network_have_heat_maps_of_their_own(tmp_path, monkeypatch):
    source = drawn(tmp_path / "a", "plain", 14, corner=0, light=1.0, seed=7)
    target = drawn(tmp_path / "b", "lit corner", 14, corner=70, light=1.0, seed=8)
    package = ModuleType("corner_nets")
    package.build = Corner
    monkeypatch.setitem(sys.modules, "corner_nets", package)
    spec = "torch:corner_nets:build?size=96x64&scale=1#means,vector"
    result = measure_gap(
        source, target, extractors=[spec], metrics=["mmd"], permutations=99, workers=1
    )
    report = isthmus.explain(result, tmp_path / "run", permutations=99)
    document = json.loads((tmp_path / "run/stages/explain/result.json").read_text())
    (layer,) = document["layer_regions"]
    assert (layer["extractor"], layer["layer"]) == (spec, "means")
    assert np.shape(layer["value"]) == (6, 8)
    row, column = layer["peak"]
    assert row >= 3
    assert column >= 5
    assert all((tmp_path / "run/stages/explain" / s["image"]).is_file() for s in layer["shown"])
    reasons = [item["reason"] for item in document["left_out"] if item["part"] == "layer_regions"]
    assert len(reasons) == 1
    assert "no positions in vector" in reasons[0]
    page = report.read_text()
    assert "Layer “means” of" in page
    assert "The gap by region of the frame as layer “means” sees it" in page


def test_processes_give_what_one_process_gives(tmp_path, monkeypatch):
    source = drawn(tmp_path / "a", "few", 5, corner=0, light=1.0, seed=5)
    target = drawn(tmp_path / "b", "others", 5, corner=50, light=0.8, seed=6)
    sides = Sides(source.frames, target.frames, permutations=19)
    alone = explain.explain_gap(sides, tmp_path / "alone", executor=local_executor(1))
    monkeypatch.setattr(explain, "FEW_FRAMES", 0)
    shared = explain.explain_gap(sides, tmp_path / "shared", executor=local_executor(2))
    assert canonical_json(shared) == canonical_json(alone)
    assert [row["intervention"] for row in alone["removed"] if row["intervention"] != "layout"] == [
        *SHOWN_INTERVENTIONS
    ]
    pictures = [sorted(path.name for path in (tmp_path / n).iterdir()) for n in ("alone", "shared")]
    assert pictures[0] == pictures[1]  # and nothing else is left behind


def test_a_measurement_without_frames_is_refused(tmp_path):
    with pytest.raises(InputError, match="no frames"):
        isthmus.explain(GapResult({}, ()), tmp_path)


def test_the_overlay_colours_the_largest_cell_most():
    value = np.array([[0.0, 1.0], [0.5, -0.2]])
    found = RegionMap(
        **{name: value for name in ("value", "excess", "floor", "p_raw", "p_value")},
        layer="all", stands_out=value > 0, correction="max", level=0.95, n=4, m=4,
        units_x=4, units_y=4, unit_kind="frames", warnings=(),
    )  # fmt: skip
    grey = np.full((20, 40, 3), 90, np.uint8)
    moved = np.abs(overlaid(grey, found).astype(int) - grey).sum(axis=2)
    assert moved[5, 30] > moved[15, 10] > moved[5, 10] == moved[15, 30] == 0
