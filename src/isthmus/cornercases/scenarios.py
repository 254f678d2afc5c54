"""Scenarios from boxes: what is in a frame, how it is laid out, and how unusual that is.

A layout is a vector of figures of a frame's boxes: how many of each class, how tall, where, how
much cut off and hidden. A frame is rare if its layout lies far from those of the source (see
`isthmus.quality.support.neighbour_distance`); a pair of classes if it is seen together seldom; a
box if its size does not go with its place: on a road, height grows with how low in the frame a
thing stands. Boxes may be predictions: those that are sure count (`Facts.sure`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from isthmus.cornercases.attributes import Facts
from isthmus.data.frame import Box
from isthmus.data.ontology import ROAD
from isthmus.errors import InputError
from isthmus.quality.support import neighbour_distance

Column = NDArray[np.float64]
CLASSES = (*ROAD.classes, "other")
FEW = 3.0
THIRDS = 3
LEAST_BOXES = 20
UNUSUAL = 4.0
"""Robust deviations from which a box's size does not go with its place."""


def layout_names() -> tuple[str, ...]:
    """What each number of `layout_of` is."""
    names = []
    for kind in CLASSES:
        names += [f"{kind}_{what}" for what in ("number", "tallest", "mean_height", "lowest")]
        names += [f"{kind}_third{k}" for k in range(THIRDS)]
    return (*names, "truncated", "occluded", "overlapping")


def layout_of(facts: Facts, width: int) -> Column:
    """Figures (d,) of the boxes of one frame, each in [0, 1]; see `layout_names`.

    Numbers are squashed, n / (n + 3); heights and lowest edges are shares of the frame's height;
    thirds are the squashed numbers of boxes with their middle in each third of the width; truncated
    and occluded are shares of the boxes that are marked so, overlapping of those that another box
    covers in part.
    """
    boxes = facts.sure
    values: list[float] = []
    for kind in CLASSES:
        own = [b for b in boxes if (ROAD.mapping.get(b.category) or "other") == kind]
        heights = [(b.xyxy[3] - b.xyxy[1]) / facts.height for b in own]
        middles = [(b.xyxy[0] + b.xyxy[2]) / 2 / width for b in own]
        values += [
            _squashed(len(own)),
            max(heights, default=0.0),
            float(np.mean(heights)) if heights else 0.0,
            max((b.xyxy[3] / facts.height for b in own), default=0.0),
        ]
        values += [_squashed(sum(int(m * THIRDS) == k for m in middles)) for k in range(THIRDS)]
    count = max(1, len(boxes))
    overlapping = {i for i, j in combinations(range(len(boxes)), 2) if _touch(boxes[i], boxes[j])}
    values += [
        sum(bool(b.truncated) for b in boxes) / count,
        sum(bool(b.occluded) for b in boxes) / count,
        len(overlapping) / count,
    ]
    return np.asarray(np.clip(np.array(values), 0, 1))


def _squashed(number: int) -> float:
    return number / (number + FEW)


def _touch(a: Box, b: Box) -> bool:
    (ax1, ay1, ax2, ay2), (bx1, by1, bx2, by2) = a.xyxy, b.xyxy
    return min(ax2, bx2) > max(ax1, bx1) and min(ay2, by2) > max(ay1, by1)


def rarity(source: Column, frames: Column, sequences: Sequence[str]) -> Column:
    """How far layouts (m, d) lie from the source's (n, d): above 1, farther than usual there.

    Raises:
        InputError: fewer than 10 layouts of the source.
    """
    if len(source) < 10:
        raise InputError(f"rarity of layouts: {len(source)} source frames; 10 are needed")
    scale = np.maximum(source.std(axis=0), 0.02)
    return neighbour_distance(source / scale, frames / scale, sequences)


@dataclass(frozen=True)
class Together:
    """Two classes in one frame.

    Attributes:
        pair: their names, sorted.
        frames: that show both.
        lift: frames over what would be expected if they were independent; below 1: they avoid
            each other.
    """

    pair: tuple[str, str]
    frames: int
    lift: float


def co_occurrences(frames: Sequence[Facts]) -> list[Together]:
    """Every pair of classes that occur, rarest first; pairs never seen together are there."""
    seen = [sorted({b.category for b in facts.sure}) for facts in frames]
    single = Counter(name for kinds in seen for name in kinds)
    pairs = Counter(pair for kinds in seen for pair in combinations(kinds, 2))
    n = max(1, len(frames))
    found = [
        Together((a, b), pairs[(a, b)], pairs[(a, b)] * n / (single[a] * single[b]))
        for a, b in combinations(sorted(single), 2)
    ]
    return sorted(found, key=lambda item: (item.frames, item.lift, item.pair))


@dataclass(frozen=True)
class Habit:
    """How the height of a class's boxes goes with their lower edge in the source.

    log(height) = start + slope · lowest, within `spread` (robust deviation); all shares of the
    frame's height.
    """

    start: float
    slope: float
    spread: float

    def deviation(self, box: Box, height: int) -> float:
        """Robust deviations that the box's height is off; below 0: smaller than usual."""
        lowest, tall = box.xyxy[3] / height, (box.xyxy[3] - box.xyxy[1]) / height
        return float((np.log(max(tall, 1e-4)) - self.start - self.slope * lowest) / self.spread)


def habits(frames: Sequence[Facts]) -> Mapping[str, Habit]:
    """Habit of every class with 20 boxes or more that are whole."""
    places: dict[str, list[tuple[float, float]]] = {}
    for facts in frames:
        for box in facts.sure:
            if box.truncated or box.xyxy[3] >= facts.height - 1:
                continue  # where it stands is out of the frame
            tall = (box.xyxy[3] - box.xyxy[1]) / facts.height
            places.setdefault(box.category, []).append((box.xyxy[3] / facts.height, tall))
    made = {}
    for name, pairs in places.items():
        if len(pairs) < LEAST_BOXES:
            continue
        lowest, tall = np.array(pairs).T
        slope, start = _line(lowest, np.log(np.maximum(tall, 1e-4)))
        rest = np.log(np.maximum(tall, 1e-4)) - start - slope * lowest
        spread = 1.4826 * float(np.median(np.abs(rest - np.median(rest))))
        made[name] = Habit(start + float(np.median(rest)), slope, max(spread, 0.05))
    return made


def _line(x: Column, y: Column) -> tuple[float, float]:
    """Slope and start of the least-squares line; flat where x does not vary."""
    if float(np.ptp(x)) < 1e-6:
        return 0.0, float(np.mean(y))
    slope, start = np.polyfit(x, y, 1)
    return float(slope), float(start)


def unusual_boxes(
    frames: Sequence[Facts], known: Mapping[str, Habit]
) -> list[tuple[int, Box, float]]:
    """(frame number, box, deviations) of boxes 4 deviations or more off, farthest first."""
    found = []
    for number, facts in enumerate(frames):
        for box in facts.sure:
            if box.category in known and not box.truncated:
                off = known[box.category].deviation(box, facts.height)
                if abs(off) >= UNUSUAL and box.xyxy[3] < facts.height - 1:
                    found.append((number, box, off))
    return sorted(found, key=lambda item: (-abs(item[2]), item[0], item[1].xyxy))
