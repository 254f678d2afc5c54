"""Choosing an arm without target labels.

Arms are ranked by how far their signs on target images (`validators`: consistency, flatness,
prototypes, simulation) are ahead of the fair source's of the same seed. Guard rails: expected
counts per class against the fair source, and AP50 on source validation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from isthmus.adapt.arm_kinds import REFERENCE, arm_kind, is_arm, sees_labels
from isthmus.adapt.pseudo.collapse import RUN_AWAY, VANISHED
from isthmus.adapt.validators import FAMILIES, advantage

WORST_SOURCE_DROP = 0.10


@dataclass(frozen=True)
class Candidate:
    """One arm with its signs.

    Attributes:
        arm: name in `ARMS`.
        signs: one mapping of `validators` a seed.
        source_ap50: mean AP50 on source validation, one value a seed; None if not measured.
    """

    arm: str
    signs: Sequence[Mapping[str, float]]
    source_ap50: Sequence[float] | None = None

    def mean(self, name: str) -> float:
        """Mean of a sign over seeds."""
        return float(np.mean([sign[name] for sign in self.signs]))

    def leads(self, reference: Candidate) -> np.ndarray:
        """Advantage over another arm, one value a seed."""
        pairs = zip(self.signs, reference.signs, strict=True)
        return np.array([advantage(mine, theirs) for mine, theirs in pairs])


@dataclass(frozen=True)
class Selection:
    """The chosen `arm`, why, all arms by advantage, and those that a guard rail excludes."""

    arm: str
    reason: str
    ranking: tuple[tuple[str, float], ...]
    excluded: Mapping[str, str]


def select_arm(candidates: Sequence[Candidate]) -> Selection:
    """Choose by advantage over the fair source among the arms that keep within the guard rails.

    Arms that are given target labels are never chosen. Another arm replaces the fair source only
    if its advantage is positive in the mean of the seeds by more than their standard error.
    """
    usable = [c for c in candidates if not sees_labels(c.arm)]
    fair = next(c for c in usable if c.arm == REFERENCE)
    excluded = {
        c.arm: fault for c in usable if c is not fair and (fault := _fault(c, fair)) is not None
    }
    leads = {c.arm: c.leads(fair) for c in usable}
    order = tuple(
        (arm, float(lead.mean()))
        for arm, lead in sorted(leads.items(), key=lambda item: (-item[1].mean(), item[0]))
    )
    best = next(arm for arm, _ in order if arm not in excluded)
    lead, error = float(leads[best].mean()), _standard_error(leads[best])
    if best == REFERENCE:
        reason = "no adapted arm shows better signs on the target than the fair source"
        return Selection(REFERENCE, reason, order, excluded)
    if lead <= error:
        reason = (
            f"the signs of {_label(best)} on the target are ahead of the fair source's by "
            f"{100 * lead:.0f} % only, within the standard error between seeds "
            f"({100 * error:.0f} %)"
        )
        return Selection(REFERENCE, reason, order, excluded)
    reason = (
        f"its signs on the target are the best: {100 * lead:.0f} % (± {100 * error:.0f}) ahead of "
        f"the fair source's in {_families(fair)}, and no class count or source score left the "
        "guard rails"
    )
    return Selection(best, reason, order, excluded)


def _families(fair: Candidate) -> str:
    """The families of signs that are known, as words."""
    known = [name for name, signs in FAMILIES.items() if set(signs) & set(fair.signs[0])]
    return " and ".join(filter(None, [", ".join(known[:-1]), known[-1]]))


def _label(arm: str) -> str:
    return arm_kind(arm).label if is_arm(arm) else arm


def _standard_error(leads: np.ndarray) -> float:
    return float(leads.std(ddof=1) / np.sqrt(len(leads))) if len(leads) > 1 else 0.0


def count_fault(now: Mapping[str, float], before: Mapping[str, float], than: str) -> str | None:
    """The class whose expected count left the guard rails, as a sentence; None if there is none.

    Args:
        now, before: signs of two detectors on the same images (`validators`).
        than: what `before` is, for the sentence.
    """
    for name in before:
        if not name.startswith("count_"):
            continue
        if now[name] < VANISHED * before[name]:
            ending = "vanishing"
        elif now[name] > 2 * RUN_AWAY * before[name] and now[name] > 1.0:
            ending = "running away"
        else:
            continue
        return (
            f"expects {now[name]:.2f} {name[6:]} per image, {than} {before[name]:.2f}: "
            f"this class may be {ending}"
        )
    return None


def _fault(candidate: Candidate, fair: Candidate) -> str | None:
    """The guard rail that the candidate left, as a sentence."""
    names = fair.signs[0]
    fault = count_fault(
        {name: candidate.mean(name) for name in names},
        {name: fair.mean(name) for name in names},
        "the fair source",
    )
    if fault is None and candidate.source_ap50 is not None and fair.source_ap50 is not None:
        drop = float(np.mean(fair.source_ap50) - np.mean(candidate.source_ap50))
        if drop > WORST_SOURCE_DROP:
            fault = f"loses {100 * drop:.1f} points of AP50 on source validation"
    return fault


def rank_correlations(
    signs: Sequence[Sequence[Mapping[str, float]]], scores: Sequence[Sequence[float]]
) -> dict[str, float | None]:
    """Spearman correlation of each sign with the score over arms, mean over seeds.

    Arms of one seed start from the same weights and are what a choice compares; levels differ
    between seeds. None where it is undefined for every seed.

    Args:
        signs: of each arm, one mapping a seed.
        scores: of each arm, one value a seed.
    """
    from scipy.stats import spearmanr

    result: dict[str, float | None] = {}
    for name in signs[0][0] if signs else ():
        found = []
        for seed in range(len(signs[0])):
            values = [arm[seed][name] for arm in signs]
            reached = [arm[seed] for arm in scores]
            if len(values) > 2 and len(set(values)) > 1 and len(set(reached)) > 1:
                found.append(float(spearmanr(values, reached).statistic))
        result[name] = float(np.mean(found)) if found else None
    return result
