"""Measured conditions of many frames: made in parallel, kept as Parquet."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from isthmus.compute.executor import Executor, Progress, SerialExecutor
from isthmus.cornercases.measures import MEASURES, SHORTEST_SIDE, measure_image, working_size
from isthmus.data.frame import Frame, Problem
from isthmus.data.images import read_resized
from isthmus.errors import ImageError, InputError
from isthmus.files import atomic_path

CHUNK = 16
PROBLEMS_KEY = b"isthmus.problems"

Column = NDArray[np.float64]


@dataclass(frozen=True)
class ConditionTable:
    """Measures of the frames that could be read.

    Attributes:
        ids: frame ids, in the order of the frames asked for.
        sequences: the drive or place of each frame ("" if unknown).
        values: measure → float64 (n,), finite; the names are those of `MEASURES`.
        problems: frames that were left out, and why.
    """

    ids: tuple[str, ...]
    sequences: tuple[str, ...]
    values: Mapping[str, Column]
    problems: tuple[Problem, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)

    def select(self, keep: Iterable[int]) -> ConditionTable:
        """The rows with the given indices, in the given order."""
        rows = list(keep)
        return ConditionTable(
            tuple(self.ids[i] for i in rows),
            tuple(self.sequences[i] for i in rows),
            {name: column[rows] for name, column in self.values.items()},
            self.problems,
        )


def measure_conditions(
    frames: Iterable[Frame],
    *,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> ConditionTable:
    """Measure every frame that can be read; see `isthmus.cornercases.measures`.

    Args:
        frames: a `Dataset`, an `UnlabeledView`, or any frames. Labels are not looked at.
        executor: decodes and measures in its workers; no value depends on it.
        progress: called with (done, total, what) in frames.

    Raises:
        InputError: there are no frames, or none can be read.
    """
    asked = tuple(frames)
    if not asked:
        raise InputError("no frames to measure")
    chunks = [asked[i : i + CHUNK] for i in range(0, len(asked), CHUNK)]
    tasks = [tuple((str(f.image), f.width, f.height) for f in chunk) for chunk in chunks]
    # Starting workers costs more than a few chunks do.
    runner = executor if executor and len(chunks) > 2 else SerialExecutor()
    found: list[dict[str, float] | str] = []
    for outcome in runner.map(_measure_all, tasks, what="conditions"):
        if outcome.value is not None:
            found += outcome.value
        else:
            found += _one_by_one(tasks[outcome.index], executor)
        if progress:
            progress(len(found), len(asked), "conditions")
    problems = tuple(
        Problem(str(frame.image), "unreadable-image", result)
        for frame, result in zip(asked, found, strict=True)
        if isinstance(result, str)
    )
    if len(problems) == len(asked):
        raise InputError(
            f"none of {len(asked)} image(s) can be measured; the first: {problems[0].reason}"
        )
    kept = [(f, r) for f, r in zip(asked, found, strict=True) if not isinstance(r, str)]
    return ConditionTable(
        tuple(frame.id for frame, _ in kept),
        tuple(frame.sequence for frame, _ in kept),
        {name: np.array([result[name] for _, result in kept]) for name in MEASURES},
        problems,
    )


Task = tuple[tuple[str, int, int], ...]


def _measure_all(task: Task) -> list[dict[str, float] | str]:
    results: list[dict[str, float] | str] = []
    for path, width, height in task:
        try:
            if min(width, height) < SHORTEST_SIDE:
                raise ImageError(
                    f"{path}: {width} × {height} pixels are too few; conditions need "
                    f"{SHORTEST_SIDE} a side"
                )
            results.append(measure_image(read_resized(path, *working_size(width, height))))
        except ImageError as error:
            results.append(str(error))
    return results


def _one_by_one(task: Task, executor: Executor | None) -> list[dict[str, float] | str]:
    """A chunk brought its worker down: find the image by giving each a task of its own."""
    results: list[dict[str, float] | str] = []
    singles = [(image,) for image in task]
    for outcome in (executor or SerialExecutor()).map(_measure_all, singles):
        results.append(outcome.value[0] if outcome.value is not None else str(outcome.error))
    return results


def write_table(table: ConditionTable, path: Path) -> None:
    """Write `table` as Parquet: columns `id`, `sequence` and one per measure."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {"id": pa.array(table.ids, pa.string())}
    columns["sequence"] = pa.array(table.sequences, pa.string())
    columns |= {name: pa.array(column, pa.float64()) for name, column in table.values.items()}
    problems = json.dumps([asdict(problem) for problem in table.problems])
    made = pa.table(columns).replace_schema_metadata({PROBLEMS_KEY: problems.encode()})
    with atomic_path(path) as temporary:
        pq.write_table(made, temporary)


def read_table(path: Path) -> ConditionTable:
    """Read what `write_table` wrote.

    Raises:
        InputError: no such file, or another kind of file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
        problems = json.loads((table.schema.metadata or {})[PROBLEMS_KEY])
        return ConditionTable(
            tuple(table["id"].to_pylist()),
            tuple(table["sequence"].to_pylist()),
            {name: table[name].to_numpy() for name in MEASURES},
            tuple(Problem(**problem) for problem in problems),
        )
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (pa.ArrowException, KeyError, ValueError, TypeError, OSError) as error:
        raise InputError(f"{path}: not a table of measured conditions ({error})") from error
