"""Writing data sets for other tools, and reading them back without loss."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from isthmus.data.dataset import Dataset
from isthmus.data.formats import read_dataset, write_dataset
from isthmus.data.frame import Box, Camera, Frame
from isthmus.errors import InputError
from isthmus.files import file_digest


def rich_dataset(folder: Path, make_image) -> Dataset:
    image = make_image(folder / "elsewhere" / "x.png", 50, 20)
    mask = folder / "elsewhere" / "mask.png"
    Image.new("L", (50, 20), 3).save(mask)
    other = make_image(folder / "elsewhere" / "y.jpg", 30, 30)
    boxes = (
        Box("car", (0.1, 0.2, 30.7, 19.3), True, False, False, "t1", 0.25),
        Box("person", (1.0, 2.0, 3.0, 4.0), None, None, True),
    )
    frames = (
        Frame("deep/x.png", image, 50, 20, file_digest(image), "val", "s1",
              {"weather": "rain", "code": "7"}, boxes, semantic=mask,
              camera=Camera(500.0, 510.0, 25.0, 10.0, (-0.2, 0.05, 0.001, 0.0))),
        Frame("no path at all", other, 30, 30, file_digest(other), sequence="s2", objects=()),
    )  # fmt: skip
    return Dataset("rich", frames, (), ("person", "car"))


@pytest.mark.parametrize("format", ["coco", "bdd100k"])
def test_round_trip_keeps_everything(tmp_path, make_image, format):
    dataset = rich_dataset(tmp_path, make_image)
    path = write_dataset(dataset, tmp_path / "out", format)
    back = read_dataset(path)
    for before, after in zip(dataset, back, strict=True):
        assert after.image.is_relative_to(tmp_path / "out")
        for name in ("id", "width", "height", "digest", "split", "sequence", "attributes"):
            assert getattr(after, name) == getattr(before, name), name
        assert after.camera == before.camera
        for one, other in zip(before.objects, after.objects, strict=True):
            assert other.xyxy == pytest.approx(one.xyxy, abs=1e-9)
            assert replace(other, xyxy=one.xyxy) == one
    assert set(back.categories) == {"car", "person"}
    if format == "coco":
        assert back.categories == dataset.categories
        assert back.frames[0].semantic.read_bytes() == dataset.frames[0].semantic.read_bytes()
    assert not back.problems


@pytest.mark.parametrize("format", ["coco", "bdd100k"])
def test_unlabelled_frames_stay_unlabelled(tmp_path, make_image, format):
    dataset = rich_dataset(tmp_path, make_image)
    mixed = replace(dataset, frames=(dataset.frames[0], replace(dataset.frames[1], objects=None)))
    back = read_dataset(write_dataset(mixed, tmp_path / "mixed", format))
    assert [frame.objects is None for frame in back] == [False, True]
    bare = replace(dataset, frames=tuple(replace(f, objects=None) for f in dataset))
    back = read_dataset(write_dataset(bare, tmp_path / "bare", format))
    assert all(frame.objects is None for frame in back)


def test_writing_twice_gives_the_same_bytes_and_never_overwrites(tmp_path, make_image):
    dataset = rich_dataset(tmp_path, make_image)
    first = write_dataset(dataset, tmp_path / "out").read_bytes()
    assert write_dataset(dataset, tmp_path / "out").read_bytes() == first
    make_image(tmp_path / "out" / "deep" / "x.png", 50, 20, 200)
    with pytest.raises(InputError, match="another file of that name"):
        write_dataset(dataset, tmp_path / "out")


def test_images_that_lie_there_are_not_copied(tmp_path, make_image):
    make_image(tmp_path / "images" / "a.jpg")
    path = write_dataset(read_dataset(tmp_path), tmp_path)
    assert [image["file_name"] for image in json.loads(path.read_text())["images"]] == [
        "images/a.jpg"
    ]
    assert sorted(f.name for f in tmp_path.rglob("*.jpg")) == ["a.jpg"]
