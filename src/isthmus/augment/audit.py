"""What an effect leaves of each labelled object: measured, not assumed.

The object's surroundings are compared before and after the effect on a coarse grid that averages
noise away. What survives is the part of the old pattern that is found in the new one (the slope
of a regression), so that noise, glare or clouds drawn over an object do not count as contrast.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray

from isthmus.augment.linear import Bytes, Floats
from isthmus.data.frame import Box

Decision = Literal["keep", "ignore", "drop"]
KEEP_SHARE = 0.12
"""Share of the contrast that must survive for a label to be kept."""
KEEP_LEVELS = 2.5
"""Contrast (grey levels of 255, standard deviation) that must be left for it to be kept."""
DROP_LEVELS = 0.6
"""Below this contrast nothing of its pattern is left."""
SEEN = 0.025
"""Michelson's contrast to what is around it from which on an object is seen: Weber's 5 %, by which
visibility in fog is defined (WMO)."""
GRID = 12
GAMMA = 2.2
"""From grey levels to luminance, near enough for a mean."""
MARGIN = 0.2


@dataclass(frozen=True, slots=True)
class BoxAudit:
    """What an effect left of one object.

    Attributes:
        visibility: share of the object's contrast that survives, 0–1.
        decision: keep the label, ignore the place, or drop the label.
        reason: why it is not kept, "" if it is.
        contrast: Michelson's contrast (0–1) of the object's mean luminance to that of what is
            around it, before and after.
    """

    visibility: float
    decision: Decision
    reason: str = ""
    contrast: tuple[float, float] = (0.0, 0.0)


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
    if not boxes:
        return Audit(())
    shape = before.shape
    sums = _integral(before), _integral(after)
    audits = []
    for box in boxes:
        rows, columns = _cells(box, shape)
        old, new = (_grid(s, rows, columns) for s in sums)
        arriving = None
        if transmission is not None:
            x1, y1, x2, y2 = _inner(box, shape)
            arriving = float(np.median(transmission[y1:y2, x1:x2]))
        inner, outer = _bounds(box, shape, -0.1), _bounds(box, shape, 0.5)
        before_after = (_contrast(sums[0], inner, outer), _contrast(sums[1], inner, outer))
        found = _audit(old, new, arriving, cause, seen=before_after[1] >= SEEN)
        audits.append(replace(found, contrast=before_after))
    return Audit(tuple(audits))


def hardly_seen(before: Bytes, after: Bytes, boxes: Sequence[Box]) -> list[bool]:
    """For each box whether too little contrast to learn from is left after a change of look.

    By the limit of `audit_boxes`, `KEEP_LEVELS`, of whatever pattern there is now; what was hardly
    visible before may stay so.

    Args:
        before, after: the frame (h, w, 3) without and with the change.
        boxes: labels in pixels.
    """
    if not boxes:
        return []
    sums = _integral(before), _integral(after)
    cells = [_cells(box, before.shape) for box in boxes]
    spreads = [[float(_grid(s, *part).std()) for s in sums] for part in cells]
    return [left < min(KEEP_LEVELS, 0.5 * was) for was, left in spreads]


def _audit(old: Floats, new: Floats, arriving: float | None, cause: str, *, seen: bool) -> BoxAudit:
    """Judge an object by its grey levels (rows, columns) before and after.

    `seen`: it stands out from what is around it, though its pattern may be another: in fog, things
    before a far background are dark shapes whatever they were before.
    """
    pattern = old - old.mean()
    spread = float(np.sqrt((pattern * pattern).mean()))
    share = 1.0
    if spread > 1e-6:
        share = float((pattern * (new - new.mean())).mean() / spread**2)
    visibility = float(np.clip(share, 0, 1))
    if arriving is not None:
        visibility = min(visibility, arriving) if spread > 1e-6 else arriving
    left = visibility * spread
    if left < min(DROP_LEVELS, 0.5 * spread) and not seen:
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
    left = min(max(math.floor(x1 - grow_x), 0), shape[1] - 1)
    top = min(max(math.floor(y1 - grow_y), 0), shape[0] - 1)
    right = min(max(math.ceil(x2 + grow_x), left + 1), shape[1])
    bottom = min(max(math.ceil(y2 + grow_y), top + 1), shape[0])
    return left, top, right, bottom


def _inner(box: Box, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    return _bounds(box, shape, -0.2)


def _integral(image: Bytes) -> NDArray[np.float64]:
    """Sums (h + 1, w + 1) of grey levels above and to the left of each corner."""
    grey = image @ np.array([0.3, 0.59, 0.11], np.float32)
    sums = np.zeros((grey.shape[0] + 1, grey.shape[1] + 1))
    _add_up(grey, sums)
    return sums


@njit(cache=True, nogil=True)
def _add_up(grey, sums):  # type: ignore[no-untyped-def]
    """Sums of columns from above, then of rows from the left."""
    height, width = grey.shape
    column = np.zeros(width)
    for y in range(height):
        total = 0.0
        for x in range(width):
            column[x] += grey[y, x]
            total += column[x]
            sums[y + 1, x + 1] = total


def _contrast(
    sums: NDArray[np.float64], inner: tuple[int, int, int, int], outer: tuple[int, int, int, int]
) -> float:
    """|object − around| / (object + around) of mean luminances."""
    (inside, area), (total, whole) = (_sum(sums, part) for part in (inner, outer))
    if whole <= area:
        return 0.0
    levels = inside / area, (total - inside) / (whole - area)
    object_, around = ((max(level, 0.0) / 255) ** GAMMA for level in levels)
    return float(abs(object_ - around) / max(object_ + around, 1e-9))


def _sum(sums: NDArray[np.float64], part: tuple[int, int, int, int]) -> tuple[float, int]:
    """Sum of grey levels and number of pixels in (left, top, right, bottom)."""
    x1, y1, x2, y2 = part
    total = sums[y2, x2] - sums[y1, x2] - sums[y2, x1] + sums[y1, x1]
    return float(total), (y2 - y1) * (x2 - x1)


def _cells(box: Box, shape: tuple[int, ...]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns between up to 12 × 12 cells of the box and what is around it."""
    left, top, right, bottom = _bounds(box, shape, MARGIN)
    rows = np.linspace(top, bottom, min(GRID, bottom - top) + 1).astype(int)
    columns = np.linspace(left, right, min(GRID, right - left) + 1).astype(int)
    return rows, columns


def _grid(sums: NDArray[np.float64], rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Floats:
    """Mean grey level of each cell."""
    corners = sums[rows[:, None], columns]
    cells = corners[1:, 1:] - corners[:-1, 1:] - corners[1:, :-1] + corners[:-1, :-1]
    return np.asarray(cells / np.outer(np.diff(rows), np.diff(columns)), np.float32)
