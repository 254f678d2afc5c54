"""Corner cases: speed, the scores' AUC, and a plan executed from end to end.

    python benchmarks/corner_cases.py --frames FOLDER --shared DATA                # all of it
    python benchmarks/corner_cases.py --frames FOLDER --only auc coverage          # no times

FOLDER holds (or gets) the rendered frames of condition_scores.py. DATA is a folder with `camvid`
and `carla_synthetic`: coverage is that of CamVid's frames at dusk by those of the day, and of all
of them by CARLA's. Figures that are not measured now stay as they are recorded. Times are CPU
seconds of one process over the cores that are asked for, so that other work on the machine counts
for less; measure them on an idle one all the same.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import condition_scores
import corner_cases_import
import numpy as np
import record

import isthmus
from isthmus.cornercases.table import measure_conditions
from isthmus.data.frame import Frame
from isthmus.data.images import write_jpeg
from isthmus.data.manifest import save_manifest
from isthmus.quality.duplicates import near_duplicates

CORES = 2
IMAGES = 48
SIZE = (1280, 720)
VECTORS, WIDTH, PLANTED = 100_000, 512, 500
DUSK = "0001TP"
EVERY = 4
Figures = dict[str, float | None]
Result = tuple[Figures, dict[str, Any]]


def conditions(given: argparse.Namespace) -> Result:
    """Images of 1280 × 720 a second on two cores: measures and scores from a JPEG each."""
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        frames = []
        for number in range(IMAGES):
            path = Path(folder) / f"{number}.jpg"
            write_jpeg(path, _busy(rng), quality=85)
            frames.append(Frame(path.name, path, *SIZE, str(number)))
        measure_conditions(frames[:4])  # imports and tables are not what is measured
        start = time.process_time()
        measure_conditions(frames)
        seconds = time.process_time() - start
    return {"conditions_images_per_s": CORES * IMAGES / seconds}, {}


def _busy(rng: np.random.Generator) -> np.ndarray:
    """A picture whose JPEG has 150 kB, as CamVid's frames have at this size and quality."""
    coarse = rng.uniform(0, 255, (90, 160, 3)).repeat(8, axis=0).repeat(8, axis=1)
    return np.clip(coarse + rng.normal(0, 1.5, coarse.shape), 0, 255).astype(np.uint8)


def duplicates(given: argparse.Namespace) -> Result:
    """All pairs of 100 000 vectors of 512 numbers; planted copies have to be found."""
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((VECTORS, WIDTH), dtype=np.float32)
    rows[-PLANTED:] = rows[:PLANTED] + 0.05 * rows[-PLANTED:]
    start = time.process_time()
    found = near_duplicates(rows, 0.95)
    seconds = (time.process_time() - start) / CORES
    if found.count != PLANTED:
        raise SystemExit(f"{found.count} pairs found, {PLANTED} planted")
    return {"near_duplicates_100k_s": seconds}, {}


def auc(given: argparse.Namespace) -> Result:
    """AUC of each score on rendered frames of other places, and on real frames."""
    rows = list(condition_scores.validate(condition_scores.frames_of(given.frames, "validation")))
    figures: Figures = {f"auc_{row['condition']}": row["auc"] for row in rows}
    tables: dict[str, Any] = {"conditions": rows}
    if given.shared:
        real = condition_scores.validate_on_real(given.shared)
        figures |= real.pop("figures")
        tables["real"] = real
    return figures, tables


def coverage(given: argparse.Namespace) -> Result:
    """CamVid's dusk by its days: plan, generate, measure again."""
    whole = isthmus.read_dataset(given.shared / "camvid" / "coco.json")
    days, dusk = (
        tuple(f for f in whole if (f.sequence == DUSK) == wanted)[::EVERY]
        for wanted in (False, True)
    )
    figures, table = _executed(given, "dusk", days, dusk)
    return figures, {"coverage": table}


def carla(given: argparse.Namespace) -> Result:
    """CamVid by CARLA's frames: the same."""
    made = isthmus.read_dataset(given.shared / "carla_synthetic")
    whole = isthmus.read_dataset(given.shared / "camvid" / "coco.json")
    figures, table = _executed(given, "carla", tuple(made), tuple(whole)[::EVERY])
    return {f"carla_{key}": value for key, value in figures.items()}, {"carla_coverage": table}


def _executed(
    given: argparse.Namespace, name: str, source: tuple[Frame, ...], target: tuple[Frame, ...]
) -> Result:
    """Coverage before and after a plan's execution, and the plan."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = (given.keep or Path(temporary)) / name
        sides = {}
        for side, frames in (("source", source), ("target", target)):
            sides[side] = folder / f"{side}.parquet"
            folder.mkdir(parents=True, exist_ok=True)
            save_manifest(isthmus.Dataset(side, frames), sides[side])
        found = isthmus.plan_corner_cases(sides["source"], sides["target"], folder / "cases")
        covered = found.document["coverage"]
        document = {"coverage_before": covered, "coverage_after": covered, "orders": []}
        if found.document["ranked"]:
            made = isthmus.generate_plan(
                folder / "cases" / "plan.yaml", folder / "made", size=(320, 180)
            )
            document = made.document
    return (
        {key: document[key] for key in ("coverage_before", "coverage_after")},
        {"plan": document["orders"], "ranked": found.document["ranked"]},
    )


def importing(given: argparse.Namespace) -> Result:
    """A label file of 70 000 frames and 1.3 million boxes."""
    return dict(corner_cases_import.import_figures()), {}


PARTS: dict[str, Callable[[argparse.Namespace], Result]] = {
    "conditions": conditions,
    "duplicates": duplicates,
    "auc": auc,
    "coverage": coverage,
    "carla": carla,
    "import": importing,
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Benchmark of corner cases.")
    parser.add_argument("--frames", type=Path, help="rendered frames of condition_scores.py")
    parser.add_argument("--shared", type=Path, help="folder with camvid")
    parser.add_argument("--keep", type=Path, help="folder for plans, galleries and made frames")
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--quick", action="store_true", help="print, write nothing")
    given = parser.parse_args()
    figures: Figures = {}
    tables: dict[str, Any] = {}
    path = record.RESULTS / "corner_cases.json"
    if path.exists():
        before = json.loads(path.read_text("utf-8"))
        figures, tables = before["figures"], before["tables"]
    for name in given.only:
        measured, more = PARTS[name](given)
        print(json.dumps(measured, indent=1))
        figures |= measured
        tables |= more
    if not given.quick:
        print(record.record("corner_cases", figures, tables=tables, packages=("scipy",)))


if __name__ == "__main__":
    main()
