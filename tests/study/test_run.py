"""The stage runner: what is redone, what is kept, what a stopped run leaves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from isthmus.compute.executor import SerialExecutor
from isthmus.errors import InputError
from isthmus.study.config import StudyConfig
from isthmus.study.run import Context, Stage, code_digest, run_stages


def config(**changes) -> StudyConfig:
    values = {"name": "s", "source": {"path": "a"}, "target": {"path": "b"}, **changes}
    return StudyConfig.model_validate(values)


class Counter:
    """Stages that count how often they ran."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.fail = ""

    def stage(self, name: str, needs=(), parameters=lambda c: c.training.steps) -> Stage:
        def run(context: Context):
            self.ran.append(name)
            if name == self.fail:
                raise KeyboardInterrupt
            return {
                "name": name,
                "needs": [context.documents[n]["name"] for n in needs],
                "steps": parameters(context.config),
            }

        return Stage(name, run, needs, parameters, ("files.py",))


def run(folder: Path, stages, **changes):
    return run_stages(Context(config(**changes), folder, SerialExecutor()), stages)


def test_a_second_run_does_nothing_and_a_change_runs_only_what_rests_on_it(tmp_path):
    counter = Counter()
    stages = (
        counter.stage("a", parameters=lambda c: c.seed),
        counter.stage("b", needs=("a",), parameters=lambda c: c.training.steps),
        counter.stage("c", needs=("b",), parameters=lambda c: None),
        counter.stage("d", needs=("a",), parameters=lambda c: None),
    )
    assert run(tmp_path, stages) == ("a", "b", "c", "d")
    assert run(tmp_path, stages) == ()
    assert run(tmp_path, stages, training={"steps": 7}) == ("b", "c")
    assert run(tmp_path, stages, training={"steps": 7}, seed=1) == ("a", "b", "c", "d")
    assert counter.ran == [*"abcd", *"bc", *"abcd"]


def test_a_stopped_run_goes_on_where_it_stopped_with_the_same_bytes(tmp_path):
    counter = Counter()
    stages = (counter.stage("a"), counter.stage("b", needs=("a",)), counter.stage("c"))
    counter.fail = "b"
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "x", stages)
    status = json.loads((tmp_path / "x" / "manifest.json").read_text())["status"]
    assert status == "stopped by KeyboardInterrupt"
    # What is left undone at the end is not said to be complete; what turns out done, is.
    run(tmp_path / "x", stages[:1])
    assert json.loads((tmp_path / "x" / "manifest.json").read_text())["status"] == "complete"
    counter.fail = ""
    assert run(tmp_path / "x", stages) == ("b", "c")
    run(tmp_path / "y", stages)
    for name in "abc":
        one, other = (tmp_path / run / "stages" / name / "result.json" for run in "xy")
        assert one.read_bytes() == other.read_bytes()


def test_a_half_written_stage_is_run_again(tmp_path):
    counter = Counter()
    stages = (counter.stage("a"),)
    run(tmp_path, stages)
    (tmp_path / "stages" / "a" / "key.txt").unlink()
    assert run(tmp_path, stages) == ("a",)
    (tmp_path / "stages" / "a" / "result.json").unlink()
    assert run(tmp_path, stages) == ("a",)


def test_a_folder_with_another_study_is_not_overwritten(tmp_path):
    counter = Counter()
    stages = (counter.stage("a"),)
    run(tmp_path, stages)
    with pytest.raises(InputError, match=r"holds the study 's', not 'other'.*--out"):
        run(tmp_path, stages, name="other")


def test_code_decides_the_key():
    assert code_digest(("files.py",)) != code_digest(("files.py", "errors.py"))
    assert code_digest(("study",)) == code_digest(("study",))


def test_results_hold_no_times(tmp_path):
    counter = Counter()
    run(tmp_path, (counter.stage("a"),))
    assert json.loads((tmp_path / "stages/a/result.json").read_text()) == {
        "name": "a",
        "needs": [],
        "steps": 300,
    }
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    run(tmp_path, (counter.stage("a"),))
    assert json.loads((tmp_path / "manifest.json").read_text()) == manifest
    log = (tmp_path / "log.jsonl").read_text().splitlines()
    events = [json.loads(line)["event"] for line in log]
    assert events == ["started", "stage a done", "complete"]
    assert manifest["stages"]["a"]["seconds"] >= 0
    assert manifest["status"] == "complete"
    assert {"python", "numpy", "torch"} <= set(manifest["versions"])
