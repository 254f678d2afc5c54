"""CVAT and LabelMe: files of both tools, real and made."""

from __future__ import annotations

import json

import numpy as np
import pytest

from isthmus.data import rle
from isthmus.data.formats import detect_format, read_dataset
from isthmus.data.frame import Box, Shape
from isthmus.data.shapes import Polygon
from isthmus.errors import InputError


def test_cvat_images(tmp_path, make_image):
    make_image(tmp_path / "images" / "Train" / "a.jpg")
    (tmp_path / "annotations.xml").write_text(
        '<annotations><image id="0" name="a.jpg" subset="Train" width="40" height="30">'
        '<box label="car" occluded="1" xtl="1" ytl="2" xbr="5" ybr="8"><attribute name="a">x'
        '</attribute></box><box label="car" xtl="10" ytl="10" xbr="20" ybr="14" rotation="90"/>'
        '<polygon label="car" points="1,2;3,4;6,5"/><polyline label="lane" points="1.0,2;3,4"/>'
        '<mask label="car" left="3" top="4" width="3" height="2" rle="1,3,2"/>'
        '<points label="car" points="1,2"/><box label="car" xtl="x"/><box xtl="1"/>'
        '<tag label="night"/><tag label="t"><attribute name="weather">rain</attribute></tag>'
        "</image></annotations>"
    )
    assert detect_format(tmp_path) == "cvat"
    dataset = read_dataset(tmp_path)
    (frame,) = dataset.frames
    first, turned, polygon, masked = frame.objects
    assert first == Box("car", (1, 2, 5, 8), True, attributes={"a": "x"})
    assert turned.xyxy == pytest.approx((13, 7, 17, 17))
    assert polygon.polygons == (Polygon((1, 2, 3, 4, 6, 5)),)
    expected = np.zeros((30, 40), bool)
    expected[4, 4:6] = expected[5, 3] = True
    assert np.array_equal(rle.decode(masked.mask), expected)
    assert masked.xyxy == (3, 4, 6, 6)
    assert frame.shapes == (Shape("lane", (Polygon((1, 2, 3, 4), closed=False),)),)
    assert frame.attributes == {"night": "true", "weather": "rain"}
    assert frame.split == "Train"
    kinds = [p.kind for p in dataset.problems]
    assert sorted(kinds) == ["bad-annotation", "bad-box", "label-without-box"]


def test_cvat_real_files(shared_data):
    root = shared_data / "label_formats/datumaro_assets/cvat_dataset"
    project = read_dataset(root / "for_images" / "export_project")
    assert sorted(f.split for f in project) == sorted(["Test", "Train", "Validation"] * 2)
    task = read_dataset(root / "for_images" / "export_task" / "train.xml")
    (box,) = task.frames[0].objects
    assert box.attributes == {"a1": "true", "a2": "v3", "a3": "0003", "a4": "2.4"}
    video = read_dataset(root / "for_video")
    assert [f.id for f in video] == [f"frame_0000{n}.png" for n in (10, 13, 16)]
    assert video.sequences == ("v1",)
    assert video.frames[0].objects[0].instance == "0"
    for dataset in (project, task, video):
        assert all(p.path for p in dataset.problems)


def test_labelme_json(tmp_path, make_image):
    make_image(tmp_path / "day" / "a.jpg")
    square = [[1, 2], [11, 2], [11, 8], [1, 8]]
    shapes = [
        {"label": "car", "points": square, "group_id": 3, "flags": {"old": True}},
        {"label": "car", "points": [[1, 2], [9, 7]], "shape_type": "rectangle"},
        {"label": "car", "points": [[10, 10], [13, 14]], "shape_type": "circle"},
        {"label": "lane", "points": square[:2], "shape_type": "linestrip"},
        {"label": "eye", "points": [[1, 1]], "shape_type": "point"},
        {"label": "car", "points": [[1, float("nan")], [2, 3]]},
        {"points": square},
    ]
    document = {"version": "5.0", "flags": {"night": False}, "shapes": shapes,
                "imagePath": "a.jpg", "imageWidth": 40, "imageHeight": 30}  # fmt: skip
    (tmp_path / "day" / "a.json").write_text(json.dumps(document))
    (tmp_path / "day" / "b.json").write_text('{"shapes": ')
    assert detect_format(tmp_path) == "labelme"
    dataset = read_dataset(tmp_path)
    (frame,) = dataset.frames
    assert frame.objects == (
        Box("car", (1, 2, 11, 8), instance="3", attributes={"old": "true"},
            polygons=(Polygon((1, 2, 11, 2, 11, 8, 1, 8)),)),
        Box("car", (1, 2, 9, 7)),
        Box("car", (5, 5, 15, 15)),
    )  # fmt: skip
    assert frame.shapes == (Shape("lane", (Polygon((1, 2, 11, 2), closed=False),)),)
    assert (frame.sequence, frame.attributes) == ("day", {"night": "false"})
    kinds = sorted(p.kind for p in dataset.problems)
    assert kinds == ["bad-annotation", "bad-box", "bad-label-file", "label-without-box"]


def test_labelme_real_xml(shared_data):
    root = shared_data / "label_formats/datumaro_assets/labelme_dataset"
    assert detect_format(root / "Annotations") == "labelme"
    (frame,) = read_dataset(root / "Annotations", images=root / "Images").frames
    by_id = {box.instance: box for box in frame.objects}
    assert by_id["0"].polygons == (Polygon((43, 34, 45, 34, 45, 37, 43, 37)),)
    assert (by_id["1"].category, by_id["1"].xyxy) == ("license plate", (58, 66, 62, 68))
    assert (by_id["2"].occluded, by_id["2"].attributes) == (True, {"attributes": "a1"})


@pytest.mark.parametrize("format", ["cvat", "labelme"])
def test_an_empty_folder_is_an_error(tmp_path, format):
    with pytest.raises(InputError, match=str(tmp_path)):
        read_dataset(tmp_path, format=format)
