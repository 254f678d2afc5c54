"""Outlines beyond boxes: polygons and lines, run-length masks, boxes in space.

Pixels as in `isthmus.data.frame`; space in metres, in the axes of the camera: x to the right,
y down, z forward.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Polygon:
    """A polygon or a line.

    Attributes:
        points: x1, y1, x2, y2, … in pixels; may reach over the image's edge.
        closed: True for a polygon, False for a line.
        types: one letter a vertex as Scalabel has it (L straight, C control point of a Bézier
            curve); "" where all are straight.
    """

    points: tuple[float, ...]
    closed: bool = True
    types: str = ""


@dataclass(frozen=True, slots=True)
class Mask:
    """A binary mask as COCO's compressed run lengths; see `isthmus.data.rle`.

    Attributes:
        height, width: pixels of the image it belongs to.
        counts: the compressed text.
    """

    height: int
    width: int
    counts: str


@dataclass(frozen=True, slots=True)
class Cuboid:
    """A box in space.

    Attributes:
        centre: (x, y, z) of its middle in metres.
        size: (height, width, length) in metres.
        rotation: angles about x, y and z in radians; KITTI's ``rotation_y`` is the second.
        alpha: observation angle in radians; None where the set does not say.
    """

    centre: tuple[float, float, float]
    size: tuple[float, float, float]
    rotation: tuple[float, float, float]
    alpha: float | None = None


def bounds(polygons: tuple[Polygon, ...]) -> tuple[float, float, float, float] | None:
    """The smallest box around all points; None without any."""
    xs = [x for polygon in polygons for x in polygon.points[::2]]
    ys = [y for polygon in polygons for y in polygon.points[1::2]]
    return (min(xs), min(ys), max(xs), max(ys)) if xs and ys else None
