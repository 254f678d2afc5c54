"""The sections of a report, in reading order; one file a section."""

from __future__ import annotations

from collections.abc import Callable

from isthmus.report.blocks import Section
from isthmus.report.run_folder import RunFolder
from isthmus.report.sections import (
    adaptation,
    corner_cases,
    data,
    explanation,
    gap,
    generation,
    provenance,
    takeaway,
)

SECTIONS: dict[str, Callable[[RunFolder], Section]] = {
    "takeaway": takeaway.section,
    "data": data.section,
    "corner-cases": corner_cases.section,
    "gap": gap.section,
    "explanation": explanation.section,
    "generation": generation.section,
    "adaptation": adaptation.section,
    "provenance": provenance.section,
}
