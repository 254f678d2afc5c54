"""What a teacher says about target images: soft targets that a student can learn from.

The teacher looks at each image and at its mirror image, and the mean of both is its opinion: what
is seen one way alone counts half. It stays as it is wherever no object is sure; where one is, the
opinion is lifted to what the object's score would be were the teacher not under-confident on the
target (`calibration`). Lifting the whole map instead would lift its floor too, and a student
that learns a higher floor makes a teacher with a higher floor: it was seen to run away so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from isthmus.adapt.pseudo.calibration import Thresholds
from isthmus.detect.detector import Detections, Detector, QueryRaw, Raw, Targets
from isthmus.detect.losses import box_distance, soft_centres
from isthmus.detect.targets import dense_targets

SHRUNK = 0.5
SMALLEST_HALF = 4.0  # pixels


class Opinion(Protocol):
    """What one batch of target images teaches.

    Attributes: `objects`, the number of sure ones.
    """

    @property
    def objects(self) -> float:
        """Number of sure objects."""
        ...

    def losses(self, student: Detector, raw: Raw, least: float) -> dict[str, Tensor]:
        """Losses of the student's outputs per object, as if never fewer than `least`."""
        ...


@dataclass(frozen=True)
class SetOpinion:
    """Sure objects and doubtful regions, for detectors that give sets of boxes."""

    targets: Targets

    @property
    def objects(self) -> float:
        """Number of sure objects."""
        return float((~self.targets.ignore).sum())

    def losses(self, student: Detector, raw: Raw, least: float) -> dict[str, Tensor]:
        """The student's own loss; it counts per object, so few objects are scaled down."""
        share = self.objects / max(self.objects, least, 1.0)
        return {
            f"target_{name}": share * loss for name, loss in student.loss(raw, self.targets).items()
        }


@dataclass(frozen=True)
class DenseOpinion:
    """Soft targets for one batch of a dense detector.

    Attributes:
        heat: (b, classes, h, w) in [0, 1].
        mask: the same shape; 0 where the teacher has no say.
        distance: (b, 4, h, w) pixels to the edges. inside: (b, h, w), their weights.
        objects: number of sure objects.
    """

    heat: Tensor
    mask: Tensor
    distance: Tensor
    inside: Tensor
    objects: float

    def losses(self, student: Detector, raw: Raw, least: float) -> dict[str, Tensor]:
        """Quality focal and box loss per object, as if there were never fewer than `least`."""
        norm = max(self.objects, least, 1.0)
        return {
            "target_centres": soft_centres(raw.heat, self.heat, self.mask) / norm,
            "target_boxes": box_distance(raw, self.distance, self.inside) / norm,
        }


def both_ways(straight: Raw, mirrored: Raw) -> Raw:
    """Mean of dense outputs on images and on their mirror images, these turned back."""
    turned = mirrored.distance.flip(-1)[:, [2, 1, 0, 3]]
    heat = (straight.heat.sigmoid() + mirrored.heat.flip(-1).sigmoid()) / 2
    return Raw(
        torch.logit(heat.clamp(1e-6, 1 - 1e-6)),
        (straight.distance + turned) / 2,
        straight.stride,
        straight.size,
    )


@torch.no_grad()
def opinion_of(
    teacher: Detector, images: Tensor, thresholds: Thresholds, muted: np.ndarray
) -> Opinion:
    """The teacher's opinion on images (b, 3, h, w), silent on `muted` classes (bool per class)."""
    first = teacher.raw(images)
    if isinstance(first, QueryRaw):
        found = teacher.decode(first, threshold=float(thresholds.doubt.min()))
        return SetOpinion(_objects(found, thresholds, muted))
    raw = both_ways(first, teacher.raw(images.flip(-1)))
    found = teacher.decode(raw, threshold=float(thresholds.doubt.min()))
    objects = _objects(found, thresholds, muted)
    dense = dense_targets(objects, raw)
    say = torch.from_numpy(~muted).float()[:, None, None]
    return DenseOpinion(
        torch.maximum(raw.heat.sigmoid(), dense.heat),
        dense.mask * say,
        raw.distance,
        dense.inside,
        float((~objects.ignore).sum()),
    )


def _objects(found: list[Detections], thresholds: Thresholds, muted: np.ndarray) -> Targets:
    """Sure detections as objects; the middle of doubtful ones as ignored regions."""
    boxes = np.concatenate([d.boxes for d in found])
    scores = np.concatenate([d.scores for d in found]).astype(float)
    labels = np.concatenate([d.labels for d in found])
    image = np.repeat(np.arange(len(found)), [len(d) for d in found])
    keep = (scores >= thresholds.doubt[labels]) & ~muted[labels]
    boxes, scores, labels, image = boxes[keep], scores[keep], labels[keep], image[keep]
    doubtful = scores < thresholds.sure[labels]
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = np.maximum((boxes[:, 2:] - boxes[:, :2]) / 2 * SHRUNK, SMALLEST_HALF)
    boxes = np.where(doubtful[:, None], np.concatenate([middle - half, middle + half], 1), boxes)
    return Targets.of(
        torch.from_numpy(boxes).float(),
        torch.from_numpy(labels),
        torch.from_numpy(doubtful),
        torch.from_numpy(image),
        torch.from_numpy(thresholds.lifted(scores, labels)).float(),
    )
