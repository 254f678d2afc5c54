"""Shards, videos, image folders, FiftyOne: what others write, and what is wrong in it."""

from __future__ import annotations

import base64
import io
import json
import tarfile
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from isthmus.data import rle
from isthmus.data.dataset import Dataset
from isthmus.data.formats import detect_format, read_dataset, write_dataset
from isthmus.data.formats.video import sample_video
from isthmus.data.frame import Box, Shape
from isthmus.data.images import read_rgb
from isthmus.data.shapes import Polygon
from isthmus.errors import InputError


def shard(path: Path, files: dict[str, bytes]) -> None:
    with tarfile.open(path, "w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def test_shards_that_others_wrote(tmp_path, make_image):
    picture = make_image(tmp_path / "p.jpg").read_bytes()
    folder = tmp_path / "set"
    folder.mkdir()
    shard(
        folder / "a-0.tar",
        {
            "s/one.jpg": picture,
            "s/one.json": json.dumps({"weather": "rain", "deep": {}}).encode(),
            "s/one.cls": b"3",
            "s/two.jpg": make_image(tmp_path / "q.jpg", shade=20).read_bytes(),
            "s/two.json": b'{"labels": [{"category": "car", "box2d": {"x1": 1}}]}',
            "s/three.json": b"{}",
        },
    )
    (folder / "a-1.tar").write_bytes(b"no tar at all")
    assert detect_format(folder) == "webdataset"
    dataset = read_dataset(folder)
    assert [(f.id, f.objects) for f in dataset] == [("a-0/s/one.jpg", None), ("a-0/s/two.jpg", ())]
    assert dataset.frames[0].attributes == {"weather": "rain"}
    kinds = sorted(p.kind for p in dataset.problems)
    assert kinds == ["bad-box", "bad-label-file", "missing-image", "other-files"]
    assert (tmp_path / "set.unpacked" / "a-0" / "s" / "one.jpg").read_bytes() == picture
    assert sorted(f.name for f in folder.iterdir()) == ["a-0.tar", "a-1.tar"]


def test_shards_are_the_same_bytes_every_time(tmp_path, make_image):
    make_image(tmp_path / "in" / "a.jpg")
    dataset = read_dataset(tmp_path / "in")
    for name in ("one", "two"):
        write_dataset(dataset, tmp_path / name, "webdataset")
    one, two = (tmp_path / n / "shard-000000.tar" for n in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


def test_image_folders_as_others_write_them(tmp_path, make_image):
    make_image(tmp_path / "train" / "a.jpg")
    objects = {
        "bbox": [[1, 2, 3, 4], [1, 2, 3], [5, 5, 5, 5]],
        "categories": ["car", "car", 3, "x"],
    }
    rows = [{"file_name": "a.jpg", "objects": objects, "weather": "rain"}, {"file_name": 3}]
    lines = [json.dumps(row) for row in rows]
    (tmp_path / "train" / "metadata.jsonl").write_text("\n".join([*lines, "{"]))
    assert detect_format(tmp_path) == "imagefolder"
    dataset = read_dataset(tmp_path)
    (frame,) = dataset.frames
    assert frame.objects == (Box("car", (1, 2, 4, 6)), Box("3", (5, 5, 10, 10)))
    assert (frame.split, frame.attributes) == ("train", {"weather": "rain"})
    kinds = sorted(p.kind for p in dataset.problems)
    assert kinds == ["bad-annotation", "bad-box", "bad-image-record", "bad-image-record"]


def test_fiftyone_samples(tmp_path, make_image):
    make_image(tmp_path / "data" / "a.jpg", 40, 20)
    detections = [
        {"_cls": "Detection", "label": "car", "bounding_box": [0.25, 0.5, 0.5, 0.25], "index": 4,
         "confidence": 0.5, "colour": "red", "mask": {"$binary": {}}},
        {"_cls": "Detection", "label": "car"},
    ]  # fmt: skip
    line = {"label": "lane", "points": [[[0, 0], [0.5, 1]]], "closed": False}
    sample = {
        "_id": {"$oid": "1"}, "filepath": "data/a.jpg", "tags": ["validation", "odd"],
        "weather": {"_cls": "Classification", "label": "rainy"}, "scene": "city",
        "ground_truth": {"_cls": "Detections", "detections": detections},
        "lanes": {"_cls": "Polylines", "polylines": [line]},
        "pose": {"_cls": "Keypoints", "keypoints": []},
    }  # fmt: skip
    (tmp_path / "samples.json").write_text(json.dumps({"samples": [sample, {}]}))
    (tmp_path / "metadata.json").write_text("{}")
    assert detect_format(tmp_path) == "fiftyone"
    dataset = read_dataset(tmp_path)
    (frame,) = dataset.frames
    assert frame.objects == (
        Box("car", (10, 10, 30, 15), instance="4", score=0.5, attributes={"colour": "red"}),
    )
    assert frame.shapes == (Shape("lane", (Polygon((0, 0, 20, 20), closed=False),)),)
    assert (frame.split, frame.attributes) == (
        "val", {"odd": "true", "weather": "rainy", "scene": "city"}
    )  # fmt: skip
    counts = {p.kind: p.count for p in dataset.problems if p.kind != "unused-field"}
    assert counts == {"bad-annotation": 1, "bad-image-record": 1, "bad-outline": 1}
    assert sum(p.count for p in dataset.problems if p.kind == "unused-field") == 1


def fiftyone_mask(pixels: Any) -> dict[str, Any]:
    """As `fiftyone.core.utils.serialize_numpy_array` packs it."""
    buffer = io.BytesIO()
    np.save(buffer, pixels, allow_pickle=True)
    text = base64.b64encode(zlib.compress(buffer.getvalue())).decode()
    return {"$binary": {"base64": text, "subType": "00"}}


def test_fiftyone_masks(tmp_path, make_image):
    make_image(tmp_path / "data" / "a.jpg", 40, 20)
    make_image(tmp_path / "outside.png")
    (tmp_path / "set").mkdir()
    stripes = np.zeros((5, 20), dtype=bool)
    stripes[1:3] = True
    Image.fromarray(np.uint8([[255, 0]])).save(tmp_path / "half.png")
    bad = np.zeros((5, 20), dtype=object)
    box = {"_cls": "Detection", "label": "car", "bounding_box": [0.25, 0.5, 0.5, 0.25]}
    detections = [
        box | {"mask": fiftyone_mask(stripes)},
        box | {"mask": fiftyone_mask(np.eye(2, dtype=np.uint8))["$binary"]["base64"]},
        box | {"mask_path": "half.png"},
        *(box | {"mask": fiftyone_mask(m)} for m in (bad, np.zeros((2, 3, 4)), np.float32([[1]]))),
        box | {"mask_path": "../outside.png"},
        box | {"mask": {"$binary": {"base64": "eJw="}}},
        box | {"bounding_box": [0.9, 0.9, 0.5, 0.5], "mask": fiftyone_mask(stripes)},
    ]
    sample = {"filepath": "data/a.jpg",
              "ground_truth": {"_cls": "Detections", "detections": detections},
              "classes": {"_cls": "Segmentation", "mask_path": "half.png"},
              "more": {"_cls": "Segmentation", "mask": "eJw="}}  # fmt: skip
    (tmp_path / "samples.json").write_text(json.dumps({"samples": [sample]}))
    (tmp_path / "metadata.json").write_text("{}")
    dataset = read_dataset(tmp_path)
    (frame,) = dataset.frames
    assert frame.objects is not None
    assert frame.semantic == tmp_path.resolve() / "half.png"
    whole = [None if o.mask is None else rle.decode(o.mask) for o in frame.objects]
    assert [m is None for m in whole] == [False] * 3 + [True] * 6
    expected = np.zeros((3, 20, 40), dtype=bool)
    expected[0, 11:13, 10:30] = True
    expected[1, 10:12, 10:20] = expected[1, 12:15, 20:30] = True
    expected[2, 10:15, 10:20] = True
    assert np.array_equal(np.stack(whole[:3]), expected)
    counts = {p.kind: p.count for p in dataset.problems if p.kind != "clipped-box"}
    assert counts == {"bad-outline": 1, "unused-field": 1}, dataset.problems


def test_fiftyone_keeps_a_mask_that_its_box_does_not_hold(tmp_path, make_image):
    image = make_image(tmp_path / "in" / "a.jpg", 40, 20)
    pixels = np.zeros((20, 40), dtype=bool)
    pixels[3:9, 4:30] = True
    lines = (Polygon((0, 0, 3, 3, 9, 4), types="LCL"), Polygon((0, 0, 5, 5), closed=False))
    mask = rle.encode(pixels)
    plain = read_dataset(tmp_path / "in").frames[0]
    frame = replace(plain, objects=(Box("car", (5.5, 3, 9, 9), mask=mask),),
                    shapes=(Shape("lane", lines), Shape("area", (), mask)))  # fmt: skip
    assert frame.image == image.resolve()
    written = write_dataset(Dataset("d", (frame,)), tmp_path / "out", "fiftyone")
    back = read_dataset(written).frames[0]
    assert (back.objects, [s.mask for s in back.shapes]) == (frame.objects, [None, mask])
    assert [(p.closed, p.types) for p in back.shapes[0].polygons] == [(True, "LCL"), (False, "")]


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
    """2.5 seconds at 10 frames a second; the grey level is ten times the frame's number."""
    av = pytest.importorskip("av")
    path = tmp_path_factory.mktemp("film") / "drive.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for index in range(25):
            shade = np.full((48, 64, 3), 10 * index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(shade, format="rgb24")))
        container.mux(stream.encode())
    return path


def test_frames_of_a_video(film, tmp_path):
    assert detect_format(film) == "video"
    (tmp_path / "frames").mkdir()
    dataset = read_dataset(film, images=tmp_path / "frames")
    assert [f.id for f in dataset] == [f"drive/{t:09d}.png" for t in (0, 1000, 2000)]
    assert dataset.sequences == ("drive",)
    for frame, shade in zip(dataset, (0, 100, 200), strict=True):
        assert abs(int(np.median(read_rgb(frame.image))) - shade) <= 4
    more = sample_video(film, tmp_path / "more", every_s=0.25)
    assert [int(f.stem) for f in more] == [0, 300, 500, 800, 1000, 1300, 1500, 1800, 2000, 2300]


def test_a_damaged_video_is_named(film, tmp_path):
    folder = tmp_path / "films"
    folder.mkdir()
    (folder / "good.mp4").write_bytes(film.read_bytes())
    (folder / "bad.mp4").write_bytes(b"not a film" * 50)
    dataset = read_dataset(folder)
    assert dataset.sequences == ("good",)
    assert [(p.kind, Path(p.path).name) for p in dataset.problems] == [
        ("unreadable-image", "bad.mp4")
    ]
    with pytest.raises(InputError, match=r"bad\.mp4"):
        read_dataset(folder / "bad.mp4")
    with pytest.raises(InputError, match="above 0"):
        sample_video(film, tmp_path / "x", every_s=0.0)


def test_an_image_sequence_is_one_drive(tmp_path, make_image):
    for index in range(2):
        make_image(tmp_path / "drive7" / f"frame_{index}.jpg", shade=40 + index)
    assert read_dataset(tmp_path / "drive7").sequences == ("",)
    assert read_dataset(tmp_path / "drive7", format="sequence").sequences == ("drive7",)


def test_headers_find_a_truncated_jpeg_and_the_same_digests(tmp_path, make_image):
    whole = make_image(tmp_path / "a.jpg", 200, 150)
    make_image(tmp_path / "b.png", 20, 15)
    full, quick = read_dataset(tmp_path), read_dataset(tmp_path, decode=False)
    assert quick == full
    content = whole.read_bytes()
    (tmp_path / "c.jpg").write_bytes(content[: len(content) // 2])
    quick = read_dataset(tmp_path, decode=False)
    assert [f.id for f in quick] == ["a.jpg", "b.png"]
    assert ["truncated" in p.reason for p in quick.problems] == [True]
