"""YOLO folders: every layout in use, and what is wrong in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from isthmus.data.formats import detect_format, read_dataset
from isthmus.data.shapes import Polygon
from isthmus.errors import InputError


def make_set(folder: Path, make_image, labels: dict[str, str], yaml: str) -> Path:
    for index, (name, text) in enumerate(labels.items()):
        make_image(folder / "images" / f"{name}.jpg", 40, 20, 60 + 9 * index)
        if text is not None:
            target = folder / "labels" / f"{name}.txt"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
    (folder / "data.yaml").write_text(yaml)
    return folder


YAML = "path: .\ntrain: images/train\nval: images/val\nnames: {0: car, 1: person}\n"


def test_the_usual_layout(tmp_path, make_image):
    text = "0 0.5 0.5 0.25 0.5\n1 0.125 0.25 0.25 0.5 0.75\n"
    folder = make_set(tmp_path, make_image, {"train/a": text, "val/b": "", "val/c": None}, YAML)
    assert detect_format(folder) == detect_format(folder / "data.yaml") == "yolo"
    dataset = read_dataset(folder)
    assert [(f.id, f.split) for f in dataset] == [
        ("images/train/a.jpg", "train"), ("images/val/b.jpg", "val"), ("images/val/c.jpg", "val")
    ]  # fmt: skip
    car, person = dataset.frames[0].objects
    assert (car.category, car.xyxy, car.score) == ("car", (15, 5, 25, 15), None)
    assert (person.category, person.xyxy, person.score) == ("person", (0, 0, 10, 10), 0.75)
    assert [f.objects for f in dataset.frames[1:]] == [(), ()]
    assert [(p.kind, p.count) for p in dataset.problems] == [("no-labels", 1)]


def test_outlines_get_the_box_around_them(tmp_path, make_image):
    text = "0 0.1 0.2 0.5 0.2 0.5 0.6\n"
    dataset = read_dataset(make_set(tmp_path, make_image, {"train/a": text}, YAML.replace(
        "val: images/val\n", "")))  # fmt: skip
    (box,) = dataset.frames[0].objects
    assert box.xyxy == pytest.approx((4, 4, 20, 12))
    assert box.polygons == (Polygon(pytest.approx((4, 4, 20, 4, 20, 12))),)


@pytest.mark.parametrize(
    "line", ["0 0.5 0.5 0.2", "a 1 1 1 1", "0 nan 0.5 0.2 0.2", "0.5 0 0 1 1", "0 1 1 1 1 1 1 1"]
)
def test_bad_lines_are_named(tmp_path, make_image, line):
    folder = make_set(tmp_path, make_image, {"train/a": f"0 0.5 0.5 0.2 0.2\n{line}\n"}, YAML)
    dataset = read_dataset(folder)
    assert len(dataset.frames[0].objects) == 1
    kinds = {p.kind: p for p in dataset.problems}
    assert kinds.keys() == {"bad-annotation", "missing-split"}
    assert kinds["bad-annotation"].path.endswith("a.txt")
    assert "line 2" in kinds["bad-annotation"].reason


def test_labels_without_image_and_classes_without_name(tmp_path, make_image):
    folder = make_set(tmp_path, make_image, {"train/a": "7 0.5 0.5 0.2 0.2"}, YAML)
    (folder / "labels" / "train" / "gone.txt").write_text("0 0.5 0.5 0.2 0.2\n" * 3)
    dataset = read_dataset(folder)
    assert dataset.frames[0].objects[0].category == "7"
    counts = {p.kind: p.count for p in dataset.problems}
    assert counts == {"missing-image": 1, "box-of-skipped-image": 3, "missing-split": 1,
                      "unnamed-class": 1}  # fmt: skip


def test_nothing_outside_is_read(tmp_path, make_image):
    make_image(tmp_path / "secret" / "x.jpg")
    inside = make_set(tmp_path / "set", make_image, {"train/a": ""}, YAML)
    (inside / "data.yaml").write_text("path: ../secret\ntrain: .\nval: /etc\nnames: [car]\n")
    dataset = read_dataset(inside)
    assert [frame.id for frame in dataset] == ["images/train/a.jpg"]
    assert [p.kind for p in dataset.problems] == ["path-escape"]
    (inside / "data.yaml").write_text("train: list.txt\nnames: [car]\n")
    (inside / "list.txt").write_text("../secret/x.jpg\nimages/train/a.jpg\n")
    dataset = read_dataset(inside)
    assert [p.kind for p in dataset.problems if p.severity == "skipped"] == ["path-escape"]


@pytest.mark.parametrize("text", ["names: [", "- 1\n", "train: images\n", "names: &a [*a]\n"])
def test_a_bad_description_is_an_error_that_names_it(tmp_path, make_image, text):
    folder = make_set(tmp_path, make_image, {"train/a": ""}, text)
    with pytest.raises(InputError, match=r"data\.yaml"):
        read_dataset(folder / "data.yaml")


REAL = {
    "yolo_dataset/labels": 2,
    "yolo_dataset/annotations": 1,
    "yolo_dataset/strict": 1,
    "roboflow_dataset/yolo": 2,  # its description names a folder `valid` that is called `val`
}


@pytest.mark.parametrize("name", REAL)
def test_real_sets(shared_data, name):
    folder = shared_data / "label_formats" / "datumaro_assets" / name
    texts = [f for f in folder.rglob("*.txt") if f.parent != folder]
    texts = [f for f in texts if "roboflow" not in name or "val" not in f.parts]
    lines = sum(len(file.read_text().splitlines()) for file in texts)
    assert detect_format(folder) == "yolo"
    dataset = read_dataset(folder)
    boxes = sum(len(frame.objects) for frame in dataset)
    assert len(dataset) == REAL[name]
    assert boxes == lines
    assert not [
        p for p in dataset.problems if p.severity == "skipped" and p.kind != "missing-split"
    ]
