"""Everything about one or several data sets in one document: `check_quality`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.compute.executor import Executor, Progress
from isthmus.data.dataset import Dataset
from isthmus.data.formats import read_dataset
from isthmus.errors import InputError
from isthmus.features.extractor import FeatureSet, load_extractor
from isthmus.features.store import extract_features
from isthmus.files import write_json
from isthmus.quality.compare import compare
from isthmus.quality.completeness import completeness
from isthmus.quality.diversity import diversity, vendi
from isthmus.quality.duplicates import Pairs, exact_groups, near_across, near_duplicates
from isthmus.quality.findings import Finding, findings_of
from isthmus.quality.image_faults import IMAGE_FAULTS, image_faults
from isthmus.quality.label_faults import LABEL_FAULTS, class_balance, label_faults
from isthmus.quality.looks import NEAR, Looks, look_at

SCHEMA = "isthmus.quality/1"
LISTED = 100
"""Ids, groups and pairs that the document lists of each kind; all are counted."""
FEWEST_FOR_FEATURES = 10

Document = dict[str, Any]


@dataclass(frozen=True)
class Quality:
    """What was found.

    Attributes:
        document: JSON-like, `schema` isthmus.quality/1.
        findings: what one should know of, errors first.
        datasets: what was read.
    """

    document: Document
    findings: tuple[Finding, ...]
    datasets: tuple[Dataset, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Findings for which the sets should not be used as they are."""
        return tuple(f for f in self.findings if f.severity == "error")

    @property
    def skipped(self) -> int:
        """Records that readers left out."""
        problems = [p for d in self.datasets for p in d.problems]
        return sum(p.count for p in problems if p.severity == "skipped")

    def save(self, path: Path | str) -> None:
        """Write the document as JSON."""
        write_json(Path(path), self.document)


def check_quality(
    *sets: Path | str | Dataset,
    extractor: str | None = "descriptors#all",
    near: float = NEAR,
    max_frames: int = 2000,
    allow_leaks: bool = False,
    seed: int = 0,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Quality:
    """Completeness, diversity, faults and copies of each set; leaks and differences between them.

    Args:
        sets: data sets, label files or folders of images. The first is what the others are
            compared with.
        extractor: features for diversity and coverage; None: neither is measured.
        near: cosine of fingerprints from which images are near duplicates, above 0, at most 1.
        max_frames: drawn from each set for features; all images are looked at for the rest.
        allow_leaks: images that are in two sets are a warning, not an error.
        seed: decides every draw.
        executor: decodes images in its workers; no figure depends on it.
        progress: called with (done, total, what).

    Raises:
        InputError: no set, one that cannot be read, or an option out of range.
    """
    if not sets:
        raise InputError("quality: give one data set or more")
    if not 0 < near <= 1:
        raise InputError(f"quality: near = {near}; expected above 0, at most 1")
    known = load_extractor(extractor) if extractor else None
    datasets = _named(
        [
            s if isinstance(s, Dataset) else read_dataset(s, executor=executor, progress=progress)
            for s in sets
        ]
    )
    looks = [look_at(d.frames, executor=executor, progress=progress) for d in datasets]
    features = [
        extract_features(d.sample(max_frames, seed), known, executor=executor, progress=progress)
        if known is not None and len(d) >= FEWEST_FOR_FEATURES
        else None
        for d in datasets
    ]
    document: Document = {
        "schema": SCHEMA,
        "sets": [
            _described(d, look, near) | {"vendi": score}
            for d, look, score in zip(datasets, looks, _vendi(features), strict=True)
        ],
        "across": [
            _across(datasets, looks, i, j, near)
            for i in range(len(sets))
            for j in range(i + 1, len(sets))
        ],
        "compared": [
            compare(datasets[0], d, looks[0], look, features=(features[0], found), seed=seed)
            for d, look, found in zip(datasets[1:], looks[1:], features[1:], strict=True)
        ],
    }
    findings = findings_of(document, allow_leaks=allow_leaks)
    document["findings"] = [asdict(finding) for finding in findings]
    return Quality(document, findings, datasets)


def _named(datasets: Sequence[Dataset]) -> tuple[Dataset, ...]:
    """With names of their own, or results could not say which set they speak of."""
    counts = Counter(d.name for d in datasets)
    seen: Counter[str] = Counter()
    named = []
    for dataset in datasets:
        seen[dataset.name] += 1
        number = f" ({seen[dataset.name]})" if counts[dataset.name] > 1 else ""
        named.append(replace(dataset, name=dataset.name + number))
    return tuple(named)


def _described(dataset: Dataset, looks: Looks, near: float) -> Document:
    balance = class_balance(dataset)
    complete = completeness(dataset)
    problems = Counter({p.kind: 0 for p in dataset.problems})
    for problem in dataset.problems:
        problems[problem.kind] += problem.count
    faults = image_faults(looks)
    return {
        "name": dataset.name,
        "frames": len(dataset),
        "unreadable": [asdict(p) for p in looks.problems[:LISTED]],
        "skipped": [asdict(p) for p in dataset.problems if p.severity == "skipped"][:LISTED],
        "problems": dict(sorted(problems.items())),
        "completeness": {
            "fields": complete.fields,
            "labelled": complete.labelled,
            "empty": complete.empty,
            "box_fields": complete.box_fields,
            "missing_cells": [dict(cell) for cell in complete.missing_cells[:LISTED]],
        },
        "classes": None if balance is None else asdict(balance),
        "diversity": {
            "classes": diversity(balance.counts) if balance and balance.counts else None,
            "sequences": diversity(Counter(f.sequence or f.id for f in dataset)),
        },
        "duplicates": _duplicates(looks, near),
        "image_faults": {
            name: {
                "rule": IMAGE_FAULTS[name].description,
                "count": len(ids),
                "frames": list(ids[:LISTED]),
            }
            for name, ids in faults.items()
        },
        "label_faults": {
            name: {
                "rule": LABEL_FAULTS[name].description,
                "count": found.count,
                "listed": [asdict(item) for item in found.listed[:LISTED]],
            }
            for name, found in label_faults(dataset).items()
        },
    }


def _duplicates(looks: Looks, near: float) -> Document:
    ids = [frame.id for frame in looks.frames]
    exact = exact_groups([frame.digest for frame in looks.frames])
    pairs = near_duplicates(looks.fingerprints, near)
    groups = sorted(pairs.groups, key=len, reverse=True)
    return {
        "threshold": near,
        "exact": sum(len(group) - 1 for group in exact),
        "exact_groups": [[ids[i] for i in group[:LISTED]] for group in exact[:LISTED]],
        "near_pairs": pairs.count,
        "near_groups": [[ids[i] for i in group[:LISTED]] for group in groups[:LISTED]],
        "distinct": pairs.distinct,
    }


def _across(
    datasets: Sequence[Dataset], looks: Sequence[Looks], i: int, j: int, near: float
) -> Document:
    """Images of set i that are in set j too: the same file, or nearly the same picture."""
    one, other = looks[i].frames, looks[j].frames
    files: dict[str, list[int]] = {}
    for row, frame in enumerate(one):
        files.setdefault(frame.digest, []).append(row)
    same = [(a, b) for b, frame in enumerate(other) for a in files.get(frame.digest, ())]
    pairs: Pairs = near_across(looks[i].fingerprints, looks[j].fingerprints, near)
    alike = [
        (int(a), int(b), float(s))
        for a, b, s in zip(pairs.first, pairs.second, pairs.similarity, strict=True)
        if one[int(a)].digest != other[int(b)].digest
    ]
    listed = [(one[a].id, other[b].id, 1.0, True) for a, b in same]
    listed += [(one[a].id, other[b].id, round(s, 4), False) for a, b, s in alike]
    return {
        "first": datasets[i].name,
        "second": datasets[j].name,
        "exact": len(same),
        "near": len(alike),
        "frames_of_second": len({b for _, b in same} | {b for _, b, _ in alike}),
        "pairs": [
            {"first": a, "second": b, "similarity": s, "exact": e} for a, b, s, e in listed[:LISTED]
        ],
    }


def _vendi(features: Sequence[FeatureSet | None]) -> list[Document | None]:
    """Vendi scores in one common scale: features less their mean, over their deviation."""
    used = [next(iter(f.layers.values())) for f in features if f is not None]
    if not used:
        return [None] * len(features)
    pooled = np.concatenate(used)
    mean, deviation = pooled.mean(axis=0), pooled.std(axis=0)
    scale = np.where(deviation > 1e-6, deviation, 1)
    rows: list[Document | None] = []
    for found in features:
        if found is None:
            rows.append(None)
            continue
        matrix = (next(iter(found.layers.values())) - mean) / scale
        rows.append(
            {"score": vendi(matrix), "frames": len(matrix), "layer": next(iter(found.layers))}
        )
    return rows
