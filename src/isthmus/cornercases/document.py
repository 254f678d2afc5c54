"""The result document of the conditions: histograms, shares, examples, label attributes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.cornercases.corner_cases import CornerCase
from isthmus.cornercases.measures import MEASURES, Measure
from isthmus.cornercases.table import ConditionTable
from isthmus.data.frame import Frame
from isthmus.data.images import read_resized, write_jpeg

SCHEMA = "isthmus.conditions/1"
EXAMPLES = {"target": 3, "source": 1}
EXAMPLE_WIDTH = 360
MOST_VALUES = 20
DIGITS = 6

Document = dict[str, Any]


def conditions_document(
    source_table: ConditionTable,
    target_table: ConditionTable,
    cases: Sequence[CornerCase],
    source: Iterable[Frame],
    target: Iterable[Frame],
    *,
    folder: Path,
) -> Document:
    """What was measured and found, as JSON-like values in the published form.

    Args:
        source_table, target_table: measures of both sets.
        cases: from `find_corner_cases`.
        source, target: the frames, for their attributes and as examples. An `UnlabeledView` has
            no attributes: their shares in the target are then null.
        folder: where examples are written (below ``examples/``); paths in the document are
            relative to it.
    """
    frames = {"source": tuple(source), "target": tuple(target)}
    tables = {"source": source_table, "target": target_table}
    return {
        "schema": SCHEMA,
        "measures": [_histogram(measure, tables) for measure in MEASURES.values()],
        "conditions": [_condition(case, tables, frames, folder) for case in cases],
        "attributes": _attributes(frames["source"], frames["target"]),
    }


def _histogram(measure: Measure, tables: Mapping[str, ConditionTable]) -> Document:
    columns = {name: table.values[measure.name] for name, table in tables.items()}
    edges = measure.edges(*columns.values())
    row: Document = {
        "name": measure.name,
        "label": measure.label,
        "unit": measure.unit,
        "edges": edges,
    }
    for name, column in columns.items():
        counts = np.histogram(np.clip(column, edges[0], edges[-1]), edges)[0]
        row[name] = [round(float(share), DIGITS) for share in counts / len(column)]
    for name, column in columns.items():
        middle = None if measure.circular else round(float(np.median(column)), DIGITS)
        row[f"{name}_median"] = middle
    return row


def _condition(
    case: CornerCase,
    tables: Mapping[str, ConditionTable],
    frames: Mapping[str, tuple[Frame, ...]],
    folder: Path,
) -> Document:
    condition = case.condition
    row: Document = {
        "name": condition.name,
        "label": condition.label,
        "description": condition.description,
    }
    for side in ("source", "target"):
        for part in ("share", "low", "high"):
            row[f"{side}_{part}"] = round(float(getattr(case, f"{side}_{part}")), DIGITS)
    row |= {"rare": case.rare, "remedy": condition.remedy}
    for side, members in (("target", case.target_frames), ("source", case.source_frames)):
        chosen = _spread(members, tables[side].ids, EXAMPLES[side]) if case.rare else []
        by_id = {frame.id: frame for frame in frames[side]}
        row[f"{side}_examples"] = [
            _picture(by_id[name], folder) for name in chosen if name in by_id
        ]
    return row


def _spread(members: Sequence[str], order: Sequence[str], count: int) -> list[str]:
    """The most typical member of each of `count` stretches: neighbours in a video look alike."""
    rank = {name: i for i, name in enumerate(members)}
    in_order = [name for name in order if name in rank]
    stretches = [part for part in np.array_split(np.arange(len(in_order)), count) if len(part)]
    return [min((in_order[i] for i in part), key=rank.__getitem__) for part in stretches]


def _picture(frame: Frame, folder: Path) -> str:
    name = f"examples/{frame.digest[:16]}.jpg"
    path = folder / name
    if not path.exists():
        width = min(EXAMPLE_WIDTH, frame.width)
        height = max(1, round(frame.height * width / frame.width))
        write_jpeg(path, read_resized(frame.image, width, height))
    return name


def _attributes(source: Sequence[Frame], target: Sequence[Frame]) -> list[Document]:
    """Shares of each value of each label attribute; the most frequent values of each."""
    names = dict.fromkeys(name for frame in source for name in frame.attributes)
    in_target = {name for frame in target for name in frame.attributes}
    rows = []
    for name in names:
        ours = Counter(f.attributes[name] for f in source if name in f.attributes)
        theirs = Counter(f.attributes[name] for f in target if name in f.attributes)
        values = sorted(ours | theirs, key=lambda value: (-ours[value], -theirs[value], value))
        rows += [
            {
                "attribute": name,
                "value": value,
                "source_share": round(ours[value] / len(source), DIGITS),
                "target_share": round(theirs[value] / len(target), DIGITS)
                if name in in_target
                else None,
            }
            for value in values[:MOST_VALUES]
        ]
    return rows
