"""Measured conditions of many frames: made in parallel, kept as Parquet."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from isthmus.compute.executor import Executor, Progress
from isthmus.cornercases.measures import MEASURES, SHORTEST_SIDE, measure_image, working_size
from isthmus.cornercases.scores.registry import SCORES, score_image
from isthmus.data.frame import Frame, Problem
from isthmus.data.images import read_resized
from isthmus.errors import ImageError, InputError
from isthmus.features.each_image import each_image
from isthmus.files import atomic_path

PROBLEMS_KEY = b"isthmus.problems"
SCORE_PREFIX = "score."
DECODED_AT = 1.25
"""Size at which a JPEG is decoded at least, relative to that at which it is measured."""

Column = NDArray[np.float64]


@dataclass(frozen=True)
class ConditionTable:
    """Measures of the frames that could be read.

    Attributes:
        ids: frame ids, in the order of the frames asked for.
        sequences: the drive or place of each frame ("" if unknown).
        values: measure → float64 (n,), finite; the names are those of `MEASURES`.
        problems: frames that were left out, and why.
        scores: condition → float64 (n,) in [0, 1]; the names are those of `SCORES`.
    """

    ids: tuple[str, ...]
    sequences: tuple[str, ...]
    values: Mapping[str, Column]
    problems: tuple[Problem, ...] = ()
    scores: Mapping[str, Column] = field(default_factory=dict)

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
            {name: column[rows] for name, column in self.scores.items()},
        )


def measure_conditions(
    frames: Iterable[Frame],
    *,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> ConditionTable:
    """Measures and scores of every frame that can be read, from one decoding of each.

    Args:
        frames: a `Dataset`, an `UnlabeledView`, or any frames. Labels are not looked at.
        executor: decodes and measures in its workers; no value depends on it.
        progress: called with (done, total, what) in frames.

    Raises:
        InputError: there are no frames, or none can be read.
    """
    made = each_image(_measure, frames, "conditions", executor=executor, progress=progress)
    return ConditionTable(
        tuple(frame.id for frame in made.frames),
        tuple(frame.sequence for frame in made.frames),
        {name: np.array([values[name] for values, _ in made.values]) for name in MEASURES},
        made.problems,
        {name: np.array([scores[name] for _, scores in made.values]) for name in SCORES},
    )


def _measure(path: str, width: int, height: int) -> tuple[dict[str, float], dict[str, float]]:
    if min(width, height) < SHORTEST_SIDE:
        raise ImageError(
            f"{path}: {width} × {height} pixels are too few; conditions need {SHORTEST_SIDE} a side"
        )
    rgb = read_resized(path, *working_size(width, height), decoded_at=DECODED_AT)
    return measure_image(rgb), score_image(rgb)


def write_table(table: ConditionTable, path: Path) -> None:
    """Write `table` as Parquet: columns `id`, `sequence`, one per measure, `score.NAME` each."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {"id": pa.array(table.ids, pa.string())}
    columns["sequence"] = pa.array(table.sequences, pa.string())
    columns |= {name: pa.array(column, pa.float64()) for name, column in table.values.items()}
    columns |= {
        f"{SCORE_PREFIX}{name}": pa.array(column, pa.float64())
        for name, column in table.scores.items()
    }
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
            {
                name.removeprefix(SCORE_PREFIX): table[name].to_numpy()
                for name in table.column_names
                if name.startswith(SCORE_PREFIX)
            },
        )
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (pa.ArrowException, KeyError, ValueError, TypeError, OSError) as error:
        raise InputError(f"{path}: not a table of measured conditions ({error})") from error
