"""A folder that holds labels in another place or form than it was read in: it is said."""

from __future__ import annotations

import json

from isthmus.data.formats import detect_format, read_dataset
from isthmus.data.formats.unread import MOST_NAMED

COCO = {"images": [{"id": 1, "file_name": "a.png"}], "annotations": [], "categories": []}


def unread(dataset):
    return [p.path for p in dataset.problems if p.kind == "labels-not-read"]


def test_labels_below_a_folder_of_images_are_told(tmp_path, make_image):
    make_image(tmp_path / "images" / "a.png", 8, 6)
    labels = tmp_path / "annotations" / "instances_train.json"
    labels.parent.mkdir()
    labels.write_text(json.dumps(COCO))
    found = read_dataset(tmp_path)
    assert detect_format(tmp_path) == "folder"
    assert unread(found) == [str(labels.parent)]
    (problem,) = [p for p in found.problems if p.kind == "labels-not-read"]
    assert problem.severity == "skipped"
    assert "(coco)" in problem.reason
    assert not unread(read_dataset(tmp_path, format="folder"))  # asked for by name
    assert not unread(read_dataset(labels))


def test_a_folder_without_labels_has_none_unread_and_many_are_cut_short(tmp_path, make_image):
    make_image(tmp_path / "city" / "a.png", 8, 6)
    assert not unread(read_dataset(tmp_path))
    for i in range(MOST_NAMED + 3):
        folder = tmp_path / f"part{i}"
        folder.mkdir()
        (folder / "labels.json").write_text(json.dumps(COCO))
    assert len(unread(read_dataset(tmp_path))) == MOST_NAMED


def test_a_folder_that_two_formats_know_is_told(tmp_path, make_image):
    make_image(tmp_path / "image_2" / "000000.png", 8, 6)
    (tmp_path / "label_2").mkdir()
    (tmp_path / "label_2" / "000000.txt").write_text("")
    alone = read_dataset(tmp_path)
    image = {"id": 1, "file_name": "image_2/000000.png"}
    (tmp_path / "coco.json").write_text(json.dumps({**COCO, "images": [image]}))
    both = read_dataset(tmp_path)
    kinds = [[p.kind for p in d.problems if p.kind == "several-formats"] for d in (alone, both)]
    assert kinds == [[], ["several-formats"]]
    assert "kitti" in next(p.reason for p in both.problems if p.kind == "several-formats")


def test_frames_are_known_by_their_outlines_too(tmp_path):
    file = tmp_path / "labels.json"
    outline = {"vertices": [[i, i] for i in range(40_000)], "types": "L" * 40_000, "closed": True}
    file.write_text(json.dumps([{"labels": [{"poly2d": [outline]}], "name": "a.jpg"}]))
    assert detect_format(file) == "bdd100k"
