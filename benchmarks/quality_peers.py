"""Planted faults in real frames: which of them are found, and how long 1000 images take.

    python -m venv peers && peers/bin/pip install -r benchmarks/requirements-quality-peers.txt
    python benchmarks/quality_peers.py DATA --peers peers/bin/python --network onnx:NET.onnx

DATA is a folder with `camvid`. Each fault is planted in frames of its own; finding it means naming
that frame under that fault (for copies: the pair). `false` in the tables counts frames without a
planted fault that were named all the same, `other_fault` those that have another one; frames of a
video that repeat each other are no false alarms. All tools get the same folder of images, with
their defaults; times are CPU seconds with children. What each is asked for stands in
quality_peer_tools.py. FiftyOne wants a MongoDB: FIFTYONE_DATABASE_URI names one, if it cannot
install its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import quality_peer_tools
import record
from PIL import Image, ImageFilter

import isthmus

EACH = 5
CLEAN = 120
Picture = Image.Image


def _scaled(factor: float, offset: float = 0.0) -> Callable[[Picture], Picture]:
    return lambda image: Image.fromarray(
        np.clip(np.asarray(image) * factor + offset, 0, 255).astype(np.uint8)
    )


FAULTS: dict[str, Callable[[Picture], Picture]] = {
    "under_exposed": _scaled(0.08),
    "over_exposed": _scaled(2.0, 130),
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(4)),
    "uniform": lambda image: Image.new("RGB", image.size, (94, 96, 99)),
    "grayscale": lambda image: image.convert("L"),
    "odd_aspect": lambda image: image.crop((0, 0, image.width, image.height // 5)),
    "odd_size": lambda image: image.resize((image.width // 8, image.height // 8)),
}
"""Fault of ours → what is done to a frame."""
COPIES: dict[str, Callable[[Picture], Picture]] = {
    "exact": lambda image: image,
    "near": lambda image: image.resize((image.width * 3 // 4, image.height * 3 // 4)),
}


def plant(shared: Path, folder: Path) -> tuple[dict[str, str], list[tuple[str, str]], int]:
    """Write frames; returns name → fault, pairs of copies, number of images."""
    images = shared / "camvid" / "images"
    paths = sorted(p for part in ("train", "test") for p in (images / part).glob("*.jpg"))
    wanted = CLEAN + EACH * (len(FAULTS) + len(COPIES))
    chosen = [paths[int(i)] for i in np.linspace(0, len(paths) - 1, wanted).round()]
    planted: dict[str, str] = {}
    pairs: list[tuple[str, str]] = []
    for path in chosen[:CLEAN]:
        (folder / path.name).write_bytes(path.read_bytes())
    rest = iter(chosen[CLEAN:])
    for fault, change in FAULTS.items():
        for number in range(EACH):
            name = f"{fault}-{number}.png"
            change(_read(next(rest))).save(folder / name)
            planted[name] = fault
    for kind, change in COPIES.items():
        for number in range(EACH):
            image = _read(next(rest))
            names = (f"copy-{kind}-{number}a.png", f"copy-{kind}-{number}b.png")
            image.save(folder / names[0])
            change(image).save(folder / names[1])
            pairs.append(names)
    return planted, pairs, len(list(folder.iterdir()))


def _read(path: Path) -> Picture:
    with Image.open(path) as image:
        return image.convert("RGB")


def score(
    faults: dict[str, list[str]],
    groups: list[list[str]],
    planted: dict[str, str],
    pairs: list[tuple[str, str]],
    names: dict[str, str],
) -> dict[str, Any]:
    """How many planted faults and copies are named; `names`: fault of ours → the tool's word."""
    found = {
        fault: sum(name in faults.get(word, ()) for name, f in planted.items() if f == fault)
        for fault, word in names.items()
    }
    found["copies"] = sum(any(a in g and b in g for g in groups) for a, b in pairs)
    false, other = (
        {
            fault: sum(
                (name in planted) == elsewhere and planted.get(name) != fault
                for name in faults.get(word, ())
            )
            for fault, word in names.items()
        }
        for elsewhere in (False, True)
    )
    return {"found": found, "false": false, "other_fault": other}


def ours(folder: Path) -> dict[str, Any]:
    """What `isthmus.check_quality` finds, with the CPU seconds of this process."""
    with tempfile.TemporaryDirectory() as name:  # imports are not what is measured
        for file in sorted(folder.iterdir())[:3]:
            (Path(name) / file.name).write_bytes(file.read_bytes())
        isthmus.check_quality(Path(name), extractor=None)
    start = resource.getrusage(resource.RUSAGE_SELF)
    document = isthmus.check_quality(folder, extractor=None).document["sets"][0]
    end = resource.getrusage(resource.RUSAGE_SELF)
    copies = document["duplicates"]
    return {
        "faults": {name: row["frames"] for name, row in document["image_faults"].items()},
        "groups": copies["exact_groups"] + copies["near_groups"],
        "seconds": end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime,
    }


def features_of(folder: Path, extractor: str, path: Path) -> None:
    """Write an extractor's features of the folder's images, all layers side by side."""
    found = isthmus.extract_features(
        isthmus.read_dataset(folder), isthmus.load_extractor(extractor)
    )
    rows = np.concatenate([found.layers[layer] for layer in found.layers], axis=1)
    names = [Path(name).name for name in found.ids]
    np.savez(path, names=np.array(names), rows=rows, allow_pickle=False)


def main() -> None:
    parser = argparse.ArgumentParser(description="Planted faults, ours and peers.")
    parser.add_argument("shared", type=Path)
    parser.add_argument("--peers", type=Path, help="python of the peers' environment")
    parser.add_argument("--network", default="descriptors",
                        help="extractor whose features FiftyOne Brain gets")  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="print, write nothing")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory() as scratch:
        folder = Path(name)
        planted, pairs, count = plant(given.shared, folder)
        results = {"": (ours(folder), {fault: fault for fault in FAULTS})}
        if given.peers:
            clean = frozenset(f.name for f in folder.iterdir()) - planted.keys()
            clean -= {name for pair in pairs for name in pair}
            for tool, words in quality_peer_tools.NAMES.items():
                features = Path(scratch) / "features.npz"
                if not features.exists():
                    features_of(folder, given.network, features)
                found = quality_peer_tools.run(tool, folder, given.peers, clean, features)
                results[f"{tool}_"] = (found, words)
    figures: dict[str, float | None] = {"planted_total": len(planted) + len(pairs)}
    tables = {}
    for prefix, (result, names) in results.items():
        told = score(result["faults"], result["groups"], planted, pairs, names)
        figures[f"{prefix}planted_found"] = sum(told["found"].values())
        figures[f"{prefix}seconds_per_1000"] = 1000 * result["seconds"] / count
        tables[prefix.rstrip("_") or "isthmus"] = told
    print(json.dumps({"figures": figures, "tables": tables}, indent=1))
    if not given.quick:
        print(record.record("quality_peers", figures, tables=tables, packages=("scipy",)))


if __name__ == "__main__":
    main()
