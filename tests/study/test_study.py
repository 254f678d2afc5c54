"""A whole, tiny study: resumed after kills to the same bytes, nothing done twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from drawn_street import write_streets
from isthmus.compute.executor import SerialExecutor
from isthmus.files import file_digest
from isthmus.study.api import run_study
from isthmus.study.config import StudyConfig, parse_study

STAGES = ("data", "conditions", "generate", "train", "gap", "score", "takeaway")


def tiny(folder: Path, **changes) -> StudyConfig:
    for name, first, visibility in (("day", 0, None), ("fog", 100, 60.0)):
        write_streets(
            folder / name, 16, (96, 64), first=first, in_sequence=4, visibility=visibility
        )
    return parse_study(
        {
            "name": "tiny",
            "source": {"name": "day", "path": folder / "day" / "coco.json"},
            "target": {
                "name": "fog",
                "path": folder / "fog" / "coco.json",
                "train": {"sequence": ["place-0000", "place-0001"]},
                "test": {"sequence": ["place-0002", "place-0003"]},
                "oracle": True,
            },
            "gap": {
                "permutations": 99,
                "bootstraps": 50,
                "floor_splits": 10,
                "metrics": ["mmd", "sliced_wasserstein"],
            },
            "detector": {"width": 4, "size": [96, 64]},
            "training": {"seeds": 1, "burn_in": 4, "steps": 4, "batch": 2},
            "arms": [
                "fair_source",
                "augmented",
                "adabn",
                "fda",
                "fda_mean_teacher",
                "labels_4",
                "labels_99",
                "oracle",
            ],
            **changes,
        }
    )


def results(run: Path) -> dict[str, bytes]:
    return {name: (run / "stages" / name / "result.json").read_bytes() for name in STAGES}


SCRIPT = """
import sys
from pathlib import Path
from isthmus.study.api import run_study
from isthmus.study.config import StudyConfig
if __name__ == "__main__":
    config = StudyConfig.model_validate_json(Path(sys.argv[1]).read_text())
    run_study(config, out=sys.argv[2], workers=2)
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    config = tiny(folder)
    result = run_study(config, out=folder / "run", executor=SerialExecutor())
    return folder, config, result


def test_every_stage_leaves_a_document_and_the_report_is_there(finished):
    _, config, result = finished
    assert result.recomputed == STAGES
    assert result.skipped == 0
    assert result.report.read_text().startswith("<!doctype html>")
    score = result.documents["score"]
    assert [arm["name"] for arm in score["arms"]] == [a for a in config.arms if a != "labels_99"]
    assert "has 8 labelled frames" in result.documents["train"]["alarms"][0]
    assert [p["frames"] for p in score["label_curve"]["points"]] == [0, 4, 8]
    assert score["selected"]["arm"] not in ("labels_4", "oracle")
    assert score["receipts"] == ["final score of all arms, after the choice was made"]
    assert {arm["steps"] for arm in result.documents["train"]["arms"]} == {8}
    assert result.documents["generate"]["effects"][0]["effect"] == "fog"
    pairs = [pair["name"] for pair in result.documents["gap"]["pairs"]]
    assert pairs == ["source-target", "source-halves"]


def stamps(run: Path) -> dict[str, tuple[int, str]]:
    """When each file was written, and what it holds."""
    return {
        path.relative_to(run).as_posix(): (path.stat().st_mtime_ns, file_digest(path))
        for path in run.rglob("*")
        if path.is_file()
    }


def test_a_second_run_recomputes_nothing_and_writes_nothing(finished):
    folder, config, result = finished
    before = stamps(folder / "run")
    again = run_study(config, out=folder / "run", executor=SerialExecutor())
    assert again.recomputed == ()
    assert again.documents == result.documents
    assert {"manifest.json", "log.jsonl", "report/index.html"} < set(before)
    assert stamps(folder / "run") == before


def test_the_report_alone_is_drawn_again_when_it_is_gone_or_its_title_changes(finished):
    folder, config, result = finished
    page = result.report.read_bytes()
    before = stamps(folder / "run")

    def touched():
        after = stamps(folder / "run")
        return {name for name in after if after[name] != before.get(name)}

    result.report.unlink()
    run_study(config, out=folder / "run", executor=SerialExecutor())
    assert touched() == {"report/index.html", "report/key.txt"}
    assert result.report.read_bytes() == page
    titled = config.model_copy(update={"title": "Day and fog"})
    assert run_study(titled, out=folder / "run", executor=SerialExecutor()).recomputed == ()
    assert touched() == {"report/index.html", "report/key.txt", "study.json"}
    assert "Day and fog" in result.report.read_text()
    run_study(config, out=folder / "run", executor=SerialExecutor())
    assert result.report.read_bytes() == page


def test_a_run_that_is_up_to_date_loads_no_network(finished):
    folder, config, _ = finished
    given = folder / "again.json"
    given.write_text(config.model_dump_json())
    script = folder / "again.py"
    text = SCRIPT.replace(
        "StudyConfig.model_validate_json(Path(sys.argv[1]).read_text())",
        "load_study(sys.argv[1])",
    ).replace("import StudyConfig", "import load_study")
    script.write_text(text + "    assert not {'torch', 'altair', 'sklearn'} & set(sys.modules)\n")
    command = [sys.executable, str(script), str(given), str(folder / "run")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_target_labels_reach_the_score_alone(finished):
    """Other labels of the target change nothing before the sealed score."""
    folder, config, result = finished
    labels = folder / "fog" / "coco.json"
    original = labels.read_text()
    content = json.loads(original)
    for annotation in content["annotations"]:
        annotation["bbox"][2] *= 0.5
    other = folder / "fog" / "other.json"
    other.write_text(json.dumps(content))
    target = config.target.model_copy(
        update={"path": other, "images": folder / "fog", "oracle": False}
    )
    arms = [name for name in config.arms if name != "oracle" and "labels" not in name]
    changed = config.model_copy(update={"target": target, "arms": arms, "name": "other"})
    one = run_study(changed, out=folder / "one", executor=SerialExecutor()).documents
    two = result.documents
    for stage in ("conditions", "generate", "gap"):
        assert one[stage] == two[stage]
    assert one["train"]["arms"] == [a for a in two["train"]["arms"] if a["name"] in arms]
    assert one["score"]["selected"] == two["score"]["selected"]
    validators = two["score"]["validators"]
    assert one["score"]["validators"] == {name: validators[name] for name in arms}


def test_a_run_killed_twice_ends_with_the_bytes_of_an_undisturbed_one(finished, tmp_path):
    folder, config, _ = finished
    given = tmp_path / "study.json"
    given.write_text(config.model_dump_json())
    script = tmp_path / "main.py"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), str(given), str(tmp_path / "run")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done: set[str] = set()
    for end, stage in ((signal.SIGKILL, "generate"), (signal.SIGINT, "train")):
        process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        wait_for((tmp_path / "run" / "stages" / stage).is_dir, process)
        time.sleep(0.5)
        process.send_signal(end)
        process.wait(timeout=30)
        before = done
        done = {name for name in STAGES if (tmp_path / "run/stages" / name / "key.txt").exists()}
        assert before | {"data"} <= done
        assert "takeaway" not in done
    resumed = run_study(config, out=tmp_path / "run", executor=SerialExecutor())
    assert not done & set(resumed.recomputed)
    assert results(tmp_path / "run") == results(folder / "run")


def wait_for(condition, process) -> None:
    end = time.monotonic() + 600
    while not condition():
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)
