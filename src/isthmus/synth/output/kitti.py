"""KITTI's labels: boxes in the picture and in space, and the camera's matrix.

Geiger, Lenz & Urtasun, CVPR 2012, devkit: a line is type, truncated (0–1), occluded (0–3), alpha,
box, height width length, x y z of the box's bottom middle in camera axes (y down), rotation_y.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.data.dataset import Dataset
from isthmus.data.frame import Box, Frame
from isthmus.errors import InputError
from isthmus.files import write_text

NAMES = {
    "person": "Pedestrian",
    "rider": "Cyclist",
    "car": "Car",
    "van": "Van",
    "truck": "Truck",
    "bus": "Misc",
    "motorcycle": "Misc",
    "bicycle": "Misc",
    "animal": "Misc",
}
OCCLUDED = (0.1, 0.5, 0.9)
"""Shares from which KITTI says partly, largely, and unknown."""


def write_kitti(dataset: Dataset, folder: Path, records: Sequence[dict[str, Any]]) -> Path:
    """Write `folder`/kitti/label_2 and /calib, one file a frame; returns the label folder."""
    labels = folder / "kitti" / "label_2"
    for frame, record in zip(dataset, records, strict=True):
        items = {str(item["instance"]): item for item in record["objects"]}
        lines = [_line(box, items[box.instance or ""], frame) for box in frame.objects or ()]
        stem = Path(record["image"]).stem
        write_text(labels / f"{stem}.txt", "".join(line + "\n" for line in lines))
        write_text(folder / "kitti" / "calib" / f"{stem}.txt", _calibration(frame))
    return labels


def _line(box: Box, item: dict[str, Any], frame: Frame) -> str:
    name = "DontCare" if box.ignore else NAMES[box.category]
    x, y, z = item["box3d"]["centre"]
    width, height, length = item["box3d"]["size"]
    # Ours: heading from the camera's axis to the right. KITTI's: rotation_y about the axis that
    # points down, 0 along +x: a car straight ahead and facing away has −π/2.
    rotation = _wrapped(item["box3d"]["heading"] - np.pi / 2)
    alpha = _wrapped(rotation - np.arctan2(x, z))
    level = sum(item["occlusion"] >= bound for bound in OCCLUDED)
    numbers = [item["truncation"], level, alpha, *box.xyxy, height, width, length,
               x, -y + height / 2, z, rotation]  # fmt: skip
    words = [f"{v:.2f}" if not isinstance(v, int) else str(v) for v in numbers]
    return " ".join([name, *words])


def _wrapped(angle: float) -> float:
    return float((angle + np.pi) % (2 * np.pi) - np.pi)


def _calibration(frame: Frame) -> str:
    if frame.camera is None:
        raise InputError(f"{frame.id}: KITTI's labels need the camera's intrinsics")
    camera = frame.camera
    p = [camera.fx, 0, camera.cx, 0, 0, camera.fy, camera.cy, 0, 0, 0, 1, 0]
    row = " ".join(f"{v:.12e}" for v in p)
    unit = " ".join(f"{v:.12e}" for v in np.eye(3).ravel())
    rigid = " ".join(f"{v:.12e}" for v in np.eye(4)[:3].ravel())
    lines = [f"P{k}: {row}" for k in range(4)]
    lines += [f"R0_rect: {unit}", f"Tr_velo_to_cam: {rigid}", f"Tr_imu_to_velo: {rigid}"]
    if any(camera.distortion):
        # Not among KITTI's own words: its pictures are rectified, these are not.
        lines.append("D: " + " ".join(f"{v:.12e}" for v in (*camera.distortion, 0.0)))
    return "\n".join(lines) + "\n"
