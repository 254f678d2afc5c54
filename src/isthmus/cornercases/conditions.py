"""Conditions as rules on the measures, and those of the target that the source hardly shows.

Two kinds of rule. *Absolute* ones have fixed limits with a plain meaning ("low light"), and
serve every pair of sets. *Relative* ones compare with the source at hand: they hold for frames
beyond the 1st or the 99th percentile of the source, and find a target that lies where the
source has nothing even though no fixed limit is crossed.

What makes a condition *rare*: the source at hand is known frame by frame, its share is a fact;
the target stands for a world that is known from its frames only. An absolute condition is rare
when the source's share is below half of the lower end of the target's 95 % interval, that end
is at least 1 %, and three target frames or more show it. The percentiles behind a relative
condition are themselves estimates, and some drive is always a little beyond them: there the
whole intervals must lie apart as well (the source's upper end below the target's lower end).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isthmus.cornercases.measures import MEASURES
from isthmus.cornercases.shares import effective_frames, wilson
from isthmus.cornercases.table import ConditionTable
from isthmus.data.dataset import Dataset
from isthmus.errors import InputError

Members = NDArray[np.bool_]

RARE_FRACTION = 0.5
LEAST_TARGET_SHARE = 0.01
LEAST_TARGET_FRAMES = 3
EXPLAINED_SHARE = 0.8
TAIL_PERCENT = 1


@dataclass(frozen=True)
class Limit:
    """``at_least <= measure < below``; a side that is None is open."""

    measure: str
    at_least: float | None = None
    below: float | None = None

    def holds(self, table: ConditionTable) -> Members:
        """For each row of the table, whether its value lies within."""
        values = table.values[self.measure]
        inside = np.ones(len(values), bool)
        if self.at_least is not None:
            inside &= values >= self.at_least
        if self.below is not None:
            inside &= values < self.below
        return inside


@dataclass(frozen=True)
class Condition:
    """What a whole frame is like: all `limits` hold.

    Attributes:
        name: key in results.
        label, description: for people.
        limits: rules on the measures; the first is the one that the condition is about.
        topic: conditions of one topic ("light", "air", "sharpness", "colour") can explain
            each other.
        remedy: effect that makes source frames such; None if there is none yet.
        relative: the limits come from the source at hand.
    """

    name: str
    label: str
    description: str
    limits: tuple[Limit, ...]
    topic: str
    remedy: str | None = None
    relative: bool = False

    def members(self, table: ConditionTable) -> Members:
        """For each row of the table, whether the condition holds."""
        inside = np.ones(len(table), bool)
        for limit in self.limits:
            inside &= limit.holds(table)
        return inside


NIGHT_BELOW = 14.0
LOW_LIGHT_BELOW = 30.0
OVER_EXPOSED_FROM = 15.0
HAZE_FROM = 0.12
FLAT_BELOW = 13.0
BLURRED_BELOW = 0.55
TINTED_FROM = 10.0

CONDITIONS: dict[str, Condition] = {
    condition.name: condition
    for condition in (
        Condition(
            "low_light",
            "Low light",
            f"Mean lightness from L* {NIGHT_BELOW:.0f} to {LOW_LIGHT_BELOW:.0f}: dusk, dawn, deep "
            "shade, tunnels.",
            (Limit("lightness", NIGHT_BELOW, LOW_LIGHT_BELOW),),
            "light",
            "low_light",
        ),
        Condition(
            "night",
            "Night",
            f"Mean lightness below L* {NIGHT_BELOW:.0f}: night, with or without lamps.",
            (Limit("lightness", below=NIGHT_BELOW),),
            "light",
            "low_light",
        ),
        Condition(
            "over_exposure",
            "High illumination or over-exposure",
            f"At least {OVER_EXPOSED_FROM:.0f} % of the frame at the white end of the scale: low "
            "sun, glare, blown-out sky.",
            (Limit("over_exposed", OVER_EXPOSED_FROM),),
            "light",
        ),
        Condition(
            "haze",
            "Haze or fog",
            f"A veil of at least {HAZE_FROM} of the airlight over the dark parts near the horizon: "
            "visibility below about 300 m.",
            (Limit("haze", HAZE_FROM),),
            "air",
            "fog",
        ),
        Condition(
            "low_contrast",
            "Low contrast",
            f"Lightness deviates by less than L* {FLAT_BELOW:.0f}, though it is not night: dense "
            "fog, rain on the lens, flat light.",
            (Limit("contrast", below=FLAT_BELOW), Limit("lightness", NIGHT_BELOW)),
            "air",
            "fog",
        ),
        Condition(
            "blur",
            "Blurred",
            f"Sharpness below {BLURRED_BELOW}: as after a Gaussian blur of 1.5 pixels at 480 "
            "pixels a frame or more; motion, focus, a dirty lens.",
            (Limit("sharpness", below=BLURRED_BELOW),),
            "sharpness",
        ),
        Condition(
            "colour_cast",
            "Strong colour cast",
            f"Pixels of middle lightness are on average {TINTED_FROM:.0f} ΔE or more away from "
            "grey: sodium lamps, low sun, white balance.",
            (Limit("colour_cast", TINTED_FROM),),
            "colour",
        ),
    )
}

BELOW, ABOVE = "below", "above"
RELATIVE: tuple[tuple[str, str, str, str, str | None], ...] = (
    # measure, side, label, topic, remedy
    ("lightness", BELOW, "Darker than the source", "light", "low_light"),
    ("lightness", ABOVE, "Brighter than the source", "light", None),
    ("under_exposed", ABOVE, "More under-exposed than the source", "light", "low_light"),
    ("over_exposed", ABOVE, "More over-exposed than the source", "light", None),
    ("haze", ABOVE, "Hazier than the source", "air", "fog"),
    ("contrast", BELOW, "Less contrast than the source", "air", "fog"),
    ("contrast", ABOVE, "More contrast than the source", "light", None),
    ("sharpness", BELOW, "Less sharp than the source", "sharpness", None),
    ("sharpness", ABOVE, "Sharper than the source", "sharpness", None),
    ("colour_cast", ABOVE, "More tinted than the source", "colour", None),
)


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


def relative_conditions(source: ConditionTable) -> list[Condition]:
    """The rules "beyond the source" on each measure of `RELATIVE`."""
    made = []
    for measure, side, label, topic, remedy in RELATIVE:
        values = source.values[measure]
        if side == BELOW:
            edge = float(np.percentile(values, TAIL_PERCENT, method="lower"))
            limit = Limit(measure, below=edge)
        else:
            edge = float(np.percentile(values, 100 - TAIL_PERCENT, method="higher"))
            limit = Limit(measure, at_least=float(np.nextafter(edge, np.inf)))
        about = MEASURES[measure]
        percentile = "1st" if side == BELOW else "99th"
        description = (
            f"{about.label} {side} {edge:.3g} {about.unit}, the {percentile} percentile of the "
            "source."
        )
        name = f"{measure}_{side}_source"
        made.append(Condition(name, label, description, (limit,), topic, remedy, relative=True))
    return made


def find_corner_cases(
    source: ConditionTable, target: ConditionTable, source_dataset: Dataset | None = None
) -> list[CornerCase]:
    """Shares of every condition in both sets, and which are rare in the source.

    All absolute conditions are listed; a relative one only where it is rare and no rare
    absolute condition of its topic holds for at least 80 % of its target frames already.

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
    for case in relative:
        if not any(_explains(known, case) for known in cases if known.rare):
            cases.append(case)
    return sorted(cases, key=lambda case: (not case.rare, -case.target_share))


def _explains(known: CornerCase, case: CornerCase) -> bool:
    if known.condition.topic != case.condition.topic:
        return False
    shared = len(set(known.target_frames) & set(case.target_frames))
    return shared >= EXPLAINED_SHARE * len(case.target_frames)


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
            source_share < RARE_FRACTION * target_low
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
