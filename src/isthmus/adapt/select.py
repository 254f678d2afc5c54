"""Choosing an arm without target labels.

Signs that need no label (`validators`): do detections move with the image when it is flipped or
scaled? They are read at thresholds matched to the source's class prior, so that a detector that
finds ever fewer or ever more boxes cannot score well by that alone, and averaged over classes, so
that a class cannot be given up for another. Guard rails: expected counts per class against the
fair source, and AP50 on source validation. Confidence and entropy are reported as diagnostics
only: a collapsed teacher is very confident. (Consistency as a validator: Kay et al. 2024; DAS, Yu
et al., NeurIPS 2024.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from isthmus.adapt.arms import ARMS, ORACLE, REFERENCE
from isthmus.adapt.pseudo.calibration import class_scores
from isthmus.adapt.pseudo.collapse import RUN_AWAY, VANISHED, expected_counts
from isthmus.detect.batches import image_tensor
from isthmus.detect.boxes import overlaps
from isthmus.detect.detector import Detections, Detector
from isthmus.detect.samples import Images

THRESHOLD = 0.02
BATCH = 16
SCALED = 0.75
MATCH = 0.5
MOST_IMAGES = 128
WORST_SOURCE_DROP = 0.10
CONSISTENCY = ("flip_consistency", "scale_consistency")


@torch.no_grad()
def validators(detector: Detector, target: Images, prior: np.ndarray) -> dict[str, float]:
    """Label-free signs on target images.

    Args:
        detector: of one arm and seed.
        target: unlabeled target-train images (evenly spaced ones are used if there are many).
        prior: boxes per image and class in the source.

    Returns:
        flip_consistency, scale_consistency: F1 in [0, 1] at prior-matched thresholds, mean over
        classes; confidence, entropy, boxes_per_image: diagnostics; ``count_<class>``: expected
        count per image; prior_drift: mean |log2 ratio| of expected counts to the prior.
    """
    if len(target) > MOST_IMAGES:
        target = target.subset(np.linspace(0, len(target) - 1, MOST_IMAGES).round().astype(int))
    detector.eval()
    plain: list[Detections] = []
    flipped: list[Detections] = []
    scaled: list[Detections] = []
    entropies = []
    for start in range(0, len(target), BATCH):
        images = image_tensor(target, np.arange(start, min(start + BATCH, len(target))))
        raw = detector.raw(images)
        plain += detector.decode(raw, threshold=THRESHOLD)
        entropies.append(_entropy(raw.heat))
        mirrored = detector.decode(detector.raw(images.flip(-1)), threshold=THRESHOLD)
        flipped += [_unflip(found, images.shape[-1]) for found in mirrored]
        small = functional.interpolate(
            images, scale_factor=SCALED, mode="bilinear", antialias=True, align_corners=False
        )
        factor = np.tile(
            [images.shape[-1] / small.shape[-1], images.shape[-2] / small.shape[-2]], 2
        )
        reduced = detector.decode(detector.raw(small), threshold=THRESHOLD)
        scaled += [replace(found, boxes=found.boxes * factor) for found in reduced]
    counts = expected_counts(class_scores(plain, len(prior)), len(target))
    confident = np.concatenate([found.scores[found.scores > 0.3] for found in plain])
    result = {
        "flip_consistency": consistency(plain, flipped, prior),
        "scale_consistency": consistency(plain, scaled, prior),
        "confidence": float(confident.mean()) if len(confident) else 0.0,
        "entropy": float(np.mean(entropies)),
        "boxes_per_image": len(confident) / len(target),
        "prior_drift": float(np.abs(np.log2(np.maximum(counts, 1e-3) / prior)).mean()),
    }
    for name, value in zip(detector.classes, counts, strict=True):
        result[f"count_{name}"] = float(value)
    return result


def consistency(
    first: Sequence[Detections], second: Sequence[Detections], prior: np.ndarray
) -> float:
    """F1 of two sets of detections on the same images, mean over classes.

    Of each class and set, as many are compared as the prior leads one to expect.
    """
    values = []
    for label, expected in enumerate(prior):
        count = max(1, round(expected * len(first)))
        a, b = _best(first, label, count), _best(second, label, count)
        matched = sum(_matched(x, y) for x, y in zip(a, b, strict=True))
        total = sum(map(len, a)) + sum(map(len, b))
        # Fewer than expected count as inconsistent: seeing nothing is no virtue.
        values.append(2 * matched / max(total, count))
    return float(np.mean(values))


def _best(found: Sequence[Detections], label: int, count: int) -> list[np.ndarray]:
    scores = class_scores(found, label + 1)[label]
    floor = scores[min(count, len(scores)) - 1] if len(scores) else 1.0
    return [d.boxes[(d.labels == label) & (d.scores >= floor)] for d in found]


def _matched(a: np.ndarray, b: np.ndarray) -> int:
    if not len(a) or not len(b):
        return 0
    overlap = overlaps(a, b)
    mutual = overlap.argmax(0)[overlap.argmax(1)] == np.arange(len(a))
    return int((mutual & (overlap.max(1) >= MATCH)).sum())


def _unflip(found: Detections, width: int) -> Detections:
    x1, y1, x2, y2 = found.boxes.T
    return replace(found, boxes=np.stack([width - x2, y1, width - x1, y2], 1))


def _entropy(heat: Tensor) -> float:
    p = heat.sigmoid().clamp(1e-6, 1 - 1e-6)
    return float(-(p * p.log2() + (1 - p) * (1 - p).log2()).mean())


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
    return ARMS[arm].label if arm in ARMS else arm


def _lead(best: Candidate, fair: Candidate) -> tuple[float, float]:
    def merits(candidate: Candidate) -> np.ndarray:
        return np.array([np.mean([s[name] for name in CONSISTENCY]) for s in candidate.signs])

    difference = merits(best) - merits(fair)
    spread = float(difference.std(ddof=1)) if len(difference) > 1 else 0.0
    return float(difference.mean()), spread / np.sqrt(len(difference))


def _fault(candidate: Candidate, fair: Candidate) -> str | None:
    """The guard rail that the candidate left, as a sentence."""
    for name in fair.signs[0]:
        if not name.startswith("count_"):
            continue
        now, before = candidate.mean(name), fair.mean(name)
        if now < VANISHED * before:
            return (
                f"expects {now:.2f} {name[6:]} per image, the fair source {before:.2f}: "
                "this class may be vanishing"
            )
        if now > 2 * RUN_AWAY * before and now > 1.0:
            return (
                f"expects {now:.2f} {name[6:]} per image, the fair source {before:.2f}: "
                "this class may be running away"
            )
    if candidate.source_ap50 is not None and fair.source_ap50 is not None:
        drop = float(np.mean(fair.source_ap50) - np.mean(candidate.source_ap50))
        if drop > WORST_SOURCE_DROP:
            return f"loses {100 * drop:.1f} points of AP50 on source validation"
    return None


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
