"""Stage `conditions`: what each frame is like, and which conditions of the target are rare."""

from __future__ import annotations

from isthmus.cornercases.corner_cases import find_corner_cases
from isthmus.cornercases.document import conditions_document
from isthmus.cornercases.table import measure_conditions, write_table
from isthmus.study.run import Context, Document
from isthmus.study.stage_data import domains_of


def run(context: Context) -> Document:
    """Measure all frames; the tables lie beside the document as Parquet."""
    domains = domains_of(context)
    folder = context.stage_folder("conditions")
    tables = []
    for name, frames in (
        ("source", domains.train.frames),
        ("target", domains.target_train.frames),
    ):
        table = measure_conditions(
            frames, executor=context.executor, progress=context.watcher.progress
        )
        write_table(table, folder / f"{name}.parquet")
        tables.append(table)
    cases = find_corner_cases(tables[0], tables[1], domains.train)
    return conditions_document(
        tables[0], tables[1], cases, domains.train, domains.target_train, folder=folder
    )
