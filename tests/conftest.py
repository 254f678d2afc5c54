"""Fixtures that several rooms share."""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from isthmus.compute import local
from isthmus.compute.executor import Outcome, SerialExecutor

# Before numpy and torch are loaded. On arrays as small as those of tests, threads spend several
# times the work on waiting for each other.
for _library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

# A job in the background of a shell ignores Ctrl-C, and so would every process started from here.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same draws for the same test, wherever it runs: HYPOTHESIS_PROFILE=default looks for others.
hypothesis.settings.register_profile(
    "repeatable", derandomize=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

_map_in_processes = local.LocalExecutor.map


def _map_here(
    executor: local.LocalExecutor, function: Any, items: Any, **shown: Any
) -> Iterator[Outcome[Any]]:
    """One worker works in this process; what another process could not be sent fails all the same.

    A process takes a second or two to load the libraries, far more than the work in a test.
    """
    if executor.workers > 1:
        return _map_in_processes(executor, function, items, **shown)
    sent = pickle.loads(pickle.dumps((function, list(items))))
    return SerialExecutor().map(*sent, **shown)


# Tests of the executors themselves undo this with the fixture `own_processes`; those that compare
# numbers of workers ask for two, and get them.
local.LocalExecutor.map = _map_here
local.available_cores = lambda: 1

# Files of which each keeps one process busy for long; see `pytest_collection_modifyitems`.
LONGEST = (
    "test_fast_picture", "test_world_build", "test_explain", "test_adapter", "test_arms",
    "test_imaging", "test_output", "test_train", "test_corner_cases", "test_world_people",
    "test_document", "test_dqm", "test_study", "test_measures", "test_severity",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files come first: begun last, one would keep a single process busy at the end."""
    rank = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(rank)))


SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder with real images, labels and weights; tests that need it skip where it is missing."""
    if not SHARED.is_dir():
        pytest.skip("needs the real data that lie beside a developer's checkout (../shared/data)")
    return SHARED


@pytest.fixture
def own_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work of a single worker is done in a process of its own, as it is outside of tests."""
    monkeypatch.setattr(local.LocalExecutor, "map", _map_in_processes)


@pytest.fixture(scope="session")
def draw() -> Callable[..., Any]:
    """The function that draws labelled samples of squares and discs."""
    from drawn_shapes import draw_shapes  # here: it loads torch, which most rooms do not need

    return draw_shapes
