"""What an effect leaves of each labelled object: measured, not assumed.

The object's surroundings are compared before and after the effect on a coarse grid that averages
noise away. What survives is the part of the old pattern that is found in the new one (the slope
of a regression), so that noise, glare or clouds drawn over an object do not count as contrast.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from isthmus.augment.linear import Bytes, Floats
from isthmus.data.frame import Box

Decision = Literal["keep", "ignore", "drop"]
KEEP_SHARE = 0.12
"""Share of the contrast that must survive for a label to be kept."""
KEEP_LEVELS = 2.5
"""Contrast (grey levels of 255, standard deviation) that must be left for it to be kept."""
DROP_LEVELS = 0.6
"""Below this contrast there is nothing to be seen at all."""
GRID = 12
MARGIN = 0.2


@dataclass(frozen=True, slots=True)
class BoxAudit:
    """What an effect left of one object.

    Attributes:
        visibility: share of the object's contrast that survives, 0–1.
        decision: keep the label, ignore the place, or drop the label.
        reason: why it is not kept, "" if it is.
    """

    visibility: float
    decision: Decision
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Audit:
    """What an effect left of each box of a frame, in their order."""

    boxes: tuple[BoxAudit, ...]


def audit_boxes(
    before: Bytes,
    after: Bytes,
    boxes: Sequence[Box],
    *,
    transmission: Floats | None = None,
    cause: str,
) -> Audit:
    """Audit of `boxes` between two pictures (h, w, 3) of one size.

    Args:
        before, after: the frame without and with the effect.
        boxes: labels in pixels.
        transmission: (h, w) share of an object's own light that arrives, where an effect knows.
        cause: what hides things, for the reasons ("fog").
    """
    return Audit(tuple(_audit(before, after, box, transmission, cause) for box in boxes))


def _audit(
    before: Bytes, after: Bytes, box: Box, transmission: Floats | None, cause: str
) -> BoxAudit:
    old, new = _grid(before, box), _grid(after, box)
    spread = float(old.std())
    share = 1.0
    if spread > 1e-6:
        share = float(((old - old.mean()) * (new - new.mean())).mean() / spread**2)
    visibility = float(np.clip(share, 0, 1))
    if transmission is not None:
        x1, y1, x2, y2 = _inner(box, before.shape)
        arriving = float(np.median(transmission[y1:y2, x1:x2]))
        visibility = min(visibility, arriving) if spread > 1e-6 else arriving
    left = visibility * spread
    if left < min(DROP_LEVELS, 0.5 * spread):
        return BoxAudit(visibility, "drop", f"nothing of it is left in the {cause}")
    # An object that was hardly visible before is not the effect's fault.
    if visibility < KEEP_SHARE:
        return BoxAudit(visibility, "ignore", f"{cause} takes most of its contrast")
    if left < min(KEEP_LEVELS, 0.5 * spread):
        return BoxAudit(visibility, "ignore", f"{cause} leaves too little contrast")
    return BoxAudit(visibility, "keep")


def _bounds(box: Box, shape: tuple[int, ...], margin: float) -> tuple[int, int, int, int]:
    x1, y1, x2, y2 = box.xyxy
    grow_x, grow_y = margin * (x2 - x1), margin * (y2 - y1)
    left = int(np.clip(np.floor(x1 - grow_x), 0, shape[1] - 1))
    top = int(np.clip(np.floor(y1 - grow_y), 0, shape[0] - 1))
    right = int(np.clip(np.ceil(x2 + grow_x), left + 1, shape[1]))
    bottom = int(np.clip(np.ceil(y2 + grow_y), top + 1, shape[0]))
    return left, top, right, bottom


def _inner(box: Box, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    return _bounds(box, shape, -0.2)


def _grid(image: Bytes, box: Box) -> Floats:
    """Mean grey level in up to 12 × 12 cells of the box and what is around it."""
    left, top, right, bottom = _bounds(box, image.shape, MARGIN)
    crop = image[top:bottom, left:right].astype(np.float32) @ np.array(
        [0.3, 0.59, 0.11], np.float32
    )
    rows = np.linspace(0, crop.shape[0], min(GRID, crop.shape[0]) + 1).astype(int)
    columns = np.linspace(0, crop.shape[1], min(GRID, crop.shape[1]) + 1).astype(int)
    sums = np.add.reduceat(np.add.reduceat(crop, rows[:-1], axis=0), columns[:-1], axis=1)
    return np.asarray(sums / np.outer(np.diff(rows), np.diff(columns)), np.float32)
