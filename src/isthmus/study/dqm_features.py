"""The features of one side of a dqm-ml request: its embeddings, or ours of its images."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from isthmus import files
from isthmus.compute.executor import Executor, Progress
from isthmus.data.dataset import Dataset
from isthmus.data.decoding import MAX_FILE_BYTES, file_content
from isthmus.data.formats import read_dataset
from isthmus.data.frame import Problem
from isthmus.errors import ImageError, InputError
from isthmus.features.extractor import load_extractor
from isthmus.features.store import extract_features
from isthmus.study.dqm_pipeline import Loader, Pipeline, Request
from isthmus.study.dqm_tables import Floats, Selection, cells, column_names, embeddings


@dataclass(frozen=True)
class Side:
    """Features of one selection.

    Attributes:
        layers: (extractor, layer) → matrix (n, d).
        channels: column → channels of its spatial maps, where the table says so.
        sequences: extractor → drive or place of each row; none if rows are independent.
        source: where the features come from, in words.
    """

    layers: Mapping[tuple[str, str], Floats]
    channels: Mapping[str, int]
    sequences: Mapping[str, tuple[str, ...]]
    source: str


@dataclass
class Reader:
    """Reads sides once each; what could not be read is collected in `problems`."""

    pipeline: Pipeline
    root: Path
    extractors: Sequence[str]
    most: int
    seed: int
    executor: Executor
    progress: Progress | None
    problems: dict[Problem, None]

    def __post_init__(self) -> None:
        self._known: dict[Any, Side] = {}

    def side(self, request: Request, where: Loader | Selection) -> Side:
        """The features that `request` compares.

        Raises:
            InputError: nothing of them can be used.
        """
        columns = request.columns if request.metric == "cmd" else request.columns[:1]
        if isinstance(where, Selection):
            key: tuple[Any, ...] = (where.path, where.rows, where.name, columns)
        else:
            key = (where.path, request.network)
        if key not in self._known:
            self._known[key] = (
                self._table(where, columns)
                if isinstance(where, Selection)
                else self._folder(where, request.network)
            )
        return self._known[key]

    def _folder(self, loader: Loader, network: str) -> Side:
        path = files.safe_join(self.root, loader.path)
        if not path.is_dir():
            raise InputError(f"{path}: no such folder of images")
        return self._images(self._dataset(path, path.name), network)

    def _table(self, selection: Selection, columns: Sequence[str]) -> Side:
        known = column_names(selection)
        if any(column not in known for column in columns):
            return self._network(selection, columns, known)
        layers, channels = {}, {}
        for column in columns:
            layers["embedding", column], lost = embeddings(selection, column)
            if lost:
                reason = f"{lost} rows of {selection.name} hold no usable embedding; left out"
                place = f"{selection.path}: {column}"
                self.problems[Problem(place, "bad-embedding", reason, count=lost)] = None
            named = f"{column}_channels"
            given = {v for v in cells(selection, named) if v} if named in known else set()
            if len(given) == 1 and isinstance(first := given.pop(), int) and first > 0:
                channels[column] = first
        return Side(layers, channels, {}, "the table's embeddings")

    def _network(self, selection: Selection, columns: Sequence[str], known: Sequence[str]) -> Side:
        """Features of images in the table, for embeddings that its pipeline would compute."""
        missing = next(column for column in columns if column not in known)
        image, network = self.pipeline.networks.get(missing, ("", ""))
        if image not in known:
            raise InputError(
                f"{selection.path}: no column {missing!r}, and no features processor makes it of a "
                f"column that is there; it has {', '.join(known[:20])}"
            )
        with tempfile.TemporaryDirectory(prefix="isthmus-dqm-") as folder:
            count = 0
            for count, content in enumerate(self._contents(selection, image), 1):
                # The decoder goes by contents; the ending only says that it is an image.
                (Path(folder) / f"{count:07d}.png").write_bytes(content)
            if not count:
                raise InputError(f"{selection.path}: column {image!r}: not one picture to read")
            return self._images(self._dataset(Path(folder), selection.name), network)

    def _contents(self, selection: Selection, column: str) -> Iterator[bytes]:
        """The bytes of a column's images, themselves or as paths; others are problems."""
        prefix = selection.loader.prefixes.get(column, "")
        for row, value in zip(selection.rows, cells(selection, column), strict=True):
            place = f"{selection.path}, row {row}"
            try:
                if isinstance(value, bytes) and len(value) <= MAX_FILE_BYTES:
                    yield value
                elif isinstance(value, str):
                    yield file_content(files.safe_join(self.root, str(Path(prefix) / value)))
                else:
                    raise InputError(f"column {column!r} holds neither a path nor a picture")
            except (ImageError, InputError) as error:
                self.problems[Problem(place, "unreadable-image", str(error))] = None

    def _dataset(self, folder: Path, name: str) -> Dataset:
        dataset = read_dataset(
            folder, format="folder", name=name, executor=self.executor, progress=self.progress
        )
        moved = tuple(replace(p, path=p.path.replace(str(folder), name)) for p in dataset.problems)
        self.problems.update(dict.fromkeys(moved))
        return dataset.sample(self.most, self.seed)

    def _images(self, dataset: Dataset, network: str) -> Side:
        layers: dict[tuple[str, str], Floats] = {}
        sequences: dict[str, tuple[str, ...]] = {}
        for spec in self.extractors:
            found = extract_features(
                dataset.frames,
                load_extractor(spec),
                executor=self.executor,
                progress=self.progress,
            )
            self.problems.update(dict.fromkeys(found.problems))
            layers.update({(spec, name): matrix for name, matrix in found.layers.items()})
            if any(found.sequences):
                sequences[spec] = found.sequences
        said = f"{', '.join(self.extractors)} in place of {network or 'its network'}"
        return Side(layers, {}, sequences, said)
