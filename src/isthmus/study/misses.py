"""Which objects of labelled target frames a detector misses, frame by frame.

For frames of the target whose labels may be looked at (never those of a test): they say in which
cells of a domain the detector fails, beside how rare the cells are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.compute.executor import Executor
from isthmus.cornercases.attributes import SURE
from isthmus.data.dataset import Dataset
from isthmus.data.formats import read_dataset
from isthmus.data.frame import Box, Problem
from isthmus.data.ontology import ROAD
from isthmus.detect.boxes import OVERLAP, overlaps
from isthmus.errors import InputError


@dataclass(frozen=True)
class Misses:
    """Frame of the target → objects of the road task there, and how many are missed."""

    counts: Mapping[str, tuple[int, int]]

    @property
    def missed(self) -> int:
        """Of all frames."""
        return sum(missed for _, missed in self.counts.values())

    def within(self, frames: Iterable[str]) -> dict[str, Any]:
        """Objects and misses in some frames, and their share of all misses (None without any)."""
        found = [self.counts[name] for name in frames if name in self.counts]
        objects, missed = (sum(pair[k] for pair in found) for k in (0, 1))
        share = missed / self.missed if self.missed else None
        return {"objects": objects, "missed": missed, "share_of_misses": share}


def find_misses(
    labels: Path | str,
    images: Path | str | None,
    target: Dataset,
    predicted: Mapping[str, tuple[Box, ...]],
    executor: Executor | None = None,
) -> tuple[Misses, tuple[Problem, ...]]:
    """Misses in the frames of the target that are both labelled and predicted; and problems.

    An object is missed where no sure box of its class overlaps it by half (IoU).

    Args:
        labels: label file of frames of the target.
        images: folder that its image names are relative to.
        target: frames are known by their images' bytes.
        predicted: digest of an image → boxes with scores.

    Raises:
        InputError: it cannot be read, or no frame is labelled and predicted.
    """
    made = read_dataset(labels, images=images, name="labelled", decode=False, executor=executor)
    names = {frame.digest: frame.id for frame in target}
    counts = {
        names[frame.digest]: _missed(frame.objects, predicted[frame.digest])
        for frame in made
        if frame.objects is not None and frame.digest in names and frame.digest in predicted
    }
    if not counts:
        raise InputError(
            f"{labels}: none of its labelled images is an image of {target.name} with predictions"
        )
    return Misses(counts), made.problems


def _missed(objects: Iterable[Box], found: Iterable[Box]) -> tuple[int, int]:
    """(objects, missed) of one frame."""
    sure = [box for box in found if not box.ignore and (box.score is None or box.score >= SURE)]
    total = missed = 0
    for kind in ROAD.classes:
        there = _edges(b for b in objects if not b.ignore and ROAD.mapping.get(b.category) == kind)
        seen = _edges(b for b in sure if ROAD.mapping.get(b.category) == kind)
        best = overlaps(there, seen).max(axis=1, initial=0.0)
        total += len(there)
        missed += int((best < OVERLAP).sum())
    return total, missed


def _edges(boxes: Iterable[Box]) -> np.ndarray:
    return np.array([box.xyxy for box in boxes], float).reshape(-1, 4)
