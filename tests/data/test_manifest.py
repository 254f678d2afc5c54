"""Manifests: nothing lost, equal sets give equal bytes, folders can move."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from isthmus.data.dataset import Dataset
from isthmus.data.formats import read_dataset
from isthmus.data.frame import Box, Camera, Frame, Problem
from isthmus.data.manifest import load_manifest, save_manifest
from isthmus.errors import InputError

words = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=12)
edges = st.floats(-1e6, 1e6, allow_nan=False)
maybe = st.none() | st.booleans()
boxes = st.builds(
    Box, words, st.tuples(edges, edges, edges, edges), maybe, maybe, st.booleans(),
    st.none() | words, st.none() | st.floats(0, 1),
)  # fmt: skip
paths = st.sampled_from(["images/a b.jpg", "/else/where/ü.png", "a.jpg"]).map(Path)
frames = st.builds(
    Frame, words, paths, st.integers(1, 9999), st.integers(1, 9999), words, words, words,
    st.dictionaries(words, words, max_size=3), st.none() | st.lists(boxes, max_size=3).map(tuple),
    st.none() | paths, st.none() | paths, st.none() | paths,
    st.none() | st.builds(Camera, edges, edges, edges, edges), words,
)  # fmt: skip
problems = st.builds(
    Problem, words, words, words, st.sampled_from(["skipped", "note"]), st.integers(1, 99)
)
datasets = st.builds(
    Dataset,
    words,
    st.lists(frames, max_size=4, unique_by=lambda f: f.id).map(tuple),
    st.lists(problems, max_size=2).map(tuple),
    st.lists(words, max_size=2).map(tuple),
)


def located(dataset: Dataset, base: Path) -> Dataset:
    """The same with absolute paths, as readers give them."""

    def put(path: Path | None) -> Path | None:
        return path and base / path

    return replace(
        dataset,
        frames=tuple(
            replace(
                f,
                image=base / f.image,
                semantic=put(f.semantic),
                instance=put(f.instance),
                depth=put(f.depth),
            )
            for f in dataset
        ),
    )


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(dataset=datasets)
def test_round_trip_is_lossless_and_bytes_are_equal(tmp_path, dataset):
    dataset = located(dataset, tmp_path)
    save_manifest(dataset, tmp_path / "a.parquet")
    back = load_manifest(tmp_path / "a.parquet")
    assert back == dataset
    assert back.fingerprint == dataset.fingerprint
    save_manifest(back, tmp_path / "b.parquet")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_a_folder_moves_with_its_manifest(tmp_path, make_image):
    make_image(tmp_path / "one" / "images" / "a.jpg")
    dataset = read_dataset(tmp_path / "one" / "images")
    save_manifest(dataset, tmp_path / "one" / "set.parquet")
    shutil.move(tmp_path / "one", tmp_path / "two")
    back = read_dataset(tmp_path / "two" / "set.parquet")
    assert back.frames[0].image == tmp_path / "two" / "images" / "a.jpg"
    assert back.frames[0].image.is_file()
    assert back.fingerprint == dataset.fingerprint


def test_camvid_survives(shared_data, tmp_path):
    dataset = read_dataset(shared_data / "camvid" / "coco.json")
    save_manifest(dataset, tmp_path / "camvid.parquet")
    assert load_manifest(tmp_path / "camvid.parquet") == dataset
    assert (tmp_path / "camvid.parquet").stat().st_size < 400_000


def test_what_is_no_manifest_is_refused(tmp_path):
    path = tmp_path / "x.parquet"
    with pytest.raises(InputError, match="no such file"):
        load_manifest(path)
    path.write_bytes(b"PAR1 or not")
    with pytest.raises(InputError, match="not a readable manifest"):
        load_manifest(path)
    pq.write_table(pa.table({"a": [1]}), path)
    with pytest.raises(InputError, match="not a manifest of this version"):
        load_manifest(path)


@pytest.mark.parametrize(
    "about",
    [
        "[]",
        "3",
        "{",
        '{"schema": "isthmus.manifest/99"}',
        '{"schema": "isthmus.manifest/2"}',
        '{"schema": "isthmus.manifest/2", "problems": 3}',
    ],
)
def test_strange_metadata_is_refused(tmp_path, about):
    path = tmp_path / "x.parquet"
    save_manifest(Dataset("x", ()), path)
    table = pq.read_table(path).replace_schema_metadata({b"isthmus": about.encode()})
    pq.write_table(table, path)
    with pytest.raises(InputError, match="manifest"):
        load_manifest(path)


def test_the_schema_is_named_in_the_file(tmp_path):
    save_manifest(Dataset("x", ()), tmp_path / "x.parquet")
    about = json.loads(pq.read_schema(tmp_path / "x.parquet").metadata[b"isthmus"])
    assert about["schema"] == "isthmus.manifest/2"
