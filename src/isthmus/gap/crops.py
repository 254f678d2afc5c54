"""Which part of the picture differs: the objects, what is around them, or the background.

Windows are cut from every frame, all described by one extractor, and compared kind by kind:

object      the box itself, as far as it lies in the picture
context     a window of the box's size directly left of, right of, above or below it, the one that
            other boxes cover least, and at most a tenth
background  a window of the box's size anywhere, drawn at random, that touches no box, boxes widened
            by half their size on each side

Real pixels stand in all of them: nothing is painted over, so that no edge of a mask is compared.
Windows of one frame belong together: independent units are found among frames (by the mean features
of their windows, see `isthmus.gap.units`), and a window goes with its frame. Boxes are
needed on both sides: labels, or on the target the predictions of a detector, whose misses and false
alarms then count as gap too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from isthmus import seeds
from isthmus.data.frame import XYXY, Box, Frame
from isthmus.data.images import RGB, read_rgb, resize_rgb
from isthmus.errors import ConfigError, InputError
from isthmus.features.extractor import Extractor, Matrix
from isthmus.gap.inference import Options, Scale, check_metric, measure_units
from isthmus.gap.metric import Floats
from isthmus.gap.pictures import stacked
from isthmus.gap.units import Units, find_units

PARTS = ("object", "context", "background")
LEAST_SIDE = 16
A_FRAME = 8
COVERED = 0.1
WIDENED = 0.5
TRIES = 30
LEAST_WINDOWS = 20
LEAST_FRAMES = 8
LEVEL = 0.95


@dataclass(frozen=True)
class PartGap:
    """The gap of one kind of window in one layer, or the reason why it is not known.

    `value`, `low`, `high`, `p_value`, `floor`, `ratio`: as in `Estimate`; `n`, `m`: windows;
    `frames_x`, `frames_y`: frames they come from; `units_x`, `units_y`: independent units of
    frames (`unit_kind`: "frames", "sequences" or "blocks").
    """

    part: str
    layer: str
    value: float | None
    low: float | None
    high: float | None
    p_value: float | None
    floor: float | None
    ratio: float | None
    n: int
    m: int
    frames_x: int
    frames_y: int
    units_x: int
    units_y: int
    unit_kind: str
    reason: str | None = None
    warnings: tuple[str, ...] = ()

    def to_document(self) -> dict[str, Any]:
        """A JSON-like dictionary."""
        return {**vars(self), "warnings": list(self.warnings)}


@dataclass(frozen=True)
class Windows:
    """Described windows of one kind of one side: `layers` (k, d); `frame` (k,) their frame."""

    layers: dict[str, Matrix]
    frame: tuple[int, ...]


def crop_gaps(
    source: Sequence[Frame],
    target: Sequence[Frame],
    extractor: Extractor,
    *,
    target_boxes: Sequence[Sequence[Box]] | None = None,
    least_score: float = 0.5,
    least_side: int = LEAST_SIDE,
    a_frame: int = A_FRAME,
    metric: str = "mmd",
    permutations: int = 499,
    bootstraps: int = 200,
    floor_splits: int = 50,
    seed: int = 0,
    scale: Scale = "none",
) -> tuple[PartGap, ...]:
    """The gap of objects, of context and of background, by layer, in the order of `PARTS`.

    Args:
        source, target: frames with readable images; `objects` hold their boxes.
        extractor: describes windows, resized to its size.
        target_boxes: boxes of each target frame in place of its labels, such as predictions.
        least_score: predictions below this confidence, 0 to 1, are left out.
        least_side: boxes with a side below this many pixels are left out.
        a_frame: boxes a frame at most, drawn at random.
        metric, permutations, bootstraps, floor_splits, seed, scale: as for `measure`.

    Without boxes on a side, or with too few windows, every part has a `reason` and no estimate.

    Raises:
        InputError: `target_boxes` that do not fit the frames. `ImageError`: an unreadable image.
        ConfigError: an unknown metric.
    """
    options = Options(LEVEL, permutations, bootstraps, floor_splits, seed, scale)
    check_metric(metric, {})
    boxes_y = [f.objects for f in target] if target_boxes is None else list(target_boxes)
    if len(boxes_y) != len(target):
        raise InputError(f"boxes for {len(boxes_y)} frames given, the target has {len(target)}")
    reason = _why_not([f.objects for f in source], "source") or _why_not(boxes_y, "target")
    if reason:
        return tuple(
            _unknown(part, layer, (0, 0), (0, 0), reason)
            for part in PARTS
            for layer in extractor.layers
        )
    rules = Rules(least_score, least_side, a_frame, seed)
    x = _described(source, [f.objects or () for f in source], extractor, rules)
    y = _described(target, [boxes or () for boxes in boxes_y], extractor, rules)
    return tuple(
        _compared(part, layer, (x[part], y[part]), (source, target), metric=metric, options=options)
        for part in PARTS
        for layer in extractor.layers
    )


def _why_not(boxes: Sequence[Sequence[Box] | None], role: str) -> str | None:
    unknown = sum(found is None for found in boxes)
    if unknown == len(boxes):
        remedy = "; give the predictions of a detector" if role == "target" else ""
        return f"the {role} has no boxes{remedy}"
    if not any(found for found in boxes):
        return f"no frame of the {role} has any object"
    return None


@dataclass(frozen=True)
class Rules:
    """Which boxes give windows; see `crop_gaps`."""

    least_score: float
    least_side: int
    a_frame: int
    seed: int

    def __post_init__(self) -> None:
        if self.a_frame < 1 or self.least_side < 2:
            raise ConfigError(
                f"a_frame = {self.a_frame}, least_side = {self.least_side}; expected at least 1 "
                "box a frame and 2 pixels a side"
            )


def _described(
    frames: Sequence[Frame],
    boxes: Sequence[Sequence[Box]],
    extractor: Extractor,
    rules: Rules,
) -> dict[str, Windows]:
    layers: dict[str, dict[str, list[Matrix]]] = {
        part: {layer: [] for layer in extractor.layers} for part in PARTS
    }
    owners: dict[str, list[int]] = {part: [] for part in PARTS}
    for index, (frame, found) in enumerate(zip(frames, boxes, strict=True)):
        if not found:
            continue
        picture = read_rgb(frame.image)
        for part, places in windows(frame.id, picture, found, rules).items():
            if not places:
                continue
            cut = [resize_rgb(_cut(picture, place), *extractor.size) for place in places]
            values = extractor.extract(stacked(cut))
            for layer in extractor.layers:
                layers[part][layer].append(values[layer])
            owners[part] += [index] * len(places)
    return {
        part: Windows(
            {k: np.concatenate(v) if v else np.zeros((0, 1), np.float32) for k, v in named.items()},
            tuple(owners[part]),
        )
        for part, named in layers.items()
    }


def windows(name: str, picture: RGB, boxes: Sequence[Box], rules: Rules) -> dict[str, list[XYXY]]:
    """Places (x1, y1, x2, y2) in whole pixels of the windows of each kind in a picture.

    Boxes marked to be ignored give no windows but count as covered. `name` seeds what is drawn.
    """
    height, width = picture.shape[:2]
    rng = seeds.generator(rules.seed, "crops", name)
    known = [b for b in boxes if b.score is None or b.score >= rules.least_score]
    if not known:
        return {part: [] for part in PARTS}
    covered = np.array([b.xyxy for b in known], np.float64)
    places = [_inside(b.xyxy, width, height) for b in known if not b.ignore]
    places = [p for p in places if min(p[2] - p[0], p[3] - p[1]) >= rules.least_side]
    drawn = np.sort(rng.permutation(len(places))[: rules.a_frame])
    chosen = [places[i] for i in drawn]
    spread = (covered[:, 2:] - covered[:, :2]) * WIDENED
    widened = np.concatenate([covered[:, :2] - spread, covered[:, 2:] + spread], axis=1)
    beside = [_beside(p, covered, width, height) for p in chosen]
    away = [_away(p, widened, (width, height), rng) for p in chosen]
    return {
        "object": chosen,
        "context": [p for p in beside if p is not None],
        "background": [p for p in away if p is not None],
    }


def _inside(box: XYXY, width: int, height: int) -> XYXY:
    x1, y1, x2, y2 = box
    return (
        float(max(0, round(x1))),
        float(max(0, round(y1))),
        float(min(width, round(x2))),
        float(min(height, round(y2))),
    )


def _beside(place: XYXY, covered: Floats, width: int, height: int) -> XYXY | None:
    x1, y1, x2, y2 = place
    w, h = x2 - x1, y2 - y1
    around = ((x1 - w, y1), (x2, y1), (x1, y1 - h), (x1, y2))
    fits = [
        (x, y, x + w, y + h)
        for x, y in around
        if min(x, y) >= 0 and x + w <= width and y + h <= height
    ]
    best = min(fits, key=lambda p: _share_covered(p, covered), default=None)
    return best if best is not None and _share_covered(best, covered) <= COVERED else None


def _away(
    place: XYXY, widened: Floats, size: tuple[int, int], rng: np.random.Generator
) -> XYXY | None:
    w, h = place[2] - place[0], place[3] - place[1]
    for _ in range(TRIES):
        x = float(rng.integers(0, int(size[0] - w) + 1))
        y = float(rng.integers(0, int(size[1] - h) + 1))
        found = (x, y, x + w, y + h)
        if _share_covered(found, widened) == 0:
            return found
    return None


def _share_covered(place: XYXY, boxes: Floats) -> float:
    """The largest share of a window that one of the boxes covers."""
    x1, y1, x2, y2 = place
    across = np.minimum(x2, boxes[:, 2]) - np.maximum(x1, boxes[:, 0])
    down = np.minimum(y2, boxes[:, 3]) - np.maximum(y1, boxes[:, 1])
    common = np.maximum(across, 0) * np.maximum(down, 0)
    return float(common.max()) / ((x2 - x1) * (y2 - y1))


def _cut(picture: RGB, place: XYXY) -> RGB:
    x1, y1, x2, y2 = (int(v) for v in place)
    return picture[y1:y2, x1:x2]


def _compared(
    part: str,
    layer: str,
    sides: tuple[Windows, Windows],
    frames: tuple[Sequence[Frame], Sequence[Frame]],
    *,
    metric: str,
    options: Options,
) -> PartGap:
    counts = [len(side.frame) for side in sides]
    owners = [len(set(side.frame)) for side in sides]
    if min(counts) < LEAST_WINDOWS or min(owners) < LEAST_FRAMES:
        reason = (
            f"{counts[0]} and {counts[1]} windows from {owners[0]} and {owners[1]} frames: fewer "
            f"than {LEAST_WINDOWS} windows or {LEAST_FRAMES} frames on a side"
        )
        return _unknown(part, layer, counts, owners, reason)
    x, y = (side.layers[layer].astype(np.float64) for side in sides)
    units = _units((x, y), sides, frames)
    found = measure_units(x, y, units, metric, options)
    return PartGap(
        part=part,
        layer=layer,
        value=found.value,
        low=found.low,
        high=found.high,
        p_value=found.p_value,
        floor=found.floor,
        ratio=found.ratio,
        n=counts[0],
        m=counts[1],
        frames_x=owners[0],
        frames_y=owners[1],
        units_x=units.count_x,
        units_y=units.count_y,
        unit_kind=units.kind,
        warnings=found.warnings,
    )


def _unknown(
    part: str, layer: str, counts: Sequence[int], owners: Sequence[int], reason: str
) -> PartGap:
    return PartGap(
        part=part,
        layer=layer,
        value=None,
        low=None,
        high=None,
        p_value=None,
        floor=None,
        ratio=None,
        n=counts[0],
        m=counts[1],
        frames_x=owners[0],
        frames_y=owners[1],
        units_x=0,
        units_y=0,
        unit_kind="frames",
        reason=reason,
    )


def _units(
    rows: tuple[Floats, Floats],
    sides: tuple[Windows, Windows],
    frames: tuple[Sequence[Frame], Sequence[Frame]],
) -> Units:
    """Units among the frames that have windows, handed down to the windows."""
    means, groups, places = [], [], []
    for values, side, all_frames in zip(rows, sides, frames, strict=True):
        owners, place = np.unique(side.frame, return_inverse=True)
        sums = np.zeros((len(owners), values.shape[1]))
        np.add.at(sums, place, values)
        means.append(sums / np.bincount(place)[:, None])
        groups.append([all_frames[i].sequence for i in owners])
        places.append(place)
    known = [names if any(names) else None for names in groups]
    found = find_units(means[0], means[1], known[0], known[1])
    return replace(found, x=found.x[places[0]], y=found.y[places[1]])
