"""Corner cases: conditions of the target that the source hardly shows.

What makes a condition *rare*: the source at hand is known frame by frame, its share is a fact;
the target stands for a world that is known from its frames only. An absolute condition is rare
when the source's share is below 10 % and below half of the lower end of the target's 95 %
interval, that end is at least 1 %, and three target frames or more show it. The percentiles
behind a relative condition are themselves estimates, and some drive is always a little beyond
them: there the whole intervals must lie apart as well (the source's upper end below the
target's lower end).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from isthmus.cornercases.conditions import (
    CONDITIONS,
    Condition,
    Members,
    relative_conditions,
)
from isthmus.cornercases.measures import MEASURES
from isthmus.cornercases.shares import effective_frames, wilson
from isthmus.cornercases.table import ConditionTable
from isthmus.data.dataset import Dataset
from isthmus.errors import InputError

RARE_BELOW = 0.1
RARE_FRACTION = 0.5
LEAST_TARGET_SHARE = 0.01
LEAST_TARGET_FRAMES = 3
EXPLAINED_SHARE = 0.8


@dataclass(frozen=True)
class CornerCase:
    """How often a condition occurs in source and target.

    Attributes:
        condition: the rule.
        source_share, source_low, source_high: share of source frames, with 95 % interval.
        target_share, target_low, target_high: the same of the target.
        rare: the target has it and the source hardly (see the module's text).
        source_frames, target_frames: ids of the frames in it, most typical first.
        source_objects: labelled objects, by class, in those source frames; None without labels.
    """

    condition: Condition
    source_share: float
    source_low: float
    source_high: float
    target_share: float
    target_low: float
    target_high: float
    rare: bool
    source_frames: tuple[str, ...]
    target_frames: tuple[str, ...]
    source_objects: Mapping[str, int] | None = None


def find_corner_cases(
    source: ConditionTable, target: ConditionTable, source_dataset: Dataset | None = None
) -> list[CornerCase]:
    """Shares of every condition in both sets, and which are rare in the source.

    All absolute conditions are listed; a relative one only where it is rare and the rare
    absolute conditions of its topic do not hold for at least 80 % of its target frames already.

    Args:
        source, target: tables of `measure_conditions`.
        source_dataset: labelled source, to count the objects seen under each condition.

    Returns:
        Rare ones first, each group by falling target share, then in the order of the rules.

    Raises:
        InputError: a table is empty.
    """
    for name, table in (("source", source), ("target", target)):
        if not len(table):
            raise InputError(f"{name}: no measured frames to look for corner cases in")
    compare = _Comparison(source, target, source_dataset)
    cases = [compare.case(condition) for condition in CONDITIONS.values()]
    relative = [case for case in map(compare.case, relative_conditions(source)) if case.rare]
    relative.sort(key=lambda case: -case.target_share)
    known = [case for case in cases if case.rare]
    cases += [case for case in relative if not _explained(case, known)]
    return sorted(cases, key=lambda case: (not case.rare, -case.target_share))


def _explained(case: CornerCase, known: list[CornerCase]) -> bool:
    """Whether the `known` cases of its topic, together, hold for most of its target frames."""
    frames = {
        name
        for other in known
        if other.condition.topic == case.condition.topic
        for name in other.target_frames
    }
    return len(frames.intersection(case.target_frames)) >= EXPLAINED_SHARE * len(case.target_frames)


class _Comparison:
    """Two tables, and what is the same for every condition."""

    def __init__(
        self, source: ConditionTable, target: ConditionTable, dataset: Dataset | None
    ) -> None:
        self.source, self.target = source, target
        self.worth = {id(table): effective_frames(table) for table in (source, target)}
        labelled = dataset is not None and dataset.labelled
        self.objects = {f.id: f.objects or () for f in dataset} if dataset and labelled else None

    def case(self, condition: Condition) -> CornerCase:
        """Shares, intervals and members of `condition`."""
        sides = []
        for table in (self.source, self.target):
            members = condition.members(table)
            share = float(members.mean())
            sides.append((members, share, *wilson(share, self.worth[id(table)])))
        (in_source, source_share, source_low, source_high) = sides[0]
        (in_target, target_share, target_low, target_high) = sides[1]
        rare = (
            source_share < min(RARE_BELOW, RARE_FRACTION * target_low)
            and target_low >= LEAST_TARGET_SHARE
            and int(in_target.sum()) >= LEAST_TARGET_FRAMES
            and (not condition.relative or source_high < target_low)
        )
        source_frames = _typical(self.source, in_source)
        return CornerCase(
            condition,
            source_share,
            source_low,
            source_high,
            target_share,
            target_low,
            target_high,
            rare,
            source_frames,
            _typical(self.target, in_target),
            self._count(source_frames),
        )

    def _count(self, ids: tuple[str, ...]) -> dict[str, int] | None:
        if self.objects is None:
            return None
        boxes = [box for name in ids for box in self.objects.get(name, ()) if not box.ignore]
        return dict(sorted(Counter(box.category for box in boxes).items()))


def _typical(table: ConditionTable, members: Members) -> tuple[str, ...]:
    """Ids of the members, those first whose measures are nearest to the members' medians."""
    rows = np.flatnonzero(members)
    if not len(rows):
        return ()
    distance = np.zeros(len(rows))
    for name, column in table.values.items():
        spread = float(column.std())
        if spread > 0 and not MEASURES[name].circular:
            distance += np.abs(column[rows] - np.median(column[rows])) / spread
    return tuple(table.ids[rows[i]] for i in np.argsort(distance, kind="stable"))
