"""Some frames of a set: what matches, and what is said where nothing does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from isthmus.cli_data import read_selector
from isthmus.data.convert import convert_dataset
from isthmus.data.dataset import Dataset
from isthmus.data.formats import read_dataset, write_dataset
from isthmus.data.frame import Box, Frame
from isthmus.data.images import write_png
from isthmus.data.selection import select
from isthmus.errors import ConfigError


def frames(folder: Path = Path()) -> Dataset:
    rows = [("a", "day", "train"), ("a", "dusk", "train"), ("b", "late", "val")]
    return Dataset("set", tuple(
        Frame(f"{i}.png", folder / f"{i}.png", 9, 9, f"{i:064x}", sequence=drive, split=split,
              attributes={"time": time}, objects=(Box("car", (1.0, 1.0, 5.0, 5.0)),))
        for i, (drive, time, split) in enumerate(rows)
    ))  # fmt: skip


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["time=day"], ["0.png"]),
        (["time=day,dusk"], ["0.png", "1.png"]),
        (["time=late,dusk"], ["1.png", "2.png"]),
        (["sequence=a", "time=dusk"], ["1.png"]),
        (["split=val"], ["2.png"]),
        ([], ["0.png", "1.png", "2.png"]),
    ],
)
def test_what_matches_every_entry_is_chosen(texts, expected):
    chosen = select(frames(), read_selector(texts), "--where")
    assert [frame.id for frame in chosen] == expected


def test_nothing_found_says_what_there_is():
    with pytest.raises(ConfigError, match=r"matches time=noon. It has .*time: day, dusk"):
        select(frames(), {"time": "noon"}, "--where")


@pytest.mark.parametrize("text", ["time", "=day", "time=", ""])
def test_another_form_is_refused(text):
    with pytest.raises(ConfigError, match="NAME=VALUE"):
        read_selector([text])
    with pytest.raises(ConfigError, match="given twice"):
        read_selector(["time=day", "time=dusk"])


def test_a_conversion_takes_the_frames_asked_for(tmp_path):
    for i in range(3):
        write_png(tmp_path / f"{i}.png", np.full((9, 9, 3), 40 * i, np.uint8))
    path = write_dataset(frames(tmp_path), tmp_path / "all", "coco")
    made = convert_dataset(path, tmp_path / "dusk", "coco", where={"time": "dusk"})
    found = read_dataset(made.path)
    assert [frame.attributes["time"] for frame in found] == ["dusk"]
    assert len(list((tmp_path / "dusk").rglob("*.png"))) == 1
