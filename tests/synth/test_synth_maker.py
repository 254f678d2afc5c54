"""Rendered data sets on disk: same bytes whatever happens, labels that read back."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from isthmus.compute.local import LocalExecutor
from isthmus.data.depth import read_depth_png
from isthmus.data.formats import read_dataset
from isthmus.errors import ConfigError
from isthmus.synth.maker import LabelStyle, label, make_dataset
from isthmus.synth.render.picture import render
from isthmus.synth.scene import sample_scene
from isthmus.synth.stage import CATEGORIES

SIZE = (128, 80)
REQUEST = {"n": 5, "condition": "clear_day", "seed": 9, "size": SIZE, "sequence_length": 3}


def contents(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    return folder, make_dataset(folder, **REQUEST)


def test_frames_carry_everything(made):
    _, dataset = made
    assert len(dataset) == 5
    assert dataset.categories == CATEGORIES
    assert dataset.sequences == ("place-0000", "place-0001")
    for frame in dataset:
        assert (frame.width, frame.height) == SIZE
        assert set(frame.attributes) == {"weather", "timeofday", "scene"}
        assert frame.camera is not None
        assert frame.image.is_file()
        assert hashlib.sha256(frame.image.read_bytes()).hexdigest() == frame.digest
        for box in frame.objects:
            x1, y1, x2, y2 = box.xyxy
            assert 0 <= x1 < x2 <= SIZE[0]
            assert 0 <= y1 < y2 <= SIZE[1]
    assert sum(len(f.objects) for f in dataset) > 5


def test_labels_read_back_without_loss(made):
    folder, dataset = made
    back = read_dataset(folder / "coco.json")
    assert back.frames == dataset.frames
    assert back.fingerprint == dataset.fingerprint
    assert not back.problems


def test_depth_on_disk_is_the_depth_of_the_scene(made):
    _, dataset = made
    scene = sample_scene(9, 1, size=SIZE, sequence_length=3)
    depth = render(scene, "clear_day", 9).truth.depth
    stored = read_depth_png(dataset.frames[1].depth)
    near = depth < 250
    assert np.abs(stored - depth)[near].max() < 1 / 256
    assert (stored[~near] > 249).all()


def test_workers_do_not_change_a_byte(made, tmp_path):
    folder, dataset = made
    calls = []
    other = make_dataset(
        tmp_path, **REQUEST, executor=LocalExecutor(2), progress=lambda *a: calls.append(a[:2])
    )
    assert contents(tmp_path) == contents(folder)
    assert other.fingerprint == dataset.fingerprint
    assert calls[-1] == (5, 5)


def test_goes_on_where_it_stopped(made, tmp_path):
    folder, _ = made
    make_dataset(tmp_path, **{**REQUEST, "n": 2})
    (tmp_path / "depth" / "clear_day-0000-001.png").unlink()
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "images").iterdir()}
    make_dataset(tmp_path, **REQUEST)
    assert contents(tmp_path) == contents(folder)
    kept = tmp_path / "images" / "clear_day-0000-000.jpg"
    assert kept.stat().st_mtime_ns == before[kept]


def test_other_request_in_the_same_folder_is_not_mixed_up(made, tmp_path):
    _, dataset = made
    make_dataset(tmp_path, **{**REQUEST, "seed": 10, "n": 2})
    again = make_dataset(tmp_path, **{**REQUEST, "n": 2})
    assert [f.digest for f in again] == [f.digest for f in dataset.frames[:2]]


def test_conditions_share_places_and_boxes(made, tmp_path):
    _, dataset = made
    dusk = make_dataset(tmp_path, **{**REQUEST, "condition": "dusk", "n": 2})
    for day, dim in zip(dataset.frames, dusk.frames, strict=False):
        assert [b.xyxy for b in day.objects] == [b.xyxy for b in dim.objects]
        assert dim.attributes["timeofday"] == "dawn/dusk"
        assert day.id != dim.id


def test_fog_ignores_what_it_hides():
    scene = sample_scene(9, 4)
    frame = render(scene, "fog", 9)
    far = max(frame.truth.objects, key=lambda item: item.what.distance)
    style = LabelStyle(fewest_pixels=1, smallest=0, most_hidden=1.0)
    near = replace(far, what=replace(far.what, position=(0.0, 0.0, 8.0)))
    distant = replace(far, what=replace(far.what, position=(0.0, 0.0, 145.0)))
    assert label(distant, frame.light, style).ignore
    assert not label(near, frame.light, style).ignore


def test_style_decides_what_is_labelled():
    item = render(sample_scene(9, 4), "clear_day", 9)
    light, first = item.light, item.truth.objects[0]
    assert label(first, light, LabelStyle(fewest_pixels=10**6)) is None
    assert label(first, light, LabelStyle(smallest=1000)).ignore
    hidden = replace(first, occlusion=0.9, truncation=0.4)
    box = label(hidden, light, LabelStyle())
    assert box.ignore
    assert box.occluded
    assert box.truncated


def test_all_faults_are_told_at_once(tmp_path):
    with pytest.raises(ConfigError) as caught:
        make_dataset(tmp_path, 0, "hail", 1, (63, 40), sequence_length=0)
    message = str(caught.value)
    for part in ("n = 0", "'hail'", "size (63, 40)", "sequence_length = 0"):
        assert part in message
