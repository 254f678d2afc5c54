"""Data sets: order, splits, fingerprints, mapping; and the two that guard the target's labels."""

from __future__ import annotations

import json
import pickle
import re
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.data.dataset import Dataset, SealedTest, UnlabeledView
from isthmus.data.frame import Box, Camera, Frame, FrozenMap, Problem
from isthmus.data.ontology import ROAD, Ontology
from isthmus.errors import InputError, LabelAccessError


def frame(name: str, sequence: str = "", **changes) -> Frame:
    first = Frame(
        name, Path(f"/images/{name}.jpg"), 40, 30, f"digest of {name}", "train", sequence,
        {"weather": "rain"}, (Box("car", (1, 2, 3, 4)),),
    )  # fmt: skip
    return replace(first, **changes)


def dataset(*sizes: int) -> Dataset:
    frames = [frame(f"{s}-{i}", f"s{s}") for s, size in enumerate(sizes) for i in range(size)]
    return Dataset("set", tuple(frames), (), ("car",))


def test_values_cannot_be_changed():
    data = dataset(1)
    with pytest.raises(FrozenInstanceError):
        data.frames[0].objects = ()
    with pytest.raises(TypeError):
        data.frames[0].attributes["weather"] = "dry"
    attributes = {"weather": "rain"}
    made = frame("a", attributes=attributes)
    attributes["weather"] = "dry"
    assert made.attributes["weather"] == "rain"


def test_frames_can_be_sent_to_another_process_and_hashed():
    data = replace(dataset(2, 1), problems=(Problem("a", "b", "c"),))
    assert pickle.loads(pickle.dumps(data)) == data
    assert pickle.loads(pickle.dumps(ROAD)) == ROAD
    assert len({*data.frames, *pickle.loads(pickle.dumps(data)).frames}) == 3


def test_frozen_maps_compare_as_mappings():
    assert FrozenMap({"a": 1, "b": 2}) == {"b": 2, "a": 1}
    assert hash(FrozenMap({"a": 1, "b": 2})) == hash(FrozenMap({"b": 2, "a": 1}))
    assert FrozenMap() != {"a": 1}


def test_repeated_ids_are_refused():
    with pytest.raises(InputError, match="'a'"):
        Dataset("set", (frame("a"), frame("b"), frame("a")))


@given(
    sizes=st.lists(st.integers(1, 12), min_size=3, max_size=9),
    seed=st.integers(0, 99),
    share=st.floats(0.05, 0.6),
)
def test_no_split_cuts_a_sequence_and_nothing_is_lost(sizes, seed, share):
    data = dataset(*sizes)
    shares = {"train": 1 - share - 0.1, "val": share, "test": 0.1}
    parts = data.split(shares, seed=seed)
    homes: dict[str, set[str]] = {}
    for name, part in parts.items():
        assert len(part) > 0
        for one in part:
            homes.setdefault(one.sequence, set()).add(name)
    assert all(len(home) == 1 for home in homes.values())
    assert sorted(f.id for part in parts.values() for f in part) == sorted(f.id for f in data)
    assert parts == data.split(shares, seed=seed)
    order = {f.id: i for i, f in enumerate(data)}
    for part in parts.values():
        assert [order[f.id] for f in part] == sorted(order[f.id] for f in part)


def test_equal_sequences_fill_every_part():
    parts = dataset(10, 10, 10).split({"train": 0.8, "val": 0.1, "test": 0.1}, seed=1)
    assert [len(part) for part in parts.values()] == [10, 10, 10]


def test_shares_are_kept_where_sequences_allow():
    data = Dataset("set", tuple(frame(str(i)) for i in range(200)))
    parts = data.split({"train": 0.75, "val": 0.25}, seed=3)
    assert [len(parts["train"]), len(parts["val"])] == [150, 50]
    other = data.split({"train": 0.75, "val": 0.25}, seed=4)
    assert [f.id for f in other["val"]] != [f.id for f in parts["val"]]


@pytest.mark.parametrize("shares", [{}, {"a": 0.5}, {"a": 0.6, "b": 0.6}, {"a": 1.0, "b": 0.0}])
def test_wrong_shares_are_refused(shares):
    with pytest.raises(InputError, match="sum to 1"):
        dataset(3, 3).split(shares, seed=0)


def test_too_few_sequences_are_an_error():
    with pytest.raises(InputError, match="without cutting one"):
        dataset(9).split({"train": 0.8, "val": 0.2}, seed=0)


def test_the_fingerprint_is_of_contents_not_of_places():
    data = dataset(2, 2)
    moved = replace(
        data,
        name="other",
        frames=tuple(replace(f, image=Path("/elsewhere") / f.image.name) for f in data),
    )
    assert moved.fingerprint == data.fingerprint


@pytest.mark.parametrize(
    "change",
    [
        {"digest": "x"},
        {"split": "val"},
        {"sequence": "q"},
        {"attributes": {"weather": "dry"}},
        {"objects": ()},
        {"objects": None},
        {"objects": (Box("car", (1, 2, 3, 4.5)),)},
        {"objects": (Box("car", (1, 2, 3, 4), ignore=True),)},
        {"camera": Camera(1, 1, 1, 1)},
        {"layers_digest": "x"},
    ],
)
def test_the_fingerprint_sees_every_change(change):
    assert (
        Dataset("s", (frame("a"),)).fingerprint != Dataset("s", (frame("a", **change),)).fingerprint
    )


def test_the_fingerprint_sees_order_and_empty_is_not_unlabelled():
    a, b = frame("a"), frame("b")
    assert Dataset("s", (a, b)).fingerprint != Dataset("s", (b, a)).fingerprint
    empty, none = (Dataset("s", (frame("a", objects=o),)) for o in ((), None))
    assert empty.labelled
    assert not none.labelled
    assert empty.fingerprint != none.fingerprint


def test_samples_are_seeded_ordered_and_without_repetition():
    data = dataset(50)
    one, two = data.sample(20, seed=1), data.sample(20, seed=1)
    assert one == two != data.sample(20, seed=2)
    assert len({f.id for f in one}) == 20
    assert data.sample(999, seed=1) is data
    order = {f.id: i for i, f in enumerate(data)}
    assert [order[f.id] for f in one] == sorted(order[f.id] for f in one)


def test_filter_and_concat_keep_what_was_said():
    first = replace(dataset(2), problems=(Problem("a", "k", "r"),))
    second = Dataset("two", (frame("z"),), (Problem("b", "k", "r"),), ("car", "bus"))
    both = first.concat(second)
    assert len(both) == 3
    assert both.categories == ("car", "bus")
    assert [p.path for p in both.problems] == ["a", "b"]
    assert len(both.filter(lambda f: f.id == "z")) == 1
    with pytest.raises(InputError, match="more than once"):
        first.concat(first)


def test_mapping_drops_on_purpose_and_reports_the_rest():
    objects = tuple(
        Box(name, (0, 0, 1, 1)) for name in ("car", "rider", "ufo", "ufo", "person", "gnome")
    )
    data = Dataset("set", (frame("a", objects=objects), frame("b", objects=None)))
    mapped = data.map_categories(ROAD)
    assert [box.category for box in mapped.frames[0].objects] == ["vehicle", "pedestrian"]
    assert mapped.frames[1].objects is None
    assert mapped.categories == ("pedestrian", "vehicle")
    assert [(p.kind, p.count, p.severity) for p in mapped.problems] == [
        ("unmapped-category", 1, "skipped"),
        ("unmapped-category", 2, "skipped"),
    ]
    assert "'ufo' (2 boxes)" in mapped.problems[1].reason
    chosen = data.map_categories(ROAD.extended({"ufo": "vehicle", "gnome": None}))
    assert not chosen.problems


def test_an_unlabeled_view_holds_nothing_an_annotator_wrote():
    labelled = frame(
        "a", "s", semantic=Path("m"), instance=Path("i"), depth=Path("d"), layers_digest="x"
    )
    view = Dataset("target", (labelled,)).unlabeled()
    assert isinstance(view, UnlabeledView)
    one = next(iter(view))
    assert one.objects is None
    assert (one.semantic, one.instance, one.depth, one.layers_digest) == (None, None, None, "")
    assert not one.attributes
    assert (one.sequence, one.digest) == ("s", labelled.digest)
    assert "car" not in repr(vars(view))
    with pytest.raises(LabelAccessError, match="target"):
        _ = view.labels
    assert b"car" not in pickle.dumps(view)


def test_a_sealed_test_writes_down_who_opened_it():
    data = dataset(2)
    sealed = SealedTest(data)
    assert all(f.objects is None for f in sealed.images)
    assert sealed.fingerprint == data.fingerprint
    assert sealed.receipts == []
    assert sealed.open("final score") == data
    assert sealed.receipts == ["final score"]
    with pytest.raises(InputError, match="needs labels"):
        SealedTest(Dataset("x", (frame("a", objects=None),)))


def test_every_category_of_the_real_samples_is_decided(shared_data):
    found: set[str] = set()
    for file in (shared_data / "label_formats" / "scalabel").rglob("*.json"):
        document = json.loads(file.read_text())
        frames = document.get("frames", []) if isinstance(document, dict) else document
        for one in frames:
            found |= {label["category"] for label in one.get("labels") or []}
    for folder in ("camvid", "carla_synthetic", "kitti_object_6"):
        labels = json.loads((shared_data / folder / "coco.json").read_text())
        found |= {category["name"] for category in labels["categories"]}
    for file in (shared_data / "carla_synthetic" / "voc_xml").rglob("*.xml"):
        found |= set(re.findall("<object>\\s*<name>(.*?)</name>", file.read_text()))
    for file in (shared_data / "kitti_object_6" / "label_2").glob("*.txt"):
        found |= {line.split()[0] for line in file.read_text().splitlines()}
    assert len(found) > 30
    assert {"motobike", "rider", "Cyclist", "other vehicle", "street light"} - found == {
        "other vehicle"
    }
    assert found <= set(ROAD.mapping), found - set(ROAD.mapping)


def test_the_classes_hold_what_they_say():
    for name in ("person", "pedestrian", "Pedestrian", "Person_sitting", "child"):
        assert ROAD.mapping[name] == "pedestrian"
    for name in ("car", "Van", "bus", "truck", "vehicle", "other vehicle"):
        assert ROAD.mapping[name] == "vehicle"
    for name in ("rider", "bicycle", "motobike", "train", "DontCare", "lane", "sky", "hot dog"):
        assert ROAD.mapping[name] is None
    eighty = set(COCO_NAMES.split("|"))
    assert len(eighty) == 80
    assert eighty <= set(ROAD.mapping)


COCO_NAMES = (
    "person|bicycle|car|motorcycle|airplane|bus|train|truck|boat|traffic light|fire hydrant|stop "
    "sign|parking meter|bench|bird|cat|dog|horse|sheep|cow|elephant|bear|zebra|giraffe|backpack|"
    "umbrella|handbag|tie|suitcase|frisbee|skis|snowboard|sports ball|kite|baseball bat|baseball "
    "glove|skateboard|surfboard|tennis racket|bottle|wine glass|cup|fork|knife|spoon|bowl|banana|"
    "apple|sandwich|orange|broccoli|carrot|hot dog|pizza|donut|cake|chair|couch|potted plant|bed|"
    "dining table|toilet|tv|laptop|mouse|remote|keyboard|cell phone|microwave|oven|toaster|sink|"
    "refrigerator|book|clock|vase|scissors|teddy bear|hair drier|toothbrush"
)


def test_an_ontology_is_extended_not_changed():
    own = Ontology(("x",), {"a": "x"})
    more = own.extended({"b": None})
    assert dict(own.mapping) == {"a": "x"}
    assert dict(more.mapping) == {"a": "x", "b": None}


def test_task_classes_tell_known_left_out_and_unknown_apart(tmp_path):
    boxes = tuple(Box(name, (0, 0, 2, 2)) for name in ("car", "rider", "unicorn"))
    frame = Frame("a", tmp_path / "a.jpg", 8, 8, "0", objects=boxes)
    assert Dataset("d", (frame,)).task_classes() == {"car": "vehicle", "rider": None}
