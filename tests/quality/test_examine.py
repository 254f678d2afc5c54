"""A whole examination: planted faults found and named, clean sets left alone."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from made_pictures import picture
from PIL import Image, ImageFilter

import isthmus
from isthmus.data.dataset import Dataset
from isthmus.data.frame import Box, Frame, Problem
from isthmus.errors import InputError
from isthmus.quality.completeness import t_way
from isthmus.quality.image_faults import IMAGE_FAULTS
from isthmus.quality.label_faults import LABEL_FAULTS, class_balance, label_faults, overlap


def frame(folder, name, image, *boxes, sequence="", **attributes):
    path = folder / f"{name}.png"
    image.save(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    width, height = image.size
    objects = tuple(Box(category, xyxy) for category, xyxy in boxes)
    return Frame(name, path, width, height, digest, sequence=sequence, attributes=attributes,
                 objects=objects)  # fmt: skip


def darkened(image, factor):
    return Image.fromarray((np.asarray(image) * factor).astype(np.uint8))


FAULTY = {
    "under_exposed": lambda i: darkened(i, 0.1),
    "over_exposed": lambda i: Image.fromarray(
        np.clip(np.asarray(i).astype(int) * 3 + 120, 0, 255).astype(np.uint8)
    ),
    "blurred": lambda i: i.filter(ImageFilter.GaussianBlur(5)),
    "uniform": lambda i: Image.new("RGB", i.size, (90, 92, 91)),
    "grayscale": lambda i: i.convert("L").convert("RGB"),
    "odd_aspect": lambda i: i.crop((0, 0, 240, 270)),
    "odd_size": lambda i: i.resize((160, 90)),
}


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Twelve good pictures, and one of each fault of IMAGE_FAULTS."""
    folder = tmp_path_factory.mktemp("planted")
    frames = [frame(folder, f"good{i}", picture(i), sequence=f"s{i}") for i in range(12)]
    frames += [
        frame(folder, name, change(picture(50 + k)), sequence=f"t{k}")
        for k, (name, change) in enumerate(FAULTY.items())
    ]
    frames.append(frame(folder, "copy", picture(3), sequence="u"))
    return Dataset("planted", tuple(frames))


def test_every_planted_image_fault_is_found_and_no_other(planted):
    assert set(FAULTY) == set(IMAGE_FAULTS)
    found = isthmus.check_quality(planted, extractor=None).document["sets"][0]
    faults = {name: row["frames"] for name, row in found["image_faults"].items()}
    assert faults == {name: [name] for name in FAULTY}
    assert found["duplicates"]["exact_groups"] == [["good3", "copy"]]
    assert found["duplicates"]["distinct"] == len(planted) - 1


def test_a_set_of_grey_images_is_not_at_fault(tmp_path):
    frames = tuple(
        frame(tmp_path, f"g{i}", picture(i).convert("L").convert("RGB")) for i in range(4)
    )
    found = isthmus.check_quality(Dataset("grey", frames), extractor=None)
    assert [f.kind for f in found.findings] == []


def test_leaks_between_sets_are_errors_unless_allowed(tmp_path):
    one = Dataset("one", tuple(frame(tmp_path, f"a{i}", picture(i)) for i in range(4)))
    half = picture(2).resize((240, 135))
    other = Dataset("other", (frame(tmp_path, "b0", picture(9)), frame(tmp_path, "b1", half)))
    found = isthmus.check_quality(one, other, extractor=None)
    (leak,) = found.errors
    assert (leak.kind, leak.dataset, leak.count) == ("leak", "one, other", 1)
    (pair,) = found.document["across"][0]["pairs"]
    assert (pair["first"], pair["second"], pair["exact"]) == ("a2", "b1", False)
    assert isthmus.check_quality(one, other, extractor=None, allow_leaks=True).errors == ()
    same = isthmus.check_quality(one, one, extractor=None)
    assert [row["name"] for row in same.document["sets"]] == ["one (1)", "one (2)"]
    assert same.document["across"][0]["exact"] == 4


def test_findings_name_the_files_they_speak_of(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
    for i in range(3):
        picture(i).save(one / f"a{i}.png")
    (one / "torn.png").write_bytes((one / "a0.png").read_bytes()[:500])
    (two / "b.png").write_bytes((one / "a1.png").read_bytes())
    found = isthmus.check_quality(one, two)
    told = {f.kind: f.examples for f in found.errors}
    assert set(told) == {"unreadable", "leak"}
    (torn,) = told["unreadable"]
    assert "torn.png: " in torn
    assert told["leak"] == ("b.png is a1.png",)
    assert [Path(p["path"]).name for p in found.document["sets"][0]["skipped"]] == ["torn.png"]


def test_what_differs_between_sets_is_said(tmp_path):
    day = [frame(tmp_path, f"d{i}", picture(i), ("car", (1, 1, 9, 9)), sequence=f"d{i}")
           for i in range(12)]  # fmt: skip
    night = [frame(tmp_path, f"n{i}", darkened(picture(20 + i), 0.3), sequence=f"n{i}")
             for i in range(12)]  # fmt: skip
    found = isthmus.check_quality(
        Dataset("day", tuple(day)), Dataset("night", tuple(night)), seed=1
    )
    compared = found.document["compared"][0]
    assert compared["figures"]["brightness"]["p_value"] < 0.01
    assert compared["reach"]["uncovered"] > 0.5
    assert {"uncovered", "not_representative"} <= {f.kind for f in found.findings}
    assert found.document["sets"][0]["vendi"]["frames"] == 12
    again = isthmus.check_quality(
        Dataset("day", tuple(day)), Dataset("night", tuple(night)), seed=1
    )
    assert json.dumps(again.document) == json.dumps(found.document)


def test_label_faults():
    boxes = [
        Box("car", (10, 10, 50, 50)),
        Box("car", (10.5, 10, 50, 50)),  # duplicate_box
        Box("bus", (10, 10, 50, 50)),  # contradicting_box, with both
        Box("car", (80, 80, 130, 99)),  # outside_frame
        Box("car", (60, 60, 60, 70)),  # bad_box
        Box("person", (70, 20, 72, 40)),  # speck
    ]
    made = Frame("f", "f.png", 100, 100, "0" * 64, objects=tuple(boxes))
    problems = (Problem("x.json", "bad-box", "it has no area", count=3),)
    found = label_faults(Dataset("d", (made,), problems, ("car", "bus", "person", "tram")))
    assert {name: item.count for name, item in found.items()} == {
        "bad_box": 4, "outside_frame": 1, "duplicate_box": 1, "contradicting_box": 2, "speck": 1
    }  # fmt: skip
    assert set(found) == set(LABEL_FAULTS)
    balance = class_balance(Dataset("d", (made,), (), ("car", "bus", "person", "tram")))
    assert balance.missing == ("tram",)
    assert balance.imbalance == 4
    assert class_balance(Dataset("d", (Frame("f", "f", 9, 9, "0"),))) is None


def test_overlap_is_intersection_over_union():
    assert overlap((0, 0, 2, 2), (1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 2, 2), (2, 0, 3, 2)) == 0


def test_t_way_counts_and_forbidden_cells():
    values = {"light": ["day", "night"], "air": ["clear", "fog"], "road": ["dry", "wet"]}
    rows = [{"light": "day", "air": "clear", "road": "dry"}, {"light": "night", "air": "clear"}]
    pairs = t_way(rows, values, 2)
    assert (pairs.covered, pairs.possible) == (4, 12)
    assert t_way(rows, values, 3).share == 1 / 8
    ruled = t_way(rows, values, 2, never=[{"air": "fog"}])
    assert (ruled.covered, ruled.possible) == (4, 8)
    assert (("light", "night"), ("road", "dry")) in pairs.missing


def test_undefined_says_nothing(tmp_path):
    frames = (
        frame(tmp_path, "a", picture(0), weather="rainy", scene="city"),
        frame(tmp_path, "b", picture(1), weather="undefined", scene="city"),
        frame(tmp_path, "c", picture(2), weather="clear", scene="tunnel"),
    )
    found = isthmus.check_quality(Dataset("d", frames), extractor=None)
    complete = found.document["sets"][0]["completeness"]
    assert complete["fields"]["attributes.weather"] == pytest.approx(2 / 3)
    assert {"scene": "tunnel", "weather": "rainy"} in complete["missing_cells"]
    assert [f.kind for f in found.findings] == ["missing_attribute"]


def test_nothing_to_look_at_is_refused():
    with pytest.raises(InputError, match="one data set"):
        isthmus.check_quality()
    with pytest.raises(InputError, match="near = 2"):
        isthmus.check_quality("anything", near=2)
