"""Objects in space: 3D boxes and persons' keypoints."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isthmus.synth.annotate.objects import Labelled
from isthmus.synth.annotate.triangles import NEAR, Projection
from isthmus.synth.world.mesh import Floats
from isthmus.synth.world.scene import Scene
from isthmus.synth.world.thing import Placed

OUTSIDE, OCCLUDED, VISIBLE = 0, 1, 2
SIDES = np.array(
    [[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)], np.float64
)
DEPTH_OF_BODY = (
    0.06, 0.06, 0.06, 0.10, 0.10, 0.13, 0.13, 0.09, 0.09, 0.08, 0.08, 0.17, 0.17, 0.11, 0.11,
    0.11, 0.11,
)  # fmt: skip
"""How deep under the body's surface each of `KEYPOINTS` lies at most, metres."""


@dataclass(frozen=True)
class Box3D:
    """A box in space, in camera axes (x right, y up, z ahead), metres.

    Attributes:
        corners: (8, 3); its last axis in own axes runs fastest: index 4·right + 2·up + ahead.
        centre: (3,).
        size: (width, height, length).
        heading: of its length, radians in the ground plane from the camera's axis to the right.
        projection: (8, 2) pixels of the corners; NaN for those behind the near plane.
    """

    corners: Floats
    centre: tuple[float, float, float]
    size: tuple[float, float, float]
    heading: float
    projection: Floats


@dataclass(frozen=True)
class Keypoints:
    """COCO's 17 keypoints.

    Attributes:
        pixels: (17, 2), NaN behind the near plane.
        depth: (17,) camera z, metres.
        visibility: (17,) 0 outside the picture, 1 hidden (by whatever, its own body too),
            2 visible.
    """

    pixels: Floats
    depth: Floats
    visibility: NDArray[np.uint8]


def to_camera(points: np.ndarray, projection: Projection) -> np.ndarray:
    """World points (..., 3) in camera axes, float64."""
    moved = np.asarray(points, np.float64) - projection.origin
    # Not a product of matrices: its last bit depends on the machine's library.
    return np.stack([(moved * row).sum(axis=-1) for row in projection.turn], axis=-1)


def to_pixels(points: np.ndarray, projection: Projection) -> np.ndarray:
    """Camera points (..., 3) → pixels (..., 2); NaN behind the near plane."""
    z = np.where(points[..., 2] >= NEAR, points[..., 2], np.nan)
    u = 0.5 * projection.width + projection.focal * points[..., 0] / z
    v = 0.5 * projection.height - projection.focal * points[..., 1] / z
    return np.stack([u, v], axis=-1)


def box_of(item: Labelled, scene: Scene, projection: Projection) -> Box3D:
    """The 3D box: the thing's own if it names a size, else tight around its faces.

    A two-wheeler and its rider, whose size is that of both, each get a tight one.
    """
    placed = scene.things[item.thing]
    size = np.asarray(placed.thing.size, np.float64)
    if not size.any() or any(part.rider for part in placed.thing.parts):
        low, high = _own_bounds(placed, item.rider)
    else:
        low, high = size * (-0.5, 0.0, -0.5), size * (0.5, 1.0, 0.5)
    own = 0.5 * (low + high) + SIDES * (high - low)
    corners = to_camera(placed.to_world(own.astype(np.float32)), projection)
    ahead = projection.turn @ placed.rotation.astype(np.float64)[:, 2]
    centre = corners.mean(axis=0)
    width, height, length = (float(value) for value in high - low)
    return Box3D(
        corners.astype(np.float32),
        (float(centre[0]), float(centre[1]), float(centre[2])),
        (width, height, length),
        float(np.arctan2(ahead[0], ahead[2])),
        to_pixels(corners, projection).astype(np.float32),
    )


def _own_bounds(placed: Placed, rider: bool) -> tuple[np.ndarray, np.ndarray]:
    points = [part.mesh.points for part in placed.thing.parts if part.rider == rider]
    both = [points_ for points_ in points if len(points_)]
    low = np.min([points_.min(axis=0) for points_ in both], axis=0)
    high = np.max([points_.max(axis=0) for points_ in both], axis=0)
    return low.astype(np.float64), high.astype(np.float64)


def keypoints_of(
    item: Labelled, scene: Scene, nearness: Floats, projection: Projection
) -> Keypoints | None:
    """A person's keypoints, tested against the nearness (h, w) of what is seen."""
    placed = scene.things[item.thing]
    if placed.thing.keypoints is None or item.category not in ("person", "rider"):
        return None
    points = to_camera(placed.to_world(placed.thing.keypoints), projection)
    pixels = to_pixels(points, projection)
    height, width = nearness.shape
    finite = np.nan_to_num(pixels, nan=-1.0)
    inside = ((finite >= 0) & (finite < (width, height))).all(axis=1)
    column, row = np.where(inside[:, None], finite, 0).astype(np.int64).T
    surface = 1 / np.maximum(nearness[row, column].astype(np.float64), 1e-9)
    free = surface >= points[:, 2] - np.array(DEPTH_OF_BODY)
    visibility = np.where(inside, np.where(free, VISIBLE, OCCLUDED), OUTSIDE)
    return Keypoints(
        pixels.astype(np.float32), points[:, 2].astype(np.float32), visibility.astype(np.uint8)
    )
