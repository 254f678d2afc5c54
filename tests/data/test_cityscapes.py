"""Cityscapes: polygons, groups and maps of object ids."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from isthmus.data import rle
from isthmus.data.formats import detect_format, read_dataset
from isthmus.data.frame import Box, Camera, Shape
from isthmus.data.shapes import Polygon
from isthmus.errors import InputError

STEM = "aachen_000001_000019"
SQUARE = [[2, 3], [12, 3], [12, 9], [2, 9]]


@pytest.fixture
def city(tmp_path, make_image) -> Path:
    make_image(tmp_path / f"leftImg8bit/train/aachen/{STEM}_leftImg8bit.png")
    labels = tmp_path / "gtFine/train/aachen"
    labels.mkdir(parents=True)
    return tmp_path


def write(city: Path, document: object, kind: str = "gtFine_polygons") -> None:
    folder = "gtFine" if "gtFine" in kind else "camera"
    path = city / folder / "train/aachen" / f"{STEM}_{kind}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))


def test_polygons(city):
    labels = ["road", "car", "persongroup", "polegroup", "traffic sign", "car"]
    objects = [{"label": label, "polygon": SQUARE} for label in labels]
    objects[-1]["deleted"] = 1
    write(city, {"imgHeight": 30, "imgWidth": 40, "objects": objects})
    write(city, {"intrinsic": {"fx": 9, "fy": 8, "u0": 7, "v0": 6}}, "camera")
    assert detect_format(city) == "cityscapes"
    (frame,) = read_dataset(city).frames
    outline = (Polygon((2, 3, 12, 3, 12, 9, 2, 9)),)
    assert frame.objects == (
        Box("car", (2, 3, 12, 9), polygons=outline),
        Box("person", (2, 3, 12, 9), ignore=True, polygons=outline),
    )
    assert frame.shapes == tuple(
        Shape(name, outline) for name in ("road", "polegroup", "traffic sign")
    )
    assert (frame.split, frame.sequence) == ("train", "aachen")
    assert frame.camera == Camera(9, 8, 7, 6)


def test_object_ids_stand_in_for_polygons(city):
    ids = np.zeros((30, 40), np.uint16)
    ids[5:9, 10:20], ids[20:22, 3:4], ids[0:3, 0:3], ids[25:, :] = 26001, 24000, 26, 7
    path = city / "gtFine/train/aachen" / f"{STEM}_gtFine_instanceIds.png"
    Image.fromarray(ids).save(path)
    (frame,) = read_dataset(city).frames
    assert [(b.category, b.xyxy, b.ignore, b.instance) for b in frame.objects] == [
        ("car", (0, 0, 3, 3), True, None),
        ("person", (3, 20, 4, 22), False, "24000"),
        ("car", (10, 5, 20, 9), False, "26001"),
    ]
    assert np.array_equal(rle.decode(frame.objects[2].mask), ids == 26001)
    assert frame.instance == path


def test_without_labels_a_frame_is_unlabelled(city):
    assert read_dataset(city).frames[0].objects is None


@pytest.mark.parametrize("document", [[], {}, {"objects": {}}])
def test_bad_files_are_named(city, document):
    write(city, document)
    with pytest.raises(InputError, match="not Cityscapes"):
        read_dataset(city)


def test_bad_objects_are_counted(city):
    bad = [1, {"label": "car"}, {"label": "car", "polygon": [[1, "x"]]}, {"polygon": SQUARE}]
    write(city, {"objects": [*bad, {"label": "car", "polygon": SQUARE}]})
    dataset = read_dataset(city)
    assert len(dataset.frames[0].objects) == 1
    assert [p.kind for p in dataset.problems] == ["bad-annotation"] * 4


@pytest.mark.parametrize(("name", "frames"), [("dataset", 4), ("train_dataset", 4)])
def test_real_sets(shared_data, name, frames):
    folder = shared_data / "label_formats/datumaro_assets/cityscapes_dataset" / name
    dataset = read_dataset(folder)
    assert len(dataset) == frames
    assert {f.split for f in dataset} == {"train", "val", "test"}
    for frame in dataset:
        ids = np.unique(np.array(Image.open(frame.instance)))
        known = [int(v) for v in ids if 24 <= (v // 1000 if v >= 1000 else v) <= 33]
        assert len(frame.objects) == len(known)
