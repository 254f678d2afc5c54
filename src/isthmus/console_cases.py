"""What the commands about quality and corner cases print."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from isthmus.console import ERR, OUT, show_path, show_table


def show_quality(result: Any, *, saved: Path | None) -> None:
    """Print figures of each set, then what was found, errors first."""
    table = Table(
        *("set", "frames", "distinct", "labelled", "boxes", "classes", "Vendi score"),
        box=SIMPLE_HEAD,
        padding=0,
    )
    for row in result.document["sets"]:
        classes = row["classes"]
        boxes = "–" if classes is None else str(sum(classes["counts"].values()))
        kinds = "–" if classes is None else str(sum(n > 0 for n in classes["counts"].values()))
        score = row["vendi"]
        table.add_row(
            escape(row["name"]),
            str(row["frames"]),
            str(row["duplicates"]["distinct"]),
            f"{row['completeness']['labelled']:.0%}",
            boxes,
            kinds,
            "–" if score is None else f"{score['score']:.1f} of {score['frames']}",
        )
    show_table(table)
    for row in result.document["across"]:
        OUT.print(
            f"{row['first']} and {row['second']}: {row['exact']} equal files, "
            f"{row['near']} near duplicates",
            markup=False,
        )
    found = result.findings
    if not found:
        OUT.print("nothing found", markup=False)
    for finding in found:
        where = ERR if finding.severity == "error" else OUT
        where.print(f"{finding.severity}: {finding.dataset}: {finding.text}", markup=False)
        for example in finding.examples:
            where.print(f"  {example}", markup=False)
        if finding.examples and finding.count > len(finding.examples):
            where.print(f"  … {finding.count} in all: --json lists more", markup=False)
    if saved is not None:
        show_path("result", saved)


def show_corner_cases(result: Any, page: Path) -> None:
    """Print the missing cells, most missing first, and where the plan and the page lie."""
    document = result.document
    table = Table(
        *("cell", "source", "target", "expected", "of the gap", "of misses", "ordered"),
        box=SIMPLE_HEAD,
        padding=0,
    )
    ordered = {order.name: order for order in result.plan.orders}
    for row in document["ranked"]:
        name = "+".join(f"{k}-{v}" for k, v in row["values"].items())
        order = ordered.get(name)
        by = "–" if order is None else ("augment" if order.augment else "synthesise")
        table.add_row(
            escape(", ".join(f"{k} {v}" for k, v in row["values"].items())),
            f"{row['source']['share']:.1%}",
            f"{row['target']['share']:.1%}",
            _share(row["expected"]),
            _share(row["explained_gap"]),
            _share((row["misses"] or {}).get("share_of_misses")),
            by if order is None else f"{by} {order.frames}",
        )
    if document["ranked"]:
        show_table(table)
    OUT.print(f"{document['coverage']:.0%} of the target is covered by the source", markup=False)
    for strength, found in document["completeness"].items():
        OUT.print(
            f"{strength}-way: {found['covered']} of {found['possible']} combinations of the domain "
            "occur in the source",
            markup=False,
        )
    if unknown := document["unknown_attributes"]:
        ERR.print(f"not told by the target: {', '.join(unknown)}", markup=False)
    show_path("plan", result.folder / "plan.yaml")
    show_path("page", page)


def show_generated(result: Any) -> None:
    """Print what was made of each order, and coverage before and after."""
    table = Table("cell", "by", "asked", "made", "show it", box=SIMPLE_HEAD, padding=0)
    for row in result.document["orders"]:
        cell = ", ".join(f"{k} {v}" for k, v in row["cell"].items())
        numbers = (str(row[k]) for k in ("asked", "made", "show_it"))
        table.add_row(escape(cell), row["by"], *numbers)
    show_table(table)
    before, after = (result.document[f"coverage_{m}"] for m in ("before", "after"))
    OUT.print(f"coverage of the target: {before:.0%} before, {after:.0%} after", markup=False)
    show_path("labels", result.labels)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"
