"""Rows of the Parquet tables that a dqm-ml pipeline names: filtered, split, drawn, bounded.

Only the columns that are needed are read, the choosing ones first, the features then for the rows
that were drawn. How many values a column holds is taken from the file's own index before anything
is unpacked, and paths that lead out of the folder given are refused.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isthmus import files, seeds
from isthmus.errors import InputError
from isthmus.study.dqm_pipeline import Loader

MOST_ROWS = 5_000_000
MOST_VALUES = 1 << 28
MOST_BYTES = 8 << 30
MOST_SELECTIONS = 50
BATCH = 1024

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Selection:
    """Rows of one table: `rows` are their numbers, in order."""

    name: str
    loader: Loader
    path: Path
    rows: tuple[int, ...]


def selections(loader: Loader, root: Path, *, most: int, seed: int) -> list[Selection]:
    """The selections of a table, each of at most `most` rows, drawn at random.

    Raises:
        InputError: no such table or column inside `root`, or one beyond the bounds.
    """
    path = files.safe_join(root, loader.path)
    table = _open(path)
    needed = list(loader.filters)
    if loader.split is not None and loader.split[0] not in needed:
        needed.append(loader.split[0])
    require_columns(table, path, needed)
    if table.metadata.num_rows > MOST_ROWS:
        raise InputError(f"{path}: {table.metadata.num_rows} rows; at most {MOST_ROWS} are read")
    members: dict[str, list[int]] = {}
    for start, batch in _batches(table, path, needed) if needed else ():
        for offset, row in enumerate(batch.to_pylist()):
            name = _selection_of(loader, row)
            if name is not None:
                members.setdefault(name, []).append(start + offset)
                if len(members) > MOST_SELECTIONS:
                    raise InputError(f"{path}: split into more than {MOST_SELECTIONS} selections")
    if not needed:
        members = {loader.name: list(range(table.metadata.num_rows))}
    if not members:
        raise InputError(f"{path}: no row passes the filters and the split")
    out = []
    for name, rows in members.items():
        rng = seeds.generator(seed, "dqm-selection", name)
        kept = rng.choice(rows, min(most, len(rows)), replace=False) if len(rows) > most else rows
        out.append(Selection(name, loader, path, tuple(sorted(int(row) for row in kept))))
    return out


def column_names(selection: Selection) -> tuple[str, ...]:
    """The names of the table's columns."""
    return tuple(_open(selection.path).schema_arrow.names)


def embeddings(selection: Selection, column: str) -> tuple[Floats, int]:
    """The embeddings (n, d) of a column of lists, and how many rows had to be left out.

    Rows without a list, of another length than the first, or with values that are not finite are
    left out; none is filled up.

    Raises:
        InputError: no such column, or one that does not hold lists of numbers.
    """
    kept: list[Floats] = []
    width: int | None = None
    for value in _values(selection, column):
        row = None if value is None else _row(value, selection.path, column)
        if row is None or not len(row) or not np.isfinite(row).all():
            continue
        width = len(row) if width is None else width
        if len(row) == width:
            kept.append(row)
    if not kept:
        raise InputError(f"{selection.path}: column {column!r}: not one usable embedding")
    return np.stack(kept), len(selection.rows) - len(kept)


def cells(selection: Selection, column: str) -> list[Any]:
    """The values of a column, one for each row: text, bytes, numbers or None."""
    return [None if value is None else value.as_py() for value in _values(selection, column)]


def require_columns(table: Any, path: Path, names: Sequence[str]) -> None:
    """Refuse a table that lacks one of `names`, or that holds too much in it."""
    known = table.schema_arrow.names
    for name in names:
        if name not in known:
            raise InputError(f"{path}: no column {name!r}; it has {', '.join(known[:20])}")
    values = size = 0
    for group in range(table.metadata.num_row_groups):
        for index in range(table.metadata.num_columns):
            column = table.metadata.row_group(group).column(index)
            if column.path_in_schema.split(".")[0] in names:
                values += column.num_values
                size += column.total_uncompressed_size
    if values > MOST_VALUES or size > MOST_BYTES:
        raise InputError(
            f"{path}: {values} values in {', '.join(names)}, {size} bytes; at most {MOST_VALUES} "
            f"and {MOST_BYTES} are read: write a smaller table"
        )


def _selection_of(loader: Loader, row: dict[str, Any]) -> str | None:
    """Name of the selection that a row belongs to; None if to none."""
    if any(row[column] not in values for column, values in loader.filters.items()):
        return None
    if loader.split is None:
        return loader.name
    column, kept, left_out = loader.split
    value = str(row[column])
    if row[column] is None or any(fnmatch.fnmatchcase(value, pattern) for pattern in left_out):
        return None
    if kept and not any(fnmatch.fnmatchcase(value, pattern) for pattern in kept):
        return None
    return f"{loader.name}_{value}"


def _open(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.is_file():
        raise InputError(f"{path}: {'a folder, not a file' if path.is_dir() else 'no such file'}")
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(f"{path}: not a readable Parquet file ({error})") from error


def _batches(table: Any, path: Path, columns: Sequence[str]) -> Iterator[tuple[int, Any]]:
    import pyarrow as pa

    start = 0
    try:
        for batch in table.iter_batches(batch_size=BATCH, columns=list(columns)):
            yield start, batch
            start += batch.num_rows
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(f"{path}: damaged ({error})") from error


def _values(selection: Selection, column: str) -> Iterator[Any]:
    """The column's values in the selection's rows; None for a null."""
    table = _open(selection.path)
    require_columns(table, selection.path, [column])
    wanted = np.array(selection.rows)
    for start, batch in _batches(table, selection.path, [column]):
        inside = wanted[(wanted >= start) & (wanted < start + batch.num_rows)] - start
        values = batch.column(0)
        for index in inside:
            value = values[int(index)]
            yield value if value.is_valid else None


def _row(value: Any, path: Path, column: str) -> Floats | None:
    inner = getattr(value, "values", None)
    if inner is None:
        raise InputError(f"{path}: column {column!r} is of type {value.type}, not lists of numbers")
    if inner.null_count:
        return None
    row = inner.to_numpy(zero_copy_only=False)
    if row.dtype.kind not in "fiu":
        raise InputError(f"{path}: column {column!r} holds lists of {inner.type}, not of numbers")
    with np.errstate(over="ignore"):  # beyond float32: not finite, left out
        return np.asarray(row, dtype=np.float32)
