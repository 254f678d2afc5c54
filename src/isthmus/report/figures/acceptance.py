"""Chart of how many objects hold at which strength of a translation."""

from __future__ import annotations

from isthmus.report import fields, wording
from isthmus.report.blocks import Chart, Table
from isthmus.report.fields import Document
from isthmus.report.figures import theme

SCHEMA = "isthmus.acceptance-curve/1"
_WORDS = {"keep": "kept", "ignore": "ignored", "reject": "rejected"}
_SIGNS = theme.Signs(
    "fate",
    tuple(_WORDS.values()),
    (theme.ADAPTED, "#b07600", theme.ALARM),
    ("circle", "square", "triangle-up"),
)


def curve(points: list[Document]) -> Chart | None:
    """Shares of objects kept, ignored and rejected against strength; None without points."""
    import altair as alt

    rows = []
    for point in points:
        strength = fields.number(point, "strength")
        for key, word in _WORDS.items():
            share = fields.number(point, key)
            if strength is not None and share is not None:
                rows.append({"strength": strength, "fate": word, "share": share})
    if not rows:
        return None
    chart = (
        alt.Chart(theme.inline(rows))
        .mark_line(point=alt.OverlayMarkDef(filled=True, size=70), strokeWidth=1.8)
        .encode(
            x=alt.X("strength:Q", title="strength of the translation"),
            y=alt.Y("share:Q", title="share of objects", axis=alt.Axis(format="%")),
            color=_SIGNS.colour(),
            shape=_SIGNS.shape(),
            tooltip=[
                alt.Tooltip("fate:N", title="objects"),
                alt.Tooltip("strength:Q", title="strength"),
                alt.Tooltip("share:Q", title="share", format=".1%"),
            ],
        )
    )
    boxes = max(fields.integer(point, "boxes") for point in points)
    columns = ("Strength", "Boxes", "Kept", "Ignored", "Rejected", "Structure distance, median")
    return Chart(
        name="acceptance",
        title="Objects that hold, by strength",
        caption=f"{wording.several(boxes, 'object')} looked at, the same ones at each strength.",
        spec=theme.spec_of(chart, height=240),
        table=Table(
            caption="Objects that hold, by strength",
            columns=columns,
            rows=tuple(
                (
                    wording.number(fields.number(point, "strength")),
                    wording.count(fields.integer(point, "boxes")),
                    *(wording.percent(fields.number(point, key)) for key in _WORDS),
                    wording.number(fields.number(point, "structure")),
                )
                for point in points
            ),
            numeric=frozenset(columns),
        ),
        legend=_SIGNS.legend(),
    )
