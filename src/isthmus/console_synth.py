"""What the `isthmus synth` commands print."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from isthmus.console import ERR, OUT, SHOWN_PROBLEMS, show_path, show_problems, show_table


def show_rendered(result: Any) -> None:
    """Print how many frames and objects there are, and where."""
    frames = len(result.dataset)
    boxes = [box for frame in result.dataset for box in frame.objects or ()]
    counts = Counter(box.category for box in boxes if not box.ignore)
    kept = f", {result.kept} of them from before" if result.kept else ""
    unclear = sum(box.ignore for box in boxes)
    more = f" ({unclear} more are too small or hidden, and ignored)" if unclear else ""
    OUT.print(f"{frames} images{kept}; {sum(counts.values())} objects{more}", markup=False)
    if counts:
        listed = ", ".join(f"{name} {count}" for name, count in counts.most_common())
        OUT.print(f"  {listed}", markup=False)
    show_problems(result.skipped)
    for problem in result.dataset.problems[:SHOWN_PROBLEMS]:
        ERR.print(f"{problem.path}: {problem.kind}: {problem.reason}", markup=False)
    if count := len(result.dataset.problems):
        ERR.print(f"{count} image(s) could not be made (exit status 3)", markup=False)
    if count := len(result.mended):
        shown = ", ".join(result.mended[:SHOWN_PROBLEMS]) + (" …" if count > SHOWN_PROBLEMS else "")
        ERR.print(f"{count} image(s) were damaged and have been made again: {shown}", markup=False)
    if result.removed:
        names = ", ".join(result.removed)
        ERR.print(
            f"removed labels of other frames or habits, of an earlier run: {names}", markup=False
        )
    _show_notes(result)
    for name, path in result.labels.items():
        show_path(name, path)
    if not result.labels:
        OUT.print("a part of the whole: labels are written by a run without --part", markup=False)


def _show_notes(result: Any) -> None:
    """Print one line for each format that lacks places, and other notes as they are."""
    parts = Counter(note.path for note in result.notes if note.kind.startswith("not-held-"))
    for name, count in parts.items():
        ERR.print(
            f"note: {name} has no place for {count} kinds of what is known "
            f"(`notes` in {result.manifest})",
            markup=False,
        )
    for note in result.notes:
        if not note.kind.startswith("not-held-"):
            ERR.print(f"note: {note.reason}", markup=False)


def show_replay(again: Any) -> None:
    """Print whether an image is the same."""
    words = {True: "the same to the byte", False: "NOT the same"}
    OUT.print(f"{again.record}", markup=False)
    OUT.print(f"  image: {words[again.same_picture]}", markup=False)
    OUT.print(f"  truth: {words[again.same_truth]}", markup=False)


def show_twin(found: Any, out: Path) -> None:
    """Print what was left out, then the figures of the target and of the camera's pictures."""
    show_problems(found.problems)
    table = Table("figure", "target", "before", "after", box=SIMPLE_HEAD, padding=0)
    for name, value in found.target.items():
        table.add_row(
            escape(name), f"{value:.2f}", f"{found.before[name]:.2f}", f"{found.after[name]:.2f}"
        )
    show_table(table)
    OUT.print(
        f"distance {found.distance_before:.2f} before, {found.distance_after:.2f} after",
        markup=False,
    )
    show_path("camera", out)


def show_doctor(found: Any) -> None:
    """Print what works, what it would take to make the rest work, and how fast it is.

    Args:
        found: lines as they are found out; the table comes when all are.
    """
    lines = []
    for line in found:
        ERR.print(f"{line.part}: {line.state}", markup=False)
        lines.append(line)
    table = Table("part", "state", "images an hour", "remark", box=SIMPLE_HEAD, padding=0)
    for line in lines:
        rate = "–" if line.images_per_hour is None else f"{line.images_per_hour:,.0f}"
        table.add_row(escape(line.part), escape(line.state), rate, escape(line.remark))
    show_table(table)
    OUT.print(
        "images an hour: 640 × 360 with truth and camera, one process for each of this machine's "
        "cores, by processor time (what else the machine does is left out)",
        markup=False,
    )
