"""What `isthmus augment` and `isthmus effects` print."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from isthmus.console import ERR, OUT, SHOWN_PROBLEMS, show_path, show_table


def show_audit(report: Any, made: Any, out: Path, page: Path) -> None:
    """Print what was made, what became of the labels, and where it lies."""
    low, middle, high = (f"{value:.3g}" for value in report.values)
    spread = low if low == high else f"{low} to {high}"
    drawn = "" if low == high else f" (median {middle})"
    if report.severities[-1] < 1:  # less of the ladder's first value
        drawn += f", at {100 * report.severities[-1]:.0f} %"
    frames = "1 frame" if report.frames == 1 else f"{report.frames} frames"
    OUT.print(f"{frames}: {report.quantity} {spread} {report.unit}{drawn}", markup=False)
    boxes = report.boxes
    OUT.print(
        f"boxes: {boxes['keep']} kept, {boxes['ignore']} ignored, {boxes['drop']} dropped",
        markup=False,
    )
    for reason, count in report.reasons.items():
        OUT.print(f"  {count}: {reason}", markup=False)
    if report.contrast is not None:
        before, after = (quantiles[1] for quantiles in report.contrast)
        OUT.print(f"contrast of objects, median: {before:.2f} before, {after:.2f} after")
    origins = ", ".join(f"{name} {count}" for name, count in report.depth.items())
    OUT.print(f"depth: {origins}", markup=False)
    skipped = [problem for problem in made.problems if problem.severity == "skipped"]
    for problem in skipped[:SHOWN_PROBLEMS]:
        ERR.print(f"{problem.path}: {problem.kind}: {problem.reason}", markup=False)
    if skipped:
        ERR.print(f"{len(skipped)} item(s) were skipped (exit status 3)", markup=False)
    show_path("labels", out / "coco.json")
    show_path("audit", out / "audit.json")
    show_path("page", page)


def show_effects(effects: Mapping[str, Any]) -> None:
    """Print a line for each effect: name, unit, ladder, what it does."""
    table = Table(
        "effect", "unit", "severity 1", "2", "3", "4", "5", "what it does",
        box=SIMPLE_HEAD, padding=(0, 1, 0, 0),
    )  # fmt: skip
    for name, effect in effects.items():
        steps = (f"{value:g}" for value in effect.scale.ladder)
        table.add_row(escape(name), escape(effect.scale.unit), *steps, escape(effect.label))
    show_table(table)
