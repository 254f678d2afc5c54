"""Features of frames, computed once: the cache, and `extract_features` that uses it.

A row is known by what it was computed from: the image's bytes, the extractor's fingerprint and
the fingerprint of the decoder. Rows lie in append-only chunk files, written whole or not at
all and named by the keys in them, so that a killed run loses one chunk at most and parallel
runs can share a folder without locks. A damaged chunk is dropped, said so, and made again.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from isthmus.compute.executor import Executor, Progress, SerialExecutor
from isthmus.data.frame import Frame, Problem
from isthmus.data.images import DECODE_FINGERPRINT, read_resized
from isthmus.errors import ImageError, InputError
from isthmus.features.extractor import Extractor, FeatureSet, Images, Matrix, kinds_of
from isthmus.files import TEMPORARY_PREFIX, atomic_path, digest_of, sweep_temporaries

CHUNK = 32
Rows = dict[str, dict[str, Matrix]]
"""Image digest → layer → vector (d,)."""

log = logging.getLogger(__name__)


class FeatureStore:
    """Cached features in `folder`; safe to share between processes and to kill."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        if self.folder.exists():
            sweep_temporaries(self.folder)

    def load(self, extractor: Extractor, digests: Collection[str]) -> Rows:
        """The rows that are there, of those asked for."""
        wanted = set(digests)
        rows: Rows = {}
        for path in sorted(self._home(extractor).glob("*.npz")):
            if len(rows) == len(wanted):
                break
            if path.name.startswith(TEMPORARY_PREFIX):
                continue  # another process is writing it
            try:
                rows.update(_read_chunk(path, extractor.layers, wanted))
            except FileNotFoundError:
                continue  # another process has just dropped it
            except Exception as error:  # damaged bytes may raise anything
                log.warning("%s: damaged cache file, made anew (%s)", path, error)
                with contextlib.suppress(OSError):
                    path.unlink()
        return rows

    def add(self, extractor: Extractor, rows: Rows) -> None:
        """Keep `rows` in a chunk of their own."""
        if not rows:
            return
        keys = list(rows)
        arrays = {
            f"rows{i}": np.stack([rows[key][layer] for key in keys])
            for i, layer in enumerate(extractor.layers)
        }
        with atomic_path(self._home(extractor) / _chunk_name(keys)) as temporary:
            np.savez(
                temporary,
                allow_pickle=False,
                keys=np.array(keys),
                layers=np.array(extractor.layers),
                **arrays,
            )

    def _home(self, extractor: Extractor) -> Path:
        key = digest_of([extractor.fingerprint, list(extractor.size), DECODE_FINGERPRINT])
        return self.folder / key[:32]


def _chunk_name(keys: Sequence[str]) -> str:
    return f"{digest_of(list(keys))[:32]}.npz"


def _read_chunk(path: Path, layers: tuple[str, ...], wanted: Collection[str]) -> Rows:
    # A handle of our own: numpy leaves its own open where the file is damaged.
    with path.open("rb") as handle, np.load(handle, allow_pickle=False) as content:
        keys = [str(key) for key in content["keys"]]
        if _chunk_name(keys) != path.name or [str(n) for n in content["layers"]] != list(layers):
            raise ValueError("its name does not match its content")
        used = [row for row, key in enumerate(keys) if key in wanted]
        if not used:
            return {}
        matrices = {layer: content[f"rows{i}"] for i, layer in enumerate(layers)}
    for matrix in matrices.values():
        if matrix.dtype != np.float32 or matrix.ndim != 2 or len(matrix) != len(keys):
            raise ValueError("its arrays have the wrong shape")
    return {keys[row]: {name: matrices[name][row] for name in layers} for row in used}


@dataclass(frozen=True)
class _Task:
    """Some images for one worker; without extractor they are decoded only."""

    paths: tuple[str, ...]
    size: tuple[int, int]
    extractor: Extractor | None


@dataclass(frozen=True)
class _Done:
    """What became of a task: reasons per path (None = good), and the good ones' results."""

    reasons: tuple[str | None, ...]
    images: Images | None
    layers: Mapping[str, Matrix] | None


def extract_features(
    frames: Iterable[Frame],
    extractor: Extractor,
    store: FeatureStore | None = None,
    *,
    progress: Progress | None = None,
    executor: Executor | None = None,
) -> FeatureSet:
    """Features of all frames that can be read, in their order.

    Neither the order of the frames nor the cache, nor the number of workers changes a row.

    Args:
        frames: a `Dataset`, an `UnlabeledView`, or any frames.
        extractor: see `load_extractor`.
        store: what is found here is not computed again, and what is computed is kept here.
        progress: called with (done, total, what) in images.
        executor: decodes images (and computes descriptors) in its workers.

    Returns:
        A `FeatureSet`; frames that cannot be decoded, or whose features are not finite, are in
        `problems` and have no row.

    Raises:
        InputError: there are no frames, or none of them can be used.
    """
    asked = tuple(frames)
    if not asked:
        raise InputError("no frames to extract features from")
    rows = store.load(extractor, {frame.digest for frame in asked}) if store else {}
    missing = list({f.digest: f for f in asked if f.digest not in rows}.values())
    reasons: dict[str, str] = {}
    total = len({frame.digest for frame in asked})
    done = total - len(missing)
    for chunk, found in _computed(missing, extractor, executor):
        fresh: Rows = {}
        for frame, outcome in zip(chunk, found, strict=True):
            if isinstance(outcome, str):
                reasons[frame.digest] = outcome
            else:
                fresh[frame.digest] = outcome
        if store:
            store.add(extractor, fresh)
        rows.update(fresh)
        done += len(chunk)
        if progress:
            progress(done, total, "features")
    return _collect(asked, extractor, rows, reasons)


def _collect(
    asked: tuple[Frame, ...], extractor: Extractor, rows: Rows, reasons: Mapping[str, str]
) -> FeatureSet:
    problems = tuple(
        Problem(str(frame.image), "unreadable-image", reasons[frame.digest])
        for frame in asked
        if frame.digest in reasons
    )
    kept = [frame for frame in asked if frame.digest in rows]
    if not kept:
        raise InputError(
            f"none of {len(asked)} image(s) could be used; the first: {problems[0].reason}"
        )
    return FeatureSet(
        {name: np.stack([rows[f.digest][name] for f in kept]) for name in extractor.layers},
        tuple(frame.id for frame in kept),
        tuple(frame.sequence for frame in kept),
        problems,
        kinds_of(extractor),
        getattr(extractor, "bounds", None),
    )


def _computed(
    missing: list[Frame], extractor: Extractor, executor: Executor | None
) -> Iterator[tuple[list[Frame], list[dict[str, Matrix] | str]]]:
    """Chunks of frames with their vectors by layer, or the reason why there are none."""
    chunks = [missing[i : i + CHUNK] for i in range(0, len(missing), CHUNK)]
    in_worker = extractor if getattr(extractor, "runs_in_workers", False) else None
    tasks = [_task(chunk, extractor.size, in_worker) for chunk in chunks]
    # Starting workers costs more than one chunk does.
    runner = executor if executor and len(chunks) > 1 else SerialExecutor()
    for outcome in runner.map(_work, tasks, what="features"):
        chunk = chunks[outcome.index]
        if outcome.value is not None:
            yield chunk, _vectors(outcome.value, extractor)
            continue
        # One image of the chunk brings a worker down: find it by giving each a task of its own.
        singles = [_task([frame], extractor.size, in_worker) for frame in chunk]
        again = (executor or SerialExecutor()).map(_work, singles)
        yield (
            chunk,
            [
                _vectors(one.value, extractor)[0] if one.value is not None else str(one.error)
                for one in again
            ],
        )


def _task(chunk: Sequence[Frame], size: tuple[int, int], extractor: Extractor | None) -> _Task:
    return _Task(tuple(str(frame.image) for frame in chunk), size, extractor)


def _work(task: _Task) -> _Done:
    width, height = task.size
    reasons: list[str | None] = []
    images = []
    for path in task.paths:
        try:
            images.append(read_resized(path, width, height))
            reasons.append(None)
        except ImageError as error:
            reasons.append(str(error))
    batch = np.stack(images) if images else np.zeros((0, height, width, 3), np.uint8)
    if task.extractor is None:
        return _Done(tuple(reasons), batch, None)
    return _Done(tuple(reasons), None, task.extractor.extract(batch) if images else {})


def _vectors(done: _Done, extractor: Extractor) -> list[dict[str, Matrix] | str]:
    """One entry per path of the task: vectors by layer, or a reason."""
    good = sum(reason is None for reason in done.reasons)
    layers = done.layers
    if layers is None:
        assert done.images is not None
        layers = extractor.extract(done.images) if good else {}
    if good:
        _check(layers, extractor, good)
    row = iter(range(good))
    found: list[dict[str, Matrix] | str] = []
    for reason in done.reasons:
        if reason is not None:
            found.append(reason)
            continue
        index = next(row)
        vectors = {name: layers[name][index] for name in extractor.layers}
        bad = [name for name, vector in vectors.items() if not np.isfinite(vector).all()]
        found.append(f"features of layer {bad[0]!r} are not finite" if bad else vectors)
    return found


def _check(layers: Mapping[str, Matrix], extractor: Extractor, n: int) -> None:
    for name in extractor.layers:
        matrix = layers.get(name)
        if matrix is None or matrix.ndim != 2 or len(matrix) != n or matrix.dtype != np.float32:
            got = "nothing" if matrix is None else f"{matrix.dtype} {matrix.shape}"
            raise InputError(f"extractor gives {got} for layer {name!r}, not float32 ({n}, d)")
