"""Estimates for pairs of feature sets: the common core of `isthmus measure` and of a study."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isthmus.compute.executor import Executor, Progress
from isthmus.data.dataset import Dataset, UnlabeledView
from isthmus.errors import IsthmusError
from isthmus.features.extractor import FeatureSet
from isthmus.gap.inference import measure_all
from isthmus.study.config import GapSection

Row = dict[str, Any]
SEMANTIC = "semantic"
DEEP = 3
"""One layer in so many of a network counts as deep: the last ones."""


@dataclass(frozen=True)
class Pair:
    """Two sets of frames to compare, as features of one extractor.

    Attributes:
        name, label: for machines and for people.
        extractor: name of the extractor.
        x, y: features of either side.
    """

    name: str
    label: str
    extractor: str
    x: FeatureSet
    y: FeatureSet


@dataclass(frozen=True)
class _Job:
    row: Row
    x: NDArray[np.float32]
    y: NDArray[np.float32]
    groups_x: tuple[str, ...] | None
    groups_y: tuple[str, ...] | None
    settings: GapSection
    bounds: tuple[float, float] | None
    seed: int


def estimate_rows(
    pairs: Sequence[Pair],
    settings: GapSection,
    *,
    seed: int,
    executor: Executor,
    progress: Progress | None = None,
) -> list[Row]:
    """Every metric on every layer of every pair, in a fixed order.

    Raises:
        IsthmusError: a metric cannot be computed on these features.
    """
    jobs = list(_jobs(pairs, settings, seed))
    outcomes = executor.map(_estimates, jobs, progress=progress, what="measuring the gap")
    rows: list[Row] = []
    for job, outcome in zip(jobs, outcomes, strict=True):
        if outcome.error is not None:
            where = "{pair}, {extractor}, {layer}; x is the first side".format(**job.row)
            raise IsthmusError(f"the gap could not be measured ({where}): {outcome.error}")
        rows += outcome.unwrap()
    return rows


def _jobs(pairs: Sequence[Pair], settings: GapSection, seed: int) -> Iterator[_Job]:
    for pair in pairs:
        deep = deep_layers(pair.x)
        for layer in pair.x.layers:
            row = {
                "pair": pair.name,
                "extractor": pair.extractor,
                "layer": layer,
                "kind": pair.x.kinds.get(layer, SEMANTIC),
                "deep": layer in deep,
            }
            yield _Job(
                row,
                pair.x.layers[layer],
                pair.y.layers[layer],
                groups_of(pair.x, settings),
                groups_of(pair.y, settings),
                settings,
                pair.x.bounds,
                seed,
            )


def deep_layers(features: FeatureSet) -> set[str]:
    """Layers that tell of their kind of difference: all but the first two thirds of a network's.

    What is seen in a picture (semantic content) is in the last third (rounded up) of the layers
    that were measured; the first answer to colour and texture. They stand in the order in which
    the network was asked for them. Descriptors have one layer a kind: each of them counts.
    """
    network = [name for name in features.layers if features.kinds.get(name, SEMANTIC) == SEMANTIC]
    return {*features.layers} - {*network[: len(network) - math.ceil(len(network) / DEEP)]}


def groups_of(features: FeatureSet, settings: GapSection) -> tuple[str, ...] | None:
    """The sequence of each frame; None where frames count as independent."""
    if settings.independent_frames or not any(features.sequences):
        return None
    return features.sequences


def sampled(view: UnlabeledView, n: int, seed: int) -> UnlabeledView:
    """At most `n` frames of the target, drawn as those of a labelled set are."""
    return Dataset(view.name, view.frames).sample(n, seed).unlabeled()


def _estimates(job: _Job) -> list[Row]:
    # One seed for all: equal relabelings make rows comparable.
    requests: dict[str, dict[str, Any]] = {name: {} for name in job.settings.metrics}
    if "cmd" in requests and job.bounds is not None:
        requests["cmd"]["bounds"] = job.bounds
    estimates = measure_all(
        job.x,
        job.y,
        requests,
        groups_x=job.groups_x,
        groups_y=job.groups_y,
        permutations=job.settings.permutations,
        bootstraps=job.settings.bootstraps,
        floor_splits=job.settings.floor_splits,
        seed=job.seed,
    )
    return [{**job.row, **estimate.to_json()} for estimate in estimates.values()]


def halves(features: FeatureSet) -> tuple[FeatureSet, FeatureSet]:
    """The first and the second half of every sequence: two stretches of the same drives.

    What two parts of one domain differ by is the yardstick for a gap between two domains.
    Frames without a sequence form one, in their order, and so do those that are alone in theirs:
    a single frame has no halves.
    """
    members: dict[str, list[int]] = {}
    for row, sequence in enumerate(features.sequences):
        members.setdefault(sequence, []).append(row)
    alone = sorted(r for name, rows in members.items() if not name or len(rows) == 1 for r in rows)
    drives = [rows for name, rows in members.items() if name and len(rows) > 1]
    first: list[int] = []
    second: list[int] = []
    for rows in (alone, *drives):
        cut = len(rows) // 2
        first += rows[:cut]
        second += rows[cut:]
    return features.select(first), features.select(second)
