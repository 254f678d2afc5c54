"""Learned translation on CamVid, day → dusk: what it is worth beside FDA and a physical effect.

    python benchmarks/translate.py --camvid PATH --work FOLDER            # about 5 CPU minutes
    … --steps 4000 --width 32 --size 480x360 --detector-steps 300 200     # for real

All is done on copies of the frames at `--size`. `cut` is trained on day (labelled) and dusk-train
(images); day is translated and its labels audited; detectors start from one burn-in a seed and
then spend the same steps on source batches of which 70 % are in another look: FDA's, `cut`'s, that
of the physical low-light effect, or none. Scored on dusk-test, whose labels nothing above has seen.
The learning curve trains `cut` anew on fewer target images and measures the gap to dusk-test.

FOLDER keeps everything: a run that was stopped goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from record import record

import isthmus
from isthmus.adapt.image.fda import fourier_hook
from isthmus.augment.translate.cut import CutSettings
from isthmus.augment.translate.training import train_cut
from isthmus.data.dataset import Dataset
from isthmus.data.images import read_resized, write_png
from isthmus.data.ontology import Ontology
from isthmus.detect.bootstrap import frame_units, make_plan, score
from isthmus.detect.detector import build_detector, load_detector, save_detector
from isthmus.detect.evaluate import predict
from isthmus.detect.objectives import Supervised, images_digest
from isthmus.detect.precision import match
from isthmus.detect.samples import read_images, read_samples
from isthmus.detect.train import Recipe, train
from isthmus.files import read_json, write_json

CLASSES = ("vehicle", "person")
DAY, DUSK = ("0006R0", "0016E5"), "0001TP"
SEEDS = 3
SHARE = 0.7
BATCH = 8
TARGETS = (1, 8)
ARMS = ("source", "fda", "effect", "cut")
GAP_FRAMES = 90


def sets(camvid: Path, work: Path, size: tuple[int, int]) -> dict[str, Dataset]:
    """Day, dusk to look at and dusk to be scored on, as copies at `size`."""
    whole = isthmus.read_dataset(camvid / "coco.json")
    classes = {name: None for name in whole.categories} | {name: name for name in CLASSES}
    small = work / f"frames-{size[0]}x{size[1]}"
    parts = {}
    for name, sequences, split in (
        ("day", DAY, "train"), ("dusk", (DUSK,), "train"), ("test", (DUSK,), "test"),
    ):  # fmt: skip
        chosen = [f for f in whole if f.sequence in sequences and f.split == split]
        for frame in chosen:
            path = small / f"{frame.image.stem}.png"
            if not path.exists():
                write_png(path, read_resized(frame.image, *size))
        part = isthmus.adopt_translated(replace(whole, name=name, frames=tuple(chosen)), small)
        parts[name] = replace(part.map_categories(Ontology(CLASSES, classes)), problems=())
    return parts


def train_once(
    source: Dataset, target: Dataset, folder: Path, settings: CutSettings
) -> tuple[Path, float]:
    """The translator, and CPU minutes that its training took over all calls."""
    clock = folder / "seconds.json"
    spent = float(read_json(clock)) if clock.exists() else 0.0
    started = time.process_time()
    try:
        made = train_cut(source, target.unlabeled(), folder, settings=settings)
    finally:
        write_json(clock, spent + time.process_time() - started)
    return made.path, float(read_json(clock)) / 60


def gap(frames: Dataset, target: Dataset, extractors: list[str]) -> list[float]:
    """MMD² between features of up to `GAP_FRAMES` frames and of the target's, by extractor."""
    places = np.linspace(0, len(frames) - 1, min(GAP_FRAMES, len(frames))).round().astype(int)
    some = [frames.frames[i] for i in places]
    values = []
    for spec in extractors:
        extractor = isthmus.load_extractor(spec)
        x, y = (isthmus.extract_features(f, extractor).layers for f in (some, target.frames))
        name = extractor.layers[-1]
        found = isthmus.measure(
            x[name], y[name], "mmd", permutations=0, bootstraps=0, floor_splits=0, scale="pooled"
        )
        values.append(found.value)
    return values


def detectors(
    arm: str, parts: dict[str, Dataset], work: Path, size: tuple[int, int], steps: list[int]
) -> list[Any]:
    """Detections of the arm's detectors on the test frames, one list a seed."""
    day = read_samples(parts["day"], CLASSES, size)
    test = read_images(parts["test"], size)
    extra, hook, print_ = None, None, ""
    if arm == "fda":
        target = read_images(parts["dusk"], size)
        hook, print_ = fourier_hook(target), images_digest(target)
    elif arm != "source":
        extra = read_samples(parts[arm], CLASSES, size)
    found = []
    for seed in range(SEEDS):
        start = burn_in(day, work, seed, steps[0])
        file = work / f"{arm}-{seed}.pt"
        if not file.exists():
            objective = Supervised(
                day, batch=BATCH, seed=seed, hook=hook, hook_fingerprint=print_, extra=extra,
                extra_share=SHARE if extra is not None else 0.0,
            )  # fmt: skip
            recipe = Recipe(steps[1], learning_rate=1e-3, age=steps[0])
            checkpoint = file.with_suffix(".checkpoint")
            trained = train(start, objective, recipe, seed=seed, name=arm, checkpoint=checkpoint)
            save_detector(file, trained.detector)
        found.append(predict(load_detector(file), test))
    return found


def burn_in(day: Any, work: Path, seed: int, steps: int) -> Any:
    file = work / f"burn-in-{seed}.pt"
    if not file.exists():
        first = build_detector("compact", CLASSES, seed=seed)
        objective = Supervised(day, batch=BATCH, seed=seed)
        checkpoint = file.with_suffix(".checkpoint")
        trained = train(
            first, objective, Recipe(steps), seed=seed, name="burn-in", checkpoint=checkpoint
        )
        save_detector(file, trained.detector)
    return load_detector(file)


def scored(parts: dict[str, Dataset], found: dict[str, list[Any]]) -> dict[str, float | None]:
    """AP at IoU 0.5 of every arm: mean over seeds and 95 % interval, and how often cut is ahead."""
    test = parts["test"]
    plan = make_plan(frame_units([f.sequence for f in test]), SEEDS, seed=0)
    figures: dict[str, float | None] = {}
    draws = {}
    for arm, seeds in found.items():
        scores = score([match(each, test, CLASSES) for each in seeds], plan, thresholds=(0.5,))
        for name, value in scores.items():
            figures[f"{arm}_ap50_{name}"] = value.mean
            figures[f"{arm}_ap50_{name}_low"] = value.low
            figures[f"{arm}_ap50_{name}_high"] = value.high
        draws[arm] = scores["vehicle"].draws
    for other in ("source", "fda", "effect"):
        low, middle, high = np.nanquantile(draws["cut"] - draws[other], (0.025, 0.5, 0.975))
        figures |= {
            f"cut_minus_{other}_ap50_vehicle": float(middle),
            f"cut_minus_{other}_ap50_vehicle_low": float(low),
            f"cut_minus_{other}_ap50_vehicle_high": float(high),
        }
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--camvid", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--size", default="192x144")
    parser.add_argument("--steps", type=int, default=300, help="of cut")
    parser.add_argument("--curve-steps", type=int, default=120, help="of the learning curve's cuts")
    parser.add_argument("--width", type=int, default=16, help="of cut's networks")
    parser.add_argument("--detector-steps", type=int, nargs=2, default=[100, 60])
    parser.add_argument("--extractor", action="append", help="besides descriptors#all")
    options = parser.parse_args()
    torch.set_num_threads(1)
    started = time.process_time()
    width, height = (int(side) for side in options.size.split("x"))
    work = options.work
    parts = sets(options.camvid, work, (width, height))
    settings = CutSettings(
        steps=options.steps, height=height, crop=96, width=options.width, learning_rate=8e-4
    )
    figures: dict[str, float | None] = {}
    path, minutes = train_once(parts["day"], parts["dusk"], work / "cut", settings)
    figures["cut_train_minutes"] = minutes
    translator = isthmus.load_translator(path)
    made = isthmus.translate_dataset(parts["day"], translator, work / "day-cut")
    parts["cut_unaudited"] = made
    parts["effect"] = isthmus.augment_dataset(parts["day"], "low_light", work / "day-effect")[0]
    reader = burn_in(read_samples(parts["day"], CLASSES, (width, height)), work, 0,
                     options.detector_steps[0])  # fmt: skip
    parts["cut"], audit = isthmus.audit_translation(
        parts["day"], made, detector=reader, detector_size=(width, height)
    )
    audit.save(work / "audit.json")
    total = sum(audit.boxes.values())
    figures |= {f"audit_{name}_share": count / total for name, count in audit.boxes.items()}
    figures |= {"audit_boxes": float(total), "audit_frames_left_out": float(len(audit.left_out)),
                "audit_made_up": float(audit.made_up or 0)}  # fmt: skip
    points = isthmus.acceptance_curve(parts["day"], translator, frames=40)
    curve = [vars(point) for point in points]
    found = {arm: detectors(arm, parts, work, (width, height), options.detector_steps)
             for arm in ARMS}  # fmt: skip
    figures |= scored(parts, found)
    extractors = ["descriptors#all", *(options.extractor or [])]
    learning = learning_curve(parts, work, replace(settings, steps=options.curve_steps), extractors)
    figures |= {f"gap_descriptors_{row['name']}": row["gap"][0] for row in learning}
    figures["cpu_minutes_of_this_call"] = (time.process_time() - started) / 60
    tables = {
        "settings": {
            "size": options.size, "cut": vars(settings), "curve_steps": options.curve_steps,
            "detector_steps": options.detector_steps, "batch": BATCH, "seeds": SEEDS,
            "share_in_another_look": SHARE, "frames": {n: len(d) for n, d in parts.items()},
        },
        "audit": {"reasons": audit.reasons, "by_category": audit.by_category,
                  "structure": audit.structure},
        "acceptance_by_strength": curve,
        "learning_curve": {"extractors": [_named(e) for e in extractors], "rows": learning},
    }  # fmt: skip
    print(json.dumps(figures, indent=1), flush=True)
    print(record("translate", figures, tables=tables))


def learning_curve(
    parts: dict[str, Dataset], work: Path, settings: CutSettings, extractors: list[str]
) -> list[dict[str, Any]]:
    """Gap to dusk-test images of day as it is, by other methods, and by `cut` of few targets."""
    test = parts["test"]
    rows = [
        {"name": name, "targets": None, "gap": gap(parts[name], test, extractors)}
        for name in ("day", "effect", "cut_unaudited", "dusk")
    ]
    some = replace(parts["day"], frames=parts["day"].frames[:: max(1, len(parts["day"]) // 90)])
    for count in (*TARGETS, len(parts["dusk"])):
        places = np.linspace(0, len(parts["dusk"]) - 1, count).round().astype(int)
        few = replace(parts["dusk"], frames=tuple(parts["dusk"].frames[i] for i in places))
        folder = work / f"cut-{count}"
        path, _ = train_once(parts["day"], few, folder, settings)
        made = isthmus.translate_dataset(some, isthmus.load_translator(path), folder / "day")
        row = {"name": f"cut_of_{count}", "targets": count}
        rows.append({**row, "gap": gap(made, test, extractors)})
    return rows


def _named(spec: str) -> str:
    """A spec without the folders of this machine."""
    scheme, mark, rest = spec.partition(":")
    return f"{scheme}:{Path(rest).name}" if mark else spec


if __name__ == "__main__":
    main()
