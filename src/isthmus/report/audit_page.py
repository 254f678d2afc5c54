"""The audit of a changed data set as a page: audit.json in, one self-contained HTML file beside it.

Frames that an effect or a translator changed keep their labels; the audit says which of them still
hold. The page shows it to people: how many, why not, and the pictures that the audit chose.
"""

from __future__ import annotations

from pathlib import Path

from isthmus import files
from isthmus.errors import InputError
from isthmus.report import fields, wording
from isthmus.report.blocks import Block, Card, Cards, Key, Pairs, Picture, Section, Table, Text
from isthmus.report.fields import Document
from isthmus.report.figures import acceptance, theme
from isthmus.report.page import render_page
from isthmus.report.pictures import Pictures
from isthmus.report.tables import problems_table

AUDIT = "audit.json"
CURVE = "curve.json"
PAGE = "audit.html"
EFFECT, TRANSLATION = "isthmus.augmented/1", "isthmus.translation-audit/1"
FATES = {"keep": "kept", "ignore": "ignored", "drop": "dropped", "reject": "rejected"}
_LEGEND = {
    "keep": Key("kept: solid line, no word", "#5dbcff"),
    "ignore": Key("ignored: dashed line, the place does not count", "#fde047", line="dashed"),
    "drop": Key("dropped: dotted and crossed out, no label any more", "#ff7a28", line="dotted"),
    "reject": Key("rejected: dotted and crossed out, no label any more", "#ff7a28", line="dotted"),
    "before": Key(
        "ignored before: sparse grey dots, no word, not audited", "#bebebe", line="dotted"
    ),
}
"""Colours and lines of `isthmus.augment.gallery`, which draws the boxes."""
_DEPTH = {
    "map": "the frame's own depth map",
    "network": "a monocular network",
    "geometry": "the road's geometry (estimated)",
}
_LIMIT_BYTES = 256 << 20


def write_audit_page(folder: Path | str) -> Path:
    """Write `audit.html` for the `audit.json` in `folder`, and return its path.

    Draws an acceptance curve, too, where `curve.json` of `acceptance_curve` lies beside it. Equal
    documents and pictures give equal bytes. Pictures are read from inside the folder alone.

    Raises:
        InputError: no audit there, or one of an unknown schema.
    """
    folder = Path(folder)
    document = _read(folder / AUDIT, (EFFECT, TRANSLATION))
    curve = folder / CURVE
    points = fields.records(_read(curve, (acceptance.SCHEMA,)), "points") if curve.exists() else []
    page = folder / PAGE
    files.write_text(page, _render(document, points, Pictures(folder)))
    return page


def _read(path: Path, schemas: tuple[str, ...]) -> Document:
    document = files.read_json(path, limit_bytes=_LIMIT_BYTES)
    found = document.get("schema") if isinstance(document, dict) else None
    if found not in schemas:
        raise InputError(
            f"{path}: schema is {found!r}, this version reads {' and '.join(schemas)}; "
            "run the command that wrote it again"
        )
    return dict(document)


def _render(document: Document, points: list[Document], pictures: Pictures) -> str:
    lost = "drop" if fields.text(document, "schema") == EFFECT else "reject"
    with theme.unchecked():
        chart = acceptance.curve(points)
    sections = [
        Section("labels", "Labels", "Which labels still hold?", _labels(document, lost)),
        Section(
            "pictures", "Pictures", "Would you believe them?", _examples(document, lost, pictures)
        ),
        Section("cases", "Worst cases", "Was it right?", _cases(document, lost, pictures)),
        Section("strength", "Strength", "How strong may it be?", () if chart is None else (chart,)),
        Section("frames", "Frames", "What was made, what was left out?", _frames(document)),
    ]
    frames = wording.several(fields.integer(document, "frames"), "frame")
    name, values = wording.plain(fields.text(document, "effect", "translation")), _values(document)
    return render_page(
        f"{name}: audit of labels",
        [section for section in sections if section.blocks],
        kind="audit of a changed data set",
        subtitle=f"{frames}{f', {values}' if values else ''}",
        origin=AUDIT,
    )


def _values(document: Document) -> str:
    """`visibility 60 to 200 m`, or nothing."""
    values = fields.numbers(document, "values")
    if not values:
        return ""
    low, high = wording.number(values[0]), wording.number(values[-1])
    span = low if low == high else f"{low} to {high}"
    quantity = fields.text(document, "quantity")
    severities = fields.numbers(document, "severities")
    # Below severity 1 there is less of the ladder's first value.
    part = f", at {100 * severities[-1]:.0f} %" if severities and severities[-1] < 1 else ""
    return f"{quantity} {span} {fields.text(document, 'unit')}{part}".strip()


def _labels(document: Document, lost: str) -> tuple[Block, ...]:
    boxes = fields.record(document, "boxes")
    total = sum(fields.integer(boxes, fate) for fate in boxes)
    if not total:
        return (Text("No labelled object was there to be audited."),)
    tones = {"keep": "good", "ignore": "warning", lost: "alarm"}
    notes = {
        "keep": "labels that stay as they are",
        "ignore": "neither taught nor counted as background",
        lost: "labels that are taken away",
    }
    cards = tuple(
        Card(
            wording.plain(FATES[fate]),
            wording.count(fields.integer(boxes, fate)),
            f"{wording.percent(fields.integer(boxes, fate) / total)} of "
            f"{wording.several(total, 'box', 'boxes')}: {notes[fate]}",
            tone if fields.integer(boxes, fate) else "plain",
        )
        for fate, tone in tones.items()
    )
    blocks: list[Block] = [Cards(cards)]
    reasons = fields.record(document, "reasons")
    if reasons:
        rows = tuple((str(r), wording.count(fields.number(reasons, r))) for r in reasons)
        caption = f"Why boxes were not kept (ignored or {FATES[lost]})"
        blocks.append(Table(caption, ("Reason", "Boxes"), rows, frozenset({"Boxes"})))
    blocks += [*_measures(document), *_by_category(document, lost)]
    made_up = fields.number(document, "made_up")
    if made_up:
        found = wording.several(int(made_up), "object")
        blocks.append(
            Text(f"A detector surely finds {found} where none was: ignored from now on.", "warning")
        )
    return tuple(blocks)


def _measures(document: Document) -> list[Block]:
    """Quantiles of what was measured on the boxes."""
    contrast = fields.sequence(document, "contrast")
    columns = {
        "Visibility: share of its contrast that survives": document.get("visibility"),
        "Contrast to what is around it, before": contrast[0] if len(contrast) == 2 else None,
        "Contrast to what is around it, after": contrast[1] if len(contrast) == 2 else None,
        "Structure distance between before and after": document.get("structure"),
    }
    rows = []
    for name, values in columns.items():
        found = fields.numbers({"values": values}, "values")
        if len(found) == 3:
            rows.append((name, *(f"{value:.3f}" for value in found)))
    if not rows:
        return []
    names = ("10 % of boxes below", "median", "10 % above")
    note = "Contrast is Michelson's, of mean luminances, 0 to 1." if contrast else ""
    table = Table(
        "What is left of the objects", ("Measure", *names), tuple(rows), frozenset(names), note=note
    )
    return [table]


def _by_category(document: Document, lost: str) -> list[Block]:
    categories = fields.record(document, "by_category")
    if not categories:
        return []
    fates = ("keep", "ignore", lost)
    names = tuple(wording.plain(FATES[fate]) for fate in fates)
    rows = []
    for name in categories:
        counts = fields.record(categories, name)
        rows.append((str(name), *(wording.count(fields.integer(counts, fate)) for fate in fates)))
    return [Table("By category", ("Category", *names), tuple(rows), frozenset(names))]


def _examples(document: Document, lost: str, pictures: Pictures) -> tuple[Block, ...]:
    entries = fields.records(document, "examples")
    if not entries:
        return ()
    shown = []
    for entry in entries:
        boxes = fields.record(entry, "boxes")
        counts = [
            f"{fields.integer(boxes, fate)} {word}"
            for fate, word in {**FATES, "before": "ignored before"}.items()
            if fields.integer(boxes, fate)
        ]
        words = f"{fields.text(entry, 'caption')}. Boxes: {wording.listing(counts) or 'none'}."
        shown.append(_pair(entry, pictures, words))
    legend = tuple(_LEGEND[fate] for fate in ("keep", "ignore", lost, "before"))
    of = wording.several(fields.integer(document, "frames"), "frame")
    title = f"{wording.several(len(shown), 'frame')}, evenly spread over {of}"
    return (Pairs(tuple(shown), title, legend, columns=1),)


def _pair(entry: Document, pictures: Pictures, words: str) -> tuple[Picture, Picture, str]:
    frame = fields.text(entry, "frame")
    before, after = (
        pictures.get(entry.get(side), f"{frame}: {side}") for side in ("before", "after")
    )
    return before, after, words


def _cases(document: Document, lost: str, pictures: Pictures) -> tuple[Block, ...]:
    blocks: list[Block] = []
    titles = {
        "lost_cases": f"Ignored or {FATES[lost]}: the least left first. Can you still see them?",
        "kept_cases": "Kept: the least left first. Should a detector learn that they are there?",
    }
    for key, title in titles.items():
        cases = [_pair(e, pictures, _case(e)) for e in fields.records(document, key)]
        if cases:
            blocks.append(Pairs(tuple(cases), title))
    if blocks:
        note = "At most two boxes of a frame, cut out and enlarged; of equals, large ones first."
        blocks.insert(0, Text(note, "note"))
    return tuple(blocks)


def _case(entry: Document) -> str:
    """`car, kept: visibility 0.13; images/a.jpg` and why, if it was not kept."""
    fate = FATES.get(fields.text(entry, "decision"), fields.text(entry, "decision"))
    signs = {
        "visibility": fields.number(entry, "visibility"),
        "pattern": fields.number(entry, "pattern"),
        "structure distance": fields.number(entry, "structure"),
        "p": fields.number(entry, "p_value"),
    }
    told = ", ".join(f"{name} {v:.2f}" for name, v in signs.items() if v is not None)
    reason = fields.text(entry, "reason")
    why = f" ({reason})" if reason else ""
    return f"{fields.text(entry, 'category')}, {fate}{why}: {told}. {fields.text(entry, 'frame')}"


def _frames(document: Document) -> tuple[Block, ...]:
    frames = wording.several(fields.integer(document, "frames"), "frame")
    values = _values(document)
    seed = fields.text(document, "seed", "unknown")
    blocks: list[Block] = [Text(f"{frames}{f'; {values}' if values else ''}; seed {seed}.")]
    depth = fields.record(document, "depth")
    if depth:
        origins = tuple(
            (_DEPTH.get(str(name), str(name)), wording.count(fields.number(depth, name)))
            for name in depth
        )
        blocks.append(
            Table("Where depth came from", ("Source", "Frames"), origins, frozenset({"Frames"}))
        )
    blocks.append(problems_table(fields.records(document, "problems")))
    return tuple(blocks)
