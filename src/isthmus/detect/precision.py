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
from scipy.sparse import csr_array

from isthmus.data.dataset import Dataset
from isthmus.detect.boxes import overlaps
from isthmus.detect.detector import Detections
from isthmus.detect.evaluate import LIMIT, check_pairs

THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)
EVERY_POINT = "every-point"
COCO_POINTS = "101-point"
CELLS = 2_000_000
"""Entries of the largest working matrix: bounds memory, changes no figure."""


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
            hit, ignored = match_image(boxes, truth, crowd, thresholds)
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


def match_image(
    boxes: np.ndarray, truth: np.ndarray, crowd: np.ndarray, thresholds: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Hit and ignored, bool (t, d), of detections of one image and class, best first.

    Args:
        boxes: (d, 4) detections. truth: (n, 4) true boxes. crowd: (n,), those that are ignored.
        thresholds: (t,) IoU.
    """
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
    """AP per resample and class, averaged over IoU thresholds; see `precision_by_threshold`.

    Args:
        matches: of one detector.
        weights: int (b, n), how often each image counts in each resample; default once.
        thresholds: IoUs to average over; default all of `matches`.
        interpolation: "101-point" (COCO) or "every-point" (Pascal VOC since 2010: the area
            under the envelope).

    Returns:
        float64 (b, classes) in [0, 1]; NaN where a resample holds no box of the class.
    """
    by_threshold = precision_by_threshold(
        matches, weights, thresholds=thresholds, interpolation=interpolation
    )
    return np.asarray(by_threshold.mean(1))


def precision_by_threshold(
    matches: Matches,
    weights: np.ndarray | None = None,
    *,
    thresholds: Sequence[float] | None = None,
    interpolation: str = COCO_POINTS,
) -> np.ndarray:
    """As `average_precision`, float64 (b, thresholds, classes)."""
    if weights is None:
        weights = np.ones((1, matches.images), np.int64)
    levels = list(range(len(matches.thresholds)))
    if thresholds is not None:
        levels = [int(np.argmin(np.abs(matches.thresholds - t))) for t in thresholds]
    result = np.full((len(weights), len(levels), len(matches.classes)), np.nan)
    for k, part in enumerate(matches.per_class):
        objects = weights @ part.objects
        some = np.flatnonzero(objects)
        for column, level in enumerate(levels):
            result[some, column, k] = _areas(
                part, level, weights[some], objects[some], interpolation
            )
    return result


def _areas(
    part: ClassMatches, level: int, weights: np.ndarray, objects: np.ndarray, points: str
) -> np.ndarray:
    """AP (b,) at one threshold from multiplicities (b, n) of the images.

    The curve rises at hits alone, and between two hits precision only falls: the envelope and
    every recall level are decided at the hits. So all detections up to each hit are counted in
    one product of the multiplicities with (images × stretches between hits), and a detection
    after the last hit, or one that counts neither way, plays no part.
    """
    hits = np.flatnonzero(part.hit[level])
    if not len(hits):
        return np.zeros(len(weights))
    counted = np.flatnonzero(~part.ignored[level])
    counted = counted[counted <= hits[-1]]
    stretch = np.searchsorted(hits, counted)
    shape = (weights.shape[1], len(hits))
    every = csr_array((np.ones(len(counted)), (part.image[counted], stretch)), shape=shape)
    values = np.empty(len(weights))
    rows = max(1, CELLS // len(hits))
    for first in range(0, len(weights), rows):
        here = slice(first, first + rows)
        chosen = weights[here].astype(float)
        # (hits, b): the long axis is summed along, one hit after the other, for all resamples.
        total = np.cumsum(every.T @ chosen.T, 0)
        found = np.cumsum(chosen[:, part.image[hits]].T, 0)
        precision = found / (total + np.spacing(1))
        envelope = np.maximum.accumulate(precision[::-1], 0)[::-1]
        recall = found / objects[here]
        values[here] = _area(envelope, recall, points)
    return values


def _area(envelope: np.ndarray, recall: np.ndarray, points: str) -> np.ndarray:
    """Mean of the envelope (hits, b) over recall levels, or the area under it."""
    if points == EVERY_POINT:
        return np.asarray((np.diff(recall, axis=0, prepend=0) * envelope).sum(0))
    # Number of recall levels at or below each hit's recall; a level's precision is the envelope
    # at the first hit that reaches it.
    reached = np.searchsorted(RECALLS, recall, side="right")
    return np.asarray((np.diff(reached, axis=0, prepend=0) * envelope).sum(0) / len(RECALLS))
