"""What the gap consists of: what removes it, where it lies, which frames and parts make it."""

from __future__ import annotations

from pathlib import PurePosixPath

from isthmus.report import fields, wording
from isthmus.report.blocks import Block, Gallery, Heading, Listing, Section, Table, Text
from isthmus.report.fields import Document
from isthmus.report.figures import explain as figures
from isthmus.report.pictures import Pictures
from isthmus.report.run_folder import EXPLANATION, RunFolder

ANCHOR = "explanation"
LAYOUT = "layout"
SHOWN_GALLERIES = ("witness", "distance")
PARTS = {
    "removed": "what removes the gap",
    "layout": "what the class and layout mix removes",
    "regions": "where in the frame it lies",
    "layer_regions": "where in the frame a network's layers see it",
    "parts": "objects and their surroundings",
    "slices": "conditions",
    "galleries": "frames",
    "plan": "how many frames are needed",
}


def section(run: RunFolder) -> Section:
    """The explanation; empty when the gap was not explained."""
    document = run.stage(EXPLANATION)
    blocks: list[Block] = []
    if document:
        pictures = run.pictures(EXPLANATION)
        blocks += _removed(document)
        blocks += _regions(fields.record(document, "regions"), pictures)
        blocks += _layer_regions(fields.records(document, "layer_regions"), pictures)
        blocks += _parts(fields.records(document, "parts"))
        blocks += _slices(fields.records(document, "slices"))
        blocks += _galleries(fields.records(document, "galleries"), pictures)
        blocks += _plan(fields.record(document, "plan"))
        blocks += _left_out(fields.records(document, "left_out"))
    question = "What does the gap consist of, where does it lie, and which frames show it?"
    return Section(ANCHOR, "Explanation", question, tuple(blocks))


def _removed(document: Document) -> list[Block]:
    rows = fields.records(document, "removed")
    if not rows:
        return []
    known = [r for r in rows if fields.number(r, "share") is not None]
    if not known:
        reason = fields.text(rows[0], "reason", "the gap does not stand above its noise floor")
        return [Heading("What removes it"), Text(f"No share can be given: {reason}.", "note")]
    alone = [r for r in known if "+" not in fields.text(r, "intervention")]
    best = max(alone or known, key=lambda r: fields.number(r, "share") or 0.0)
    sentence = (
        f"{wording.percent(fields.number(best, 'share'), 0)} "
        f"{wording.percent_interval(fields.number(best, 'low'), fields.number(best, 'high'), 0)} "
        f"of the gap goes when source frames take on the target's {figures.matched(best)}."
    )
    if (fields.number(best, "low") or 0.0) <= 0:
        sentence += " Its interval holds 0: that may be chance."
    note = (
        "Source frames are changed in one respect, towards the statistics of the target as a "
        "whole, described again and measured again. Shares do not add up: what two changes can "
        "both remove counts twice. A share below 0 made the gap larger."
    )
    return [
        Heading("What removes it"),
        Text(sentence, "lead"),
        Text(note, "note"),
        *(_weighted(row) for row in known if fields.text(row, "intervention") == LAYOUT),
        figures.removed(known),
    ]


def _weighted(row: Document) -> Text:
    """How the class and layout mix was matched, and what to bear in mind."""
    left = wording.count(fields.number(row, "effective_n"))
    text = (
        "For the class and layout mix no frame is changed: source frames whose labelled boxes "
        "(how many of each class, how large, how low) look like the target's count more, so that "
        f"{left} frames' worth of {fields.integer(row, 'n')} are left. The target's labels serve "
        "this figure only. Its interval takes the weights as certain, which they are not."
    )
    cautions = [str(warning) for warning in fields.sequence(row, "warnings")]
    return Text(" ".join([text, *(f"{c[:1].upper()}{c[1:]}." for c in cautions)]), "note")


def _regions(regions: Document, pictures: Pictures) -> list[Block]:
    if not regions:
        return []
    return [
        Heading("Where in the frame"),
        Text(f"The gap is largest {_largest(regions)}."),
        _overlays(regions, pictures),
        figures.regions(regions),
    ]


def _layer_regions(layers: list[Document], pictures: Pictures) -> list[Block]:
    if not layers:
        return []
    note = (
        "Positions of a layer stand for the region they lie in. They have seen more than the "
        "region: the deeper the layer, the more of what is around it."
    )
    blocks: list[Block] = [Heading("Where a network's layers see it"), Text(note, "note")]
    for number, layer in enumerate(layers, 1):
        name = fields.text(layer, "layer")
        network = PurePosixPath(fields.text(layer, "extractor").partition("#")[0]).name
        of = f" as layer “{name}” sees it"
        blocks += [
            Text(f"Layer “{name}” of {network}: the gap is largest {_largest(layer)}."),
            _overlays(layer, pictures),
            figures.regions(layer, name=f"layer-regions-{number}", of=of),
        ]
    return blocks


def _largest(regions: Document) -> str:
    """Where the largest cell lies, and how many stand out."""
    rows, columns = figures.grid_of(regions)
    peak = fields.numbers(regions, "peak")
    standing = sum(bool(cell) for row in fields.sequence(regions, "stands_out") for cell in row)
    place = figures.place_of(int(peak[0]), int(peak[1]), rows, columns) if len(peak) == 2 else ""
    return (
        f"{place}; {standing} of {rows * columns} regions stand out "
        "(tested together: the chance of a single false one is 5 %)"
    )


def _overlays(regions: Document, pictures: Pictures) -> Gallery:
    shown = tuple(
        (
            pictures.get(item.get("image"), f"{fields.text(item, 'role')} frame with the heat map"),
            f"{fields.text(item, 'role')}: the more orange, the larger the gap",
        )
        for item in fields.records(regions, "shown")
    )
    return Gallery("", shown, columns=2)


def _parts(parts: list[Document]) -> list[Block]:
    if not parts:
        return []
    rows = []
    reasons = any(fields.text(part, "reason", "") for part in parts)
    for part in parts:
        value = fields.number(part, "value")
        rows.append(
            (
                fields.text(part, "part"),
                "–" if value is None else wording.number(value),
                wording.interval(fields.number(part, "low"), fields.number(part, "high")),
                wording.times(fields.number(part, "ratio")),
                wording.p_value(fields.number(part, "p_value")),
                f"{fields.integer(part, 'n')} and {fields.integer(part, 'm')}",
                _rests_on(part),
                *((fields.text(part, "reason", ""),) if reasons else ()),
            )
        )
    table = Table(
        caption="Windows of one size on objects, beside them, and away from them",
        columns=(
            "Part",
            "MMD²",
            "95 % interval",
            "× floor",
            "p",
            "Windows",
            "Rests on",
            *(("Not known because",) if reasons else ()),
        ),
        rows=tuple(rows),
        numeric=frozenset({"MMD²", "× floor"}),
    )
    note = (
        "Windows of one frame go together, and how long frames stay alike is found anew from the "
        "windows' features, for each part: a part may rest on other units than the whole frame, "
        "and its interval, p-value and floor are those of its own."
    )
    return [Heading("Objects, their surroundings, the background"), table, Text(note, "note")]


def _rests_on(part: Document) -> str:
    """Independent units behind one kind of window, and the frames they come from."""
    units = fields.integer(part, "units_x"), fields.integer(part, "units_y")
    frames = fields.integer(part, "frames_x"), fields.integer(part, "frames_y")
    kind = fields.text(part, "unit_kind", "units")
    if not all(units):
        return wording.MISSING
    if units == frames:
        return f"{frames[0]} and {frames[1]} independent frames"
    return f"{units[0]} and {units[1]} {kind} of {frames[0]} and {frames[1]} frames"


def _slices(matrices: list[Document]) -> list[Block]:
    # A single cell is the whole gap once more.
    charts: list[Block] = [
        figures.slices(m) for m in matrices if len(fields.records(m, "cells")) > 1
    ]
    skipped = sum(len(fields.records(matrix, "skipped")) for matrix in matrices)
    if not charts:
        return []
    blocks: list[Block] = [Heading("Under which conditions"), *charts]
    if skipped:
        few = f"{wording.several(skipped, 'slice')} or pairs of them left out: too few frames."
        blocks.append(Text(few, "note"))
    return blocks


def _galleries(galleries: list[Document], pictures: Pictures) -> list[Block]:
    blocks: list[Block] = []
    for gallery in galleries:
        if fields.text(gallery, "score") not in SHOWN_GALLERIES:
            continue
        shown = tuple(
            (
                pictures.get(entry.get("image"), fields.text(entry, "id")),
                f"{PurePosixPath(fields.text(entry, 'id')).stem} · "
                f"{wording.number(fields.number(entry, 'value'), 2)}",
            )
            for entry in fields.records(gallery, "entries")
        )
        if shown:
            score = figures.SCORES.get(fields.text(gallery, "score"), "")
            title = fields.text(gallery, "title", "frames")
            title = f"{title[0].upper()}{title[1:]}, by {score}"
            blocks.append(Gallery(title, shown, columns=4))
    return [Heading("Which frames"), *blocks] if blocks else []


def _plan(plan: Document) -> list[Block]:
    if not plan:
        return []
    units = fields.integer(plan, "units")
    power = wording.percent(fields.number(plan, "power"), 0)
    kind = {"frames": "frames", "sequences": "drives", "blocks": "stretches of video"}
    unit = kind.get(fields.text(plan, "unit_kind"), "units")
    smallest = wording.number(fields.number(plan, "smallest_now"))
    if not units:
        sentence = "No number of frames would show a gap of this size."
    else:
        sentence = (
            f"To see a gap of this size (MMD² {wording.number(fields.number(plan, 'gap'))}) with "
            f"a chance of {power}, {wording.count(units)} independent {unit} a side are enough; "
            f"{fields.integer(plan, 'units_x')} and {fields.integer(plan, 'units_y')} are here, "
            f"which would show one of {smallest} and more."
        )
    return [Heading("How many frames it takes"), Text(sentence)]


def _left_out(parts: list[Document]) -> list[Block]:
    if not parts:
        return []
    items = tuple(
        f"{PARTS.get(fields.text(p, 'part'), fields.text(p, 'part'))}: {fields.text(p, 'reason')}"
        for p in parts
    )
    return [Heading("What could not be told"), Listing(items)]
