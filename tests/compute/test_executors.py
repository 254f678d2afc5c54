"""Executors: order, failures, deaths, interruption."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from isthmus.compute.executor import SerialExecutor
from isthmus.compute.local import LocalExecutor
from isthmus.errors import InputError, IsthmusError

pytestmark = pytest.mark.usefixtures("own_processes")


def square_slowly(item: int) -> int:
    time.sleep(0.02 if item == 0 else 0.0)
    return item * item


def fail_on_odd(item: int) -> int:
    if item == 1:
        raise InputError("1: is odd; give an even number")
    if item == 3:
        raise ValueError("three")
    return item


def die_on_two(item: int) -> int:
    if item == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return item


def threads_of(item: int) -> str:
    return os.environ["OMP_NUM_THREADS"]


@pytest.mark.parametrize("executor", [SerialExecutor(), LocalExecutor(1), LocalExecutor(3)])
def test_outcomes_come_in_the_order_of_items(executor):
    seen = []
    outcomes = list(
        executor.map(
            square_slowly, range(7), progress=lambda d, t, w: seen.append((d, t, w)), what="squares"
        )
    )
    assert [o.value for o in outcomes] == [0, 1, 4, 9, 16, 25, 36]
    assert [o.index for o in outcomes] == list(range(7))
    assert seen == [(i, 7, "squares") for i in range(1, 8)]


@pytest.mark.parametrize("executor", [SerialExecutor(), LocalExecutor(2)])
def test_failures_are_recorded_and_others_go_on(executor):
    outcomes = list(executor.map(fail_on_odd, range(5)))
    assert [o.value for o in outcomes] == [0, None, 2, None, 4]
    assert outcomes[1].expected
    assert outcomes[1].error == "1: is odd; give an even number"
    assert not outcomes[3].expected
    assert outcomes[3].error == "ValueError: three"
    with pytest.raises(IsthmusError, match="is odd"):
        outcomes[1].unwrap()


def test_a_dying_worker_costs_only_its_own_item():
    outcomes = list(LocalExecutor(2).map(die_on_two, range(6)))
    assert [o.value for o in outcomes] == [0, 1, None, 3, 4, 5]
    assert "died 2 times" in outcomes[2].error


def test_threads_reach_the_worker_and_leave_no_trace_here(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert [o.value for o in LocalExecutor(1, threads=3).map(threads_of, [0])] == ["3"]
    assert "OMP_NUM_THREADS" not in os.environ


def held_back(item: int) -> bool:
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_workers_that_are_still_starting_never_meet_an_interrupt():
    executor = LocalExecutor(1)
    assert [outcome.unwrap() for outcome in executor.map(held_back, [0])] == [True]
    assert not held_back(0)


def test_no_items_no_processes():
    assert list(LocalExecutor(2).map(square_slowly, [])) == []


SCRIPT = """
import sys, time
sys.path.insert(0, {folder!r})
from pathlib import Path
from isthmus.compute.local import LocalExecutor
from job import sleep_and_tell
if __name__ == "__main__":
    list(LocalExecutor(2).map(sleep_and_tell, [{folder!r} + "/a", {folder!r} + "/b"]))
"""
JOB = """
import os, time
from pathlib import Path
def sleep_and_tell(path):
    Path(path).write_text(str(os.getpid()))
    time.sleep(60)
"""


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_no_worker_outlives_its_owner(tmp_path: Path, end):
    (tmp_path / "job.py").write_text(JOB)
    script = tmp_path / "main.py"
    script.write_text(SCRIPT.format(folder=str(tmp_path)))
    owner = subprocess.Popen(
        [sys.executable, str(script)],
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    marks = [tmp_path / "a", tmp_path / "b"]
    wait_for(lambda: all(mark.exists() and mark.read_text() for mark in marks))
    workers = [int(mark.read_text()) for mark in marks]
    owner.send_signal(end)
    assert owner.wait(timeout=20) != 0
    wait_for(lambda: not any(is_running(pid) for pid in workers))


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_for(condition) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)
