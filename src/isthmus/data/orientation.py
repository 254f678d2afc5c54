"""EXIF orientation, for pixels and for boxes.

The tag (TIFF 6.0, Exif 2.3 section 4.6.4) says how the stored image must be turned to stand
upright: 1 as it is, 2 mirrored, 3 by 180°, 4 flipped, 5 transposed, 6 by 90° clockwise,
7 transversed, 8 by 90° counter-clockwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from isthmus.data.frame import XYXY

if TYPE_CHECKING:
    from PIL.Image import Image

TAG = 0x0112
UPRIGHT = 1
SIDEWAYS = frozenset({5, 6, 7, 8})
"""Orientations that exchange width and height."""


def turn(image: Image, orientation: int) -> Image:
    """The upright image; `orientation` is 1–8."""
    from PIL.Image import Transpose

    methods = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return image if orientation == UPRIGHT else image.transpose(methods[orientation])


def turned_size(width: int, height: int, orientation: int) -> tuple[int, int]:
    """Width and height after (or, being its own inverse, before) turning."""
    return (height, width) if orientation in SIDEWAYS else (width, height)


def turn_box(xyxy: XYXY, width: float, height: float, orientation: int) -> XYXY:
    """A box of the stored image (`width` × `height` pixels) in the upright image."""
    x1, y1, x2, y2 = xyxy
    mirrored_x = (width - x2, width - x1)
    mirrored_y = (height - y2, height - y1)
    (left, right), (top, bottom) = {
        1: ((x1, x2), (y1, y2)),
        2: (mirrored_x, (y1, y2)),
        3: (mirrored_x, mirrored_y),
        4: ((x1, x2), mirrored_y),
        5: ((y1, y2), (x1, x2)),
        6: (mirrored_y, (x1, x2)),
        7: (mirrored_y, mirrored_x),
        8: ((y1, y2), mirrored_x),
    }[orientation]
    return (left, top, right, bottom)


def turn_points(
    points: tuple[float, ...], width: float, height: float, orientation: int
) -> tuple[float, ...]:
    """x1, y1, x2, y2, … of the stored image (`width` × `height` pixels) in the upright image."""
    pairs = zip(points[::2], points[1::2], strict=True)
    turned = (turn_box((x, y, x, y), width, height, orientation) for x, y in pairs)
    return tuple(value for x, y, *_ in turned for value in (x, y))
