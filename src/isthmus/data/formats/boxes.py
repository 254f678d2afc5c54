"""Checking one box against its image.

A box that reaches over the edge is clipped: what lies outside cannot be seen or found. A box
that is not finite, has no area, or lies wholly outside is refused.
"""

from __future__ import annotations

import math

from isthmus.data.frame import XYXY

TOLERANCE = 1.0
"""Pixels by which a box may reach over the edge before clipping is worth a remark: label tools
disagree by one pixel about where an image ends."""


def clean_box(xyxy: XYXY, width: int, height: int) -> tuple[XYXY, bool] | str:
    """The box inside the image and whether clipping moved an edge by more than `TOLERANCE`.

    Returns a sentence saying what is wrong if the box cannot be used.
    """
    x1, y1, x2, y2 = xyxy
    if 0 <= x1 < x2 <= width and 0 <= y1 < y2 <= height:
        return xyxy, False
    if not all(math.isfinite(value) for value in xyxy):
        return "its coordinates are not finite numbers"
    if x2 <= x1 or y2 <= y1:
        return f"it has no area ({x2 - x1:g} × {y2 - y1:g} pixels)"
    clipped = (max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height)))
    if clipped[2] <= clipped[0] or clipped[3] <= clipped[1]:
        return f"it lies outside the image of {width} × {height} pixels"
    moved = max(abs(before - after) for before, after in zip(xyxy, clipped, strict=True))
    return clipped, moved > TOLERANCE
