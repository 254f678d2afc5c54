"""`measure_gap`: two sets of images in, the gap between them out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isthmus import files
from isthmus.compute.executor import Executor, Progress
from isthmus.compute.local import local_executor
from isthmus.data.dataset import Dataset
from isthmus.data.formats import read_dataset
from isthmus.data.frame import Problem
from isthmus.errors import ConfigError, InputError
from isthmus.features.extractor import Extractor, FeatureSet, load_extractor
from isthmus.features.store import extract_features
from isthmus.study.config import gap_section
from isthmus.study.domains import FEWEST_FRAMES, require_frames
from isthmus.study.gap_rows import Pair, estimate_rows, halves
from isthmus.study.gate import Gate, GateResult, check_gate, load_gate, with_metrics
from isthmus.study.layer_weights import check_names, parse_weights, weighted_rows
from isthmus.study.video_order import video_problems

SCHEMA = "isthmus.gap/1"
SCHEMA_FILE = "schemas/gap-1.json"


@dataclass(frozen=True)
class GapResult:
    """A measured gap.

    Attributes:
        document: schema-versioned result: `pairs` and `estimates` (one row per pair, extractor,
            layer and metric: value, interval, p-value, noise floor, …) and `problems`.
        problems: what could not be read on either side.
        gate: the rules that were held against the measurement; None without a gate.
        sides: the frames of source and target that were measured.
    """

    document: dict[str, Any]
    problems: tuple[Problem, ...]
    gate: GateResult | None = None
    sides: tuple[Dataset, ...] = ()

    @property
    def skipped(self) -> int:
        """Number of input items that could not be used."""
        return sum(p.count for p in self.problems if p.severity == "skipped")

    def save(self, path: Path) -> None:
        """Write the document as JSON."""
        files.write_json(path, self.document)


def measure_gap(
    source: Path | str | Dataset,
    target: Path | str | Dataset,
    *,
    extractors: Sequence[str] | None = None,
    metrics: Sequence[str] | None = None,
    layer_weights: Mapping[str, float] | str | None = None,
    source_images: Path | None = None,
    target_images: Path | None = None,
    independent: bool = False,
    permutations: int = 999,
    max_frames: int = 2000,
    seed: int = 0,
    gate: Gate | Path | str | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> GapResult:
    """Measure the gap between two sets of images, with a control within the source.

    Args:
        source, target: label file, folder of images, or a `Dataset`. Labels are not looked at.
        extractors: spec strings (see `load_extractor`); default: descriptors.
        metrics: names from `isthmus.gap.METRICS`; default: the panel of a study.
        layer_weights: layer → weight, or as text ``layer=2,other=1``: the sum of the distances of
            these layers is measured too, as one figure; see `isthmus.gap.layers`.
        source_images, target_images: folders that image names are relative to.
        independent: treat frames as independent although they have sequences.
        permutations: relabelings for the p-value.
        max_frames: frames drawn from either set at most.
        seed: decides every random draw.
        gate: rules that the gap has to keep, or the file they stand in (see `load_gate`). Without
            `metrics`, those that it names are measured too.
        workers: processes to work with; no figure depends on it.
        progress: called with (done, total, what).

    Raises:
        InputError: a set cannot be read or holds fewer than four images that can be used.
        ConfigError: an unknown metric or layer, a number out of its range, or a gate file that is
            wrong.
    """
    if seed < 0:
        raise ConfigError(f"seed: 0 or more is needed (got {seed})")
    rules = load_gate(gate) if isinstance(gate, Path | str) else gate
    metrics = with_metrics(metrics, rules)
    chosen: dict[str, Any] = {"metrics": list(metrics)} if metrics else {}
    settings = gap_section(
        {
            "extractors": list(extractors or ["descriptors"]),
            "permutations": permutations,
            "max_frames": max_frames,
            "independent_frames": independent,
            **chosen,
        }
    )
    _refuse_unknown(settings.metrics)
    weights = {} if layer_weights is None else parse_weights(layer_weights)
    loaded = {spec: load_extractor(spec) for spec in settings.extractors}
    check_names(weights, (layer for extractor in loaded.values() for layer in extractor.layers))
    executor = local_executor(workers)
    for given, role in ((source, "source"), (target, "target")):
        # Reading the first set can take long: what is wrong with the second is said before.
        if not isinstance(given, Dataset) and not Path(given).exists():
            raise InputError(f"{given}: no such file or folder (the {role})")
    sides = [
        _read(source, source_images, "source", executor=executor, progress=progress),
        _read(target, target_images, "target", executor=executor, progress=progress),
    ]
    for side, role in zip(sides, ("source", "target"), strict=True):
        require_frames(role, side.name, len(side))
    sides = [side.sample(max_frames, seed) for side in sides]
    pairs, problems = _pairs(sides, loaded, executor=executor, progress=progress)
    if not independent:
        for features, side in zip((pairs[0].x, pairs[0].y), sides, strict=True):
            problems += video_problems(features, side.name, seed=seed)
    rows = estimate_rows(pairs, settings, seed=seed, executor=executor, progress=progress)
    rows += weighted_rows(pairs, weights, settings, seed=seed, executor=executor, progress=progress)
    document = gap_document(pairs, rows)
    document["problems"] = [
        {"path": p.path, "kind": p.kind, "reason": p.reason, "severity": p.severity}
        for p in problems
    ]
    checked = None if rules is None else check_gate(document, rules)
    if checked is not None:
        document["gate"] = checked.to_json()
    unread = {p.path for p in problems}
    measured = tuple(s.filter(lambda frame: str(frame.image) not in unread) for s in sides)
    return GapResult(document, problems, checked, measured)


def gap_schema() -> dict[str, Any]:
    """Give the JSON Schema of a measurement's document (`isthmus measure --json`)."""
    return published_schema(SCHEMA_FILE)


def published_schema(name: str) -> dict[str, Any]:
    """A JSON Schema that is shipped with the package, by its file's name."""
    from importlib.resources import files as resources

    text = resources("isthmus.study").joinpath(name).read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _pairs(
    sides: Sequence[Dataset],
    extractors: Mapping[str, Extractor],
    *,
    executor: Executor,
    progress: Progress | None,
) -> tuple[list[Pair], tuple[Problem, ...]]:
    """What is compared, by every extractor, and what could not be read of it."""
    pairs: list[Pair] = []
    problems: dict[Problem, None] = dict.fromkeys(p for side in sides for p in side.problems)
    for spec, extractor in extractors.items():
        x, y = (
            extract_features(side.frames, extractor, executor=executor, progress=progress)
            for side in sides
        )
        problems.update(dict.fromkeys((*x.problems, *y.problems)))
        pairs += pairs_of(x, y, spec, sides[0].name, sides[1].name)
    return pairs, tuple(problems)


def pairs_of(x: FeatureSet, y: FeatureSet, extractor: str, source: str, target: str) -> list[Pair]:
    """Source against target, and the first against the second half of the source's sequences.

    Raises:
        InputError: a side has too few frames; the message names it.
    """
    require_frames("source", source, len(x))
    require_frames("target", target, len(y))
    pairs = [Pair("source-target", f"{source} → {target}", extractor, x, y)]
    if len(x) >= 2 * FEWEST_FRAMES:
        first, second = halves(x)
        if min(len(first), len(second)) >= FEWEST_FRAMES:
            label = f"{source} → {source} (halves)"
            pairs.append(Pair("source-halves", label, extractor, first, second))
    return pairs


def gap_document(pairs: Sequence[Pair], rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The result document of a measurement."""
    described = {
        pair.name: {
            "name": pair.name,
            "label": pair.label,
            "n": len(pair.x),
            "m": len(pair.y),
        }
        for pair in reversed(pairs)
    }
    order = dict.fromkeys(pair.name for pair in pairs)
    return {
        "schema": SCHEMA,
        "pairs": [described[name] for name in order],
        "estimates": list(rows),
    }


def _read(
    given: Path | str | Dataset,
    images: Path | None,
    role: str,
    *,
    executor: Executor,
    progress: Progress | None,
) -> Dataset:
    if isinstance(given, Dataset):
        return given
    path = Path(given)
    name = (path.resolve().name if path.is_dir() else path.stem) or role
    return read_dataset(path, images=images, name=name, executor=executor, progress=progress)


def _refuse_unknown(metrics: Sequence[str]) -> None:
    from isthmus.gap import METRICS

    for name in metrics:
        if name not in METRICS:
            raise ConfigError(f"unknown metric {name!r}; known are {', '.join(METRICS)}")
