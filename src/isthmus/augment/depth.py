"""Depth where a set has none: flat road, street walls, standing boxes, sky.

The world is taken for a flat road seen by a camera at a known height, between two walls; labelled
objects stand on the road. That is crude (see the docs for its error) but has what effects need:
near and far are told apart, objects stand before what is behind them, the sky is far.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isthmus.augment.linear import Bytes, Floats
from isthmus.augment.smooth import guided
from isthmus.data.frame import Box, Frame

SKY = 250.0
"""Depth in metres from which on a pixel is sky."""
FAR = 255.0
NEAREST = 1.5
WALL = 9.0
"""Assumed distance of house fronts from the middle of the view, metres."""
# Usual heights in metres by category; a category that is not listed stands on the road only.
HEIGHTS = {
    "pedestrian": 1.65, "person": 1.65, "rider": 1.7, "car": 1.52, "vehicle": 1.6, "van": 2.1,
    "truck": 3.2, "bus": 3.0,
}  # fmt: skip
FEWEST_BOXES = 6


@dataclass(frozen=True)
class Geometry:
    """Where the camera stands, as shares of the picture so that it holds at any size.

    Attributes:
        horizon: row of the horizon / height of the picture.
        focal: focal length / width of the picture.
        height: of the camera above the road, metres.
    """

    horizon: float = 0.48
    focal: float = 0.9
    height: float = 1.4


def estimate_geometry(frames: Sequence[Frame]) -> Geometry:
    """Horizon and focal length from intrinsics, and from boxes of things of usual height.

    An object of height H on the road whose box is b high has its feet h/H · b below the horizon,
    h being the camera's height: each box votes for a horizon, the median wins.
    """
    usual = Geometry()
    cameras = [(f.camera, f.width, f.height) for f in frames if f.camera is not None]
    focal = float(np.median([c.fx / w for c, w, _ in cameras])) if cameras else usual.focal
    prior = float(np.median([c.cy / h for c, _, h in cameras])) if cameras else usual.horizon
    votes = []
    for frame in frames:
        for box in frame.objects or ():
            height = box.xyxy[3] - box.xyxy[1]
            whole = not (box.truncated or box.occluded or box.ignore)
            if box.category in HEIGHTS and whole and 0.04 < height / frame.height < 0.5:
                feet = box.xyxy[3] - usual.height / HEIGHTS[box.category] * height
                votes.append(feet / frame.height)
    horizon = prior
    if len(votes) >= FEWEST_BOXES:
        # Few boxes say little: the prior counts as some of them.
        horizon = (np.median(votes) * len(votes) + prior * FEWEST_BOXES) / (
            len(votes) + FEWEST_BOXES
        )
    return Geometry(float(np.clip(horizon, 0.25, 0.7)), focal, usual.height)


def default_depth(
    image: Bytes, boxes: Sequence[Box] = (), geometry: Geometry | None = None
) -> Floats:
    """Depth (h, w) in metres of a picture (h, w, 3) with its boxes; `FAR` in the sky."""
    geometry = geometry or Geometry()
    height, width = image.shape[:2]
    focal = geometry.focal * width
    rows = (np.arange(height, dtype=np.float32) + 0.5)[:, None]
    columns = np.abs(np.arange(width, dtype=np.float32) + 0.5 - width / 2)[None]
    below = np.maximum(rows - geometry.horizon * height, 1e-3)
    road = focal * geometry.height / below
    walls = focal * WALL / np.maximum(columns, 1e-3)
    depth = np.minimum(np.minimum(road, walls), 0.8 * SKY).clip(NEAREST).astype(np.float32)
    depth = _stand(depth, boxes, geometry, focal)
    grey = image @ np.array([0.3, 0.59, 0.11], np.float32) / np.float32(255)
    soft = np.exp(guided(grey.astype(np.float32), np.log(depth), max(4, width // 60), 1e-3))
    depth = np.clip(soft, NEAREST, 0.95 * SKY)
    return np.where(find_sky(image, geometry), np.float32(FAR), depth).astype(np.float32)


def box_distance(box: Box, geometry: Geometry, width: int, height: int) -> float:
    """Metres to a labelled object, by its feet on the road and by its usual height."""
    focal = geometry.focal * width
    below = box.xyxy[3] - geometry.horizon * height
    by_feet = focal * geometry.height / max(below, 0.004 * height)
    tall = max(box.xyxy[3] - box.xyxy[1], 1.0)
    by_height = focal * HEIGHTS.get(box.category, 1.6) / tall
    cut = box.xyxy[3] >= height - 1
    known = box.category in HEIGHTS and not cut and not box.truncated
    distance = np.sqrt(by_feet * by_height) if known else by_feet
    return float(np.clip(distance, NEAREST, 0.8 * SKY))


def _stand(depth: Floats, boxes: Sequence[Box], geometry: Geometry, focal: float) -> Floats:
    """Put each box as a rounded upright plate at its distance, far ones first."""
    height, width = depth.shape
    placed = sorted(((box_distance(b, geometry, width, height), b) for b in boxes),
                    key=lambda item: -item[0])  # fmt: skip
    for distance, box in placed:
        x1, y1 = (max(0, int(np.floor(v))) for v in box.xyxy[:2])
        x2, y2 = min(width, int(np.ceil(box.xyxy[2]))), min(height, int(np.ceil(box.xyxy[3])))
        if x2 <= x1 or y2 <= y1:
            continue
        u = (np.arange(x1, x2) + 0.5 - x1) / (x2 - x1) * 2 - 1
        v = (np.arange(y1, y2) + 0.5 - y1) / (y2 - y1) * 2 - 1
        inside = np.abs(u)[None] ** 4 + np.abs(v)[:, None] ** 4 <= 1
        part = depth[y1:y2, x1:x2]
        part[inside] = np.minimum(part[inside], distance * 1.02)
    return depth


def find_sky(image: Bytes, geometry: Geometry) -> NDArray[np.bool_]:
    """(h, w) True for sky: bright, smooth, not warm, joined to the top edge, above the horizon."""
    from scipy.ndimage import binary_dilation, label, uniform_filter

    height, width = image.shape[:2]
    step = max(1, width // 160)
    small = image[::step, ::step].astype(np.float32)
    grey = small.mean(axis=2)
    above = np.arange(small.shape[0])[:, None] < geometry.horizon * height / step
    upper = grey[: max(2, int(small.shape[0] * geometry.horizon * 0.8))]
    lower = grey[int(small.shape[0] * geometry.horizon) :]
    bright = max(np.median(lower) * 1.15, np.quantile(upper, 0.9) * 0.62, 24.0)
    cool = small[..., 2] >= small[..., 0] - 14
    roughness = np.sqrt(np.maximum(uniform_filter(grey**2, 3) - uniform_filter(grey, 3) ** 2, 0))
    candidate = (grey > bright) & cool & above & (roughness < 14)
    parts, count = label(candidate)
    if not count:
        return np.zeros((height, width), bool)
    top = np.unique(parts[: max(1, small.shape[0] // 40)])
    sky = np.isin(parts, top[top > 0])
    # Out to the outline, where the sky's brightness ends.
    sky = binary_dilation(sky, iterations=2) & (grey > bright) & above
    rows = np.minimum(np.arange(height) // step, small.shape[0] - 1)
    columns = np.minimum(np.arange(width) // step, small.shape[1] - 1)
    full = sky[rows][:, columns]
    light = image.mean(axis=2, dtype=np.float32)
    found = full & (light > bright * 0.95)
    if not found.any():
        return np.asarray(found)
    # Between twigs the sky comes in specks: as bright as the sky, above the horizon, near to it.
    reach = binary_dilation(sky, iterations=max(1, small.shape[1] // 12))
    reach &= np.arange(small.shape[0])[:, None] < (geometry.horizon - 0.04) * height / step
    level = max(0.86 * float(np.median(light[found])), bright)
    specks = reach[rows][:, columns] & (light > level)
    specks &= image[..., 2] >= image[..., 0].astype(np.int16) - 14
    return np.asarray(found | specks)
