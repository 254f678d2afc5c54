"""Decoding: every file becomes upright RGB or an ImageError that names it; nothing else."""

from __future__ import annotations

import hashlib
import io
import os
import struct
import threading
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from isthmus.data import orientation
from isthmus.data.colour_modes import RULES
from isthmus.data.images import (
    DECODE_FINGERPRINT,
    probe,
    read_resized,
    read_rgb,
    resize_rgb,
    write_jpeg,
    write_png,
)
from isthmus.errors import ImageError, InputError

rng = np.random.default_rng(20)
NOISE = rng.integers(0, 256, (24, 36, 3), dtype=np.uint8)


def smooth(height: int, width: int) -> np.ndarray:
    """A picture without detail, which JPEG keeps to within a few grey levels."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 200 / width, y * 200 / height, 40 + 0 * x], -1).astype(np.uint8)


def test_real_weird_files_decode_or_are_refused_by_name(shared_data):
    files = [f for f in sorted((shared_data / "weird_images").rglob("*")) if f.is_file()]
    read = 0
    refusals = []
    for file in files:
        try:
            found = probe(file)
            rgb = read_rgb(file)
            small = read_resized(file, 17, 11)
        except ImageError as error:
            refusals.append((f"{file}: ", str(error)))
        else:
            assert (rgb.dtype, rgb.shape) == (np.uint8, (found.height, found.width, 3))
            assert small.shape == (11, 17, 3)
            assert found.digest == hashlib.sha256(file.read_bytes()).hexdigest()
            read += 1
    assert len(files) > 500
    assert read > 450
    assert len(refusals) > 50
    assert all(said.startswith(named) and len(said) > len(named) for named, said in refusals)


def test_ordinary_rgb_is_bit_exact(tmp_path):
    write_png(tmp_path / "a.png", NOISE)
    assert np.array_equal(read_rgb(tmp_path / "a.png"), NOISE)
    assert probe(tmp_path / "a.png").note is None


def test_orientations_turn_known_pixels(tmp_path):
    # Stored so that the upright image is always this one: red, green / blue, white corners.
    upright = np.zeros((4, 6, 3), np.uint8)
    upright[0, 0], upright[0, -1] = (255, 0, 0), (0, 255, 0)
    upright[-1, 0], upright[-1, -1] = (0, 0, 255), (255, 255, 255)
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.swapaxes(0, 1),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].swapaxes(0, 1),
        8: np.rot90(upright, -1),
    }
    for number, pixels in stored.items():
        exif = Image.Exif()
        exif[orientation.TAG] = number
        for kind in ("png", "tif"):
            path = tmp_path / f"{number}.{kind}"
            Image.fromarray(np.ascontiguousarray(pixels)).save(path, exif=exif)
            assert np.array_equal(read_rgb(path), upright), (number, kind)
            found = probe(path)
            assert (found.width, found.height, found.orientation) == (6, 4, number)


@pytest.mark.parametrize("number", range(1, 9))
def test_boxes_turn_as_pixels_do(number):
    height, width = 7, 11
    for x1, y1, x2, y2 in [(0, 0, 3, 2), (4, 1, 11, 6), (10, 6, 11, 7)]:
        stored = np.zeros((height, width, 3), np.uint8)
        stored[y1:y2, x1:x2] = 255
        turned = np.array(orientation.turn(Image.fromarray(stored), number))
        left, top, right, bottom = orientation.turn_box((x1, y1, x2, y2), width, height, number)
        expected = np.zeros_like(turned)
        expected[top:bottom, left:right] = 255
        assert np.array_equal(turned, expected)
        assert turned.shape[1::-1] == orientation.turned_size(width, height, number)


def test_jpeg_orientation_holds_through_reduced_decoding(tmp_path):
    picture = smooth(400, 640)
    exif = Image.Exif()
    exif[orientation.TAG] = 6
    Image.fromarray(np.rot90(picture).copy()).save(tmp_path / "a.jpg", exif=exif, quality=95)
    small = read_resized(tmp_path / "a.jpg", 80, 50)
    expected = resize_rgb(picture, 80, 50)
    assert np.abs(small.astype(int) - expected).mean() < 1.5


def test_sixteen_bit_ramp_is_scaled_not_clipped(tmp_path):
    ramp = np.linspace(0, 65535, 256).round().astype(np.uint16)[None, :].repeat(3, 0)
    files = {"a.png": Image.fromarray(ramp), "a.tif": Image.fromarray(ramp)}
    for name, image in files.items():
        image.save(tmp_path / name)
    big_endian = Image.frombytes("I;16B", (256, 3), ramp.astype(">u2").tobytes())
    big_endian.save(tmp_path / "b.tif")
    for name in (*files, "b.tif"):
        grey = read_rgb(tmp_path / name)
        assert np.array_equal(grey[0, :, 0], np.arange(256)), name
        assert np.array_equal(grey[..., 0], grey[..., 2])
        assert "257" in probe(tmp_path / name).note


@pytest.mark.parametrize(("value", "grey"), [(0, 0), (128, 0), (129, 1), (65535, 255)])
def test_sixteen_bit_rounds_to_nearest(tmp_path, value, grey):
    Image.fromarray(np.full((2, 2), value, np.uint16)).save(tmp_path / "a.png")
    assert read_rgb(tmp_path / "a.png")[0, 0, 0] == grey


def test_each_mode_has_its_rule(tmp_path):
    colour = (200, 100, 50)
    flat = Image.new("RGB", (8, 8), colour)
    cases = {
        "L.png": (flat.convert("L"), (124,) * 3),
        "1.png": (Image.new("1", (8, 8), 1), (255,) * 3),
        "P.png": (flat.quantize(4), colour),
        "RGBA.png": (Image.new("RGBA", (8, 8), (*colour, 255)), colour),
        "half.png": (Image.new("RGBA", (8, 8), (*colour, 128)), (100, 50, 25)),
        "clear.png": (Image.new("RGBA", (8, 8), (*colour, 0)), (0, 0, 0)),
        "LA.png": (Image.new("LA", (8, 8), (200, 0)), (0, 0, 0)),
        "YCbCr.tif": (flat.convert("YCbCr"), colour),
        "CMYK.jpg": (flat.convert("CMYK"), colour),
        "CMYK.tif": (flat.convert("CMYK"), colour),
    }
    for name, (image, expected) in cases.items():
        image.save(tmp_path / name)
        assert np.abs(read_rgb(tmp_path / name)[4, 4].astype(int) - expected).max() <= 2, name
    assert "black" in probe(tmp_path / "half.png").note
    assert probe(tmp_path / "RGBA.png").note is None
    assert "CMYK" in probe(tmp_path / "CMYK.jpg").note


def test_transparent_palette_and_colour_key_are_laid_over_black(tmp_path):
    keyed = Image.new("RGB", (4, 4), (10, 200, 30))
    keyed.save(tmp_path / "key.png", transparency=(10, 200, 30))
    palette = Image.new("P", (4, 4), 1)
    palette.putpalette([0, 0, 0, 250, 250, 250])
    palette.save(tmp_path / "p.png", transparency=b"\xff\x00")
    assert not read_rgb(tmp_path / "key.png").any()
    assert not read_rgb(tmp_path / "p.png").any()


@pytest.mark.parametrize("mode", ["I", "F"])
def test_modes_of_unknown_range_are_refused(tmp_path, mode):
    Image.new(mode, (4, 4), 7).save(tmp_path / "a.tif")
    with pytest.raises(ImageError, match=r"a\.tif: pixel mode .* unknown range"):
        read_rgb(tmp_path / "a.tif")


def test_a_mode_without_a_rule_is_refused(tmp_path):
    Image.new("LAB", (4, 4)).save(tmp_path / "a.tif")
    assert "LAB" not in RULES
    with pytest.raises(ImageError, match="LAB has no rule"):
        read_rgb(tmp_path / "a.tif")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "GIF", "BMP"])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.7, 0.98])
def test_truncated_files_are_refused(tmp_path, kind, share):
    buffer = io.BytesIO()
    Image.fromarray(NOISE.repeat(4, 0)).save(buffer, format=kind)
    whole = buffer.getvalue()
    path = tmp_path / "a.jpg"
    path.write_bytes(whole[: int(len(whole) * share)])
    for read in (read_rgb, probe, lambda p: read_resized(p, 9, 9)):
        with pytest.raises(ImageError) as caught:
            read(path)
        assert str(caught.value).startswith(f"{path}: ")


def test_truncated_files_stay_refused_when_another_library_asked_for_leniency(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    write_jpeg(tmp_path / "a.jpg", NOISE)
    (tmp_path / "b.jpg").write_bytes((tmp_path / "a.jpg").read_bytes()[:-300])
    with pytest.raises(ImageError, match="truncated"):
        read_rgb(tmp_path / "b.jpg")
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True
    assert Image.MAX_IMAGE_PIXELS is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"Dear diary, this is no picture.\n", "text, not an image"),
        (b"\x00\x01\x02" * 99, "not an image of a known kind"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "text, not an image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "text, not an image"),
    ],
)
def test_what_is_no_image_is_said(tmp_path, content, words):
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(ImageError, match=words):
        probe(tmp_path / "a.jpg")


def png_header(width: int, height: int) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 100)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", data), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize(("width", "height"), [(8001, 8000), (10_000, 10_000), (60_000, 60_000)])
def test_a_bomb_is_refused_by_its_header(tmp_path, width, height):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_header(width, height))
    with pytest.raises(ImageError, match="64 megapixels"):
        read_rgb(path)


def test_the_limit_is_an_option(tmp_path):
    write_png(tmp_path / "a.png", NOISE)
    with pytest.raises(ImageError, match="limit"):
        read_rgb(tmp_path / "a.png", max_pixels=24 * 36 - 1)
    assert read_rgb(tmp_path / "a.png", max_pixels=24 * 36).shape == NOISE.shape


def test_of_an_animation_the_first_picture_is_read_and_noted(tmp_path):
    frames = [Image.new("RGB", (5, 5), shade) for shade in ((255, 0, 0), (0, 255, 0))]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert tuple(read_rgb(tmp_path / "a.gif")[2, 2]) == (255, 0, 0)
    assert "first picture" in probe(tmp_path / "a.gif").note
    frames[1].save(tmp_path / "still.gif")
    assert probe(tmp_path / "still.gif").note is None


def test_broken_exif_is_noted_and_the_pixels_read(tmp_path):
    Image.fromarray(NOISE).save(tmp_path / "a.png")
    exif = Image.Exif()
    exif[orientation.TAG] = 77
    Image.fromarray(NOISE).save(tmp_path / "b.png", exif=exif)
    assert "none of 1 to 8" in probe(tmp_path / "b.png").note
    assert np.array_equal(read_rgb(tmp_path / "b.png"), NOISE)


def test_missing_folders_and_pipes_are_image_errors(tmp_path):
    with pytest.raises(ImageError, match="no such file"):
        read_rgb(tmp_path / "absent.jpg")
    with pytest.raises(ImageError, match="not a regular file"):
        read_rgb(tmp_path)
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(ImageError, match="not a regular file"):
        read_rgb(tmp_path / "pipe.jpg")


def test_settings_are_put_back_and_no_warning_escapes(shared_data):
    before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters))
    for name in ("exif_typeerror.jpg", "broken.png"):
        for file in (shared_data / "weird_images").rglob(name):
            try:
                probe(file)
            except ImageError:
                continue
    after = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters))
    assert before == after


def test_threads_do_not_disturb_each_other(tmp_path):
    write_png(tmp_path / "a.png", NOISE)
    before = list(warnings.filters)
    wrong = []

    def work() -> None:
        wrong.extend(
            i for i in range(20) if not np.array_equal(read_rgb(tmp_path / "a.png"), NOISE)
        )

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert list(warnings.filters) == before


def test_one_resize_path(tmp_path):
    write_png(tmp_path / "a.png", NOISE)
    assert np.array_equal(read_resized(tmp_path / "a.png", 36, 24), NOISE)
    assert np.array_equal(read_resized(tmp_path / "a.png", 12, 9), resize_rgb(NOISE, 12, 9))
    with pytest.raises(InputError, match="at least one pixel"):
        resize_rgb(NOISE, 0, 9)


def test_resizing_antialiases():
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    assert np.abs(resize_rgb(stripes, 16, 16)[4:-4, 4:-4].astype(int) - 128).max() <= 6


def test_reduced_jpeg_decoding_stays_close_to_the_full_one(tmp_path):
    noise = np.clip(smooth(512, 768) + rng.normal(0, 20, (512, 768, 3)), 0, 255).astype(np.uint8)
    write_jpeg(tmp_path / "a.jpg", noise)
    full = resize_rgb(read_rgb(tmp_path / "a.jpg"), 96, 64)
    fast = read_resized(tmp_path / "a.jpg", 96, 64)
    assert 0 < np.abs(full.astype(int) - fast).mean() < 1.5


def test_writers_are_repeatable_and_refuse_what_is_no_image(tmp_path):
    for write, name in ((write_jpeg, "a.jpg"), (write_png, "a.png")):
        write(tmp_path / "one" / name, NOISE)
        write(tmp_path / "two" / name, NOISE)
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
        for wrong in (NOISE[..., 0], NOISE.astype(np.float32), NOISE[..., :2]):
            with pytest.raises(InputError, match="expected uint8"):
                write(tmp_path / "bad.png", wrong)
    assert not (tmp_path / "bad.png").exists()
    assert not list(tmp_path.rglob(".tmp-*"))


def test_jpeg_quality_is_high_by_default(tmp_path):
    write_jpeg(tmp_path / "a.jpg", smooth(64, 64))
    assert np.abs(read_rgb(tmp_path / "a.jpg").astype(int) - smooth(64, 64)).mean() < 2


def test_the_fingerprint_names_decoder_and_filter():
    import PIL

    assert DECODE_FINGERPRINT.startswith(f"pillow-{PIL.__version__.split('.')[0]}/")
    assert "bicubic" in DECODE_FINGERPRINT


def test_a_path_may_be_text(tmp_path: Path):
    write_png(tmp_path / "a.png", NOISE)
    assert read_rgb(str(tmp_path / "a.png")).shape == (24, 36, 3)


def test_decoding_at_less_than_twice_the_size_changes_little_but_fine_detail(tmp_path):
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (18, 32, 3), dtype=np.uint8)
    picture = np.asarray(Image.fromarray(coarse).resize((1280, 720), Image.Resampling.BICUBIC))
    write_jpeg(tmp_path / "a.jpg", picture)
    usual = read_resized(tmp_path / "a.jpg", 480, 270).astype(int)
    quick = read_resized(tmp_path / "a.jpg", 480, 270, decoded_at=1.25).astype(int)
    assert quick.shape == usual.shape == (270, 480, 3)
    assert 0 < np.abs(quick - usual).mean() < 1
