"""From figures to what one should know: findings, each with a severity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

IMBALANCE = 50.0
REDUNDANT = 0.1
UNCOVERED = 0.1
LEAST_P = 0.01
LARGE_D = 0.3
EXAMPLES = 3
SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """Something one should know of a set.

    Attributes:
        severity: "error" (do not use the set as it is), "warning" or "note".
        kind: stable word.
        dataset: which set, or "FIRST, SECOND".
        count: frames, boxes or whatever the text speaks of.
        text: one sentence.
        examples: the first of the frames, pairs or files that it speaks of.
    """

    severity: Literal["error", "warning", "note"]
    kind: str
    dataset: str
    count: int
    text: str
    examples: tuple[str, ...] = ()


def findings_of(document: dict[str, Any], *, allow_leaks: bool = False) -> tuple[Finding, ...]:
    """What the figures of a quality document mean, errors first."""
    found = [f for row in document["sets"] for f in _of_a_set(row)]
    found += [f for row in document["across"] for f in _leaks(row, allow_leaks)]
    found += [f for row in document["compared"] for f in _differences(row)]
    return tuple(sorted(found, key=lambda f: SEVERITIES.index(f.severity)))


def _first(shown: Iterable[str]) -> tuple[str, ...]:
    return tuple(islice(shown, EXAMPLES))


def _of_a_set(row: dict[str, Any]) -> Iterator[Finding]:
    name, frames = row["name"], max(1, row["frames"])
    if lost := len(row["unreadable"]) + row["problems"].get("unreadable-image", 0):
        text = f"{lost} image(s) cannot be decoded"
        torn = [p for p in row["skipped"] if p["kind"] == "unreadable-image"]
        shown = [f"{p['path']}: {p['reason']}" for p in (*torn, *row["unreadable"])]
        yield Finding("error", "unreadable", name, lost, text, _first(shown))
    for kind, fault in row["label_faults"].items():
        if count := fault["count"]:
            severity: Literal["error", "warning"] = "error" if kind == "bad_box" else "warning"
            text = f"{count} box(es): {fault['rule']}"
            shown = [f"{item['frame']}: {item['what']}" for item in fault["listed"]]
            yield Finding(severity, kind, name, count, text, _first(shown))
    for kind, fault in row["image_faults"].items():
        if count := fault["count"]:
            text = f"{count} frame(s): {fault['rule']}"
            yield Finding("warning", kind, name, count, text, _first(fault["frames"]))
    copies = row["duplicates"]
    if copies["exact"]:
        text = f"{copies['exact']} file(s) are byte for byte copies of others in the set"
        yield Finding("warning", "exact_duplicates", name, copies["exact"], text)
    redundant = frames - len(row["unreadable"]) - copies["distinct"]
    if redundant:
        large = redundant >= REDUNDANT * frames
        text = f"{redundant} frame(s) nearly repeat others: {copies['distinct']} distinct ones"
        kind = "near_duplicates"
        yield Finding("warning" if large else "note", kind, name, redundant, text)
    yield from _classes(name, row["classes"])
    for field, share in row["completeness"]["fields"].items():
        if field.startswith("attributes.") and share < 1:
            missing = round((1 - share) * frames)
            text = f"{field} is not known for {missing} frame(s)"
            yield Finding("note", "missing_attribute", name, missing, text)


def _classes(name: str, classes: dict[str, Any] | None) -> Iterator[Finding]:
    if classes is None:
        return
    if missing := classes["missing"]:
        text = f"not one box of {', '.join(missing)}"
        yield Finding("warning", "missing_class", name, len(missing), text)
    if classes["imbalance"] >= IMBALANCE:
        counts = {k: n for k, n in classes["counts"].items() if n}
        most, least = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
        text = f"{counts[most]} boxes of {most}, but {counts[least]} of {least}"
        yield Finding("warning", "class_imbalance", name, counts[least], text)


def _leaks(row: dict[str, Any], allowed: bool) -> Iterator[Finding]:
    count = row["frames_of_second"]
    if count:
        sets = f"{row['first']}, {row['second']}"
        text = (
            f"{count} image(s) of {row['second']} are in {row['first']} too "
            f"({row['exact']} pair(s) of equal files, {row['near']} of near duplicates)"
        )
        shown = [f"{pair['second']} is {pair['first']}" for pair in row["pairs"]]
        severity: Literal["error", "warning"] = "warning" if allowed else "error"
        yield Finding(severity, "leak", sets, count, text, _first(shown))


def _differences(row: dict[str, Any]) -> Iterator[Finding]:
    sets = f"{row['first']}, {row['second']}"
    for name, fit in row["figures"].items():
        if fit["p_value"] < LEAST_P and fit["statistic"] >= LARGE_D:
            text = (
                f"{row['first']} does not represent {row['second']} in {name} "
                f"(D = {fit['statistic']:.2f}, p = {fit['p_value']:.2g})"
            )
            yield Finding("note", "not_representative", sets, 0, text)
    reach = row["reach"]
    if reach and reach["uncovered"] >= UNCOVERED:
        text = (
            f"{reach['uncovered']:.0%} of {row['second']} lies beyond what {row['first']} reaches; "
            f"it is worth {reach['effective_frames']:.0f} of its {reach['frames'][0]} frames there"
        )
        yield Finding("warning", "uncovered", sets, 0, text)
