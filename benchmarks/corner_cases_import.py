"""Importing a label file of BDD100K's size: 70 000 frames, 1.3 million boxes.

The file is generated in the form of 2018 (attributes of frames and boxes, lanes); its images are
hard links to a few JPEG files of 1280 × 720 pixels and about 55 kB (the mean of BDD100K's), whose
headers and digests are read and whose pixels are not decoded: that costs the same for any label
format and is measured elsewhere. The import runs in a process of its own, so that its peak memory
is its own.

    python benchmarks/corner_cases_import.py [frames]
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

FRAMES, BOXES = 70_000, 1_300_000
LINKS = 20_000
"""Links to one file; file systems allow few more than 60 000."""
CATEGORIES = ("car", "traffic sign", "traffic light", "person", "truck", "bus", "bike", "rider")
WEATHER = ("clear", "partly cloudy", "overcast", "rainy", "snowy", "foggy")


def make_labels(folder: Path, frames: int, boxes: int) -> Path:
    """A label file and its images below `folder`."""
    from PIL import Image

    rng = np.random.default_rng(0)
    images = folder / "images"
    images.mkdir()
    originals = []
    for index in range(-(-frames // LINKS)):
        noise = rng.integers(0, 255, (45, 80, 3), dtype=np.uint8)
        originals.append(folder / f"original-{index}.jpg")
        Image.fromarray(noise).resize((1280, 720)).save(originals[-1], quality=20)
    counts = rng.multinomial(boxes, np.full(frames, 1 / frames))
    path = folder / "bdd100k_labels_images_train.json"
    with path.open("w") as handle:
        for index, count in enumerate(counts):
            name = f"{index // 7:08x}-{index:08x}.jpg"
            os.link(originals[index // LINKS], images / name)
            handle.write("[" if index == 0 else ",")
            json.dump(_frame(rng, name, int(count)), handle)
        handle.write("]")
    return path


def _frame(rng: np.random.Generator, name: str, boxes: int) -> dict[str, Any]:
    corners = rng.uniform((0, 0), (1200, 650), (boxes, 2))
    sizes = rng.uniform(5, 70, (boxes, 2))
    kinds = rng.integers(0, len(CATEGORIES), boxes)
    labels: list[dict[str, Any]] = [
        {
            "category": CATEGORIES[kind],
            "attributes": {
                "occluded": bool(kind % 2),
                "truncated": False,
                "trafficLightColor": "none",
            },
            "manualShape": True,
            "manualAttributes": True,
            "box2d": {"x1": float(x), "y1": float(y), "x2": float(x + w), "y2": float(y + h)},
            "id": index,
        }
        for index, (kind, (x, y), (w, h)) in enumerate(zip(kinds, corners, sizes, strict=True))
    ]
    for _ in range(6):
        vertices = rng.uniform(0, 700, (2, 2)).tolist()
        labels.append(
            {
                "category": "lane",
                "attributes": {"laneDirection": "parallel", "laneStyle": "solid"},
                "poly2d": [{"vertices": vertices, "types": "LL", "closed": False}],
                "id": len(labels),
            }
        )
    return {
        "name": name,
        "attributes": {
            "weather": WEATHER[int(rng.integers(len(WEATHER)))],
            "scene": "city street",
            "timeofday": "daytime",
        },
        "timestamp": 10000,
        "labels": labels,
    }


def import_once(path: Path) -> dict[str, float]:
    """Read the label file in this process: CPU seconds, and peak memory of the process in GiB."""
    from isthmus import read_dataset

    start = time.process_time()
    dataset = read_dataset(path, images=path.parent / "images", decode=False)
    seconds = time.process_time() - start
    boxes = sum(len(frame.objects or ()) for frame in dataset)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {"frames": len(dataset), "boxes": boxes, "seconds": seconds, "gib": peak}


def import_figures(frames: int = FRAMES) -> dict[str, float]:
    """`import_70k_s` (CPU seconds) and `import_70k_gib` (peak memory of the process).

    `frames` may be fewer for a quick look; boxes go with them.
    """
    with tempfile.TemporaryDirectory(prefix="import-") as folder:
        boxes = BOXES * frames // FRAMES
        path = make_labels(Path(folder), frames, boxes)
        command = [sys.executable, __file__, "--import", str(path)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    if (found["frames"], found["boxes"]) != (frames, boxes):
        raise RuntimeError(f"imported {found}, expected {frames} frames and {boxes} boxes")
    return {"import_70k_s": found["seconds"], "import_70k_gib": found["gib"]}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--import"]:
        print(json.dumps(import_once(Path(sys.argv[2]))))
    else:
        print(json.dumps(import_figures(int(sys.argv[1]) if len(sys.argv) > 1 else FRAMES)))
