"""KITTI raw drives: ``image_02/data`` and ``tracklet_labels.xml`` (Geiger et al., IJRR 2013).

A tracklet is a box in the axes of the lidar, one pose a frame. The date's calibration
(``calib_velo_to_cam.txt`` and ``calib_cam_to_cam.txt``, in the drive's folder or the one above)
takes it to rectified camera 2; the box in the image is drawn around its eight corners, as far as
they are in front of the camera, and clipped. Without calibration a pose has no place in the
image: it is counted and not used.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isthmus.data.dataset import Dataset
from isthmus.data.formats import values
from isthmus.data.formats.kitti import files_in
from isthmus.data.formats.kitti_label import matrices
from isthmus.data.formats.locate import Roots
from isthmus.data.formats.reading import Reading
from isthmus.data.formats.records import ImageCheck, RawBox, Record
from isthmus.data.formats.xml_file import number, parse_xml
from isthmus.data.frame import Box, Camera
from isthmus.data.images import SUFFIXES
from isthmus.data.shapes import Cuboid
from isthmus.errors import InputError

TRACKLETS = "tracklet_labels.xml"
CAMERAS = ("image_02/data", "IMAGE_02/data", "image_02", "IMAGE_00/data", "image_00/data")
MAX_BYTES = 1 << 28
NEAR = 0.1
"""Metres in front of the camera from which a corner can be projected."""
_OCCLUDED = {0: False, 1: True, 2: True}
_TRUNCATED = {0: False, 1: True}


@dataclass(frozen=True, slots=True)
class Rig:
    """From the lidar's axes to the picture: (3, 3) and (3,) in metres, and intrinsics."""

    rotation: npt.NDArray[np.float64]
    shift: npt.NDArray[np.float64]
    camera: Camera


class KittiRaw:
    """Reader of KITTI raw drives with tracklets."""

    name = "kitti_raw"

    def detect(self, path: Path) -> bool:
        """A drive's folder, or its tracklet file."""
        return path.name == TRACKLETS if path.is_file() else (path / TRACKLETS).is_file()

    def read(self, path: Path, *, images: Path | None, check: ImageCheck) -> Dataset:
        """See `Format.read`."""
        labels = path if path.is_file() else path / TRACKLETS
        drive = labels.parent
        folder = images or next((drive / c for c in CAMERAS if (drive / c).is_dir()), drive)
        reading = _Reading(labels, Roots(labels, folder), rig=_rig(drive))
        try:
            tree = parse_xml(labels, limit_bytes=MAX_BYTES, doctype=True)
        except InputError as error:
            raise InputError(f"{labels}: {error}") from error
        boxes = reading.boxes(tree)
        found = {int(f.stem): f for f in files_in(folder, SUFFIXES) if f.stem.isdecimal()}
        for index in sorted(found.keys() | boxes.keys()):
            reading.listed += 1
            record = Record("", labels, labels, sequence=drive.resolve().name, order=index)
            record.boxes = boxes.get(index, [])
            if reading.rig:
                record.camera = reading.rig.camera
            name = found[index].name if index in found else f"{index:010d}.png"
            reading.add_found(record, reading.roots.find([name]))
        return reading.dataset(drive.resolve().name, check)


def _rig(drive: Path) -> Rig | None:
    """The calibration of the drive's date; None if it is not there.

    Raises:
        InputError: it is there and cannot be used.
    """
    for folder in (drive, drive.resolve().parent):
        lidar, cameras = folder / "calib_velo_to_cam.txt", folder / "calib_cam_to_cam.txt"
        if not (lidar.is_file() and cameras.is_file()):
            continue
        pose, known = matrices(lidar), matrices(cameras)
        shapes = {"R": (pose, 9), "T": (pose, 3), "R_rect_00": (known, 9), "P_rect_02": (known, 12)}
        for name, (where, size) in shapes.items():
            if name not in where or where[name].size != size:
                raise InputError(f"{folder}: its calibration lacks {name} with {size} numbers")
        projection = known["P_rect_02"].reshape(3, 4)
        fx, fy, cx, cy = (float(projection[i]) for i in ((0, 0), (1, 1), (0, 2), (1, 2)))
        if min(fx, fy) <= 0 or projection[2, 2] != 1:
            raise InputError(f"{cameras}: P_rect_02 is no matrix of a pinhole camera")
        rectify = known["R_rect_00"].reshape(3, 3)
        offset = np.asarray(np.linalg.solve(projection[:, :3], projection[:, 3]), np.float64)
        rotation = rectify @ pose["R"].reshape(3, 3)
        return Rig(rotation, rectify @ pose["T"] + offset, Camera(fx, fy, cx, cy))
    return None


@dataclass
class _Reading(Reading):
    rig: Rig | None = None

    def boxes(self, tree: Any) -> dict[int, list[RawBox]]:
        """Number of a frame → its boxes; poses that cannot be used are entered in the log."""
        frames: dict[int, list[RawBox]] = {}
        behind = 0
        for index, item in enumerate(tree.iterfind("tracklets/item")):
            for where, frame, made in self._poses(index, item):
                if isinstance(made, str):
                    self.log.add(self.path, "bad-annotation", f"{where}: {made}")
                elif made is None:
                    behind += 1
                else:
                    frames.setdefault(frame, []).append(RawBox(where, made))
        reason = "poses lie behind the camera" if self.rig else "poses need the date's calibration"
        severity: Any = "note" if self.rig else "skipped"
        self.log.tally(self.path, "label-without-box", reason, severity, behind)
        return frames

    def _poses(self, index: int, item: Any) -> Iterator[tuple[str, int, Box | str | None]]:
        category = values.text(item.findtext("objectType"))
        size = values.numbers([number(item.findtext(k)) for k in ("h", "w", "l")], 3)
        first = number(item.findtext("first_frame"))
        for step, pose in enumerate(item.iterfind("poses/item")):
            where = f"tracklet {index}, pose {step}"
            spot = [number(pose.findtext(k)) for k in ("tx", "ty", "tz", "rz")]
            place = values.numbers(spot, 4)
            if not category or size is None or place is None or first is None or first < 0:
                yield where, 0, "lacks a usable type, size, place or first frame"
            elif self.rig is None:
                yield where, 0, None
            else:
                box = _box(self.rig, category, size, place)
                yield where, int(first) + step, box and _flagged(box, pose, str(index))


def _flagged(box: Box, pose: Any, instance: str) -> Box:
    occluded, truncated = (number(pose.findtext(k)) for k in ("occlusion", "truncation"))
    return Box(
        box.category,
        box.xyxy,
        None if occluded is None else _OCCLUDED.get(int(occluded)),
        None if truncated is None else _TRUNCATED.get(int(truncated)),
        instance=instance,
        cuboid=box.cuboid,
    )


def _box(rig: Rig, category: str, size: tuple[float, ...], place: tuple[float, ...]) -> Box | None:
    """The box around the corners in front of the camera; None if there are none.

    Tracklets stand on the ground: ``tz`` is the height of the bottom, ``rz`` the turn about the
    lidar's vertical axis, the length lies along x.
    """
    height, width, length = size
    x, y, z, turn = place
    signs = np.array([[a, b, c] for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)], dtype=float)
    local = signs * np.array([length, width, height]) / 2
    cos, sin = np.cos(turn), np.sin(turn)
    about = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
    middle = np.array([x, y, z + height / 2])
    points = (local @ about.T + middle) @ rig.rotation.T + rig.shift
    seen = points[points[:, 2] > NEAR]
    if not len(seen):
        return None
    camera = rig.camera
    u = camera.fx * seen[:, 0] / seen[:, 2] + camera.cx
    v = camera.fy * seen[:, 1] / seen[:, 2] + camera.cy
    ahead = rig.rotation @ about @ np.array([1.0, 0.0, 0.0])
    centre = rig.rotation @ middle + rig.shift
    yaw = float(np.arctan2(-ahead[2], ahead[0]))
    alpha = float(yaw - np.arctan2(centre[0], centre[2]))
    cuboid = Cuboid(
        (float(centre[0]), float(centre[1]), float(centre[2])),
        (height, width, length),
        (0.0, yaw, 0.0),
        float((alpha + np.pi) % (2 * np.pi) - np.pi),
    )
    edges = (float(u.min()), float(v.min()), float(u.max()), float(v.max()))
    return Box(category, edges, cuboid=cuboid)
