"""What was made to answer the corner cases, what became of the labels, whether it came nearer."""

from __future__ import annotations

from statistics import median

from isthmus.report import fields, wording
from isthmus.report.blocks import Block, Heading, Pairs, Section, Table, Text
from isthmus.report.fields import Document
from isthmus.report.figures import training as figures
from isthmus.report.pictures import Pictures
from isthmus.report.run_folder import RunFolder

_MOST_PAIRS = 4


def section(run: RunFolder) -> Section:
    """The generation section; empty when the stage has not run."""
    document = run.stage("generate")
    effects = fields.records(document, "effects")
    blocks: list[Block] = []
    if document:
        blocks.append(Text(_summary(effects), "lead"))
    pictures = run.pictures("generate")
    moved = fields.records(document, "gap")
    for number, effect in enumerate(effects):
        blocks.extend(_effect(effect, pictures))
        name = fields.text(effect, "effect")
        entries = [entry for entry in moved if fields.text(entry, "effect") == name]
        chart = figures.before_after(f"before-after-{number}", wording.plain(name), entries)
        if chart is not None:
            blocks += [Text(_left(entries)), chart]
    return Section("generation", "Generation", "What was made to fill the holes?", tuple(blocks))


def _summary(effects: list[Document]) -> str:
    if not effects:
        return "Nothing was generated: no corner case has an effect that answers it."
    frames = sum(fields.integer(effect, "frames") for effect in effects)
    names = [wording.plain(fields.text(effect, "effect")).lower() for effect in effects]
    by = "the effect" if len(names) == 1 else "the effects"
    return (
        f"{wording.several(frames, 'labelled frame')} were made from source frames by {by} "
        f"{wording.listing(names)}. Boxes that can no longer be seen are dropped, doubtful ones "
        "are ignored in training."
    )


def _left(entries: list[Document]) -> str:
    """How much of each measure of the gap is left once the effect is applied."""
    shares = []
    for entry in entries:
        before = fields.number(fields.record(entry, "before"), "value")
        after = fields.number(fields.record(entry, "after"), "value")
        if before is not None and before > 0 and after is not None:
            shares.append(after / before)
    if not shares:
        return "What is left of the gap is not known."
    low, high = (wording.percent(share, 0) for share in (min(shares), max(shares)))
    extent = low if low == high else f"{low} to {high}"
    return (
        f"Of the gap between source and target, {extent} is left between the generated frames and "
        f"the target, by {wording.several(len(shares), 'measure')} (median "
        f"{wording.percent(median(shares), 0)}). 0{wording.THIN}% would be no difference."
    )


def _effect(effect: Document, pictures: Pictures) -> list[Block]:
    name = wording.plain(fields.text(effect, "effect"))
    condition = wording.plain(fields.text(effect, "condition"))
    boxes = fields.record(effect, "boxes")
    params = ", ".join(_parameter(str(k), v) for k, v in fields.record(effect, "params").items())
    text = (
        f"Answers “{condition}” with {wording.several(fields.integer(effect, 'frames'), 'frame')}"
        f"{f' ({params})' if params else ''}. Boxes: "
        f"{wording.count(fields.integer(boxes, 'keep'))} kept, "
        f"{wording.count(fields.integer(boxes, 'ignore'))} ignored, "
        f"{wording.count(fields.integer(boxes, 'drop'))} dropped."
    )
    blocks: list[Block] = [Heading(name), Text(text)]
    shown = tuple(
        (
            pictures.get(pair.get("before"), f"{name}: before"),
            pictures.get(pair.get("after"), f"{name}: after"),
            fields.text(pair, "caption"),
        )
        for pair in fields.records(effect, "pairs")[:_MOST_PAIRS]
    )
    if shown:
        blocks.append(Pairs(shown))
    reasons = fields.record(effect, "reasons")
    if reasons:
        rows = tuple((str(r), wording.count(fields.number(reasons, r))) for r in reasons)
        blocks.append(
            Table("Why boxes were ignored or dropped", ("Reason", "Boxes"), rows,
                  frozenset({"Boxes"}), folded=True)
        )  # fmt: skip
    return blocks


def _parameter(name: str, value: object) -> str:
    """`visibility 46 to 105 m` from `visibility (m)`: the unit follows the numbers."""
    quantity, _, unit = name.partition(" (")
    scale = " on a scale from 0 to 5" if name == "severity" else ""
    words = wording.plain(quantity).lower()
    return f"{words} {_setting(value)} {unit.removesuffix(')')}".strip() + scale


def _setting(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, int | float):
        return wording.number(float(value))
    if isinstance(value, list | tuple):
        return " to ".join(_setting(item) for item in value)
    return str(value)
