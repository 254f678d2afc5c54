"""The command line: exit status, one-line errors, interruption."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from isthmus.data.images import write_jpeg

COMMAND = [sys.executable, "-m", "isthmus.cli"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(0)
    for number in range(6):
        write_jpeg(folder / f"{number}.jpg", rng.integers(0, 255, (48, 64, 3), np.uint8))
    (folder / "broken.jpg").write_text("no image")
    return folder


def test_skipped_input_is_named_and_the_exit_status_says_so(folder):
    done = run("data", "inspect", str(folder), "--workers", "1")
    assert done.returncode == 3
    assert "6 frames" in done.stdout
    assert "broken.jpg: text, not an image" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["measure", "{}", "{}", "--workers=-1"], "workers -1: a number from 1 is needed"),
        (["measure", "{}", "{}", "--permutations", "9"], "permutations: Input should be greater"),
        (["measure", "{}", "{}", "--metric", "mmdd"], "unknown metric 'mmdd'"),
        (["measure", "{}/none", "{}"], "no such file or folder"),
        (["study", "run", "{}/none.yaml"], "no such study file"),
        (["report", "{}"], "no run here"),
    ],
)
def test_wrong_input_is_one_line_without_a_traceback(folder, arguments, message):
    done = run(*(argument.format(folder) for argument in arguments))
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("isthmus: ")


def test_a_misspelt_command_is_a_usage_error():
    assert run("measur").returncode == 2


def test_an_interruption_says_that_the_same_command_goes_on(tmp_path):
    process = subprocess.Popen(
        [*COMMAND, "demo", "--quick", "--out", str(tmp_path / "run")],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        env=ENVIRONMENT,
    )
    end = time.monotonic() + 60
    while not list(tmp_path.rglob("records/*.json")):
        assert time.monotonic() < end, "nothing was rendered"
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "the same command goes on from here" in errors
    assert not list(tmp_path.rglob(".tmp-*"))
