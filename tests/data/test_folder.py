"""Plain folders, and choosing the format of a path."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from isthmus.compute.local import LocalExecutor
from isthmus.data.formats import FORMATS, detect_format, find_format, read_dataset, write_dataset
from isthmus.data.formats.format import Format
from isthmus.data.images import read_rgb
from isthmus.errors import InputError


def test_subfolders_are_sequences_in_natural_order(tmp_path, make_image):
    for index, name in enumerate(["drive10/1.jpg", "drive2/10.jpg", "drive2/9.PNG", "top.jpeg"]):
        make_image(tmp_path / name, shade=index)
    dataset = read_dataset(tmp_path)
    assert [frame.id for frame in dataset] == [
        "top.jpeg",
        "drive2/9.PNG",
        "drive2/10.jpg",
        "drive10/1.jpg",
    ]
    assert dataset.sequences == ("", "drive2", "drive10")
    assert not dataset.labelled
    assert dataset.name == tmp_path.name
    assert not dataset.problems


@pytest.fixture
def mixed(tmp_path, make_image):
    """What a real folder holds."""
    root = tmp_path / "mixed"
    good = make_image(root / "good.jpg")
    (root / "truncated.jpg").write_bytes(good.read_bytes()[:-400])
    (root / "empty.jpg").touch()
    (root / "text.jpg").write_text("not an image at all\n")
    picture = Image.open(good)
    picture.convert("CMYK").save(root / "cmyk.jpg")
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(root / "turned.jpg", exif=exif)
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)[None].repeat(4, 0)
    Image.fromarray(ramp).save(root / "deep.png")
    frames = [Image.new("RGB", (9, 9), c) for c in ("red", "blue")]
    frames[0].save(root / "moving.gif", save_all=True, append_images=frames[1:])
    (root / "notes.txt").write_text("beside")
    (root / ".DS_Store").touch()
    (root / "._good.jpg").touch()
    picture.close()
    return root


def test_what_can_be_read_is_read_and_the_rest_is_listed(mixed):
    dataset = read_dataset(mixed)
    sizes = {frame.id: (frame.width, frame.height) for frame in dataset}
    assert sizes == {
        "good.jpg": (40, 30),
        "cmyk.jpg": (40, 30),
        "turned.jpg": (30, 40),
        "deep.png": (256, 4),
        "moving.gif": (9, 9),
    }
    for frame in dataset:
        assert read_rgb(frame.image).shape == (frame.height, frame.width, 3)
    skipped = {p.path.rpartition("/")[2]: p.reason for p in dataset.problems
               if p.severity == "skipped"}  # fmt: skip
    assert set(skipped) == {"truncated.jpg", "empty.jpg", "text.jpg"}
    assert "truncated" in skipped["truncated.jpg"]
    assert "empty" in skipped["empty.jpg"]
    assert "text, not an image" in skipped["text.jpg"]
    notes = {p.kind for p in dataset.problems if p.severity == "note"}
    assert notes == {"image-note", "animated-image", "other-files"}


def test_any_number_of_workers_gives_the_same(mixed):
    steps: list[tuple[int, int, str]] = []
    alone = read_dataset(mixed, progress=lambda *step: steps.append(step))
    assert read_dataset(mixed, executor=LocalExecutor(2)) == alone
    assert steps == [(n, 8, "checking images") for n in range(1, 9)]


def test_links_to_folders_are_not_followed_but_said(tmp_path, make_image):
    make_image(tmp_path / "real" / "a.jpg")
    make_image(tmp_path / "set" / "b.jpg")
    (tmp_path / "set" / "loop").symlink_to(tmp_path / "set")
    (tmp_path / "set" / "other").symlink_to(tmp_path / "real")
    dataset = read_dataset(tmp_path / "set")
    assert [frame.id for frame in dataset] == ["b.jpg"]
    assert [(p.kind, p.count) for p in dataset.problems] == [("linked-folder", 2)]


def test_empty_missing_and_hopeless_folders(tmp_path):
    with pytest.raises(InputError, match="no such file or folder"):
        read_dataset(tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no images in this folder"):
        read_dataset(tmp_path / "empty")
    (tmp_path / "empty" / "a.jpg").write_text("x")
    with pytest.raises(InputError, match="none of its 1 images can be used"):
        read_dataset(tmp_path / "empty")


def test_unknown_formats_and_wrong_options(tmp_path, make_image):
    make_image(tmp_path / "a.jpg")
    with pytest.raises(InputError, match="'cuneiform' is not known; known: auto, coco"):
        read_dataset(tmp_path, format="cuneiform")
    with pytest.raises(InputError, match="'manifest' cannot be written"):
        write_dataset(read_dataset(tmp_path), tmp_path / "out", "manifest")
    with pytest.raises(InputError, match="option images"):
        read_dataset(tmp_path, images=tmp_path / "absent")
    with pytest.raises(InputError, match="option images"):
        read_dataset(tmp_path, images=tmp_path)
    for name in ("labels.txt", "labels.json"):
        (tmp_path / name).write_text('[{"image_id": 3}]')
        with pytest.raises(InputError, match="none of the known formats"):
            read_dataset(tmp_path / name)


def test_a_folder_with_one_label_file_is_that_data_set(tmp_path, make_image):
    make_image(tmp_path / "a.jpg")
    make_image(tmp_path / "masks" / "a.png")
    document = {"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": [], "categories": []}
    (tmp_path / "one.json").write_text(json.dumps(document))
    (tmp_path / "settings.json").write_text('{"colour": "blue"}')
    assert detect_format(tmp_path) == "coco"
    assert [frame.id for frame in read_dataset(tmp_path)] == ["a.jpg"]
    (tmp_path / "two.json").write_text(json.dumps(document))
    with pytest.raises(InputError, match=r"one\.json, two\.json; give the path of one"):
        read_dataset(tmp_path)


def test_the_registry_is_complete():
    assert list(FORMATS) == [
        "coco",
        "bdd100k",
        "scalabel",
        "bdd100k_masks",
        "kitti",
        "kitti_tracking",
        "kitti_raw",
        "cityscapes",
        "yolo",
        "cvat",
        "labelme",
        "voc",
        "webdataset",
        "imagefolder",
        "huggingface",
        "fiftyone",
        "manifest",
        "video",
        "folder",
        "sequence",
    ]
    for name, found in FORMATS.items():
        checked: Format = found
        assert checked.name == name
        assert find_format(name) is found


def test_the_name_can_be_given(tmp_path, make_image):
    make_image(tmp_path / "a.jpg")
    assert read_dataset(tmp_path, name="night").name == "night"


def test_a_package_can_add_a_format(monkeypatch):
    from importlib import metadata

    class Own:
        name = "own"

    entry = metadata.EntryPoint("own", "somewhere:Own", "isthmus.formats")
    monkeypatch.setattr(metadata.EntryPoint, "load", lambda self: Own())
    monkeypatch.setattr(
        metadata,
        "entry_points",
        lambda group, name: [entry] if (group, name) == ("isthmus.formats", "own") else [],
    )
    assert find_format("own").name == "own"
    with pytest.raises(InputError, match="not known"):
        find_format("other")
