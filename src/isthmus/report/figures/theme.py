"""Looks that all charts share: colours that colour-blind readers can tell apart, quiet axes.

Colours are Okabe and Ito's (2008) set, darkened where they would be faint on white; a colour
never carries a meaning alone, there is always a label, a shape or a position with it.
"""

from __future__ import annotations

from typing import Any

SOURCE = "#0067a5"
TARGET = "#c4510a"
CONTROL = "#7b8794"
REFERENCE = "#7b8794"
ADAPTED = "#0067a5"
ORACLE = "#00735a"
CHOSEN = "#c4510a"
ALARM = "#b3261e"
LINE = "#c9d1d9"
SERIES = (
    "#7b8794",
    "#1f2933",
    "#0067a5",
    "#d98200",
    "#00735a",
    "#b0447f",
    "#56a3d9",
    "#8c6d1f",
)
ROW = 30
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

CONFIG: dict[str, Any] = {
    "background": None,
    "font": FONT,
    "padding": {"left": 4, "right": 16, "top": 6, "bottom": 4},
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": 500,
        "titlePadding": 8,
        "labelPadding": 5,
        "labelLimit": 190,
        "labelFlush": False,
        "domain": False,
        "ticks": False,
        "gridColor": "#e4e8ec",
        "labelColor": "#3e4c59",
        "titleColor": "#52606d",
    },
    "axisY": {"grid": False},
    "axisQuantitative": {"grid": True, "tickCount": 6},
    "legend": {
        "orient": "top",
        "title": None,
        "labelFontSize": 12,
        "labelColor": "#3e4c59",
        "labelLimit": 320,
        "symbolSize": 90,
        "symbolBaseFillColor": "#7b8794",
        "symbolBaseStrokeColor": "#7b8794",
        "offset": 6,
        "columnPadding": 18,
    },
    "title": {"anchor": "start", "fontSize": 13, "fontWeight": 600, "color": "#1f2933"},
    "bar": {"cornerRadiusEnd": 2},
}


def spec_of(chart: Any, *, height: Any = None) -> dict[str, Any]:
    """`chart` (Altair) as a plain Vega-Lite spec that fills the width it is given.

    The schema's address and Altair's own configuration are left out: the page sets one look
    for all charts, and nothing in the page may name a remote address.
    """
    chart = chart.properties(width="container")
    if height is not None:
        chart = chart.properties(height=height)
    spec: dict[str, Any] = chart.to_dict()
    spec.pop("$schema", None)
    spec.pop("config", None)
    spec["autosize"] = {"type": "fit-x", "contains": "padding"}
    return spec


def inline(rows: list[dict[str, Any]]) -> Any:
    """`rows` as data that stay inside the spec, in their order."""
    import altair as alt

    return alt.InlineData(values=rows)
