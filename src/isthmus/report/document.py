"""Composing the report: a run folder in, one self-contained HTML file out.

The file needs no network and no other file. A content security policy inside it forbids every
request and every script but the four that are named by their hashes; Vega evaluates its
expressions with its own interpreter, so `eval` stays forbidden too.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from isthmus import __version__, files
from isthmus.report import fields, wording
from isthmus.report.blocks import Section, Text, charts_of
from isthmus.report.figures import theme
from isthmus.report.run_folder import RunFolder, read_run
from isthmus.report.sections import SECTIONS, explanation

REPORT = Path("report") / "index.html"
KEY = Path("report") / "key.txt"
MEASUREMENT = ("gap", explanation.ANCHOR)
"""Anchors of the sections that a measurement without a study has."""
_LIBRARIES = ("vega.min.js", "vega-lite.min.js", "vega-embed.min.js")


@dataclass(frozen=True)
class Script:
    """A script of the page and the hash by which the page's policy allows it."""

    text: str

    @property
    def allowance(self) -> str:
        """The source expression of the content security policy for this script."""
        digest = hashlib.sha256(self.text.encode("utf-8")).digest()
        return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


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
    import jinja2

    with theme.unchecked():
        made = [make(run) for make in SECTIONS.values()]
    sections = [_complete(part) for part in made if _belongs(part, run)]
    charts = {chart.name: chart.spec for part in sections for chart in charts_of(part.blocks)}
    scripts = _scripts() if charts else ()
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("isthmus.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    page = environment.get_template("report.html.j2")
    return page.render(
        name=run.title,
        domains=_domains(run),
        version=__version__,
        sections=sections,
        style=_asset("report.css"),
        policy=policy(scripts),
        scripts=[script.text for script in scripts],
        charts=script_json({"config": theme.CONFIG, "charts": charts}),
        any_charts=bool(charts),
    )


def policy(scripts: tuple[Script, ...]) -> str:
    """The page's content security policy: nothing but what the page itself carries."""
    allowed = " ".join(script.allowance for script in scripts) or "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def script_json(value: Any) -> str:
    """JSON that cannot end a script element, whatever names it holds."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


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


@cache
def _scripts() -> tuple[Script, ...]:
    vendor = resources.files("isthmus.report") / "vendor"
    libraries = [(vendor / name).read_text(encoding="utf-8") for name in _LIBRARIES]
    return tuple(Script(_unmapped(text)) for text in (*libraries, _asset("report.js")))


def _unmapped(text: str) -> str:
    """Without the note that points browsers to a source map, which is not shipped."""
    lines = [line for line in text.splitlines() if not line.startswith("//# sourceMappingURL=")]
    return "\n".join(lines) + "\n"


@cache
def _asset(name: str) -> str:
    return (resources.files("isthmus.report") / "templates" / name).read_text(encoding="utf-8")
