"""What is there of what should be: fields of frames, labels, and cells of attributes' values.

A word such as "undefined" or "unknown" says nothing: it counts as missing. Cells are combinations
of attributes' values; t-way coverage is the share of all combinations of any t attributes' values
that some frame shows (Kuhn, Kacker & Lei, "Introduction to combinatorial testing", 2013).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from isthmus.data.dataset import Dataset
from isthmus.data.frame import Frame

NOTHING_SAID = frozenset({"", "undefined", "unknown", "none given", "n/a", "null"})
MOST_VALUES = 20
"""An attribute of more values than this is a name, not a condition."""

Row = Mapping[str, str]
Combination = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Completeness:
    """Of a data set.

    Attributes:
        fields: field of a frame → share of frames in which it is known.
        labelled: share of frames that carry labels; `empty`: of these, without any object.
        box_fields: field of a box → share of boxes in which it is known.
        missing_cells: pairs of label attributes' values that occur, but not together.
    """

    fields: dict[str, float]
    labelled: float
    empty: float
    box_fields: dict[str, float]
    missing_cells: tuple[Combination, ...]


def completeness(dataset: Dataset) -> Completeness:
    """What is known of the frames and boxes of `dataset`."""
    n = max(1, len(dataset))
    fields: dict[str, float] = {}
    for name in ("sequence", "split"):
        fields[name] = sum(_said(getattr(frame, name)) for frame in dataset) / n
    for name in ("camera", "depth", "semantic", "instance"):
        fields[name] = sum(getattr(frame, name) is not None for frame in dataset) / n
    for name in sorted({key for frame in dataset for key in frame.attributes}):
        fields[f"attributes.{name}"] = sum(_said(f.attributes.get(name, "")) for f in dataset) / n
    labelled = [frame for frame in dataset if frame.objects is not None]
    boxes = [box for frame in labelled for box in frame.objects or ()]
    return Completeness(
        fields,
        len(labelled) / n,
        sum(not frame.objects for frame in labelled) / max(1, len(labelled)),
        {
            name: sum(getattr(box, name) is not None for box in boxes) / len(boxes)
            for name in ("occluded", "truncated", "instance")
            if boxes
        },
        tuple(_missing_cells(dataset.frames)),
    )


def _said(value: str) -> bool:
    return value.strip().lower() not in NOTHING_SAID


def _missing_cells(frames: Sequence[Frame]) -> Iterator[Combination]:
    rows = [{k: v for k, v in frame.attributes.items() if _said(v)} for frame in frames]
    values: dict[str, dict[str, None]] = {}
    for row in rows:
        for name, value in row.items():
            values.setdefault(name, {})[value] = None
    known = {n: tuple(sorted(v)) for n, v in sorted(values.items()) if 1 < len(v) <= MOST_VALUES}
    yield from t_way(rows, known, min(2, len(known))).missing if len(known) > 1 else ()


@dataclass(frozen=True)
class Coverage:
    """t-way coverage.

    Attributes:
        strength: t.
        covered, possible: number of combinations that some row shows, and that can be.
        counts: combination → rows, for those that can be and occur.
        missing: those that can be and do not occur.
    """

    strength: int
    covered: int
    possible: int
    counts: Mapping[Combination, int]
    missing: tuple[Combination, ...]

    @property
    def share(self) -> float:
        """Covered of the possible ones; 1 if none is possible."""
        return self.covered / self.possible if self.possible else 1.0


def t_way(
    rows: Sequence[Row],
    values: Mapping[str, Sequence[str]],
    strength: int,
    never: Sequence[Row] = (),
) -> Coverage:
    """Which combinations of `strength` attributes' values occur among `rows`.

    Args:
        rows: attribute → value of each frame; what is absent or not in `values` counts nowhere.
        values: attribute → the values it can have.
        strength: t, from 1 to the number of attributes.
        never: combinations that cannot be; any combination that holds one is left out.
    """
    counts: Counter[Combination] = Counter()
    names = tuple(values)
    for row in rows:
        seen = [(name, row[name]) for name in names if row.get(name) in values[name]]
        counts.update(combinations(seen, strength))
    possible = [
        combination
        for chosen in combinations(names, strength)
        for combination in (
            tuple(zip(chosen, some, strict=True)) for some in product(*(values[c] for c in chosen))
        )
        if not _forbidden(combination, never)
    ]
    found = {c: counts[c] for c in possible if counts[c]}
    missing = tuple(c for c in possible if not counts[c])
    return Coverage(strength, len(found), len(possible), found, missing)


def _forbidden(combination: Combination, never: Sequence[Row]) -> bool:
    has = dict(combination)
    return any(all(has.get(name) == value for name, value in rule.items()) for rule in never)
