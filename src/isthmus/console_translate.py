"""What the command line prints about translation. No figure is computed here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from isthmus.console import OUT, show_path, show_table


def show_audit(report: Any, out: Path, page: Path) -> None:
    """Print what translation did to labels."""
    table = Table("category", "keep", "ignore", "reject", box=SIMPLE_HEAD)
    for category, counts in report.by_category.items():
        table.add_row(escape(category), *(str(counts[n]) for n in ("keep", "ignore", "reject")))
    show_table(table)
    for reason, count in report.reasons.items():
        OUT.print(f"  {count} × {reason}", markup=False)
    OUT.print(
        f"{report.frames} frames audited, {len(report.left_out)} left out"
        + (f", {report.made_up} objects made up" if report.made_up is not None else ""),
        markup=False,
    )
    show_path("audit", out / "audit.json")
    show_path("page", page)


def show_curve(points: Any) -> None:
    """Print the share of objects that hold by strength."""
    table = Table("strength", "boxes", "keep", "ignore", "reject", "structure", box=SIMPLE_HEAD)
    for point in points:
        shares = (f"{100 * share:.1f} %" for share in (point.keep, point.ignore, point.reject))
        table.add_row(f"{point.strength:g}", str(point.boxes), *shares, f"{point.structure:.3f}")
    show_table(table)
