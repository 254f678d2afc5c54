"""Tables and sentences from records whose keys the report does not know in advance."""

from __future__ import annotations

from typing import Any

from isthmus.report import fields, wording
from isthmus.report.blocks import Table, Text
from isthmus.report.fields import Document

_DEPTH = 4


def loose_table(caption: str, entries: list[Document], *, folded: bool = False) -> Table:
    """A table of records: one column a key, in order of first appearance."""
    keys = list(dict.fromkeys(str(key) for entry in entries for key in entry))
    numeric = {
        wording.plain(key)
        for key in keys
        if all(isinstance(e.get(key), int | float) or e.get(key) is None for e in entries)
    }
    return Table(
        caption=caption,
        columns=tuple(wording.plain(key) for key in keys),
        rows=tuple(tuple(cell(entry.get(key)) for key in keys) for entry in entries),
        numeric=frozenset(numeric),
        folded=folded,
    )


def cell(value: Any) -> str:
    """Any JSON value as text for one cell."""
    if value is None:
        return wording.MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return wording.count(value)
    if isinstance(value, float):
        return wording.number(value)
    if isinstance(value, list | tuple):
        return ", ".join(cell(item) for item in value) or wording.MISSING
    if isinstance(value, dict):
        return ", ".join(f"{key} {cell(item)}" for key, item in value.items()) or wording.MISSING
    return str(value)


def sentence(value: Any) -> str:
    """A record as one line: its `text`, `message` or `reason` first, the rest in brackets."""
    if not isinstance(value, dict):
        return cell(value)
    leading = next(
        (k for k in ("text", "message", "reason") if isinstance(value.get(k), str)), None
    )
    rest = "; ".join(f"{wording.plain(k)}: {cell(v)}" for k, v in value.items() if k != leading)
    if leading is None:
        return rest
    return f"{value[leading]} ({rest})" if rest else str(value[leading])


def flat(document: Document, *, prefix: str = "", depth: int = 0) -> list[tuple[str, str]]:
    """Nested records as (name, value) rows; names are joined by a dot."""
    rows: list[tuple[str, str]] = []
    for key, value in document.items():
        name = f"{prefix} · {key}" if prefix else str(key)
        if isinstance(value, dict) and value and depth < _DEPTH:
            rows.extend(flat(value, prefix=name, depth=depth + 1))
        else:
            rows.append((name, str(value) if isinstance(value, int) else cell(value)))
    return rows


def problems_table(problems: list[Document]) -> Table | Text:
    """What was skipped, or used with a remark; a sentence if nothing was."""
    if not problems:
        return Text("Nothing was skipped.", "note")
    columns = ("Item", "Kind", "Reason", "Count")
    rows = tuple(
        (
            *(fields.text(problem, key, wording.MISSING) for key in ("path", "kind", "reason")),
            wording.count(fields.integer(problem, "count") or 1),
        )
        for problem in problems
    )
    return Table("Skipped, or used with a remark", columns, rows, frozenset({"Count"}))
