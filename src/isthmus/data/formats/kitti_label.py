"""Lines and calibration of KITTI's label files, both ways (Geiger, Lenz, Urtasun, CVPR 2012).

A line is type, truncated, occluded, alpha, box (left, top, right, bottom: pixels counted from
0), height width length, x y z of the bottom's middle in the axes of rectified camera 0 (y down),
rotation_y, and in results a score. ``truncated`` is a share 0–1 (in tracking a level 0–2),
``occluded`` 0 visible, 1 partly, 2 largely, 3 unknown; -1 says nothing. Where these say more
than a flag can, they stay as the attributes ``truncation`` and ``occlusion``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from isthmus.data.formats import values
from isthmus.data.frame import Box, Camera
from isthmus.data.shapes import Cuboid
from isthmus.errors import InputError

DONT_CARE = "DontCare"
ATTRIBUTES = frozenset({"truncation", "occlusion"})
MAX_BYTES = 1 << 28
_UNKNOWN = -10.0
_NOWHERE = -1000.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """A camera's intrinsics and where it stands.

    Attributes:
        camera: intrinsics.
        offset: (3,) metres to add to a point in the axes of camera 0.
        rest: True if the file says more than is kept.
    """

    camera: Camera
    offset: npt.NDArray[np.float64]
    rest: bool


def lines_of(path: Path) -> list[str]:
    """Lines of a small text file that hold anything.

    Raises:
        InputError: missing, too large, not UTF-8.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path}: larger than the limit of {MAX_BYTES} bytes")
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from error
    return [line for line in text.splitlines() if line.strip()]


def calibration(path: Path, key: str) -> Calibration:
    """The calibration of one camera; `key` is the name of its projection matrix ("P2").

    Raises:
        InputError: there is none, or it is no matrix of a pinhole camera.
    """
    found = matrices(path)
    if key not in found or found[key].size != 12:
        raise InputError(f"{path}: no matrix {key} of 12 numbers")
    projection = found[key].reshape(3, 4)
    fx, fy = projection[0, 0], projection[1, 1]
    if min(fx, fy) <= 0 or projection[2, 2] != 1:
        raise InputError(f"{path}: {key} is no matrix of a pinhole camera")
    camera = Camera(float(fx), float(fy), float(projection[0, 2]), float(projection[1, 2]))
    offset = np.asarray(np.linalg.solve(projection[:, :3], projection[:, 3]), dtype=np.float64)
    identity = [np.eye(3).ravel(), np.eye(4)[:3].ravel()]
    rest = any(
        not np.array_equal(matrix, found[key])
        and not any(np.array_equal(matrix, unit) for unit in identity)
        for matrix in found.values()
    )
    return Calibration(camera, offset, rest or bool(np.any(offset)))


def matrices(path: Path) -> dict[str, npt.NDArray[np.float64]]:
    """Name → numbers of a calibration file; what is no numbers (dates) is left out."""
    found = {}
    for line in lines_of(path):
        name, *words = line.replace(":", " ", 1).split()
        known = [number(word) for word in words]
        if known and None not in known:
            found[name] = np.array(known, dtype=np.float64)
    return found


def number(word: str) -> float | None:
    """A finite number from text, or None."""
    try:
        value = float(word)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def lacks_score(words: list[str], made: Box) -> bool:
    """True if the line gives the box a score that is no confidence."""
    return len(words) == 16 and made.score is None


def box_from(words: list[str], offset: npt.NDArray[np.float64], instance: str | None) -> Box | str:
    """The box of a line's fields, or what is wrong with them."""
    if not 15 <= len(words) <= 16:
        return f"{len(words)} fields, not 15 or 16"
    category = values.text(words[0])
    known = [number(word) for word in words[1:]]
    if category is None or None in known:
        return "a field is no finite number"
    truncated, occluded, alpha, *rest = (value for value in known if value is not None)
    x1, y1, x2, y2, height, width, length, x, y, z, rotation = rest[:11]
    score = values.score(rest[11]) if len(rest) > 11 else None
    attributes = {}
    if truncated not in (-1, 0, 1):
        attributes["truncation"] = words[1]
    if occluded not in (-1, 0, 1):
        attributes["occlusion"] = words[2]
    cuboid = None
    if min(height, width, length) > 0 and z > _NOWHERE:
        cx, cy, cz = (float(v) for v in np.array([x, y - height / 2, z]) + offset)
        known_alpha = None if alpha == _UNKNOWN else alpha
        cuboid = Cuboid((cx, cy, cz), (height, width, length), (0.0, rotation, 0.0), known_alpha)
    return Box(
        category,
        (x1, y1, x2, y2),
        None if occluded in (-1, 3) else occluded > 0,
        None if truncated == -1 else truncated > 0,
        category == DONT_CARE,
        instance,
        score,
        attributes,
        cuboid=cuboid,
    )


def fields_of(box: Box) -> list[str]:
    """The fields of a line; a category's spaces become underscores, as KITTI has none."""
    name = DONT_CARE if box.ignore else "_".join(box.category.split())
    flags = {None: "-1", False: "0", True: "1"}
    truncated = box.attributes.get("truncation") or flags[box.truncated]
    occluded = box.attributes.get("occlusion") or flags[box.occluded]
    numbers = [_UNKNOWN, *box.xyxy, -1.0, -1.0, -1.0, _NOWHERE, _NOWHERE, _NOWHERE, _UNKNOWN]
    if cuboid := box.cuboid:
        x, y, z = cuboid.centre
        height = cuboid.size[0]
        numbers = [
            _UNKNOWN if cuboid.alpha is None else cuboid.alpha,
            *(*box.xyxy, *cuboid.size, x, y + height / 2, z, cuboid.rotation[1]),
        ]
    if box.score is not None:
        numbers.append(box.score)
    checked = [word if number(word) is not None else "-1" for word in (truncated, occluded)]
    return [name, *checked, *(_shortest(value) for value in numbers)]


def calibration_text(camera: Camera) -> str:
    """A calibration file for a camera at the origin."""
    rows = [camera.fx, 0, camera.cx, 0, 0, camera.fy, camera.cy, 0, 0, 0, 1, 0]
    projection = " ".join(_shortest(float(value)) for value in rows)
    unit = " ".join(_shortest(float(value)) for value in np.eye(3).ravel())
    rigid = " ".join(_shortest(float(value)) for value in np.eye(4)[:3].ravel())
    lines = [f"P{k}: {projection}" for k in range(4)]
    lines += [f"R0_rect: {unit}", f"Tr_velo_to_cam: {rigid}", f"Tr_imu_to_velo: {rigid}"]
    return "\n".join(lines) + "\n"


def _shortest(value: float) -> str:
    """Digits that read back as the same number; sums are rounded to the nanometre."""
    return repr(round(value, 9))
