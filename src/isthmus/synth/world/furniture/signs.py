"""Traffic signs by shape and colour; their faces look towards +Z."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from isthmus.synth.chance import one_of
from isthmus.synth.world.furniture.finish import STEEL, assembled, paint
from isthmus.synth.world.material import Material
from isthmus.synth.world.mesh import Mesh, box, join
from isthmus.synth.world.shapes import disc, polygon, tube
from isthmus.synth.world.thing import Thing

Face = list[tuple[Mesh, Material]]
RED, WHITE, BLUE, YELLOW, BLACK, GREEN = (
    paint(c, 0.4)
    for c in ((190, 24, 30), (235, 235, 232), (20, 70, 160), (240, 190, 30), (20, 20, 20),
              (20, 110, 70))
)  # fmt: skip


def _polygon(count: int, radius: float, height: float, z: float, turn: float) -> Mesh:
    angle = turn + 2 * np.pi * np.arange(count) / count
    zeros = np.full(count, z)
    return polygon(np.stack([radius * np.sin(-angle), height + radius * np.cos(angle), zeros], 1))


def _speed(y: float) -> Face:
    digits = join([box((-0.13, -0.03), (y - 0.11, y + 0.11), (0.03, 0.033)),
                   box((0.03, 0.14), (y - 0.11, y + 0.11), (0.03, 0.033))])  # fmt: skip
    return [(disc((0, y, 0.02), (0, 0, 1), 0.32, 24), RED),
            (disc((0, y, 0.025), (0, 0, 1), 0.25, 24), WHITE), (digits, BLACK)]  # fmt: skip


def _no_entry(y: float) -> Face:
    bar = box((-0.22, 0.22), (y - 0.06, y + 0.06), (0.025, 0.03))
    return [(disc((0, y, 0.02), (0, 0, 1), 0.32, 24), RED), (bar, WHITE)]


def _no_parking(y: float) -> Face:
    c = 0.24 / 2**0.5
    bar = polygon([(-c - 0.03, y + c - 0.03, 0.03), (c - 0.03, y - c - 0.03, 0.03),
                   (c + 0.03, y - c + 0.03, 0.03), (-c + 0.03, y + c + 0.03, 0.03)])  # fmt: skip
    return [(disc((0, y, 0.02), (0, 0, 1), 0.3, 24), RED),
            (disc((0, y, 0.025), (0, 0, 1), 0.24, 24), BLUE), (bar, RED)]  # fmt: skip


def _stop(y: float) -> Face:
    word = join([box((x, x + 0.07), (y - 0.07, y + 0.07), (0.03, 0.033))
                 for x in (-0.2, -0.09, 0.02, 0.13)])  # fmt: skip
    return [(_polygon(8, 0.37, y, 0.02, np.pi / 8), WHITE),
            (_polygon(8, 0.35, y, 0.025, np.pi / 8), RED), (word, WHITE)]  # fmt: skip


def _yield(y: float) -> Face:
    return [(_polygon(3, 0.42, y, 0.02, np.pi), RED), (_polygon(3, 0.26, y, 0.025, np.pi), WHITE)]


def _warning(y: float) -> Face:
    mark = box((-0.03, 0.03), (y - 0.1, y + 0.12), (0.03, 0.033))
    return [(_polygon(3, 0.42, y, 0.02, 0.0), RED), (_polygon(3, 0.3, y, 0.025, 0.0), WHITE),
            (mark, BLACK)]  # fmt: skip


def _priority(y: float) -> Face:
    return [(_polygon(4, 0.36, y, 0.02, 0.0), WHITE), (_polygon(4, 0.25, y, 0.025, 0.0), YELLOW)]


def _crossing(y: float) -> Face:
    walker = join([box((-0.03, 0.05), (y - 0.05, y + 0.1), (0.03, 0.033)),
                   box((-0.1, -0.03), (y - 0.15, y - 0.02), (0.03, 0.033)),
                   box((0.03, 0.09), (y - 0.15, y - 0.02), (0.03, 0.033))])  # fmt: skip
    return [(box((-0.3, 0.3), (y - 0.3, y + 0.3), (0.01, 0.02)), BLUE),
            (_polygon(3, 0.27, y - 0.04, 0.025, 0.0), WHITE), (walker, BLACK)]  # fmt: skip


def _parking(y: float) -> Face:
    letter = join([box((-0.1, -0.03), (y - 0.18, y + 0.18), (0.022, 0.026)),
                   box((-0.03, 0.12), (y, y + 0.18), (0.022, 0.026))])  # fmt: skip
    return [(box((-0.27, 0.27), (y - 0.3, y + 0.3), (0.01, 0.02)), BLUE), (letter, WHITE)]


def _direction(y: float) -> Face:
    lines = join([box((-0.6, 0.3 - 0.2 * k), (y + 0.1 - 0.25 * k, y + 0.2 - 0.25 * k),
                      (0.022, 0.026)) for k in range(2)])  # fmt: skip
    return [(box((-0.8, 0.8), (y - 0.3, y + 0.35), (0.0, 0.02)), GREEN), (lines, WHITE)]


SIGNS: Mapping[str, Callable[[float], Face]] = MappingProxyType(
    {
        "speed limit": _speed,
        "no entry": _no_entry,
        "no parking": _no_parking,
        "stop": _stop,
        "yield": _yield,
        "warning": _warning,
        "priority": _priority,
        "crossing": _crossing,
        "parking": _parking,
        "direction": _direction,
    }
)
"""Kind of sign → its face at a height."""


def sign(rng: np.random.Generator, kind: str | None = None) -> Thing:
    """A sign on a post (`kind`: a name in `SIGNS`; drawn by default)."""
    chosen = kind or one_of(rng, tuple(SIGNS))
    height = float(rng.uniform(2.1, 2.6))
    post = tube((0, 0, -0.03), (0, height + 0.3, -0.03), radius=0.035, sides=6)
    face = SIGNS[chosen](height)
    # The back is bare metal.
    back = face[0][0]
    rear = Mesh(back.points - np.array([0, 0, 0.012], np.float32), back.faces[:, ::-1].copy(),
                -back.normals, back.uv)  # fmt: skip
    pieces = [(post, STEEL, "pole"), (rear, STEEL, "traffic sign")]
    pieces += [(mesh, material, "traffic sign") for mesh, material in face]
    return assembled(pieces, attributes={"sign": chosen})
