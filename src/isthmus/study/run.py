"""Run a study: stages in order, each redone only when something it rests on has changed.

A stage's key is the hash of its parameters, of the documents of the stages it needs, and of the
code it runs. `result.json` is written last and whole, with its key beside it: a stage with the
right key is finished, any other is run again. Work inside a stage (features, trained arms,
generated frames) is kept in files of its own, so that a killed run goes on where it stopped.
"""

from __future__ import annotations

import contextlib
import functools
import json
import platform
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from isthmus import files
from isthmus.compute.executor import Executor
from isthmus.errors import InputError
from isthmus.study.config import StudyConfig
from isthmus.study.watcher import Silent, StageState, Watcher

Document = dict[str, Any]
PACKAGE = Path(__file__).resolve().parents[1]


@dataclass
class Context:
    """What a stage may use.

    Attributes:
        config: the study.
        folder: the run directory.
        executor: does the heavy work.
        watcher: is told about stages and the work inside them.
        documents: results of the stages before this one, by name.
        shared: objects that stages hand on within one process (data sets); never needed for
            correctness: a stage that misses one builds it anew from files.
    """

    config: StudyConfig
    folder: Path
    executor: Executor
    watcher: Watcher = field(default_factory=Silent)
    documents: dict[str, Document] = field(default_factory=dict)
    shared: dict[str, Any] = field(default_factory=dict)

    def stage_folder(self, name: str) -> Path:
        """Folder of one stage's result, tables and pictures."""
        return self.folder / "stages" / name

    def cache_folder(self, name: str) -> Path:
        """Folder for work that may be thrown away and done again."""
        return self.folder / "cache" / name


@dataclass(frozen=True)
class Stage:
    """One step of a study.

    Attributes:
        name: names its folder and its document.
        run: does the work and returns the document.
        needs: stages whose documents decide this one's result.
        parameters: the part of the study that decides this one's result.
        rooms: folders of the package whose code decides this one's result.
        unchanged: a further test, for what no hash can know (files on disk).
    """

    name: str
    run: Callable[[Context], Document]
    needs: tuple[str, ...]
    parameters: Callable[[StudyConfig], Any]
    rooms: tuple[str, ...]
    unchanged: Callable[[Context], bool] = lambda context: True


@dataclass(frozen=True)
class StudyResult:
    """Where a study's results lie and what became of it.

    Attributes:
        folder: the run directory.
        report: the page to open.
        documents: result document of each stage.
        recomputed: stages that were run; the others were up to date.
        skipped: number of input items that could not be used (0: everything was read).
    """

    folder: Path
    report: Path
    documents: Mapping[str, Document] = field(repr=False)
    recomputed: tuple[str, ...]
    skipped: int


def run_stages(context: Context, stages: tuple[Stage, ...]) -> tuple[str, ...]:
    """Bring every stage up to date; returns the names of those that had to be run."""
    recomputed = []
    with files.exclusive_lock(context.folder / ".lock"):
        files.sweep_temporaries(context.folder)
        _freeze(context)
        manifest = _Manifest(context)
        try:
            for number, stage in enumerate(stages, start=1):
                tell = functools.partial(context.watcher.stage, number, len(stages), stage.name)
                if _bring_up_to_date(context, stage, manifest, tell):
                    recomputed.append(stage.name)
        except BaseException as error:
            manifest.end(f"stopped by {type(error).__name__}")
            raise
        manifest.end("complete")
    return tuple(recomputed)


def _bring_up_to_date(
    context: Context, stage: Stage, manifest: _Manifest, tell: Callable[[StageState], None]
) -> bool:
    folder = context.stage_folder(stage.name)
    result, key_file = folder / "result.json", folder / "key.txt"
    key = _key(context, stage)
    if _read_key(key_file) == key and result.is_file() and stage.unchanged(context):
        context.documents[stage.name] = files.read_json(result)
        tell("up to date")
        return False
    tell("running")
    manifest.begin()
    key_file.unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    document = stage.run(context)
    files.write_json(result, document)
    files.write_text(key_file, key + "\n")
    # Read back what was written: a later run that finds the stage done sees exactly this.
    context.documents[stage.name] = files.read_json(result)
    manifest.stage_done(stage.name, key, time.perf_counter() - started)
    tell("done")
    return True


def _key(context: Context, stage: Stage) -> str:
    return files.digest_of(
        {
            "stage": stage.name,
            "seed": context.config.seed,
            "parameters": stage.parameters(context.config),
            "needs": {name: files.digest_of(context.documents[name]) for name in stage.needs},
            "code": code_digest(stage.rooms),
        }
    )


def _read_key(path: Path) -> str | None:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return path.read_text(encoding="utf-8").strip()
    return None


def code_digest(rooms: tuple[str, ...]) -> str:
    """SHA-256 of the package's source files in `rooms`, and of the versions of what computes."""
    parts: dict[str, str] = {
        name: metadata.version(name) for name in ("numpy", "scipy", "scikit-learn", "torch")
    }
    for room in (*rooms, "seeds.py"):
        place = PACKAGE / room
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            parts[path.relative_to(PACKAGE).as_posix()] = files.file_digest(path)
    return files.digest_of(parts)


def _freeze(context: Context) -> None:
    """Keep the study beside its results; another study must not overwrite them."""
    frozen = context.folder / "study.json"
    if frozen.is_file():
        before = files.read_json(frozen)
        if before.get("name") != context.config.name:
            raise InputError(
                f"{context.folder}: holds the study {before.get('name')!r}, not "
                f"{context.config.name!r}; choose another folder with --out, or delete this one"
            )
    files.write_json(frozen, context.config.model_dump(mode="json"))


class _Manifest:
    """`manifest.json` and `log.jsonl`: versions, hardware, durations, exit status.

    Everything that differs between two equal runs is kept here and out of `result.json`. A run in
    which every stage was up to date leaves both as they are.
    """

    def __init__(self, context: Context) -> None:
        self.path = context.folder / "manifest.json"
        self.log = context.folder / "log.jsonl"
        self.started = time.time()
        self.begun = False
        known: Any = None
        if self.path.is_file():
            with contextlib.suppress(InputError):
                known = files.read_json(self.path)
        known = known if isinstance(known, dict) else {}
        self.before = known.get("status")
        self.content: dict[str, Any] = {
            "name": context.config.name,
            "seed": context.config.seed,
            "versions": _versions(),
            "machine": {
                "system": platform.platform(),
                "processor": platform.machine(),
                "workers": context.executor.workers,
            },
            "stages": known.get("stages", {}),
            "status": "running",
        }

    def begin(self) -> None:
        """Say once that something is run."""
        if not self.begun:
            self.begun = True
            self._write("started")

    def stage_done(self, name: str, key: str, seconds: float) -> None:
        self.content["stages"][name] = {"key": key, "seconds": round(seconds, 3)}
        self._write(f"stage {name} done")

    def end(self, status: str) -> None:
        if not self.begun and status == self.before:
            return
        self.content["status"] = status
        self.content["seconds"] = round(time.time() - self.started, 3)
        self._write(status)

    def _write(self, event: str) -> None:
        files.write_json(self.path, self.content)
        line = {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "event": event}
        with self.log.open("a", encoding="utf-8") as handle:
            handle.write(json.dumps(line) + "\n")


def _versions() -> dict[str, str]:
    names = ("isthmus", "numpy", "scipy", "scikit-learn", "torch", "pillow", "faster-coco-eval")
    found = {"python": sys.version.split()[0]}
    for name in names:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found
