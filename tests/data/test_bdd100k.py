"""BDD100K labels in all forms, on real label files with images made to fit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from isthmus.data.dataset import Dataset
from isthmus.data.formats import detect_format, read_dataset
from isthmus.data.frame import Box, Camera, Shape
from isthmus.data.problem_log import BOX_KINDS, FRAME_KINDS
from isthmus.data.shapes import Polygon
from isthmus.errors import InputError

FRAME_2018 = {
    "name": "b1c66a42-6f7d68ca.jpg",
    "attributes": {"weather": "overcast", "scene": "city street", "timeofday": "daytime"},
    "timestamp": 10000,
    "labels": [
        {
            "category": "car",
            "attributes": {"occluded": True, "truncated": False, "trafficLightColor": "none"},
            "manualShape": True,
            "box2d": {"x1": 4, "y1": 5, "x2": 14.5, "y2": 12},
            "id": 33,
        },
        {
            "category": "lane",
            "attributes": {"laneStyle": "solid"},
            "poly2d": [{"vertices": [[1, 2], [3, 4]], "types": "LL", "closed": False}],
            "id": 34,
        },
        {
            "category": "drivable area",
            "poly2d": [{"vertices": [[1, 2], [3, 4], [5, 2]], "types": "LCL"}],
            "id": 35,
        },
        {"category": "person", "poly2d": [{"vertices": [[1, 2], [7, 2], [5, 9]]}], "id": 36},
        {"category": "person", "poly2d": [{"vertices": "none"}], "id": 37},
    ],
}


def read(folder: Path, document, **options) -> Dataset:
    path = folder / "labels.json"
    path.write_text(json.dumps(document))
    return read_dataset(path, **options)


def accounted(dataset: Dataset) -> tuple[int, int]:
    """(frames, labels) read plus left out."""
    known = dataset.problems
    frames = sum(p.count for p in known if p.kind in FRAME_KINDS and p.severity == "skipped")
    labels = sum(p.count for p in known if p.kind in BOX_KINDS)
    kept = sum(len(f.objects or ()) + len(f.shapes) for f in dataset)
    return len(dataset) + frames, kept + labels


def test_the_2018_form(tmp_path, make_image):
    make_image(tmp_path / "b1c66a42-6f7d68ca.jpg")
    dataset = read(tmp_path, [FRAME_2018])
    frame = dataset.frames[0]
    assert frame.attributes == FRAME_2018["attributes"]
    assert frame.sequence == "b1c66a42"
    light = {"trafficLightColor": "none"}
    assert frame.objects == (
        Box("car", (4, 5, 14.5, 12), True, False, instance="33", attributes=light),
        Box("person", (1, 2, 7, 9), instance="36", polygons=(Polygon((1, 2, 7, 2, 5, 9)),)),
    )
    assert frame.shapes == (
        Shape("lane", (Polygon((1, 2, 3, 4), closed=False),), None, {"laneStyle": "solid"}, "34"),
        Shape("drivable area", (Polygon((1, 2, 3, 4, 5, 2), types="LCL"),), instance="35"),
    )
    lost = [(p.kind, p.severity, p.count) for p in dataset.problems]
    assert lost == [
        ("label-without-box", "skipped", 1),
        ("bad-outline", "note", 1),
        ("box-from-outline", "note", 1),
    ]
    assert accounted(dataset) == (1, 5)


def test_the_first_release_and_a_folder_of_files(tmp_path, make_image):
    for number, name in enumerate(["0000f77c-6257be58", "0000f77c-cb820c98"]):
        make_image(tmp_path / "images" / f"{name}.jpg", shade=50 + number)
        one = {
            "name": name,
            "frames": [{"timestamp": 10000, "objects": FRAME_2018["labels"]}],
            "attributes": {"weather": "rainy"},
        }
        (tmp_path / "labels").mkdir(exist_ok=True)
        (tmp_path / "labels" / f"{name}.json").write_text(json.dumps(one))
    (tmp_path / "labels" / "broken.json").write_text('[{"name": "x", ')
    assert detect_format(tmp_path / "labels") == "bdd100k"
    dataset = read_dataset(tmp_path / "labels", images=tmp_path / "images")
    assert [len(frame.objects) for frame in dataset] == [2, 2]
    # Two videos cut from one drive: one sequence, so that no split parts them.
    assert dataset.sequences == ("0000f77c",)
    assert dataset.frames[0].attributes == {"weather": "rainy"}
    broken = [p for p in dataset.problems if p.kind == "bad-label-file"]
    assert [Path(p.path).name for p in broken] == ["broken.json"]


def test_the_published_layout_is_found(tmp_path, make_image):
    labels = tmp_path / "labels" / "det_20" / "det_val.json"
    labels.parent.mkdir(parents=True)
    make_image(tmp_path / "images" / "100k" / "val" / "b1c66a42-6f7d68ca.jpg")
    labels.write_text(json.dumps([FRAME_2018]))
    assert len(read_dataset(labels)) == 1
    assert len(read_dataset(labels, images=tmp_path / "images" / "100k")) == 1


def test_det_20_frames_without_labels_are_empty_not_unlabelled(tmp_path, make_image):
    make_image(tmp_path / "a.jpg")
    make_image(tmp_path / "b.jpg", shade=20)
    labelled = {**FRAME_2018, "name": "a.jpg", "labels": FRAME_2018["labels"][:1]}
    dataset = read(tmp_path, [labelled, {"name": "b.jpg", "attributes": None}])
    assert [len(frame.objects) for frame in dataset] == [1, 0]
    assert [(p.kind, p.severity, p.count) for p in dataset.problems] == [("no-labels", "note", 1)]
    bare = read(tmp_path, [{"name": "a.jpg"}, {"name": "b.jpg"}])
    assert all(frame.objects is None for frame in bare)


def test_crowds_are_ignored_and_keys_may_be_capitals(tmp_path, make_image):
    make_image(tmp_path / "a.jpg")
    box = {"x1": 1, "y1": 1, "x2": 9, "y2": 9}
    labels = [
        {"category": "person", "box2d": box, "attributes": {"crowd": True, "Occluded": True}},
        {"category": "other person", "box2d": box, "attributes": {"Truncated": False}},
    ]
    boxes = read(tmp_path, [{"name": "a.jpg", "labels": labels}]).frames[0].objects
    assert [(b.ignore, b.occluded, b.truncated) for b in boxes] == [
        (True, True, None),
        (False, None, False),
    ]


@pytest.mark.parametrize(
    ("name", "video", "sequence", "own_id"),
    [
        ("b1c66a42-6f7d68ca-0000001.jpg", "b1c66a42-6f7d68ca", "b1c66a42-6f7d68ca", None),
        ("b1c66a42-6f7d68ca-0000001.jpg", None, "b1c66a42-6f7d68ca", None),
        ("b1c66a42-6f7d68ca.jpg", "", "b1c66a42", None),
        ("intersection-0000051.jpg", "", "intersection", None),
        ("holiday-photo.jpg", None, "", None),
        ("000001.jpg", "drive7", "drive7", "drive7/000001.jpg"),
    ],
)
def test_sequences(tmp_path, make_image, name, video, sequence, own_id):
    make_image(tmp_path / name)
    dataset = read(tmp_path, [{"name": name, "videoName": video, "labels": []}])
    assert dataset.frames[0].sequence == sequence
    assert dataset.frames[0].id == (own_id or name)


def test_frames_are_in_the_order_of_the_video(tmp_path, make_image):
    frames = []
    for index, name in enumerate(["z.jpg", "b10.jpg", "b9.jpg"]):
        make_image(tmp_path / name, shade=index)
        frames.append({"name": name, "videoName": "v", "frameIndex": index, "labels": []})
    assert [f.id for f in read(tmp_path, frames)] == ["v/z.jpg", "v/b10.jpg", "v/b9.jpg"]
    for frame in frames:
        del frame["frameIndex"]
    assert [f.id for f in read(tmp_path, frames)] == ["v/b9.jpg", "v/b10.jpg", "v/z.jpg"]


REAL = {
    "tests/label/testcases/scalabel_det.json": (1, 4, 0),
    "tests/label/testcases/scalabel_box_track.json": (2, 8, 4),
    "tests/label/testcases/kitti_detection.json": (4, 8, 0),
    "tests/label/testcases/kitti_tracking.json": (4, 28, 0),
    "tests/label/testcases/waymo_cam_anns.json": (10, 21, 0),
    "tests/label/testcases/image_list_with_auto_labels.json": (10, 25, 0),
    "examples/image_list_with_auto_labels.json": (10, 25, 0),
    "examples/image_list_with_auto_labels_v2.json": (2, 6, 0),
    "tests/eval/testcases/box_track/track_sample_anns.json": (202, 3241, 0),
    "tests/eval/testcases/det/bbox_predictions.json": (202, 5372, 0),
    "tests/label/testcases/scalabel_ins_seg.json": (1, 2, 0),
    "tests/label/testcases/example_annotation.json": (1, 4, 0),
    "tests/eval/testcases/sem_seg/sem_seg_sample.json": (1, 60, 42),
    "tests/eval/testcases/det/bbox_predictions_empty.json": (1, 1, 1),
}


@pytest.mark.parametrize("name", REAL)
def test_real_label_files(shared_data, tmp_path, make_image, name):
    frames, labels, without = REAL[name]
    source = shared_data / "label_formats" / "scalabel" / name
    document = json.loads(source.read_text())
    frames_in = document if isinstance(document, list) else document["frames"]
    for index, frame in enumerate(frames_in):
        size = frame.get("size") or {"width": 1280, "height": 720}
        file = tmp_path / frame["name"].rpartition("/")[2]
        if not file.exists():
            # A flat picture is quick to make; one pixel in the shade of the index makes it unique.
            flat_image(file, size["width"], size["height"], index)
    dataset = read_dataset(source, images=tmp_path)
    assert detect_format(source) == "bdd100k"
    assert accounted(dataset) == (frames, labels)
    boxes = sum(len(f.objects) for f in dataset)
    refused = sum(p.count for p in dataset.problems if p.kind == "bad-box")
    assert boxes + refused == labels - without
    if "kitti" in name:
        assert isinstance(dataset.frames[0].camera, Camera)
        assert 700 < dataset.frames[0].camera.fx < 730


def flat_image(path: Path, width: int, height: int, index: int) -> None:
    from PIL import Image

    image = Image.new("L", (width, height), index % 251)
    image.putpixel((index % width, index // width), 255)
    image.save(path, format="PNG", compress_level=1)


def test_addresses_are_not_fetched_but_looked_for_by_their_last_part(tmp_path, make_image):
    make_image(tmp_path / "a.jpg")
    here = {"name": "https://example.org/frames/a.jpg", "labels": []}
    gone = {"name": "https://example.org/frames/b.jpg", "labels": []}
    dataset = read(tmp_path, [here, gone])
    assert [frame.id for frame in dataset] == ["a.jpg"]
    assert [(p.kind, "never fetched" in p.reason) for p in dataset.problems] == [
        ("missing-image", True)
    ]


@pytest.mark.parametrize("text", ["{}", "3", '{"frames": {}}', "[]", "[1, 2]", '{"frames": []}'])
def test_wrong_files_are_input_errors(tmp_path, text):
    (tmp_path / "wrong.json").write_text(text)
    with pytest.raises(InputError, match=r"wrong\.json"):
        read_dataset(tmp_path / "wrong.json", format="bdd100k")


def test_absent_images_name_the_option(tmp_path):
    with pytest.raises(InputError, match="option `images`"):
        read(tmp_path, [FRAME_2018])
