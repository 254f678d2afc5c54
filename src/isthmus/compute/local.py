"""Local processes: the default executor.

Workers are started afresh (spawn) and talk to their owner through a pipe each, so that a death
is noticed at once and blamed on the one item that was being worked on. Such an item is tried
once more in a new worker; if that dies as well, the item is reported and the others go on. When
the owner is interrupted or killed, workers end too.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from isthmus.compute.executor import Executor, Item, Outcome, Progress, Value, attempt
from isthmus.errors import ConfigError

MAX_DEATHS = 2
PATIENCE_SECONDS = 1.0
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    item: int | None = None


@dataclass
class _Queue:
    waiting: deque[int]
    deaths: dict[int, int] = field(default_factory=dict)
    finished: dict[int, Outcome[Any]] = field(default_factory=dict)


class LocalExecutor:
    """Runs items in `workers` processes with `threads` numerical threads each.

    Results do not depend on `workers`. `threads` may change the last bits of sums that a
    numerical library splits over threads; it is therefore fixed (1) unless asked for.
    """

    def __init__(self, workers: int | None = None, threads: int = 1) -> None:
        if workers is not None and workers < 1:
            raise ConfigError(f"workers {workers}: a number from 1 is needed; leave it out for all")
        self.workers = workers or available_cores()
        self.threads = threads

    def map(
        self,
        function: Callable[[Item], Value],
        items: Sequence[Item],
        *,
        progress: Progress | None = None,
        what: str = "",
    ) -> Iterator[Outcome[Value]]:
        """Outcomes in order; see `Executor.map`."""
        queue = _Queue(deque(range(len(items))))
        workers: list[_Worker] = []
        completed = 0
        following = 0
        try:
            for _ in range(min(self.workers, len(items))):
                workers.append(self._start(function))
            self._feed(workers, queue, items)
            while following < len(items):
                done = self._collect(workers, queue, function)
                self._feed(workers, queue, items)
                for _ in range(done):
                    completed += 1
                    if progress:
                        progress(completed, len(items), what)
                while following in queue.finished:
                    yield queue.finished.pop(following)
                    following += 1
        finally:
            _end(workers)

    def _start(self, function: Callable[[Any], Any]) -> _Worker:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=_work, args=(theirs, function, self.threads, os.getpid()), daemon=True
        )
        # Numerical libraries read these once, when they are loaded: before the child's imports.
        before = {name: os.environ.get(name) for name in THREAD_VARIABLES}
        os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(self.threads)))
        try:
            # Begins with the first process, and would let go of what is held back.
            resource_tracker.ensure_running()
            with _held_back(signal.SIGINT):
                process.start()
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
        theirs.close()
        return _Worker(process, ours)

    @staticmethod
    def _feed(workers: list[_Worker], queue: _Queue, items: Sequence[Any]) -> None:
        for worker in workers:
            if worker.item is None and queue.waiting:
                worker.item = queue.waiting.popleft()
                # A worker that died before it could be given work is noticed by _collect.
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    worker.pipe.send((worker.item, items[worker.item]))

    def _collect(
        self, workers: list[_Worker], queue: _Queue, function: Callable[[Any], Any]
    ) -> int:
        """Wait for news; returns how many items were finished."""
        busy = {worker.pipe: worker for worker in workers if worker.item is not None}
        done = 0
        for ready in wait(list(busy)):
            worker = busy[ready]  # type: ignore[index]  # only pipes are waited for
            try:
                outcome: Outcome[Any] = worker.pipe.recv()
                queue.finished[outcome.index] = outcome
                worker.item = None
                done += 1
            except (EOFError, ConnectionResetError):
                done += self._bury(worker, queue)
                workers[workers.index(worker)] = self._start(function)
        return done

    @staticmethod
    def _bury(worker: _Worker, queue: _Queue) -> int:
        worker.process.join()
        worker.pipe.close()
        index = worker.item
        assert index is not None
        queue.deaths[index] = queue.deaths.get(index, 0) + 1
        if queue.deaths[index] < MAX_DEATHS:
            queue.waiting.appendleft(index)
            return 0
        queue.finished[index] = Outcome(
            index,
            None,
            f"the worker process died {MAX_DEATHS} times on this item "
            f"(exit code {worker.process.exitcode}; out of memory, a crash in native code, or a "
            'script without `if __name__ == "__main__":` around its work)',
        )
        return 1


def local_executor(workers: int | None = None, threads: int = 1) -> Executor:
    """Give the executor for `workers` local processes (default: all cores)."""
    return LocalExecutor(workers, threads)


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextlib.contextmanager
def _held_back(number: signal.Signals) -> Iterator[None]:
    """Hold a signal back while a child starts: the child, which inherits that, never meets it.

    A worker that is still importing would answer Ctrl-C with a traceback. This process gets the
    signal when the block ends.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end(workers: list[_Worker]) -> None:
    """Idle workers are killed; busy ones may first clear away the file they are writing."""
    for worker in workers:
        if worker.item is None:
            worker.process.kill()
        else:
            worker.process.terminate()
    patience = time.monotonic() + PATIENCE_SECONDS
    for worker in workers:
        worker.process.join(max(0.0, patience - time.monotonic()))
        worker.process.kill()
        worker.process.join()
        worker.pipe.close()


def _leave(signum: int, frame: Any) -> None:
    raise SystemExit(1)


def _work(pipe: Connection, function: Callable[[Any], Any], threads: int, owner: int) -> None:
    # Ctrl-C reaches the whole process group; the owner decides what to do about it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    threading.Thread(target=_end_with, args=(owner,), daemon=True).start()
    _limit_threads(threads)
    try:
        while True:
            index, item = pipe.recv()
            outcome = attempt(function, index, item)
            try:
                pipe.send(outcome)
            except (TypeError, AttributeError) as error:
                pipe.send(Outcome(index, None, f"result cannot be sent back: {error}"))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def _end_with(owner: int) -> None:
    while os.getppid() == owner:
        time.sleep(0.5)
    os._exit(1)


def _limit_threads(threads: int) -> None:
    import sys

    if "torch" in sys.modules:
        import torch

        torch.set_num_threads(threads)
