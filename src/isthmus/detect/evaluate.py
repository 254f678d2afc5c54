"""Predictions in pixels of the originals, and their score by the field's reference.

`coco_scores` runs faster-coco-eval, which equals COCOeval of pycocotools (101-point
interpolation, at most 100 detections per image, ignored boxes as crowd). The quick form that a
bootstrap needs is in `precision`; a test holds the two equal.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from isthmus.compute.executor import Progress
from isthmus.data.dataset import Dataset
from isthmus.detect.batches import image_tensor
from isthmus.detect.detector import Detections, Detector
from isthmus.detect.samples import Images
from isthmus.errors import InputError

THRESHOLD = 0.01
LIMIT = 100


@torch.no_grad()
def predict(
    detector: Detector,
    images: Images,
    *,
    threshold: float = THRESHOLD,
    limit: int = LIMIT,
    batch: int = 16,
    progress: Progress | None = None,
) -> list[Detections]:
    """Detections per image with boxes in pixels of the original image, best first."""
    was_training = detector.training
    detector.eval()
    found: list[Detections] = []
    for start in range(0, len(images), batch):
        chosen = np.arange(start, min(start + batch, len(images)))
        raw = detector.raw(image_tensor(images, chosen))
        decoded = detector.decode(raw, threshold=threshold, limit=limit)
        found += [to_original(d, images, int(i)) for d, i in zip(decoded, chosen, strict=True)]
        if progress:
            progress(len(found), len(images), "detecting")
    detector.train(was_training)
    return found


def to_original(detections: Detections, images: Images, index: int) -> Detections:
    """Boxes from canvas to original pixels; what lies wholly on the fill is dropped."""
    width, height = images.original[index]
    boxes = detections.boxes / np.tile(images.scale[index], 2).astype(np.float32)
    boxes = np.clip(boxes, 0, np.array([width, height, width, height], np.float32))
    keep = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    return Detections(boxes[keep], detections.scores[keep], detections.labels[keep])


def coco_scores(
    predictions: Sequence[Detections], dataset: Dataset, classes: Sequence[str]
) -> dict[str, dict[str, float | None]]:
    """AP by faster-coco-eval.

    Args:
        predictions: one per frame of `dataset`, boxes in original pixels.
        dataset: labelled frames; boxes with `ignore` count as crowd.
        classes: names in the order of the predictions' labels.

    Returns:
        {"ap50": {class: AP at IoU 0.5, …, "mean": …}, "ap": {… IoU .50:.05:.95}} in [0, 1];
        None for a class without a box in `dataset`.
    """
    from faster_coco_eval import COCO, COCOeval_faster

    check_pairs(predictions, dataset)
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(_coco_truth(dataset, classes))
        results = _coco_results(predictions)
        if not results:
            return _nothing_found(dataset, classes)
        run = COCOeval_faster(truth, truth.loadRes(results), "bbox")
        run.evaluate()
        run.accumulate()
    precision = run.eval["precision"][:, :, :, 0, -1]  # (iou, recall, class)
    scores: dict[str, dict[str, float | None]] = {}
    for name, part in (("ap50", precision[:1]), ("ap", precision)):
        values = [
            float(part[:, :, k].mean()) if (part[:, :, k] > -1).all() else None
            for k in range(len(classes))
        ]
        known = [value for value in values if value is not None]
        scores[name] = {
            **dict(zip(classes, values, strict=True)),
            "mean": float(np.mean(known)) if known else None,
        }
    return scores


def check_pairs(predictions: Sequence[Detections], dataset: Dataset) -> None:
    """One prediction a labelled frame, or an `InputError`."""
    if not dataset.labelled:
        raise InputError(f"{dataset.name}: scoring needs labels on every frame")
    if len(predictions) != len(dataset):
        raise InputError(
            f"{dataset.name}: {len(predictions)} predictions for {len(dataset)} frames"
        )


def _coco_truth(dataset: Dataset, classes: Sequence[str]) -> dict[str, Any]:
    index = {name: k + 1 for k, name in enumerate(classes)}
    annotations: list[dict[str, Any]] = []
    for image, frame in enumerate(dataset, 1):
        for box in frame.objects or ():
            if box.category in index:
                x1, y1, x2, y2 = box.xyxy
                annotations.append(
                    {
                        "id": len(annotations) + 1,
                        "image_id": image,
                        "area": box.area,
                        "category_id": index[box.category],
                        "bbox": [x1, y1, x2 - x1, y2 - y1],
                        "iscrowd": int(box.ignore),
                    }
                )
    return {
        "info": {},
        "licenses": [],
        "annotations": annotations,
        "images": [
            {"id": i, "width": f.width, "height": f.height} for i, f in enumerate(dataset, 1)
        ],
        "categories": [{"id": k, "name": name} for name, k in index.items()],
    }


def _coco_results(predictions: Sequence[Detections]) -> list[dict[str, Any]]:
    return [
        {
            "image_id": image,
            "category_id": int(label) + 1,
            "score": float(score),
            "bbox": [float(x1), float(y1), float(x2 - x1), float(y2 - y1)],
        }
        for image, found in enumerate(predictions, 1)
        for (x1, y1, x2, y2), score, label in zip(
            found.boxes.astype(float), found.scores, found.labels, strict=True
        )
    ]


def _nothing_found(dataset: Dataset, classes: Sequence[str]) -> dict[str, dict[str, float | None]]:
    there = {box.category for f in dataset for box in f.objects or () if not box.ignore}
    values = {name: 0.0 if name in there else None for name in classes}
    mean = 0.0 if any(value is not None for value in values.values()) else None
    return {kind: {**values, "mean": mean} for kind in ("ap50", "ap")}
