"""The corner cases of two data sets as a page: corner_cases.json in, one HTML file beside it."""

from __future__ import annotations

from pathlib import Path

from isthmus import files
from isthmus.errors import InputError
from isthmus.report import fields, wording
from isthmus.report.blocks import Block, Card, Cards, Gallery, Heading, Section, Source, Table, Text
from isthmus.report.fields import Document
from isthmus.report.page import render_page
from isthmus.report.pictures import Pictures
from isthmus.report.tables import problems_table

CASES = "corner_cases.json"
PLAN = "plan.yaml"
PAGE = "corner_cases.html"
SCHEMA = "isthmus.corner-cases/1"
_LIMIT_BYTES = 256 << 20
_LIMIT_PLAN = 1 << 20
_SHEET = 1000
"""Pixels: a contact sheet holds four pictures in a row."""


def write_cases_page(folder: Path | str) -> Path:
    """Write `corner_cases.html` for the `corner_cases.json` in `folder`, and return its path.

    The plan is shown where `plan.yaml` lies beside it. Equal files give equal bytes. Pictures are
    read from inside the folder alone.

    Raises:
        InputError: no corner cases there, or of an unknown schema.
    """
    folder = Path(folder)
    document = files.read_json(folder / CASES, limit_bytes=_LIMIT_BYTES)
    found = document.get("schema") if isinstance(document, dict) else None
    if found != SCHEMA:
        raise InputError(
            f"{folder / CASES}: schema is {found!r}, this version reads {SCHEMA}; "
            "run the command that wrote it again"
        )
    page = folder / PAGE
    files.write_text(page, _render(dict(document), folder))
    return page


def _render(document: Document, folder: Path) -> str:
    sections = [
        Section("coverage", "Coverage", "How much of the target does the source show?",
                _coverage(document)),
        Section("missing", "Missing", "What does the target ask for that the source hardly has?",
                _missing(document, Pictures(folder, _SHEET))),
        Section("plan", "Plan", "What is to be made?", _plan(folder / PLAN)),
        Section("values", "Values", "How frequent is each value?", _values(document)),
        Section("scenarios", "Scenarios", "Which scenes are unusual?", _scenarios(document)),
        Section("input", "Input", "What could not be used?",
                (problems_table(fields.records(document, "problems")),)),
    ]  # fmt: skip
    return render_page(
        "Corner cases",
        [section for section in sections if section.blocks],
        kind="corner cases of a target by a source",
        subtitle=fields.text(fields.record(document, "odd"), "name"),
        origin=CASES,
    )


def _coverage(document: Document) -> tuple[Block, ...]:
    share = fields.number(document, "coverage")
    cards = [
        Card(
            "Target covered",
            wording.percent(share),
            "share of the target's frames whose combination of values the source shows",
            "good" if share is not None and share >= 1 else "warning",
        )
    ]
    completeness = fields.record(document, "completeness")
    for strength in completeness:
        found = fields.record(completeness, strength)
        covered, possible = (fields.integer(found, key) for key in ("covered", "possible"))
        cards.append(
            Card(
                f"{strength}-way combinations",
                wording.percent(fields.number(found, "share")),
                f"{wording.count(covered)} of {wording.count(possible)} of the domain occur in "
                "the source",
            )
        )
    blocks: list[Block] = [Cards(tuple(cards))]
    unknown = [str(name) for name in fields.sequence(document, "unknown_attributes")]
    if unknown:
        blocks.append(
            Text(
                f"The target does not tell {wording.listing(unknown)}: without labels, a "
                "detector's boxes on its images (predictions) would.",
                "info",
            )
        )
    return tuple(blocks)


def _missing(document: Document, pictures: Pictures) -> tuple[Block, ...]:
    ranked = fields.records(document, "ranked")
    if not ranked:
        return (Text("Nothing that the target shows is rare in the source.", "good"),)
    columns = ("Cell", "Source", "Target", "Expected", "Of the gap", "Of misses", "Can be made")
    rows = tuple(
        (
            _name(row),
            wording.percent_estimate(fields.record(row, "source"), key="share"),
            wording.percent_estimate(fields.record(row, "target"), key="share"),
            wording.percent(fields.number(row, "expected")),
            wording.percent(fields.number(row, "explained_gap")),
            _misses(fields.record(row, "misses")),
            "yes" if row.get("can_be_made") is True else "no: record it",
        )
        for row in ranked
    )
    note = (
        "Most missing first. Expected: the share that the source would have if its frames were "
        "weighted as the target's features ask for. Of the gap: by how much the features' distance "
        "falls without the target's frames of the cell; below zero, it grows; a dash: there is "
        "next to no gap, or fewer than 20 frames lie outside the cell to tell by."
    )
    blocks: list[Block] = [
        Table("Cells of the domain that are missing", columns, rows, frozenset(columns[1:6]),
              note=note)
    ]  # fmt: skip
    for row in ranked:
        if fields.text(row, "gallery"):
            name = _name(row)
            above = "Above: the target."
            below = " Below: what the source has of it."
            few = fields.integer(fields.record(row, "source"), "frames") == 0
            caption = above + (" The source has none." if few else below)
            shown = pictures.get(row.get("gallery"), f"frames of {name}")
            blocks += [Heading(name), Gallery("", ((shown, caption),), columns=1)]
    return tuple(blocks)


def _plan(path: Path) -> tuple[Block, ...]:
    try:
        content = path.read_bytes()[:_LIMIT_PLAN].decode("utf-8", "replace")
    except OSError:
        return ()
    told = Text("Change it as you like: isthmus generate plan.yaml makes what it orders.", "note")
    return (told, Source(PLAN, content))


def _values(document: Document) -> tuple[Block, ...]:
    columns = ("Value", "Source", "Target", "Expected")
    rows = tuple(
        (
            _name(row),
            wording.percent_estimate(fields.record(row, "source"), key="share"),
            wording.percent_estimate(fields.record(row, "target"), key="share"),
            wording.percent(fields.number(row, "expected")),
        )
        for row in fields.records(document, "cells")
    )
    if not rows:
        return ()
    note = "Shares of frames with 95 % intervals, which allow for drives that repeat themselves."
    return (Table("Values of the domain", columns, rows, frozenset(columns[1:]), note=note),)


def _scenarios(document: Document) -> tuple[Block, ...]:
    scenarios = fields.record(document, "scenarios")
    blocks: list[Block] = []
    together = tuple(
        (
            wording.listing([str(name) for name in fields.sequence(row, "classes")]),
            wording.count(fields.integer(row, "frames")),
            wording.number(fields.number(row, "lift")),
        )
        for row in fields.records(scenarios, "together")
    )
    if together:
        columns = ("Classes", "Frames", "Lift")
        note = "Lift: how much more often together than by chance; 1 is chance."
        blocks.append(
            Table("Classes seen together in the source", columns, together,
                  frozenset(columns[1:]), note=note)
        )  # fmt: skip
    boxes = tuple(
        (
            fields.text(row, "frame"),
            fields.text(row, "category"),
            wording.number(fields.number(row, "deviations")),
            ", ".join(wording.number(v, 4) for v in fields.numbers(row, "xyxy")),
        )
        for row in fields.records(scenarios, "unusual_boxes")
    )
    if boxes:
        note = (
            "Size against that of its class at that height in the image, in standard deviations: "
            "far below zero is a small object where near ones stand."
        )
        blocks.append(
            Table("Boxes of unusual size", ("Frame", "Class", "Deviations", "Box"), boxes,
                  frozenset({"Deviations"}), folded=len(boxes) > 6, note=note)
        )  # fmt: skip
    layouts = tuple(
        (fields.text(row, "frame"), wording.number(fields.number(row, "rarity")))
        for row in fields.records(fields.record(scenarios, "target"), "rare_layouts")
    )
    if layouts:
        note = (
            "By the detector's boxes. Rarity: distance to the source's layouts over that which "
            "those of different sequences keep from each other; above 1 is farther."
        )
        blocks.append(
            Table("Layouts of the target that the source does not have", ("Frame", "Rarity"),
                  layouts, frozenset({"Rarity"}), folded=len(layouts) > 6, note=note)
        )  # fmt: skip
    return tuple(blocks)


def _misses(found: Document) -> str:
    """`42.0 % (21 of 60 objects)`, or a dash where no labels said what the detector misses."""
    share = fields.number(found, "share_of_misses")
    if share is None:
        return wording.MISSING
    missed, objects = (wording.count(fields.integer(found, k)) for k in ("missed", "objects"))
    return f"{wording.percent(share)} ({missed} of {objects} objects)"


def _name(row: Document) -> str:
    values = fields.record(row, "values")
    return ", ".join(
        f"{wording.attribute(str(name))}: {wording.plain(fields.text(values, name)).lower()}"
        for name in values
    )
