"""The main job, end to end: how long it takes and what it finds on real frames.

    python benchmarks/main_job.py                 # demo, tests and the CamVid study, from nothing
    python benchmarks/main_job.py --study RUN     # take the study's figures from a finished run
    … --demo-minutes 4.2 --test-minutes 4.5       # as `time isthmus demo`, `time make test` said

Writes `benchmarks/results/main_job.json`. Needs the CamVid frames that the example's README names.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from record import record

ROOT = Path(__file__).resolve().parents[1]
STUDY = ROOT / "examples" / "camvid-day-to-dusk" / "study.yaml"


def minutes(*command: str) -> float:
    """Wall-clock minutes of a command; it must succeed (3 = done, some input skipped)."""
    started = time.perf_counter()
    done = subprocess.run(command, check=False, cwd=ROOT)
    if done.returncode not in (0, 3):
        raise SystemExit(f"{' '.join(command)}: exit status {done.returncode}")
    return (time.perf_counter() - started) / 60


def document(run: Path, stage: str) -> Any:
    return json.loads((run / "stages" / stage / "result.json").read_text())


def gap_figures(run: Path) -> dict[str, float | None]:
    """Per metric: the median over extractors and layers of the gap as a multiple of its floor."""
    gap = document(run, "gap")
    figures: dict[str, float | None] = {}
    for pair, name in (("source-target", "day_dusk"), ("source-halves", "day_day")):
        for metric in dict.fromkeys(row["metric"] for row in gap["estimates"]):
            rows = [
                row
                for row in gap["estimates"]
                if row["pair"] == pair
                and row["metric"] == metric
                and row["kind"] in ("all", "semantic")
            ]
            ratios = [row["ratio"] for row in rows if row["ratio"] is not None]
            figures[f"gap_over_floor_{name}_{metric}"] = median(ratios) if ratios else None
            if pair == "source-target":
                figures[f"largest_p_{name}_{metric}"] = max(row["p_value"] for row in rows)
    return figures


def score_figures(run: Path) -> dict[str, float | None]:
    score = document(run, "score")
    figures: dict[str, float | None] = {}
    for arm in score["arms"]:
        for name, cell in arm["ap50"].items():
            for part, suffix in (("mean", ""), ("low", "_low"), ("high", "_high")):
                figures[f"{name}_ap50_{arm['name']}{suffix}"] = cell[part]
    selected = next(a for a in score["arms"] if a["name"] == score["selected"]["arm"])
    closed = selected["gap_closed"] or {}
    figures["gap_closed_best"] = closed.get("value")
    figures["gap_closed_best_low"] = closed.get("low")
    figures["gap_closed_best_high"] = closed.get("high")
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", type=Path, help="a finished run of the CamVid study")
    parser.add_argument("--demo-minutes", type=float, help="measured already, without installing")
    parser.add_argument("--test-minutes", type=float, help="measured already, without installing")
    options = parser.parse_args()
    figures: dict[str, float | None] = {}
    with tempfile.TemporaryDirectory() as scratch:
        command = (sys.executable, "-m", "isthmus.cli")
        figures["demo_minutes"] = options.demo_minutes or minutes(
            *command, "demo", "--out", f"{scratch}/demo"
        )
        figures["test_minutes"] = options.test_minutes or minutes(
            sys.executable, "-m", "pytest", "-q"
        )
        run = options.study
        if run is None:
            run = Path(scratch) / "camvid"
            minutes(*command, "study", "run", str(STUDY), "--out", str(run))
        manifest = json.loads((run / "manifest.json").read_text())
        figures["study_minutes"] = sum(s["seconds"] for s in manifest["stages"].values()) / 60
        figures |= gap_figures(run) | score_figures(run)
        chosen = document(run, "score")["selected"]
        print(record("main_job", figures, tables={"selected": chosen}))


if __name__ == "__main__":
    main()
