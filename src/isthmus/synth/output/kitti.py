"""Rendered objects in KITTI's words: its names, shares and levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from isthmus.data.dataset import Dataset
from isthmus.data.frame import Box

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


def as_kitti(dataset: Dataset, records: Sequence[dict[str, Any]]) -> Dataset:
    """The data set with KITTI's categories, truncated shares and levels of occlusion."""
    frames = []
    for frame, record in zip(dataset, records, strict=True):
        items = {str(item["instance"]): item for item in record["objects"]}
        boxes = tuple(_box(box, items[box.instance or ""]) for box in frame.objects or ())
        frames.append(replace(frame, objects=boxes))
    categories = tuple(dict.fromkeys(NAMES[name] for name in dataset.categories))
    return replace(dataset, frames=tuple(frames), categories=categories)


def _box(box: Box, item: dict[str, Any]) -> Box:
    if box.ignore:  # KITTI's DontCare says where, and nothing else
        return replace(
            box, category=NAMES[box.category], occluded=None, truncated=None, cuboid=None,
            attributes={},
        )  # fmt: skip
    level = sum(item["occlusion"] >= bound for bound in OCCLUDED)
    said = {"truncation": f"{item['truncation']:.2f}", "occlusion": str(level)}
    return replace(box, category=NAMES[box.category], attributes={**box.attributes, **said})
