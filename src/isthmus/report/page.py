"""Sections as one self-contained HTML file.

The file needs no network and no other file. A content security policy inside it forbids every
request and every script but the four that are named by their hashes; Vega evaluates its
expressions with its own interpreter, so `eval` stays forbidden too.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from isthmus import __version__
from isthmus.report.blocks import Section, charts_of
from isthmus.report.figures import theme

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


def render_page(
    title: str, sections: Sequence[Section], *, kind: str, subtitle: str, origin: str
) -> str:
    """HTML text of `sections` under a masthead.

    Args:
        title: the page's heading.
        sections: in order; the scripts that draw charts are left out if there are none.
        kind: what sort of page it is, beside the package's name.
        subtitle: a line under the heading; none if "".
        origin: what the page was written from, for its foot.
    """
    import jinja2

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
        name=title,
        kind=kind,
        subtitle=subtitle,
        origin=origin,
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
