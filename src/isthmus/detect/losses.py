"""Losses of dense outputs: against annotations, and against a teacher's soft opinion."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from isthmus.detect.detector import Raw
from isthmus.detect.targets import DenseTargets

BOX_WEIGHT = 2.0


def dense_loss(raw: Raw, dense: DenseTargets) -> dict[str, Tensor]:
    """Losses of dense outputs against dense targets, both normalised by the objects' number."""
    log_p, log_q = functional.logsigmoid(raw.heat), functional.logsigmoid(-raw.heat)
    p = raw.heat.sigmoid()
    positive = dense.peak * (1 - p).square() * log_p
    negative = (1 - dense.heat).pow(4) * p.square() * log_q
    centres = -((positive + torch.where(dense.peak > 0, 0.0, negative)) * dense.mask).sum()
    centres = centres / (dense.peak * dense.mask).sum().clamp(min=1)
    overlap = generalised_iou(raw.distance, dense.distance)
    boxes = ((1 - overlap) * dense.inside).sum() / dense.inside.sum().clamp(min=1)
    return {"centres": centres, "boxes": BOX_WEIGHT * boxes}


def generalised_iou(a: Tensor, b: Tensor) -> Tensor:
    """GIoU in [-1, 1] of boxes given by distances (b, 4, h, w) from a common point inside both."""
    al, at, ar, ab = a.unbind(1)
    bl, bt, br, bb = b.unbind(1)
    inner_w = torch.minimum(al, bl) + torch.minimum(ar, br)
    inner_h = torch.minimum(at, bt) + torch.minimum(ab, bb)
    inner = inner_w.clamp(min=0) * inner_h.clamp(min=0)
    union = (al + ar) * (at + ab) + (bl + br) * (bt + bb) - inner
    hull_w = torch.maximum(al, bl) + torch.maximum(ar, br)
    hull_h = torch.maximum(at, bt) + torch.maximum(ab, bb)
    hull = (hull_w * hull_h).clamp(min=1e-3)
    return inner / union.clamp(min=1e-3) - (hull - union) / hull


def soft_centres(heat: Tensor, teacher: Tensor, mask: Tensor) -> Tensor:
    """Quality focal loss, summed: Li et al., "Generalized Focal Loss" (NeurIPS 2020), eq. 2.

    Args:
        heat: the student's logits (b, classes, h, w).
        teacher: probabilities of the same shape.
        mask: weights of the same shape; 0 where the teacher has no say.
    """
    far = (heat.sigmoid() - teacher).square()
    return (
        far * functional.binary_cross_entropy_with_logits(heat, teacher, reduction="none") * mask
    ).sum()


def box_distance(raw: Raw, distance: Tensor, inside: Tensor) -> Tensor:
    """Sum of ``1 - GIoU`` between the boxes of `raw` and those of `distance`, by `inside`."""
    return ((1 - generalised_iou(raw.distance, distance)) * inside).sum()
