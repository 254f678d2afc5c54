"""Adapted copies of data sets: labels carried over, same bytes for any workers, resumable."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest

import isthmus
from isthmus.adapt.image import copy as copying
from isthmus.adapt.image.style import STYLES, ImageStyle
from isthmus.compute.local import LocalExecutor
from isthmus.data.dataset import Dataset
from isthmus.data.frame import Box, Frame
from isthmus.data.images import read_rgb, write_png
from isthmus.errors import ConfigError, InputError


def make_set(folder, count, seed, low, high, name="day", labelled=True):
    rng = np.random.default_rng(seed)
    frames = []
    for index in range(count):
        path = folder / name / f"{index:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        smooth = np.kron(rng.integers(low, high, (6, 8, 3)), np.ones((8, 8, 1))).astype(np.uint8)
        write_png(path, smooth)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        objects = (Box("vehicle", (5.0 + index, 6.0, 30.0, 40.0)),) if labelled else None
        frames.append(
            Frame(f"{index:03d}.png", path, 64, 48, digest, sequence=f"s{index % 2}",
                  objects=objects)
        )  # fmt: skip
    return Dataset(name, tuple(frames), (), ("vehicle",))


def hashes(folder):
    return {p.name: p.read_bytes() for p in sorted((folder / "images").iterdir())}


@pytest.mark.parametrize("method", sorted(STYLES))
def test_labels_stay_and_the_look_is_the_targets(method, tmp_path):
    day, dusk = make_set(tmp_path, 3, 0, 150, 250), make_set(tmp_path, 2, 1, 10, 70, "dusk")
    made = isthmus.adapt_images(day, dusk, tmp_path / "out", method=method)
    assert [f.objects for f in made] == [f.objects for f in day]
    assert [f.sequence for f in made] == [f.sequence for f in day]
    again = isthmus.read_dataset(tmp_path / "out" / "coco.json")
    assert {f.objects[0].xyxy for f in again} == {f.objects[0].xyxy for f in day}
    assert {f.attributes["look"] for f in again} == {method}
    for before, after in zip(day, made, strict=True):
        old, new = read_rgb(before.image).mean(), read_rgb(after.image).mean()
        assert old > 180
        assert new < 90, "the mean light is that of the target"


def test_the_same_bytes_for_any_number_of_workers_and_after_a_stop(tmp_path, monkeypatch):
    day, dusk = make_set(tmp_path, 5, 0, 150, 250), make_set(tmp_path, 3, 1, 10, 70, "dusk")
    isthmus.adapt_images(day, dusk, tmp_path / "a", method="ot", seed=4)
    isthmus.adapt_images(day, dusk, tmp_path / "b", method="ot", seed=4, executor=LocalExecutor(2))
    assert hashes(tmp_path / "a") == hashes(tmp_path / "b")
    victim = next((tmp_path / "b" / "images").iterdir())
    victim.unlink()
    made = []
    original = copying.restyle
    monkeypatch.setattr(copying, "restyle", lambda *a: made.append(1) or original(*a))
    isthmus.adapt_images(day, dusk, tmp_path / "b", method="ot", seed=4)
    assert len(made) == 1, "only what was missing is made again"
    assert hashes(tmp_path / "a") == hashes(tmp_path / "b")
    isthmus.adapt_images(day, dusk, tmp_path / "b", method="ot", seed=5)
    assert len(made) == 6, "another request makes all anew"
    assert hashes(tmp_path / "a") != hashes(tmp_path / "b")


def test_target_labels_are_not_looked_at(tmp_path):
    day = make_set(tmp_path, 2, 0, 150, 250)
    bare, labelled = (make_set(tmp_path, 2, 1, 10, 70, "dusk", labelled=x) for x in (False, True))
    isthmus.adapt_images(day, bare.unlabeled(), tmp_path / "a")
    isthmus.adapt_images(day, labelled, tmp_path / "b")
    assert hashes(tmp_path / "a") == hashes(tmp_path / "b")


def test_a_frame_that_cannot_be_read_is_listed_and_others_go_on(tmp_path):
    day, dusk = make_set(tmp_path, 3, 0, 150, 250), make_set(tmp_path, 1, 1, 10, 70, "dusk")
    day.frames[1].image.write_bytes(b"not an image")
    made = isthmus.adapt_images(day, dusk, tmp_path / "out")
    assert [f.objects[0].xyxy[0] for f in made] == [5.0, 7.0]
    assert [p.kind for p in made.problems] == ["adaptation-failed"]
    assert "001.png" in made.problems[0].path


def test_fit_and_transform_alone(tmp_path):
    dusk = make_set(tmp_path, 3, 1, 10, 70, "dusk")
    style = ImageStyle("reinhard", seed=1).fit([f.image for f in dusk])
    image = np.full((20, 30, 3), 200, np.uint8)
    image[:, 15:] = 220
    assert style.transform(image, "x").shape == image.shape
    assert np.array_equal(style.transform(image, "x"), style.transform(image, "x"))
    with pytest.raises(InputError, match="fit"):
        ImageStyle("fda").transform(image, "x")
    with pytest.raises(InputError, match="at least one"):
        ImageStyle("fda").fit([])
    with pytest.raises(ConfigError, match="cyclegan"):
        ImageStyle("cyclegan")


def test_translated_pictures_get_the_labels(tmp_path):
    day = make_set(tmp_path, 4, 0, 150, 250)
    out = tmp_path / "translated"
    write_png(out / "000.png", np.zeros((48, 64, 3), np.uint8))
    write_png(out / "001_fake_B.png", np.zeros((96, 128, 3), np.uint8))
    write_png(out / "002.png", np.zeros((48, 48, 3), np.uint8))
    made = isthmus.adopt_translated(day, out)
    assert [f.id for f in made] == ["000.png", "001.png"]
    assert made.frames[0].objects[0].xyxy == (5.0, 6.0, 30.0, 40.0)
    assert made.frames[1].objects[0].xyxy == (12.0, 12.0, 60.0, 80.0)
    reasons = " ".join(p.reason for p in made.problems)
    assert len(made.problems) == 2
    assert "another shape" in reasons
    assert "no translated picture named 003" in reasons
    with pytest.raises(InputError, match="no such folder"):
        isthmus.adopt_translated(day, tmp_path / "nowhere")


def test_pictures_of_no_image_are_counted_and_names_that_end_like_a_translators_are_found(tmp_path):
    day = make_set(tmp_path, 2, 0, 150, 250)
    named = replace(day.frames[0], image=day.frames[0].image.rename(tmp_path / "day" / "cam_B.png"))
    day = replace(day, frames=(named, day.frames[1]))
    for name in ("cam_B", "001_fake", "001_real_A", "other"):
        write_png(tmp_path / "out" / f"{name}.png", np.zeros((48, 64, 3), np.uint8))
    made = isthmus.adopt_translated(day, tmp_path / "out")
    assert [f.image.name for f in made] == ["cam_B.png", "001_fake.png"]
    (note,) = made.problems
    assert note.severity == "note"
    assert note.reason.startswith("2 picture(s) named after no image of day, such as 001_real_A")


def test_from_the_command_line(tmp_path):
    from isthmus.cli_adapt import adapt

    day, dusk = make_set(tmp_path, 2, 0, 150, 250), make_set(tmp_path, 2, 1, 10, 70, "dusk")
    isthmus.write_dataset(day, tmp_path / "labels", "coco")
    out = str(tmp_path / "out")
    command = ["images", str(tmp_path / "labels" / "coco.json"), str(tmp_path / "dusk"),
               "--out", out, "--method", "histogram", "--workers", "1"]  # fmt: skip
    assert adapt(command, result_action="return_value") == 0
    assert len(isthmus.read_dataset(tmp_path / "out" / "coco.json")) == len(day)
    command = ["translated", str(tmp_path / "labels" / "coco.json"), str(tmp_path / "dusk"),
               "--out", str(tmp_path / "out2"), "--workers", "1"]  # fmt: skip
    assert adapt(command, result_action="return_value") == 0
    assert dusk.name == "dusk"
