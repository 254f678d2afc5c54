"""Looks that all charts share: colours that colour-blind readers can tell apart, quiet axes.

Colours are Okabe and Ito's (2008) set, darkened where they would be faint on white; a colour
never carries a meaning alone, there is always a label, a shape or a position with it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from isthmus.report.blocks import Key

SOURCE = "#0067a5"
TARGET = "#c4510a"
CONTROL = "#7b8794"
REFERENCE = "#7b8794"
ADAPTED = "#0067a5"
ORACLE = "#00735a"
CHOSEN = "#c4510a"
ALARM = "#b3261e"
GUIDE = "#7b8794"
SERIES = (
    "#7b8794",
    "#6a5acd",
    "#0067a5",
    "#d98200",
    "#00735a",
    "#b0447f",
    "#56a3d9",
    "#8c6d1f",
)
# What the study draws into its pictures of detections (`study/score_pictures.py`).
TRUTH = "#ffffff"
IGNORED = "#969696"
FOUND = ("#e66100", "#5dbcff", "#fde047", "#4ade80")
SHOWN_SCORE = 0.3
GLYPHS = {"circle": "●", "diamond": "◆", "square": "■", "triangle-up": "▲"}
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
        "labelFlush": False,
        "labelOverlap": True,
        "labelSeparation": 8,
        "domain": False,
        "ticks": False,
        "gridColor": "#e4e8ec",
        "labelColor": "#3e4c59",
        "titleColor": "#52606d",
    },
    "axisY": {"grid": False},
    "axisYBand": {"offset": 6},
    "axisYPoint": {"offset": 6},
    "axisQuantitative": {"grid": True, "tickCount": 6},
    "title": {"anchor": "start", "fontSize": 13, "fontWeight": 600, "color": "#1f2933"},
    "bar": {"cornerRadiusEnd": 2},
}


@dataclass(frozen=True)
class Signs:
    """How the values of one field are told apart: a colour and a shape each, and the legend.

    Legends are part of the page, not of the chart: they wrap on any screen.
    """

    field: str
    labels: tuple[str, ...]
    colours: tuple[str, ...]
    shapes: tuple[str, ...] = ("circle", "diamond", "square", "triangle-up")

    def colour(self) -> Any:
        """The colour channel."""
        import altair as alt

        scale = alt.Scale(domain=list(self.labels), range=self._cycled(self.colours))
        return alt.Color(f"{self.field}:N", sort=list(self.labels), scale=scale, legend=None)

    def shape(self) -> Any:
        """The shape channel."""
        import altair as alt

        scale = alt.Scale(domain=list(self.labels), range=self._cycled(self.shapes))
        return alt.Shape(f"{self.field}:N", sort=list(self.labels), scale=scale, legend=None)

    def legend(self) -> tuple[Key, ...]:
        """The legend."""
        colours, shapes = self._cycled(self.colours), self._cycled(self.shapes)
        return tuple(
            Key(label, colour, GLYPHS[shape])
            for label, colour, shape in zip(self.labels, colours, shapes, strict=True)
        )

    def _cycled(self, values: tuple[str, ...]) -> list[str]:
        return [values[i % len(values)] for i in range(len(self.labels))]


@contextlib.contextmanager
def unchecked() -> Iterator[None]:
    """Altair does not hold the parts of charts against its schema, which takes most of its time.

    The charts' forms are this package's own; its tests hold every spec against the schema.
    """
    from altair.utils import schemapi

    with schemapi.debug_mode(False):
        yield


def spec_of(chart: Any, *, height: Any = None) -> dict[str, Any]:
    """`chart` (Altair) as a plain Vega-Lite spec that fills the width it is given.

    The schema's address and Altair's own configuration are left out: the page sets one look
    for all charts, and nothing in the page may name a remote address.
    """
    chart = chart.properties(width="container")
    if height is not None:
        chart = chart.properties(height=height)
    spec: dict[str, Any] = chart.to_dict(validate=False)
    spec.pop("$schema", None)
    spec.pop("config", None)
    spec["autosize"] = {"type": "fit-x", "contains": "padding"}
    return spec


def inline(rows: list[dict[str, Any]]) -> Any:
    """`rows` as data that stay inside the spec, in their order."""
    import altair as alt

    return alt.InlineData(values=rows)
