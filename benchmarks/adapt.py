"""Adapting a detector: every arm on rendered and real pairs of domains, 3 seeds, task by task.

    python benchmarks/adapt.py --work FOLDER --task fog            # rendered clear day → fog
    … --task night                                                 # rendered clear day → night
    … --task camvid_dusk --camvid PATH                             # CamVid day → dusk
    … --task carla_day carla_dusk --camvid PATH --carla PATH       # CARLA → CamVid
    … --task speed                                                 # images/s, cost of selection
    … --task fog --quick                                           # a few minutes; writes nothing
    … --task night --development                                   # other scenes; writes nothing

FOLDER keeps renderings and runs: a task that was stopped goes on where it stopped. Each task adds
its figures, with its day and commit, to `benchmarks/results/adapt.json`. Settings are the same for
all pairs and were fixed before any test label was opened. What had to be tried out was tried on
other rendered scenes (`--development`).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import yaml
from adapt_speed import speed
from record import add

import isthmus

ROOT = Path(__file__).resolve().parents[1]
WORLD = ROOT / "examples" / "street-world"
COMBINATION = "fda+adabn+mean_teacher"
GENERATED = ["augmented", "augmented_mean_teacher", "augmented+adabn"]
ARMS = ["plain_source", "fair_source", *GENERATED, "adabn", "coral", "mmd", "dann", "fda",
        "reinhard", "histogram", "ot", "pseudo_labels", "mean_teacher", "fda_mean_teacher",
        COMBINATION, "oracle"]  # fmt: skip
FEW_LABELS = ["labels_10", "labels_40"]
"""On rendered pairs, whose target has hundreds of labelled frames to train on."""
TASKS = ("fog", "night", "camvid_dusk", "carla_day", "carla_dusk", "speed")
SIZE = (192, 112)
RENDERED = (288, 168)
IGNORED = {"rider": None, "animal": None}


def rendered_pair(target: str, options: argparse.Namespace) -> dict[str, Any]:
    """Source and target of a rendered pair; the target's first half is seen, the second scored."""
    executor = isthmus.local_executor(options.workers)
    source, other = (24, 32) if options.quick else (200, 160)
    seeds = (13, 14) if options.development else (3, 4)
    scale = f"{'quick' if options.quick else 'full'}-{seeds[0]}"
    places = {}
    for name, count, seed in (("clear-day", source, seeds[0]), (target, other, seeds[1])):
        places[name] = options.work / scale / name
        isthmus.render_dataset(
            isthmus.load_odd(WORLD / f"{name}.yaml"), count, places[name], seed=seed,
            size=RENDERED, executor=executor,
        )  # fmt: skip
    frames = isthmus.read_dataset(places[target] / "coco.json")
    sequences = sorted(frames.sequences)
    half = len(sequences) // 2
    return {
        "source": {
            "name": "clear day", "path": str(places["clear-day"] / "coco.json"),
            "categories": IGNORED,
        },
        "target": {
            "name": target, "path": str(places[target] / "coco.json"), "categories": IGNORED,
            "train": {"sequence": sequences[:half]}, "test": {"sequence": sequences[half:]},
            "oracle": True,
        },
    }  # fmt: skip


def camvid(path: Path, time: str) -> dict[str, Any]:
    return {
        "name": time, "path": str(path.resolve() / "coco.json"), "where": {"time": time},
        "train": {"split": "train"}, "categories": {"rider": None},
    }  # fmt: skip


def pair_of(task: str, options: argparse.Namespace) -> dict[str, Any]:
    if task in ("fog", "night"):
        return rendered_pair(task, options)
    if options.camvid is None or (task.startswith("carla") and options.carla is None):
        raise SystemExit(
            f"--task {task} needs --camvid" + " and --carla" * task.startswith("carla")
        )
    time = "day" if task == "carla_day" else "dusk"
    target = {**camvid(options.camvid, time), "test": {"split": "test"}, "oracle": True}
    if task == "camvid_dusk":
        return {"source": {**camvid(options.camvid, "day"), "val": {"sequence": "Seq05VD"}},
                "target": target}  # fmt: skip
    carla = {"name": "CARLA", "path": str(options.carla.resolve() / "coco.json")}
    if not Path(carla["path"]).is_file():
        carla["path"] = str(options.carla.resolve())
    return {"source": carla, "target": target}


def study(task: str, pair: dict[str, Any], quick: bool, arms: list[str]) -> dict[str, Any]:
    real = task not in ("fog", "night")
    training = {"seeds": 3, "burn_in": 400, "steps": 300, "batch": 4}
    if quick:
        training = {"seeds": 1, "burn_in": 10, "steps": 8, "batch": 4}
    return {
        "name": task.replace("_", "-"),
        "seed": 0,
        **pair,
        "gap": {"metrics": ["mmd"], "extractors": ["descriptors"], "permutations": 99},
        "arms": arms,
        "detector": {"width": 8, "size": [256, 192] if real else list(SIZE)},
        "training": training,
    }


def figures_of(task: str, score: dict[str, Any]) -> dict[str, float | None]:
    """``<pair>_<arm>_ap50_<class>`` with its ends, gap closed, harm, and trust in the signs."""
    figures: dict[str, float | None] = {}
    arms = {arm["name"]: arm for arm in score["arms"]}
    for name, arm in arms.items():
        key = name.replace("+", "_")
        for category, cell in arm["ap50"].items():
            for part, suffix in (("mean", ""), ("low", "_low"), ("high", "_high")):
                figures[f"{task}_{key}_ap50_{category}{suffix}"] = cell[part]
        closed = arm["gap_closed"]
        if closed:
            figures[f"{task}_{key}_gap_closed"] = closed["value"]
    # The arm that was chosen without labels speaks for the pair, not the best on the test.
    chosen = arms[score["selected"]["arm"]]
    closed = chosen["gap_closed"] or {"value": None, "low": None, "high": None}
    for part, suffix in (("value", ""), ("low", "_low"), ("high", "_high")):
        figures[f"{task}_gap_closed{suffix}"] = closed[part]
    changes = [c["value"] for name, c in chosen["change"].items() if name != "mean"]
    figures[f"{task}_worst_class_change"] = min(changes) if changes else 0.0
    for sign, value in (score["spearman"] or {}).items():
        if isinstance(value, float):
            figures[f"{task}_spearman_{sign}"] = value
    figures[f"{task}_selection_spearman"] = figures.get(f"{task}_spearman_advantage")
    worth = (score["label_curve"] or {}).get("break_even") or {}
    for part, suffix in (("frames", ""), ("low", "_low"), ("high", "_high")):
        if part in worth:
            figures[f"{task}_worth_in_labels{suffix}"] = worth[part]
    return figures


def run(task: str, options: argparse.Namespace) -> tuple[dict[str, float | None], dict[str, Any]]:
    if task == "speed":
        return speed(options.quick), {}
    arms = options.arms or [*ARMS, *(FEW_LABELS if task in ("fog", "night") else ())]
    request = study(task, pair_of(task, options), options.quick, arms)
    name = request["name"] + "-quick" * options.quick + "-development" * options.development
    file = options.work / f"{name}.yaml"
    file.write_text(yaml.safe_dump(request))
    done = isthmus.run_study(
        isthmus.load_study(file), out=options.work / "runs" / name,
        workers=options.workers,
    )  # fmt: skip
    score = done.documents["score"]
    table = {
        "selected": score["selected"], "excluded": score["excluded"], "test": score["test"],
        "alarms": done.documents["train"]["alarms"], "spearman": score["spearman"],
        "ranking": score["ranking"], "best_by_labels": score["oracle_selected"],
        "label_curve": score["label_curve"],
    }  # fmt: skip
    return figures_of(task, score), table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True, help="keeps renderings and runs")
    parser.add_argument("--task", nargs="+", choices=TASKS, required=True)
    parser.add_argument("--arms", nargs="+", help="some arms only (with fair_source)")
    parser.add_argument("--camvid", type=Path)
    parser.add_argument("--carla", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--development", action="store_true", help="other rendered scenes")
    options = parser.parse_args()
    options.work = options.work.resolve()
    options.work.mkdir(parents=True, exist_ok=True)
    for task in options.task:
        figures, table = run(task, options)
        print(json.dumps(figures, indent=1))
        if options.quick or options.development:
            continue
        add("adapt", task, figures, table, packages=("scipy",))


if __name__ == "__main__":
    main()
