"""Label files that anything may have happened to: an error that names them, or a full account.

Whatever a reader meets, frames and boxes read plus those left out are all that the file holds.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from isthmus.data.dataset import Dataset
from isthmus.data.formats import read_dataset
from isthmus.data.problem_log import BOX_KINDS, FRAME_KINDS
from isthmus.errors import InputError

NAMES = [f"b1c66a42-6f7d68ca-000000{i}.jpg" for i in range(3)]
COCO = {
    "images": [
        {"id": i, "file_name": name, "width": 40, "height": 30, "sequence": "s", "time": "dusk"}
        for i, name in enumerate(NAMES, start=1)
    ],
    "categories": [{"id": 7, "name": "car"}, {"id": 9, "name": "person"}],
    "annotations": [
        {"id": 1, "image_id": 1, "category_id": 7, "bbox": [5, 5, 10, 8], "iscrowd": 0},
        {"id": 2, "image_id": 1, "category_id": 9, "bbox": [1, 2, 3, 4], "iscrowd": 1},
        {"id": 3, "image_id": 2, "category_id": 9, "bbox": [0.5, 2.25, 3.5, 4], "ignore": 1},
        {"id": 4, "image_id": 3, "category_id": 7, "bbox": [20, 10, 40, 20], "track_id": 12,
         "attributes": {"occluded": True}, "segmentation": [[1, 2, 3, 4, 5, 6]], "score": 0.5},
    ],
}  # fmt: skip
BDD = [
    {
        "name": name,
        "videoName": "b1c66a42-6f7d68ca",
        "attributes": {"weather": "rainy"},
        "frameIndex": i,
        "size": {"width": 40, "height": 30},
        "labels": [
            {"category": "car", "box2d": {"x1": 4, "y1": 5, "x2": 14.5, "y2": 12}, "id": 3},
            {"category": "car", "box2d": {"x1": 30, "y1": 5, "x2": 60, "y2": 12}},
            {"category": "lane", "poly2d": [{"vertices": [[1, 2]]}], "attributes": {"a": 1}},
        ],
    }
    for i, name in enumerate(NAMES)
]
JUNK = st.sampled_from(
    [None, True, -1, 0, 1, 2, 1.5, 10**400, float("nan"), float("inf"), "", "x", NAMES[2], "../x",
     "\ud800", "\x00", "https://a/b", [], {}, [1, 2, 3, 4], [[]], {"id": 1}, {"x1": 1}]
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory, make_image) -> Path:
    root = tmp_path_factory.mktemp("mutations")
    for index, name in enumerate(NAMES):
        make_image(root / name, shade=60 + 10 * index)
    return root


def places(node: Any, path: tuple = ()) -> list[tuple]:
    """Paths of all values inside a document."""
    items = node.items() if isinstance(node, dict) else enumerate(node)
    found = []
    for key, value in items:
        found.append((*path, key))
        if isinstance(value, dict | list):
            found.extend(places(value, (*path, key)))
    return found


@st.composite
def mutated(draw, original: Any) -> Any:
    """A document of which up to four values were replaced, deleted or repeated."""
    document = copy.deepcopy(original)
    for _ in range(draw(st.integers(1, 4))):
        options = places(document)
        if not options:
            break
        *above, last = draw(st.sampled_from(options))
        node = document
        for key in above:
            node = node[key]
        action = draw(st.sampled_from(["replace", "delete", "repeat"]))
        if action == "replace":
            node[last] = copy.deepcopy(draw(JUNK))
        elif action == "delete":
            del node[last]
        elif isinstance(node, list):
            node.append(copy.deepcopy(node[last]))
    return document


def read(folder: Path, content: bytes, format: str) -> Dataset | None:
    """The data set; None if it was refused by an error that names the file."""
    path = folder / "labels.json"
    path.write_bytes(content)
    try:
        return read_dataset(path, format=format)
    except InputError as error:
        message = str(error)
    assert str(path) in message
    return None


def check(dataset: Dataset, frames: int, boxes: int) -> None:
    """All frames and boxes are there or left out with a reason, and what is there is sound."""
    problems = dataset.problems
    left_out = [p for p in problems if p.severity == "skipped"]
    assert len(dataset) + sum(p.count for p in left_out if p.kind in FRAME_KINDS) == frames
    found = [(frame, box) for frame in dataset for box in frame.objects or ()]
    shapes = sum(len(frame.shapes) for frame in dataset)
    assert len(found) + shapes + sum(p.count for p in problems if p.kind in BOX_KINDS) == boxes
    for frame, box in found:
        x1, y1, x2, y2 = box.xyxy
        assert 0 <= x1 < x2 <= frame.width
        assert 0 <= y1 < y2 <= frame.height
    assert len(dataset.fingerprint) == 64
    json.dumps([[p.path, p.reason] for p in problems], ensure_ascii=False).encode("utf-8")


relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@settings(relaxed, max_examples=150)
@given(document=mutated(COCO))
def test_coco_loses_nothing_silently(folder, document):
    dataset = read(folder, json.dumps(document).encode(), "coco")
    if dataset is not None:
        check(dataset, len(document["images"]), len(document.get("annotations", [])))


@settings(relaxed, max_examples=120)
@given(document=mutated(BDD))
def test_bdd100k_loses_nothing_silently(folder, document):
    dataset = read(folder, json.dumps(document).encode(), "bdd100k")
    if dataset is not None:
        labels = [frame.get("labels") for frame in document if isinstance(frame, dict)]
        boxes = sum(len(found) for found in labels if isinstance(found, list))
        check(dataset, len(document), boxes)


@settings(relaxed, max_examples=80)
@given(
    original=st.sampled_from([("coco", COCO), ("bdd100k", BDD)]),
    cut=st.integers(0, 10**6),
    noise=st.binary(max_size=4),
)
def test_damaged_text_is_refused_or_reads(folder, original, cut, noise):
    format, document = original
    content = json.dumps(document).encode()
    at = cut % len(content)
    dataset = read(folder, content[:at] + noise + content[at + len(noise) :], format)
    assert dataset is None or 1 <= len(dataset) <= 3
