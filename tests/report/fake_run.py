"""A run folder as a finished study leaves it, made without a study: documents and small pictures.

The numbers are invented but plausible, so that a rendered report can be judged by eye. The
shapes follow docs/report.md, which is the promise that the report and the study share.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from fake_pictures import picture, pictures
from fake_scores import CLASSES, score, takeaway, train

STAGES = ("data", "conditions", "gap", "generate", "train", "score", "takeaway")
METRICS = {
    "mmd": (0.31, 6.2),
    "sliced_wasserstein": (0.84, 4.1),
    "cmd": (0.52, 3.4),
    "proxy_a_distance": (1.72, 5.3),
    "frechet": (38.4, 4.6),
}
LAYERS = (
    ("descriptors", "colour and light", "colour and light", 1.35),
    ("descriptors", "texture", "texture", 0.72),
    ("descriptors", "shape", "shape", 0.45),
    ("descriptors", "all", "all", 1.0),
    ("compact", "stride4", "semantic", 0.8),
    ("compact", "stride8", "semantic", 0.6),
    ("compact", "stride16", "semantic", 0.55),
)


def data(stage: Path, name: str = "") -> dict[str, Any]:
    source = {
        "name": "town, day",
        "path": "data/town/day.json",
        "format": "coco",
        "frames": 577,
        "labelled": 577,
        "sequences": [
            {"name": "0006R0", "frames": 101},
            {"name": "0016E5", "frames": 305},
            {"name": "Seq05VD", "frames": 171},
        ],
        "splits": {"train": 406, "val": 171},
        "objects": {"pedestrian": 1184, "vehicle": 2211},
        "ignored": 344,
        "attributes": {"time": {"day": 577}, "weather": {"clear": 391, "overcast": 186}},
        "fingerprint": "a3f1" * 16,
        "categories": {"car": "vehicle", "person": "pedestrian", f"tree{name}": None},
        "problems": [
            {
                "path": f"images/0006R0_f0090{name}.jpg",
                "kind": "image",
                "reason": "truncated: 41 bytes not processed",
                "severity": "skipped",
            },
            {
                "path": "images/scan_0001.tif.jpg",
                "kind": "image",
                "reason": "not an image: text file named .jpg",
                "severity": "skipped",
            },
            {
                "path": "images/Seq05VD_f0000.jpg",
                "kind": "orientation",
                "reason": "stored rotated by 90 degrees; turned upright, boxes with it",
                "severity": "note",
            },
        ],
        "skipped": 2,
        "samples": pictures(stage, "source", 4, 1.0),
    }
    target = source | {
        "name": "town, dusk",
        "path": "data/town/dusk",
        "format": "folder",
        "frames": 62,
        "labelled": 0,
        "sequences": [{"name": "0001TP", "frames": 62}],
        "splits": {"train": 62},
        "objects": None,
        "ignored": 0,
        "attributes": {"time": {"dusk": 62}},
        "fingerprint": "77be" * 16,
        "categories": {},
        "problems": [],
        "skipped": 0,
        "samples": pictures(stage, "target", 4, 0.42),
    }
    test = target | {
        "labelled": 62,
        "name": "town, dusk (sealed test)",
        "objects": None,
        "fingerprint": "19ac" * 16,
        "samples": [],
    }
    domains = {"source": source, "target": target, "target_test": test}
    note = "target train and test are different stretches of the same drive (0001TP)"
    return {
        "schema": "isthmus.data/1",
        "domains": domains,
        "classes": [*CLASSES],
        "notes": [note],
    }


def conditions(stage: Path, name: str = "") -> dict[str, Any]:
    rng = np.random.default_rng(5)
    measures = []
    for key, label, unit, source_at, target_at, high in (
        ("luminance", "Mean luminance", "0–1", 0.46, 0.21, 1.0),
        ("contrast", "Contrast", "0–1", 0.24, 0.17, 0.5),
        ("dark_area", "Under-exposed area", "share of frame", 0.06, 0.31, 0.8),
        ("bright_area", "Over-exposed area", "share of frame", 0.05, 0.02, 0.3),
        ("sharpness", "Sharpness", "log variance", 5.2, 3.9, 8.0),
        ("haze", "Haze (dark channel)", "0–1", 0.12, 0.10, 0.5),
        ("colour_cast", "Colour cast", "ΔE", 3.1, 6.4, 14.0),
    ):
        edges = np.linspace(0, high, 21)
        shares = []
        for at in (source_at, target_at):
            counts = np.histogram(rng.normal(at, high * 0.08, 500).clip(0, high), edges)[0]
            shares.append([round(float(v), 6) for v in counts / counts.sum()])
        measures.append(
            {
                "name": key,
                "label": label,
                "unit": unit,
                "edges": [round(float(e), 6) for e in edges],
                "source": shares[0],
                "target": shares[1],
                "source_median": source_at,
                "target_median": target_at,
            }
        )
    rows = []
    for key, label, source, target, rare, remedy in (
        ("low_light", f"Low light{name}", 0.01, 0.87, True, "low_light"),
        ("under_exposed", "Large dark areas", 0.03, 0.52, True, "low_light"),
        ("blur", "Blurred frame", 0.02, 0.21, True, None),
        ("haze", "Haze or fog", 0.04, 0.03, False, "fog"),
        ("glare", "Over-exposed areas", 0.09, 0.02, False, None),
        ("colour_cast", "Strong colour cast", 0.05, 0.19, False, None),
    ):
        rows.append(
            {
                "name": key,
                "label": label,
                "description": f"Frames beyond the limit set for {label.lower()}.",
                "source_share": source,
                "source_low": max(source - 0.012, 0.0),
                "source_high": source + 0.016,
                "target_share": target,
                "target_low": max(target - 0.09, 0.0),
                "target_high": min(target + 0.08, 1.0),
                "rare": rare,
                "remedy": remedy,
                "target_examples": pictures(stage, f"{key}-target", 3, 0.4) if rare else [],
                "source_examples": pictures(stage, f"{key}-source", 2, 0.6) if rare else [],
            }
        )
    attributes = [
        {"attribute": "time", "value": "day", "source_share": 1.0, "target_share": None},
        {"attribute": "weather", "value": "overcast", "source_share": 0.32, "target_share": None},
    ]
    return {
        "schema": "isthmus.conditions/1",
        "measures": measures,
        "conditions": rows,
        "attributes": attributes,
    }


def gap(stage: Path, name: str = "") -> dict[str, Any]:
    rng = np.random.default_rng(11)
    pairs = [
        {
            "name": "source-target",
            "label": f"day → dusk{name}",
            "x": "source",
            "y": "target",
            "n": 577,
            "m": 62,
        },
        {
            "name": "source-halves",
            "label": "day → day (two halves of the source)",
            "x": "source, first half",
            "y": "source, second half",
            "n": 288,
            "m": 289,
        },
    ]
    estimates = []
    for pair in pairs:
        control = pair["name"] == "source-halves"
        for extractor, layer, kind, weight in LAYERS:
            for metric, (scale, ratio) in METRICS.items():
                floor = scale / ratio
                factor = float(rng.uniform(0.7, 1.25)) if control else ratio * weight
                value = floor * factor
                estimates.append(
                    {
                        "pair": pair["name"],
                        "extractor": extractor,
                        "layer": layer,
                        "kind": kind,
                        "deep": layer not in ("stride4", "stride8"),
                        "metric": metric,
                        "value": round(value, 6),
                        "low": round(value * 0.82, 6),
                        "high": round(value * 1.17, 6),
                        "p_value": 0.21 if control else 0.001,
                        "n": pair["n"],
                        "m": pair["m"],
                        "d": 64,
                        "units_x": 29 if not control else 15,
                        "units_y": 8 if not control else 14,
                        "block_length": 8,
                        "floor": round(floor, 6),
                        "floor_x": round(floor * 0.93, 6),
                        "floor_y": round(floor, 6),
                        "ratio": round(factor, 4),
                        "above_floor": factor > 1,
                        "params": {"bandwidth": "median"} if metric == "mmd" else {},
                        "warnings": ["few independent blocks: the interval is wide"]
                        if metric == "frechet" and not control
                        else [],
                    }
                )
    return {"schema": "isthmus.gap/1", "pairs": pairs, "estimates": estimates}


def generate(stage: Path, name: str = "") -> dict[str, Any]:
    pairs = []
    for i in range(4):
        before = picture(stage / "pictures" / f"before-{i}.png", 700 + i)
        after = picture(stage / "pictures" / f"after-{i}.png", 700 + i, light=0.35)
        pairs.append({"before": before, "after": after, "caption": f"−{1.5 + i / 2} EV{name}"})
    effects = [
        {
            "condition": "low_light",
            "effect": "low_light",
            "params": {"exposure_ev": -2.0, "read_noise": 3.1},
            "frames": 200,
            "boxes": {"keep": 1011, "ignore": 122, "drop": 47},
            "reasons": {"visibility below 0.25": 47, "visibility below 0.5": 122},
            "pairs": pairs,
        }
    ]
    moved = [
        {
            "effect": "low_light",
            "metric": metric,
            "extractor": "descriptors#all",
            "before": {"value": scale, "low": scale * 0.82, "high": scale * 1.17},
            "after": {"value": scale * 0.6, "low": scale * 0.5, "high": scale * 0.71},
        }
        for metric, (scale, _) in METRICS.items()
    ]
    return {"schema": "isthmus.generate/1", "effects": effects, "gap": moved}


MAKERS = {
    "data": data,
    "conditions": conditions,
    "gap": gap,
    "generate": generate,
    "train": train,
    "score": score,
    "takeaway": takeaway,
}


def write_run(folder: Path, *, stages: tuple[str, ...] = STAGES, name: str = "") -> Path:
    """Write a run folder with `stages`; `name` is glued to names that data could carry."""
    for stage in stages:
        place = folder / "stages" / stage
        place.mkdir(parents=True, exist_ok=True)
        document = MAKERS[stage](place, name)
        (place / "result.json").write_text(json.dumps(document), encoding="utf-8")
    study = {
        "name": "town",
        "title": f"Town: day → dusk{name}",
        "seed": 1,
        "arms": ["fda"],
        "source": {"path": "/data/day.json", "where": {"timeofday": "day"}},
        "target": {"path": "/data/dusk", "where": {}, "test": {"sequence": ["a", "b", "c", "d"]}},
    }
    (folder / "study.json").write_text(json.dumps(study), encoding="utf-8")
    manifest = {
        "name": "town",
        "seed": 1,
        "versions": {"isthmus": "0.1.0", "python": "3.11.2", "torch": "2.13.0"},
        "machine": {"system": "Linux", "processor": "x86_64", "workers": 2},
        "status": "complete",
        "seconds": 301.25,
        "stages": {s: {"seconds": 12.5, "key": "9c" * 32} for s in stages},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


if __name__ == "__main__":
    import sys

    write_run(Path(sys.argv[1]))
