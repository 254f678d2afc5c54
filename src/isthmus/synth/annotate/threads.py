"""Work over threads for kernels that hold no lock.

Every kernel writes to its own rows or returns its own arrays, so what comes out does not depend on
how many threads there are. Threads of Python drive the kernels (`nogil`) rather than numba's own
parallel loops: those compile several times slower, and their thread pools do not survive a fork.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")

MOST = 8


def thread_count() -> int:
    """Threads to use: the cores this process may run on, `OMP_NUM_THREADS` at most."""
    free = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    asked = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    limit = int(asked) if asked.isdigit() and int(asked) > 0 else MOST
    return max(1, min(free or 1, limit, MOST))


def spread(
    work: Callable[[Task], Result], tasks: Iterable[Task], threads: int | None = None
) -> list[Result]:
    """`work` of each task, in the order of the tasks.

    Args:
        work: releases the interpreter's lock for most of its time and writes nothing another
            task reads.
        tasks: what to do.
        threads: how many at once; `thread_count()` by default.
    """
    listed = list(tasks)
    count = min(threads or thread_count(), len(listed))
    if count <= 1:
        return [work(task) for task in listed]
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, listed))
