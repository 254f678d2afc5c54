"""What a translation did to each labelled object: whether it is still there.

A translator is free to move or erase what it should only have given another look. Three signs,
none of which minds a change of light or colour:

- structure: the object's crop before is compared with its place after, and with other places of
  the same size after (`isthmus.augment.translate.structure`). An object that is still there
  resembles itself more than it resembles the rest of the picture; the share of other places that
  resemble it as much is a p-value, with any features;
- contrast: how well the pattern of light and dark of the place is found again;
- agreement: a detector, where one is given, that found the object before finds it after.

An object that is still there but can hardly be seen (dark on dark) is not learnt from either: its
place is ignored, by the limit that physical effects keep.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from isthmus.augment.audit import hardly_seen
from isthmus.augment.linear import Bytes
from isthmus.augment.translate.structure import (
    Structure,
    pattern_correlation,
    self_similarity,
    structure_distance,
)
from isthmus.data.frame import XYXY, Box

Decision = Literal["keep", "ignore", "reject"]
WINDOWS = 24
"""Other places that an object is compared with."""
FEWEST_WINDOWS = 8
KEEP_P, REJECT_P = 0.09, 0.3
KEEP_PATTERN, REJECT_PATTERN = 0.4, 0.15
LARGEST_OVERLAP = 0.2
FOUND = 0.3
"""Score from which a detector has found an object before; after, half of it is enough."""
SURE = 0.6
"""Score from which something found where there is no label counts as made up."""
MATCH = 0.4


@dataclass(frozen=True, slots=True)
class TranslatedBox:
    """What became of one object.

    Attributes:
        decision: keep the label, ignore the place, or reject the label.
        reason: why it is not kept, "" if it is.
        structure: distance between before and after, 0 for the same.
        p_value: share of other places that resemble it as much; None where there is no room for
            other places.
        pattern: correlation of light and dark between before and after, -1 to 1.
        before, after: the detector's score, 0 where it finds nothing; None without a detector.
    """

    decision: Decision
    reason: str
    structure: float
    p_value: float | None
    pattern: float
    before: float | None = None
    after: float | None = None


@dataclass(frozen=True, slots=True)
class FrameAudit:
    """What became of a frame.

    Attributes:
        boxes: one for each box that was not ignored before, in order.
        made_up: what a detector finds after, surely, where neither a label is nor it found
            anything before.
    """

    boxes: tuple[TranslatedBox, ...]
    made_up: tuple[Box, ...] = ()


def audit_frame(
    before: Bytes,
    after: Bytes,
    boxes: Sequence[Box],
    rng: np.random.Generator,
    *,
    structure: Structure | None = None,
    found: tuple[Sequence[Box], Sequence[Box]] | None = None,
) -> FrameAudit:
    """Audit of a frame's boxes between two pictures (h, w, 3) of one size.

    Args:
        before, after: the frame, and its translation.
        boxes: its labels in pixels; ignored ones are left alone.
        rng: draws the other places.
        structure: features; cells made by hand if None.
        found: what a detector finds before and after.
    """
    structure = structure or Structure()
    audited = []
    for box, faint in zip(boxes, hardly_seen(before, after, boxes), strict=True):
        if box.ignore:
            continue
        distance, p_value, pattern = _compare(before, after, box.xyxy, rng, structure)
        scores = tuple(_score(box, side) for side in found) if found is not None else (None, None)
        decision, reason = decide(p_value, pattern, *scores)
        if decision == "keep" and faint:
            decision, reason = "ignore", "too little of its contrast is left"
        audited.append(TranslatedBox(decision, reason, distance, p_value, pattern, *scores))
    return FrameAudit(tuple(audited), _made_up(boxes, found) if found is not None else ())


def decide(
    p_value: float | None,
    pattern: float,
    before: float | None = None,
    after: float | None = None,
) -> tuple[Decision, str]:
    """The decision on a box and its reason.

    Two signs against an object, or one strong one, reject it; one weak sign ignores its place.
    """
    lost = before is not None and after is not None and before >= FOUND and after < before / 2
    if p_value is not None and p_value > REJECT_P and pattern < KEEP_PATTERN:
        return "reject", "its place looks no more like it than other places do"
    if pattern < REJECT_PATTERN and (p_value is None or p_value > KEEP_P):
        return "reject", "nothing of its pattern is found again"
    if lost and (pattern < KEEP_PATTERN or (p_value is not None and p_value > KEEP_P)):
        return "reject", "a detector that found it before finds it no longer, and it looks changed"
    if lost:
        return "ignore", "a detector that found it before finds it no longer"
    if p_value is not None and p_value > KEEP_P:
        return "ignore", "other places look as much like it"
    if pattern < KEEP_PATTERN:
        return "ignore", "its pattern of light and dark has changed"
    return "keep", ""


def _compare(
    before: Bytes, after: Bytes, xyxy: XYXY, rng: np.random.Generator, structure: Structure
) -> tuple[float, float | None, float]:
    """Structure distance, p-value and pattern correlation of a box's place."""
    windows = other_places(xyxy, before.shape, rng)
    crop, crops = structure.crops(before, [xyxy]), structure.crops(after, [xyxy, *windows])
    own, there = (self_similarity(structure.places(x)) for x in (crop, crops))
    pattern = pattern_correlation(crop[0], crops[0])
    distances = structure_distance(own, there)
    if len(windows) < FEWEST_WINDOWS:
        return float(distances[0]), None, pattern
    as_near = int((distances[1:] <= distances[0]).sum())
    return float(distances[0]), (1 + as_near) / (1 + len(windows)), pattern


def other_places(xyxy: XYXY, shape: tuple[int, ...], rng: np.random.Generator) -> list[XYXY]:
    """Up to `WINDOWS` places of a box's size that hardly overlap it."""
    x1, y1, x2, y2 = xyxy
    width, height = x2 - x1, y2 - y1
    free = np.maximum(0, [shape[1] - width, shape[0] - height])
    corners = rng.random((4 * WINDOWS, 2)) * free
    windows = [(float(x), float(y), float(x + width), float(y + height)) for x, y in corners]
    return [window for window in windows if overlap(window, xyxy) < LARGEST_OVERLAP][:WINDOWS]


def overlap(a: XYXY, b: XYXY) -> float:
    """Intersection over union of two boxes."""
    across = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    down = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    inner = across * down
    whole = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - inner
    return inner / whole if whole > 0 else 0.0


def _score(box: Box, found: Sequence[Box]) -> float:
    """Score of the best detection of the box's class that covers it."""
    scores = [
        other.score or 0.0
        for other in found
        if other.category == box.category and overlap(box.xyxy, other.xyxy) >= MATCH
    ]
    return max(scores, default=0.0)


def _made_up(boxes: Sequence[Box], found: tuple[Sequence[Box], Sequence[Box]]) -> tuple[Box, ...]:
    before, after = found
    known = [box.xyxy for box in boxes] + [
        box.xyxy for box in before if (box.score or 0) >= FOUND / 2
    ]
    return tuple(
        box
        for box in after
        if (box.score or 0) >= SURE and all(overlap(box.xyxy, xyxy) < 0.1 for xyxy in known)
    )
