"""Charts of measured conditions: how source and target are spread, which conditions are rare."""

from __future__ import annotations

from typing import Any

from isthmus.report import fields, wording
from isthmus.report.blocks import Chart, Key, Table
from isthmus.report.fields import Document
from isthmus.report.figures import theme

DOMAINS = ("source", "target")
_SIGNS = theme.Signs("domain", DOMAINS, (theme.SOURCE, theme.TARGET), ("diamond", "circle"))
_BARS = tuple(Key(key.label, key.colour, "■") for key in _SIGNS.legend())


def histogram(name: str, measure: Document) -> Chart | None:
    """Source and target over one measure, as shares of their frames; None without edges."""
    import altair as alt

    edges = fields.numbers(measure, "edges")
    shares = {name: fields.numbers(measure, name) for name in DOMAINS}
    if len(edges) < 2 or any(len(s) != len(edges) - 1 for s in shares.values()):
        return None
    rows: list[dict[str, Any]] = [
        {
            "domain": domain,
            "from": edges[i],
            "to": edges[i + 1],
            "share": share,
            "zero": 0,
            "range": f"{wording.number(edges[i])} to {wording.number(edges[i + 1])}",
            "shown": wording.percent(share),
        }
        for domain in DOMAINS
        for i, share in enumerate(shares[domain])
    ]
    label = fields.text(measure, "label") or wording.plain(fields.text(measure, "name", "measure"))
    unit = fields.text(measure, "unit")
    medians: list[dict[str, Any]] = [
        {"domain": domain, "median": fields.number(measure, f"{domain}_median")}
        for domain in DOMAINS
    ]
    x = alt.X("from:Q", title=unit or None, scale=alt.Scale(nice=False, zero=False))
    bars = (
        alt.Chart(theme.inline(rows))
        .mark_bar(opacity=0.55, cornerRadiusEnd=0, binSpacing=0)
        .encode(
            x=x,
            x2=alt.X2("to:Q"),
            y=alt.Y("share:Q", title="share of frames", axis=alt.Axis(format="%", tickCount=4)),
            y2=alt.Y2("zero:Q"),
            color=_SIGNS.colour(),
            tooltip=[
                alt.Tooltip("domain:N", title="domain"),
                alt.Tooltip("range:N", title=label),
                alt.Tooltip("shown:N", title="share of frames"),
            ],
        )
    )
    rules = (
        alt.Chart(theme.inline([m for m in medians if m["median"] is not None]))
        .mark_rule(strokeWidth=2, strokeDash=[5, 3])
        .encode(x=alt.X("median:Q"), color=_SIGNS.colour())
    )
    known = [(m["domain"], m["median"]) for m in medians if m["median"] is not None]
    shown = ", ".join(f"{name} {wording.number(value)}" for name, value in known)
    return Chart(
        name=name,
        title=label,
        caption=f"Median: {shown}." if shown else "An angle has no median.",
        spec=theme.spec_of(alt.layer(bars, rules), height=150),
        table=Table(
            caption=f"{label}: share of frames",
            columns=(unit or "Range", "Source", "Target"),
            rows=tuple(
                (rows[i]["range"], wording.percent(s), wording.percent(t))
                for i, (s, t) in enumerate(zip(shares["source"], shares["target"], strict=True))
            ),
            numeric=frozenset({"Source", "Target"}),
        ),
        legend=_BARS,
    )


def shares(conditions: list[Document]) -> Chart:
    """Share of frames in each condition, source and target, with 95 % intervals."""
    import altair as alt

    rows: list[dict[str, Any]] = []
    for item in conditions:
        label = fields.text(item, "label") or wording.plain(fields.text(item, "name"))
        for domain in DOMAINS:
            share = fields.number(item, f"{domain}_share")
            if share is None:
                continue
            low, high = fields.number(item, f"{domain}_low"), fields.number(item, f"{domain}_high")
            rows.append(
                {
                    "condition": f"{label} (rare)" if item.get("rare") is True else label,
                    "domain": domain,
                    "share": share,
                    "low": share if low is None else low,
                    "high": share if high is None else high,
                    "shown": f"{wording.percent(share)} {wording.percent_interval(low, high)}",
                }
            )
    x = alt.X("share:Q", title="share of frames", axis=alt.Axis(format="%"))
    x = x.scale(domainMin=0)
    base = alt.Chart(theme.inline(rows)).encode(
        y=alt.Y("condition:N", sort=None, title=None),
        yOffset=alt.YOffset("domain:N", sort=list(DOMAINS)),
        color=_SIGNS.colour(),
        tooltip=[
            alt.Tooltip("condition:N", title="condition"),
            alt.Tooltip("domain:N", title="domain"),
            alt.Tooltip("shown:N", title="share, 95 % interval"),
        ],
    )
    span = base.mark_rule(strokeWidth=2.5).encode(
        x=alt.X("low:Q", title="share of frames"), x2=alt.X2("high:Q")
    )
    dot = base.mark_point(filled=True, size=85, opacity=1).encode(
        x=x,
        shape=_SIGNS.shape(),
    )
    return Chart(
        name="condition-shares",
        title="How often each condition occurs",
        caption="Point: share of frames; bar: its 95 % interval. “Rare” marks what the target "
        "has and the source hardly shows.",
        spec=theme.spec_of(alt.layer(span, dot), height=alt.Step(theme.ROW / 1.7)),
        table=Table(
            caption="Share of frames in each condition",
            columns=("Condition", "Domain", "Share, 95 % interval"),
            rows=tuple((r["condition"], r["domain"], r["shown"]) for r in rows),
            numeric=frozenset({"Share, 95 % interval"}),
        ),
        legend=_SIGNS.legend(),
    )
