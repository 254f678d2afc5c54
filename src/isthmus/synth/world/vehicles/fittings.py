"""Small things on a body: mirrors, handles, wipers, exhaust, roof rails, aerial."""

from __future__ import annotations

import numpy as np

from isthmus.synth.world.mesh import Mesh, flat, quads
from isthmus.synth.world.vehicles.prototype import Slots
from isthmus.synth.world.vehicles.shell import Shell
from isthmus.synth.world.vehicles.solids import bent, block, ellipsoid, moved, soft_box, tube, yaw
from isthmus.synth.world.vehicles.subdivision import Array


def mirror(foot: Array, out: Slots, level: int, scale: float = 1.0, body: str = "paint") -> None:
    """A wing mirror of the right side, whose arm stands at `foot` (3,)."""
    w, h = 0.185 * scale, 0.125 * scale
    middle = foot + np.array([0.055 * scale + 0.5 * w, 0.055 * scale, -0.02])
    shell = block((-0.5 * w, 0.5 * w), (-0.5 * h, 0.5 * h), (-0.06, 0.075),
                  (0.055, 0.05, 0.06), level)  # fmt: skip
    taper = np.array([[1, 0, 0], [0, 1, 0], [-0.18, 0.0, 1]])
    out.setdefault(body, []).append(bent(shell, taper, middle))
    if level == 0:
        return
    arm = tube([foot - [0.06, 0.01, 0], middle - [0.3 * w, 0.4 * h, -0.01]], 0.022, 5, caps=False)
    out.setdefault("trim", []).append(arm)
    a, b, z = 0.40 * w, 0.36 * h, -0.0615
    pane = [[(-a, -b, z), (-a, b, z), (a, b, z), (a, -b, z)]]
    out.setdefault("mirror", []).append(moved(flat(*quads(pane)), middle))


def handle(at: Array, normal: Array, out: Slots, slot: str = "paint") -> None:
    """A door handle along Z, standing off the surface."""
    bar = soft_box((0.0, 0.030), (-0.014, 0.014), (-0.095, 0.095), (0.012, 0.012, 0.02))
    turn = yaw(float(np.arctan2(-normal[2], normal[0])))
    out.setdefault(slot, []).append(bent(bar, turn, at - 0.004 * normal))
    shade = [[(0.002, -0.024, -0.06), (0.002, 0.020, -0.06), (0.002, 0.020, 0.06),
              (0.002, -0.024, 0.06)]]  # fmt: skip
    out.setdefault("gap", []).append(bent(flat(*quads(shade)), turn, at))


def wipers(shell: Shell, cowl: float, half: float, out: Slots) -> None:
    """Two wiper arms at rest along the foot of the wind-screen (not mirrored)."""
    foot = shell.across(cowl, 7, 9)[::-1]
    slot = out.setdefault("black", [])
    for start, end, rise in ((0.08, -0.52, 0.05), (0.64, 0.04, 0.06)):
        points = []
        for share in np.linspace(0, 1, 4):
            x = half * (start + (end - start) * share)
            y = float(np.interp(abs(x), foot[:, 0], foot[:, 1])) + 0.02 + rise * share
            at, normal = shell.probe(2, 1, (abs(x), y))
            point = at + 0.018 * normal
            points.append([x, point[1], point[2]])
        slot.append(tube(points, [0.011, 0.009, 0.008, 0.006], 4, caps=False))


def exhaust(x: float, y: float, z: float) -> Mesh:
    """The end of an exhaust pipe that points back."""
    return tube([(x, y, z + 0.16), (x, y - 0.005, z)], 0.032, 10)


def roof_rails(line: Array, out: Slots, slot: str, level: int) -> None:
    """A rail above a line (n, 3) of the right edge of the roof."""
    step = max(1, len(line) // (7 if level == 2 else 3))
    path = line[::step] + np.array([-0.045, 0.055, 0.0])
    path[[0, -1], 1] -= 0.05
    out.setdefault(slot, []).append(tube(path, 0.015, 6 if level == 2 else 3, caps=level > 0))


def fin(at: Array, level: int) -> Mesh:
    """A shark's fin aerial on the roof."""
    blob = ellipsoid((0, 0, 0), (0.024, 0.045, 0.080), 2 + level, 4 + 2 * level)
    lean = np.array([[1, 0, 0], [0, 1, 0], [0, -0.55, 1]])
    return bent(blob, lean, at + np.array([0, 0.01, 0]))
