"""Charts of the explanation: what removes the gap, where it lies, under which conditions."""

from __future__ import annotations

import math
from typing import Any

from isthmus.report import fields, wording
from isthmus.report.blocks import Chart, Table
from isthmus.report.fields import Document
from isthmus.report.figures import theme

SCORES = {
    "witness": "their share of MMD²",
    "classifier": "a classifier that has not seen them",
    "distance": "the distance to the nearest frame of the other side",
}
NAMES = {"light": "light", "colour": "colour", "spectrum": "spectrum", "sharpness": "sharpness"}
NAMES["layout"] = "class and layout mix"
LOWEST = -1.0
"""Where an interval is cut off in the chart; the table holds it whole."""
PALE, DARK = "#f6efe9", "#a63f06"


def removed(rows: list[Document]) -> Chart:
    """Share of the gap that goes with each intervention, with intervals."""
    import altair as alt

    found = [_removal(row) for row in rows]
    domain = [min(0.0, *(r["from"] for r in found)), 1.0]
    x = {
        "scale": alt.Scale(domain=domain, nice=False),
        "axis": alt.Axis(title="share of the gap that goes", format="%"),
    }
    base = alt.Chart(theme.inline(found)).encode(y=alt.Y("name:N", sort=None, title=None))
    bar = base.mark_bar(size=18, color=theme.SOURCE, opacity=0.85).encode(
        x=alt.X("share:Q", **x),
        tooltip=[
            alt.Tooltip("name:N", title="matched"),
            alt.Tooltip("words:N", title="share, 95 % interval"),
        ],
    )
    span = base.mark_rule(strokeWidth=2, color="#1f2933").encode(
        x=alt.X("from:Q", **x), x2=alt.X2("high:Q")
    )
    return Chart(
        name="removed",
        title="How much of the gap goes when one kind of difference is taken away",
        caption="Bar: share of what stands above the noise floor (MMD² of all descriptors); line: "
        "its 95 % interval, cut off at −100 %.",
        spec=theme.spec_of(alt.layer(bar, span).properties(name="ink"), height=alt.Step(34)),
        table=Table(
            caption="Shares of the gap",
            columns=("Matched", "Share, 95 % interval", "MMD² before", "after", "p of the change"),
            rows=tuple((r["name"], r["words"], r["before"], r["after"], r["p"]) for r in found),
            numeric=frozenset({"MMD² before", "after"}),
        ),
    )


def matched(row: Document) -> str:
    """What an intervention matches, in words: "colour and sharpness"."""
    parts = fields.text(row, "intervention").split("+")
    return wording.listing([NAMES.get(part, wording.plain(part)) for part in parts])


def _removal(row: Document) -> dict[str, Any]:
    share, low, high = (fields.number(row, key) for key in ("share", "low", "high"))
    share = 0.0 if share is None else share
    return {
        "name": matched(row),
        "share": max(share, LOWEST),
        "from": max(share if low is None else low, LOWEST),
        "high": share if high is None else high,
        "words": f"{wording.percent(share, 0)} {wording.percent_interval(low, high, 0)}".strip(),
        "before": wording.number(fields.number(row, "before")),
        "after": wording.number(fields.number(row, "after")),
        "p": wording.p_value(fields.number(row, "change_p_value")),
    }


def grid_of(regions: Document) -> tuple[int, int]:
    """Rows and columns of the heat map."""
    rows = fields.sequence(regions, "value")
    return len(rows), len(rows[0]) if rows and isinstance(rows[0], list) else 0


def place_of(row: int, column: int, rows: int, columns: int) -> str:
    """A region in words: "at the bottom, in the middle"."""
    vertical = ("at the top", "half-way up", "at the bottom")[min(2, 3 * row // max(rows, 1))]
    sides = ("on the left", "in the middle", "on the right")
    return f"{vertical}, {sides[min(2, 3 * column // max(columns, 1))]}"


def regions(document: Document, *, name: str = "regions", of: str = "") -> Chart:
    """The heat map over the frame; `of` says whose it is."""
    import altair as alt

    cells = _cells(document)
    columns = grid_of(document)[1]
    top = max((cell["value"] for cell in cells), default=1.0)
    base = alt.Chart(theme.inline(cells)).encode(
        x=alt.X("column:O", title="left to right", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("row:O", title="top to bottom"),
        tooltip=[
            alt.Tooltip("words:N", title="MMD²"),
            alt.Tooltip("p:N", title="all regions together"),
        ],
    )
    area = base.mark_rect(stroke="white", strokeWidth=1).encode(
        color=alt.Color(
            "value:Q",
            scale=alt.Scale(domain=[0, max(top, 1e-9)], range=[PALE, DARK], clamp=True),
            legend=None,
        )
    )
    words = base.mark_text(fontSize=11).encode(
        text=alt.Text("words:N"),
        color=alt.condition(
            f"datum.value > {0.55 * top:.6f}", alt.value("white"), alt.value("#1f2933")
        ),
    )
    return Chart(
        name=name,
        title=f"The gap by region of the frame{of}",
        caption="MMD² between the same region of source and target frames; darker is larger. "
        "Near 0: no gap there.",
        spec=theme.spec_of(alt.layer(area, words), height=alt.Step(34)),
        table=Table(
            caption=f"Regions{of}",
            columns=("Row", "Column", "MMD²", "Noise floor", "Corrected p"),
            rows=tuple(
                (str(c["row"]), str(c["column"]), c["words"], c["floor"], c["p"]) for c in cells
            ),
            numeric=frozenset({"Row", "Column", "MMD²", "Noise floor"}),
        ),
        wide=columns > 6,
    )


def _cells(document: Document) -> list[dict[str, Any]]:
    grids = {key: fields.sequence(document, key) for key in ("value", "floor", "p_value")}
    cells = []
    for row, line in enumerate(grids["value"]):
        for column in range(len(line)):
            value, floor, p = (
                fields.number({"it": grids[key][row][column]}, "it") for key in grids
            )
            cells.append(
                {
                    "row": row + 1,
                    "column": column + 1,
                    "value": 0.0 if value is None else value,
                    "words": wording.number(value, 2),
                    "floor": wording.number(floor, 2),
                    "p": wording.p_value(p),
                }
            )
    return cells


def slices(matrix: Document) -> Chart:
    """Gap between every slice of the source and every slice of the target."""
    import altair as alt

    cells = [_slice(cell) for cell in fields.records(matrix, "cells")]
    cells.sort(key=lambda cell: (_natural(cell["source"]), _natural(cell["target"])))
    top = max((cell["ratio"] for cell in cells), default=1.0)
    names = [wording.attribute(fields.text(matrix, f"{r}_attribute")) for r in ("source", "target")]
    base = alt.Chart(theme.inline(cells)).encode(
        x=alt.X("target:N", sort=None, title=f"target: {names[1]}", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("source:N", sort=None, title=f"source: {names[0]}"),
        tooltip=[
            alt.Tooltip("value:N", title="MMD², 95 % interval"),
            alt.Tooltip("times:N", title="× noise floor"),
            alt.Tooltip("q:N", title="for all cells"),
            alt.Tooltip("frames:N", title="rests on"),
        ],
    )
    area = base.mark_rect(stroke="white", strokeWidth=2).encode(
        color=alt.Color(
            "ratio:Q",
            scale=alt.Scale(domain=[0, max(top, 1.0)], range=[PALE, DARK], clamp=True),
            legend=None,
        )
    )
    words = base.mark_text(fontSize=12).encode(
        text=alt.Text("times:N"),
        color=alt.condition(
            f"datum.ratio > {0.6 * top:.4f}", alt.value("white"), alt.value("#1f2933")
        ),
    )
    attribute = fields.text(matrix, "source_attribute")
    return Chart(
        name=f"slices-{attribute}",
        title=f"By {names[0].lower()}",
        caption="Multiples of the noise floor; p-values are corrected for the number of cells "
        "(Benjamini–Hochberg).",
        spec=theme.spec_of(alt.layer(area, words), height=alt.Step(theme.ROW)),
        table=Table(
            caption="Slices",
            columns=("Source", "Target", "MMD², 95 % interval", "× floor", "q", "Frames"),
            rows=tuple(
                (c["source"], c["target"], c["value"], c["times"], c["q"], c["frames"])
                for c in cells
            ),
            numeric=frozenset({"× floor"}),
        ),
    )


def _natural(name: str) -> tuple[float, str]:
    """Bins such as "56.8 to 96.7" in order of their numbers, words after them."""
    try:
        return float(name.split(" ", 1)[0].replace("\u2212", "-")), name
    except ValueError:
        return math.inf, name


def _slice(cell: Document) -> dict[str, Any]:
    ratio = fields.number(cell, "ratio")
    low, high = fields.number(cell, "low"), fields.number(cell, "high")
    return {
        "source": fields.text(cell, "source"),
        "target": fields.text(cell, "target"),
        "ratio": 0.0 if ratio is None else ratio,
        "times": wording.times(ratio),
        "value": f"{wording.number(fields.number(cell, 'value'))} "
        f"{wording.interval(low, high)}".strip(),
        "q": wording.p_value(fields.number(cell, "q_value")).replace("p", "q", 1),
        "frames": f"{fields.integer(cell, 'n')} and {fields.integer(cell, 'm')}",
    }
