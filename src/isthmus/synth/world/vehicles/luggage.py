"""What people tie to the roof when they should not."""

from __future__ import annotations

import numpy as np

from isthmus.synth.world.material import Material
from isthmus.synth.world.mesh import Mesh, join
from isthmus.synth.world.vehicles.paint import rgb
from isthmus.synth.world.vehicles.solids import moved, soft_box


def roof_load(rng: np.random.Generator, top: float) -> dict[str, tuple[Mesh, Material]]:
    """Meshes with materials, by slot, on a roof at height `top`: mattress, boxes, timber."""
    high = top - 0.02
    mattress = soft_box((-0.75, 0.75), (high, high + 0.2), (-1.35, 0.6), 0.06)
    boxes, level = [], high + 0.2
    for _ in range(int(rng.integers(3, 6))):
        w, h, d = rng.uniform(0.3, 0.7), rng.uniform(0.25, 0.5), rng.uniform(0.3, 0.7)
        x, z = rng.uniform(-0.6 + w / 2, 0.6 - w / 2), rng.uniform(-1.1 + d / 2, 0.4 - d / 2)
        boxes.append(moved(soft_box((-w / 2, w / 2), (0, h), (-d / 2, d / 2), 0.02), (x, level, z)))
        level += h * 0.55
    planks = [
        moved(soft_box((-0.06, 0.06), (0, 0.05), (-2.6, 1.3), 0.01), (x, level, 0.0))
        for x in rng.uniform(-0.45, 0.45, 5).tolist()
    ]
    return {
        "load_mattress": (mattress, Material(rgb(196, 190, 176), "cloth", 0.95)),
        "load_boxes": (join(boxes), Material(rgb(150, 116, 78), "dirt", 0.9)),
        "load_timber": (join(planks), Material(rgb(170, 132, 86), "bark", 0.85)),
    }
