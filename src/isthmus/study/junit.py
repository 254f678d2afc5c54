"""A gate's result as JUnit XML: what continuous integration servers show as tests.

One test case for each rule on each layer. The dialect is the common core that Jenkins, GitLab
and GitHub actions read: `testsuite` with counts, `testcase` with class and name, `failure`. No
time stamp: equal measurements give equal bytes.
"""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as Xml

from isthmus import files
from isthmus.study.gate import Check, GateResult

SUITE = "isthmus gate"
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(result: GateResult, path: Path | str) -> None:
    """Write `result` to `path`, whole or not at all."""
    files.write_bytes(Path(path), junit_bytes(result))


def junit_bytes(result: GateResult) -> bytes:
    """The XML document, UTF-8."""
    counts = {
        "tests": str(len(result.checks)),
        "failures": str(len(result.failures)),
        "errors": "0",
        "skipped": "0",
    }
    root = Xml.Element("testsuites", {"name": SUITE, **counts})
    suite = Xml.SubElement(root, "testsuite", {"name": SUITE, **counts})
    for check in result.checks:
        _add_case(suite, check)
    Xml.indent(root)
    content: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def _add_case(suite: Xml.Element, check: Check) -> None:
    place = " ".join(part for part in (check.extractor, check.layer) if part)
    name = f"{place}: {check.rule}" if place else check.rule
    labels = {"classname": f"isthmus.{check.metric}", "name": _printable(name)}
    case = Xml.SubElement(suite, "testcase", labels)
    if check.passed:
        Xml.SubElement(case, "system-out").text = _printable(figure_text(check))
        return
    failure = Xml.SubElement(
        case, "failure", {"type": "gate", "message": _printable(message_text(check))}
    )
    failure.text = _printable(f"{message_text(check)}\nrule: {check.metric} {name}")


def message_text(check: Check) -> str:
    """Why a rule does not hold, with the figure, its interval and the rule."""
    return f"{check.reason} ({figure_text(check)}; rule: {check.rule})"


def figure_text(check: Check) -> str:
    """The figure and the interval of the metric's value, in words."""
    found = "not known" if check.found is None else f"{check.found:.6g}"
    known = check.low is not None and check.high is not None
    interval = f"[{check.low:.6g}, {check.high:.6g}]" if known else "not known"
    return f"{check.figure}: {found}; interval of {check.metric}: {interval}"


def _printable(text: str) -> str:
    """Without the characters that no XML document may hold."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
