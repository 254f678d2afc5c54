"""`measure_dqm`: what a dqm-ml pipeline asks for, by its formula and by ours, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from isthmus import files
from isthmus.compute.executor import Progress
from isthmus.compute.local import local_executor
from isthmus.data.frame import Problem
from isthmus.errors import ConfigError, InputError
from isthmus.features.extractor import load_extractor
from isthmus.gap import dqm as formulas
from isthmus.gap import measure
from isthmus.gap.estimate import Matrix
from isthmus.study.config import gap_section
from isthmus.study.domains import FEWEST_FRAMES
from isthmus.study.dqm_features import Reader, Side
from isthmus.study.dqm_pipeline import Loader, Request, read_pipeline
from isthmus.study.dqm_remarks import question, remark, theirs
from isthmus.study.dqm_tables import Selection, selections
from isthmus.study.measure import gap_schema, published_schema

SCHEMA = "isthmus.dqm/1"
SCHEMA_FILE = "schemas/dqm-1.json"
PLACE = ("pair", "extractor", "layer", "kind", "deep")
"""Where a row of `isthmus.gap/1` stands; here the row around an estimate says so."""
MOST_COMPARISONS = 500
Row = dict[str, Any]


@dataclass(frozen=True)
class DqmResult:
    """What a pipeline asked for.

    Attributes:
        document: schema-versioned result: `version` of the pipeline, and `rows`, one for each
            request, pair and layer: dqm-ml's number, our estimate and a remark.
        problems: what could not be read or measured.
    """

    document: dict[str, Any]
    problems: tuple[Problem, ...]

    @property
    def skipped(self) -> int:
        """Number of items of the pipeline or its data that could not be used."""
        return sum(p.count for p in self.problems if p.severity == "skipped")

    def save(self, path: Path) -> None:
        """Write the document as JSON."""
        files.write_json(path, self.document)


def measure_dqm(
    pipeline: Path | str,
    *,
    root: Path | str = ".",
    extractors: Sequence[str] | None = None,
    permutations: int = 999,
    max_frames: int = 2000,
    seed: int = 0,
    workers: int | None = None,
    progress: Progress | None = None,
) -> DqmResult:
    """Run the domain gap requests of a dqm-ml pipeline and show both definitions.

    Args:
        pipeline: a pipeline of dqm-ml 1.x or 2.x (YAML or JSON).
        root: folder that the pipeline's paths are relative to; nothing outside is read.
        extractors: spec strings that replace the pipeline's networks; default: descriptors.
        permutations: relabelings for the p-value.
        max_frames: frames drawn from each set at most, for both definitions.
        seed: decides every random draw.
        workers: processes to work with; no figure depends on it.
        progress: called with (done, total, what).

    Raises:
        ConfigError: the file is no pipeline, or a number is out of its range.
        InputError: nothing that it asks for can be measured.
    """
    if seed < 0:
        raise ConfigError(f"seed: 0 or more is needed (got {seed})")
    specs = list(extractors or ["descriptors"])
    gap_section({"extractors": specs, "permutations": permutations, "max_frames": max_frames})
    for spec in specs:
        load_extractor(spec)  # what is wrong with one is said before the work
    asked = read_pipeline(pipeline)
    problems = dict.fromkeys(asked.problems)
    executor = local_executor(workers)
    reader = Reader(asked, Path(root), specs, max_frames, seed, executor, progress, problems)
    rows = _measured(reader, permutations)
    if not rows:
        said = "; ".join(f"{p.path}: {p.reason}" for p in list(problems)[:5])
        raise InputError(f"{pipeline}: nothing that it asks for can be measured: {said}")
    document = {
        "schema": SCHEMA,
        "version": asked.version,
        "rows": rows,
        "problems": [
            {"path": p.path, "kind": p.kind, "reason": p.reason, "severity": p.severity}
            for p in problems
        ],
    }
    return DqmResult(document, tuple(problems))


def dqm_schema() -> dict[str, Any]:
    """Give the JSON Schema of a pipeline's document (`isthmus dqm --json`).

    Estimates and problems are described as in `gap_schema`.
    """
    schema, described = published_schema(SCHEMA_FILE), gap_schema()["$defs"]
    estimate = described["estimate"]
    for name in PLACE:
        del estimate["properties"][name]
        estimate["required"].remove(name)
    schema["$defs"] |= {"estimate": estimate, "problem": described["problem"]}
    return schema


def _measured(reader: Reader, permutations: int) -> list[Row]:
    """The rows of everything that can be compared; the rest becomes problems."""
    rows: list[Row] = []
    jobs = list(_comparisons(reader))
    for done, (request, first, second) in enumerate(jobs):
        if reader.progress:
            reader.progress(done, len(jobs), "comparisons")
        try:
            sides = reader.side(request, first), reader.side(request, second)
            found = _rows(request, reader, *sides, permutations=permutations)
        except InputError as error:
            place = f"{request.name}: {first.name}, {second.name}"
            reader.problems[Problem(place, "not-measured", str(error))] = None
            continue
        names = {"request": request.name, "source": first.name, "target": second.name}
        rows += [{**names, **row} for row in found]
    return rows


def _comparisons(
    reader: Reader,
) -> Iterator[tuple[Request, Loader | Selection, Loader | Selection]]:
    """What is to be compared: the folders of a request, or all pairs of the selections."""
    known: list[Selection] = []
    for loader in reader.pipeline.loaders:
        try:
            known += selections(loader, reader.root, most=reader.most, seed=reader.seed)
        except InputError as error:
            problem = Problem(f"dataloaders.{loader.name}", "bad-loader", str(error))
            reader.problems[problem] = None
    pairs = list(combinations(known, 2))
    tables = [request for request in reader.pipeline.requests if request.sides is None]
    if len(pairs) * len(tables) > MOST_COMPARISONS:
        raise ConfigError(
            f"{len(known)} selections and {len(tables)} processors are {len(pairs) * len(tables)} "
            f"comparisons; at most {MOST_COMPARISONS} are made: name the values of the split"
        )
    for request in reader.pipeline.requests:
        if request.sides is not None:
            yield request, *request.sides
            continue
        if request.metric != "cmd" and len(request.columns) > 1:
            reason = f"only the first column, {request.columns[0]}, is compared, as in dqm-ml"
            reader.problems[Problem(request.name, "further-columns", reason, "note")] = None
        for first, second in pairs:
            yield request, first, second


def _rows(request: Request, reader: Reader, x: Side, y: Side, *, permutations: int) -> list[Row]:
    """Both definitions on every layer that the sides share."""
    version = reader.pipeline.version
    rows = [
        _row(request, reader, place, (x, y), permutations)
        for place in x.layers
        if place in y.layers
    ]
    if request.metric == "cmd" and version == "2.x" and len(rows) == len(request.columns) > 1:
        weights = np.array(request.weights)
        whole = float(weights @ [row["dqm"]["value"] for row in rows] / weights.sum())
        for row in rows:
            row["dqm"]["remark"] += f"; dqm-ml prints the layers' weighted mean, {whole:.3g}"
    return rows


def _row(
    request: Request,
    reader: Reader,
    place: tuple[str, str],
    sides: tuple[Side, Side],
    permutations: int,
) -> Row:
    """Both definitions on one layer."""
    version = reader.pipeline.version
    extractor, layer = place
    _require(sides[0].layers[place], sides[1].layers[place])
    x, y = (_mapped(request, layer, side.layers[place], side) for side in sides)
    metric, params = question(request)
    number = theirs(request, version, x, y)
    estimate = measure(
        _pooled(request, x),
        _pooled(request, y),
        metric,
        groups_x=sides[0].sequences.get(extractor),
        groups_y=sides[1].sequences.get(extractor),
        permutations=permutations,
        seed=reader.seed,
        **params,
    )
    said = remark(request, version, (x, y), number, estimate)
    if request.metric == "cmd" and version == "2.x" and layer not in sides[0].channels:
        said += f"; dqm-ml itself stops without a column {layer}_channels"
    return {
        "extractor": extractor,
        "layer": layer,
        "features": sides[0].source,
        "dqm": {"metric": request.metric, "value": number.value, "remark": said},
        "estimate": estimate.to_json(),
    }


def _require(x: Matrix, y: Matrix) -> None:
    if min(len(x), len(y)) < FEWEST_FRAMES:
        raise InputError(
            f"{len(x)} and {len(y)} usable rows; at least {FEWEST_FRAMES} a side are needed"
        )
    if x.shape[1] != y.shape[1]:
        raise InputError(f"embeddings of {x.shape[1]} and of {y.shape[1]} values do not compare")


def _mapped(request: Request, layer: str, x: Matrix, side: Side) -> Matrix:
    """For cmd the spatial maps (n, channels, places), where the table knows the channels."""
    count = side.channels.get(layer)
    if request.metric != "cmd" or count is None:
        return x
    if x.shape[1] % count:
        raise InputError(f"{layer}: {x.shape[1]} values are not maps of {count} channels")
    return x.reshape(len(x), count, -1)


def _pooled(request: Request, x: Matrix) -> Matrix:
    """A row for each frame: for cmd its sigmoid activations, averaged over places."""
    if request.metric != "cmd":
        return x
    if x.ndim == 2:
        return formulas.channels(x)
    pooled: Matrix = formulas.channels(x).reshape(len(x), -1, x.shape[1]).mean(axis=1)
    return pooled
