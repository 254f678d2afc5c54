"""What lies where in a frame: sky, sealed ground, soft ground, plants, and how level surfaces are.

Taken from a map of class ids where the frame has one whose ids are known (`CLASS_IDS`); else judged
by depth (the road is the plane that the lower middle of the picture shows) and by colour (green is
a plant). The plane is fitted to the depth map itself: on a plane 1 / z grows in proportion to the
rows below the horizon, so that one line gives the horizon and the camera's height.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import ndimage

from isthmus.augment.arrays import OTHER, PLANTS, SEALED, SKY_CLASS, SOFT, Arrays
from isthmus.augment.depth import SKY, Geometry
from isthmus.augment.lamps import VEHICLES
from isthmus.augment.linear import Bytes, Floats
from isthmus.data.frame import Box
from isthmus.errors import ConfigError

CLASS_IDS: Mapping[str, Mapping[int, tuple[int, ...]]] = {
    "isthmus": {SKY_CLASS: (0,), SEALED: (1, 2, 3), SOFT: (4,), PLANTS: (11,)},
    "cityscapes": {SKY_CLASS: (23,), SEALED: (6, 7, 8, 9, 10), SOFT: (22,), PLANTS: (21,)},
    "cityscapes-train": {SKY_CLASS: (10,), SEALED: (0, 1), SOFT: (9,), PLANTS: (8,)},
    "camvid": {SKY_CLASS: (0,), SEALED: (3, 4), SOFT: (), PLANTS: (5,)},
}
"""Name of a set of class ids → our class → its ids: of rendered sets, of Cityscapes (``labelIds``
and ``labelTrainIds``, which BDD100K uses too), of CamVid's 12 classes."""
ALIKE = 24
"""Steps of 255 by which ground may differ from the ground beside it."""
LEVEL = 0.16
"""Height above the road, as a share of the camera's, up to which a place is ground (kerbs are)."""


def surface_map(ids: NDArray[np.uint16], classes: str) -> Bytes:
    """Our classes (h, w) of a map of class ids.

    Raises:
        ConfigError: `classes` is no name in `CLASS_IDS`.
    """
    if classes not in CLASS_IDS:
        raise ConfigError(f"classes {classes!r}: not known; one of {', '.join(CLASS_IDS)}")
    table = np.full(65536, OTHER, np.uint8)
    for ours, theirs in CLASS_IDS[classes].items():
        table[list(theirs)] = ours
    return np.asarray(table[ids])


@dataclass(frozen=True)
class Plane:
    """The road: at row r its depth is 1 / (rate · (r − horizon)).

    Attributes:
        horizon: row in pixels.
        rate: 1 / (focal length · camera height), 1 / (pixel · metre).
        focal: pixels.
        middle: row of the optical axis.
    """

    horizon: float
    rate: float
    focal: float
    middle: float

    @property
    def eye(self) -> float:
        """The camera's height in metres."""
        return 1 / (self.rate * self.focal)

    @property
    def up(self) -> Floats:
        """(3,) upward direction in camera axes (x right, y up, z forward), of a picture's middle.

        The road's plane is level: its horizon is the world's.
        """
        slope = (self.middle - self.horizon) / self.focal
        return np.array([0.0, 1.0, -slope], np.float32) / np.float32(np.hypot(1.0, slope))

    def height(self, depth: Floats) -> Floats:
        """Height (h, w) above the road as a share of the camera's; 0 on the road."""
        rows = np.arange(depth.shape[0], dtype=np.float32)[:, None] + np.float32(0.5 - self.horizon)
        return np.asarray(1 - depth * (rows * np.float32(self.rate)), np.float32)


def road_plane(depth: Floats, geometry: Geometry) -> Plane:
    """The plane of the road, fitted to depth (h, w) in the lower middle of the picture.

    Where that shows no plane (a wall, a lorry ahead), `geometry` decides.
    """
    height, width = depth.shape
    focal = geometry.focal * width
    usual = Plane(geometry.horizon * height, 1 / (focal * geometry.height), focal, height / 2)
    first, step = int(0.58 * height), max(1, height // 90)
    part = depth[first::step, int(0.3 * width) : int(0.7 * width) : step]
    rows = np.broadcast_to((np.arange(first, height, step) + 0.5)[:, None], part.shape)
    near = 1 / part.astype(np.float64)
    inside = part < SKY / 2
    for _ in range(4):
        if inside.sum() < 16:
            return usual
        slope, offset = np.polyfit(rows[inside], near[inside], 1)
        fitted = slope * rows + offset
        inside = (np.abs(near - fitted) < 0.12 * np.abs(fitted)) & (part < SKY / 2)
    if slope <= 0 or inside.mean() < 0.3:
        return usual
    found = Plane(float(-offset / slope), float(slope), focal, height / 2)
    plausible = 0.5 < found.eye < 4 and abs(found.horizon - 0.5 * height) < 0.3 * height
    return found if plausible else usual


@dataclass(frozen=True)
class Surfaces:
    """What lies where, (h, w) each.

    Attributes:
        sky, sealed, soft, plants: True where the pixel shows sky; road or pavement; grass, earth;
            leaves and twigs.
        plane: of the road.
    """

    sky: NDArray[np.bool_]
    sealed: NDArray[np.bool_]
    soft: NDArray[np.bool_]
    plants: NDArray[np.bool_]
    plane: Plane


def surfaces(arrays: Arrays, depth: Floats) -> Surfaces:
    """The surfaces of a frame with depth (h, w)."""
    if arrays.layout is not None:
        return arrays.layout
    plane = road_plane(depth, arrays.geometry)
    if arrays.surface is not None:
        sky, sealed, soft, plants = (
            arrays.surface == name for name in (SKY_CLASS, SEALED, SOFT, PLANTS)
        )
        return Surfaces(sky, sealed, soft, plants, plane)
    sky = depth >= SKY
    over = np.abs(plane.height(depth))
    tolerance = np.float32(0.5 * plane.rate) * depth
    level = over < tolerance + np.float32(LEVEL)
    for box in arrays.things:  # the feet of things are no kerbs
        x1, y1, x2, y2 = (max(0, int(side)) for side in box.xyxy)
        part = np.s_[y1:y2, x1:x2]
        level[part] &= over[part] < tolerance[part] + np.float32(LEVEL / 4)
    level &= ~sky
    if not arrays.exact:
        # Vehicles fill their boxes, and many have the colour of asphalt: they are left alone.
        for box in arrays.boxes:
            if box.ignore and box.category in VEHICLES:  # depth does not know of it
                x1, y1, x2, y2 = (max(0, int(side)) for side in box.xyxy)
                level[y1:y2, x1:x2] = False
        for box in arrays.things:
            if box.category not in VEHICLES:
                mark_ground(box, arrays.image, level, plane.horizon)
    red, green, blue = (arrays.image[..., c].astype(np.int16) for c in range(3))
    leafy = (2 * green - red - blue > 14) & ~sky
    return Surfaces(sky, level & ~leafy, level & leafy, leafy & ~level, plane)


def mark_ground(box: Box, image: Bytes, level: NDArray[np.bool_], horizon: float) -> None:
    """Mark in `level` the ground that is seen beside a thing within the box's bounds.

    Estimated depth stands a plate where the box is: all of it would stay bare where snow lies.
    Ground is what is reached from the sides without leaving the ground's colour in its row.
    """
    height, width = level.shape
    x1, _, x2, y2 = box.xyxy
    margin = max(3, round((x2 - x1) / 5))
    left, right = max(0, int(x1) - margin), min(width, int(x2) + margin)
    top, bottom = max(0, int(max(box.xyxy[1], horizon + 2))), min(height, int(y2) + margin)
    if bottom - top < 2 or right - left < 3:
        return
    part = image[top:bottom, left:right].astype(np.float32)
    beside = np.s_[top:bottom, max(0, left - 3 * margin) : min(width, right + 3 * margin)]
    known = np.where(level[beside][..., None], image[beside], np.float32(np.nan))
    rows = level[beside].sum(axis=1) >= 3
    if not rows.any():
        return
    colour = np.zeros((len(part), 3), np.float32)
    colour[rows] = np.nanmedian(known[rows], axis=1)
    like = (np.abs(part - colour[:, None]).max(axis=2) < ALIKE) & rows[:, None]
    pieces, _ = ndimage.label(like)
    outer = np.concatenate([pieces[:, 0], pieces[:, -1], pieces[-1]])
    level[top:bottom, left:right] |= np.isin(pieces, np.unique(outer[outer > 0]))


def upward(depth: Floats, plane: Plane) -> Floats:
    """Upward part (h, w) of surfaces' normals, 0 (upright) to 1 (level), from depth."""
    columns = np.arange(depth.shape[1], dtype=np.float32) + np.float32(0.5 - depth.shape[1] / 2)
    across = depth * (columns / np.float32(plane.focal))[None]
    over = plane.height(depth) * np.float32(plane.eye)
    zv, zu = _slopes(depth)
    yv, yu = _slopes(over)
    xv, xu = _slopes(across)
    nx, ny, nz = yv * zu - zv * yu, zv * xu - xv * zu, xv * yu - yv * xu
    length = np.sqrt(nx * nx + ny * ny + nz * nz) + np.float32(1e-12)
    return np.asarray(np.abs(ny) / length, np.float32)


def on_road(noise: Floats, plane: Plane, shape: tuple[int, int]) -> tuple[Floats, Floats]:
    """A pattern (n, n) laid on the road, 24 m a side and repeated, as the camera sees it (h, w).

    Also returns (h, w) metres to the right of the camera.
    """
    rows = np.arange(shape[0], dtype=np.float32) + np.float32(0.5 - plane.horizon)
    z = 1 / (np.float32(plane.rate) * np.maximum(rows, 0.25))
    columns = np.arange(shape[1], dtype=np.float32) + np.float32(0.5 - shape[1] / 2)
    x = z[:, None] * (columns / np.float32(plane.focal))[None]
    out = np.empty(shape, np.float32)
    step = np.float32(len(noise) / 24)
    # Along the street patches are longer: ruts lie that way.
    _laid(np.ascontiguousarray(noise), x * step, z * step * np.float32(0.35), out)
    return out, x


@njit(cache=True, nogil=True)
def _laid(noise, across, along, out):  # type: ignore[no-untyped-def]
    """Sample (n, n) at fractional places, bilinear; it runs up and down again without a seam."""
    n = noise.shape[0]
    turn = 2 * (n - 1)
    for y in range(out.shape[0]):
        v = along[y] % turn
        v = turn - v if v > n - 1 else v
        i = min(int(v), n - 2)
        fv = v - i
        for x in range(out.shape[1]):
            u = across[y, x] % turn
            u = turn - u if u > n - 1 else u
            j = min(int(u), n - 2)
            fu = u - j
            upper = noise[i, j] + fu * (noise[i, j + 1] - noise[i, j])
            lower = noise[i + 1, j] + fu * (noise[i + 1, j + 1] - noise[i + 1, j])
            out[y, x] = upper + fv * (lower - upper)


def on_feet(depth: Floats, boxes: Sequence[Box], plane: Plane) -> Floats:
    """Depth (h, w) with labelled things where their feet meet the road's plane."""
    placed = depth.copy()
    height, width = depth.shape
    for box in boxes:
        below = box.xyxy[3] - plane.horizon
        if below < 2 or box.xyxy[3] >= height - 1:
            continue
        x1, x2 = (int(np.clip(x, 0, width)) for x in box.xyxy[::2])
        y1, y2 = (int(np.clip(y, 0, height)) for y in box.xyxy[1::2])
        part = placed[y1:y2, x1:x2]
        z = np.float32(1 / (plane.rate * below))
        part[part < 1.4 * z] = z
    return placed


def _slopes(plane: Floats) -> tuple[Floats, Floats]:
    """Differences along rows and columns, on the side where they are smaller: edges do not leak."""
    found = []
    for axis in (0, 1):
        step = np.diff(plane, axis=axis)
        pad = [(0, 0), (0, 0)]
        pad[axis] = (1, 0)
        before = np.pad(step, pad, mode="edge")
        pad[axis] = (0, 1)
        after = np.pad(step, pad, mode="edge")
        found.append(np.where(np.abs(before) < np.abs(after), before, after))
    return found[0], found[1]
