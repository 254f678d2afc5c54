"""Losses of detectors that give a set of boxes: one-to-one matching, then scores and boxes.

Carion et al., "DETR" (ECCV 2020) for the matching and the box losses; Zhang et al., "VarifocalNet"
(CVPR 2021), eq. 2, for scores that learn the overlap; weights as in Zhao et al., "RT-DETR" (CVPR
2024). Unlike the losses that come with pretrained models these know how sure an object is and which
regions are ignored, so that a teacher's doubtful detections are not taught as background.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from isthmus.detect.detector import ANY_CLASS, QueryRaw, Targets

CLASS_COST, CORNER_COST, OVERLAP_COST = 2.0, 5.0, 2.0
SCORE_WEIGHT, CORNER_WEIGHT, OVERLAP_WEIGHT = 1.0, 5.0, 2.0
FOCAL_ALPHA, VARIFOCAL_ALPHA, GAMMA = 0.25, 0.75, 2.0
MOSTLY_INSIDE = 0.5


def set_loss(
    raw: QueryRaw, targets: Targets, image_weights: Tensor | None = None
) -> dict[str, Tensor]:
    """Losses of the last and of all auxiliary outputs, per object.

    Args:
        raw: outputs.
        targets: objects; `weights` scale what their scores should become.
        image_weights: (b,), of each image's losses.
    """
    count = float((~targets.ignore).sum().clamp(min=1))
    weights = torch.ones(len(raw.heat)) if image_weights is None else image_weights
    sums: dict[str, Tensor] = {}
    for logits, boxes in ((raw.logits, raw.boxes), *raw.auxiliary):
        for image in range(len(logits)):
            parts = _image_losses(logits[image], boxes[image], _of_image(targets, image), raw.size)
            for name, part in parts.items():
                sums[name] = sums.get(name, torch.zeros(())) + weights[image] * part / count
    return sums


def _of_image(targets: Targets, image: int) -> Targets:
    here = targets.image == image
    return Targets(
        targets.boxes[here],
        targets.labels[here],
        targets.ignore[here],
        targets.image[here],
        targets.weights[here],
    )


def _image_losses(
    logits: Tensor, boxes: Tensor, targets: Targets, size: tuple[int, int]
) -> dict[str, Tensor]:
    """Losses of one output (q, c) and (q, 4) xyxy in pixels on one image."""
    real = ~targets.ignore
    truth, labels, sure = targets.boxes[real], targets.labels[real], targets.weights[real]
    scale = torch.tensor([size[1], size[0], size[1], size[0]], dtype=torch.float32)
    query, object_ = match_sets(logits, boxes / scale, truth / scale, labels)
    overlap, generalised = pair_overlaps(boxes[query], truth[object_])
    target = torch.zeros_like(logits)
    positive = torch.zeros_like(logits)
    target[query, labels[object_]] = overlap.detach().clamp(min=0) * sure[object_]
    positive[query, labels[object_]] = 1.0
    weight = VARIFOCAL_ALPHA * logits.detach().sigmoid().pow(GAMMA) * (1 - positive) + target
    weight = weight * _allowed(boxes.detach(), targets, logits.shape[1], positive)
    scores = functional.binary_cross_entropy_with_logits(logits, target, weight, reduction="sum")
    corners = _centred(boxes[query] / scale) - _centred(truth[object_] / scale)
    return {
        "scores": SCORE_WEIGHT * scores,
        "corners": CORNER_WEIGHT * (corners.abs().sum(1) * sure[object_]).sum(),
        "boxes": OVERLAP_WEIGHT * ((1 - generalised) * sure[object_]).sum(),
    }


def _centred(boxes: Tensor) -> Tensor:
    """Boxes xyxy as centre and size."""
    low, high = boxes[:, :2], boxes[:, 2:]
    return torch.cat([(low + high) / 2, high - low], 1)


@torch.no_grad()
def match_sets(
    logits: Tensor, boxes: Tensor, truth: Tensor, labels: Tensor
) -> tuple[Tensor, Tensor]:
    """Queries and objects matched one to one at least cost: two int64 (n,).

    Args:
        logits: (q, c). boxes: (q, 4) xyxy as shares of the image.
        truth: (n, 4) the same. labels: (n,).
    """
    from scipy.optimize import linear_sum_assignment

    p = logits.sigmoid()[:, labels]
    positive = FOCAL_ALPHA * (1 - p).pow(GAMMA) * -(p + 1e-8).log()
    negative = (1 - FOCAL_ALPHA) * p.pow(GAMMA) * -(1 - p + 1e-8).log()
    corners = torch.cdist(_centred(boxes), _centred(truth), p=1)
    q, n = len(boxes), len(truth)
    _, generalised = pair_overlaps(boxes.repeat_interleave(n, 0), truth.repeat(q, 1))
    cost = CLASS_COST * (positive - negative) + CORNER_COST * corners
    cost = cost - OVERLAP_COST * generalised.view(q, n)
    query, object_ = linear_sum_assignment(np.nan_to_num(cost.numpy(), nan=1e6, posinf=1e6))
    return torch.from_numpy(query).long(), torch.from_numpy(object_).long()


def pair_overlaps(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """IoU and generalised IoU of boxes pair by pair, (n, 4) xyxy each."""
    inner = (torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])).clamp(min=0)
    hull = (torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])).clamp(min=0)
    both = inner.prod(1)
    union = (a[:, 2:] - a[:, :2]).prod(1) + (b[:, 2:] - b[:, :2]).prod(1) - both
    overlap = both / union.clamp(min=1e-9)
    outer = hull.prod(1).clamp(min=1e-9)
    return overlap, overlap - (outer - union) / outer


def _allowed(boxes: Tensor, targets: Targets, classes: int, positive: Tensor) -> Tensor:
    """1 where a score is learnt; 0 for unmatched queries that lie mostly in an ignored region."""
    allowed = torch.ones(len(boxes), classes)
    for region, label in zip(
        targets.boxes[targets.ignore], targets.labels[targets.ignore].tolist(), strict=True
    ):
        low, high = torch.maximum(boxes[:, :2], region[:2]), torch.minimum(boxes[:, 2:], region[2:])
        area = (boxes[:, 2:] - boxes[:, :2]).prod(1).clamp(min=1e-9)
        inside = (high - low).clamp(min=0).prod(1) / area >= MOSTLY_INSIDE
        channel = slice(None) if label == ANY_CLASS else slice(label, label + 1)
        allowed[inside, channel] = 0.0
    return torch.maximum(allowed, positive)
