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

import isthmus
from isthmus import cli
from isthmus.data.images import write_jpeg

COMMAND = [sys.executable, "-m", "isthmus.cli"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        env={**ENVIRONMENT, **environment},
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
        (["measure", "{}", "{}", "--json", "{}"], "--json takes the name of a file"),
        (["measure", "{}", "{}", "--json", "{}/broken.jpg/x"], "broken.jpg: cannot be written to"),
        (["study", "run", "{}/none.yaml"], "no such study file"),
        (["study", "run", "{}"], "a folder, not a study file"),
        (["synth", "render", "{}/none.yaml", "--out", "{}/o"], "no such ODD file"),
        (["synth", "preview", "{}"], "a folder; the path of the ODD file is needed"),
        (["demo", "--quick", "--out", "{}/broken.jpg"], "a file, not a folder"),
        (["report", "{}"], "no run here"),
    ],
)
def test_wrong_input_is_one_line_without_a_traceback(folder, arguments, message, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main([argument.format(folder) for argument in arguments])
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert message in said
    assert "Traceback" not in said
    assert said.startswith("isthmus: ")


def test_wrong_input_reaches_the_shell_as_it_was_said(folder):
    done = run("measure", str(folder), str(folder), "--workers=-1")
    assert done.returncode == 1
    assert done.stderr == "isthmus: workers -1: a number from 1 is needed; leave it out for all\n"


def test_no_figure_of_the_table_is_cut_short_where_the_output_is_narrow(folder):
    arguments = ("--permutations", "99", "--metric", "sliced_wasserstein", "--workers", "1")
    done = run("measure", str(folder), str(folder), *arguments, COLUMNS="40")
    assert done.returncode == 3
    rows = [line for line in done.stdout.splitlines() if "sliced_wasserstein" in line]
    assert [row.split()[0] for row in rows] == ["colour", "texture", "shape", "all"]
    assert "…" not in done.stdout


def test_help_names_every_choice_and_the_range_of_every_number():
    from isthmus.data.formats import FORMATS
    from isthmus.gap import METRICS

    text = " ".join(run("measure", "--help").stdout.replace("│", " ").split())
    assert not [name for name in METRICS if name not in text]
    schema = isthmus.study_schema()["$defs"]["GapSection"]["properties"]
    permutations = schema["permutations"]
    assert f"{permutations['minimum']} to {permutations['maximum']}." in text
    assert f"{schema['max_frames']['minimum']} or more." in text
    text = run("data", "inspect", "--help").stdout
    assert not [name for name in FORMATS if name not in text]


def test_a_failing_disk_is_one_line_without_a_traceback(monkeypatch, capsys):
    def full(*_, **__):
        raise OSError(28, "No space left on device", "runs/x/result.json")

    monkeypatch.setattr(cli, "app", full)
    with pytest.raises(SystemExit) as ended:
        cli.main(["demo"])
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert "No space left on device: 'runs/x/result.json'" in said
    assert said.startswith("isthmus: ")


def test_a_check_warns_of_paths_that_are_not_there(tmp_path):
    study = tmp_path / "study.yaml"
    study.write_text("name: x\nsource: {path: .}\ntarget: {path: nowhere}\n")
    done = run("study", "check", str(study))
    assert done.returncode == 0
    assert f"WARNING: target.path: {tmp_path}/nowhere: no such file or folder yet" in done.stderr
    assert "source.path" not in done.stderr


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
    end = time.monotonic() + 600
    while not list(tmp_path.rglob("records/*.json")):
        assert time.monotonic() < end, "nothing was rendered"
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "the same command goes on from here" in errors
    assert not list(tmp_path.rglob(".tmp-*"))
