"""First page: the verdict, the headline numbers, what was found, what to do next."""

from __future__ import annotations

from math import comb
from statistics import median

from isthmus.report import fields, wording
from isthmus.report.blocks import (
    Block,
    Card,
    Cards,
    Heading,
    Section,
    Statement,
    Statements,
    Step,
    Steps,
    Text,
    Verdict,
)
from isthmus.report.fields import Document
from isthmus.report.figures import scores
from isthmus.report.layers import is_deep
from isthmus.report.run_folder import SCHEMAS, RunFolder

SIGNIFICANCE, COARSE = 0.01, 0.05
_GRAVITY = ("alarm", "warning", "good", "info")


def section(run: RunFolder) -> Section:
    """The takeaway; without the stage, what is known so far and what has not run."""
    document = run.stage("takeaway")
    blocks: list[Block] = []
    if document:
        word = wording.plain(fields.text(document, "verdict", "no verdict"))
        headline = wording.kept_together(fields.text(document, "headline"))
        blocks.append(Verdict(word, headline, _tone(document)))
    else:
        missing = [wording.plain(stage) for stage in SCHEMAS if stage not in run.documents]
        text = f"Not run yet: {wording.listing(missing)}. The same command goes on from there."
        blocks.append(Verdict("Unfinished", text, "warning"))
    blocks.append(Cards(tuple(cards(run))))
    if words := _words(run):
        blocks.append(Text(words, "note"))
    statements = _statements(document)
    if statements:
        blocks += [Heading("What was found"), Statements(tuple(statements))]
    steps = [
        Step(fields.text(step, "text"), wording.kept_together(fields.text(step, "why")))
        for step in fields.records(document, "next_steps")
    ]
    if steps:
        blocks += [Heading("What to do next"), Steps(tuple(steps))]
    return Section("takeaway", "Takeaway", "What did we learn?", tuple(blocks))


def _words(run: RunFolder) -> str:
    """What the terms of the first page mean, as far as they are used there."""
    words = []
    if run.stage("gap"):
        words.append("noise floor: what chance shows between random halves of one domain")
    if fields.records(run.stage("score"), "arms"):
        words += [
            "AP50: average precision, a box counts if it overlaps the true one by half or more",
            "arm: one way of training the same detector",
            "fair source: trained on source labels alone, with all else equal",
            "oracle: target labels added, to learn what they would give",
        ]
    said = "; ".join(words)
    return f"Brackets hold 95 % intervals. {said[:1].upper()}{said[1:]}." if words else ""


def _statements(document: Document) -> list[Statement]:
    found = []
    for item in fields.records(document, "statements"):
        level = fields.text(item, "level", "info")
        level = level if level in wording.LEVELS else "info"
        topic = wording.plain(fields.text(item, "topic"))
        text = wording.kept_together(fields.text(item, "text"))
        found.append(Statement(level, wording.LEVELS[level], topic, text))
    return sorted(found, key=lambda statement: _GRAVITY.index(statement.level))


def _tone(document: Document) -> str:
    levels = {statement.level for statement in _statements(document)}
    return "alarm" if "alarm" in levels else "info"


def cards(run: RunFolder) -> list[Card]:
    """The headline numbers, from the stages' own documents; a stage that did not run says so."""
    return [
        *_gap_cards(run.stage("gap"), _leading(run)),
        *_score_cards(run.stage("score")),
        *_rare_card(run),
    ]


def _leading(run: RunFolder) -> str:
    """The kind of difference that the takeaway calls the largest; empty if none is."""
    return fields.text(fields.record(run.stage("takeaway"), "figures"), "leading_kind")


def _gap_cards(document: Document, leading: str) -> list[Card]:
    pairs = fields.records(document, "pairs")
    if not pairs:
        return [Card("Measurements that see a gap", wording.MISSING, "not run")]
    main = _whole(document, pairs[0])
    seen = [e for e in main if sees_gap(e)]
    detail = ""
    if (ratio := _median(main)) is not None:
        detail = f"median {wording.times(ratio)} the noise floor; "
    control = [e for pair in pairs if is_control(pair) for e in _whole(document, pair)]
    if (ratio := _median(control)) is not None:
        detail += f"between parts of one domain {wording.times(ratio)}; "
    detail += (
        f"{wording.count(fields.number(pairs[0], 'n'))} source and "
        f"{wording.count(fields.number(pairs[0], 'm'))} target frames of the training parts"
    )
    cards = [Card("Measurements that see a gap", f"{len(seen)} of {len(main)}", detail)]
    kinds = kind_medians(document, fields.text(pairs[0], "name"))
    if kinds:
        ranked = sorted(kinds.items(), key=lambda item: -item[1])
        listed = [f"{wording.kind(kind)} {wording.times(ratio)}" for kind, ratio in ranked]
        detail = f"median over its noise floor: {wording.listing(listed)}"
        largest = wording.plain(wording.kind(leading)) if leading else "No kind"
        if not leading:
            detail += "; the metrics do not agree on which is largest"
        cards.append(Card("The gap is largest in", largest, detail))
    return cards


def is_control(pair: Document) -> bool:
    """Whether a pair compares two parts of one domain: the yardstick for a gap."""
    return "halves" in fields.text(pair, "name")


def _whole(document: Document, pair: Document) -> list[Document]:
    """The estimates of one pair on whole descriptions of a frame, not on a part of one."""
    name = fields.text(pair, "name")
    return [
        item
        for item in fields.records(document, "estimates")
        if fields.text(item, "pair") == name and is_whole(item)
    ]


def is_whole(estimate: Document) -> bool:
    """Whether an estimate is on a whole description of a frame, not on a part of one."""
    return fields.text(estimate, "kind") in ("all", "semantic")


def significance(estimate: Document) -> float | None:
    """The level its p-value is held to: 0.01, or 0.05 where so few units cannot reach 0.01.

    As in the study's own verdict. None where a side has so few that, were the other no larger,
    0.05 could not be reached either: whether there is a gap cannot be decided.
    """
    x, y = fields.number(estimate, "units_x"), fields.number(estimate, "units_y")
    if not x or not y:
        return SIGNIFICANCE
    fewer = int(min(x, y))
    if 1 / comb(2 * fewer, fewer) > COARSE:
        return None
    return SIGNIFICANCE if 1 / comb(int(x + y), fewer) <= SIGNIFICANCE else COARSE


def sees_gap(estimate: Document) -> bool:
    """Above the noise floor, and not by chance."""
    p, level = fields.number(estimate, "p_value"), significance(estimate)
    if estimate.get("above_floor") is not True or level is None:
        return False
    return p is None or p <= level


def _median(estimates: list[Document]) -> float | None:
    ratios = [fields.number(e, "ratio") for e in estimates]
    known = [ratio for ratio in ratios if ratio is not None]
    return median(known) if known else None


def kind_medians(document: Document, pair: str) -> dict[str, float]:
    """Median ratio to the noise floor for each kind of difference of one pair of samples.

    Semantic content is what the deep layers of networks see, as for the takeaway's leading kind.
    """
    groups: dict[str, list[float]] = {}
    for item in fields.records(document, "estimates"):
        if not is_deep(item):
            continue
        ratio = fields.number(item, "ratio")
        kind = fields.text(item, "kind", "all")
        if fields.text(item, "pair") == pair and kind != "all" and ratio is not None:
            groups.setdefault(kind, []).append(ratio)
    return {kind: median(values) for kind, values in groups.items()}


def _score_cards(document: Document) -> list[Card]:
    arms = {fields.text(arm, "name"): arm for arm in fields.records(document, "arms")}
    if not arms:
        return [Card("AP50 on the target", wording.MISSING, "not scored: no labelled test frames")]
    chosen = arms.get(fields.text(fields.record(document, "selected"), "arm"), {})
    cards = []
    if chosen:
        cards.append(_ap_card(chosen, arms, document))
        closed = fields.record(chosen, "gap_closed")
        if fields.number(closed, "value") is not None and closed.get("defined") is not False:
            value = wording.percent(fields.number(closed, "value"), 0)
            bounds = wording.percent_interval(
                fields.number(closed, "low"), fields.number(closed, "high"), 0
            )
            detail = f"{bounds}, of the way from fair source to oracle"
            if (fields.number(closed, "value") or 0.0) > 1:
                detail += "; above 100 % it beats the oracle, which is no upper limit"
            cards.append(Card("Gap closed", value, detail))
        else:
            is_reference = chosen.get("name") == "fair_source"
            without = "the chosen arm is the reference itself" if is_reference else "not known"
            reason = fields.text(closed, "reason", without)
            cards.append(Card("Gap closed", "undefined", reason))
    cards.append(_harm_card(arms, chosen))
    return cards


def _ap_card(chosen: Document, arms: dict[str, Document], document: Document) -> Card:
    entry = fields.record(fields.record(chosen, "ap50"), "mean")
    fair = fields.record(fields.record(arms.get("fair_source", {}), "ap50"), "mean")
    against = f"; fair source {wording.percent_estimate(fair, key='mean')}" if fair else ""
    seeds = len(fields.sequence(entry, "per_seed"))
    frames = fields.integer(fields.record(document, "test"), "frames")
    bounds = wording.percent_interval(fields.number(entry, "low"), fields.number(entry, "high"))
    return Card(
        "AP50 on the target, chosen arm",
        wording.percent(fields.number(entry, "mean")),
        f"{bounds} {scores.label(chosen)}{against}; {wording.several(seeds, 'seed')}, "
        f"{wording.several(frames, 'test frame')}",
    )


_MOST_HARMS = 2


def _harm_card(arms: dict[str, Document], chosen: Document) -> Card:
    if mine := _harm(chosen):
        worse = wording.several(len(mine), "class", "classes")
        return Card("Got worse in the chosen arm", worse, "; ".join(mine), "alarm")
    others = [
        f"{scores.label(arm)}: {', '.join(_harm(arm))}"
        for name, arm in arms.items()
        if name != "plain_source" and _harm(arm)
    ]
    if others:
        more = f"; and {len(others) - _MOST_HARMS} more, below" if len(others) > _MOST_HARMS else ""
        detail = f"not in the chosen arm. {'; '.join(others[:_MOST_HARMS])}{more}"
        return Card("Got worse", f"{wording.several(len(others), 'other arm')}", detail, "warning")
    detail = "no class fell below the fair source with certainty"
    return Card("Got worse", "nothing", detail, "good")


def _harm(arm: Document) -> list[str]:
    return [
        f"{'mean over classes' if name == 'mean' else name} {wording.points_estimate(entry)} points"
        for name, entry in fields.record(arm, "change").items()
        if isinstance(entry, dict) and entry.get("alarm") is True
    ]


def _rare_card(run: RunFolder) -> list[Card]:
    conditions = fields.records(run.stage("conditions"), "conditions")
    if not conditions:
        return [Card("Rare conditions", wording.MISSING, "not run")]
    rare = [c for c in conditions if c.get("rare") is True]
    if not rare:
        return [Card("Rare conditions", f"0 of {len(conditions)}", "the source shows them all")]
    first = max(rare, key=lambda c: fields.number(c, "target_share") or 0.0)
    target, source = (
        wording.percent(fields.number(first, f"{domain}_share"), 0)
        for domain in ("target", "source")
    )
    detail = f"{fields.text(first, 'label')}: {target} of the target, {source} of the source"
    return [Card("Conditions rare in the source", f"{len(rare)} of {len(conditions)}", detail)]
