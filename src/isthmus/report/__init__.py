"""The report of a run: one HTML file drawn from the result documents alone."""

from __future__ import annotations

from isthmus.report.document import write_report

__all__ = ["write_report"]
