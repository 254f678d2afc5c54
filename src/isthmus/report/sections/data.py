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
        blocks.append(_sizes(present, run.study))
        blocks.extend(_objects(present, fields.sequence(document, "classes")))
        blocks.extend(_mapping(present))
        blocks.extend(_problems(present))
    return Section("data", "Data", "What was compared?", tuple(blocks))


def _summary(present: dict[str, Document]) -> str:
    parts = []
    for title, domain in present.items():
        name = f"{title}: “{fields.text(domain, 'name')}”, "
        if title == _TITLES["target_test"]:
            name = "Of the target, sealed for the test: " if _TITLES["target"] in present else name
        parts.append(
            f"{name}{wording.several(fields.integer(domain, 'frames'), 'frame')} in "
            f"{wording.several(len(fields.sequence(domain, 'sequences')), 'sequence')}"
        )
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


def _sizes(present: dict[str, Document], study: Document) -> Table:
    facts = {
        "Name": lambda d: fields.text(d, "name", wording.MISSING),
        "Frames": lambda d: wording.count(fields.number(d, "frames")),
        "Sequences (frames)": _sequences,
        "Parts": _parts,
        "Skipped": lambda d: wording.count(fields.number(d, "skipped")),
        "Fingerprint": lambda d: fields.text(d, "fingerprint", wording.MISSING)[:16],
    }
    rows = [(name, *map(fact, present.values())) for name, fact in facts.items()]
    rows[1:1] = [
        (name, *(given(title, present, study) for title in present))
        for name, given in (("Path", _path), ("Format", _format), ("Selected by", _selection))
    ]
    return Table(
        caption="Data sets",
        columns=("", *present),
        rows=tuple(rows),
        note="Path and selection as the study gives them. The fingerprint names the contents: "
        "equal fingerprints mean equal data.",
    )


def _role(title: str) -> str:
    """The part of the study that describes a domain; the test is a part of the target."""
    return "source" if title == _TITLES["source"] else "target"


def _path(title: str, present: dict[str, Document], study: Document) -> str:
    domain = present.get(_TITLES[_role(title)], {})
    path = fields.text(fields.record(study, _role(title)), "path")
    return path or fields.text(domain, "path", wording.MISSING)


def _format(title: str, present: dict[str, Document], study: Document) -> str:
    found = fields.text(present.get(_TITLES[_role(title)], {}), "format", wording.MISSING)
    return "recognised from the files" if found == "auto" else found


def _selection(title: str, present: dict[str, Document], study: Document) -> str:
    """Which frames of the files were taken: for the test, which part of the target."""
    section = fields.record(study, _role(title))
    chosen = [_selector(fields.record(section, "where"))]
    if title == _TITLES["target_test"]:
        chosen.append(_selector(fields.record(section, "test")))
    return "; ".join(part for part in chosen if part) or "all frames"


def _selector(selector: Document) -> str:
    shown = []
    for name, value in selector.items():
        values = [str(v) for v in value] if isinstance(value, list | tuple) else [str(value)]
        many = f"{values[0]} … {values[-1]} ({len(values)})" if len(values) > 3 else ""
        shown.append(f"{wording.attribute(name).lower()}: {many or ', '.join(values)}")
    return "; ".join(shown)


_PARTS = ("train", "val", "test")


def _parts(domain: Document) -> str:
    splits = fields.record(domain, "splits")
    ordered = sorted(splits, key=lambda name: _PARTS.index(name) if name in _PARTS else 9)
    shown = [f"{name} {wording.count(fields.number(splits, name))}" for name in ordered]
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
