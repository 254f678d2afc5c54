"""Chart of AP50 over labelled target frames, with the arm that needs none."""

from __future__ import annotations

from typing import Any

from isthmus.report import fields, wording
from isthmus.report.blocks import Chart, Table
from isthmus.report.fields import Document
from isthmus.report.figures import theme


def label_curve(curve: Document, arm: Document, name: str) -> Chart | None:
    """AP50 of training with few labels, and the level of the chosen arm called `name`."""
    import altair as alt

    rows: list[dict[str, Any]] = []
    for point in fields.records(curve, "points"):
        frames, value = fields.number(point, "frames"), fields.number(point, "mean")
        if frames is None or value is None:
            continue
        low, high = fields.number(point, "low"), fields.number(point, "high")
        rows.append(
            {
                "frames": frames,
                "ap": value,
                "low": value if low is None else low,
                "high": value if high is None else high,
                "shown": wording.percent_estimate(point, key="mean"),
            }
        )
    entry = fields.record(fields.record(arm, "ap50"), "mean")
    level = fields.number(entry, "mean")
    if len(rows) < 2 or level is None:
        return None
    base = alt.Chart(theme.inline(rows)).encode(
        x=alt.X("frames:Q", axis=alt.Axis(title="labelled target frames")),
        tooltip=[
            alt.Tooltip("frames:Q", title="labelled frames"),
            alt.Tooltip("shown:N", title="AP50, 95 % interval"),
        ],
    )
    y = alt.Y("low:Q", axis=alt.Axis(format="%", title="AP50"), scale=alt.Scale(zero=True))
    span = base.mark_rule(strokeWidth=2.5, color=theme.ORACLE).encode(y=y, y2=alt.Y2("high:Q"))
    line = base.mark_line(color=theme.ORACLE).encode(y=alt.Y("ap:Q"))
    dot = base.mark_point(filled=True, size=80, opacity=1, color=theme.ORACLE).encode(
        y=alt.Y("ap:Q")
    )
    rule = (
        alt.Chart(
            theme.inline([{"ap": level, "shown": wording.percent_estimate(entry, key="mean")}])
        )
        .mark_rule(color=theme.CHOSEN, strokeWidth=2, strokeDash=[6, 3])
        .encode(y=alt.Y("ap:Q"), tooltip=[alt.Tooltip("shown:N", title=name)])
    )
    return Chart(
        name="label-curve",
        title="Label some target frames instead?",
        caption=f"Line: the fair source with so many labelled target frames, 95 % intervals. "
        f"Dashed: {name}, which needs none.",
        spec=theme.spec_of(alt.layer(span, line, dot, rule), height=220),
        table=Table(
            caption="AP50 with labelled target frames",
            columns=("Labelled frames", "AP50, 95 % interval"),
            rows=tuple((f"{row['frames']:.0f}", row["shown"]) for row in rows),
            numeric=frozenset({"Labelled frames", "AP50, 95 % interval"}),
        ),
    )
