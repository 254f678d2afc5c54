"""Largest resident size in MiB of a process that applies every effect, and loads nothing else.

python benchmarks/augment_memory.py          # writes results/augment_memory.json
"""

from __future__ import annotations

import resource

import numpy as np
import record

from isthmus.augment.arrays import Arrays
from isthmus.augment.depth import default_depth
from isthmus.augment.effect import EFFECTS


def main() -> None:
    width, height = 640, 360
    image = np.random.default_rng(0).integers(0, 255, (height, width, 3)).astype(np.uint8)
    image[: height // 2] = 230
    depth = default_depth(image)
    for effect in EFFECTS.values():
        effect.apply(Arrays(image, exact=True), depth, 3.0, np.random.default_rng(0))
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(record.record("augment_memory", {"worker_mib": largest}))


if __name__ == "__main__":
    main()
