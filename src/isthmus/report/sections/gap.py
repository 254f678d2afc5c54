"""How far apart source and target are, in which kind of difference, and how certain that is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from isthmus.report import fields, wording
from isthmus.report.blocks import Block, Chart, Grid, Heading, Listing, Section, Table, Text
from isthmus.report.fields import Document
from isthmus.report.figures import gap as figures
from isthmus.report.layers import place_of, short_names
from isthmus.report.run_folder import RunFolder
from isthmus.report.sections.takeaway import (
    COARSE,
    SIGNIFICANCE,
    is_control,
    is_whole,
    sees_gap,
    significance,
)

_HOW_TO_READ = (
    "“Times the noise floor” divides an estimate by what chance shows: the same metric between "
    "random halves of one domain, exceeded in only 5 % of halvings. 1 is that floor. What chance "
    "adds on average is taken off every estimate, so two samples without a gap lie around 0, and "
    "below it when they are even more alike than chance would have them.",
    "A gap says that the worlds differ; what that costs a detector, only the detector's scores "
    "can say.",
)
_ALIKE = (
    "p-values come from permuting drives, or blocks of consecutive frames, because frames of one "
    "drive resemble each other."
)
_APART = (
    "p-values come from permuting single frames: no drives are known, and each frame is taken to "
    "be independent of the others; where they are a video, the gap looks surer than it is."
)


def section(run: RunFolder) -> Section:
    """The gap section; empty when the stage has not run."""
    document = run.stage("gap")
    pairs = fields.records(document, "pairs")
    estimates = fields.records(document, "estimates")
    blocks: list[Block] = []
    if pairs and estimates:
        labels = {fields.text(p, "name"): fields.text(p, "label") for p in pairs}
        rows = figures.ratio_rows(estimates, labels)
        first = "" if run.is_measurement else "The takeaway counts the first kind."
        blocks.extend(_summary(pairs, estimates, first))
        apart = all(fields.record(e, "params").get("units") == "frames" for e in estimates)
        notes = (_HOW_TO_READ[0], _APART if apart else _ALIKE, _HOW_TO_READ[1])
        blocks.extend(Text(text, "note") for text in notes)
        control = next((labels[fields.text(p, "name")] for p in pairs if is_control(p)), None)
        blocks.extend(_charts(rows, list(labels.values()), control))
        blocks.extend(_warnings(estimates, labels, fields.records(document, "problems")))
        blocks.append(_all(estimates, labels))
        blocks.append(_metrics(estimates))
    return Section("gap", "Gap", "How far apart are the two worlds, and in what?", tuple(blocks))


def _summary(pairs: list[Document], estimates: list[Document], first: str) -> list[Block]:
    sentences = []
    for pair in pairs:
        of_pair = [e for e in estimates if fields.text(e, "pair") == fields.text(pair, "name")]
        if not of_pair:
            continue
        whole = [e for e in of_pair if is_whole(e)]
        parts = [e for e in of_pair if not is_whole(e)]
        counts = [
            f"{sum(map(sees_gap, some))} of {len(some)} {what}"
            for some, what in (
                (whole, "measurements on whole descriptions of a frame"),
                (parts, "on its colour, texture or shape alone"),
            )
            if some
        ]
        sentences.append(
            f"{fields.text(pair, 'label')} ({wording.count(fields.number(pair, 'n'))} and "
            f"{wording.count(fields.number(pair, 'm'))} frames): a gap is seen by "
            f"{' and by '.join(counts)}."
        )
    levels = [significance(e) for e in estimates]
    counted = (
        f"A measurement is one metric on one set of features; it sees a gap if it stands above "
        f"its noise floor with p ≤ {SIGNIFICANCE:g}. {first}".strip()
    )
    if COARSE in levels:
        counted += (
            f" Where independent units are too few to reach {SIGNIFICANCE:g}, p is held to "
            f"{COARSE:g}, which chance reaches once in twenty."
        )
    if None in levels:
        counted += (
            f" Where they cannot reach {COARSE:g} either, whether there is a gap cannot be decided."
        )
    return [
        *(Text(text, "lead" if i == 0 else "plain") for i, text in enumerate(sentences)),
        Text(counted),
    ]


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
        places.setdefault(row["extractor"], {}).setdefault(row["place"], []).append(row)
    chosen = {}
    for layers in places.values():
        whole = [name for name, of_layer in layers.items() if of_layer[0]["kind"] == "all"]
        name = whole[0] if whole else list(layers)[-1]
        chosen[name] = layers[name]
    return chosen


def _warnings(
    estimates: list[Document], labels: dict[str, str], problems: Sequence[Document] = ()
) -> list[Block]:
    """Problems, and each kind of warning once: those that differ in numbers alone are one kind."""
    known = tuple(f"{fields.text(p, 'path')}: {fields.text(p, 'reason')}." for p in problems)
    kinds: dict[str, tuple[str, int, dict[str, None]]] = {}
    for item in estimates:
        pair = labels.get(fields.text(item, "pair"), fields.text(item, "pair"))
        for warning in map(str, fields.sequence(item, "warnings")):
            kind = re.sub(r"\d[\d.]*(e[-+]\d+)?", "#", warning)
            first, count, pairs = kinds.get(kind, (warning, 0, {}))
            kinds[kind] = (first, count + 1, pairs | {pair: None})
    items = known + tuple(
        f"{first[:1].upper()}{first[1:]} ({wording.several(count, 'estimate')}: "
        f"{'; '.join(pairs)})."
        for first, count, pairs in kinds.values()
    )
    return [Heading("Cautions"), Listing(items)] if items else []


def _all(estimates: list[Document], labels: dict[str, str]) -> Table:
    names = short_names(estimates)
    rows = tuple(
        (
            labels.get(fields.text(e, "pair"), fields.text(e, "pair")),
            names[place_of(e)],
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
