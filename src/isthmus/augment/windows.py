"""Windows in walls: found in the picture by day, lit by night.

By day glass is darker than the wall around it (a room is a dark box). What stands on a wall, is
darker than its surroundings, fills a rectangle and has a window's size is taken for one; twigs,
signs' posts and shadows do not fill theirs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from isthmus.augment.arrays import Arrays
from isthmus.augment.linear import Floats
from isthmus.augment.smooth import gauss
from isthmus.augment.surfaces import Surfaces

DARKER = 0.6
"""Luminance of glass by day, at most, relative to the wall around it."""
FILLED = 0.6
"""Share of its bounds that a window fills, at least."""
TALL, WIDE = (0.4, 4.5), (0.25, 9.0)
"""Usual heights and widths, metres."""
SLIM = 6.0
"""Height of a window over the width that it is seen with, at most: walls run away from the eye."""
FULL = 0.85
"""Share of the pixels between its top and its bottom that a pane covers, at least."""
UNEVEN, UNEVEN_SHARE = 0.6, 0.03
"""Mean distance of its edges from straight lines, at most: pixels, and as a share of its height."""
BESIDE = 2
"""Pixels around a pane in which there is wall and nothing else."""
FEWEST_PIXELS = 4
FARTHEST = 120.0
SHOPS_BELOW = 3.2
"""Height above the road, metres, up to which windows are those of shops."""


def panes(arrays: Arrays, depth: Floats, where: Surfaces, level: Floats) -> NDArray[np.int32]:
    """(h, w) number of the window that a pixel shows, from 1 on; 0 elsewhere.

    Args:
        arrays: the frame; its objects have windows of their own, which do not count.
        depth: (h, w) metres.
        where: surfaces of the frame.
        level: (h, w) luminance of the frame by day.
    """
    wall = ~(where.sky | where.sealed | where.soft | where.plants)
    wall &= where.plane.height(depth) * np.float32(where.plane.eye) > 0.5
    for box in arrays.boxes:
        x1, y1, x2, y2 = (max(0, int(side)) for side in box.xyxy)
        wall[y1 : y2 + 1, x1 : x2 + 1] = False
    share = wall.astype(np.float32)
    sigma = level.shape[1] / 40
    around = (gauss(level * share, sigma) + 1e-4) / (gauss(share, sigma) + 1e-3)
    dark = wall & (level < np.float32(DARKER) * around) & (depth < FARTHEST)
    parts, count = ndimage.label(dark)
    open_air = where.sky if arrays.exact else where.sky | where.plants
    area = np.bincount(parts.ravel(), minlength=count + 1)
    found = np.zeros(count + 1, np.int32)
    for number, bounds in enumerate(ndimage.find_objects(parts), 1):
        tall, wide = (part.stop - part.start for part in bounds)
        if area[number] < max(FEWEST_PIXELS, FILLED * tall * wide):
            continue
        metres = float(depth[bounds].mean()) / where.plane.focal
        inside = (low <= side * metres <= high
                  for side, (low, high) in ((tall, TALL), (wide, WIDE)))  # fmt: skip
        # What stands before the sky or among leaves is a chimney, a lamp, a twig.
        wider = tuple(slice(max(0, part.start - BESIDE), part.stop + BESIDE) for part in bounds)
        if open_air[wider].any():
            continue
        if all(inside) and tall <= SLIM * wide and straight(parts[bounds] == number):
            found[number] = found.max() + 1
    return np.asarray(found[parts], np.int32)


def straight(shape: NDArray[np.bool_]) -> bool:
    """Whether a mask that touches its bounds is a pane's: sides upright, top and bottom straight.

    Walls that run along the street show panes as trapezia; shadows on walls, and what shows
    between twigs, have other outlines.
    """
    columns = shape.any(axis=0)
    if columns.size < 3 or not columns.all():
        return bool(columns.all())
    height = shape.shape[0]
    top, bottom = shape.argmax(axis=0), height - shape[::-1].argmax(axis=0)
    if shape.sum() < FULL * (bottom - top).sum():
        return False
    places = np.arange(columns.size)
    inner = slice(1, -1) if columns.size > 4 else slice(None)
    off = [
        np.abs(edge - np.polyval(np.polyfit(places[inner], edge[inner], 1), places))[inner].mean()
        for edge in (top, bottom)
    ]
    return bool(max(off) <= UNEVEN + UNEVEN_SHARE * height)


def lit(
    windows: NDArray[np.int32], depth: Floats, where: Surfaces, share: float,
    rng: np.random.Generator,
) -> Floats:  # fmt: skip
    """Brightness (h, w) of windows of which a share is lit: 0.3 to 3 in flats, more in shops."""
    count = int(windows.max(initial=0))
    power = np.where(rng.random(count + 1) < share, np.exp(rng.uniform(-1.2, 1.1, count + 1)), 0)
    shop = np.where(rng.random(count + 1) < 2 * share, np.exp(rng.uniform(0, 2, count + 1)), 0)
    if not count:
        return np.zeros(depth.shape, np.float32)
    up = where.plane.height(depth) * np.float32(where.plane.eye)
    middle = np.asarray(ndimage.mean(up, windows, np.arange(1, count + 1)))
    power[1:] = np.where(middle < SHOPS_BELOW, shop[1:], power[1:])
    power[0] = 0
    return gauss(power.astype(np.float32)[windows], 0.6)
