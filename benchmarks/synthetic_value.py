"""What rendered frames are worth: detectors trained on ours and on CARLA's, tested on real frames.

Both trainings take the same number of frames, the same steps and seeds (the study's fair source
arm); the test set is real CamVid by day and by dusk. The gap to CamVid is measured from either.

    python benchmarks/synthetic_value.py --camvid PATH --carla PATH     # about 20 minutes
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import yaml
from record import record

import isthmus

ROOT = Path(__file__).resolve().parents[1]
ODD = ROOT / "examples" / "street-world" / "clear-day.yaml"
METRICS = ("mmd", "sliced_wasserstein", "cmd", "proxy_a_distance", "frechet")


def study(
    name: str, source: dict[str, Any], camvid: Path, steps: int, seeds: int
) -> dict[str, Any]:
    return {
        "name": name,
        "seed": 0,
        "source": source,
        "target": {
            "name": "CamVid",
            "path": str(camvid / "coco.json"),
            "train": {"split": "train"},
            "test": {"split": "test"},
            "categories": {"rider": None},
        },
        "generate": {"effects": []},
        "arms": ["fair_source"],
        "detector": {"width": 8, "size": [320, 240]},
        "training": {"seeds": seeds, "burn_in": steps // 2, "steps": steps - steps // 2},
    }


def run(options: dict[str, Any], folder: Path, workers: int) -> dict[str, Any]:
    file = folder / f"{options['name']}.yaml"
    file.write_text(yaml.safe_dump(options))
    done = isthmus.run_study(
        isthmus.load_study(file), out=folder / options["name"], workers=workers
    )
    return done.documents


def figures_of(name: str, documents: dict[str, Any]) -> tuple[dict[str, float | None], Any]:
    figures: dict[str, float | None] = {}
    arm = next(a for a in documents["score"]["arms"] if a["name"] == "fair_source")
    for category, cell in arm["ap50"].items():
        if cell and cell["mean"] is not None:
            for key, word in (("mean", ""), ("low", "_low"), ("high", "_high")):
                figures[f"{category}_ap50_{name}{word}"] = cell[key]
    rows = [
        row
        for row in documents["gap"]["estimates"]
        if row["pair"] == "source-target" and row["extractor"] == "descriptors"
    ]
    for row in rows:
        if row["kind"] == "all":
            for key, word in (("value", ""), ("low", "_low"), ("high", "_high")):
                figures[f"gap_{name}_{row['metric']}{word}"] = row[key]
    kept = ("metric", "kind", "layer", "value", "low", "high", "ratio")
    return figures, [{key: row[key] for key in kept} for row in rows]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--camvid", type=Path, required=True)
    parser.add_argument("--carla", type=Path, required=True)
    parser.add_argument("--frames", type=int, default=250)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=None, help="keep the runs here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.out or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        isthmus.render_dataset(
            isthmus.load_odd(ODD), options.frames, folder / "ours", seed=3, size=(480, 360),
            executor=isthmus.local_executor(options.workers),
        )  # fmt: skip
        sources = {
            "ours": {
                "name": "ours", "path": str(folder / "ours" / "coco.json"),
                "categories": {"rider": None, "animal": None},
            },
            "carla": {
                "name": "CARLA", "path": str(options.carla.resolve() / "coco.json"),
            },
        }  # fmt: skip
        figures: dict[str, float | None] = {"frames": options.frames, "steps": options.steps}
        tables = {}
        for name, source in sources.items():
            request = study(name, source, options.camvid.resolve(), options.steps, options.seeds)
            found, rows = figures_of(name, run(request, folder, options.workers))
            figures |= found
            tables[f"gap_{name}"] = rows
    print(json.dumps(figures, indent=1))
    record("synthetic_value", figures, tables=tables, packages=("scipy", "scikit-learn"))


if __name__ == "__main__":
    main()
