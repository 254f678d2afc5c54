"""Charts of the detector's scores: each arm with its interval and seeds, gap closed, harm."""

from __future__ import annotations

from typing import Any

from isthmus.report import fields, wording
from isthmus.report.blocks import Chart, Key, Table
from isthmus.report.fields import Document
from isthmus.report.figures import theme

REFERENCE, ADAPTED, CHOSEN, ORACLE = "reference", "adapted", "chosen", "oracle"
_SIGNS = theme.Signs(
    "role",
    (REFERENCE, ADAPTED, CHOSEN, ORACLE),
    (theme.REFERENCE, theme.ADAPTED, theme.CHOSEN, theme.ORACLE),
    ("square", "circle", "diamond", "triangle-up"),
)
_CALM, _WORSE = "no alarm", "alarm: worse"
_REFERENCE_LEVELS = {"", "baseline", "source", "reference", "none", "control"}


def label(arm: Document) -> str:
    """The readable name of an arm."""
    return fields.text(arm, "label") or wording.plain(fields.text(arm, "name", "arm"))


def role(arm: Document, chosen: str) -> str:
    """What an arm is in the comparison: reference, adapted, chosen (without labels) or oracle."""
    name, level = fields.text(arm, "name"), fields.text(arm, "level").lower()
    if name == chosen:
        return CHOSEN
    if "oracle" in (name, level) or name.startswith("labels_"):
        return ORACLE
    return REFERENCE if level in _REFERENCE_LEVELS else ADAPTED


def average_precision(
    name: str, arms: list[Document], of_class: str, *, chosen: str, rests_on: str, title: str
) -> Chart:
    """AP50 of every arm for one class (or `mean`): interval over seeds and frames, each seed.

    `name` identifies the chart in the page; class names may hold any character.
    """
    import altair as alt

    rows: list[dict[str, Any]] = []
    seeds: list[dict[str, Any]] = []
    for arm in arms:
        entry = fields.record(fields.record(arm, "ap50"), of_class)
        value = fields.number(entry, "mean")
        if value is None:
            continue
        low, high = fields.number(entry, "low"), fields.number(entry, "high")
        each = fields.numbers(entry, "per_seed")
        common = {"arm": label(arm), "role": role(arm, chosen)}
        rows.append(
            common
            | {
                "ap": value,
                "low": value if low is None else low,
                "high": value if high is None else high,
                "shown": wording.percent_estimate(entry, key="mean"),
                "seeds": ", ".join(wording.percent(v) for v in each) or wording.MISSING,
                "count": str(len(each)) if each else wording.MISSING,
            }
        )
        seeds.extend(common | {"ap": v, "shown": wording.percent(v)} for v in each)
    axis = alt.Axis(format="%", title="AP50")
    y = alt.Y("arm:N", sort=None, title=None)
    tips = [
        alt.Tooltip("arm:N", title="arm"),
        alt.Tooltip("shown:N", title="AP50, 95 % interval"),
        alt.Tooltip("seeds:N", title="each seed"),
    ]
    base = alt.Chart(theme.inline(rows)).encode(y=y, tooltip=tips)
    span = base.mark_rule(strokeWidth=3).encode(
        x=alt.X("low:Q", axis=axis, scale=alt.Scale(domain=_domain(rows), nice=False)),
        x2=alt.X2("high:Q"),
        color=_SIGNS.colour(),
    )
    dot = base.mark_point(filled=True, size=110, opacity=1).encode(
        x=alt.X("ap:Q"), color=_SIGNS.colour(), shape=_SIGNS.shape()
    )
    each_seed = (
        alt.Chart(theme.inline(seeds))
        .mark_tick(thickness=1.5, size=15, color="#1f2933", opacity=0.65)
        .encode(x=alt.X("ap:Q"), y=y)
        .properties(name="ink")
    )
    return Chart(
        name=name,
        title=title,
        caption=f"Point: mean over seeds; bar: 95 % interval; thin marks: each seed. {rests_on}",
        spec=theme.spec_of(alt.layer(span, each_seed, dot), height=alt.Step(theme.ROW)),
        table=Table(
            caption=f"{title}: every arm",
            columns=("Arm", "AP50, 95 % interval", "Each seed", "Seeds"),
            rows=tuple((r["arm"], r["shown"], r["seeds"], r["count"]) for r in rows),
            numeric=frozenset({"AP50, 95 % interval", "Seeds"}),
        ),
        legend=_SIGNS.legend(),
    )


def gap_closed(arms: list[Document], *, chosen: str) -> Chart | None:
    """Share of the gap that each arm closed; None when it is defined for no arm."""
    import altair as alt

    rows: list[dict[str, Any]] = []
    for arm in arms:
        entry = fields.record(arm, "gap_closed")
        value = fields.number(entry, "value")
        if value is None or entry.get("defined") is False:
            continue
        low, high = fields.number(entry, "low"), fields.number(entry, "high")
        rows.append(
            {
                "arm": label(arm),
                "role": role(arm, chosen),
                "closed": value,
                "low": value if low is None else low,
                "high": value if high is None else high,
                "shown": wording.percent_estimate(entry, 0),
            }
        )
    if not rows:
        return None
    x = alt.X("low:Q", axis=alt.Axis(format="%", title="share of the gap that was closed"))
    base = alt.Chart(theme.inline(rows)).encode(
        y=alt.Y("arm:N", sort=None, title=None),
        tooltip=[
            alt.Tooltip("arm:N", title="arm"),
            alt.Tooltip("shown:N", title="gap closed, 95 % interval"),
        ],
    )
    span = base.mark_rule(strokeWidth=3).encode(x=x, x2=alt.X2("high:Q"), color=_SIGNS.colour())
    dot = base.mark_point(filled=True, size=110, opacity=1).encode(
        x=alt.X("closed:Q"), color=_SIGNS.colour(), shape=_SIGNS.shape()
    )
    marks = [{"at": 0, "name": "fair source"}, {"at": 1, "name": "target labels"}]
    lines = alt.Chart(theme.inline(marks)).mark_rule(color=theme.GUIDE, strokeDash=[4, 3])
    names = alt.Chart(theme.inline(marks)).mark_text(
        align="center", baseline="bottom", fontSize=11, color=theme.GUIDE
    )
    chart = alt.layer(
        lines.encode(x=alt.X("at:Q")),
        names.encode(x=alt.X("at:Q"), y=alt.value(-3), text=alt.Text("name:N")),
        span,
        dot,
    )
    return Chart(
        name="gap-closed",
        title="How much of the gap each arm closed",
        caption="0 % is the fair source, 100 % the best arm that was trained with target labels. "
        "Bar: 95 % interval; the diamond is the chosen arm.",
        spec=theme.spec_of(chart, height=alt.Step(theme.ROW)),
        table=Table(
            caption="Gap closed",
            columns=("Arm", "Gap closed, 95 % interval"),
            rows=tuple((r["arm"], r["shown"]) for r in rows),
            numeric=frozenset({"Gap closed, 95 % interval"}),
        ),
    )


def change(arms: list[Document]) -> Chart | None:
    """Change of AP50 against the fair source, per class and arm; alarms stand out."""
    import altair as alt

    rows: list[dict[str, Any]] = []
    for arm in arms:
        if fields.text(arm, "name") == "fair_source":
            continue  # it is the line that the others are compared with
        for name, entry in fields.record(arm, "change").items():
            value = fields.number(entry, "value") if isinstance(entry, dict) else None
            if value is None or name == "mean":
                continue
            low, high = fields.number(entry, "low"), fields.number(entry, "high")
            rows.append(
                {
                    "arm": label(arm),
                    "class": name,
                    "state": _WORSE if entry.get("alarm") is True else _CALM,
                    "change": 100 * value,
                    "low": 100 * (value if low is None else low),
                    "high": 100 * (value if high is None else high),
                    "shown": wording.points_estimate(entry),
                }
            )
    if not rows:
        return None
    classes = list(dict.fromkeys(str(row["class"]) for row in rows))
    states = theme.Signs("state", (_CALM, _WORSE), (theme.REFERENCE, theme.ALARM), ("circle",))
    shapes = theme.Signs("class", tuple(classes), (theme.REFERENCE,))
    x = alt.X(
        "low:Q",
        title="change of AP50 (points)",
        scale=alt.Scale(
            domainMin=min(-1, *(row["low"] for row in rows)),
            domainMax=max(1, *(row["high"] for row in rows)),
        ),
    )
    base = alt.Chart(theme.inline(rows)).encode(
        y=alt.Y("arm:N", sort=None, title=None),
        yOffset=alt.YOffset("class:N", sort=classes),
        tooltip=[
            alt.Tooltip("arm:N", title="arm"),
            alt.Tooltip("class:N", title="class"),
            alt.Tooltip("shown:N", title="change in points, 95 % interval"),
        ],
    )
    span = base.mark_rule(strokeWidth=2.5).encode(x=x, x2=alt.X2("high:Q"), color=states.colour())
    dot = base.mark_point(filled=True, size=85, opacity=1).encode(
        x=alt.X("change:Q"),
        color=states.colour(),
        shape=shapes.shape(),
    )
    zero = (
        alt.Chart(theme.inline([{"zero": 0}]))
        .mark_rule(color=theme.GUIDE, strokeDash=[4, 3])
        .encode(x=alt.X("zero:Q"))
    )
    return Chart(
        name="change",
        title="What got better, what got worse",
        caption="Left of the line is worse than the fair source. An alarm is a class whose whole "
        "95 % interval lies there.",
        spec=theme.spec_of(alt.layer(zero, span, dot), height=alt.Step(theme.ROW / 1.6)),
        table=Table(
            caption="Change of AP50 against the fair source",
            columns=("Arm", "Class", "Change in points, 95 % interval", "Alarm"),
            rows=tuple(
                (str(r["arm"]), str(r["class"]), str(r["shown"]), str(r["state"])) for r in rows
            ),
            numeric=frozenset({"Change in points, 95 % interval"}),
        ),
        legend=(*shapes.legend(), Key(_WORSE, theme.ALARM, "━")),
    )


def _domain(rows: list[dict[str, Any]]) -> list[float]:
    """Range of an AP axis: what there is, and at least two points on either side."""
    low = min((row["low"] for row in rows), default=0.0)
    high = max((row["high"] for row in rows), default=1.0)
    return [max(0.0, low - 0.02), min(1.0, high + 0.02)]
