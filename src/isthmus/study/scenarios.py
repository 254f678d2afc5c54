"""Rare scenarios of two data sets, as JSON-like values: layouts, pairs of classes, odd boxes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from isthmus.cornercases.attributes import Facts
from isthmus.cornercases.scenarios import (
    co_occurrences,
    habits,
    layout_of,
    rarity,
    unusual_boxes,
)
from isthmus.data.dataset import Dataset
from isthmus.data.frame import Box, Frame

LISTED = 24
FEWEST = 10
Document = dict[str, Any]
Predicted = dict[str, tuple[Box, ...]]


def facts_of(
    frame: Frame,
    predicted: dict[str, tuple[Box, ...]] | None,
    scores: dict[str, float] | None = None,
) -> Facts:
    """What is known of a frame; with `predicted` given, its own boxes are not looked at."""
    objects = frame.objects if predicted is None else predicted.get(frame.digest)
    return Facts(scores or {}, objects, frame.height, frame.attributes)


def scenarios_document(
    source: Dataset, target: Iterable[Frame], predicted: Predicted | None
) -> Document | None:
    """What is rare among the source's scenarios, and what of the target lies beyond them.

    Args:
        source: labelled frames.
        target: frames without labels.
        predicted: digest of an image → boxes of a detector on the target; None: only the source is
            told.

    Returns:
        None where the source has too few labelled frames.
    """
    frames = [frame for frame in source if frame.objects is not None]
    if len(frames) < FEWEST:
        return None
    facts = [facts_of(frame, None) for frame in frames]
    known = habits(facts)
    document: Document = {
        "together": [
            {"classes": list(item.pair), "frames": item.frames, "lift": item.lift}
            for item in co_occurrences(facts)[:LISTED]
        ],
        "unusual_boxes": _boxes(frames, unusual_boxes(facts, known)),
        "target": None,
    }
    if predicted is not None:
        theirs = [f for f in target if f.digest in predicted]
        told = [facts_of(frame, predicted) for frame in theirs]
        document["target"] = {
            "frames": len(theirs),
            "rare_layouts": _rare(frames, facts, theirs, told),
            "unusual_boxes": _boxes(theirs, unusual_boxes(told, known)),
        }
    return document


def _rare(
    source: Sequence[Frame], facts: Sequence[Facts], target: Sequence[Frame], told: Sequence[Facts]
) -> list[Document]:
    """Target frames whose layout the source does not have, rarest first."""
    if not target:
        return []
    layouts = [
        np.stack([layout_of(f, frame.width) for f, frame in zip(known, frames, strict=True)])
        for known, frames in ((facts, source), (told, target))
    ]
    found = rarity(layouts[0], layouts[1], [frame.sequence for frame in source])
    order = [int(i) for i in np.argsort(-found, kind="stable") if found[i] > 1]
    return [{"frame": target[i].id, "rarity": float(found[i])} for i in order[:LISTED]]


def _boxes(frames: Sequence[Frame], found: Sequence[tuple[int, Box, float]]) -> list[Document]:
    return [
        {
            "frame": frames[number].id,
            "category": box.category,
            "xyxy": [round(v, 1) for v in box.xyxy],
            "deviations": round(off, 2),
        }
        for number, box, off in found[:LISTED]
    ]
