"""Largest resident size in MiB of a process that applies every effect, and loads nothing else.

`augment.py` runs it and records the figure; alone it prints it. Linux only.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

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
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    # Not `resource`'s figure: a process inherits that from the one that started it.
    print(int(status["VmHWM"].split()[0]) / 1024)


if __name__ == "__main__":
    main()
