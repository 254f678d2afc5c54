"""BDD100K's bitmasks: made ones, and real ones from the data set's own tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from isthmus.data import rle
from isthmus.data.formats import detect_format, read_dataset
from isthmus.errors import InputError


def write_bitmask(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels, "RGBA").save(path)


def test_channels_are_category_flags_and_id(tmp_path, make_image):
    pixels = np.zeros((20, 40, 4), dtype=np.uint8)
    pixels[2:5, 3:9] = (3, 0b1000, 1, 4)
    pixels[10:12, 0:40] = (1, 0b0110, 0, 9)
    pixels[19, 39] = (41, 0, 0, 1)
    masks = tmp_path / "labels" / "ins_seg" / "bitmasks"
    write_bitmask(masks / "val" / "a.png", pixels)
    write_bitmask(masks / "val" / "gone.png", pixels)
    (masks / "val" / "b.png").write_bytes(b"no PNG")
    Image.new("L", (40, 20)).save(masks / "val" / "c.png")
    image = make_image(tmp_path / "images" / "10k" / "val" / "a.jpg", 40, 20)
    assert detect_format(masks.parent) == "bdd100k_masks"
    dataset = read_dataset(masks.parent)
    (frame,) = dataset.frames
    assert (frame.image, frame.split, frame.sequence) == (image.resolve(), "val", "")
    person, car = frame.objects or ()
    assert (car.category, car.instance, car.xyxy) == ("car", "260", (3, 2, 9, 5))
    assert (car.truncated, car.occluded, car.ignore) == (True, False, False)
    assert (person.truncated, person.occluded, person.ignore) == (False, True, True)
    assert car.mask is not None
    assert np.array_equal(rle.decode(car.mask), pixels[..., 0] == 3)
    found = sorted((p.kind, Path(p.path).name) for p in dataset.problems if p.count)
    assert found == [
        ("bad-annotation", "a.png"), ("bad-annotation", "gone.png"), ("bad-label-file", "b.png"),
        ("bad-label-file", "c.png"), ("box-of-skipped-image", "gone.png"),
        ("missing-image", "gone.png"),
    ]  # fmt: skip


def test_real_bitmasks_of_a_video(shared_data, tmp_path, make_image):
    cases = shared_data / "label_formats/bdd100k/tests/label/testcases/to_rle/seg_track/masks"
    for number in (1, 2):
        make_image(tmp_path / "0" / f"0-{number}.jpg", 1280, 720, shade=30 * number)
    dataset = read_dataset(cases, format="bdd100k_masks", images=tmp_path)
    assert dataset.sequences == ("0",)
    assert [f.id for f in dataset] == ["0/0-1.jpg", "0/0-2.jpg"]
    pixels = np.asarray(Image.open(cases / "0" / "0-1.png"))
    first = {box.instance: box for box in dataset.frames[0].objects or ()}
    assert sorted(first) == sorted(map(str, range(11)))
    assert [first[str(i)].category for i in (6, 4, 0, 5, 7)] == [
        "pedestrian", "rider", "car", "truck", "bicycle"
    ]  # fmt: skip
    for name, box in first.items():
        assert box.mask is not None
        own = (pixels[..., 3] == int(name)) & (pixels[..., 0] > 0)
        assert np.array_equal(rle.decode(box.mask), own)
        rows, columns = np.nonzero(own)
        edges = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert box.xyxy == edges


def test_a_folder_without_bitmasks_is_named(tmp_path):
    with pytest.raises(InputError, match="no bitmasks"):
        read_dataset(tmp_path, format="bdd100k_masks")
