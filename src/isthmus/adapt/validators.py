"""Signs of a detector's worth on the target that need no label.

*Consistency*: do detections move with the image when it is flipped or scaled, and do they stay
when the weights are moved a little (flatness)? Read at thresholds matched to the source's class
prior, so that a detector that finds ever fewer or ever more boxes cannot score well by that
alone, and averaged over classes, so that a class cannot be given up for another (Kay et al.,
"Align and Distill", 2024; flatness after Yu et al., "DAS", NeurIPS 2024).
*Prototypes*: are the features of a class in the target near those of the same class in the source,
compared with other classes (prototype distance ratio of DAS)?
*Simulation*: how well does it find labelled objects in source images that were not trained on,
after the effects that bring the source nearer to the target? It counts as much as they came nearer.
Confidence and entropy are diagnostics only: a collapsed teacher is very confident.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from isthmus import seeds
from isthmus.adapt.pseudo.calibration import class_scores
from isthmus.adapt.pseudo.collapse import expected_counts
from isthmus.detect.batches import image_tensor
from isthmus.detect.boxes import overlaps
from isthmus.detect.detector import Detections, Detector
from isthmus.detect.samples import Images

THRESHOLD = 0.02
BATCH = 16
SCALED = 0.75
MATCH = 0.5
MOST_IMAGES = 128
NOISE = 0.03
FAMILIES: dict[str, tuple[str, ...]] = {
    "consistency": ("flip_consistency", "scale_consistency"),
    "flatness": ("flatness",),
    "prototypes": ("prototype_ratio",),
    "simulation": ("simulated_ap50",),
}
"""Kinds of signs that detectors are compared by; `advantage` says how much each counts."""
NEARER = "simulated_nearer"
"""Sign beside `simulated_ap50`: the share of the gap that is left out of the simulated images, by
which that family counts; the same for all detectors."""
FLOOR = 0.05
"""Added to a sign before ratios are taken: next to nothing is no reason for a boundless ratio."""

Found = list[Detections]


@torch.no_grad()
def validators(
    detector: Detector, target: Images, prior: np.ndarray, *, source: Images | None = None
) -> dict[str, float]:
    """Label-free signs on target images.

    Args:
        detector: of one arm and seed.
        target: unlabeled target-train images (evenly spaced ones are used if there are many).
        prior: boxes per image and class in the source.
        source: images of the source, for prototypes; without them that sign is left out.

    Returns:
        flip_consistency, scale_consistency, flatness: F1 in [0, 1] at prior-matched thresholds,
        mean over classes; prototype_ratio: distance to the nearest other class's source prototype
        over that to the own one, mean over classes, more is better (only with `source`; of a
        single class, the mean feature of the source images is the other);
        confidence, entropy, boxes_per_image: diagnostics; ``count_<class>``: expected count per
        image; prior_drift: mean |log2 ratio| of expected counts to the prior.
    """
    target = evenly(target, MOST_IMAGES)
    plain, entropies, seen = [], [], []
    was_training = detector.training
    detector.eval()
    for images in _batches(target):
        raw, features = detector.raw_and_features(images)
        found = detector.decode(raw, threshold=THRESHOLD)
        plain += found
        entropies.append(_entropy(raw.heat))
        seen.append(_at_centres(features[detector.levels[-1]], images, found))
    counts = expected_counts(class_scores(plain, len(prior)), len(target))
    confident = np.concatenate([found.scores[found.scores > 0.3] for found in plain])
    changed = {
        "flip_consistency": flipped(detector, target),
        "scale_consistency": scaled(detector, target),
        "flatness": found_on(_moved_weights(detector), target),
    }
    result = {
        name: float(class_consistency(plain, other, prior).mean())
        for name, other in changed.items()
    }
    if source is not None:
        rows = np.concatenate(seen)
        result["prototype_ratio"] = _prototype_ratio(detector, source, prior, plain, rows)
    result |= {
        "confidence": float(confident.mean()) if len(confident) else 0.0,
        "entropy": float(np.mean(entropies)),
        "boxes_per_image": len(confident) / len(target),
        "prior_drift": float(np.abs(np.log2(np.maximum(counts, 1e-3) / prior)).mean()),
    }
    for name, value in zip(detector.classes, counts, strict=True):
        result[f"count_{name}"] = float(value)
    detector.train(was_training)
    return result


def advantage(signs: Mapping[str, float], reference: Mapping[str, float]) -> float:
    """How much better a detector's signs are than another's on the same images; 0: alike.

    The mean over `FAMILIES` of the logarithm of the signs' ratio (0.1: by about 10 %). No family
    decides alone: a teacher is trained to be consistent, and aligned features lie near prototypes
    by design, and who trained on simulated images is good at them. Simulation counts as much as
    all others together where the simulated images lie in the target (`NEARER` is 1), and not at
    all where they came no nearer to it. Families that either lacks are left out.
    """
    known = {
        family: [n for n in names if n in signs and n in reference]
        for family, names in FAMILIES.items()
    }
    seen = {
        family: float(np.log((_mean(signs, names) + FLOOR) / (_mean(reference, names) + FLOOR)))
        for family, names in known.items()
        if names
    }
    simulated = seen.pop("simulation", None)
    others = float(np.mean(list(seen.values()))) if seen else 0.0
    if simulated is None:
        return others
    weight = reference.get(NEARER, 1.0)
    return (others + weight * simulated) / (bool(seen) + weight) if seen or weight else 0.0


def _mean(signs: Mapping[str, float], names: Sequence[str]) -> float:
    return sum(signs[name] for name in names) / len(names)


@torch.no_grad()
def class_merits(
    detector: Detector, target: Images, prior: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Merit of each class by itself (c,) and its expected count per image (c,)."""
    plain = found_on(detector, target)
    merits = [
        class_consistency(plain, other, prior)
        for other in (flipped(detector, target), scaled(detector, target))
    ]
    counts = expected_counts(class_scores(plain, len(prior)), len(target))
    return np.mean(merits, 0), counts


def class_consistency(
    first: Sequence[Detections], second: Sequence[Detections], prior: np.ndarray
) -> np.ndarray:
    """F1 in [0, 1] of two sets of detections on the same images, per class (c,).

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
    return np.array(values)


def flipped(detector: Detector, images: Images) -> Found:
    """Detections on mirror images, turned back."""
    width = images.pixels.shape[2]
    found = found_on(detector, images, lambda x: x.flip(-1))
    return [_unflip(one, width) for one in found]


def scaled(detector: Detector, images: Images) -> Found:
    """Detections on images `SCALED` times as large, brought back."""
    height, width = images.pixels.shape[1:3]
    size = (round(SCALED * height), round(SCALED * width))
    found = found_on(
        detector,
        images,
        lambda x: functional.interpolate(
            x, size=size, mode="bilinear", antialias=True, align_corners=False
        ),
    )
    factor = np.tile([width / size[1], height / size[0]], 2)
    return [replace(one, boxes=one.boxes * factor) for one in found]


def evenly(images: Images, most: int) -> Images:
    """At most `most` of the images, evenly spaced."""
    if len(images) <= most:
        return images
    return images.subset(np.linspace(0, len(images) - 1, most).round().astype(int))


def _batches(images: Images) -> list[Tensor]:
    return [
        image_tensor(images, np.arange(start, min(start + BATCH, len(images))))
        for start in range(0, len(images), BATCH)
    ]


@torch.no_grad()
def found_on(
    detector: Detector, images: Images, change: Callable[[Tensor], Tensor] | None = None
) -> Found:
    """Detections in pixels of the canvas, from `THRESHOLD` upwards, of images as `change`d."""
    was_training = detector.training
    detector.eval()
    found: Found = []
    for batch in _batches(images):
        shown = batch if change is None else change(batch)
        found += detector.decode(detector.raw(shown), threshold=THRESHOLD)
    detector.train(was_training)
    return found


def _moved_weights(detector: Detector) -> Detector:
    """A copy whose weights are moved at random by `NOISE` of their spread, tensor by tensor."""
    moved = copy.deepcopy(detector)
    rng = seeds.generator(0, "flatness")
    for weight in moved.parameters():
        if weight.dim() > 1:
            step = rng.standard_normal(tuple(weight.shape), dtype=np.float32)
            weight.add_(NOISE * weight.std() * torch.from_numpy(step).to(weight))
    return moved


def _best(found: Sequence[Detections], label: int, count: int) -> list[np.ndarray]:
    floor = _floor(found, label, count)
    return [d.boxes[(d.labels == label) & (d.scores >= floor)] for d in found]


def _floor(found: Sequence[Detections], label: int, count: int) -> float:
    """Score of the best `count`-th detection of a class."""
    scores = class_scores(found, label + 1)[label]
    return float(scores[min(count, len(scores)) - 1]) if len(scores) else 1.0


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


def _at_centres(level: Tensor, images: Tensor, found: Found) -> np.ndarray:
    """Features at the centres of all boxes, image after image: (k, d)."""
    rows = []
    for features, one in zip(level, found, strict=True):
        middle = (one.boxes[:, :2] + one.boxes[:, 2:]) / 2
        scale = np.array([level.shape[-1], level.shape[-2]]) / images.shape[:1:-1]
        place = np.minimum((middle * scale).astype(int), [level.shape[-1] - 1, level.shape[-2] - 1])
        rows.append(features[:, place[:, 1], place[:, 0]].T.numpy())
    return np.concatenate(rows)


def _prototypes(found: Found, rows: np.ndarray, prior: np.ndarray) -> list[np.ndarray | None]:
    """Mean feature of the expected number of best detections, per class."""
    labels = np.concatenate([one.labels for one in found])
    scores = np.concatenate([one.scores for one in found])
    result: list[np.ndarray | None] = []
    for label, expected in enumerate(prior):
        floor = _floor(found, label, max(1, round(expected * len(found))))
        chosen = (labels == label) & (scores >= floor)
        result.append(rows[chosen].mean(0) if chosen.any() else None)
    return result


def _prototype_ratio(
    detector: Detector, source: Images, prior: np.ndarray, plain: Found, rows: np.ndarray
) -> float:
    """Mean over classes; a class that is not found in either domain counts 0."""
    source = evenly(source, MOST_IMAGES // 2)
    found: Found = []
    at_source, everywhere = [], []
    for images in _batches(source):
        raw, features = detector.raw_and_features(images)
        here = detector.decode(raw, threshold=THRESHOLD)
        found += here
        level = features[detector.levels[-1]]
        at_source.append(_at_centres(level, images, here))
        everywhere.append(level.mean((2, 3)).numpy())
    theirs = _prototypes(found, np.concatenate(at_source), prior)
    mine = _prototypes(plain, rows, prior)
    ratios = []
    for label, own in enumerate(mine):
        same = theirs[label]
        others = [p for k, p in enumerate(theirs) if k != label and p is not None]
        if len(prior) == 1:
            others = [np.concatenate(everywhere).mean(0)]
        if own is None or same is None or not others:
            ratios.append(0.0)
            continue
        apart = min(float(np.linalg.norm(own - other)) for other in others)
        ratios.append(apart / max(float(np.linalg.norm(own - same)), 1e-6))
    return float(np.mean(ratios))
