"""What an effect did to the labels of a data set."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.augment.effect import Effect
from isthmus.augment.gallery import MarkedFrame, remove_pictures, write_gallery
from isthmus.data.frame import Problem
from isthmus.files import write_json

SCHEMA = "isthmus.augmented/1"
AUDIT_FILE, AUDIT_PAGE = "audit.json", "audit.html"
"""The page is drawn by `isthmus.report` from the document."""
QUANTILES = (0.1, 0.5, 0.9)
Three = tuple[float, float, float]


@dataclass(frozen=True)
class Pair:
    """A frame before and after, for people to look at."""

    before: Path
    after: Path
    caption: str


@dataclass(frozen=True)
class AuditReport:
    """What an effect did to the labels of a data set.

    Attributes:
        effect: its name.
        unit, quantity: of the physical values.
        values: (lowest, median, highest) physical value over the frames.
        severities: (lowest, median, highest) severity.
        frames: number of frames made.
        boxes: keep, ignore, drop → number; boxes that were ignored before do not count.
        reasons: why boxes were not kept → number.
        visibility: (10 %, 50 %, 90 %) quantiles of the boxes' visibility; None without boxes.
        pairs: all frames, before and after, in order.
        contrast: the same quantiles of objects' contrast to what is around them (Michelson's, 0–1):
            before and after; None without boxes.
        depth: where depth came from → number of frames.
        by_category: category → keep, ignore, drop → number.
    """

    effect: str
    unit: str
    quantity: str
    values: Three
    severities: Three
    frames: int
    boxes: dict[str, int]
    reasons: dict[str, int]
    visibility: Three | None
    pairs: tuple[Pair, ...] = field(repr=False)
    contrast: tuple[Three, Three] | None = None
    depth: dict[str, int] = field(default_factory=dict)
    by_category: dict[str, dict[str, int]] = field(default_factory=dict)

    def examples(self, n: int) -> tuple[Pair, ...]:
        """`n` pairs spread evenly over the data set."""
        if n >= len(self.pairs):
            return self.pairs
        places = np.linspace(0, len(self.pairs) - 1, n).round().astype(int)
        return tuple(self.pairs[i] for i in places)

    def document(self) -> dict[str, Any]:
        """As plain values, for `audit.json`; without the pairs, whose places are elsewhere."""
        content = asdict(self)
        del content["pairs"]
        return {"schema": SCHEMA, **content}


def summarised(
    name: str,
    effect: Effect,
    records: Sequence[tuple[float, dict[str, Any]]],
    pairs: tuple[Pair, ...],
) -> AuditReport:
    """The report on frames made: (severity, record) each."""
    decisions: Counter[str] = Counter(keep=0, ignore=0, drop=0)
    reasons: Counter[str] = Counter()
    categories: dict[str, Counter[str]] = {}
    kept: list[list[float]] = []
    for _, record in records:
        for plain, item in zip(record["request"]["objects"] or [], record["audit"], strict=True):
            if plain["ignore"]:
                continue
            visibility, decision, reason, *contrasts = item
            decisions[decision] += 1
            category = categories.setdefault(plain["category"], Counter(keep=0, ignore=0, drop=0))
            category[decision] += 1
            kept.append([visibility, *contrasts])
            if reason:
                reasons[reason] += 1
    severities = sorted(severity for severity, _ in records)
    three = (severities[0], float(np.median(severities)), severities[-1])
    spread = [_three(np.quantile(column, QUANTILES)) for column in np.array(kept).T] or None
    return AuditReport(
        effect=name,
        unit=effect.scale.unit,
        quantity=effect.scale.quantity,
        values=_three(sorted(effect.scale.value(severity) for severity in three)),
        severities=three,
        frames=len(records),
        boxes=dict(decisions),
        reasons=dict(sorted(reasons.items())),
        visibility=spread[0] if spread else None,
        pairs=pairs,
        contrast=(spread[1], spread[2]) if spread else None,
        depth=dict(sorted(Counter(record["depth"] for _, record in records).items())),
        by_category={name: dict(counts) for name, counts in sorted(categories.items())},
    )


def _three(values: Any) -> Three:
    low, middle, high = (float(value) for value in values)
    return low, middle, high


def write_audit(
    report: AuditReport,
    folder: Path,
    frames: Sequence[MarkedFrame],
    problems: Sequence[Problem],
    seed: int,
) -> Path:
    """Write `folder`/audit.json with the pictures it names; returns its path."""
    path = folder / AUDIT_FILE
    (folder / AUDIT_PAGE).unlink(missing_ok=True)
    content = {**report.document(), **write_gallery(folder, frames), "seed": seed}
    write_json(path, {**content, "problems": listed(problems, [frame.before for frame in frames])})
    return path


def remove_audit(folder: Path) -> None:
    """Remove the audit of labels that `folder` held before: document, page and pictures."""
    for name in (AUDIT_FILE, AUDIT_PAGE):
        (folder / name).unlink(missing_ok=True)
    remove_pictures(folder)


def listed(problems: Sequence[Problem], images: Sequence[Path]) -> list[dict[str, Any]]:
    """Problems as plain values, with paths relative to the folder around that of all `images`.

    That is where labels and maps of most data sets lie, too. A document that is passed on is not
    to tell where on a machine its data lay.
    """
    parents = [str(path.absolute().parent) for path in images]
    root = os.path.dirname(os.path.commonpath(parents)) if parents else ""
    shown = []
    for problem in problems:
        path, reason = (
            text.replace(root + os.sep, "") if len(root) > 1 else text
            for text in (problem.path, problem.reason)
        )
        shown.append(
            {
                "path": path,
                "kind": problem.kind,
                "reason": reason,
                "severity": problem.severity,
                "count": problem.count,
            }
        )
    return shown


def caption(effect: Effect, severity: float) -> str:
    """What a frame shows, for people."""
    if severity == 0:
        return f"{effect.label}: severity 0, unchanged"
    scale = effect.scale
    value = scale.value(severity)
    # Three digits, but never as a power of ten: people read these.
    shown = f"{value:.0f}" if value >= 100 else f"{value:.3g}"
    part = f", at {100 * severity:.0f} %" if severity < 1 else ""
    return f"{effect.label}: {scale.quantity} {shown} {scale.unit}{part}"
