"""Average precision from per-image match records, fast enough to resample a thousand times.

Matching follows COCOeval (pycocotools): detections best first, each takes the free true box of
largest overlap; a crowd (ignored) box takes any number of detections, which then count neither
way. A resample of images is a vector of multiplicities: matches never change, only how often
each image counts, so one sort serves all resamples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isthmus.data.dataset import Dataset
from isthmus.detect.boxes import overlaps
from isthmus.detect.detector import Detections
from isthmus.detect.evaluate import LIMIT, check_pairs

THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)
EVERY_POINT = "every-point"
COCO_POINTS = "101-point"


@dataclass(frozen=True)
class ClassMatches:
    """Matches of one class, detections in descending order of score.

    Attributes:
        image: int64 (d,) index of the image.
        scores: float32 (d,).
        hit: bool (t, d), matched to a true box at each IoU threshold.
        ignored: bool (t, d), matched to an ignored box: counts neither way.
        objects: int64 (n,) true boxes of each image that are not ignored.
    """

    image: np.ndarray
    scores: np.ndarray
    hit: np.ndarray
    ignored: np.ndarray
    objects: np.ndarray


@dataclass(frozen=True)
class Matches:
    """Matches of one detector on one test set.

    Attributes: `classes` names; `per_class` one each; `thresholds` (t,) IoU.
    """

    classes: tuple[str, ...]
    per_class: tuple[ClassMatches, ...]
    thresholds: np.ndarray

    @property
    def images(self) -> int:
        """Number of images."""
        return len(self.per_class[0].objects)


def match(
    predictions: Sequence[Detections],
    dataset: Dataset,
    classes: Sequence[str],
    *,
    thresholds: np.ndarray = THRESHOLDS,
) -> Matches:
    """Match predictions (one per frame, original pixels) with the frames' boxes.

    Raises:
        InputError: labels are missing, or the numbers of frames and predictions differ.
    """
    check_pairs(predictions, dataset)
    per_class = []
    for label, name in enumerate(classes):
        parts, objects = [], np.zeros(len(dataset), np.int64)
        for image, (found, frame) in enumerate(zip(predictions, dataset, strict=True)):
            own = [box for box in frame.objects or () if box.category == name]
            truth = np.array([box.xyxy for box in own], float).reshape(-1, 4)
            crowd = np.array([box.ignore for box in own], bool)
            objects[image] = int((~crowd).sum())
            mine = found.labels == label
            order = np.argsort(-found.scores[mine], kind="stable")[:LIMIT]
            boxes, scores = found.boxes[mine][order].astype(float), found.scores[mine][order]
            hit, ignored = _match_image(boxes, truth, crowd, thresholds)
            parts.append((np.full(len(scores), image), scores, hit, ignored))
        image_of = np.concatenate([p[0] for p in parts])
        scores = np.concatenate([p[1] for p in parts])
        order = np.argsort(-scores, kind="stable")
        per_class.append(
            ClassMatches(
                image_of[order],
                scores[order],
                np.concatenate([p[2] for p in parts], 1)[:, order],
                np.concatenate([p[3] for p in parts], 1)[:, order],
                objects,
            )
        )
    return Matches(tuple(classes), tuple(per_class), thresholds)


def _match_image(
    boxes: np.ndarray, truth: np.ndarray, crowd: np.ndarray, thresholds: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Hit and ignored (t, d) of detections that come best first."""
    count = len(boxes)
    hit = np.zeros((len(thresholds), count), bool)
    ignored = np.zeros_like(hit)
    if not count or not len(truth):
        return hit, ignored
    overlap = overlaps(boxes, truth)
    if crowd.any():
        overlap[:, crowd] = _covered(boxes, truth[crowd])
    floor = np.minimum(thresholds, 1 - 1e-10)[:, None]
    free = np.ones((len(thresholds), len(truth)), bool)
    rows = np.arange(len(thresholds))
    for index in range(count):
        able = np.where(free & (overlap[index] >= floor), overlap[index], -1.0)
        real = np.where(crowd, -1.0, able)
        # Of equal overlaps COCOeval takes the last.
        best = len(truth) - 1 - np.argmax(real[:, ::-1], 1)
        found = real[rows, best] >= 0
        free[rows[found], best[found]] = False
        hit[:, index] = found
        ignored[:, index] = ~found & (np.where(crowd, able, -1.0).max(1) >= 0)
    return hit, ignored


def _covered(boxes: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """Share (n, m) of each box's area inside each region."""
    low = np.maximum(boxes[:, None, :2], regions[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], regions[None, :, 2:])
    inner = np.clip(high - low, 0, None).prod(-1)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(-1)[:, None]
    return np.asarray(np.divide(inner, area, out=np.zeros_like(inner), where=area > 0))


def average_precision(
    matches: Matches,
    weights: np.ndarray | None = None,
    *,
    thresholds: Sequence[float] | None = None,
    interpolation: str = COCO_POINTS,
) -> np.ndarray:
    """AP per resample and class.

    Args:
        matches: of one detector.
        weights: int (b, n), how often each image counts in each resample; default once.
        thresholds: IoUs to average over; default all of `matches`.
        interpolation: "101-point" (COCO) or "every-point" (Pascal VOC since 2010: the area
            under the envelope).

    Returns:
        float64 (b, classes) in [0, 1]; NaN where a resample holds no box of the class.
    """
    if weights is None:
        weights = np.ones((1, matches.images), np.int64)
    levels = range(len(matches.thresholds))
    if thresholds is not None:
        levels = [int(np.argmin(np.abs(matches.thresholds - t))) for t in thresholds]  # type: ignore[assignment]
    result = np.full((len(weights), len(matches.classes)), np.nan)
    for k, part in enumerate(matches.per_class):
        objects = weights @ part.objects
        some = objects > 0
        counted = weights[some][:, part.image].astype(float)
        values = [
            _area(counted, part.hit[t], part.ignored[t], objects[some], interpolation)
            for t in levels
        ]
        result[some, k] = np.mean(values, 0)
    return result


def _area(
    counted: np.ndarray, hit: np.ndarray, ignored: np.ndarray, objects: np.ndarray, points: str
) -> np.ndarray:
    """AP (b,) from multiplicities (b, d) of the detections."""
    # A detection that counts neither way changes no point of the curve.
    keep = ~ignored
    counted, hit = counted[:, keep], hit[keep]
    if not hit.any():
        return np.zeros(len(counted))
    found = np.cumsum(counted * hit, 1)
    total = np.cumsum(counted, 1)
    precision = found / (total + np.spacing(1))
    envelope = np.maximum.accumulate(precision[:, ::-1], 1)[:, ::-1]
    recall = found / objects[:, None]
    if points == EVERY_POINT:
        return np.asarray((np.diff(recall, axis=1, prepend=0) * envelope).sum(1))
    padded = np.concatenate([envelope, np.zeros((len(envelope), 1))], 1)
    return np.array(
        [
            row[np.searchsorted(reach, RECALLS, side="left")].mean()
            for row, reach in zip(padded, recall, strict=True)
        ]
    )
