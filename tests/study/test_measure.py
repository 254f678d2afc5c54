"""`measure_gap`: sides that are too small, and the control within the source."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from isthmus.data.images import write_jpeg
from isthmus.errors import ConfigError, InputError
from isthmus.features.extractor import FeatureSet
from isthmus.study.gap_rows import deep_layers, halves
from isthmus.study.measure import measure_gap


def images(folder: Path, places: list[str], seed: int = 0) -> Path:
    rng = np.random.default_rng(seed)
    for number, place in enumerate(places):
        (folder / place).mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 255, (48, 64, 3), np.uint8)
        write_jpeg(folder / place / f"{number}.jpg", pixels)
    return folder


def features(sequences: tuple[str, ...]) -> FeatureSet:
    ids = tuple(str(i) for i in range(len(sequences)))
    rows = np.arange(len(sequences), dtype=np.float32)[:, None]
    return FeatureSet({"all": rows}, ids, sequences)


def rows_of(part: FeatureSet) -> list[int]:
    return part.layers["all"][:, 0].astype(int).tolist()


@pytest.mark.parametrize(
    ("n", "m", "message"),
    [
        (3, 6, r"the source \(a\) has 3 usable frame\(s\); at least 4 are needed"),
        (6, 1, r"the target \(b\) has 1 usable frame\(s\); at least 4 are needed"),
    ],
)
def test_the_side_that_is_too_small_is_named_with_its_number(tmp_path, n, m, message):
    source, target = images(tmp_path / "a", [""] * n), images(tmp_path / "b", [""] * m)
    with pytest.raises(InputError, match=message):
        measure_gap(source, target, workers=1)


def test_a_missing_target_is_said_before_the_source_is_read(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"no such file or folder \(the target\)"):
        measure_gap(tmp_path / "empty", tmp_path / "none")


def test_a_seed_below_zero_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="seed: 0 or more"):
        measure_gap(tmp_path, tmp_path, seed=-1)


def test_halves_cut_each_sequence_and_pool_frames_that_are_alone():
    first, second = halves(features(("a", "a", "a", "a", "b", "b")))
    assert (rows_of(first), rows_of(second)) == ([0, 1, 4], [2, 3, 5])
    first, second = halves(features(("a", "b", "c", "d")))
    assert (rows_of(first), rows_of(second)) == ([0, 1], [2, 3])
    first, second = halves(features(("", "a", "", "b", "b", "")))
    assert (rows_of(first), rows_of(second)) == ([0, 1, 3], [2, 5, 4])


def test_only_the_last_third_of_a_network_is_deep():
    def deep(layers, **kinds):
        matrices = {name: np.zeros((2, 1), np.float32) for name in layers}
        return deep_layers(FeatureSet(matrices, ("0", "1"), ("", ""), kinds=kinds))

    assert deep(["c1", "c2", "c3", "c4", "c5", "c6", "c7"]) == {"c5", "c6", "c7"}
    assert deep(["only"]) == {"only"}
    known = {"colour": "colour and light", "all": "all"}
    assert deep(["colour", "all"], **known) == {"colour", "all"}


def test_folders_of_one_image_each_can_be_measured(tmp_path):
    places = [f"drive{i}" for i in range(8)]
    source = images(tmp_path / "a", places)
    target = images(tmp_path / "b", places, seed=1)
    result = measure_gap(source, target, metrics=["mmd"], permutations=99, workers=1)
    pairs = {pair["name"]: (pair["n"], pair["m"]) for pair in result.document["pairs"]}
    assert pairs == {"source-target": (8, 8), "source-halves": (4, 4)}
