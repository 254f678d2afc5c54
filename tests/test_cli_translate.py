"""`isthmus translate` from the command line: train, apply, audit, curve."""

from __future__ import annotations

import json

import numpy as np
import pytest

import isthmus
from isthmus.cli_translate import translate
from isthmus.data.dataset import Dataset
from isthmus.data.frame import Box, Frame
from isthmus.data.images import write_png
from isthmus.errors import ConfigError


def call(*arguments):
    return translate([str(a) for a in arguments], result_action="return_value")


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    """Label file of two bright frames with a box each, and a folder with a dark one."""
    folder = tmp_path_factory.mktemp("sets")
    rng = np.random.default_rng(0)
    frames = []
    for index in range(2):
        picture = rng.integers(120, 150, (64, 96, 3)).astype(np.uint8)
        picture[20:40, 30:60:4] = 10
        path = folder / f"{index}.png"
        write_png(path, picture)
        box = Box("vehicle", (30.0, 20.0, 60.0, 40.0))
        frames.append(Frame(f"{index}.png", path, 96, 64, str(index), objects=(box,)))
    isthmus.write_dataset(Dataset("day", tuple(frames), (), ("vehicle",)), folder / "day", "coco")
    write_png(folder / "dusk" / "0.png", (picture * 0.3).astype(np.uint8))
    return folder / "day" / "coco.json", folder / "dusk"


def test_the_whole_way(tmp_path, sets, capsys):
    day, dusk = sets
    trained = tmp_path / "run"
    small = ("--steps", 2, "--height", 64, "--crop", 32, "--width", 8, "--workers", 1)
    assert call("train", day, dusk, "--out", trained, *small) == 0
    file = trained / "translator.safetensors"
    assert f"translator: {file}" in capsys.readouterr().out.replace("\n", "")
    made = tmp_path / "made"
    assert call("apply", day, "--with", file, "--out", made, "--workers", 1) == 0
    assert json.loads((made / "audit.json").read_text())["boxes"]["keep"] == 2
    again = tmp_path / "again"
    audit = ("audit", day, made / "coco.json", "--out", again, "--workers", 1)
    assert call(*audit) == 0
    assert json.loads((again / "audit.json").read_text())["frames"] == 2
    page = again / "audit.html"
    assert "2 frames" in page.read_text()
    assert "Objects that hold, by strength" not in page.read_text()
    curve = ("curve", day, "--with", file, "--strength", 0.5, "--out", again, "--workers", 1)
    assert call(*curve) == 0
    assert "Objects that hold, by strength" in page.read_text()
    assert (made / "audit.html").is_file()
    out = capsys.readouterr().out
    assert "vehicle" in out
    assert "100.0 %" in out


def test_adain_and_strength(tmp_path, sets):
    day, dusk = sets
    assert call("train", day, dusk, "--method", "adain", "--out", tmp_path, "--workers", 1) == 0
    file = tmp_path / "translator.safetensors"
    for strength, below in ((0.5, 110), (1, 70)):
        out = tmp_path / f"made-{strength}"
        apply = ("apply", day, "--with", file, "--strength", strength, "--out", out)
        assert call(*apply, "--no-audit", "--workers", 1) == 0
        frame = isthmus.read_dataset(out / "coco.json").frames[0]
        assert read(frame).mean() < below


def read(frame):
    from isthmus.data.images import read_rgb

    return read_rgb(frame.image)


def test_what_does_not_go_together_is_refused(tmp_path, sets):
    day, dusk = sets
    with pytest.raises(ConfigError, match="exactly one of"):
        call("apply", day, "--out", tmp_path, "--workers", 1)
    with pytest.raises(ConfigError, match="for diffusion pipelines"):
        call("apply", day, "--pictures", dusk, "--condition", "fog", "--out", tmp_path,
             "--workers", 1)  # fmt: skip
    with pytest.raises(ConfigError, match="adain takes no steps"):
        call("train", day, dusk, "--method", "adain", "--steps", 3, "--out", tmp_path,
             "--workers", 1)  # fmt: skip
