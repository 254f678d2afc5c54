"""How far apart source and target are, in which kind of difference, and how certain that is."""

from __future__ import annotations

import re
from typing import Any

from isthmus.report import fields, wording
from isthmus.report.blocks import Block, Chart, Grid, Heading, Listing, Section, Table, Text
from isthmus.report.fields import Document
from isthmus.report.figures import gap as figures
from isthmus.report.run_folder import RunFolder
from isthmus.report.sections.takeaway import SIGNIFICANCE, is_control, sees_gap


def section(run: RunFolder) -> Section:
    """The gap section; empty when the stage has not run."""
    document = run.stage("gap")
    pairs = fields.records(document, "pairs")
    estimates = fields.records(document, "estimates")
    blocks: list[Block] = []
    if pairs and estimates:
        labels = {fields.text(p, "name"): fields.text(p, "label") for p in pairs}
        rows = figures.ratio_rows(estimates, labels)
        blocks.append(Text(_summary(pairs, estimates), "lead"))
        blocks.append(Text(_how_to_read(), "note"))
        control = next((labels[fields.text(p, "name")] for p in pairs if is_control(p)), None)
        blocks.extend(_charts(rows, list(labels.values()), control))
        blocks.extend(_warnings(estimates, labels))
        blocks.append(_all(estimates, labels))
        blocks.append(_metrics(estimates))
    return Section("gap", "Gap", "How far apart are the two worlds, and in what?", tuple(blocks))


def _summary(pairs: list[Document], estimates: list[Document]) -> str:
    sentences = []
    for pair in pairs:
        of_pair = [e for e in estimates if fields.text(e, "pair") == fields.text(pair, "name")]
        if not of_pair:
            continue
        above = [e for e in of_pair if e.get("above_floor") is True]
        sure = [e for e in above if sees_gap(e)]
        sentences.append(
            f"{fields.text(pair, 'label')}: {len(above)} of {len(of_pair)} estimates stand above "
            f"their noise floor, {len(sure)} of them with p ≤ {SIGNIFICANCE:g} "
            f"({wording.count(fields.number(pair, 'n'))} and "
            f"{wording.count(fields.number(pair, 'm'))} frames)."
        )
    return " ".join(sentences)


def _how_to_read() -> str:
    return (
        "The noise floor is what the same metric shows, by chance, between random halves of one "
        "domain (the upper 95 % quantile). p-values come from permuting blocks of consecutive "
        "frames, because frames of one drive resemble each other. A gap says that the worlds "
        "differ; what that costs a detector is measured under Adaptation."
    )


def _charts(rows: list[dict[str, Any]], pairs: list[str], control: str | None) -> list[Block]:
    if not rows:
        return [Text("No estimate has a noise floor, so nothing can be drawn against it.", "note")]
    blocks: list[Block] = []
    charts = tuple(
        figures.ratios(f"gap-ratio-{i}", f"Features: {place}", chosen, pairs)
        for i, (place, chosen) in enumerate(_headline(rows).items())
    )
    blocks.append(charts[0] if len(charts) == 1 else Grid(charts, columns=2))
    side: list[Chart] = []
    if any(r["kind"] != "all" and r["pair"] == pairs[0] for r in rows):
        side.append(figures.kinds(rows, pairs[0], control))
    if len({r["place"] for r in rows if r["pair"] == pairs[0]}) > 1:
        side.append(figures.layers(rows, pairs[0]))
    return [*blocks, *side]


def _headline(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Per extractor the features that stand for it: all together, else its last layer."""
    places: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for row in rows:
        extractor = row["place"].split(" · ")[0]
        places.setdefault(extractor, {}).setdefault(row["place"], []).append(row)
    chosen = {}
    for layers in places.values():
        whole = [name for name, of_layer in layers.items() if of_layer[0]["kind"] == "all"]
        name = whole[0] if whole else list(layers)[-1]
        chosen[name] = layers[name]
    return chosen


def _warnings(estimates: list[Document], labels: dict[str, str]) -> list[Block]:
    """Each kind of warning once: those that differ in their numbers alone are the same kind."""
    kinds: dict[str, tuple[str, int, dict[str, None]]] = {}
    for item in estimates:
        pair = labels.get(fields.text(item, "pair"), fields.text(item, "pair"))
        for warning in map(str, fields.sequence(item, "warnings")):
            kind = re.sub(r"[\d.]+", "#", warning)
            first, count, pairs = kinds.get(kind, (warning, 0, {}))
            kinds[kind] = (first, count + 1, pairs | {pair: None})
    if not kinds:
        return []
    items = tuple(
        f"{first[:1].upper()}{first[1:]} ({wording.several(count, 'estimate')}: "
        f"{'; '.join(pairs)})."
        for first, count, pairs in kinds.values()
    )
    return [Heading("Cautions"), Listing(items)]


def _all(estimates: list[Document], labels: dict[str, str]) -> Table:
    rows = tuple(
        (
            labels.get(fields.text(e, "pair"), fields.text(e, "pair")),
            figures.place(e),
            wording.metric(fields.text(e, "metric")),
            f"{wording.number(fields.number(e, 'value'))} "
            f"{wording.interval(fields.number(e, 'low'), fields.number(e, 'high'))}".strip(),
            wording.number(fields.number(e, "floor")),
            wording.times(fields.number(e, "ratio")),
            wording.p_value(fields.number(e, "p_value")),
            figures.sample(e),
        )
        for e in estimates
    )
    columns = (
        "Samples", "Features", "Metric", "Value, 95 % interval", "Noise floor", "× floor", "Test",
        "Rests on",
    )  # fmt: skip
    return Table(
        caption=f"All {len(rows)} estimates",
        columns=columns,
        rows=rows,
        numeric=frozenset({"Noise floor", "× floor"}),
        folded=True,
    )


def _metrics(estimates: list[Document]) -> Table:
    names = list(dict.fromkeys(fields.text(e, "metric") for e in estimates))
    rows = tuple(
        (wording.metric(name), wording.METRIC_NOTES.get(name, "see the documentation"))
        for name in names
    )
    return Table("What each metric compares", ("Metric", "In words"), rows, folded=True)
