"""Conditions of the frames, and which of the target's are rare in the source."""

from __future__ import annotations

from isthmus.report import fields, wording
from isthmus.report.blocks import Block, Gallery, Grid, Heading, Section, Table, Text
from isthmus.report.fields import Document
from isthmus.report.figures import conditions as figures
from isthmus.report.pictures import Pictures
from isthmus.report.run_folder import RunFolder

_MOST_PICTURES = 4


def section(run: RunFolder) -> Section:
    """The corner-case section; empty when the stage has not run."""
    document = run.stage("conditions")
    found = fields.records(document, "conditions")
    rare = [item for item in found if item.get("rare") is True]
    blocks: list[Block] = []
    if document:
        blocks.append(Text(_summary(found, rare), "lead"))
    if found:
        blocks.append(figures.shares(found))
    pictures = run.pictures("conditions")
    for item in rare:
        blocks.extend(_examples(item, pictures))
    histograms = [
        figures.histogram(f"measure-{i}", measure)
        for i, measure in enumerate(fields.records(document, "measures"))
    ]
    shown = tuple(chart for chart in histograms if chart is not None)
    if shown:
        blocks += [
            Heading("Measured conditions"),
            Text("How the frames of both domains are spread; dashed lines are medians."),
            Grid(shown, columns=3),
        ]
    blocks.extend(_attributes(fields.records(document, "attributes")))
    return Section(
        "corner-cases", "Corner cases", "What does the target hold that the source hardly shows?",
        tuple(blocks),
    )  # fmt: skip


def _summary(found: list[Document], rare: list[Document]) -> str:
    if not rare:
        return (
            f"None of the {len(found)} conditions looked for is frequent in the target and rare "
            "in the source."
        )
    names = [fields.text(item, "label") or fields.text(item, "name") for item in rare]
    answered = [fields.text(item, "remedy") for item in rare if fields.text(item, "remedy")]
    if len(answered) == len(rare):
        tail = " Source frames of that kind can be made (see Generation)."
    elif answered:
        tail = f" {len(answered)} of them can be made from source frames (see Generation)."
    else:
        tail = " None of them can be made from source frames yet: they have to be recorded."
    verb = "is" if len(rare) == 1 else "are"
    return (
        f"{len(rare)} of {wording.several(len(found), 'condition')} {verb} present in the target "
        f"and rare in the source: {wording.listing(names)}.{tail}"
    )


def _examples(item: Document, pictures: Pictures) -> list[Block]:
    label = fields.text(item, "label") or wording.plain(fields.text(item, "name"))
    remedy = fields.text(item, "remedy")
    answer = f"Answer: the effect “{wording.plain(remedy)}”." if remedy else "No effect answers it."
    text = (
        f"{fields.text(item, 'description')} Target {_share(item, 'target')}, source "
        f"{_share(item, 'source')} of frames. {answer}"
    )
    blocks: list[Block] = [Heading(label), Text(text.strip())]
    source = fields.sequence(item, "source_examples")
    target = fields.sequence(item, "target_examples")[: max(2, _MOST_PICTURES - len(source))]
    names = [(n, "target") for n in target] + [(n, "source") for n in source]
    shown = [
        (pictures.get(name, f"{label}, {domain}"), domain)
        for name, domain in names[:_MOST_PICTURES]
    ]
    if shown:
        blocks.append(Gallery("", tuple(shown)))
    return blocks


def _share(item: Document, domain: str) -> str:
    parts = {name: item.get(f"{domain}_{name}") for name in ("share", "low", "high")}
    return wording.percent_estimate(parts, key="share")


def _attributes(attributes: list[Document]) -> list[Block]:
    if not attributes:
        return []
    rows = tuple(
        (
            wording.attribute(fields.text(item, "attribute")),
            fields.text(item, "value"),
            wording.percent(fields.number(item, "source_share")),
            wording.percent(fields.number(item, "target_share")),
        )
        for item in attributes
    )
    table = Table(
        caption="Attributes given with the data",
        columns=("Attribute", "Value", "Source", "Target"),
        rows=rows,
        numeric=frozenset({"Source", "Target"}),
        folded=len(rows) > 10,
        note="Share of frames; a dash for the target, whose labels are not opened here.",
    )
    return [table]
