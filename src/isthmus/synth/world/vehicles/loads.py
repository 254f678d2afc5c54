"""Too much on board: piles on roofs, in beds and on platforms, timber that sticks out."""

from __future__ import annotations

import numpy as np

from isthmus.synth.world.material import Material
from isthmus.synth.world.mesh import Mesh
from isthmus.synth.world.vehicles.paint import rgb
from isthmus.synth.world.vehicles.prototype import Slots
from isthmus.synth.world.vehicles.solids import bent, joined, pitch, roll, soft_box, tube, yaw

MATERIALS = {
    "load_card": Material(rgb(176, 138, 96), roughness=0.9, porosity=0.6),
    "load_mattress": Material(rgb(214, 208, 196), texture="cloth_stripe", roughness=0.95),
    "load_bag": Material(rgb(46, 70, 112), texture="cloth", roughness=0.9),
    "load_wood": Material(rgb(186, 146, 98), texture="bark", roughness=0.85, porosity=0.6),
    "load_strap": Material(rgb(190, 70, 30), roughness=0.8),
    "load_rack": Material((0.02, 0.02, 0.02), roughness=0.4),
}


def pile(
    rng: np.random.Generator, floor: float, z: tuple[float, float], half: float, high: float
) -> dict[str, Mesh]:
    """A pile on a surface at height `floor`, from z[0] to z[1], `half` wide to either side.

    It overhangs its base a little, is about `high` metres tall, and timber sticks out behind.
    """
    out: Slots = {"load_card": [], "load_bag": [], "load_strap": []}
    back, front = z
    long = front - back
    top = floor
    if rng.random() < 0.6:
        thick = 0.20
        box = soft_box((-1.05 * half, 1.05 * half), (0, thick), (-0.52 * long, 0.50 * long), 0.07)
        tilt = float(rng.normal(0, 0.02))
        out["load_mattress"] = [bent(box, roll(tilt), (0, floor + 0.02, back + 0.5 * long))]
        top += thick + 0.02
    while top < floor + high:
        step = float(rng.uniform(0.26, 0.45))
        _layer(rng, top, step, z, half * float(rng.uniform(0.8, 1.1)), out)
        top += step
    _straps(floor, top, z, half, out)
    _timber(rng, floor, z, half, out)
    return {slot: joined(meshes) for slot, meshes in out.items() if meshes}


def _layer(  # noqa: PLR0917
    rng: np.random.Generator, y: float, high: float, z: tuple[float, float], half: float, out: Slots
) -> None:  # fmt: skip
    """One layer of cartons and bags of unlike size, each a little askew."""
    at = z[0]
    while at < z[1] - 0.25:
        long = float(rng.uniform(0.35, 0.75))
        split = float(rng.uniform(-0.3, 0.3)) * half
        for x0, x1 in ((-half, split - 0.02), (split + 0.02, half)):
            bag = rng.random() < 0.3
            # What lies above sinks into bags; nothing hangs over a gap.
            h = high * (1.15 if bag else 1.0)
            box = soft_box((0.5 * (x0 - x1), 0.5 * (x1 - x0)), (0, h), (-0.47 * long, 0.47 * long),
                           0.11 if bag else 0.015)  # fmt: skip
            turn = yaw(float(rng.normal(0, 0.06)))
            place = (0.5 * (x0 + x1), y, at + 0.5 * long)
            out["load_bag" if bag else "load_card"].append(bent(box, turn, place))
        at += long


def _straps(floor: float, top: float, z: tuple[float, float], half: float, out: Slots) -> None:
    for share in (0.25, 0.7):
        at = z[0] + share * (z[1] - z[0])
        path = [
            (-1.08 * half, floor, at),
            (-1.08 * half, top, at),
            (1.08 * half, top, at),
            (1.08 * half, floor, at),
        ]
        out["load_strap"].append(tube(path, 0.012, 4, caps=False))


def _timber(
    rng: np.random.Generator, floor: float, z: tuple[float, float], half: float, out: Slots
) -> None:
    """Boards and poles that stick out behind, at one side."""
    side = -1.0 if rng.random() < 0.5 else 1.0
    reach = float(rng.uniform(0.7, 1.5))
    boards = []
    for k in range(5):
        x = side * half * (0.55 + 0.11 * k)
        board = soft_box((-0.045, 0.045), (0.0, 0.03 + 0.012 * (k % 3)),
                         (z[0] - reach * (1 - 0.09 * k), z[1] - 0.1 * k), 0.006)  # fmt: skip
        boards.append(bent(board, pitch(-0.015), (x, floor + 0.03 * (k % 2) + 0.01, 0.0)))
    out["load_wood"] = boards


def rack(roof: float, z: tuple[float, float], half: float) -> dict[str, Mesh]:
    """Cross bars under a load on a roof."""
    bars = []
    for share in (0.12, 0.88):
        at = z[0] + share * (z[1] - z[0])
        path = [(-half, roof - 0.10, at), (-0.97 * half, roof + 0.045, at),
                (0.97 * half, roof + 0.045, at), (half, roof - 0.10, at)]  # fmt: skip
        bars.append(tube(path, 0.018, 5))
    return {"load_rack": joined(bars)}
