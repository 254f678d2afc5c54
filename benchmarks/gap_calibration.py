"""Are the p-values and intervals of the gap metrics what they say they are?

Draws pairs of samples whose true distance is known and counts: how often p < 0.05 although there
is no gap (independent frames; sequences; few long videos, cut into blocks), and how often the
95 % interval holds the true distance.

    python benchmarks/gap_calibration.py            # half an hour of one core; writes the results
    python benchmarks/gap_calibration.py --metrics mmd emd --draws 2000   # these anew, others stay
    python benchmarks/gap_calibration.py --quick    # a minute, writes nothing

Cells that are done are kept in --work until the results are written: a run that was stopped goes
on with the next cell, as long as neither the metrics nor the cells have changed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import shutil
import tempfile
import time
from concurrent.futures import Executor, ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from gap_calibration_cells import (
    CELLS,
    KINDS,
    LEFT_OUT,
    REQUESTS,
    SCENARIOS,
    Cell,
    changed,
    truth,
)
from record import RESULTS, record, stamp

import isthmus.gap
from isthmus.files import write_json
from isthmus.gap import measure
from isthmus.seeds import generator

HERE = Path(__file__).resolve().parent
PERMUTATIONS, BOOTSTRAPS, SPLITS = 99, 100, 25
LEVEL = 0.05
# One draw: p-value, value, ends of the interval; None is what could not be known.
Drawn = tuple[float | None, float, float | None, float | None]


def one(task: tuple[str, str, float, int]) -> Drawn:
    """A metric on one pair of samples; the same pair for all metrics."""
    metric, scenario, shift, number = task
    rng = generator(0, scenario, str(shift), number)
    (x, groups_x), (y, groups_y) = (side.draw(rng) for side in SCENARIOS[scenario])
    found = measure(
        x,
        changed(metric, y, shift),
        metric,
        groups_x=groups_x,
        groups_y=groups_y,
        permutations=0 if shift else PERMUTATIONS,
        bootstraps=BOOTSTRAPS if shift else 0,
        floor_splits=SPLITS if shift else 0,
        seed=number,
        **REQUESTS[metric],
    )
    return found.p_value, found.value, found.low, found.high


def row_of(cell: Cell, metric: str, found: list[Drawn]) -> dict[str, Any]:
    """What the draws of a metric in a cell come to."""
    row: dict[str, Any] = {"scenario": cell.scenario, "shift": cell.shift, "metric": metric}
    row["draws"] = len(found)
    if cell.shift == 0:
        known = [p for p, _, _, _ in found if p is not None]
        rejected = float(np.mean([p <= LEVEL + 1e-9 for p in known])) if known else None
        return row | {"rejected": rejected, "without_p": len(found) - len(known)}
    mean = float(np.mean([value for _, value, _, _ in found]))
    true = truth(metric, cell.shift)
    against = "population" if true is not None else "mean of its own values"
    true = mean if true is None else true
    ends = [(low, high) for _, _, low, high in found if low is not None and high is not None]
    covered = float(np.mean([low <= true <= high for low, high in ends])) if ends else None
    width = float(np.mean([high - low for low, high in ends])) if ends else None
    return row | {
        "true": true,
        "mean": mean,
        "against": against,
        "covered": covered,
        "width": width,
        "without_interval": len(found) - len(ends),
    }


def version() -> str:
    """Changes with the metrics and with this benchmark."""
    files = sorted(Path(isthmus.gap.__file__).parent.glob("*.py"))
    digest = hashlib.sha256()
    for file in (*files, *sorted(HERE.glob("gap_calibration*.py"))):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def rows_of(
    metrics: list[str], draws: int, pool: Executor, work: Path | None
) -> list[dict[str, Any]]:
    """Every cell of these metrics, from `work` where it is done already."""
    rows, begun = [], version()
    for cell in CELLS:
        for metric in (m for m in cell.metrics if m in metrics):
            kept = work and work / f"{metric}_{cell.name}_{draws}_{begun}.json"
            if kept and kept.exists():
                rows.append(json.loads(kept.read_text(encoding="utf-8")))
                continue
            start = time.perf_counter()
            tasks = [(metric, cell.scenario, cell.shift, number) for number in range(draws)]
            row = row_of(cell, metric, list(pool.map(one, tasks, chunksize=10)))
            if kept:
                write_json(kept, row)
            rows.append(row)
            shown = "rejected" if cell.shift == 0 else "covered"
            print(
                f"{cell.name:32s} {metric:20s} {shown} {row[shown]:.3f} "
                f"mean {row.get('mean', math.nan):.4f} true {row.get('true', math.nan):.4f} "
                f"{time.perf_counter() - start:5.0f} s",
                flush=True,
            )
    return rows


def summary(rows: list[dict[str, Any]]) -> dict[str, float | None]:
    """Each cell's figure, and per metric those of a kind of scenario together."""
    figures: dict[str, float | None] = {}
    for row in rows:
        key = f"{row['metric']}_{row['scenario']}"
        if row["shift"] == 0:
            figures[f"fpr_{key}"] = row["rejected"]
        else:
            figures[f"coverage_{key}_shift{row['shift']}"] = row["covered"]
    for metric in sorted({row["metric"] for row in rows}):
        own = [row for row in rows if row["metric"] == metric]
        for kind, prefix in KINDS.items():
            of_kind = [row for row in own if row["scenario"].startswith(prefix)]
            figures[f"fpr_{metric}_{kind}"] = _mean(of_kind, "rejected")
            figures[f"coverage_{metric}_{kind}"] = _mean(of_kind, "covered")
        figures[f"coverage_{metric}"] = _mean(own, "covered")
        covered = [row["covered"] for row in own if row.get("covered") is not None]
        figures[f"lowest_coverage_{metric}"] = min(covered, default=None)
    return {key: value for key, value in figures.items() if value is not None}


def _mean(rows: list[dict[str, Any]], key: str) -> float | None:
    found = [row[key] for row in rows if row.get(key) is not None]
    return math.fsum(found) / len(found) if found else None


def write(rows: list[dict[str, Any]], begun: dict[str, str]) -> None:
    """Record these metrics; others stay as they were recorded, each with its commit."""
    file = RESULTS / "gap_calibration.json"
    made = {row["metric"]: {**begun, "draws": row["draws"]} for row in rows}
    old = json.loads(file.read_text(encoding="utf-8"))["tables"] if file.exists() else {}
    before = old.get("made", {})
    kept = [row for row in old.get("calibration", []) if row["metric"] in before]
    rows = [row for row in kept if row["metric"] not in made] + rows
    tables = {"calibration": rows, "made": before | made, "left_out": LEFT_OUT}
    record("gap_calibration", summary(rows), tables=tables, packages=("scipy",))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="60 draws, nothing written")
    parser.add_argument("--draws", type=int, default=1000, help="pairs a cell")
    parser.add_argument("--metrics", nargs="+", choices=tuple(REQUESTS), default=list(REQUESTS))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--work", type=Path, help="folder for cells that are done")
    options = parser.parse_args()
    begun = stamp()
    work = None
    if not options.quick:
        work = options.work or Path(tempfile.gettempdir()) / "isthmus-gap-calibration"
        work.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(options.workers) as pool:
        rows = rows_of(options.metrics, 60 if options.quick else options.draws, pool, work)
    if work:
        write(rows, begun)
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
