"""Weights of layers for a measurement: one sum of distances over the layers of an extractor.

Written ``layer=2,other=1``: names as in the measurement, weights of 0 or more, brought to sum 1.
`%2C` and `%3D` in a name stand for a comma and an equals sign.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from isthmus.compute.executor import Executor, Progress
from isthmus.errors import ConfigError, IsthmusError
from isthmus.features.extractor import nearest
from isthmus.gap.layers import measure_layers
from isthmus.study.config import GapSection
from isthmus.study.gap_rows import SEMANTIC, Pair, Row, groups_of

SUM = "weighted sum"
"""Stands for the layer in rows of the sum."""
OPTION = "layer weights"


def parse_weights(given: str | Mapping[str, float]) -> dict[str, float]:
    """Layer → weight, of text such as ``layer=2,other=1`` or a mapping.

    Raises:
        ConfigError: a part without a number of 0 or more, a layer named twice, no weight above 0.
    """
    parts = _parts(given) if isinstance(given, str) else given.items()
    weights: dict[str, float] = {}
    for name, weight in parts:
        if not math.isfinite(weight) or weight < 0:
            raise ConfigError(f"{OPTION}: {name}={weight:g}: a number of 0 or more is needed")
        if name in weights:
            raise ConfigError(f"{OPTION}: {name!r} is named twice")
        weights[name] = float(weight)
    if not any(weights.values()):
        raise ConfigError(f"{OPTION}: a weight above 0 is needed, as in layer=2,other=1")
    return weights


def _parts(text: str) -> Iterator[tuple[str, float]]:
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, number = part.rpartition("=")
        try:
            weight = float(number) if equals and name else math.nan
        except ValueError:
            weight = math.nan
        if math.isnan(weight):
            raise ConfigError(f"{OPTION}: {part!r} is no LAYER=NUMBER, as in layer=2,other=1")
        yield unquote(name.strip()), weight


def check_names(weights: Mapping[str, float], layers: Iterable[str]) -> None:
    """Refuse weights of layers that no extractor measures."""
    known = tuple(dict.fromkeys(layers))
    for name in weights:
        if name not in known:
            near = nearest(name, known).rstrip(".")
            raise ConfigError(f"{OPTION}: no layer {name!r} is measured{near}")


@dataclass(frozen=True)
class _Job:
    pair: Pair
    metric: str
    weights: Mapping[str, float]
    settings: GapSection
    seed: int


def weighted_rows(
    pairs: Sequence[Pair],
    weights: Mapping[str, float],
    settings: GapSection,
    *,
    seed: int,
    executor: Executor,
    progress: Progress | None = None,
) -> list[Row]:
    """The weighted sum by every metric, for pairs whose extractor has some of the layers.

    Raises:
        IsthmusError: a metric cannot be computed on these features.
    """
    jobs = []
    for pair in pairs:
        own = {name: weight for name, weight in weights.items() if name in pair.x.layers}
        if any(own.values()):
            jobs += [_Job(pair, metric, own, settings, seed) for metric in settings.metrics]
    rows = []
    outcomes = executor.map(_row, jobs, progress=progress, what="weighing layers")
    for job, outcome in zip(jobs, outcomes, strict=True):
        if outcome.error is not None:
            where = f"{job.pair.name}, {job.pair.extractor}, {job.metric}"
            raise IsthmusError(f"the layers could not be summed ({where}): {outcome.error}")
        rows.append(outcome.unwrap())
    return rows


def _row(job: _Job) -> Row:
    x, y, settings = job.pair.x, job.pair.y, job.settings
    params: dict[str, Any] = {}
    if job.metric == "cmd" and x.bounds is not None:
        params["bounds"] = x.bounds
    profile = measure_layers(
        {name: x.layers[name] for name in job.weights},
        {name: y.layers[name] for name in job.weights},
        job.metric,
        weights=job.weights,
        groups_x=groups_of(x, settings),
        groups_y=groups_of(y, settings),
        permutations=settings.permutations,
        bootstraps=settings.bootstraps,
        floor_splits=settings.floor_splits,
        seed=job.seed,
        **params,
    )
    kinds = {x.kinds.get(name, SEMANTIC) for name in job.weights}
    found = profile.combined.to_json()
    return {
        "pair": job.pair.name,
        "extractor": job.pair.extractor,
        "layer": SUM,
        "kind": kinds.pop() if len(kinds) == 1 else "all",
        "deep": False,  # its layers have spoken already
        **found,
        "params": {**found["params"], "weights": dict(profile.weights)},
    }
