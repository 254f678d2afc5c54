"""Splits by what public labels say of a frame: anyone with the labels can make them again.

BDD100K's attributes divide it into day and night, clear, rain, snow and fog, city and highway;
any other attribute, the split and the sequence divide a set into their values.
Values that belong to neither side (dawn, undefined, overcast, …) are left out by name, never
guessed. A split is a manifest of frames' names with their digests; a whole drive goes to the side
that most of its frames are on, and its other frames are left out, so that no drive is on two
sides.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from isthmus.data.dataset import Dataset
from isthmus.data.frame import Frame
from isthmus.data.selection import value_of, what_there_is
from isthmus.errors import ConfigError, InputError
from isthmus.files import write_json

SCHEMA = "isthmus.split/1"
MOST_LETTERS = 80
"""Of the name of a side, and so of its file."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How one attribute divides a set: name of a side → values of the attribute."""

    attribute: str
    sides: Mapping[str, tuple[str, ...]]


RULES = {
    "time": Rule("timeofday", {"day": ("daytime",), "night": ("night",)}),
    "weather": Rule(
        "weather",
        {
            "clear": ("clear", "partly cloudy"),
            "rain": ("rainy",),
            "snow": ("snowy",),
            "fog": ("foggy",),
        },
    ),
    "scene": Rule("scene", {"city": ("city street",), "highway": ("highway",)}),
}
"""Name → rule, in the words of BDD100K's labels."""


@dataclass(frozen=True)
class Split:
    """A division of a data set.

    Attributes:
        sides: name → the frames on that side.
        left_out: reason → number of frames.
        rule: that divided it.
    """

    sides: Mapping[str, Dataset]
    left_out: Mapping[str, int]
    rule: Rule


def split_by(dataset: Dataset, rule: str) -> Split:
    """Divide a data set by one of `RULES`, or by the values of an attribute.

    Raises:
        ConfigError: no such rule and no such attribute.
        InputError: no frame carries the rule's attribute.
    """
    chosen = find_rule(dataset, rule)
    side_of = {value: side for side, values in chosen.sides.items() for value in values}
    votes: dict[str, Counter[str]] = {}
    left_out: Counter[str] = Counter()
    for frame in dataset:
        value = value_of(frame, chosen.attribute)
        if value in side_of:
            votes.setdefault(_unit(frame), Counter())[side_of[value]] += 1
        else:
            left_out[f"{chosen.attribute} is {value!r}" if value else "no attribute"] += 1
    order = list(chosen.sides)
    home = {unit: max(order, key=count.__getitem__) for unit, count in votes.items()}
    kept: dict[str, list[Frame]] = {side: [] for side in order}
    for frame in dataset:
        side = side_of.get(value_of(frame, chosen.attribute))
        if side is None:
            continue
        if home[_unit(frame)] == side:
            kept[side].append(frame)
        else:
            left_out["its drive is on another side"] += 1
    sides = {
        side: Dataset(f"{dataset.name}/{side}", tuple(frames), (), dataset.categories)
        for side, frames in kept.items()
    }
    return Split(sides, dict(sorted(left_out.items())), chosen)


def find_rule(dataset: Dataset, name: str) -> Rule:
    """The rule of that name if the set has its attribute; else a side for each value of `name`.

    Raises:
        ConfigError, InputError: as for `split_by`; two values would get one name of a file.
    """
    rule = RULES.get(name)
    words = {word for side in rule.sides.values() for word in side} if rule else set()
    if rule and any(frame.attributes.get(rule.attribute) in words for frame in dataset):
        return rule
    values = sorted({value for f in dataset if (value := value_of(f, name))})
    if not values:
        has = what_there_is(dataset)
        if rule:
            raise InputError(
                f"{dataset.name}: no frame has the attribute {rule.attribute!r} with one of the "
                f"values {', '.join(sorted(words))}. It has {has}"
            )
        raise ConfigError(
            f"--by {name}: neither a rule ({', '.join(RULES)}) nor an attribute of "
            f"{dataset.name}. It has {has}"
        )
    sides: dict[str, tuple[str, ...]] = {}
    for value in values:
        side = re.sub(r"[^\w-]+", "-", value).strip("-")[:MOST_LETTERS] or "other"
        if side in sides:
            raise ConfigError(f"--by {name}: {value!r} and {sides[side][0]!r} are too much alike")
        sides[side] = (value,)
    return Rule(name, sides)


def save_split(dataset: Dataset, rule: str, folder: Path | str) -> dict[str, Path]:
    """Write one manifest a side below `folder`: name of the side → JSON file.

    Each names the rule, the data set's fingerprint, what was left out and why, and the frames by
    id, digest and drive.

    Raises:
        ConfigError, InputError: as for `split_by`.
    """
    found = split_by(dataset, rule)
    chosen = found.rule
    written = {}
    for side, part in found.sides.items():
        path = Path(folder) / f"{side}.json"
        write_json(
            path,
            {
                "schema": SCHEMA,
                "rule": {"attribute": chosen.attribute, "values": list(chosen.sides[side])},
                "dataset": {"name": dataset.name, "frames": len(dataset),
                            "fingerprint": dataset.fingerprint},
                "left_out": dict(found.left_out),
                "frames": [
                    {"id": f.id, "sha256": f.digest, "sequence": f.sequence} for f in part
                ],
            },
        )  # fmt: skip
        written[side] = path
    return written


def _unit(frame: Frame) -> str:
    return frame.sequence or f"\0{frame.id}"
