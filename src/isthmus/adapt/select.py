"""Choosing an arm without target labels.

Arms are ranked by how consistent their detections are on target images (`validators`). Guard
rails: expected counts per class against the fair source, and AP50 on source validation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from isthmus.adapt.arm_kinds import ORACLE, REFERENCE, arm_kind, is_arm
from isthmus.adapt.pseudo.collapse import RUN_AWAY, VANISHED
from isthmus.adapt.validators import CONSISTENCY

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

    @property
    def merit(self) -> float:
        """Mean consistency over both changes and all seeds."""
        return float(np.mean([self.mean(name) for name in CONSISTENCY]))


@dataclass(frozen=True)
class Selection:
    """The chosen `arm`, why, all arms by merit, and those that a guard rail excludes."""

    arm: str
    reason: str
    ranking: tuple[tuple[str, float], ...]
    excluded: Mapping[str, str]


def select_arm(candidates: Sequence[Candidate]) -> Selection:
    """Choose by consistency among the arms that keep within the guard rails.

    The oracle is never chosen. Another arm replaces the fair source only if its consistency is
    higher in the mean of the seeds by more than their standard error.
    """
    usable = [c for c in candidates if c.arm != ORACLE]
    fair = next(c for c in usable if c.arm == REFERENCE)
    excluded = {
        c.arm: fault for c in usable if c is not fair and (fault := _fault(c, fair)) is not None
    }
    ranking = sorted(usable, key=lambda c: (-c.merit, c.arm))
    order = tuple((c.arm, c.merit) for c in ranking)
    best = next(c for c in ranking if c.arm not in excluded)
    if best is fair:
        return Selection(
            REFERENCE,
            "no adapted arm detects more consistently on the target than the fair "
            f"source ({fair.merit:.3f})",
            order,
            excluded,
        )
    lead, error = _lead(best, fair)
    if lead <= error:
        return Selection(
            REFERENCE,
            f"{_label(best.arm)} is more consistent than the fair source by "
            f"{lead:.3f} only, within the standard error between seeds ({error:.3f})",
            order,
            excluded,
        )
    reason = (
        f"its detections on the target are the most consistent under flip and scaling "
        f"({best.merit:.3f}; fair source {fair.merit:.3f}), and no class count or source score "
        "left the guard rails"
    )
    return Selection(best.arm, reason, order, excluded)


def _label(arm: str) -> str:
    return arm_kind(arm).label if is_arm(arm) else arm


def _lead(best: Candidate, fair: Candidate) -> tuple[float, float]:
    def merits(candidate: Candidate) -> np.ndarray:
        return np.array([np.mean([s[name] for name in CONSISTENCY]) for s in candidate.signs])

    difference = merits(best) - merits(fair)
    spread = float(difference.std(ddof=1)) if len(difference) > 1 else 0.0
    return float(difference.mean()), spread / np.sqrt(len(difference))


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
    signs: Sequence[Mapping[str, float]], scores: Sequence[float]
) -> dict[str, float | None]:
    """Spearman correlation of each sign with the score, over models; None if it is undefined."""
    from scipy.stats import spearmanr

    result: dict[str, float | None] = {}
    for name in signs[0] if signs else ():
        values = [sign[name] for sign in signs]
        usable = len(values) > 2 and len(set(values)) > 1 and len(set(scores)) > 1
        result[name] = float(spearmanr(values, scores).statistic) if usable else None
    return result
