"""What the command line prints: tables, progress, paths. No figure is computed here."""

from __future__ import annotations

import contextlib
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

OUT = Console(highlight=False, soft_wrap=True)
ERR = Console(stderr=True, highlight=False, soft_wrap=True)
PLAIN_SECONDS = 10.0
SHOWN_PROBLEMS = 20
MOST_COLUMNS = 400


class Watcher:
    """Shows stages as lines and the work inside a stage as a bar (plain lines without a tty)."""

    def __init__(self, bar: Progress | None) -> None:
        self.bar = bar
        self.task: Any = None
        self.shown = ""
        self.last = time.monotonic()
        self.started = time.monotonic()

    def stage(self, number: int, total: int, name: str, state: str) -> None:
        """Print a line when a stage begins or ends."""
        self._clear()
        if state == "running":
            self.started = time.monotonic()
            ERR.print(f"[{number}/{total}] {name} …", markup=False)
        elif state == "done":
            seconds = time.monotonic() - self.started
            ERR.print(f"[{number}/{total}] {name}: done in {seconds:.1f} s", markup=False)
        else:
            ERR.print(f"[{number}/{total}] {name}: {state}", markup=False)

    def progress(self, done: int, total: int, what: str) -> None:
        """Move the bar, or print a line every ten seconds."""
        if self.bar is not None:
            if what != self.shown:
                self._clear()
                self.task = self.bar.add_task(escape(what), total=total)
                self.shown = what
            self.bar.update(self.task, completed=done, total=total)
        elif time.monotonic() - self.last > PLAIN_SECONDS:
            ERR.print(f"      {what}: {done} of {total}", markup=False)
            self.last = time.monotonic()

    def _clear(self) -> None:
        if self.bar is not None and self.task is not None:
            self.bar.remove_task(self.task)
        self.task, self.shown = None, ""


@contextlib.contextmanager
def watch() -> Iterator[Watcher]:
    """Show progress on standard error while the block runs."""
    if not sys.stderr.isatty():
        yield Watcher(None)
        return
    columns = (
        TextColumn("      {task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=ERR, transient=True) as bar:
        yield Watcher(bar)


def show_path(what: str, path: Path) -> None:
    """Print where something lies."""
    OUT.print(f"{what}: {path}", markup=False)


def print_json(value: Any) -> None:
    """Print a value as JSON."""
    import json

    OUT.print(json.dumps(value, indent=1, ensure_ascii=False), markup=False)


def show_config(config: Any) -> None:
    """Print what a study would do."""
    OUT.print(f"{config.name}: the study file is well formed", markup=False)
    for option, path in (("source.path", config.source.path), ("target.path", config.target.path)):
        if not path.exists():
            ERR.print(f"WARNING: {option}: {path}: no such file or folder yet", markup=False)
    arms = [
        name
        for name in config.arms
        if config.target.oracle or not (name == "oracle" or name.startswith("labels_"))
    ]
    if len(arms) < len(config.arms):
        OUT.print("arms with target labels are left out: target.oracle is not true", markup=False)
    runs = config.training.seeds * len(arms)
    OUT.print(
        f"{len(arms)} arms × {config.training.seeds} training seed(s) = {runs} trainings of "
        f"{config.training.burn_in} + {config.training.steps} steps; "
        f"{len(config.gap.metrics)} metrics on {len(config.gap.extractors)} extractors",
        markup=False,
    )


def show_dataset(dataset: Any) -> None:
    """Print what a data set holds and what could not be read."""
    objects: Counter[str] = Counter()
    ignored = 0
    for frame in dataset:
        for box in frame.objects or ():
            objects[box.category] += 1
            ignored += box.ignore
    sequences = [name for name in dataset.sequences if name]
    OUT.print(
        f"{dataset.name}: {len(dataset)} frames, {len(sequences)} named sequences, "
        f"{sum(objects.values())} boxes ({ignored} of them ignore regions)",
        markup=False,
    )
    if objects:
        known = dataset.task_classes()
        table = Table("category", "boxes", "class of the task", box=SIMPLE_HEAD)
        for category, count in objects.most_common():
            shown = known.get(category, "unknown: map it in the study file")
            table.add_row(escape(category), str(count), shown or "left out on purpose")
        show_table(table)
    show_problems(dataset.problems)


def show_split(written: Mapping[str, Path]) -> None:
    """Print how many frames each side's list names, and what is on no side."""
    import json

    left_out: dict[str, int] = {}
    for side, path in written.items():
        content = json.loads(path.read_text("utf-8"))
        left_out = content["left_out"]
        OUT.print(f"{side}: {len(content['frames'])} frames: {path}", markup=False)
    for reason, count in left_out.items():
        OUT.print(f"left out: {count} frames: {reason}", markup=False)


def show_problems(problems: Any) -> None:
    """Print what was skipped (all kinds, counted) and the first of each list."""
    for severity, title in (("skipped", "Skipped"), ("note", "Notes")):
        chosen = [p for p in problems if p.severity == severity]
        if not chosen:
            continue
        ERR.print(f"{title}: {len(chosen)}", markup=False)
        for problem in chosen[:SHOWN_PROBLEMS]:
            ERR.print(f"  {problem.kind}: {problem.path}: {problem.reason}", markup=False)
        if len(chosen) > SHOWN_PROBLEMS:
            ERR.print(f"  … and {len(chosen) - SHOWN_PROBLEMS} more", markup=False)


def show_gap(result: Any, *, saved: Path | None) -> None:
    """Print the measured gap as a table."""
    show_problems(result.problems)
    document = result.document
    several = len({row["extractor"] for row in document["estimates"]}) > 1
    for pair in document["pairs"]:
        rows = [row for row in document["estimates"] if row["pair"] == pair["name"]]
        OUT.print(f"{pair['label']}: {pair['n']} and {pair['m']} frames", markup=False)
        show_table(_gap_table(rows, several))
    for note in gap_notes(document["estimates"]):
        ERR.print(note, markup=False)
    if saved is not None:
        show_path("result", saved)


def gap_notes(estimates: Sequence[Mapping[str, Any]]) -> list[str]:
    """Each warning once, with the layers and metrics it is for; numbers alone make no difference.

    Of warnings that differ in their numbers the first is given.
    """
    found: dict[str, dict[str, list[Mapping[str, Any]]]] = {}
    for row in estimates:
        for warning in row["warnings"]:
            found.setdefault(_without_numbers(warning), {}).setdefault(warning, []).append(row)
    notes = []
    for versions in found.values():
        first, rows = next(iter(versions)), [row for rows in versions.values() for row in rows]
        similar = " (numbers differ between them)" if len(versions) > 1 else ""
        layers, metrics = (dict.fromkeys(str(r[key]) for r in rows) for key in ("layer", "metric"))
        where = f"{_few(layers)}; {_few(metrics)}"
        notes.append(f"note ({len(rows)} of {len(estimates)}: {where}): {first}{similar}")
    return notes


def _without_numbers(warning: str) -> str:
    return re.sub(r"\d[\d.,]*", "#", warning)


def _few(names: Iterable[str], most: int = 6) -> str:
    """Names in a row, the first of many and how many more."""
    listed = list(names)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more


def show_gate(result: Any, *, saved: Path | None) -> None:
    """Print every rule of a gate: the figure, the rule, and why it does not hold."""
    table = Table(box=SIMPLE_HEAD, padding=0, collapse_padding=True)
    for name in ("", "metric", "extractor", "layer", "rule"):
        table.add_column(name, no_wrap=True)
    for name in ("found", "95 % interval of the value"):
        table.add_column(name, justify="right", no_wrap=True)
    for check in result.checks:
        table.add_row(
            "pass" if check.passed else "FAIL",
            check.metric,
            escape(check.extractor),
            escape(check.layer),
            check.rule,
            number(check.found),
            "–" if check.low is None else f"{number(check.low)} – {number(check.high)}",
            style="dim" if check.passed else "bold",
        )
    show_table(table)
    for reason, checks in result.reasons.items():
        parts = ((check.metric, check.extractor, check.layer) for check in checks)
        places = dict.fromkeys(" ".join(filter(None, part)) for part in parts)
        ERR.print(f"FAIL: {', '.join(places)}: {reason}", markup=False)
    held = len(result.checks) - len(result.failures)
    verdict = "the gate holds" if result.passed else "the gate does not hold (exit status 4)"
    OUT.print(f"{held} of {len(result.checks)} rules hold: {verdict}", markup=False, style="bold")
    if saved is not None:
        show_path("junit", saved)


def show_dqm(result: Any, *, saved: Path | None) -> None:
    """Print dqm-ml's numbers beside ours, then what is wrong with which."""
    show_problems(result.problems)
    table = Table(box=SIMPLE_HEAD, padding=0, collapse_padding=True)
    for name in ("", "source", "target", "layer", "dqm-ml", "here"):
        table.add_column(name, no_wrap=True)
    for name in ("dqm-ml's", "value", "95 % interval", "p", "floor", "× floor"):
        table.add_column(name, justify="right", no_wrap=True)
    rows = result.document["rows"]
    for index, row in enumerate(rows, 1):
        found = row["estimate"]
        table.add_row(
            str(index),
            escape(row["source"]),
            escape(row["target"]),
            escape(row["layer"]),
            row["dqm"]["metric"],
            found["metric"],
            number(row["dqm"]["value"]),
            number(found["value"]),
            f"{number(found['low'])} – {number(found['high'])}",
            number(found["p_value"]),
            number(found["floor"]),
            number(found["ratio"]),
            style="bold" if found["above_floor"] else "dim",
        )
    show_table(table)
    for index, row in enumerate(rows, 1):
        OUT.print(f"{index} {row['dqm']['metric']}: {row['dqm']['remark']}", markup=False)
    for features, count in Counter(row["features"] for row in rows).items():
        OUT.print(f"features ({count} of {len(rows)}): {features}", markup=False)
    if saved is not None:
        show_path("result", saved)


def show_table(table: Table) -> None:
    """Print all of a table: a figure cut short is worth nothing, a line that wraps is only ugly."""
    wide = OUT.options.update(width=MOST_COLUMNS, max_width=MOST_COLUMNS)
    needed = Measurement.get(OUT, wide, table).maximum
    Console(width=max(OUT.width, needed), highlight=False).print(table, crop=False)


def _gap_table(rows: Any, several: bool) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=0, collapse_padding=True)
    for name in (*(("extractor",) if several else ()), "layer", "metric"):
        table.add_column(name, no_wrap=True)
    for name in ("value", "95 % interval", "p", "floor", "× floor"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        cells = (
            *((escape(row["extractor"]),) if several else ()),
            escape(row["layer"]),
            row["metric"],
            number(row["value"]),
            f"{number(row['low'])} – {number(row['high'])}",
            number(row["p_value"]),
            number(row["floor"]),
            number(row["ratio"]),
        )
        table.add_row(*cells, style="bold" if row["above_floor"] else "dim")
    return table


def show_study(result: Any) -> None:
    """Print a study's verdict, its arms, and where the report is."""
    takeaway = result.documents["takeaway"]
    OUT.print(f"\n{takeaway['headline']}\n", markup=False, style="bold")
    for statement in takeaway["statements"]:
        if statement["level"] in ("alarm", "warning"):
            OUT.print(f"{statement['level'].upper()}: {statement['text']}", markup=False)
    score = result.documents.get("score")
    if score and score["arms"]:
        show_table(_arms_table(score))
    if result.skipped:
        ERR.print(
            f"{result.skipped} input item(s) were skipped; the report lists each with its reason "
            "(exit status 3)",
            markup=False,
        )
    if not result.recomputed:
        ERR.print("nothing had changed: every stage was up to date", markup=False)
    show_path("report", result.report)


def _arms_table(score: Any) -> Table:
    names = [*score["classes"], "mean"] if len(score["classes"]) > 1 else score["classes"]
    table = Table(
        "arm", *(f"{name} AP50" for name in names), "gap closed", box=SIMPLE_HEAD, padding=0
    )
    for arm in score["arms"]:
        cells = []
        for name in names:
            cell = arm["ap50"].get(name)
            cells.append(
                "–"
                if cell is None or cell["mean"] is None
                else f"{100 * cell['mean']:.1f} [{100 * cell['low']:.1f}, {100 * cell['high']:.1f}]"
            )
        closed = arm["gap_closed"]
        known = ("value", "low", "high") if closed and closed["defined"] else ()
        bounds = [f"{100 * closed[key]:z.0f}" for key in known]
        # Of the plain source it is not asked, and the fair source is what it is measured from.
        share = "undefined" if closed else "–"
        if bounds:
            share = f"{bounds[0]} % [{bounds[1]}, {bounds[2]}]"
        chosen = score["selected"] and score["selected"]["arm"] == arm["name"]
        table.add_row(escape(arm["label"]), *cells, share, style="bold" if chosen else None)
    return table


def number(value: float | None) -> str:
    """Three significant digits, or a dash."""
    return "–" if value is None else f"{value:.3g}"
