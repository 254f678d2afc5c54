"""Boxes: overlaps, suppression of doubles, and reading objects off a dense map."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from isthmus.detect.detector import Detections, Raw

OVERLAP = 0.5
PEAK_WINDOW = 3


def overlaps(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union (n, m) of boxes (n, 4) and (m, 4)."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    inner = np.clip(high - low, 0, None).prod(-1)
    area_a = np.clip(a[:, 2:] - a[:, :2], 0, None).prod(-1)
    area_b = np.clip(b[:, 2:] - b[:, :2], 0, None).prod(-1)
    union = area_a[:, None] + area_b[None] - inner
    return np.asarray(np.divide(inner, union, out=np.zeros_like(inner), where=union > 0))


def suppress(boxes: np.ndarray, labels: np.ndarray, overlap: float = OVERLAP) -> np.ndarray:
    """Mask of boxes that no better one of the same class covers; boxes come best first."""
    keep = np.ones(len(boxes), bool)
    clash = (overlaps(boxes, boxes) > overlap) & (labels[:, None] == labels[None])
    for index in range(len(boxes)):
        if keep[index]:
            keep[index + 1 :] &= ~clash[index, index + 1 :]
    return keep


@torch.no_grad()
def decode_dense(raw: Raw, *, threshold: float, limit: int) -> list[Detections]:
    """Local maxima of the heat map as boxes, clipped to the image, doubles suppressed."""
    score = raw.heat.sigmoid()
    top = functional.max_pool2d(score, PEAK_WINDOW, 1, PEAK_WINDOW // 2)
    score = torch.where(score == top, score, 0.0)
    h, w = score.shape[-2:]
    values, places = score.flatten(1).topk(min(2 * limit, score[0].numel()))
    labels = places // (h * w)
    cells = places % (h * w)
    x = (cells % w + 0.5) * raw.stride
    y = (cells // w + 0.5) * raw.stride
    reach = raw.distance.flatten(2).gather(2, cells[:, None].expand(-1, 4, -1))
    height, width = raw.size
    sides = (
        (x - reach[:, 0]).clamp(0, width),
        (y - reach[:, 1]).clamp(0, height),
        (x + reach[:, 2]).clamp(0, width),
        (y + reach[:, 3]).clamp(0, height),
    )
    boxes = torch.stack(sides, -1).numpy()
    found = []
    for box, value, label in zip(boxes, values.numpy(), labels.numpy(), strict=True):
        some = np.flatnonzero(value > threshold)
        keep = some[np.flatnonzero(suppress(box[some], label[some]))[:limit]]
        found.append(Detections(box[keep], value[keep], label[keep]))
    return found
