"""Rendered sets that are gone on with: damage is found, nothing of other runs stays unsaid."""

import json
import os
from dataclasses import replace
from importlib import import_module

import pytest
from PIL import Image

import isthmus
from isthmus.cli import main
from isthmus.console_synth import show_rendered
from isthmus.data.dataset import Dataset
from isthmus.data.frame import Box, Frame, Problem
from isthmus.errors import ConfigError, InputError
from isthmus.synth.imaging.sensor import Sensor
from isthmus.synth.imaging.twin import Twin
from isthmus.synth.odd.distributions import distribution
from isthmus.synth.odd.domain import Domain
from isthmus.synth.odd.rows import Row
from isthmus.synth.output import frame, label_files, twin
from isthmus.synth.output.preview import write_preview
from isthmus.synth.output.request import Request
from isthmus.synth.output.twin import write_twin
from isthmus.synth.world.factors import Factors

SIZE = (96, 64)
ODD = Domain(
    "again",
    {name: distribution(value) for name, value in {
        "pedestrian_density": {"uniform": [40, 60]}, "traffic_density": 40, "parking": "both",
        "parked_share": 0.9,
    }.items()},
)  # fmt: skip
MAKE = frame.make
MADE = {}


@pytest.fixture(autouse=True)
def made_once(monkeypatch):
    """Each picture is rendered once for all tests here; returns what was asked to be made."""
    asked = []

    def make(request):
        asked.append(request.name)
        key = json.dumps(request.document(), sort_keys=True)
        if key not in MADE:
            MADE[key] = MAKE(request)
        return MADE[key]

    monkeypatch.setattr(frame, "make", make)
    return asked


def _render(folder, n=3, **options):
    return isthmus.render_dataset(ODD, n, folder, **{"seed": 5, "size": SIZE} | options)


def _files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _spoil_same_size(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


@pytest.mark.parametrize(
    ("file", "spoil"),
    [
        ("images/000001-000.jpg", lambda path: path.write_bytes(path.read_bytes()[:-9])),
        ("images/000001-000.jpg", _spoil_same_size),
        ("depth/000001-000.png", _spoil_same_size),
        ("semantic/000001-000.png", lambda path: path.unlink()),
        ("records/000001-000.json", lambda path: path.write_text("{")),
    ],
)
def test_a_damaged_frame_is_found_made_again_and_named(tmp_path, made_once, file, spoil):
    _render(tmp_path)
    before = _files(tmp_path)
    spoil(tmp_path / file)
    made_once.clear()
    again = _render(tmp_path)
    assert made_once == ["000001-000"]
    assert (again.made, again.kept, again.mended) == (1, 2, ("000001-000",))
    assert _files(tmp_path) == before
    assert _render(tmp_path).mended == ()


def test_records_of_earlier_versions_still_vouch_for_their_pictures(tmp_path):
    _render(tmp_path)
    for path in (tmp_path / "records").iterdir():
        record = json.loads(path.read_text())
        del record["files"]
        path.write_text(json.dumps(record))
    assert _render(tmp_path).kept == 3
    _spoil_same_size(tmp_path / "images" / "000002-000.jpg")
    assert _render(tmp_path).mended == ("000002-000",)


def test_a_shorter_run_is_refused_or_leaves_what_it_would_have_made(tmp_path):
    formats = ("coco", "kitti", "yolo")
    _render(tmp_path / "a", 3, imagings=2, formats=formats)
    before = _files(tmp_path / "a")
    with pytest.raises(InputError, match=r"4 image\(s\) that are not among the 2 asked for"):
        _render(tmp_path / "a", 2, formats=formats)
    assert _files(tmp_path / "a") == before
    short = _render(tmp_path / "a", 2, formats=formats, overwrite=True)
    assert (short.made, short.kept) == (0, 2)
    _render(tmp_path / "b", 2, formats=formats)
    assert _files(tmp_path / "a") == _files(tmp_path / "b")


def test_other_files_beside_the_frames_stay(tmp_path):
    _render(tmp_path)
    kept = [tmp_path / "images" / "mine.jpg", tmp_path / "notes.json"]
    for path in kept:
        path.write_text("mine")
    document = json.loads((tmp_path / "dataset.json").read_text())
    document["labels"] = {"coco": "notes.json", "kitti": "../outside", "yolo": "images"}
    (tmp_path / "dataset.json").write_text(json.dumps(document))
    (tmp_path.parent / "outside").mkdir(exist_ok=True)
    _render(tmp_path, 2, overwrite=True)
    assert all(path.read_text() == "mine" for path in kept)
    assert (tmp_path.parent / "outside").is_dir()
    assert (tmp_path / "images" / "000001-000.jpg").is_file()


def test_labels_of_an_earlier_run_stay_while_they_are_true(tmp_path):
    _render(tmp_path, 2, formats=("coco", "kitti"))
    more = _render(tmp_path, 2, formats=("bdd100k",))
    listed = json.loads((tmp_path / "dataset.json").read_text())["labels"]
    assert (more.removed, listed.keys()) == ((), {"coco", "kitti", "bdd100k"})
    longer = _render(tmp_path, 3, formats=("coco",))
    listed = json.loads((tmp_path / "dataset.json").read_text())["labels"]
    assert (sorted(longer.removed), listed.keys()) == (["bdd100k", "kitti"], {"coco"})
    assert not (tmp_path / "kitti").exists()
    assert not (tmp_path / "bdd100k.json").exists()


def test_a_run_cut_short_at_its_labels_names_none_that_are_not_whole(tmp_path, monkeypatch):
    formats = ("coco", "yolo")
    _render(tmp_path, 2, formats=formats)
    before = _files(tmp_path)

    def cut(dataset, folder, name, write=label_files.write_dataset):
        write(dataset, folder, name)
        if name == "yolo":
            (folder / "data.yaml").unlink()
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(label_files, "write_dataset", cut)
        with pytest.raises(KeyboardInterrupt):
            _render(tmp_path, 2, formats=formats)
    assert json.loads((tmp_path / "dataset.json").read_text())["labels"] == {"coco": "coco.json"}
    _render(tmp_path, 2)
    assert json.loads((tmp_path / "dataset.json").read_text())["labels"] == {"coco": "coco.json"}
    _render(tmp_path, 2, formats=formats)
    assert _files(tmp_path) == before


def test_a_second_run_does_not_touch_what_is_the_same(tmp_path):
    _render(tmp_path, 2)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    _render(tmp_path, 2)
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.is_file()} == before


def test_parts_are_groups_of_a_scene_and_may_be_more_than_there_are(tmp_path, made_once):
    swept = replace(ODD, sweep={"wetness": (0.0, 1.0)})

    def part(which, n=4, **options):
        made_once.clear()
        done = isthmus.render_dataset(
            swept, n, tmp_path, seed=5, size=SIZE, imagings=2, part=which, **options
        )
        return {name[:6] for name in made_once}, done.made, len(done.dataset), done.labels

    assert part((1, 2), val_share=0.5) == ({"000001"}, 4, 4, {})
    assert part((2, 3)) == (set(), 0, 0, {})
    assert part((0, 2)) == ({"000000"}, 4, 4, {})
    scenes, made, count, labels = part((0, 1), val_share=0.5)
    assert (scenes, made, count, labels.keys()) == (set(), 0, 8, {"coco"})


def test_depth_in_another_form_takes_the_place_of_the_old_and_is_no_damage(tmp_path):
    pytest.importorskip("OpenEXR")
    _render(tmp_path, 2, formats=("coco", "bdd100k"))
    other = _render(tmp_path, 2, depth="exr", formats=("yolo",))
    assert (other.made, other.mended, other.removed) == (2, (), ("bdd100k", "coco"))
    depth = [path.name for path in sorted((tmp_path / "depth").iterdir())]
    assert depth == ["000000-000.exr", "000001-000.exr"]
    assert _render(tmp_path, 2, depth="exr", formats=("yolo",)).kept == 2
    light = _render(tmp_path, 2, depth="exr", hdr=True)
    assert (light.made, light.mended) == (2, ())
    (tmp_path / "depth" / "000001-000.exr").write_bytes(b"rubbish")
    assert _render(tmp_path, 2, depth="exr", hdr=True).mended == ("000001-000",)


def test_what_a_killed_run_was_writing_goes_after_a_day(tmp_path):
    _render(tmp_path, 1)
    before = _files(tmp_path)
    old, new = (tmp_path / "images" / f".tmp-{k}-000000-000.jpg" for k in "01")
    old.write_bytes(b"half")
    new.write_bytes(b"of a run that goes on beside this one")
    os.utime(old, (0, 0))
    _render(tmp_path, 1)
    assert not old.exists()
    new.unlink()
    assert _files(tmp_path) == before


def test_a_damaged_copy_is_replaced(tmp_path):
    _render(tmp_path, 2, formats=("yolo",))
    before = _files(tmp_path)
    copy = tmp_path / "yolo" / "images" / "unsplit" / "000000-000.jpg"
    copy.write_bytes(b"rubbish")
    _render(tmp_path, 2, formats=("yolo",))
    assert _files(tmp_path) == before


def test_validation_frames_are_others_than_training_frames(tmp_path):
    plain = _render(tmp_path, 3, formats=("yolo",))
    said = (tmp_path / "yolo" / "data.yaml").read_text()
    assert "train: images/unsplit" in said
    assert "val:" not in said
    assert [note.kind for note in plain.notes][-1] == "no-validation"
    split = _render(tmp_path, 3, formats=("yolo", "coco"), val_share=0.34)
    assert "no-validation" not in [note.kind for note in split.notes]
    back = isthmus.read_dataset(tmp_path / "yolo")
    found = {f.image.name: f.split for f in back}
    assert sorted(found.values()) == ["train", "train", "val"]
    assert not (tmp_path / "yolo" / "images" / "unsplit").exists()
    assert {f.image.name: f.split for f in isthmus.read_dataset(tmp_path / "coco.json")} == found
    with pytest.raises(ConfigError, match="one scene"):
        _render(tmp_path / "one", 1, val_share=0.5)
    with pytest.raises(ConfigError, match="val_share 1"):
        _render(tmp_path / "one", 3, val_share=1.0)


def test_notes_are_one_line_a_format_and_stand_in_the_manifest(tmp_path, capsys):
    show_rendered(_render(tmp_path / "set", 1, formats=("kitti", "yolo")))
    lines = [line for line in capsys.readouterr().err.splitlines() if "note:" in line]
    assert [line.split()[1].rstrip(":") for line in lines] == ["kitti", "yolo", "yolo"]
    notes = json.loads((tmp_path / "set" / "dataset.json").read_text())["notes"]
    assert {"kitti", "yolo"} == {note["path"] for note in notes}
    assert "kitti has no place for frames of a named sequence: 1 of them" in [
        note["reason"] for note in notes
    ]


def test_labels_follow_the_habits_of_a_given_set(tmp_path):
    boxes = tuple(
        Box("car", (0, 0, 20, float(20 + k % 60)), occluded=k % 2 == 0, truncated=False)
        for k in range(100)
    )
    given = Dataset("real", (Frame("a", tmp_path / "a.jpg", 96, 64, "0" * 64, objects=boxes),), ())
    own = _render(tmp_path / "set", 3)
    fitted = _render(tmp_path / "set", 3, style=given)
    assert fitted.kept == 3
    assert fitted.style.smallest == pytest.approx(20, abs=1)
    manifest = json.loads((tmp_path / "set" / "dataset.json").read_text())
    assert manifest["style"]["smallest"] == fitted.style.smallest
    lows = [
        box.xyxy[3] - box.xyxy[1] for f in fitted.dataset for box in f.objects if not box.ignore
    ]
    assert lows
    assert min(lows) >= fitted.style.smallest
    assert own.style.smallest < fitted.style.smallest
    few = Dataset("few", (Frame("a", tmp_path / "a.jpg", 96, 64, "0" * 64, objects=boxes[:9]),), ())
    with pytest.raises(InputError, match="few: 9 boxes"):
        _render(tmp_path / "none", 1, style=few)
    assert not (tmp_path / "none").exists()


def test_the_command_reads_the_given_set(tmp_path, capsys):
    odd = tmp_path / "odd.yaml"
    odd.write_text("factors: {}")
    with pytest.raises(SystemExit) as status:
        main(["synth", "render", str(odd), "--out", str(tmp_path / "o"), "--n", "1",
              "--label-style-from", str(tmp_path / "no.json")])  # fmt: skip
    assert status.value.code == 1
    assert "no.json: no such file" in capsys.readouterr().err


def test_what_of_the_given_set_cannot_be_read_is_told(tmp_path, capsys):
    boxes = tuple(Box("car", (0, 0, 20, float(20 + k % 60))) for k in range(60))
    shown = Frame("a", tmp_path / "a.jpg", 96, 64, "0" * 64, objects=boxes)
    given = Dataset("real", (shown,), (Problem("b.jpg", "bad-box", "no width"),))
    done = _render(tmp_path / "set", 3, style=given)
    assert (done.skipped, done.dataset.problems) == (given.problems, ())
    show_rendered(done)
    assert "bad-box: b.jpg: no width" in capsys.readouterr().err


def test_a_camera_is_fitted_to_what_can_be_read_and_the_rest_is_told(tmp_path, monkeypatch, capsys):
    target, out, odd = tmp_path / "target", tmp_path / "sensor.json", tmp_path / "odd.yaml"
    target.mkdir()
    odd.write_text("factors: {}")
    for k in range(3):
        Image.new("RGB", (96, 64), (9 * k, 80, 90)).save(target / f"{k}.jpg")
    (target / "broken.jpg").write_bytes((target / "0.jpg").read_bytes()[:300])
    given = []
    monkeypatch.setattr(twin, "_light", lambda request: given.append(request) or None)

    def fit(pictures, lights, **_):
        assert (len(pictures), len(lights)) == (3, 4)
        return Twin(Sensor(), {"noise": 1.0}, {"noise": 2.0}, {"noise": 1.5}, 2.0, 1.0)

    monkeypatch.setattr(twin, "fit_sensor", fit)
    for options in ({"n": 2}, {"frames": 2}):
        with pytest.raises(InputError, match="at least 3 are needed"):
            write_twin(ODD, target, out, size=SIZE, **options)
    assert not given
    with pytest.raises(SystemExit) as status:
        main(["synth", "twin", str(odd), str(target), "--out", str(out), "--n", "4"])
    assert status.value.code == 3
    assert "unreadable-image" in capsys.readouterr().err
    (problem,) = json.loads(out.read_text())["problems"]
    assert problem["path"].endswith("broken.jpg")


def test_a_record_of_another_schema_and_a_bad_place_are_refused_before_the_work(
    tmp_path, monkeypatch
):
    replay = import_module("isthmus.synth.output.replay")
    monkeypatch.setattr(replay, "make", lambda request: pytest.fail("rendered"))
    record = tmp_path / "record.json"
    document = {
        "version": "9.1",
        "request": Request(0, Row(0, 0, 0, 0.0, Factors()), SIZE).document(),
    }
    for schema in ({}, {"schema": "isthmus.synth.frame/2"}):
        record.write_text(json.dumps(document | schema))
        with pytest.raises(InputError, match=r"record\.json: its schema.*frame/1.*'9\.1'"):
            isthmus.replay(record)
    record.write_text(json.dumps(document | {"schema": frame.SCHEMA}))
    (tmp_path / "folder.jpg").mkdir()
    with pytest.raises(InputError, match="a folder; a picture takes the name of a file"):
        isthmus.replay(record, tmp_path / "folder.jpg")
    with pytest.raises(InputError, match="cannot be written to"):
        isthmus.replay(record, record / "again.jpg")
    with pytest.raises(InputError, match=r"ends in \.jpg"):
        isthmus.replay(record, tmp_path / "again.png")
    with pytest.raises(InputError, match="a folder; the record of one picture"):
        isthmus.replay(tmp_path)


@pytest.mark.parametrize("size", [(2, 2), (100_000, 100_000), (97, 64)])
def test_sheets_and_cameras_of_impossible_sizes_are_refused_before_the_work(tmp_path, size):
    with pytest.raises(ConfigError, match=rf"size {size[0]}x{size[1]}.*renderer 'none'"):
        write_preview(ODD, 1, tmp_path / "sheet.jpg", size=size, renderer="none")
    with pytest.raises(ConfigError, match=rf"size {size[0]}x{size[1]}.*frames 0"):
        write_twin(ODD, tmp_path, tmp_path / "sensor.json", size=size, frames=0)
    with pytest.raises(ConfigError, match="400 images of 1280x720: more than 200 million"):
        write_preview(ODD, 400, tmp_path / "sheet.jpg", size=(1280, 720))
    with pytest.raises(ConfigError, match=r"sheet of 90112x1216: a JPEG has at most 65500"):
        write_preview(ODD, 400, tmp_path / "sheet.jpg", size=(4096, 64))
    assert not list(tmp_path.iterdir())


def test_a_full_disk_stops_the_run_and_a_bad_place_is_found_before_it(tmp_path, monkeypatch):
    taken = tmp_path / "file"
    taken.write_text("")
    with pytest.raises(InputError, match="a file, not a folder"):
        isthmus.render_dataset(ODD, 1, taken, size=SIZE)
    tries = []

    def full(job, made):
        tries.append(job)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(frame, "make", lambda request: None)
    monkeypatch.setattr(frame, "_write", full)
    with pytest.raises(InputError, match="No space left on device"):
        isthmus.render_dataset(ODD, 5, tmp_path / "set", size=SIZE)
    assert len(tries) == 1
