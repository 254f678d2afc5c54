"""Composing the report: a run folder in, one self-contained HTML file out."""

from __future__ import annotations

import contextlib
from importlib import metadata
from pathlib import Path

from isthmus import __version__, files
from isthmus.report import fields, wording
from isthmus.report.blocks import Section, Text
from isthmus.report.figures import theme
from isthmus.report.page import render_page
from isthmus.report.run_folder import RunFolder, read_run
from isthmus.report.sections import SECTIONS, explanation

REPORT = Path("report") / "index.html"
KEY = Path("report") / "key.txt"
MEASUREMENT = ("gap", explanation.ANCHOR)
"""Anchors of the sections that a measurement without a study has."""


def write_report(run: Path) -> Path:
    """Write `report/index.html` for the run in folder `run`, and return its path.

    Stages that have not run are named as such. Equal documents and pictures give equal bytes.
    Raises `InputError` when the folder holds no run or a document of an unknown schema.
    """
    place, key_file = run / REPORT, run / KEY
    key = _key(run)
    key_file.unlink(missing_ok=True)
    files.write_text(place, render(read_run(run)))
    files.write_text(key_file, key + "\n")
    return place


def update_report(run: Path) -> Path:
    """As `write_report`, but a report stays that was drawn from these documents by this code."""
    place, key_file = run / REPORT, run / KEY
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if place.is_file() and key_file.read_text(encoding="utf-8").strip() == _key(run):
            return place
    return write_report(run)


def _key(run: Path) -> str:
    """Digest of all documents of the run, of this package's files and of what draws charts.

    Pictures are not looked at: a stage that writes them anew leaves its mark in the manifest.
    """
    here = Path(__file__).resolve().parent
    own = [path for path in sorted(here.rglob("*")) if path.is_file() and path.suffix != ".pyc"]
    documents = [run / "study.json", run / "manifest.json", *run.glob("stages/*/result.json")]
    parts = {path.relative_to(here).as_posix(): files.file_digest(path) for path in own}
    parts |= {
        f"run/{path.relative_to(run).as_posix()}": files.file_digest(path)
        for path in documents
        if path.is_file()
    }
    return files.digest_of([__version__, metadata.version("altair"), parts])


def render(run: RunFolder) -> str:
    """The report of `run` as HTML text."""
    with theme.unchecked():
        made = [make(run) for make in SECTIONS.values()]
    sections = [_complete(part) for part in made if _belongs(part, run)]
    return render_page(
        run.title,
        sections,
        kind="domain gap report",
        subtitle=_domains(run),
        origin="the result documents of the run",
    )


def _belongs(section: Section, run: RunFolder) -> bool:
    """A study shows all its stages, also those that have not run; a measurement has no stages."""
    if run.is_measurement:
        return section.anchor in MEASUREMENT
    return bool(section.blocks) or section.anchor != explanation.ANCHOR


def _complete(section: Section) -> Section:
    if section.blocks:
        return section
    text = Text("This stage has not run, so there is nothing to show here.", "note")
    return Section(section.anchor, section.title, section.question, (text,))


def _domains(run: RunFolder) -> str:
    domains = fields.record(run.stage("data"), "domains")
    source, target = (fields.record(domains, name) for name in ("source", "target"))
    if not source or not target:
        return ""
    return " → ".join(
        f"{fields.text(domain, 'name', title)} "
        f"({wording.several(fields.integer(domain, 'frames'), 'frame')})"
        for title, domain in (("source", source), ("target", target))
    )
