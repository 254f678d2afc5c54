"""COCO files: what is read, and what is left out and said so."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from isthmus.data import orientation
from isthmus.data.dataset import Dataset
from isthmus.data.formats import read_dataset
from isthmus.data.frame import Box
from isthmus.data.problem_log import LIST_LIMIT
from isthmus.data.shapes import Polygon
from isthmus.errors import InputError
from isthmus.files import file_digest

IMAGES = [
    {
        "id": index,
        "file_name": f"images/{name}.jpg",
        "width": 40,
        "height": 30,
        "sequence": sequence,
        "split": "train",
        "time": "dusk",
        "coco_url": "https://example.org/x.jpg",
    }
    for index, (name, sequence) in enumerate([("a_10", "B"), ("a_9", "B"), ("c", "A")], start=1)
]
CATEGORIES = [{"id": 7, "name": "car"}, {"id": 9, "name": "person"}]
ANNOTATIONS = [
    {"id": 1, "image_id": 1, "category_id": 7, "bbox": [5, 5, 10, 8], "iscrowd": 0},
    {"id": 2, "image_id": 1, "category_id": 9, "bbox": [1, 2, 3, 4], "iscrowd": 1},
    {"id": 3, "image_id": 2, "category_id": 9, "bbox": [0.5, 2.25, 3.5, 4], "ignore": 1},
    {
        "id": 4,
        "image_id": 3,
        "category_id": 7,
        "bbox": [20, 10, 20, 20],
        "attributes": {"occluded": True, "truncated": False},
        "score": 0.5,
        "track_id": 12,
        "segmentation": [[1, 2, 3, 4, 5, 6]],
    },
]
DOCUMENT = {"images": IMAGES, "categories": CATEGORIES, "annotations": ANNOTATIONS}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, make_image) -> Path:
    root = tmp_path_factory.mktemp("coco")
    for index, image in enumerate(IMAGES):
        make_image(root / image["file_name"], 40, 30, 60 + 10 * index)
    return root


def read(folder: Path, document, name: str = "labels.json", **options) -> Dataset:
    path = folder / name
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return read_dataset(path, format="coco", **options)


def changed(**parts) -> dict:
    document = copy.deepcopy(DOCUMENT)
    document.update(parts)
    return document


def annotated(*annotations) -> dict:
    base = {"image_id": 1, "category_id": 7, "bbox": [1, 1, 5, 5]}
    return changed(annotations=[{**base, **annotation} for annotation in annotations])


def kinds(dataset: Dataset) -> list[str]:
    return [problem.kind for problem in dataset.problems if problem.severity == "skipped"]


def test_everything_has_its_place(folder):
    dataset = read(folder, DOCUMENT)
    assert [frame.id for frame in dataset] == [
        "images/c.jpg",
        "images/a_9.jpg",
        "images/a_10.jpg",
    ]
    assert dataset.sequences == ("A", "B")
    assert dataset.categories == ("car", "person")
    assert dataset.labelled
    first, second, third = dataset
    assert first.attributes == {"time": "dusk"}
    assert (first.split, first.width, first.height) == ("train", 40, 30)
    assert first.digest == file_digest(folder / "images" / "c.jpg")
    outline = (Polygon((1, 2, 3, 4, 5, 6)),)
    assert first.objects == (
        Box("car", (20, 10, 40, 30), True, False, instance="12", score=0.5, polygons=outline),
    )
    assert [box.ignore for box in (*second.objects, *third.objects)] == [True, False, True]
    assert second.objects[0].xyxy == (0.5, 2.25, 4.0, 6.25)
    assert not kinds(dataset)
    assert not dataset.problems


def test_camvid_reads_perfectly(shared_data):
    dataset = read_dataset(shared_data / "camvid" / "coco.json")
    boxes = [box for frame in dataset for box in frame.objects]
    assert len(dataset) == 701
    assert sum(not box.ignore for box in boxes) == 3337
    assert sum(box.ignore for box in boxes) == 1938
    assert not dataset.problems
    assert dataset.sequences == ("0001TP", "0006R0", "0016E5", "Seq05VD")
    assert {f.attributes["time"] for f in dataset if f.sequence == "0001TP"} == {"dusk"}
    assert {f.split for f in dataset} == {"train", "val", "test"}
    assert all(f.semantic.is_file() for f in dataset)
    # In the order in which the camera drove, although files lie in train/ and test/.
    stems = [Path(f.id).stem for f in dataset if f.sequence == "0001TP"]
    assert stems == sorted(stems)


@pytest.mark.parametrize("layout", ["beside", "parent", "images", "split", "option"])
def test_where_images_are_looked_for(tmp_path, make_image, layout):
    labels = {
        "beside": "labels.json",
        "parent": "annotations/labels.json",
        "images": "labels.json",
        "split": "annotations/instances_val2017.json",
        "option": "labels.json",
    }[layout]
    place = {"images": "images", "split": "val2017", "option": "far/away"}.get(layout, "")
    make_image(tmp_path / place / "a.jpg")
    path = tmp_path / labels
    path.parent.mkdir(exist_ok=True)
    images = [{"id": 1, "file_name": "a.jpg", "width": 40, "height": 30}]
    path.write_text(json.dumps({"images": images, "annotations": [], "categories": []}))
    option = tmp_path / "far" / "away" if layout == "option" else None
    dataset = read_dataset(path, images=option)
    assert dataset.frames[0].image == (tmp_path / place / "a.jpg").resolve()
    assert dataset.labelled


def test_with_the_option_no_other_folder_is_used(folder, tmp_path):
    with pytest.raises(InputError, match="option `images`") as caught:
        read(folder, DOCUMENT, images=tmp_path)
    assert str(tmp_path) in str(caught.value)


def test_absent_images_say_where_they_were_looked_for(tmp_path):
    (tmp_path / "images").mkdir()
    with pytest.raises(InputError) as caught:
        read(tmp_path, DOCUMENT)
    message = str(caught.value)
    for words in (str(tmp_path / "images"), str(tmp_path.parent), "option `images`", "a_10.jpg"):
        assert words in message


def test_a_missing_and_a_damaged_image_are_listed_with_their_boxes(folder, tmp_path, make_image):
    make_image(tmp_path / "images" / "c.jpg")
    broken = (tmp_path / "images" / "c.jpg").read_bytes()[:-200]
    (tmp_path / "images" / "a_9.jpg").write_bytes(broken)
    dataset = read(tmp_path, DOCUMENT)
    assert [frame.id for frame in dataset] == ["images/c.jpg"]
    by_kind = {p.kind: p for p in dataset.problems if p.severity == "skipped"}
    assert by_kind["missing-image"].path.endswith("images/a_10.jpg")
    assert by_kind["unreadable-image"].path.endswith("images/a_9.jpg")
    assert by_kind["unreadable-image"].reason.startswith("truncated")
    assert str(tmp_path) not in by_kind["unreadable-image"].reason
    assert by_kind["box-of-skipped-image"].count == 3


def test_if_no_image_can_be_decoded_the_reasons_are_told(tmp_path):
    for image in IMAGES:
        (tmp_path / image["file_name"]).parent.mkdir(exist_ok=True)
        (tmp_path / image["file_name"]).write_text("no")
    with pytest.raises(InputError, match=r"none of its 3 images can be used: .*text, not an image"):
        read(tmp_path, DOCUMENT)


@pytest.mark.parametrize(
    ("bbox", "kept"),
    [
        ([35, 25, 10, 10], (35, 25, 40, 30)),
        ([-3, -3, 5, 5], (0, 0, 2, 2)),
        ([-0.5, 0, 5, 30.4], (0, 0, 4.5, 30)),
        ([40, 0, 5, 5], None),
        ([-9, 0, 9, 5], None),
        ([1, 1, 0, 5], None),
        ([5, 5, -2, 3], None),
        ([1, 1, float("nan"), 3], None),
        ([1, 1, float("inf"), 3], None),
        ([1e308, 1e308, 1e308, 1e308], None),
        ([1, 1, 1e-30, 3], None),
        ([1, 1, "3", 3], None),
        ([1, 1, True, 3], None),
        ([1, 1, 10**400, 3], None),
        ([1, 1, 3], None),
        ({"x": 1}, None),
        (None, None),
    ],
)
def test_boxes_are_clipped_or_refused(folder, bbox, kept):
    dataset = read(folder, annotated({"bbox": bbox}))
    boxes = [box for frame in dataset for box in frame.objects]
    if kept is None:
        assert not boxes
        assert kinds(dataset) == ["bad-box"]
    else:
        assert [box.xyxy for box in boxes] == [kept]
        assert not kinds(dataset)


def test_nan_and_1e999_in_the_text_are_refused(folder):
    for word in ("NaN", "1e999", "-Infinity"):
        text = json.dumps(annotated({"bbox": [1, 1, 5, 5]})).replace("[1, 1, 5", f"[1, 1, {word}")
        assert kinds(read(folder, text)) == ["bad-box"]


def test_clipping_is_summed_up_and_small_clips_are_not_mentioned(folder):
    over = [{"bbox": [30, 20, 15, 15]}] * 3 + [{"bbox": [30, 20, 10.9, 10.9]}]
    dataset = read(folder, annotated(*over))
    assert [(p.kind, p.severity, p.count) for p in dataset.problems] == [("clipped-box", "note", 3)]


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        ({"image_id": 77}, "unknown-image-id"),
        ({"image_id": None}, "unknown-image-id"),
        ({"image_id": [1]}, "unknown-image-id"),
        ({"image_id": True}, "unknown-image-id"),
        ({"category_id": 8}, "unknown-category-id"),
        ({"category_id": {}}, "unknown-category-id"),
    ],
)
def test_labels_that_point_nowhere(folder, annotation, kind):
    dataset = read(folder, annotated(annotation, {}))
    assert kinds(dataset) == [kind]
    assert sum(len(frame.objects) for frame in dataset) == 1


def test_annotations_without_a_box_or_of_a_wrong_type(folder):
    dataset = read(folder, changed(annotations=[{"image_id": 1, "category_id": 7}, 3, None, []]))
    assert kinds(dataset) == ["bad-annotation"] * 4


def test_the_same_annotation_twice_counts_once(folder):
    dataset = read(
        folder, annotated({"id": 5}, {"id": 5}, {"id": 5, "bbox": [2, 2, 2, 2]}, {"id": 6})
    )
    assert kinds(dataset) == ["duplicate-annotation"]
    assert [p.kind for p in dataset.problems if p.severity == "note"] == ["reused-id"]
    assert sum(len(frame.objects) for frame in dataset) == 3


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        ({"id": 1, "file_name": "images/zzz.jpg"}, "duplicate-image"),
        ({"id": 4, "file_name": "images/c.jpg"}, "duplicate-image"),
        ({"id": 4, "file_name": "images/./c.jpg"}, "duplicate-image"),
        ({"id": 4, "file_name": "../../../../etc/hostname"}, "path-escape"),
        ({"id": 4, "file_name": "/etc/hostname"}, "path-escape"),
        ({"id": 4, "file_name": "images/../../x/a.jpg"}, "path-escape"),
        ({"id": 4, "file_name": "https://example.org/a.jpg"}, "missing-image"),
        ({"id": 4, "file_name": "x" * 3000}, "missing-image"),
        ({"id": 4, "file_name": "a\x00b.jpg"}, "bad-image-record"),
        ({"id": 4, "file_name": "\ud800.jpg"}, "bad-image-record"),
        ({"id": 4, "file_name": ""}, "bad-image-record"),
        ({"id": 4, "file_name": 9}, "bad-image-record"),
        ({"id": 1.5, "file_name": "images/c.jpg"}, "bad-image-record"),
        ({"file_name": "images/c.jpg"}, "bad-image-record"),
        ("images/c.jpg", "bad-image-record"),
    ],
)
def test_bad_image_records_are_listed(folder, record, kind):
    dataset = read(folder, changed(images=[*IMAGES, record]))
    assert kinds(dataset) == [kind]
    assert len(dataset) == 3


def test_links_that_lead_out_are_refused(folder, tmp_path, make_image):
    secret = make_image(tmp_path / "secret.jpg")
    link = folder / "images" / "link.jpg"
    link.symlink_to(secret)
    try:
        images = [*IMAGES, {"id": 9, "file_name": "images/link.jpg"}]
        assert kinds(read(folder, changed(images=images))) == ["path-escape"]
    finally:
        link.unlink()


def test_backslashes_of_another_system(folder):
    images = [{**IMAGES[0], "file_name": r"images\a_10.jpg"}]
    assert read(folder, changed(images=images)).frames[0].id == "images/a_10.jpg"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "3",
        '"images"',
        "{}",
        '{"images": 3}',
        '{"images": []}',
        '{"images": [',
        "[" * 100_000,
        '{"images": [{"id": 1, "file_name": "images/c.jpg"}], "annotations": 4}',
        "\udcff",
    ],
)
def test_wrong_files_are_input_errors_that_name_them(folder, text):
    path = folder / "wrong.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match=r"wrong\.json"):
        read_dataset(path, format="coco")


def test_without_annotations_frames_are_unlabelled(folder):
    document = {"images": IMAGES}
    dataset = read(folder, document)
    assert all(frame.objects is None for frame in dataset)
    assert [p.kind for p in dataset.problems] == ["no-annotations"]


@pytest.mark.parametrize("number", [1, 6, 8])
@pytest.mark.parametrize("declared", ["stored", "upright", None, "else"])
def test_boxes_follow_exif_orientation(tmp_path, number, declared):
    stored = np.zeros((30, 40, 3), np.uint8)
    stored[6:20, 4:12] = 255
    exif = Image.Exif()
    exif[orientation.TAG] = number
    Image.fromarray(stored).save(tmp_path / "a.jpg", exif=exif, quality=95)
    upright = (40, 30) if number == 1 else (30, 40)
    size = {"stored": (40, 30), "upright": upright, None: (None, None), "else": (80, 60)}[declared]
    image = {"id": 1, "file_name": "a.jpg", "width": size[0], "height": size[1]}
    box = {"id": 1, "image_id": 1, "category_id": 7, "bbox": [4, 6, 8, 14]}
    document = {"images": [image], "categories": CATEGORIES, "annotations": [box]}
    if declared == "else":
        with pytest.raises(InputError, match="80 × 60"):
            read(tmp_path, document)
        return
    dataset = read(tmp_path, document)
    frame = dataset.frames[0]
    assert (frame.width, frame.height) == upright
    turned = {1: (4, 6, 12, 20), 6: (10, 4, 24, 12), 8: (6, 28, 20, 36)}[number]
    assert frame.objects[0].xyxy == (turned if declared == "stored" else (4, 6, 12, 20))
    ambiguous = declared is None and number != 1
    assert [p.kind for p in dataset.problems] == (["exif-ambiguous"] if ambiguous else [])


def test_too_many_problems_are_summed_up_but_counted(folder):
    wrong = [{"id": i, "bbox": [1, 1, -1, 1]} for i in range(LIST_LIMIT + 40)]
    dataset = read(folder, annotated(*wrong))
    assert len(dataset.problems) == LIST_LIMIT + 1
    assert sum(p.count for p in dataset.problems) == LIST_LIMIT + 40
