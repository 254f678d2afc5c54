"""From boxes to dense targets on a stride-4 grid, without a loop over pixels or objects.

Each object is a Gaussian peak on its class's map (Zhou et al. 2019); the cells near its centre
learn the distances to its edges; where objects overlap, the smaller one owns the cell.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from isthmus.detect.detector import ANY_CLASS, Raw, Targets

SIGMAS_PER_SIDE = 6.0
SMALLEST_SIGMA = 2.0
CORE = 0.4


@dataclass(frozen=True)
class DenseTargets:
    """Targets on the grid.

    Attributes:
        heat: (b, classes, h, w) in [0, 1], Gaussian around each centre.
        peak: (b, classes, h, w), the object's weight at its centre cell, else 0.
        mask: (b, classes, h, w), 0 where nothing is learnt (ignored regions), else a weight.
        distance: (b, 4, h, w) pixels to left, top, right, bottom edge.
        inside: (b, h, w) weight of the distances, 0 where no object owns the cell. The weights
            of one object's cells sum to the object's weight: a large one counts no more than
            a small one.
    """

    heat: Tensor
    peak: Tensor
    mask: Tensor
    distance: Tensor
    inside: Tensor

    def scaled(self, image_weights: Tensor) -> DenseTargets:
        """With every image's loss scaled by its weight (b,)."""
        return replace(
            self,
            mask=self.mask * image_weights[:, None, None, None],
            inside=self.inside * image_weights[:, None, None],
        )


def dense_targets(targets: Targets, raw: Raw) -> DenseTargets:
    """Dense targets that match the shapes of `raw`."""
    b, classes, h, w = raw.heat.shape
    stride = raw.stride
    ys = (torch.arange(h) + 0.5) * stride
    xs = (torch.arange(w) + 0.5) * stride
    mask = torch.ones(b, classes, h, w)
    _ignore_regions(mask, targets, xs, ys)
    heat = torch.zeros(b * classes, h, w)
    peak = torch.zeros(b * classes, h * w)
    distance = torch.ones(b, 4, h, w)
    inside = torch.zeros(b, h, w)
    real = ~targets.ignore
    boxes, labels = targets.boxes[real], targets.labels[real]
    image, weights = targets.image[real], targets.weights[real]
    if len(boxes):
        x1, y1, x2, y2 = (side[:, None] for side in boxes.unbind(1))
        gauss_x = _gaussian(xs, x1, x2)
        gauss_y = _gaussian(ys, y1, y2)
        bell = gauss_y[:, :, None] * gauss_x[:, None, :]
        row = (((y1 + y2) / 2) / stride).long().clamp(0, h - 1)[:, 0]
        column = (((x1 + x2) / 2) / stride).long().clamp(0, w - 1)[:, 0]
        own = torch.arange(len(boxes))
        bell[own, row, column] = 1.0
        channel = image * classes + labels
        bells = (bell * weights[:, None, None]).flatten(1)
        heat.view(-1, h * w).scatter_reduce_(0, channel[:, None].expand_as(bells), bells, "amax")
        flat = channel * (h * w) + row * w + column
        peak.view(-1).scatter_reduce_(0, flat, weights, "amax")
        core = bell > CORE
        core &= ((xs > x1) & (xs < x2))[:, None, :] & ((ys > y1) & (ys < y2))[:, :, None]
        core[own, row, column] = True
        core &= (mask.view(b * classes, h, w) > 0)[channel]
        _owners(core, boxes, image, weights, xs=xs, ys=ys, distance=distance, inside=inside)
    shape = (b, classes, h, w)
    return DenseTargets(heat.view(shape), peak.view(shape), mask, distance, inside)


def _gaussian(at: Tensor, low: Tensor, high: Tensor) -> Tensor:
    sigma = ((high - low) / SIGMAS_PER_SIDE).clamp(min=SMALLEST_SIGMA)
    return torch.exp(-0.5 * ((at - (low + high) / 2) / sigma).square())


def _ignore_regions(mask: Tensor, targets: Targets, xs: Tensor, ys: Tensor) -> None:
    """Set `mask` to 0 inside ignored boxes, in the box's class or, if it has none, in all."""
    for index in torch.nonzero(targets.ignore)[:, 0].tolist():
        x1, y1, x2, y2 = targets.boxes[index].tolist()
        columns = torch.nonzero((xs >= x1) & (xs < x2))[:, 0]
        rows = torch.nonzero((ys >= y1) & (ys < y2))[:, 0]
        if len(columns) == 0 or len(rows) == 0:
            continue
        label = int(targets.labels[index])
        channel = slice(None) if label == ANY_CLASS else slice(label, label + 1)
        mask[
            int(targets.image[index]),
            channel,
            int(rows[0]) : int(rows[-1]) + 1,
            int(columns[0]) : int(columns[-1]) + 1,
        ] = 0


def _owners(
    core: Tensor,
    boxes: Tensor,
    image: Tensor,
    weights: Tensor,
    *,
    xs: Tensor,
    ys: Tensor,
    distance: Tensor,
    inside: Tensor,
) -> None:
    """Give each cell to the smallest object whose core covers it; fills the last two in place."""
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    # Rank instead of area: two boxes of equal size must not own one cell together.
    order = torch.argsort(area, stable=True)
    rank = torch.empty(len(boxes))
    rank[order] = torch.arange(len(boxes), dtype=torch.float32)
    claim = torch.where(core, rank[:, None, None], torch.inf)
    best = torch.full((len(inside), claim[0].numel()), torch.inf)
    best.scatter_reduce_(0, image[:, None].expand(-1, best.shape[1]), claim.flatten(1), "amin")
    best = best.view(inside.shape)
    which, row, column = torch.nonzero(core & (claim == best[image]), as_tuple=True)
    where, chosen = image[which], boxes[which]
    distance[where, 0, row, column] = (xs[column] - chosen[:, 0]).clamp(min=0.5)
    distance[where, 1, row, column] = (ys[row] - chosen[:, 1]).clamp(min=0.5)
    distance[where, 2, row, column] = (chosen[:, 2] - xs[column]).clamp(min=0.5)
    distance[where, 3, row, column] = (chosen[:, 3] - ys[row]).clamp(min=0.5)
    cells = torch.bincount(which, minlength=len(boxes)).clamp(min=1)
    inside[where, row, column] = (weights / cells)[which]
