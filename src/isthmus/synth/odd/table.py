"""Rows as a Parquet table: one row an image, one column a factor."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from isthmus.errors import ConfigError, InputError
from isthmus.files import write_bytes
from isthmus.synth.odd.rows import Row
from isthmus.synth.world.factors import FACTORS, Factors

INDEX = ("scene", "variant", "frame", "time")


def write_rows(rows: Sequence[Row], path: Path) -> None:
    """Write rows in their order, atomically."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    records = [{name: getattr(row, name) for name in INDEX} | asdict(row.factors) for row in rows]
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(records), buffer)
    write_bytes(path, buffer.getvalue())


def read_rows(path: Path) -> list[Row]:
    """Read what `write_rows` wrote.

    Raises:
        InputError: not such a table, or a row that makes no scene.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        records = pq.read_table(path).to_pylist()
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"{path}: cannot be read as a table of rows: {error}") from None
    rows = []
    for number, record in enumerate(records):
        missing = [name for name in (*INDEX, *FACTORS) if name not in record]
        if missing:
            raise InputError(f"{path}: no column {', '.join(missing)}")
        index = {name: record.pop(name) for name in INDEX}
        try:
            rows.append(Row(**index, factors=Factors.of(record)))
        except ConfigError as error:
            raise InputError(f"{path}: row {number}: {error}") from None
    return rows
