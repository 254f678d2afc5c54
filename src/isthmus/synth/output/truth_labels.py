"""What COCO's file can hold beyond boxes: masks, keypoints, amodal boxes, occlusion, 3D boxes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isthmus.data.dataset import Dataset
from isthmus.data.depth import read_ids_png
from isthmus.data.formats.coco_writer import coco_document, write_document
from isthmus.synth.world.thing import KEYPOINTS

SKELETON = (
    (16, 14), (14, 12), (17, 15), (15, 13), (12, 13), (6, 12), (7, 13), (6, 7), (6, 8), (7, 9),
    (8, 10), (9, 11), (2, 3), (1, 2), (1, 3), (2, 4), (3, 5), (4, 6), (5, 7),
)  # fmt: skip
"""COCO's, counted from 1."""


def write_coco_with_truth(
    dataset: Dataset, folder: Path, records: Sequence[dict[str, Any]]
) -> Path:
    """Write `folder`/coco.json with all that the frames' records know; returns the file.

    Args:
        dataset: rendered frames. records: theirs, in the same order.
        folder: of the data set, with its instance/*.png.
    """
    document = coco_document(dataset, folder)
    _add_truth(document, folder, records)
    return write_document(document, folder)


def _add_truth(document: dict[str, Any], folder: Path, records: Sequence[dict[str, Any]]) -> None:
    """Add to every annotation of a COCO document what its frame's record knows."""
    items = [{str(item["instance"]): item for item in record["objects"]} for record in records]
    masks: dict[int, NDArray[np.uint16]] = {}
    for annotation in document["annotations"]:
        index = annotation["image_id"] - 1
        item = items[index][annotation["instance_id"]]
        annotation["amodal_bbox"] = _xywh(item["amodal"])
        annotation["area"] = float(item["pixels"])
        for name in ("occlusion", "truncation", "distance", "transmission"):
            annotation[name] = item[name]
        if "keypoints" in item:
            annotation["keypoints"] = [value for point in item["keypoints"] for value in point]
            annotation["num_keypoints"] = sum(point[2] > 0 for point in item["keypoints"])
        instances = folder / "instance" / f"{Path(records[index]['image']).stem}.png"
        if instances.exists():
            if index not in masks:
                masks = {index: read_ids_png(instances)}
            annotation["segmentation"] = run_lengths(masks[index] == item["instance"])
    for category in document["categories"]:
        if category["name"] in ("person", "rider"):
            category["keypoints"] = list(KEYPOINTS)
            category["skeleton"] = [list(pair) for pair in SKELETON]


def run_lengths(mask: NDArray[np.bool_]) -> dict[str, Any]:
    """COCO's uncompressed run lengths of a mask (h, w): columns first, beginning with zeros."""
    flat = mask.ravel(order="F")
    changes = np.flatnonzero(np.diff(flat)) + 1
    edges = np.concatenate([[0], changes, [flat.size]])
    counts = np.diff(edges).tolist()
    if flat.size and flat[0]:
        counts = [0, *counts]
    return {"size": list(mask.shape), "counts": counts}


def _xywh(box: Sequence[float]) -> list[float]:
    x1, y1, x2, y2 = (float(v) for v in box)
    return [x1, y1, x2 - x1, y2 - y1]
