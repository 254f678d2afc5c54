"""The small parts that readers are made of: values, boxes, names, the ledger."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.data.formats import values
from isthmus.data.formats.boxes import clean_box
from isthmus.data.formats.locate import Found, Roots, leaves, local_name
from isthmus.data.formats.records import natural_key
from isthmus.data.formats.sniff import json_kind
from isthmus.data.problem_log import LIST_LIMIT, ProblemLog

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@given(anything)
def test_no_value_breaks_a_reader(value):
    found = values.number(value)
    assert found is None or math.isfinite(found)
    for check in (values.text, values.scalar_text):
        word = check(value)
        assert word is None or word.encode("utf-8")
        assert word is None or not any(ord(letter) < 32 for letter in word)
    values.shown(value).encode("ascii")
    kept, refused = values.attributes(value)
    assert all(isinstance(item, str) for pair in kept.items() for item in pair)
    if isinstance(value, dict):
        empty = sum(content in (None, "") and bool(values.text(k)) for k, content in value.items())
        assert len(kept) + len(refused) + empty == len(value)


@pytest.mark.parametrize("value", [True, "3", None, [], math.nan, math.inf, 10**400])
def test_what_is_no_number(value):
    assert values.number(value) is None


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [(40, 30.0, (40, 30)), (0, 5, None), (-1, 5, None), (4.5, 5, None), (None, 5, None)],
)
def test_sizes(width, height, expected):
    assert values.size(width, height) == expected


coordinate = st.floats(-100, 200, allow_nan=False)


@given(coordinate, coordinate, coordinate, coordinate)
def test_a_clean_box_is_inside_and_is_the_intersection(x1, y1, x2, y2):
    cleaned = clean_box((x1, y1, x2, y2), 64, 48)
    overlap = max(0.0, min(x2, 64) - max(x1, 0)) * max(0.0, min(y2, 48) - max(y1, 0))
    if isinstance(cleaned, str):
        assert x2 <= x1 or y2 <= y1 or overlap < 1e-9
        return
    (a, b, c, d), moved = cleaned
    assert 0 <= a < c <= 64
    assert 0 <= b < d <= 48
    assert (c - a) * (d - b) == pytest.approx(overlap)
    assert moved == (max(-x1, -y1, x2 - 64, y2 - 48) > 1)


@given(st.lists(st.integers(0, 10**9)))
def test_natural_order_is_numeric(values_):
    names = [f"frame{value}.jpg" for value in values_]
    assert sorted(names, key=natural_key) == [f"frame{value}.jpg" for value in sorted(values_)]


@given(st.lists(st.text(max_size=8)))
def test_any_names_can_be_sorted(names):
    sorted(names, key=natural_key)


@pytest.mark.parametrize(
    ("name", "leads_out"),
    [("a/b.jpg", False), ("a/../b.jpg", False), ("../b", True), ("a/../../b", True), ("/b", True)],
)
def test_names_that_lead_out(name, leads_out):
    assert leaves(name) is leads_out


def test_local_names():
    assert local_name(r"a\b.jpg") == "a/b.jpg"
    assert local_name("./a//b.jpg") == "a/b.jpg"
    assert local_name("s3://bucket/a/b.jpg?x=1#y") == "b.jpg"
    assert local_name("https://") == "https:"


def test_roots_are_tried_in_order(tmp_path):
    (tmp_path / "images").mkdir()
    for place in ("a.jpg", "images/a.jpg", "images/b.jpg"):
        (tmp_path / place).touch()
    roots = Roots(tmp_path / "labels.json", None)
    assert roots.find(["a.jpg"]) == Found(tmp_path.resolve() / "a.jpg", "a.jpg")
    assert roots.find(["b.jpg"]) == Found(tmp_path.resolve() / "images" / "b.jpg", "b.jpg")
    assert roots.find(["zz.jpg", "b.jpg"]).name == "b.jpg"
    assert roots.find(["zz.jpg"]).kind == "missing-image"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"info": {}, "images": []}', "coco"),
        ('\ufeff{ "annotations" : [', "coco"),
        ('[{"name": "a"}]', "bdd100k"),
        ('{"frames": [], "config": {"categories": []}}', "bdd100k"),
        ('[{"image_id": 1}]', None),
        ("{}", None),
        ("", None),
        ("images", None),
    ],
)
def test_kinds_of_label_files(tmp_path, text, kind):
    (tmp_path / "x.json").write_text(text, "utf-8")
    assert json_kind(tmp_path / "x.json") == kind


@given(st.integers(0, 2 * LIST_LIMIT), st.integers(0, 9))
def test_the_ledger_counts_everything(listed, tallied):
    log = ProblemLog()
    for index in range(listed):
        log.add(f"file {index}", "bad-box", "wrong")
    log.tally("labels", "clipped", "moved", count=tallied)
    found = log.problems("whole")
    assert sum(p.count for p in found if p.kind == "bad-box") == listed
    assert sum(p.count for p in found if p.kind == "clipped") == tallied
    assert len(found) <= LIST_LIMIT + 2
