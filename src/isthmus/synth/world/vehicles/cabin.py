"""What is seen through the windows: seats, dashboard, steering wheel, a driver."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from isthmus.synth.world.mesh import Mesh, flat, quads
from isthmus.synth.world.vehicles.prototype import Slots
from isthmus.synth.world.vehicles.solids import (
    bent,
    block,
    ellipsoid,
    moved,
    pitch,
    soft_box,
    tube,
    vec,
)


def seat(at: Sequence[float], width: float, level: int, rest: bool = True) -> list[Mesh]:
    """A seat whose hip point is `at` (x, y, z), facing +Z."""
    half = 0.5 * width
    back = block((-half, half), (0.0, 0.58), (-0.13, 0.0), (0.07, 0.06, 0.05), level)
    parts = [bent(back, pitch(0.30), (at[0], at[1] - 0.02, at[2] - 0.12))]
    if rest:
        head = block((-0.13, 0.13), (0.0, 0.19), (-0.06, 0.03), (0.05, 0.05, 0.03), level)
        parts.append(bent(head, pitch(0.14), (at[0], at[1] + 0.58, at[2] - 0.33)))
    if level == 2:
        cushion = soft_box((-half, half), (at[1] - 0.22, at[1] - 0.06), (-0.22, 0.34), 0.05)
        parts.append(moved(cushion, (at[0], 0, at[2])))
    return parts


def driver(at: Sequence[float], wheel: Sequence[float], level: int, out: Slots) -> None:
    """A person with the hips at `at`, the hands on a wheel whose middle is `wheel`."""
    hip, middle = np.asarray(at, float), np.asarray(wheel, float)
    neck = hip + vec(0.0, 0.50, -0.20)
    rows, columns = ((4, 6), (6, 9))[level == 2]
    face, hair = neck + vec(0, 0.19, 0.055), neck + vec(0, 0.222, 0.030)
    out["driver_skin"] = [ellipsoid(face, (0.075, 0.115, 0.098), rows, columns)]
    out["driver_hair"] = [ellipsoid(hair, (0.083, 0.098, 0.100), rows, columns)]
    body = [
        (hip + vec(0, 0.02, -0.02)),
        (hip + vec(0, 0.25, -0.09)),
        (hip + vec(0, 0.42, -0.165)),
        neck + vec(0, 0.01, 0),
    ]
    trunk = tube(body, [0.16, 0.175, 0.15, 0.065], 6 if level < 2 else 9)
    wide = trunk.points.copy()
    wide[:, 0] = hip[0] + 1.18 * (wide[:, 0] - hip[0])
    cloth = [Mesh(wide, trunk.faces, trunk.normals, trunk.uv)]
    if level == 2:
        out["driver_skin"].append(
            tube([neck - vec(0, 0.02, 0), neck + vec(0, 0.12, 0.03)], 0.055, 7, False)
        )
        for side in (-1.0, 1.0):
            shoulder = hip + vec(side * 0.19, 0.43, -0.17)
            hand = middle + vec(side * 0.17, 0.03, -0.01)
            elbow = 0.5 * (shoulder + hand) + vec(side * 0.07, -0.11, -0.03)
            cloth.append(tube([shoulder, elbow, hand], [0.062, 0.048, 0.036], 6))
            out["driver_skin"].append(ellipsoid(hand, (0.04, 0.045, 0.04), 4, 6))
    out["driver_cloth"] = cloth


def steering_wheel(at: Sequence[float], radius: float, tilt: float, level: int) -> Mesh:
    """A rim whose plane leans forward from upright by `tilt` radians."""
    angle = 2 * np.pi * np.arange(15 if level == 2 else 9) / (14 if level == 2 else 8)
    ring = np.stack([radius * np.cos(angle), radius * np.sin(angle), 0 * angle], axis=1)
    mesh = tube(ring, 0.017, 5 if level == 2 else 3, caps=False)
    return bent(mesh, pitch(-tilt), at)


def floor(half: float, y: float, z: tuple[float, float], reach: float) -> Mesh:
    """The dark floor of a body, seen from inside and from below; narrow beyond the axles."""
    back, front = z
    outline = [(0.60 * half, -reach + 0.16), (0.86 * half, back), (0.86 * half, front),
               (0.60 * half, reach - 0.16)]  # fmt: skip
    strips = []
    for (a, near), (b, far) in pairwise(outline):
        top = [(-a, y, near), (-b, y, far), (b, y, far), (a, y, near)]
        strips += [top, [(px, y - 0.01, pz) for px, _, pz in reversed(top)]]
    return flat(*quads(strips))


def card(edge: np.ndarray, low: float, thickness: float) -> Mesh:
    """A door's inner panel: below a line (n, 3) of the right side, facing inwards."""
    top = edge - np.array([thickness, 0.0, 0.0])
    foot = np.stack([top[:, 0] - 0.02, np.full(len(top), low), top[:, 2]], axis=1)
    strips = np.stack([top[:-1], foot[:-1], foot[1:], top[1:]], axis=1)
    inward = np.cross(strips[0, 1] - strips[0, 0], strips[0, 2] - strips[0, 0])[0] < 0
    return flat(*quads(strips if inward else strips[:, ::-1]))
