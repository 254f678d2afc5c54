"""Charts of the gap: every metric against its noise floor, by kind of difference, by layer.

A metric's value has no scale of its own. Divided by its noise floor (the same metric between
two halves of one domain) it has: 1 is what chance alone gives, 5 is five times that. The axis is
a symmetric logarithm: unbiased estimates may lie at zero or below it.
"""

from __future__ import annotations

import math
from statistics import median
from typing import Any

from isthmus.report import fields, wording
from isthmus.report import layers as layers_of
from isthmus.report.blocks import Chart, Table
from isthmus.report.fields import Document
from isthmus.report.figures import theme

KINDS = ("colour and light", "texture", "shape", "semantic", "all")
# In the order of their worth: the floor's own tick is never given up for a neighbour.
_TICKS = (1, 0, 10, 100, 1000, 10000, -10, -100, 2, 5, -2, 50, 20, 500, 200, -5, -50, -20)
_LABEL = 340  # pixels: the longest name of a layer (see `layers.WIDEST`) is not cut off
_LEAST_STEP = 0.08  # of the axis, between two ticks: their labels stay apart on narrow screens


def ratio_rows(estimates: list[Document], labels: dict[str, str]) -> list[dict[str, Any]]:
    """One row an estimate that has a ratio: the ratio and its interval, on the floor's scale."""
    rows = []
    names = layers_of.short_names(estimates)
    for item in estimates:
        ratio, floor = fields.number(item, "ratio"), fields.number(item, "floor")
        if ratio is None or floor is None or floor <= 0:
            continue
        low, high = fields.number(item, "low"), fields.number(item, "high")
        rows.append(
            {
                "pair": labels.get(fields.text(item, "pair"), fields.text(item, "pair")),
                "metric": wording.metric(fields.text(item, "metric")),
                "kind": fields.text(item, "kind", "all"),
                "place": names[layers_of.place_of(item)],
                "extractor": fields.text(item, "extractor"),
                "deep": layers_of.is_deep(item),
                "ratio": round(ratio, 5),
                "low": round(ratio if low is None else low / floor, 5),
                "high": round(ratio if high is None else high / floor, 5),
                "value": f"{wording.number(fields.number(item, 'value'))} "
                f"{wording.interval(low, high)}".strip(),
                "times": wording.times(ratio),
                "p": wording.p_value(fields.number(item, "p_value")),
                "sample": sample(item),
            }
        )
    return rows


def sample(item: Document) -> str:
    """How much an estimate rests on: frames, and the independent units of them where known.

    A unit of one frame is no block: such frames are called independent.
    """
    frames = [fields.integer(item, name) for name in ("n", "m")]
    units = [fields.integer(item, name) for name in ("units_x", "units_y")]
    shown = [wording.count(amount) for amount in frames]
    kind = "blocks" if fields.number(item, "block_length") else "units"
    if fields.text(fields.record(item, "params"), "units") == "sequences":
        kind = "sequences"
    if not all(units):
        return f"{shown[0]} and {shown[1]} frames"
    alone = [a == b for a, b in zip(frames, units, strict=True)]
    if all(alone):
        return f"{shown[0]} and {shown[1]} independent frames"
    if not any(alone):
        return f"{shown[0]} and {shown[1]} frames in {units[0]} and {units[1]} {kind}"
    sides = [
        f"{s} independent frames" if single else f"{s} frames in {u} {kind}"
        for s, u, single in zip(shown, units, alone, strict=True)
    ]
    return " and ".join(sides)


def ratios(name: str, title: str, rows: list[dict[str, Any]], pairs: list[str]) -> Chart:
    """Every metric's ratio to its noise floor, one colour a pair of samples."""
    import altair as alt

    rows = [row for row in rows if row["pair"] in pairs]
    x = _axis([row[key] for row in rows for key in ("low", "high")])
    y = alt.Y("metric:N", sort=None, title=None)
    offset = alt.YOffset("pair:N", sort=pairs)
    signs = theme.Signs("pair", tuple(pairs), (theme.TARGET, *theme.SERIES))
    base = alt.Chart(theme.inline(rows)).encode(y=y, yOffset=offset, tooltip=_tips())
    span = base.mark_rule(strokeWidth=2.5).encode(
        x=alt.X("low:Q", **x), x2=alt.X2("high:Q"), color=signs.colour()
    )
    dot = base.mark_point(filled=True, size=95, opacity=1).encode(
        x=alt.X("ratio:Q", **x), color=signs.colour(), shape=signs.shape()
    )
    chart = alt.layer(_floor_line(x), span, dot)
    return Chart(
        name=name,
        title=title,
        caption="Point: estimate; bar: its 95 % interval; dashed line: the noise floor. Further "
        "right is a larger gap; left of the line is no more than chance.",
        spec=theme.spec_of(chart, height=alt.Step(theme.ROW / 1.6)),
        table=ratio_table(rows),
        legend=signs.legend(),
    )


def kinds(rows: list[dict[str, Any]], pair: str, control: str | None) -> Chart:
    """How large the gap is in each kind of difference: median over metrics, and each metric."""
    import altair as alt

    every, rows = rows, [r for r in rows if r["deep"]]
    present = [k for k in KINDS[:-1] if any(r["kind"] == k and r["pair"] == pair for r in rows)]
    seen = dict.fromkeys(r["place"] for r in rows if r["kind"] == "semantic")
    which = "its layers" if len(rows) == len(every) else "the last third of its layers"
    deep = f": {which}, here {'; '.join(seen)}" if seen else ""
    bars: list[dict[str, Any]] = []
    marks: list[dict[str, Any]] = []
    for kind in present:
        of_kind = [r for r in rows if r["kind"] == kind]
        values = [r["ratio"] for r in of_kind if r["pair"] == pair]
        noise = [r["ratio"] for r in of_kind if r["pair"] == control]
        bars.append(
            {
                "kind": wording.plain(wording.kind(kind)),
                "ratio": median(values),
                "zero": 0,
                "noise": median(noise) if noise else None,
                "times": wording.times(median(values)),
                "over": wording.several(len(values), "estimate"),
            }
        )
        marks.extend(r | {"kind": bars[-1]["kind"]} for r in of_kind if r["pair"] == pair)
    shown = [m["ratio"] for m in marks] + [b["noise"] for b in bars if b["noise"] is not None]
    x = _axis([0.0, *shown])
    y = alt.Y("kind:N", sort=None, title=None)
    base = alt.Chart(theme.inline(bars)).encode(y=y)
    bar = base.mark_bar(size=20, color=theme.SOURCE, opacity=0.85).encode(
        x=alt.X("zero:Q", **x),
        x2=alt.X2("ratio:Q"),
        tooltip=[
            alt.Tooltip("kind:N", title="kind"),
            alt.Tooltip("times:N", title="median"),
            alt.Tooltip("over:N", title="over"),
        ],
    )
    tick = base.mark_tick(thickness=3, size=24, color=theme.CONTROL).encode(x=alt.X("noise:Q", **x))
    dots = (
        alt.Chart(theme.inline(marks))
        .mark_circle(size=34, color="#1f2933", opacity=0.65)
        .encode(x=alt.X("ratio:Q", **x), y=y, tooltip=_tips())
        .properties(name="ink")
    )
    return Chart(
        name="gap-kinds",
        title="Which kind of difference",
        caption="Bar: median ratio over metrics and layers; dots: each of them; grey mark: the "
        "same median within the source; dashed line: the noise floor. Semantic content is what "
        f"a network's deep features see in the pictures{deep}. Ratios of different kinds compare "
        "only roughly.",
        spec=theme.spec_of(alt.layer(_floor_line(x), bar, tick, dots), height=alt.Step(40)),
        table=Table(
            caption="Gap by kind of difference",
            columns=("Kind", "Median ratio to noise floor", "Within the source", "Over"),
            rows=tuple((b["kind"], b["times"], wording.times(b["noise"]), b["over"]) for b in bars),
            numeric=frozenset({"Median ratio to noise floor", "Within the source"}),
        ),
    )


def layers(rows: list[dict[str, Any]], pair: str) -> Chart:
    """Ratio to the noise floor of every metric at every layer, as a coloured table."""
    import altair as alt

    rows = [r for r in rows if r["pair"] == pair]
    base = alt.Chart(theme.inline(rows)).encode(
        x=alt.X(
            "metric:N",
            sort=None,
            title=None,
            axis=alt.Axis(
                orient="bottom",
                labelAngle=0,
                labelOverlap=False,
                labelExpr="split(datum.label, ' ')",
            ),
        ),
        y=alt.Y("place:N", sort=None, title=None, axis=alt.Axis(labelLimit=_LABEL)),
        tooltip=_tips(),
    )
    top = max(r["ratio"] for r in rows)
    cell = base.mark_rect(stroke="white", strokeWidth=2).encode(
        color=alt.Color(
            "ratio:Q",
            scale=alt.Scale(
                type="log", domain=[1, max(2.0, top)], range=["#eef3f7", "#0b4f7d"], clamp=True
            ),
            legend=None,
        )
    )
    words = base.mark_text(fontSize=12).encode(
        text=alt.Text("times:N"),
        color=alt.condition(
            f"datum.ratio > {max(2.0, top) ** 0.66:.4f}", alt.value("white"), alt.value("#1f2933")
        ),
    )
    return Chart(
        name="gap-layers",
        title="Where in the features",
        caption="Ratio to the noise floor for every layer (rows) and metric (columns); darker is "
        f"further above chance. Descriptors measure colour, texture and shape.{_networks(rows)}",
        spec=theme.spec_of(alt.layer(cell, words), height=alt.Step(theme.ROW)),
        table=ratio_table(rows),
        wide=True,
    )


def _networks(rows: list[dict[str, Any]]) -> str:
    """What the rows of networks are."""
    own = "compact" in {r["extractor"] for r in rows}
    if own:
        return " Compact is the study's detector, from its first layer (c1) to its last (neck)."
    seen = any(r["kind"] == "semantic" for r in rows)
    return " Layers of a network stand in the order in which they were asked for." if seen else ""


def ratio_table(rows: list[dict[str, Any]]) -> Table:
    """The numbers behind the ratio charts."""
    columns = ("Samples", "Features", "Metric", "Value, 95 % interval", "× floor", "p", "Rests on")
    keys = ("pair", "place", "metric", "value", "times", "p", "sample")
    return Table(
        caption="Estimates",
        columns=columns,
        rows=tuple(tuple(str(row[key]) for key in keys) for row in rows),
        numeric=frozenset({"× floor"}),
    )


def _axis(values: list[float]) -> dict[str, Any]:
    """Scale and axis that hold all of `values`, zero's neighbourhood and the floor."""
    import altair as alt

    low, high = min([0.0, *values]), max([1.5, *values])
    domain = [low - 0.15 * (1 + abs(low)), high + 0.1 * (1 + high)]
    return {
        "scale": alt.Scale(type="symlog", constant=1, domain=domain, nice=False, zero=False),
        "axis": alt.Axis(
            title="times the noise floor (logarithmic)",
            values=_ticks(domain),
            format="d",
        ),
    }


def _ticks(domain: list[float]) -> list[int]:
    """The worthiest ticks that stand far enough apart on the axis."""
    places = {v: math.copysign(math.log1p(abs(v)), v) for v in (*_TICKS, *domain)}  # symlog
    least = _LEAST_STEP * (places[domain[1]] - places[domain[0]])
    chosen: list[int] = []
    for tick in _TICKS:
        inside = domain[0] <= tick <= domain[1]
        if inside and all(abs(places[tick] - places[other]) >= least for other in chosen):
            chosen.append(tick)
    return sorted(chosen)


def _floor_line(x: dict[str, Any]) -> Any:
    import altair as alt

    base = alt.Chart(theme.inline([{"floor": 1, "name": "1 = noise floor"}]))
    base = base.encode(x=alt.X("floor:Q", **x))
    line = base.mark_rule(color=theme.GUIDE, strokeDash=[4, 3])
    # Named at the line: where ticks are thinned out, the axis may lose its 1.
    name = base.mark_text(baseline="bottom", fontSize=11, color=theme.GUIDE)
    return alt.layer(line, name.encode(y=alt.value(-3), text=alt.Text("name:N")))


def _tips() -> list[Any]:
    import altair as alt

    shown = (
        ("pair", "samples"),
        ("metric", "metric"),
        ("place", "features"),
        ("value", "value, 95 % interval"),
        ("times", "× noise floor"),
        ("p", "test"),
        ("sample", "rests on"),
    )
    return [alt.Tooltip(f"{key}:N", title=title) for key, title in shown]
