"""From one format to another, with an account of everything that did not come along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from isthmus.compute.executor import Executor, Progress
from isthmus.data.dataset import Dataset
from isthmus.data.formats import find_writer, losses, read_dataset, write_dataset
from isthmus.data.frame import Problem
from isthmus.data.selection import select


@dataclass(frozen=True)
class Conversion:
    """What became of a data set.

    Attributes:
        path: the label file or folder that was written.
        dataset: what was read, with its problems.
        losses: what the new format has no place for.
    """

    path: Path
    dataset: Dataset
    losses: tuple[Problem, ...]


def convert_dataset(
    source: Path | str,
    folder: Path | str,
    to: str,
    *,
    format: str = "auto",
    images: Path | str | None = None,
    where: Mapping[str, str | list[str]] | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Conversion:
    """Read `source` and write it below `folder` in the format `to`.

    Args:
        source, format, images, executor, progress: as for `read_dataset`.
        folder: where to write; images are copied there.
        to: a name in `WRITERS`.
        where: frames to take: ``split``, ``sequence`` or an attribute → value or values; all.

    Raises:
        ConfigError: no frame is such.
        InputError: it cannot be read or written.
    """
    find_writer(to)  # a wrong name is told before the work
    dataset = read_dataset(
        source, format=format, images=images, executor=executor, progress=progress
    )
    if where:
        dataset = select(dataset, where, "where")
    return Conversion(write_dataset(dataset, folder, to), dataset, losses(dataset, to))
