"""Names that label files give to splits, sequences, classes and attributes: any, and none is lost.

They come back from every format that holds them, and never lead out of the folder written to.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from isthmus.data.dataset import Dataset
from isthmus.data.formats import WRITERS, losses, read_dataset, write_dataset
from isthmus.data.frame import Box, Camera, Frame, Shape
from isthmus.data.shapes import Polygon
from isthmus.files import file_digest

TAKEN = (
    *("attributes", "tags", "label", "mask", "occluded", "truncated", "ignore", "iscrowd"),
    *("crowd", "ignored", "instance", "index", "id", "split", "sequence", "shapes", "semantic"),
    *("ground_truth", "points", "closed", "other_attributes", "frame_id", "name", "category"),
)
"""Names that some format gives a meaning of its own."""
CATEGORIES = ("car", "cargroup", "group", "traffic sign", "sky", "lane/left", "é", "1", "<b>")
NAMES = ("..", ".", ".hidden", "_", "data", "unsplit", "a/b", "../up", "a%2Fb", "é x", "Test")
SPLITS = (*NAMES, "train", "val", "valid", "test", "path", "names", "nc")
OUTLINE = (Polygon((1.0, 2.0, 9.0, 8.0, 4.0, 8.0)),)


def frame(folder: Path, number: int, **parts) -> Frame:
    image = folder / "in" / f"{number}.png"
    image.parent.mkdir(exist_ok=True)
    Image.new("RGB", (20, 12), (7 * number % 256, number, 90)).save(image)
    parts.setdefault("objects", (Box("car", (1.0, 2.0, 9.0, 8.0)),))
    return Frame(image.name, image, 20, 12, file_digest(image), **parts)


def written(tmp_path: Path, frames: list[Frame], format: str) -> dict[str, Frame]:
    """Digest of an image → what comes back of its frame; nothing lies outside the folder."""
    out = tmp_path / "a" / "b" / "out"
    back = read_dataset(write_dataset(Dataset("x", tuple(frames)), out, format), format=format)
    assert not [p for p in back.problems if p.severity == "skipped"]
    inside = {out, out.with_name("out.unpacked")}
    assert set(out.parent.iterdir()) <= inside
    assert list((tmp_path / "a").iterdir()) == [out.parent]
    assert {path.name for path in tmp_path.iterdir()} == {"in", "a"}
    found = {f.digest: f for f in back}
    assert len(found) == len(frames)
    return found


@pytest.mark.parametrize("format", [f for f in WRITERS if "split" in WRITERS[f].holds])
def test_any_name_of_a_split_comes_back(tmp_path, format):
    frames = [frame(tmp_path, i, split=name) for i, name in enumerate(SPLITS)]
    found = written(tmp_path, frames, format)
    assert {found[f.digest].split: f.split for f in frames} == {s: s for s in SPLITS}
    assert all(not f.attributes for f in found.values())


@pytest.mark.parametrize("format", [f for f in WRITERS if "sequence" in WRITERS[f].holds])
def test_any_name_of_a_sequence_stays_inside(tmp_path, format):
    frames = [frame(tmp_path, i, sequence=name) for i, name in enumerate(NAMES)]
    found = written(tmp_path, frames, format)
    if format == "folder":  # the names of folders are as people gave them
        assert len({f.sequence for f in found.values()}) == len(NAMES)
    else:
        assert {found[f.digest].sequence: f.sequence for f in frames} == {s: s for s in NAMES}


@pytest.mark.parametrize("format", [f for f in WRITERS if "attributes" in WRITERS[f].holds])
def test_attributes_of_any_name_come_back(tmp_path, format):
    outlined = {"polygons": OUTLINE} if "polygons" in WRITERS[format].holds else {}
    frames = [
        frame(
            tmp_path, i, attributes={name: f"v{i}"},
            objects=(Box("car", (1.0, 2.0, 9.0, 8.0), attributes={name: f"w{i}"}, **outlined),),
            shapes=(Shape("lane/left", OUTLINE, None, {name: f"s{i}"}),),
        )
        for i, name in enumerate(TAKEN)
    ]  # fmt: skip
    found = written(tmp_path, frames, format)
    for f in frames:
        back = found[f.digest]
        assert back.attributes == f.attributes
        assert [dict(b.attributes) for b in back.objects] == [dict(b.attributes) for b in f.objects]
        assert [(b.occluded, b.truncated, b.ignore) for b in back.objects] == [(None, None, False)]
        assert [dict(s.attributes) for s in back.shapes] == [dict(s.attributes) for s in f.shapes]


@pytest.mark.parametrize("format", [f for f in WRITERS if "shapes" in WRITERS[f].holds])
def test_objects_stay_objects_and_shapes_stay_shapes_whatever_their_class(tmp_path, format):
    frames = [
        frame(tmp_path, i, objects=(Box(name, (1.0, 2.0, 9.0, 8.0)),
                                    Box(name, (1.0, 2.0, 7.0, 8.0), ignore=True)),
              shapes=(Shape(name, OUTLINE),))
        for i, name in enumerate(CATEGORIES)
    ]  # fmt: skip
    found = written(tmp_path, frames, format)
    for f in frames:
        back = found[f.digest]
        assert [(b.category, b.ignore) for b in back.objects] == [
            (b.category, b.ignore) for b in f.objects
        ]
        assert [s.category for s in back.shapes] == [s.category for s in f.shapes]
        assert back.shapes[0].polygons[0].points == pytest.approx(OUTLINE[0].points)


def test_cameras_that_change_within_a_sequence_are_named_where_they_are_lost(tmp_path):
    cameras = [Camera(500.0, 500.0, 10.0, 6.0), Camera(700.0, 700.0, 10.0, 6.0)]
    frames = [frame(tmp_path, i, sequence="s", camera=c) for i, c in enumerate(cameras)]
    dataset = Dataset("x", tuple(frames))
    lost = {p.kind: p.count for p in losses(dataset, "kitti_tracking")}
    assert lost["not-held-camera-changes"] == 2
    assert not losses(dataset, "coco")
    found = written(tmp_path, frames, "kitti_tracking")
    assert all(f.camera is None for f in found.values())


@pytest.mark.parametrize("format", ["coco", "bdd100k", "kitti", "kitti_tracking", "fiftyone"])
def test_scores_that_are_no_confidence_are_counted(tmp_path, format):
    boxes = tuple(Box("car", (1.0, 2.0, 9.0, 8.0 + i), score=s) for i, s in enumerate((0.5, 7.5)))
    dataset = Dataset("x", (frame(tmp_path, 0, objects=boxes),))
    back = read_dataset(write_dataset(dataset, tmp_path / "out", format))
    assert [box.score for box in back.frames[0].objects] == [0.5, None]
    assert {p.kind: p.count for p in back.problems}["unused-score"] == 1


def test_a_yolo_score_that_is_no_confidence_is_counted(tmp_path):
    frame(tmp_path, 0)
    (image,) = tmp_path.rglob("*.png")
    image.with_suffix(".txt").write_text("0 .5 .5 .4 .4 7.5\n0 .5 .5 .4 .2 .25\n")
    back = read_dataset(image.parent, format="yolo")
    assert [box.score for box in back.frames[0].objects] == [None, 0.25]
    assert {p.kind: p.count for p in back.problems}["unused-score"] == 1
