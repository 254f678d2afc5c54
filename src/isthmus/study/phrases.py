"""How the takeaway puts figures into words: the same way everywhere."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any

Document = dict[str, Any]
HALF_WIDTH = 0.05
"""Of an interval of AP50 that decides between arms."""


def median(values: Sequence[float | None]) -> float | None:
    """Median of the values that are known; None if none is."""
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def class_name(name: str) -> str:
    """Name of a class in a sentence."""
    return "the mean over classes" if name == "mean" else name


def say(topic: str, text: str, level: str) -> Document:
    """One statement."""
    return {"topic": topic, "text": text, "level": level}


def step(text: str, why: str) -> Document:
    """One piece of advice."""
    return {"text": text, "why": why}


def percent(share: float | None) -> str:
    """A share as a whole percentage."""
    return "unknown" if share is None else f"{100 * share:.0f} %"


def arm_name(arm: Document) -> str:
    """Label of an arm in a sentence: some are plural, some hold a comma."""
    return f"“{arm['label']}”"


def kind_name(kind: str) -> str:
    """Name of a kind of difference in a sentence."""
    return "semantic content" if kind == "semantic" else kind


def seen_by(seen: int, total: int) -> str:
    """How many of the measurements see a gap, as the beginning of a sentence."""
    if total == 1:
        return f"the only measurement sees {'a' if seen else 'no'} gap"
    of = f"all {total}" if 0 < total == seen else f"{seen} of {total}"
    return f"{of} measurements see a gap"


def signed(value: float) -> str:
    """A difference of AP50 in points with its sign; none for what rounds to zero."""
    shown = f"{100 * value:+z.1f}"
    return "0.0" if shown == "+0.0" else shown.replace("-", "−")


def interval(cell: Document) -> str:
    """AP50 in percent with its interval."""
    return f"{100 * cell['mean']:.1f} [{100 * cell['low']:.1f}, {100 * cell['high']:.1f}]"


def share(closed: Document) -> str:
    """Share of the gap closed with its interval."""
    low, high = 100 * closed["low"], 100 * closed["high"]
    return f"{100 * closed['value']:z.0f} % [{low:z.0f}, {high:z.0f}]".replace("-", "−")


def points(change: Document) -> str:
    """A change in points of AP50 with its interval."""
    low, high = signed(change["low"]), signed(change["high"])
    return f"{signed(change['value'])} points [{low}, {high}]"


def beyond(closed: Document, data: Document) -> str:
    """Why more than the whole gap can be closed; empty where it is not."""
    if closed["value"] <= 1:
        return ""
    frames = data["domains"]["target"].get("splits", {}).get("train")
    if closed["low"] <= 1:
        return " More than 100 % lies within chance: it cannot be told from the oracle."
    few = f"only {frames} labelled target frames" if frames else "the target-train frames alone"
    return (
        f" More than 100 %: it scores above the oracle, which had {few} and equally many steps, "
        "and is no upper limit."
    )


def price(best: Document) -> str:
    """What the best arm is better by than the chosen one, in points of AP50."""
    if best.get("low") is None:
        return f"{100 * best['loss']:.1f} points"
    low, high = signed(best["low"]), signed(best["high"])
    return f"{100 * best['loss']:.1f} points [{low}, {high}]"


def speaks_for_kind(row: Document) -> bool:
    """Whether an estimate tells of one kind of difference: early layers of a network do not.

    See `isthmus.study.gap_rows.deep_layers`; the report's chart of kinds goes by the same mark.
    """
    return row["kind"] != "all" and row["ratio"] is not None and row.get("deep", True)


def kind_medians(rows: Sequence[Document]) -> dict[str, float]:
    """Median ratio to the noise floor of each kind of difference, in alphabetical order."""
    kinds = sorted({row["kind"] for row in rows})
    return {k: statistics.median(r["ratio"] for r in rows if r["kind"] == k) for k in kinds}


def leading_kind(rows: Sequence[Document]) -> str | None:
    """The kind of difference that is largest by most metrics; None if they do not agree.

    `rows`: estimates of one pair that speak for their kind. A kind leads if its median ratio
    is the largest for more than half of the metrics, and over all of them.
    """
    medians = kind_medians(rows)
    if len(medians) < 2:
        return next(iter(medians), None)
    first = max(medians, key=lambda kind: medians[kind])
    metrics = sorted({row["metric"] for row in rows})
    wins = 0
    for metric in metrics:
        by_kind = {
            kind: [r["ratio"] for r in rows if (r["kind"], r["metric"]) == (kind, metric)]
            for kind in medians
        }
        known = {kind: statistics.median(values) for kind, values in by_kind.items() if values}
        wins += max(known, key=lambda kind: known[kind]) == first
    return first if 2 * wins > len(metrics) else None


def yardstick(ratio: float | None, units: int, enough: int) -> str:
    """What two parts of the source show against their own noise floor, on so many units."""
    if ratio is None:
        return ""
    shown = f"{ratio:z.2g}".replace("-", "−")
    verdict = "as expected, no gap" if ratio <= 1 else "they differ from each other, too"
    if ratio <= 1 and units < enough:
        verdict = f"no gap is seen, though {units} independent units would hide a small one"
    return f" Between two parts of the source the median is {shown} times theirs: {verdict}."


def generation(documents: dict[str, Document]) -> list[Document]:
    """For each effect: whether its frames reach the target, and what became of the boxes."""
    found = []
    for effect in documents.get("generate", {}).get("effects", []):
        name = effect["effect"].replace("_", " ").capitalize()
        rows = [
            row
            for row in documents["generate"].get("gap", [])
            if row["effect"] == effect["effect"] and row["before"]["value"] > 0
        ]
        if rows:
            found.append(_nearness(name, rows, _floors(documents["gap"])))
        boxes = effect["boxes"]
        if boxes["ignore"] + boxes["drop"]:
            text = (
                f"{name}: of {sum(boxes.values())} boxes, {boxes['ignore']} are no longer visible "
                f"enough (ignored) and {boxes['drop']} not at all (dropped)."
            )
            found.append(say("generation", text, "info"))
    return found


def _floors(gap: Document) -> dict[str, float | None]:
    """Noise floor of each metric on the features by which generated frames are compared."""
    first = gap["pairs"][0]["name"]
    return {
        row["metric"]: row.get("floor")
        for row in gap["estimates"]
        if (row["pair"], row["extractor"], row["kind"]) == (first, "descriptors", "all")
    }


def _nearness(name: str, rows: Sequence[Document], floors: dict[str, float | None]) -> Document:
    """How near the generated frames come to the target: `rows` hold the gap before and after."""
    left = [r["after"]["value"] / r["before"]["value"] for r in rows]
    short = [r for r in rows if r["after"]["value"] > (floors.get(r["metric"]) or 0.0)]
    if not short:
        return say(
            "generation",
            f"{name}: the generated frames reach the target: no gap measure is above its noise "
            "floor.",
            "good",
        )
    low, high = f"{100 * min(left):.0f}", f"{100 * max(left):.0f}"
    extent = f"{low} %" if low == high else f"{low} to {high} %"
    farther = sum(round(100 * share) > 100 for share in left)
    worse = f"; by {farther} of them they lie farther away than the source" if farther else ""
    return say(
        "generation",
        f"{name}: the generated frames do not reach the target: {len(short)} of {len(rows)} gap "
        f"measures stay above their noise floor, {extent} of the gap is left{worse}.",
        "warning",
    )


def hardly_detected(chosen: Document, oracle: Document | None, least: float) -> list[Document]:
    """Classes for which a mean over classes hides that hardly anything is detected."""
    found = []
    for name, cell in chosen["ap50"].items():
        if name == "mean" or cell["mean"] is None or cell["mean"] >= least:
            continue
        best = oracle["ap50"][name]["mean"] if oracle else None
        even = f" and {100 * best:.1f} with the oracle" if best is not None else ""
        text = (
            f"{name[:1].upper()}{name[1:]} is hardly detected on the target: AP50 {interval(cell)} "
            f"with {arm_name(chosen)}{even}. The mean over classes does not show it."
        )
        found.append(say("class", text, "warning"))
    return found


def labels_needed(data: Document) -> str:
    """How many labelled target frames bring a proportion's 95 % interval to ± 5 points.

    The worst case p = 0.5 of the binomial: n = (1.96 / 0.05)² / 4 objects a class, as frames by
    the density of the rarest class in the source.
    """
    objects = (1.96 / HALF_WIDTH) ** 2 / 4
    source = data["domains"]["source"]
    densities = [count / source["frames"] for count in source["objects"].values() if count]
    frames = math.ceil(objects / min(densities)) if densities else math.ceil(objects)
    return (
        f"Label about {frames} target frames of separate drives (≈ {objects:.0f} objects of the "
        "rarest class): enough for an interval of about ± 5 points"
    )


def worth_in_labels(score: Document, chosen: Document) -> list[Document]:
    """How many labelled target frames the chosen arm is worth, where arms with few were trained."""
    curve = score.get("label_curve")
    if not curve:
        return []
    found, most = curve["break_even"], curve["break_even"]["most"]
    low, high = (
        f"more than {most}" if end is None else f"{end:.0f}"
        for end in (found["low"], found["high"])
    )
    if found["frames"] is None:
        worth = f"is not reached by {most} labelled target frames"
    else:
        worth = f"is worth {found['frames']:.0f} labelled target frames"
    text = (
        f"{arm_name(chosen)} {worth} (95 % interval {low} to {high}): with more than that, "
        "labelling gives the detector more."
    )
    return [say("labels", text, "info")]
