"""One function over the images of many frames, in parallel; a bad image costs no other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from isthmus.compute.executor import Executor, Progress, SerialExecutor
from isthmus.data.frame import Frame, Problem
from isthmus.errors import ImageError, InputError

CHUNK = 16
Value = TypeVar("Value")
Image = tuple[str, int, int]
Task = tuple[Callable[[str, int, int], Any], tuple[Image, ...]]


@dataclass(frozen=True)
class Measured(Generic[Value]):
    """Frames that could be read with their values, in order, and those that could not."""

    frames: tuple[Frame, ...]
    values: tuple[Value, ...]
    problems: tuple[Problem, ...]


def each_image(
    function: Callable[[str, int, int], Value],
    frames: Iterable[Frame],
    what: str,
    *,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Measured[Value]:
    """Call ``function(path, width, height)`` for every frame.

    Args:
        function: of a module; raises `ImageError` for an image that cannot be used.
        frames: any frames; labels are not looked at.
        what: is being done, for people.
        executor: does it in its workers; no value depends on it.
        progress: called with (done, total, what) in frames.

    Raises:
        InputError: there are no frames, or none of their images can be used.
    """
    asked = tuple(frames)
    if not asked:
        raise InputError(f"no frames ({what})")
    chunks = [asked[i : i + CHUNK] for i in range(0, len(asked), CHUNK)]
    tasks = [(function, tuple((str(f.image), f.width, f.height) for f in c)) for c in chunks]
    # Starting workers costs more than a few chunks do.
    runner = executor if executor and len(chunks) > 2 else SerialExecutor()
    found: list[Value | str] = []
    for outcome in runner.map(_all, tasks, what=what):
        if outcome.value is not None:
            found += outcome.value
        else:
            found += _one_by_one(tasks[outcome.index], executor)
        if progress:
            progress(len(found), len(asked), what)
    problems = tuple(
        Problem(str(frame.image), "unreadable-image", result)
        for frame, result in zip(asked, found, strict=True)
        if isinstance(result, str)
    )
    if len(problems) == len(asked):
        raise InputError(
            f"none of {len(asked)} image(s) can be used ({what}); the first: {problems[0].reason}"
        )
    kept = [(f, r) for f, r in zip(asked, found, strict=True) if not isinstance(r, str)]
    return Measured(tuple(f for f, _ in kept), tuple(r for _, r in kept), problems)


def _all(task: Task) -> list[Any]:
    function, images = task
    results: list[Any] = []
    for path, width, height in images:
        try:
            results.append(function(path, width, height))
        except ImageError as error:
            results.append(str(error))
    return results


def _one_by_one(task: Task, executor: Executor | None) -> list[Any]:
    """A chunk brought its worker down: find the image by giving each a task of its own."""
    function, images = task
    singles: list[Task] = [(function, (image,)) for image in images]
    outcomes = (executor or SerialExecutor()).map(_all, singles)
    return [o.value[0] if o.value is not None else str(o.error) for o in outcomes]
