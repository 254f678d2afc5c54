"""What each way of adapting was worth on the task, what it cost, and which one was chosen."""

from __future__ import annotations

from isthmus.report import fields, wording
from isthmus.report.blocks import (
    Block,
    Chart,
    Gallery,
    Grid,
    Heading,
    Key,
    Listing,
    Section,
    Table,
    Text,
)
from isthmus.report.fields import Document
from isthmus.report.figures import scores as figures
from isthmus.report.figures import theme, training
from isthmus.report.figures.labels import label_curve
from isthmus.report.run_folder import RunFolder
from isthmus.report.tables import loose_table, sentence

_MOST_PICTURES = 6
_UNSCORED = (
    "The target has no labelled test frames, or they were not scored: nothing about accuracy on "
    "the target is claimed."
)


def section(run: RunFolder) -> Section:
    """The adaptation section: scores where there are some, and how training went."""
    score, train = run.stage("score"), run.stage("train")
    blocks: list[Block] = []
    labels = {
        fields.text(arm, "name"): figures.label(arm)
        for document in (train, score)
        for arm in fields.records(document, "arms")
    }
    if fields.records(score, "arms"):
        blocks.extend(_scores(score))
    elif score or train:
        blocks.append(Text(_UNSCORED, "lead"))
    blocks.extend(_selection(score, labels))
    blocks.extend(_label_curve(score))
    blocks.extend(_breakdown(score, labels))
    blocks.extend(_examples(score, run))
    if train:
        blocks.extend(_training(train))
    title, question = "Adaptation", "What closed how much of the gap, and what got worse?"
    return Section("adaptation", title, question, tuple(blocks))


def _scores(score: Document) -> list[Block]:
    arms = fields.records(score, "arms")
    chosen = fields.text(fields.record(score, "selected"), "arm")
    test = fields.record(score, "test")
    blocks: list[Block] = [Text(_summary(score, arms, chosen), "lead")]
    names = ["mean", *(str(name) for name in fields.sequence(score, "classes"))]
    names += [n for n in fields.record(arms[0] if arms else {}, "ap50") if n not in names]
    charts: list[Chart] = []
    for i, name in enumerate(names):
        if not any(name in fields.record(arm, "ap50") for arm in arms):
            continue
        title = "Mean over classes" if name == "mean" else wording.plain(name)
        charts.append(
            figures.average_precision(
                f"ap50-{i}", arms, name, chosen=chosen, rests_on=_rests_on(test, name),
                title=f"AP50: {title}",
            )
        )  # fmt: skip
    if charts:
        blocks.append(charts[0])
    if len(charts) > 1:
        blocks.append(Grid(tuple(charts[1:]), columns=2))
    closed = figures.gap_closed(arms, chosen=chosen)
    blocks.append(closed if closed is not None else Text(_undefined(arms), "note"))
    change = figures.change(arms)
    if change is not None:
        blocks.append(change)
    blocks.append(_arms(arms, chosen, fields.text(score, "ceiling", "oracle")))
    return blocks


def _summary(score: Document, arms: list[Document], chosen: str) -> str:
    by_name = {fields.text(arm, "name"): arm for arm in arms}
    arm = by_name.get(chosen, {})
    entry = fields.record(fields.record(arm, "ap50"), "mean")
    if not entry:
        return f"{wording.several(len(arms), 'arm')} were scored on the sealed target test."
    fair = fields.record(fields.record(by_name.get("fair_source", {}), "ap50"), "mean")
    against = (
        f", against {wording.percent_estimate(fair, key='mean')} for the fair source"
        if fair
        else ""
    )
    closed = fields.record(arm, "gap_closed")
    share = (
        f" It closed {wording.percent_estimate(closed, 0)} of the gap."
        if fields.number(closed, "value") is not None and closed.get("defined") is not False
        else ""
    )
    return (
        f"The arm chosen without target labels is {figures.label(arm)}: AP50 "
        f"{wording.percent_estimate(entry, key='mean')}{against}.{share}"
    )


def _rests_on(test: Document, name: str) -> str:
    objects = fields.record(test, "objects")
    amount = (
        sum(fields.integer(objects, key) for key in objects)
        if name == "mean"
        else fields.integer(objects, name)
    )
    frames = wording.several(fields.integer(test, "frames"), "test frame")
    return f"{frames}, {wording.several(amount, 'object')}." if amount else f"{frames}."


def _undefined(arms: list[Document]) -> str:
    reasons = [fields.text(fields.record(arm, "gap_closed"), "reason") for arm in arms]
    known = list(dict.fromkeys(reason for reason in reasons if reason))
    return "The share of the gap that was closed is not defined" + (
        f": {'; '.join(known)}." if known else "."
    )


def _arms(arms: list[Document], chosen: str, ceiling: str) -> Table:
    rows = []
    for arm in arms:
        closed = fields.record(arm, "gap_closed")
        defined = fields.number(closed, "value") is not None and closed.get("defined") is not False
        alarms = [
            "mean over classes" if name == "mean" else str(name)
            for name, entry in fields.record(arm, "change").items()
            if isinstance(entry, dict) and entry.get("alarm") is True
        ]
        given = fields.text(arm, "name") == "oracle" or "labels_" in fields.text(arm, "name")
        rows.append(
            (
                figures.label(arm) + (" (chosen)" if fields.text(arm, "name") == chosen else ""),
                "Target labels" if given else _level(arm),
                wording.percent_estimate(
                    fields.record(fields.record(arm, "ap50"), "mean"), key="mean"
                ),
                wording.percent_estimate(
                    fields.record(fields.record(arm, "ap"), "mean"), key="mean"
                ),
                _share(arm, closed, ceiling) if defined else _not_defined(arm),
                wording.listing(alarms) or "none",
            )
        )
    columns = ("Arm", "Works on", "AP50", "AP", "Gap closed", "Got worse")
    return Table(
        caption="Every arm",
        columns=columns,
        rows=tuple(rows),
        numeric=frozenset(columns[2:5]),
        note="Mean over classes, 95 % intervals by resampling test blocks within seeds. AP is "
        "averaged over IoU 0.50 to 0.95. Of the gap, the fair source closes 0 % and the best "
        "arm with target labels 100 % by definition; of the plain source it is not asked. Worse: "
        "the whole interval of the change is below zero.",
    )


def _level(arm: Document) -> str:
    level = fields.text(arm, "level", wording.MISSING)
    return "Source alone" if level == "source" else wording.plain(level)


def _share(arm: Document, closed: Document, ceiling: str) -> str:
    """Gap closed; that of the best arm with labels has no interval, because it is the measure."""
    estimate = {"value": 1.0} if fields.text(arm, "name") == ceiling else closed
    return wording.percent_estimate(estimate, 0)


def _not_defined(arm: Document) -> str:
    if fields.text(arm, "name") == "fair_source":
        return "reference"
    return wording.MISSING if arm.get("gap_closed") is None else "undefined"


def _selection(score: Document, labels: dict[str, str]) -> list[Block]:
    selected = fields.record(score, "selected")
    chosen = fields.text(selected, "arm")
    if not chosen:
        return []
    reason = fields.text(selected, "reason")
    text = f"Chosen without target labels: {labels.get(chosen, chosen)}"
    text += f", because {reason}." if reason else "."
    hindsight = fields.record(score, "oracle_selected")
    best = fields.text(hindsight, "arm")
    if best == chosen:
        text += " The test labels, had they been used, would have chosen the same."
    elif best:
        text += (
            f" The test labels, had they been used, would have chosen {labels.get(best, best)}: "
            f"{wording.points(fields.number(hindsight, 'loss'))} points of mean AP50, the price "
            "of not knowing."
        )
    excluded = tuple(
        f"{labels.get(str(name), str(name))}: {sentence(why)}"
        for name, why in fields.record(score, "excluded").items()
    )
    blocks: list[Block] = [Heading("How the arm was chosen"), Text(text)]
    if excluded:
        blocks += [Text("Excluded by the guard rails:"), Listing(excluded)]
    return [*blocks, *_signs(score, labels)]


def _label_curve(score: Document) -> list[Block]:
    """AP50 over labelled frames, where arms were given some."""
    curve = fields.record(score, "label_curve")
    chosen = fields.text(curve, "arm")
    arms = {fields.text(arm, "name"): arm for arm in fields.records(score, "arms")}
    if not chosen or chosen not in arms:
        return []
    chart = label_curve(curve, arms[chosen], figures.label(arms[chosen]))
    return [] if chart is None else [chart]


def _signs(score: Document, labels: dict[str, str]) -> list[Block]:
    """What could be seen of each arm without labels, and how well that would have ranked them."""
    signs = fields.record(score, "validators") or {
        fields.text(arm, "name"): fields.record(arm, "validators")
        for arm in fields.records(score, "arms")
    }
    known = {name: values for name, values in signs.items() if isinstance(values, dict)}
    names = list(dict.fromkeys(str(sign) for values in known.values() for sign in values))
    if not names:
        return []
    rows = [
        (labels.get(arm, arm), *(wording.number(fields.number(values, n)) for n in names))
        for arm, values in known.items()
    ]
    spearman = fields.record(score, "spearman")
    if spearman:
        ranks = (wording.number(fields.number(spearman, n), 2) for n in names)
        rows.append(("Rank correlation with AP50", *ranks))
    columns = ("Arm", *(wording.plain(n) for n in names))
    table = Table(
        caption="What the choice rests on (no target label is used)",
        columns=columns,
        rows=tuple(rows),
        numeric=frozenset(columns[1:]),
        folded=True,
    )
    return [table]


def _breakdown(score: Document, labels: dict[str, str]) -> list[Block]:
    entries = [
        {key: labels.get(str(value), value) for key, value in entry.items()}
        for entry in fields.records(score, "condition_breakdown")
    ]
    return [loose_table("By condition", entries, folded=len(entries) > 12)] if entries else []


def _examples(score: Document, run: RunFolder) -> list[Block]:
    pictures = run.pictures("score")
    examples = fields.records(score, "examples")[:_MOST_PICTURES]
    shown = tuple(
        (
            pictures.get(item.get("image"), fields.text(item, "caption", "example")),
            fields.text(item, "caption"),
        )
        for item in examples
    )
    if not shown:
        return []
    arms = {fields.text(item, "arm") for item in examples}
    text = (
        "Labelled boxes, and what an arm's first training detects with a score of at least "
        f"{theme.SHOWN_SCORE:g}. A labelled box without a coloured one is a miss."
    )
    legend = _boxes([str(name) for name in fields.sequence(score, "classes")])
    gallery = Gallery("", shown, columns=2 if len(arms) == 2 else 3, legend=legend)
    return [Heading("Detections on target frames"), Text(text), gallery]


def _boxes(classes: list[str]) -> tuple[Key, ...]:
    """What the colours of drawn boxes stand for."""
    found = (
        Key(f"detected: {name}", theme.FOUND[i % len(theme.FOUND)])
        for i, name in enumerate(classes)
    )
    return (
        Key("true: labelled object of any class", theme.TRUTH),
        *found,
        Key("true: ignored, neither helps nor hurts", theme.IGNORED),
    )


def _training(train: Document) -> list[Block]:
    detector = fields.record(train, "detector")
    size = " × ".join(f"{v:g}" for v in fields.numbers(detector, "size"))
    arms = fields.records(train, "arms")
    text = (
        f"Detector: {fields.text(detector, 'name', 'unknown')}, "
        f"{wording.count(fields.number(detector, 'params'))} parameters"
        f"{f', images of {size} pixels' if size else ''}. Every arm has the same steps, image "
        "size and first weights; they differ only in what is named here. Loss is shown where an "
        "arm trains by itself, after the steps that it shares with others."
    )
    rows = tuple(
        (
            figures.label(arm),
            fields.text(arm, "recipe", wording.MISSING),
            wording.count(fields.number(arm, "steps")),
            ", ".join(str(seed) for seed in fields.sequence(arm, "seeds")) or wording.MISSING,
        )
        for arm in arms
    )
    blocks: list[Block] = [
        Heading("Training"),
        Text(text),
        Table("Arms", ("Arm", "Recipe", "Steps", "Seeds"), rows, frozenset({"Steps"})),
    ]
    curves = training.curves(arms)
    if curves is not None:
        blocks.append(curves)
    alarms = tuple(sentence(alarm) for alarm in fields.sequence(train, "alarms"))
    if alarms:
        blocks += [Heading("Alarms during training"), Listing(alarms)]
    return blocks
