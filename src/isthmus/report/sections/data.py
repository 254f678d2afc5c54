"""What was read: frames, sequences, labels, how categories were mapped, what was skipped."""

from __future__ import annotations

from isthmus.report import fields, wording
from isthmus.report.blocks import Block, Gallery, Heading, Section, Table, Text
from isthmus.report.fields import Document
from isthmus.report.pictures import Pictures
from isthmus.report.run_folder import RunFolder
from isthmus.report.tables import sentence

_TITLES = {"source": "Source", "target": "Target", "target_test": "Target, sealed test"}
_MOST_PROBLEMS = 200
_MOST_PICTURES = 4


def section(run: RunFolder) -> Section:
    """The data section; empty of numbers when the stage has not run."""
    document = run.stage("data")
    domains = {
        title: fields.record(fields.record(document, "domains"), name)
        for name, title in _TITLES.items()
    }
    present = {title: domain for title, domain in domains.items() if domain}
    blocks: list[Block] = []
    if present:
        blocks.append(Text(_summary(present), "lead"))
        notes = [sentence(note) for note in fields.sequence(document, "notes")]
        blocks.extend(Text(f"{note[:1].upper()}{note[1:]}.", "warning") for note in notes)
        blocks.extend(_galleries(present, run.pictures("data")))
        blocks.append(_sizes(present))
        blocks.extend(_objects(present, fields.sequence(document, "classes")))
        blocks.extend(_mapping(present))
        blocks.extend(_problems(present))
    return Section("data", "Data", "What was compared?", tuple(blocks))


def _summary(present: dict[str, Document]) -> str:
    parts = [
        f"{title}: “{fields.text(domain, 'name')}”, "
        f"{wording.several(fields.integer(domain, 'frames'), 'frame')} in "
        f"{wording.several(len(fields.sequence(domain, 'sequences')), 'sequence')}"
        for title, domain in present.items()
    ]
    skipped = sum(fields.integer(domain, "skipped") for domain in present.values())
    tail = (
        f" {wording.several(skipped, 'item')} (images or boxes) could not be used; the reasons "
        "are listed below."
        if skipped
        else " Every file could be used."
    )
    return ". ".join(parts) + "." + tail


def _galleries(present: dict[str, Document], pictures: Pictures) -> list[Block]:
    found: list[Block] = []
    for title, domain in present.items():
        names = fields.sequence(domain, "samples")[:_MOST_PICTURES]
        shown = tuple((pictures.get(name, f"{title}, example"), "") for name in names)
        if shown:
            found.append(Gallery(title, shown))
    return found


def _sizes(present: dict[str, Document]) -> Table:
    facts = {
        "Name": lambda d: fields.text(d, "name", wording.MISSING),
        "Path": lambda d: fields.text(d, "path", wording.MISSING),
        "Format": lambda d: fields.text(d, "format", wording.MISSING),
        "Frames": lambda d: wording.count(fields.number(d, "frames")),
        "Sequences (frames)": _sequences,
        "Parts": _parts,
        "Skipped": lambda d: wording.count(fields.number(d, "skipped")),
        "Fingerprint": lambda d: fields.text(d, "fingerprint", wording.MISSING)[:16],
    }
    return Table(
        caption="Data sets",
        columns=("", *present),
        rows=tuple((name, *map(fact, present.values())) for name, fact in facts.items()),
        note="The fingerprint names the contents: equal fingerprints mean equal data.",
    )


def _parts(domain: Document) -> str:
    splits = fields.record(domain, "splits")
    shown = [f"{name} {wording.count(fields.number(splits, name))}" for name in splits]
    return ", ".join(shown) or wording.MISSING


def _sequences(domain: Document) -> str:
    found = fields.records(domain, "sequences")
    shown = [
        f"{fields.text(s, 'name')} ({wording.count(fields.number(s, 'frames'))})" for s in found
    ]
    more = f" and {len(shown) - 6} more" if len(shown) > 6 else ""
    return ", ".join(shown[:6]) + more or wording.MISSING


def _objects(present: dict[str, Document], classes: list[object]) -> list[Block]:
    names = [str(name) for name in classes]
    labelled = {t: d for t, d in present.items() if isinstance(d.get("objects"), dict)}
    if not names or not labelled:
        return []
    rows = tuple(
        (
            title,
            wording.count(_labelled(domain)),
            *(wording.count(fields.number(fields.record(domain, "objects"), n)) for n in names),
            wording.count(fields.number(domain, "ignored")),
        )
        for title, domain in labelled.items()
    )
    columns = ("Domain", "Labelled frames", *names, "Ignored")
    return [
        Table(
            caption="Labelled objects",
            columns=columns,
            rows=rows,
            numeric=frozenset(columns[1:]),
            note="Labels of the target are not opened here. Ignored boxes neither help nor hurt.",
        )
    ]


def _labelled(domain: Document) -> int:
    """Number of labelled frames; `true` stands for all of them."""
    known = fields.number(domain, "labelled")
    if known is not None:
        return int(known)
    return fields.integer(domain, "frames") if domain.get("labelled") is True else 0


def _mapping(present: dict[str, Document]) -> list[Block]:
    rows = tuple(
        (title, str(name), str(to) if to is not None else "not used")
        for title, domain in present.items()
        for name, to in sorted(fields.record(domain, "categories").items())
    )
    if not rows:
        return []
    columns = ("Domain", "Category in the data", "Class of the task")
    return [Table("How categories were mapped", columns, rows, folded=len(rows) > 6)]


def _problems(present: dict[str, Document]) -> list[Block]:
    rows = [
        (
            title,
            fields.text(problem, "path"),
            wording.plain(fields.text(problem, "severity")),
            fields.text(problem, "reason"),
        )
        for title, domain in present.items()
        for problem in fields.records(domain, "problems")
    ]
    if not rows:
        return []
    note = (
        f"The first {_MOST_PROBLEMS} of {wording.count(len(rows))}; all are in result.json."
        if len(rows) > _MOST_PROBLEMS
        else ""
    )
    columns = ("Domain", "File", "Severity", "Reason")
    table = Table(
        caption=f"{wording.several(len(rows), 'remark')} on files and labels",
        columns=columns,
        rows=tuple(rows[:_MOST_PROBLEMS]),
        note=note,
        folded=len(rows) > 12,
    )
    return [Heading("Skipped and repaired"), table]
