"""The documents of training, scoring and the takeaway of an invented run; see `fake_run`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from fake_pictures import pictures

CLASSES = ("pedestrian", "vehicle")
ARMS = (
    ("plain_source", "Plain source", "baseline", 0.31),
    ("fair_source", "Fair source", "baseline", 0.36),
    ("adabn", "AdaBN", "feature", 0.40),
    ("fda", "FDA", "image", 0.43),
    ("mean_teacher", "Mean teacher", "pseudo-label", 0.46),
    ("fda_mean_teacher", "FDA, then mean teacher", "pseudo-label", 0.49),
    ("oracle", "Oracle (target labels)", "oracle", 0.57),
)


def train(stage: Path, name: str = "") -> dict[str, Any]:
    rng = np.random.default_rng(3)
    arms = []
    for key, label, level, ap in ARMS:
        curves = [
            {
                "seed": seed,
                "step": step,
                "loss": round(
                    float(0.5 + 2.4 * np.exp(-step / 170) + rng.normal(0, 0.04) - ap / 3), 4
                ),
            }
            for seed in (0, 1, 2)
            for step in range(0, 1000, 20)
        ]
        arms.append(
            {
                "name": key,
                "label": label + (name if key == "fda" else ""),
                "level": level,
                "recipe": f"{label} for 1000 steps",
                "steps": 1000,
                "seeds": [0, 1, 2],
                "curves": curves,
            }
        )
    detector = {"name": "compact", "params": 412_338, "size": [480, 352]}
    alarm = "mean_teacher, seed 1: collapse alarm at step 420, rolled back"
    return {"schema": "isthmus.train/1", "detector": detector, "arms": arms, "alarms": [alarm]}


def _score(mean: float, spread: float, rng: np.random.Generator) -> dict[str, Any]:
    seeds = [round(float(mean + rng.normal(0, spread / 3)), 4) for _ in range(3)]
    value = round(sum(seeds) / 3, 4)
    return {"mean": value, "low": value - spread, "high": value + spread, "per_seed": seeds}


def score(stage: Path, name: str = "") -> dict[str, Any]:
    rng = np.random.default_rng(9)
    arms = []
    for rank, (key, label, level, ap) in enumerate(ARMS):
        shifts = {"mean": 0.0, f"pedestrian{name}": -0.14, "vehicle": 0.14}
        ap50 = {c: _score(ap + shift, 0.035, rng) for c, shift in shifts.items()}
        undefined = key in ("plain_source", "fair_source", "oracle")
        closed = (ap - 0.36) / 0.21
        change = {
            c: {"value": ap - 0.36, "low": ap - 0.39, "high": ap - 0.32, "alarm": False}
            for c in shifts
        }
        if key == "adabn":
            change[f"pedestrian{name}"] = {
                "value": -0.061,
                "low": -0.092,
                "high": -0.021,
                "alarm": True,
            }
        arms.append(
            {
                "name": key,
                "label": label + (name if key == "fda" else ""),
                "level": level,
                "ap50": ap50,
                "ap": {c: _score((ap + s) / 2.2, 0.02, rng) for c, s in shifts.items()},
                "gap_closed": {
                    "value": None if undefined else closed,
                    "low": None if undefined else closed - 0.17,
                    "high": None if undefined else closed + 0.16,
                    "defined": not undefined,
                    "reason": "a reference, not an adapter" if undefined else None,
                },
                "change": change,
                "validators": {"flatness": 0.2 + ap, "consistency": 0.5 + ap / 3},
                "rank": rank,
            }
        )
    return {
        "schema": "isthmus.score/1",
        "classes": [*CLASSES],
        "iou": 0.5,
        "arms": arms,
        "selected": {
            "arm": "fda_mean_teacher",
            "reason": "highest flip consistency within the guard rails",
        },
        "oracle_selected": {"arm": "mean_teacher", "loss": 0.004},
        "excluded": {"adabn": "expects 0.02 pedestrian per image, the fair source 0.51"},
        "spearman": {"flatness": 0.71, "consistency": None},
        "label_curve": {
            "arm": "fda_mean_teacher",
            "points": [
                {"frames": n, "arm": arm, **_score(ap, 0.03, rng)}
                for n, arm, ap in (
                    (0, "fair_source", 0.36),
                    (20, "labels_20", 0.44),
                    (200, "oracle", 0.57),
                )
            ],
            "break_even": {"frames": 55.0, "low": 12.0, "high": None, "most": 200},
        },
        "receipts": ["final score of all arms"],
        "test": {
            "frames": 62,
            "sequences": 1,
            "units": 8,
            "objects": {"pedestrian": 121, "vehicle": 301},
        },
        "condition_breakdown": [
            {"condition": "low_light", "arm": "fair_source", "frames": 54, "ap50": 0.34},
            {"condition": "low_light", "arm": "fda_mean_teacher", "frames": 54, "ap50": 0.48},
        ],
        "examples": [
            {"image": path, "caption": f"Fair source: frame {i}", "arm": "fair_source"}
            for i, path in enumerate(pictures(stage, "found", 3, 0.45))
        ],
    }


def takeaway(stage: Path, name: str = "") -> dict[str, Any]:
    return {
        "schema": "isthmus.takeaway/1",
        "verdict": "a class got worse",
        "headline": "Dusk differs from day mostly in colour and light; FDA followed by the mean "
        f"teacher wins back 62 % of what the gap costs{name}.",
        "statements": [
            {
                "topic": "gap",
                "text": "All 5 metrics stand above their noise floor (p = 0.001); "
                "within the source 1 of 5 does.",
                "level": "warning",
            },
            {
                "topic": "kind",
                "text": "The gap is largest in colour and light and smallest in shape.",
                "level": "info",
            },
            {
                "topic": "adaptation",
                "text": "FDA, then mean teacher: AP50 49.0 % [45.5, 52.5] against 36.0 % "
                "[32.5, 39.5] for the fair source, 3 seeds, 62 test frames.",
                "level": "good",
            },
            {
                "topic": "harm",
                "text": "AdaBN made pedestrians worse by 6.1 points [2.1, 9.2].",
                "level": "alarm",
            },
        ],
        "next_steps": [
            {
                "text": "Label 140 target frames with pedestrians.",
                "why": "The interval of pedestrian AP50 is 7 points wide.",
            },
            {
                "text": "Record a second dusk drive.",
                "why": "One test sequence gives 8 independent blocks.",
            },
        ],
        "figures": {},
    }
