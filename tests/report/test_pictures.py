"""Pictures in the report: small, inside the stage's folder, and never fatal."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from isthmus.report import pictures
from isthmus.report.blocks import Gallery, Pairs, Picture
from isthmus.report.pictures import Pictures


def decoded(uri: str) -> Image.Image:
    head, body = uri.split(",")
    assert head == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(body)))


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((960, 540), (480, 270)),
        ((480, 360), (480, 360)),
        ((100, 40), (100, 40)),
        ((5000, 3), (480, 1)),
        ((720, 1280), (270, 480)),
    ],
)
def test_wide_pictures_shrink_and_small_ones_stay(
    tmp_path: Path, size: tuple[int, int], shown: tuple[int, int]
) -> None:
    Image.new("RGB", size, (200, 40, 40)).save(tmp_path / "a.png")
    found = Pictures(tmp_path).get("a.png", "a red picture")
    assert (found.width, found.height) == shown == decoded(found.uri).size
    assert found.alt == "a red picture"
    red, green, blue = np.asarray(decoded(found.uri)).reshape(-1, 3).mean(axis=0)
    assert abs(red - 200) < 6
    assert max(abs(green - 40), abs(blue - 40)) < 6


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "CMYK", "1", "I;16"])
def test_every_colour_mode_can_be_shown(tmp_path: Path, mode: str) -> None:
    suffix = "jpg" if mode == "CMYK" else "png"
    Image.new(mode, (32, 24)).save(tmp_path / f"a.{suffix}")
    assert decoded(Pictures(tmp_path).get(f"a.{suffix}", "").uri).mode == "RGB"


def test_what_a_file_carries_besides_pixels_is_left_behind(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at a secret place"
    Image.new("RGB", (32, 32)).save(tmp_path / "a.jpg", exif=exif, comment=b"secret comment")
    uri = Pictures(tmp_path).get("a.jpg", "").uri
    assert b"secret" not in base64.b64decode(uri.split(",")[1])


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("gone.png", "missing"),
        ("../outside.png", "InputError"),
        ("/etc/hostname", "InputError"),
        ("link.png", "InputError"),
        ("text.png", "UnidentifiedImageError"),
        ("cut.png", "cannot be shown"),
        ("folder", "cannot be shown"),
        ("a\0b.png", "cannot be shown"),
        (None, "not a file name"),
        (3, "not a file name"),
    ],
)
def test_what_cannot_be_shown_says_why(tmp_path: Path, name: object, fault: str) -> None:
    stage = tmp_path / "stage"
    (stage / "folder").mkdir(parents=True)
    Image.effect_noise((64, 64), 90).save(tmp_path / "outside.png")
    (stage / "link.png").symlink_to(tmp_path / "outside.png")
    (stage / "text.png").write_text("no picture")
    whole = (tmp_path / "outside.png").read_bytes()
    (stage / "cut.png").write_bytes(whole[: len(whole) // 2])
    found = Pictures(stage).get(name, "a frame")
    assert found.uri == ""
    assert fault in found.fault


def test_a_huge_picture_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_PIXELS", 99)
    Image.new("RGB", (10, 10)).save(tmp_path / "a.png")
    assert Pictures(tmp_path).get("a.png", "").fault == "too large to show"
    monkeypatch.setattr(pictures, "MAX_PIXELS", 100)
    assert Pictures(tmp_path).get("a.png", "").uri


@pytest.mark.parametrize(
    ("sizes", "shape"),
    [
        ([(480, 270), (480, 270), (270, 480)], "1.778"),
        ([(270, 480), (270, 480)], "1.000"),
        ([(0, 0)], "1.778"),
    ],
)
def test_one_shape_for_all_pictures_of_a_row(sizes: list[tuple[int, int]], shape: str) -> None:
    shown = [Picture("", "", *size) for size in sizes]
    assert Gallery("", tuple((p, "") for p in shown)).shape == shape
    assert Pairs(tuple((p, p, "") for p in shown)).shape == shape


def test_a_picture_is_read_once(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    found = Pictures(tmp_path)
    first = found.get("a.png", "one")
    (tmp_path / "a.png").unlink()
    assert found.get("a.png", "two").uri == first.uri
