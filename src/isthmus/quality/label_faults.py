"""Faults of labels: boxes that cannot be, boxes that are there twice, frames without any.

Readers already refuse boxes without area or wholly outside the image and clip what reaches over
an edge; what they did is in the data set's problems and is counted here too, so that the numbers
are those of the files. A new fault is one entry of `LABEL_FAULTS`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from isthmus.data.dataset import Dataset
from isthmus.data.frame import XYXY, Box, Frame

SAME_BOX = 0.95
"""Intersection over union from which two boxes of a frame are one."""
EDGE = 1.0
SPECK = 3.0
LISTED = 200
"""Findings of one fault that are listed; all are counted."""


@dataclass(frozen=True)
class Finding:
    """One faulty label: the frame's id (or the file of a problem) and what is wrong."""

    frame: str
    what: str


@dataclass(frozen=True)
class LabelFault:
    """One way for labels to be wrong.

    Attributes:
        name: key in results.
        description: the rule, for people.
        found: frame → what is wrong with its boxes, one sentence each.
        kinds: kinds of problems by which readers report the same.
    """

    name: str
    description: str
    found: Callable[[Frame], Iterator[str]]
    kinds: tuple[str, ...] = ()


def _no_area(frame: Frame) -> Iterator[str]:
    for box in frame.objects or ():
        x1, y1, x2, y2 = box.xyxy
        if not (x2 > x1 and y2 > y1):
            yield f"{_named(box)} has no area"


def _outside(frame: Frame) -> Iterator[str]:
    for box in frame.objects or ():
        x1, y1, x2, y2 = box.xyxy
        over = max(-x1, -y1, x2 - frame.width, y2 - frame.height)
        if over > EDGE:
            yield f"{_named(box)} reaches {over:.0f} pixels out of the frame"


def _duplicate(frame: Frame) -> Iterator[str]:
    for one, other in _same_places(frame):
        if one.category == other.category:
            yield f"{_named(one)} is there twice"


def _contradicting(frame: Frame) -> Iterator[str]:
    for one, other in _same_places(frame):
        if one.category != other.category:
            yield f"{_named(one)} is a {other.category} as well"


def _speck(frame: Frame) -> Iterator[str]:
    for box in frame.objects or ():
        x1, y1, x2, y2 = box.xyxy
        side = min(x2 - x1, y2 - y1)
        if 0 < side < SPECK and not box.ignore:
            yield f"{_named(box)} is {side:.1f} pixels across"


def _same_places(frame: Frame) -> Iterator[tuple[Box, Box]]:
    """Pairs of boxes that cover the same place; sorted by their left edge, near ones are few."""
    boxes = sorted((b for b in frame.objects or () if b.area > 0), key=lambda b: b.xyxy)
    for i, one in enumerate(boxes):
        slack = (1 - SAME_BOX) * (one.xyxy[2] - one.xyxy[0])
        for other in boxes[i + 1 :]:
            if other.xyxy[0] > one.xyxy[0] + slack:
                break
            if overlap(one.xyxy, other.xyxy) >= SAME_BOX:
                yield one, other


def overlap(a: XYXY, b: XYXY) -> float:
    """Intersection over union of two boxes, [0, 1]."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    areas = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return shared / (areas - shared)


def _named(box: Box) -> str:
    return f"{box.category} at ({', '.join(f'{v:.0f}' for v in box.xyxy)})"


LABEL_FAULTS: dict[str, LabelFault] = {
    fault.name: fault
    for fault in (
        LabelFault(
            "bad_box", "no area, no finite place, or wholly outside the frame", _no_area,
            ("bad-box", "bad-annotation"),
        ),
        LabelFault(
            "outside_frame", "reaches over the frame's edge by more than a pixel", _outside,
            ("clipped-box",),
        ),
        LabelFault(
            "duplicate_box", f"same class and place as another (overlap {SAME_BOX} or more)",
            _duplicate, ("duplicate-annotation",),
        ),
        LabelFault(
            "contradicting_box", "the place of another box, with another class", _contradicting
        ),
        LabelFault("speck", f"less than {SPECK:.0f} pixels across", _speck),
    )
}  # fmt: skip
"""Name → fault, in the order in which they are listed."""


@dataclass(frozen=True)
class Faults:
    """All findings of one fault: their number, and the first of them."""

    count: int
    listed: tuple[Finding, ...]


def label_faults(dataset: Dataset) -> dict[str, Faults]:
    """Faults of the labels of `dataset`; every fault of `LABEL_FAULTS` is a key."""
    result = {}
    for name, fault in LABEL_FAULTS.items():
        findings = [Finding(frame.id, what) for frame in dataset for what in fault.found(frame)]
        count = len(findings)
        for problem in dataset.problems:
            if problem.kind in fault.kinds:
                count += problem.count
                findings.append(Finding(problem.path, problem.reason))
        result[name] = Faults(count, tuple(findings[:LISTED]))
    return result


@dataclass(frozen=True)
class ClassBalance:
    """How evenly classes are represented.

    Attributes:
        counts: class → boxes that are not to be ignored; classes without any are there.
        frames: class → frames that show it.
        imbalance: boxes of the most frequent class over those of the rarest that occurs.
        missing: classes without a box.
    """

    counts: dict[str, int]
    frames: dict[str, int]
    imbalance: float
    missing: tuple[str, ...]


def class_balance(dataset: Dataset) -> ClassBalance | None:
    """The balance of classes; None for a set without labels."""
    if all(frame.objects is None for frame in dataset):
        return None
    counts: Counter[str] = Counter(dict.fromkeys(dataset.categories, 0))
    frames: Counter[str] = Counter(dict.fromkeys(dataset.categories, 0))
    for frame in dataset:
        seen = [box.category for box in frame.objects or () if not box.ignore]
        counts.update(seen)
        frames.update(set(seen))
    present = [n for n in counts.values() if n > 0]
    return ClassBalance(
        dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))),
        dict(frames),
        max(present) / min(present) if present else 1.0,
        tuple(sorted(name for name, n in counts.items() if n == 0)),
    )
