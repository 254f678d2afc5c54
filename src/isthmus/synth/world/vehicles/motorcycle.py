"""Motorcycles: a naked bike, a sports bike and a scooter."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from isthmus.synth.world.mesh import Mesh
from isthmus.synth.world.vehicles import plates
from isthmus.synth.world.vehicles.bicycle import lamp_disc
from isthmus.synth.world.vehicles.prototype import Slots
from isthmus.synth.world.vehicles.rider import Seat
from isthmus.synth.world.vehicles.solids import (
    bent,
    block,
    ellipsoid,
    joined,
    moved,
    pitch,
    tube,
    turned,
    yaw,
)  # fmt: skip
from isthmus.synth.world.vehicles.wheels import wheel

DESIGNS = ("naked", "sport", "scooter")


def seat(design: str) -> Seat:
    """How one sits on it."""
    if design == "scooter":
        return Seat((0.90, -0.28), 0.05, (0.30, 1.00, 0.36),
                    ((-0.13, 0.40, 0.24), (0.13, 0.40, 0.24)), 0.35)  # fmt: skip
    if design == "sport":
        return Seat((0.94, -0.26), 0.72, (0.30, 0.93, 0.42),
                    ((-0.20, 0.42, -0.42), (0.20, 0.42, -0.42)), 0.35)  # fmt: skip
    return Seat((0.92, -0.24), 0.28, (0.36, 1.04, 0.36),
                ((-0.20, 0.38, -0.22), (0.20, 0.38, -0.22)), 0.35)  # fmt: skip


@lru_cache(maxsize=12)
def motorcycle(design: str, level: int) -> dict[str, Mesh]:
    """Meshes of a motorcycle by slot, its wheels on the ground."""
    out: Slots = {}
    small = design == "scooter"
    radius, front, rear = (0.245, 0.62, -0.60) if small else (0.305, 0.74, -0.68)
    for z, width in ((front, 0.11), (rear, 0.12 if small else 0.165)):
        parts = wheel("five" if small else "ten", radius, width, level)
        for slot, mesh in parts.items():
            half = moved(mesh, (0, radius, z))
            out.setdefault(slot, []).append(half)
            if slot != "tyre" or level:
                out[slot].append(half.mirrored())
        if level:
            disc = turned([(0.02, 0.14), (0.03, 0.14), (0.03, 0.06)], 12)
            out.setdefault("steel", []).append(moved(disc, (0.5 * width, radius, z)))
    if small:
        _scooter(level, radius, front, rear, out)
    else:
        _bike(design, level, radius, front, rear, out)
    _lights(design, level, out)
    return {slot: joined(meshes) for slot, meshes in out.items()}


def _guard(
    radius: float, z: float, width: float, arc: tuple[float, float], level: int
) -> list[Mesh]:
    """A mudguard over a wheel, seen from both sides."""
    half = 0.5 * width
    over = turned(
        [(-half, radius - 0.01), (-0.6 * half, radius + 0.02), (0.6 * half, radius + 0.02),
         (half, radius - 0.01)],
        (4, 6, 10)[level], (arc[0] * np.pi, arc[1] * np.pi), sharp=80,
    )  # fmt: skip
    under = Mesh(over.points, np.ascontiguousarray(over.faces[:, ::-1]), -over.normals, over.uv)
    return [moved(m, (0, 0, z)) for m in (over, under)]


def _raised(meshes: list[Mesh], y: float) -> list[Mesh]:
    return [moved(m, (0, y, 0)) for m in meshes]


def _bike(  # noqa: PLR0917
    design: str, level: int, radius: float, front: float, rear: float, out: Slots
) -> None:
    sides = (3, 6, 8)[level]
    rows, columns = 2 + 2 * level, 5 + 3 * level
    steel, black, paint = (out.setdefault(s, []) for s in ("steel", "black", "paint"))
    for side in (-1.0, 1.0):
        steel.append(
            tube([(side * 0.10, radius, front), (side * 0.10, 0.62, front - 0.13)], 0.027, sides)
        )
        steel.append(
            tube(
                [(side * 0.10, 0.62, front - 0.13), (side * 0.10, 0.96, front - 0.27)], 0.021, sides
            )
        )
        black.append(
            tube([(side * 0.12, radius, rear), (side * 0.12, 0.42, -0.15)], [0.022, 0.032], sides)
        )
        black.append(tube([(side * 0.11, 0.42, -0.15), (side * 0.14, 0.72, 0.20),
                           (side * 0.05, 0.88, 0.46)],
                          0.026, sides))  # fmt: skip
        high = 0.94 if design == "sport" else 1.04
        black.append(tube([(0, high, front - 0.29), (side * 0.22, high, front - 0.32),
                           (side * 0.37, high - 0.02, front - 0.38)],
                          [0.015, 0.015, 0.018], sides))  # fmt: skip
        black.append(
            block(
                (side * 0.20 - 0.04, side * 0.20 + 0.04), (0.27, 0.29), (-0.20, -0.12), 0.008, level
            )
        )
        _mirror(side, high, front, level, out)
    paint += _raised(_guard(radius + 0.03, front, 0.13, (0.20, 0.92), level), radius)
    tank = ellipsoid((0, 0.86, 0.14), (0.155, 0.135, 0.29), rows, columns)
    paint.append(bent(tank, pitch(0.10), (0, 0.02, -0.08)))
    black.append(
        moved(
            bent(block((-0.13, 0.13), (-0.05, 0.045), (-0.36, 0.22), 0.045, level), pitch(-0.02)),
            (0, 0.80, -0.26),
        )
    )
    paint.append(
        bent(
            block((-0.10, 0.10), (-0.05, 0.06), (-0.26, 0.20), 0.045, level),
            pitch(-0.22),
            (0, 0.83, -0.66),
        )
    )
    out.setdefault("steel", []).append(
        block((-0.17, 0.17), (0.26, 0.52), (-0.20, 0.26), 0.06, level)
    )
    for z, lean in ((0.16, 0.35), (0.30, 0.95)) if design == "naked" else ((0.18, 0.4),):
        fins = [turned([(0.0, 0.085), (0.25, 0.085)], 8)]
        cylinder = moved(
            bent(joined(fins), np.array([[0, 1, 0], [1, 0, 0], [0, 0, -1.0]])), (0, 0, 0)
        )
        out["steel"].append(bent(cylinder, pitch(-lean), (0, 0.46, z - 0.08)))
    pipe = [(0.12, 0.48, 0.34), (0.14, 0.28, 0.38), (0.15, 0.23, 0.05), (0.16, 0.27, -0.30)]
    out.setdefault("chrome", []).append(tube(pipe, 0.024, sides))
    out["chrome"].append(tube([(0.17, 0.28, -0.30), (0.20, 0.42, -0.76)], [0.05, 0.058], sides + 2))
    black.append(tube([(0, 0.40, -0.42), (0, 0.72, -0.36)], 0.035, sides))
    if design == "sport":
        _fairing(level, out)


def _fairing(level: int, out: Slots) -> None:
    """Nose, belly pan and screen of a sports bike."""
    rows, columns = 2 + 3 * level, 5 + 4 * level
    paint = out["paint"]
    nose = ellipsoid((0, 0, 0), (0.19, 0.17, 0.34), rows, columns)
    paint.append(bent(nose, pitch(-0.32), (0, 0.86, 0.52)))
    for side in (-1.0, 1.0):
        flank = ellipsoid((0, 0, 0), (0.045, 0.25, 0.34), rows, columns)
        paint.append(bent(flank, pitch(-0.25) @ yaw(0.10 * side), (side * 0.19, 0.52, 0.24)))
    screen = ellipsoid((0, 0, 0), (0.15, 0.14, 0.17), rows, columns)
    out.setdefault("glass_dark", []).append(bent(screen, pitch(-0.75), (0, 1.00, 0.48)))


def _mirror(side: float, y: float, front: float, level: int, out: Slots) -> None:
    arm = [(side * 0.26, y, front - 0.33), (side * 0.36, y + 0.16, front - 0.30)]
    out["black"].append(tube(arm, 0.007, 4, caps=False))
    shell = block((-0.06, 0.06), (-0.04, 0.04), (-0.02, 0.03), 0.02, level)
    out["black"].append(moved(shell, (side * 0.38, y + 0.18, front - 0.30)))
    pane = block((-0.05, 0.05), (-0.03, 0.03), (-0.024, -0.018), 0.002, level)
    out.setdefault("mirror", []).append(moved(pane, (side * 0.38, y + 0.18, front - 0.30)))


def _scooter(level: int, radius: float, front: float, rear: float, out: Slots) -> None:
    sides = (3, 6, 8)[level]
    paint, black, steel = (out.setdefault(s, []) for s in ("paint", "black", "steel"))
    shield = block((-0.21, 0.21), (-0.36, 0.30), (-0.05, 0.05), (0.10, 0.12, 0.045), level)
    paint.append(bent(shield, pitch(-0.22), (0, 0.66, 0.44)))
    paint.append(moved(block((-0.17, 0.17), (0.24, 0.34), (-0.20, 0.44), 0.05, level), (0, 0, 0)))
    body = block((-0.17, 0.17), (-0.20, 0.22), (-0.42, 0.30), (0.09, 0.10, 0.14), level)
    paint.append(bent(body, pitch(-0.10), (0, 0.54, -0.42)))
    black.append(
        bent(
            block((-0.15, 0.15), (-0.04, 0.06), (-0.44, 0.30), 0.05, level),
            pitch(-0.04),
            (0, 0.78, -0.42),
        )
    )
    paint += _raised(_guard(radius + 0.03, front, 0.15, (0.10, 0.95), level), radius)
    for side in (-1.0, 1.0):
        steel.append(
            tube([(side * 0.08, radius, front), (side * 0.06, 0.55, front - 0.10)], 0.024, sides)
        )
        black.append(
            tube(
                [(0, 1.00, 0.42), (side * 0.20, 1.01, 0.40), (side * 0.33, 0.99, 0.34)],
                0.018,
                sides,
            )
        )
        _mirror(side, 1.0, front + 0.05, level, out)
    steel.append(tube([(0, 0.60, front - 0.14), (0, 1.00, 0.41)], 0.03, sides))
    black.append(block((-0.09, 0.17), (0.20, 0.40), (rear - 0.22, rear + 0.20), 0.05, level))
    paint.append(moved(ellipsoid((0, 0, 0), (0.16, 0.09, 0.11), 4 + level, 8), (0, 1.00, 0.43)))


def _lights(design: str, level: int, out: Slots) -> None:
    y, z = {"naked": (0.90, 0.60), "sport": (0.80, 0.845), "scooter": (1.00, 0.535)}[design]
    back = -0.93 if design != "scooter" else -0.82
    out.setdefault("headlamp", []).append(moved(lamp_disc(0.075), (0, y, z)))
    if design == "naked":
        out["black"].append(ellipsoid((0, y, z - 0.04), (0.095, 0.095, 0.09), 4 + level, 8))
        out["headlamp"][0] = moved(out["headlamp"][0], (0, 0, 0.05))
    out.setdefault("tail", []).append(
        block((-0.06, 0.06), (0.76, 0.81), (back - 0.02, back + 0.02), 0.012, level)
    )
    out.setdefault("brake", []).append(
        block((-0.06, 0.06), (0.73, 0.757), (back - 0.02, back + 0.02), 0.01, level)
    )
    for side in (-1.0, 1.0) if level else ():
        for height, along in ((0.72, back + 0.04), (0.86, z - 0.10)):
            blinker = ellipsoid((side * 0.17, height, along), (0.035, 0.022, 0.025), 4, 6)
            out.setdefault("indicator", []).append(blinker)
            out["black"].append(
                tube([(side * 0.05, height, along), (side * 0.16, height, along)], 0.008, 4)
            )
    place = plates.frame(np.array([0.0, 0.60, back - 0.04]), np.array([0.0, 0.3, -1.0]))
    out.setdefault("plate", []).append(plates.rectangle(place, (0.20, 0.18)))
    out["black"].append(
        block((-0.105, 0.105), (0.50, 0.74), (back - 0.035, back - 0.025), 0.003, level)
    )
