"""From the documents of a study to plain sentences: what was found, and what to do next.

Every sentence is derived from figures in the other stages' documents by rules that are written
here; nothing is measured and nothing is softened. A statement's level is "good", "info",
"warning" or "alarm"; alarms go on the first page of the report.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from isthmus.gap.resampling import least_p_value
from isthmus.study.phrases import (
    HALF_WIDTH,
    arm_name,
    beyond,
    class_name,
    generation,
    hardly_detected,
    interval,
    kind_medians,
    kind_name,
    labels_needed,
    leading_kind,
    median,
    percent,
    points,
    price,
    say,
    seen_by,
    share,
    speaks_for_kind,
    step,
    worth_in_labels,
    yardstick,
)

SIGNIFICANCE, COARSE, FEW_UNITS = 0.01, 0.05, 8
LEAST_SOURCE_AP50 = 0.05
FEWEST_SEEDS = 3
SCHEMA = "isthmus.takeaway/1"
Document = dict[str, Any]


def takeaway(documents: dict[str, Document]) -> Document:
    """Sum up a study.

    Args:
        documents: results of the stages `data`, `conditions`, `gap`, and, where they were run,
            `generate`, `train` and `score`.

    Returns:
        The document of the takeaway: `verdict` (one word), `headline` (one sentence),
        `statements` (topic, text, level), `next_steps` (text, why), `figures` (flat numbers).
    """
    found = _gap(documents["gap"])
    score = documents.get("score")
    statements = [
        *_gap_statements(found),
        *_corner_case_statements(documents["conditions"]),
        *_score_statements(score, documents["data"]),
        *_data_statements(documents),
    ]
    order = ("alarm", "warning", "good", "info")
    statements.sort(key=lambda s: order.index(s["level"]))
    return {
        "schema": SCHEMA,
        "verdict": _verdict(found, score),
        "headline": _headline(documents, found, score),
        "statements": statements,
        "next_steps": list(_next_steps(documents, found, score)),
        "figures": _figures(documents, found, score),
    }


def _gap(gap: Document) -> Document:
    """Which metrics see the gap between source and target, on all features of each extractor."""
    first = gap["pairs"][0]["name"]
    whole = [r for r in gap["estimates"] if r["kind"] in ("all", "semantic")]
    rows = [r for r in whole if r["pair"] == first]
    seen = [r for r in rows if r["above_floor"] and _significant(r)]
    control = [r for p in gap["pairs"][1:] for r in whole if r["pair"] == p["name"]]
    of_kind = [r for r in gap["estimates"] if r["pair"] == first and speaks_for_kind(r)]
    return {
        "rows": rows,
        "seen": seen,
        "exists": len(seen) * 2 > len(rows),
        "level": max((_level(r) for r in rows), default=SIGNIFICANCE),
        "control_ratio": median([r["ratio"] for r in control]),
        "ratio": median([r["ratio"] for r in rows]),
        "kinds": kind_medians(of_kind),
        "leading_kind": leading_kind(of_kind),
        "units": min((min(r["units_x"], r["units_y"]) for r in rows), default=0),
        "control_units": min((min(r["units_x"], r["units_y"]) for r in control), default=0),
    }


def _level(row: Document) -> float:
    """The level its p-value is held to: 0.01, or 0.05 where so few units cannot reach 0.01."""
    least = least_p_value(row["units_x"], row["units_y"])
    return SIGNIFICANCE if least <= SIGNIFICANCE else COARSE


def _significant(row: Document) -> bool:
    p = row["p_value"]
    return p is not None and p <= _level(row)


def _gap_statements(found: Document) -> Iterator[Document]:
    total, seen = len(found["rows"]), len(found["seen"])
    if found["exists"]:
        yield say(
            "gap",
            f"{seen} of {total} measurements (one metric on one set of features that describes "
            "the whole frame) find a gap between source and target: above the noise floor with "
            f"p ≤ {found['level']}. The median is {found['ratio']:.2g} times the floor."
            f"{yardstick(found['control_ratio'], found['control_units'], FEW_UNITS)}",
            "info",
        )
    elif seen:
        names = sorted({f"{r['metric']} on {r['layer']}" for r in found["seen"]})
        yield say(
            "gap",
            f"Only {seen} of {total} measurements find a gap ({', '.join(names[:4])}): it is small "
            "or confined to some features.",
            "info",
        )
    else:
        yield say(
            "gap",
            f"None of {total} measurements tells target from source beyond the noise floor. That "
            "is no proof that there is no gap: see how many independent units it rests on.",
            "info",
        )
    if found["kinds"]:
        ranked = sorted(found["kinds"].items(), key=lambda item: -(item[1] or 0))
        listing = ", ".join(f"{kind_name(k)} {r:.2g}×" for k, r in ranked if r is not None)
        clear = "" if found["leading_kind"] else " No kind stands out: metrics disagree."
        text = f"Median gap as a multiple of the noise floor: {listing}.{clear}"
        yield say("kind", text, "info")
    if found["units"] < FEW_UNITS:
        yield say(
            "certainty",
            f"The measurement rests on as few as {found['units']} independent stretches of video: "
            "intervals and p-values are coarse and tend to be optimistic.",
            "warning",
        )


def _corner_case_statements(conditions: Document) -> Iterator[Document]:
    rare = [c for c in conditions["conditions"] if c["rare"]]
    for case in rare:
        effect = (case["remedy"] or "").replace("_", " ")
        remedy = f" The effect “{effect}” can make it." if effect else ""
        yield say(
            "corner cases",
            f"{case['label']}: {percent(case['target_share'])} of the target frames, "
            f"{percent(case['source_share'])} of the source "
            f"(95 % interval up to {percent(case['source_high'])}).{remedy}",
            "warning",
        )
    if not rare:
        yield say(
            "corner cases", "No measured condition of the target is rare in the source.", "good"
        )


def _score_statements(score: Document | None, data: Document) -> Iterator[Document]:
    if not score or not score["arms"]:
        yield say(
            "score",
            "There are no labels on target test frames: nothing is claimed about accuracy there.",
            "warning",
        )
        return
    arms = {arm["name"]: arm for arm in score["arms"]}
    chosen = arms.get((score["selected"] or {}).get("arm", ""))
    yield from _evidence(arms["fair_source"])
    if not _trained(arms["fair_source"]):
        return
    if chosen is not None:
        yield say("adaptation", _selected_sentence(chosen, arms["fair_source"], data), "info")
        yield from worth_in_labels(score, chosen)
        yield from hardly_detected(chosen, arms.get("oracle"), LEAST_SOURCE_AP50)
        for name, change in chosen["change"].items():
            if change["alarm"]:
                yield say(
                    "harm",
                    f"{arm_name(chosen)} makes {class_name(name)} worse than the fair source: "
                    f"{points(change)} AP50.",
                    "alarm",
                )
    for arm in score["arms"]:
        harmed = {name: change for name, change in arm["change"].items() if change["alarm"]}
        if harmed and arm is not chosen and arm["name"] != "plain_source":
            listed = ", ".join(f"{class_name(n)} {points(c)}" for n, c in harmed.items())
            yield say(
                "harm",
                f"{arm_name(arm)} (not chosen) lowers AP50 against the fair source: {listed}.",
                "warning",
            )
    best = score.get("oracle_selected")
    if best and chosen is not None and best["arm"] != chosen["name"]:
        yield say(
            "selection",
            f"With the test labels one would have chosen {arm_name(arms[best['arm']])}: the price "
            f"of not knowing is {price(best)} of mean AP50.",
            "info",
        )


def _trained(fair: Document) -> bool:
    """True if the reference has learnt something on the source: else nothing follows from it."""
    known = fair.get("validators", {}).get("source_val_ap50")
    return known is None or known >= LEAST_SOURCE_AP50


def _evidence(fair: Document) -> Iterator[Document]:
    """What stands against reading anything into the scores."""
    if not _trained(fair):
        yield say(
            "adaptation",
            "The detector has hardly learnt its task: AP50 "
            f"{100 * fair['validators']['source_val_ap50']:.1f} % even on source validation. "
            "Figures about adaptation are no evidence; train for more steps.",
            "alarm",
        )
    seeds = len(fair["ap50"]["mean"].get("per_seed", ()))
    if 0 < seeds < FEWEST_SEEDS:
        yield say(
            "adaptation",
            f"Trained with {seeds} seed(s) only: chance between trainings is not in the intervals.",
            "warning",
        )


def _selected_sentence(chosen: Document, fair: Document, data: Document) -> str:
    closed = chosen["gap_closed"]
    mean, base = chosen["ap50"]["mean"], fair["ap50"]["mean"]
    sentence = (
        f"Chosen without target labels: {arm_name(chosen)}, mean AP50 "
        f"{interval(mean)} against {interval(base)} of the fair source"
    )
    if chosen is fair:
        return f"Chosen without target labels: the fair source itself, mean AP50 {interval(mean)}."
    if closed and closed["defined"]:
        return (
            f"{sentence}; it closes {share(closed)} of the gap to the oracle.{beyond(closed, data)}"
        )
    reason = (closed or {}).get("reason") or "there is no oracle"
    change = chosen["change"].get("mean")
    moved = f", a change of {points(change)}" if change else ""
    return f"{sentence}{moved}. The share of the gap closed is undefined: {reason}."


def _data_statements(documents: dict[str, Document]) -> Iterator[Document]:
    data = documents["data"]
    for role, domain in data["domains"].items():
        if domain and domain["skipped"]:
            yield say(
                "data",
                f"{domain['skipped']} input item(s) of the {role.replace('_', ' ')} could not be "
                "used; each is listed with its reason.",
                "warning",
            )
    for note in data.get("notes", []):
        yield say("data", f"{note[0].upper()}{note[1:]}.", "warning")
    for alarm in documents.get("train", {}).get("alarms", []):
        yield say("training", f"{alarm}.", "warning")
    yield from generation(documents)


def _next_steps(
    documents: dict[str, Document], found: Document, score: Document | None
) -> Iterator[Document]:
    if not score or not score["arms"]:
        yield step(labels_needed(documents["data"]), "only labels can tell what a gap costs")
    elif (chosen := _chosen(score)) is not None:
        yield from _after_scoring(documents, chosen)
    rare = [c for c in documents["conditions"]["conditions"] if c["rare"]]
    for case in rare:
        if not case["remedy"]:
            yield step(
                f"Collect or synthesise source frames that show “{case['label']}”",
                "the target has them, the source hardly any, and no effect makes them by itself",
            )
    if found["units"] < FEW_UNITS:
        yield step(
            "Record the target on more drives and places",
            f"the measurements rest on {found['units']} independent stretches only",
        )


def _after_scoring(documents: dict[str, Document], chosen: Document) -> Iterator[Document]:
    if not _trained(_fair(documents["score"])):
        yield step("Train for more steps", "the detector has hardly learnt its task")
        return
    harmed = [name for name, change in chosen["change"].items() if change["alarm"]]
    if harmed:
        yield step(
            f"Do not deploy {arm_name(chosen)} for {', '.join(map(class_name, harmed))}",
            "it is worse there than the fair source, beyond the interval",
        )
    change = chosen["change"].get("mean")
    if change and change["low"] <= 0 and chosen["name"] != "fair_source":
        yield step(
            "Stay with the fair source for now",
            f"no gain of {arm_name(chosen)} is shown: {points(change)} of mean AP50",
        )
    closed = chosen["gap_closed"]
    if not closed or not closed["defined"]:
        reason = (closed or {}).get("reason") or "there was no oracle to compare with"
        yield step("Settle whether there is anything to close", reason)
    elif closed["low"] <= 0:
        yield step(
            "Repeat with more seeds and more test frames before relying on the adaptation",
            "the interval of the gap closed contains zero",
        )
    elif closed["value"] < 0.5:
        yield step(
            "Label some target frames, or generate what the source lacks, and adapt again",
            f"half of the gap or more is left ({share(closed)} closed)",
        )
    else:
        yield step(
            f"Go on with {arm_name(chosen)} and confirm on new drives of the target",
            f"it closes {share(closed)} of the gap",
        )
    widths = [c["high"] - c["low"] for c in chosen["ap50"].values() if c["mean"] is not None]
    if max(widths, default=0) > 4 * HALF_WIDTH:
        yield step(
            labels_needed(documents["data"]),
            "the intervals of AP50 are too wide to decide between arms",
        )


def _verdict(found: Document, score: Document | None) -> str:
    chosen = _chosen(score) if score else None
    if not found["exists"] and not found["seen"]:
        return "no gap found"
    if chosen is None:
        return "gap found" if found["exists"] else "small gap found"
    if score and not _trained(_fair(score)):
        return "detector not trained"
    if any(change["alarm"] for change in chosen["change"].values()):
        return "a class got worse"
    closed = chosen["gap_closed"]
    if not closed or not closed["defined"]:
        return "undecided"
    return "gap narrowed" if closed["low"] > 0 else "not shown to help"


def _headline(documents: dict[str, Document], found: Document, score: Document | None) -> str:
    domains = documents["data"]["domains"]
    pair = f"{domains['source']['name']} → {domains['target']['name']}"
    first = seen_by(len(found["seen"]), len(found["rows"]))
    chosen = _chosen(score) if score else None
    if chosen is None:
        return f"{pair}: {first}."
    if score and not _trained(_fair(score)):
        return f"{pair}: {first}; the detector is not trained enough to say what it costs."
    if chosen["name"] == "fair_source":
        return f"{pair}: {first}; no adaptation is preferred to the fair source."
    closed = chosen["gap_closed"]
    if closed and closed["defined"]:
        more = ", more than the oracle" if closed["low"] > 1 else ""
        won = f"wins back {share(closed)} of its cost in AP50{more}"
        return f"{pair}: {first}; {arm_name(chosen)} {won}."
    return f"{pair}: {first}; how much of its cost {arm_name(chosen)} wins back cannot be told."


def _figures(documents: dict[str, Document], found: Document, score: Document | None) -> Document:
    figures: Document = {
        "measurements": len(found["rows"]),
        "measurements_above_floor": len(found["seen"]),
        "gap_over_floor_median": found["ratio"],
        "control_over_floor_median": found["control_ratio"],
        "leading_kind": found["leading_kind"],
        "corner_cases": sum(c["rare"] for c in documents["conditions"]["conditions"]),
    }
    if score and (chosen := _chosen(score)) is not None:
        closed = chosen["gap_closed"] or {"value": None, "low": None, "high": None}
        figures |= {f"gap_closed_{name}": closed[name] for name in ("value", "low", "high")}
        figures["ap50_selected"] = chosen["ap50"]["mean"]["mean"]
        figures["ap50_fair_source"] = _fair(score)["ap50"]["mean"]["mean"]
    return figures


def _chosen(score: Document) -> Document | None:
    name = (score.get("selected") or {}).get("arm")
    return next((arm for arm in score["arms"] if arm["name"] == name), None)


def _fair(score: Document) -> Document:
    return next(arm for arm in score["arms"] if arm["name"] == "fair_source")
