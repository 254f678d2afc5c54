"""Readers of shards, videos, manifests, bitmasks and plain images on files with changed bytes.

As in test_reader_mutations.py: an `InputError` that names a path, or what is read is sound and what
is missing is entered. No other exception, and nothing lost without a word.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from test_reader_mutations import changed
from test_round_trips import full_dataset

from isthmus.data.dataset import Dataset
from isthmus.data.formats import read_dataset, write_dataset
from isthmus.data.manifest import save_manifest
from isthmus.errors import InputError

NOISE = [b"\x00", b"\xff\xfe", b"\x7f" * 9, b"../", b"0" * 512, b"PAR1", b"}"]
DAMAGE = {
    "at": st.one_of(st.integers(0, 1 << 20), st.integers(0, 700)),
    "kind": st.sampled_from(["cut", "replace", "insert", "repeat"]),
    "noise": st.sampled_from(NOISE),
}
damaged = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
Make = Callable[..., Path]


def read_damaged(root: Path, file: Path, damage: dict[str, Any], format: str) -> Dataset | None:
    """What is read of a copy of `root` in which `file` is damaged; None if that is refused."""
    before = file.read_bytes()
    images = root.parent / f"{root.name}.images"
    if format in ("webdataset", "video"):
        shutil.rmtree(images, ignore_errors=True)
        images.mkdir()
    file.write_bytes(changed(before, **damage))
    try:
        dataset = read_dataset(root, format=format, images=images if images.is_dir() else None)
    except InputError as error:
        if str(root) not in str(error):
            raise AssertionError(f"names no path: {error}") from error
        return None
    finally:
        file.write_bytes(before)
    for frame in dataset:
        assert frame.width > 0
        assert frame.height > 0
        for box in frame.objects or ():
            x1, y1, x2, y2 = box.xyxy
            assert 0 <= x1 < x2 <= frame.width
            assert 0 <= y1 < y2 <= frame.height
    assert len(dataset.fingerprint) == 64
    assert all(p.path and p.reason and p.count > 0 for p in dataset.problems)
    return dataset


@pytest.fixture(scope="module")
def shards(tmp_path_factory, make_image) -> Path:
    root = tmp_path_factory.mktemp("shards")
    whole = full_dataset(root, make_image)
    write_dataset(replace(whole, frames=whole.frames[:2]), root / "set", "webdataset")
    write_dataset(replace(whole, frames=whole.frames[2:]), root / "other", "webdataset")
    shutil.move(root / "other" / "shard-000000.tar", root / "set" / "shard-000001.tar")
    return root / "set"


@damaged
@given(damage=st.fixed_dictionaries(DAMAGE))
def test_damaged_shards(shards, damage):
    dataset = read_damaged(shards, shards / "shard-000000.tar", damage, "webdataset")
    assert dataset is not None  # the other shard is whole
    names = [f.id for f in dataset]
    assert "f2.jpg" in names
    if len(names) < 3:  # neither frame of the damaged shard goes without a word
        assert dataset.problems


@pytest.fixture(scope="module")
def films(tmp_path_factory) -> Path:
    av = pytest.importorskip("av")
    root = tmp_path_factory.mktemp("films") / "films"
    root.mkdir()
    for name in ("a.mp4", "b.mp4"):
        with av.open(str(root / name), "w") as container:
            stream = container.add_stream("mpeg4", rate=4)
            stream.width, stream.height, stream.pix_fmt = 48, 32, "yuv420p"
            noise = np.random.default_rng(0).integers(0, 255, (12, 32, 48, 3), dtype=np.uint8)
            for index in range(12):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(noise[index])))
            container.mux(stream.encode())
    return root


@damaged
@given(damage=st.fixed_dictionaries(DAMAGE))
def test_damaged_films(films, damage):
    dataset = read_damaged(films, films / "a.mp4", damage, "video")
    assert dataset is not None
    assert sum(f.sequence == "b" for f in dataset) == 3
    if not any(f.sequence == "a" for f in dataset):
        assert any(Path(p.path).name == "a.mp4" for p in dataset.problems)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory, make_image) -> Path:
    root = tmp_path_factory.mktemp("manifest")
    file = root / "set" / "all.parquet"
    file.parent.mkdir()
    save_manifest(full_dataset(root, make_image), file)
    return file


@damaged
@given(damage=st.fixed_dictionaries(DAMAGE))
def test_damaged_manifests(manifest, damage):
    before = read_dataset(manifest)
    dataset = read_damaged(manifest, manifest, damage, "manifest")
    assert dataset is None or len(dataset) == len(before)


@pytest.fixture(scope="module")
def bitmasks(tmp_path_factory, make_image) -> Path:
    root = tmp_path_factory.mktemp("masks")
    rng = random.Random(0)
    for name in ("a", "b"):
        pixels = np.zeros((24, 32, 4), dtype=np.uint8)
        for number in range(6):
            y, x = rng.randrange(20), rng.randrange(28)
            pixels[y : y + 4, x : x + 4] = (1 + number, 4, 0, number)
        path = root / "bitmasks" / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(pixels, "RGBA").save(path)
        make_image(root / "bitmasks.images" / f"{name}.jpg", 32, 24, shade=len(name))
    return root / "bitmasks"


@damaged
@given(damage=st.fixed_dictionaries(DAMAGE))
def test_damaged_bitmasks(bitmasks, damage):
    dataset = read_damaged(bitmasks, bitmasks / "a.png", damage, "bdd100k_masks")
    assert dataset is not None
    assert "b.jpg" in [f.id for f in dataset]
    if len(dataset) < 2:
        assert any(Path(p.path).name in ("a.png", "a.jpg") for p in dataset.problems)


@pytest.mark.parametrize("format", ["folder", "sequence"])
@damaged
@given(damage=st.fixed_dictionaries(DAMAGE), suffix=st.sampled_from(["jpg", "png", "gif"]))
def test_damaged_images(tmp_path_factory, format, damage, suffix):
    root = tmp_path_factory.mktemp("images") / "drive"
    root.mkdir()
    pixels = np.random.default_rng(1).integers(0, 255, (12, 16, 3), dtype=np.uint8)
    for name, kind in (("a", suffix), ("b", "png")):
        Image.fromarray(pixels).save(root / f"{name}.{kind}")
    dataset = read_damaged(root, root / f"a.{suffix}", damage, format)
    assert dataset is not None
    assert "b.png" in [f.id for f in dataset]
    assert len(dataset) == 2 or any(Path(p.path).name[0] == "a" for p in dataset.problems)
