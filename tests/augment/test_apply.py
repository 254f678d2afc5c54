"""Effects over whole data sets: bytes, labels, reports, and what goes wrong."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drawn_street import write_streets
from isthmus.augment.apply import augment_dataset
from isthmus.augment.depth import SKY, Geometry
from isthmus.augment.effect import EFFECTS
from isthmus.augment.fog import Fog
from isthmus.augment.loading import load_frame
from isthmus.augment.report import caption
from isthmus.compute.local import LocalExecutor
from isthmus.data.dataset import Dataset
from isthmus.data.depth import write_depth_png
from isthmus.data.formats import read_dataset
from isthmus.data.frame import Box, Frame
from isthmus.data.images import read_rgb
from isthmus.errors import ConfigError, InputError


def contents(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return write_streets(tmp_path_factory.mktemp("source"), 5)


@pytest.fixture(scope="module")
def foggy(source, tmp_path_factory):
    folder = tmp_path_factory.mktemp("foggy")
    return folder, *augment_dataset(source, "fog", folder, seed=1)


def test_frames_have_new_images_and_old_geometry(source, foggy):
    folder, made, _ = foggy
    assert len(made) == len(source)
    for old, new in zip(source, made, strict=True):
        assert new.id != old.id
        assert new.id.endswith("-fog.jpg")
        assert new.image.is_relative_to(folder)
        assert hashlib.sha256(new.image.read_bytes()).hexdigest() == new.digest
        assert new.attributes["weather"] == "foggy"
        assert new.attributes["timeofday"] == old.attributes["timeofday"]
        assert (new.sequence, new.camera, new.depth) == (old.sequence, old.camera, old.depth)
        kept = {b.xyxy for b in new.objects}
        assert kept <= {b.xyxy for b in old.objects}
        assert read_rgb(new.image).std() < read_rgb(old.image).std()


def test_report_accounts_for_every_box(source, foggy):
    _, made, report = foggy
    counted = sum(not box.ignore for frame in source for box in frame.objects)
    assert sum(report.boxes.values()) == counted
    assert sum(report.reasons.values()) == report.boxes["ignore"] + report.boxes["drop"]
    assert report.frames == len(made) == len(report.pairs)
    ignored = sum(b.ignore for f in made for b in f.objects)
    before = sum(b.ignore for f in source for b in f.objects)
    assert ignored - before == report.boxes["ignore"]
    assert report.severities[0] <= report.severities[1] <= report.severities[2]
    low, middle, high = report.visibility
    assert 0 <= low <= middle <= high <= 1


def test_pairs_name_both_pictures(foggy):
    _, _, report = foggy
    pairs = report.examples(2)
    assert len(pairs) == 2
    assert pairs[0] == report.pairs[0]
    assert pairs[1] == report.pairs[-1]
    assert all(p.before.is_file() and p.after.is_file() for p in pairs)
    assert "visibility" in pairs[0].caption
    assert " m" in pairs[0].caption
    assert len(report.examples(99)) == len(report.pairs)


def test_workers_do_not_change_a_byte(source, foggy, tmp_path):
    folder, made, report = foggy
    other, same = augment_dataset(source, "fog", tmp_path, seed=1, executor=LocalExecutor(2))
    assert contents(tmp_path) == contents(folder)
    assert other.fingerprint == made.fingerprint
    assert replace(same, pairs=()) == replace(report, pairs=())


def test_reads_back_as_written(foggy):
    folder, made, _ = foggy
    back = read_dataset(folder / "coco.json")
    assert back.fingerprint == made.fingerprint


def test_goes_on_where_it_stopped(source, foggy, tmp_path):
    folder, _, _ = foggy
    first, _ = augment_dataset(source, "fog", tmp_path, seed=1)
    stamp = first.frames[0].image.stat().st_mtime_ns
    first.frames[1].image.unlink()
    next((tmp_path / "records").glob("*-002-*.json")).unlink()
    again, _ = augment_dataset(source, "fog", tmp_path, seed=1)
    assert contents(tmp_path) == contents(folder)
    assert again.frames[0].image.stat().st_mtime_ns == stamp


def test_a_sources_own_labels_are_not_written_over(source, tmp_path):
    folder = tmp_path / "again"
    augment_dataset(source, "fog", folder, severity=1.0)
    labels = (folder / "coco.json").read_bytes()
    made = read_dataset(folder / "coco.json")
    with pytest.raises(InputError, match=r"coco\.json: holds the labels of"):
        augment_dataset(made, "rain", folder)
    assert (folder / "coco.json").read_bytes() == labels
    augment_dataset(source, "fog", folder, severity=1.0)  # its own output is no source


def test_other_severity_makes_other_frames(source, foggy, tmp_path):
    first, _ = augment_dataset(source, "fog", tmp_path, severity=1.0)
    second, _ = augment_dataset(source, "fog", tmp_path, severity=4.0)
    assert all(a.digest != b.digest for a, b in zip(first, second, strict=True))


def test_value_is_taken_in_the_effects_unit(source, tmp_path):
    part = replace(source, frames=source.frames[:1])
    _, report = augment_dataset(part, "fog", tmp_path, value=70.0)
    assert report.values[1] == pytest.approx(70)
    assert report.severities[1] == pytest.approx(4)
    _, report = augment_dataset(part, "fog", tmp_path / "b", value=(200.0, 120.0))
    assert 120 <= report.values[0] <= 200


def test_severity_zero_keeps_all_labels(source, tmp_path):
    made, report = augment_dataset(source, "low_light", tmp_path, severity=0.0)
    assert report.boxes["ignore"] == report.boxes["drop"] == 0
    assert [f.objects for f in made] == [f.objects for f in source]
    assert [dict(f.attributes) for f in made] == [dict(f.attributes) for f in source]


def test_thick_fog_takes_labels_away(source, tmp_path):
    _, report = augment_dataset(source, Fog(heterogeneity=0.0), tmp_path, value=40.0)
    assert report.boxes["drop"] + report.boxes["ignore"] > 0
    assert all("fog" in reason for reason in report.reasons)


def test_ignored_boxes_stay_ignored(source, tmp_path):
    boxes = tuple(replace(b, ignore=True) for b in source.frames[0].objects)
    part = replace(source, frames=(replace(source.frames[0], objects=boxes),))
    made, report = augment_dataset(part, "fog", tmp_path, severity=5.0)
    assert all(box.ignore for box in made.frames[0].objects)
    assert len(made.frames[0].objects) == len(boxes)
    assert sum(report.boxes.values()) == 0
    assert report.visibility is None


def test_works_without_labels_and_without_depth(source, tmp_path):
    bare = replace(source, frames=tuple(replace(f, objects=None, depth=None) for f in source))
    made, report = augment_dataset(bare, "fog", tmp_path, severity=3.0)
    assert all(frame.objects is None for frame in made)
    assert sum(report.boxes.values()) == 0


def test_unreadable_image_is_reported_and_the_rest_is_made(source, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(source.frames[1].image.read_bytes()[:400])
    frames = (source.frames[0], replace(source.frames[1], image=broken), source.frames[2])
    made, _ = augment_dataset(Dataset("s", frames), "fog", tmp_path / "out")
    assert len(made) == 2
    (problem,) = made.problems
    assert problem.kind == "augmentation-failed"
    assert str(broken) == problem.path


def test_depth_of_another_size_is_reported(source, tmp_path):
    write_depth_png(tmp_path / "d.png", np.full((10, 10), 5.0))
    frames = (source.frames[0], replace(source.frames[1], depth=tmp_path / "d.png"))
    made, _ = augment_dataset(Dataset("s", frames), "fog", tmp_path / "out")
    assert len(made) == 1
    assert "10×10" in made.problems[0].reason


def test_gaps_in_depth_are_filled(source, tmp_path):
    depth = np.full((96, 160), 20.0)
    depth[:, :80] = 0
    write_depth_png(tmp_path / "d.png", depth)
    part = Dataset("s", (replace(source.frames[0], depth=tmp_path / "d.png"),))
    made, _ = augment_dataset(part, "fog", tmp_path / "out", severity=4.0)
    assert not made.problems


def test_nothing_made_is_an_error(source, tmp_path):
    lost = Dataset("s", (replace(source.frames[0], image=tmp_path / "no.jpg"),))
    with pytest.raises(InputError, match="not one frame"):
        augment_dataset(lost, "fog", tmp_path / "out")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"effect": "sandstorm"}, "sandstorm.*fog, low_light"),
        ({"effect": "fog", "severity": 6.0}, "severity 6"),
        ({"effect": "fog", "severity": (3.0, 2.0)}, "0 to 5"),
        ({"effect": "fog", "value": -3.0}, "40 to 400 m"),
    ],
)
def test_wrong_options_are_named(source, tmp_path, options, words):
    with pytest.raises(ConfigError, match=words):
        augment_dataset(source, folder=tmp_path, **options)


def test_names_are_safe_and_distinct(source, tmp_path):
    first = source.frames[0]
    frames = tuple(replace(first, id=name) for name in ("a/../b.jpg", "a_b.jpg", "é ü/b.jpg"))
    made, _ = augment_dataset(Dataset("s", frames), "fog", tmp_path)
    assert len({f.image for f in made}) == 3
    assert all(f.image.parent == tmp_path / "images" for f in made)
    assert isinstance(made.frames[0].objects[0], Box)


def test_estimated_depth_takes_its_sky_from_a_map_of_classes(tmp_path):
    image = np.full((64, 96, 3), 120, np.uint8)
    image[:20, :48] = 235
    ids = np.ones((64, 96), np.uint8)
    ids[:24, 48:] = 0  # sky, as dark as the rest
    Image.fromarray(image).save(tmp_path / "a.png")
    Image.fromarray(ids).save(tmp_path / "ids.png")
    frame = Frame(
        "a", tmp_path / "a.png", 96, 64, "0" * 64, objects=(), semantic=tmp_path / "ids.png"
    )
    _, depth, origin = load_frame(frame, Geometry(), classes="isthmus")
    assert origin == "geometry"
    assert np.array_equal(depth >= SKY, ids == 0)


def test_a_caption_says_how_much_there_is_below_the_ladder():
    fog = EFFECTS["fog"]
    assert caption(fog, 0.0).endswith("severity 0, unchanged")
    assert caption(fog, 0.5).endswith("visibility 400 m, at 50 %")
    assert caption(fog, 1.0).endswith("visibility 400 m")
