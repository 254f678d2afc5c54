"""Depth as KITTI stores it."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from isthmus.data.depth import read_depth_png, read_ids_png, write_depth_png
from isthmus.errors import ImageError, InputError


def test_round_trip_is_within_half_a_step(tmp_path):
    depth = np.random.default_rng(1).uniform(0.01, 250, (20, 30)).astype(np.float32)
    write_depth_png(tmp_path / "d.png", depth)
    found = read_depth_png(tmp_path / "d.png")
    assert found.dtype == np.float32
    assert np.abs(found - depth).max() <= 0.5 / 256 + 1e-5
    with Image.open(tmp_path / "d.png") as image:
        assert np.array_equal(np.array(image), np.rint(depth.astype(float) * 256))


def test_unknown_near_and_far(tmp_path):
    write_depth_png(tmp_path / "d.png", np.array([[0.0, -3.0, np.nan, 1e-6, 300.0, np.inf]]))
    expected = [0, 0, 0, 1 / 256, 65535 / 256, 65535 / 256]
    assert read_depth_png(tmp_path / "d.png")[0].tolist() == pytest.approx(expected)


def test_wrong_shapes_and_files(tmp_path):
    with pytest.raises(InputError, match="height, width"):
        write_depth_png(tmp_path / "d.png", np.zeros((2, 2, 3)))
    Image.new("L", (3, 3)).save(tmp_path / "l.png")
    with pytest.raises(ImageError, match="16-bit"):
        read_depth_png(tmp_path / "l.png")
    Image.new("RGB", (3, 3)).save(tmp_path / "rgb.png")
    with pytest.raises(ImageError, match="mode RGB"):
        read_depth_png(tmp_path / "rgb.png")
    (tmp_path / "t.png").write_text("no")
    with pytest.raises(ImageError, match=r"t\.png: text"):
        read_depth_png(tmp_path / "t.png")


def test_ids_are_grey_values_or_palette_indices(tmp_path):
    ids = np.arange(12, dtype=np.uint8).reshape(3, 4)
    Image.fromarray(ids).save(tmp_path / "l.png")
    image = Image.fromarray(ids)
    image.putpalette(list(range(255, -1, -1)) * 3)
    image.save(tmp_path / "p.png")
    for name in ("l.png", "p.png"):
        assert np.array_equal(read_ids_png(tmp_path / name), ids)


def test_camvid_masks_hold_twelve_classes(shared_data):
    mask = next((shared_data / "camvid" / "masks" / "train").glob("*.png"))
    assert set(np.unique(read_ids_png(mask))) <= set(range(12))
