"""Charts of what was made and trained: the gap before and after an effect, loss over steps."""

from __future__ import annotations

from typing import Any

from isthmus.report import fields, wording
from isthmus.report.blocks import Chart, Key, Table
from isthmus.report.fields import Document
from isthmus.report.figures import theme

_MOST_POINTS = 120
_STROKES = {1: "━", 6: "╍", 2: "┅"}


def before_after(name: str, effect: str, entries: list[Document]) -> Chart | None:
    """Each metric before and after `effect`, as a share of its value before."""
    import altair as alt

    several = len({fields.text(entry, "extractor") for entry in entries}) > 1
    rows: list[dict[str, Any]] = []
    for entry in entries:
        before = fields.number(fields.record(entry, "before"), "value")
        if before is None or before <= 0:
            continue
        metric = wording.metric(fields.text(entry, "metric"))
        extractor = fields.text(entry, "extractor")
        for when in ("before", "after"):
            part = fields.record(entry, when)
            value = fields.number(part, "value")
            if value is None:
                continue
            low, high = fields.number(part, "low"), fields.number(part, "high")
            rows.append(
                {
                    "metric": f"{metric}, {extractor}" if several and extractor else metric,
                    "when": when,
                    "share": value / before,
                    "low": (value if low is None else low) / before,
                    "high": (value if high is None else high) / before,
                    "shown": f"{wording.number(value)} {wording.interval(low, high)}".strip(),
                }
            )
    if not rows:
        return None
    signs = theme.Signs(
        "when", ("before", "after"), (theme.REFERENCE, theme.ADAPTED), ("square", "circle")
    )
    x = alt.X("low:Q", axis=alt.Axis(format="%", title="gap, as a share of the gap before"))
    base = alt.Chart(theme.inline(rows)).encode(
        y=alt.Y("metric:N", sort=None, title=None),
        yOffset=alt.YOffset("when:N", sort=list(signs.labels)),
        tooltip=[
            alt.Tooltip("metric:N", title="metric"),
            alt.Tooltip("when:N", title="when"),
            alt.Tooltip("shown:N", title="value, 95 % interval"),
        ],
    )
    span = base.mark_rule(strokeWidth=2.5).encode(x=x, x2=alt.X2("high:Q"), color=signs.colour())
    dot = base.mark_point(filled=True, size=85, opacity=1).encode(
        x=alt.X("share:Q"),
        color=signs.colour(),
        shape=signs.shape(),
    )
    return Chart(
        name=name,
        title=f"Gap to the target before and after: {effect}",
        caption="100 % is the gap of the source as it came. Bar: 95 % interval.",
        spec=theme.spec_of(alt.layer(span, dot), height=alt.Step(theme.ROW / 1.6)),
        table=Table(
            caption=f"Gap before and after: {effect}",
            columns=("Metric", "When", "Value, 95 % interval"),
            rows=tuple((str(r["metric"]), str(r["when"]), str(r["shown"])) for r in rows),
            numeric=frozenset({"Value, 95 % interval"}),
        ),
        legend=signs.legend(),
    )


def curves(arms: list[Document]) -> Chart | None:
    """Training loss over steps: one line an arm, the mean over its seeds."""
    import altair as alt

    from isthmus.report.figures.scores import label

    rows: list[dict[str, Any]] = []
    last: list[tuple[str, ...]] = []
    for arm in arms:
        steps: dict[int, list[float]] = {}
        for point in fields.records(arm, "curves"):
            loss = fields.number(point, "loss")
            if loss is not None:
                steps.setdefault(fields.integer(point, "step"), []).append(loss)
        if not steps:
            continue
        name = label(arm)
        means = [
            {"arm": name, "step": s, "loss": sum(v) / len(v)} for s, v in sorted(steps.items())
        ]
        rows.extend(_thinned(means))
        end, losses = max(steps), steps[max(steps)]
        last.append(
            (
                name,
                wording.count(end),
                wording.number(sum(losses) / len(losses)),
                wording.several(len(losses), "seed"),
            )
        )
    if not rows:
        return None
    names = list(dict.fromkeys(str(row["arm"]) for row in rows))
    positive = all(row["loss"] > 0 for row in rows)
    chart = (
        alt.Chart(theme.inline(rows))
        .mark_line(strokeWidth=1.8, interpolate="monotone")
        .encode(
            x=alt.X("step:Q", title="training step"),
            y=alt.Y(
                "loss:Q",
                title=f"loss (mean over seeds{', logarithmic' if positive else ''})",
                scale=alt.Scale(type="log" if positive else "linear", zero=False, nice=False),
                axis=alt.Axis(format="~g", tickCount=5),
            ),
            color=alt.Color(
                "arm:N",
                sort=None,
                scale=alt.Scale(domain=names, range=_colours(len(names))),
                legend=None,
            ),
            strokeDash=alt.StrokeDash(
                "arm:N",
                sort=None,
                scale=alt.Scale(domain=names, range=_dashes(len(names))),
                legend=None,
            ),
            tooltip=[
                alt.Tooltip("arm:N", title="arm"),
                alt.Tooltip("step:Q", title="step"),
                alt.Tooltip("loss:Q", title="loss", format=".3f"),
            ],
        )
    )
    return Chart(
        name="curves",
        title="Training loss",
        caption="Losses of different methods have different terms: compare the shape of a curve, "
        "not its height, between arms.",
        spec=theme.spec_of(chart, height=240),
        table=Table(
            caption="Loss at the last step",
            columns=("Arm", "Step", "Loss", "Mean over"),
            rows=tuple(last),
            numeric=frozenset({"Step", "Loss"}),
        ),
        legend=tuple(
            Key(name, colour, _STROKES[dash[0]])
            for name, colour, dash in zip(
                names, _colours(len(names)), _dashes(len(names)), strict=True
            )
        ),
    )


def _thinned(points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """At most `_MOST_POINTS` points, evenly taken, the last always among them."""
    stride = -(-len(points) // _MOST_POINTS)
    kept = points[::stride]
    return kept if kept[-1] is points[-1] else [*kept, points[-1]]


def _colours(amount: int) -> list[str]:
    return [theme.SERIES[i % len(theme.SERIES)] for i in range(amount)]


def _dashes(amount: int) -> list[list[int]]:
    kinds = ([1, 0], [6, 3], [2, 2])
    return [kinds[(i // 3) % 3] if amount > 3 else kinds[0] for i in range(amount)]
