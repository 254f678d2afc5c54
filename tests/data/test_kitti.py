"""KITTI labels on real files: object, tracking and raw, with their calibration."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from isthmus.data.formats import detect_format, read_dataset, write_dataset
from isthmus.data.formats.kitti_label import box_from, fields_of
from isthmus.data.frame import Box, Camera
from isthmus.data.shapes import Cuboid
from isthmus.errors import InputError

ZERO = np.zeros(3)
LINE = "Car 0.27 2 1.85 387.63 181.54 423.81 203.12 1.67 1.87 3.69 -16.53 2.39 58.49 1.57"


def corners(cuboid: Cuboid) -> np.ndarray:
    """(8, 3) corners in the camera's axes, by KITTI's development kit."""
    height, width, length = cuboid.size
    x = length / 2 * np.array([1, 1, -1, -1, 1, 1, -1, -1])
    y = height / 2 * np.array([1, 1, 1, 1, -1, -1, -1, -1])
    z = width / 2 * np.array([1, -1, -1, 1, 1, -1, -1, 1])
    turn = cuboid.rotation[1]
    rotation = np.array(
        [[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]]
    )
    return (rotation @ np.stack([x, y, z])).T + cuboid.centre


def projected(cuboid: Cuboid, camera: Camera) -> tuple[float, float, float, float]:
    points = corners(cuboid)
    u = camera.fx * points[:, 0] / points[:, 2] + camera.cx
    v = camera.fy * points[:, 1] / points[:, 2] + camera.cy
    return (u.min(), v.min(), u.max(), v.max())


def test_real_frames_read_as_their_lines_say_and_project_onto_their_boxes(shared_data):
    root = shared_data / "kitti_object_6"
    assert detect_format(root / "label_2") == "kitti"
    dataset = read_dataset(root / "label_2")
    lines = [line for f in (root / "label_2").glob("*.txt") for line in f.read_text().splitlines()]
    boxes = [box for frame in dataset for box in frame.objects]
    assert len(dataset) == 6
    assert len(boxes) == len(lines)
    assert sum(box.ignore for box in boxes) == sum(line.startswith("DontCare") for line in lines)
    assert {p.kind for p in dataset.problems} == {"calibration-rest"}
    compared = 0
    for frame in dataset:
        assert frame.camera.fx == pytest.approx(frame.camera.fy)
        for box in frame.objects:
            if box.cuboid and not box.truncated and box.cuboid.centre[2] > 5:
                # What is drawn around an object in the image lies within the shadow of its box.
                drawn = projected(box.cuboid, frame.camera)
                assert drawn == pytest.approx(box.xyxy, abs=0.08 * (box.xyxy[3] - box.xyxy[1]) + 2)
                compared += 1
    assert compared >= 6


def test_a_line_both_ways():
    box = box_from(LINE.split(), ZERO, None)
    assert box == Box(
        "Car", (387.63, 181.54, 423.81, 203.12), True, True,
        attributes={"truncation": "0.27", "occlusion": "2"},
        cuboid=Cuboid((-16.53, 2.39 - 0.835, 58.49), (1.67, 1.87, 3.69), (0.0, 1.57, 0.0), 1.85),
    )  # fmt: skip
    back = fields_of(box)
    assert back[0] == "Car"
    assert [float(word) for word in back[1:]] == [float(word) for word in LINE.split()[1:]]


@pytest.mark.parametrize(
    ("truncated", "occluded", "flags"),
    [("-1", "-1", (None, None)), ("0.00", "0", (False, False)), ("1", "1", (True, True)),
     ("0.5", "3", (True, None))],
)  # fmt: skip
def test_levels_become_flags(truncated, occluded, flags):
    words = LINE.split()
    words[1:3] = truncated, occluded
    box = box_from(words, ZERO, None)
    assert (box.truncated, box.occluded) == flags
    assert [float(word) for word in fields_of(box)[1:3]] == [float(truncated), float(occluded)]


@pytest.mark.parametrize(
    "words", [[], LINE.split()[:-1], ["Car"] * 15, [*LINE.split()[:-1], "nan"]]
)
def test_lines_that_are_none(words):
    assert isinstance(box_from(words, ZERO, None), str)


def test_damage_is_counted_and_named(tmp_path, make_image):
    for index in range(4):
        make_image(tmp_path / "image_2" / f"{index:06d}.png", 500, 300, 40 + index)
    labels = tmp_path / "label_2"
    labels.mkdir()
    (labels / "000000.txt").write_text(f"{LINE}\nCar 1 2 3\n")
    (labels / "000001.txt").write_bytes(b"\xff\xfe\xff")
    (labels / "000002.txt").write_text("")
    (labels / "000009.txt").write_text(LINE)
    (tmp_path / "calib").mkdir()
    (tmp_path / "calib" / "000000.txt").write_text("P2: 0 0 0\n")
    dataset = read_dataset(tmp_path)
    assert [None if f.objects is None else len(f.objects) for f in dataset] == [1, 0, None]
    kinds = sorted(p.kind for p in dataset.problems)
    assert kinds == ["bad-annotation", "bad-calibration", "bad-label-file",
                     "box-of-skipped-image", "missing-image"]  # fmt: skip
    assert all("line 2" in p.reason for p in dataset.problems if p.kind == "bad-annotation")


def test_real_frames_survive_a_round_trip(shared_data, tmp_path):
    first = read_dataset(shared_data / "kitti_object_6")
    back = read_dataset(write_dataset(first, tmp_path, "kitti"))
    for one, other in zip(first, back, strict=True):
        assert other.digest == one.digest
        assert other.camera == one.camera
        for before, after in zip(one.objects, other.objects, strict=True):
            assert after.xyxy == pytest.approx(before.xyxy, abs=1e-9)
            assert (after.category, after.attributes) == (before.category, before.attributes)
            if before.cuboid:
                assert after.cuboid.centre == pytest.approx(before.cuboid.centre, abs=1e-8)
                assert after.cuboid.rotation == before.cuboid.rotation


def test_a_folder_without_labels_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no folder label_2"):
        read_dataset(tmp_path, format="kitti")


def test_real_tracking_labels(shared_data, tmp_path, make_image):
    real = shared_data / "label_formats/scalabel/tests/label/testcases/kitti_sample/tracking"
    lines = (real / "training/label_02/0001.txt").read_text().splitlines()
    for kind in ("label_02", "calib"):
        shutil.copytree(real / "training" / kind, tmp_path / kind)
    for index in range(3):
        make_image(tmp_path / "image_02" / "0001" / f"{index:06d}.png", 1242, 375, 40 + index)
    assert detect_format(tmp_path) == "kitti_tracking"
    dataset = read_dataset(tmp_path)
    assert [(f.sequence, f.id) for f in dataset] == [
        ("0001", f"0001/{i:06d}.png") for i in range(3)
    ]
    for index, frame in enumerate(dataset):
        own = [line.split() for line in lines if line.split()[0] == str(index)]
        assert len(frame.objects) == len(own)
        assert [b.instance for b in frame.objects] == [None if w[1] == "-1" else w[1] for w in own]
        assert frame.camera.fx == pytest.approx(721.5377)
    absent = {int(line.split()[0]) for line in lines} - {0, 1, 2}
    skipped = {p.kind: 0 for p in dataset.problems}
    for problem in dataset.problems:
        skipped[problem.kind] += problem.count
    assert skipped["missing-image"] == len(absent)
    boxes = sum(len(f.objects) for f in dataset)
    assert skipped["box-of-skipped-image"] + boxes == len(lines)


def test_tracks_with_names_are_numbered_and_said_to_be(tmp_path, make_image):
    (tmp_path / "label_02").mkdir()
    (tmp_path / "label_02" / "a%2Fb.txt").write_text(f"0 5 {LINE}\nx 5 {LINE}\n1\n")
    make_image(tmp_path / "image_02" / "a%2Fb" / "0.png", 500, 300)
    dataset = read_dataset(tmp_path)
    assert dataset.sequences == ("a/b",)
    assert [p.kind for p in dataset.problems] == ["bad-annotation"] * 2


def raw_drive(folder: Path, make_image) -> Path:
    """A drive with one tracklet: 20 m ahead, axes of lidar and camera parallel."""
    make_image(folder / "image_02" / "data" / "0000000001.png", 400, 200)
    (folder / "calib_velo_to_cam.txt").write_text(
        "calib_time: 15-Mar-2012 11:37:16\nR: 0 -1 0 0 0 -1 1 0 0\nT: 0 0 0\n"
    )
    (folder / "calib_cam_to_cam.txt").write_text(
        "R_rect_00: 1 0 0 0 1 0 0 0 1\nP_rect_02: 100 0 200 0 0 100 100 0 0 0 1 0\n"
    )
    pose = "<item><tx>{x}</tx><ty>3</ty><tz>-1.5</tz><rx>0</rx><ry>0</ry><rz>0</rz>"
    pose += "<occlusion>1</occlusion><truncation>0</truncation></item>"
    poses = pose.format(x=20) + pose.format(x=-20)
    (folder / "tracklet_labels.xml").write_text(
        "<!DOCTYPE boost_serialization><boost_serialization><tracklets><count>1</count><item>"
        "<objectType>Car</objectType><h>1.5</h><w>2</w><l>4</l><first_frame>1</first_frame>"
        f"<poses><count>2</count>{poses}</poses></item></tracklets></boost_serialization>"
    )
    return folder


def test_raw_tracklets_are_projected(tmp_path, make_image):
    drive = raw_drive(tmp_path / "2011_09_26_drive_0001_sync", make_image)
    assert detect_format(drive) == "kitti_raw"
    (frame,) = read_dataset(drive).frames
    (box,) = frame.objects
    # 2 m wide, 3 m to the left, its near end at 18 m, its top at the height of the camera.
    near, far = 18.0, 22.0
    expected = (200 - 100 * 4 / near, 100.0, 200 - 100 * 2 / far, 100 + 100 * 1.5 / near)
    assert box.xyxy == pytest.approx(expected)
    assert (box.occluded, box.truncated, box.instance) == (True, False, "0")
    assert box.cuboid.centre == pytest.approx((-3.0, 0.75, 20.0))
    assert box.cuboid.rotation[1] == pytest.approx(-np.pi / 2)  # it faces away from the camera
    assert projected(box.cuboid, frame.camera) == pytest.approx(box.xyxy)
    notes = [(p.kind, p.severity, p.count) for p in read_dataset(drive).problems]
    assert notes == [("label-without-box", "note", 1)]


def test_raw_tracklets_without_calibration_are_counted(shared_data):
    real = shared_data / "label_formats/datumaro_assets/kitti_dataset/kitti_raw"
    dataset = read_dataset(real)
    poses = (real / "tracklet_labels.xml").read_text().count("<tx>")
    assert len(dataset) == 3
    assert not any(frame.objects for frame in dataset)
    lost = [(p.kind, p.severity, p.count) for p in dataset.problems]
    assert lost == [("label-without-box", "skipped", poses)]


def test_entities_in_tracklets_are_refused(tmp_path, make_image):
    drive = raw_drive(tmp_path, make_image)
    text = (drive / "tracklet_labels.xml").read_text()
    bomb = text.replace("boost_serialization>", 'boost_serialization [<!ENTITY a "b">]>', 1)
    (drive / "tracklet_labels.xml").write_text(bomb)
    with pytest.raises(InputError, match=r"tracklet_labels\.xml: refused"):
        read_dataset(drive)
