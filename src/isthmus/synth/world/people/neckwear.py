"""What goes round a neck: collars, scarves, hoods that are down."""

from __future__ import annotations

import numpy as np

from isthmus.synth.world.people import flesh
from isthmus.synth.world.people.loft import Surface, circle, oval, sheet, swept
from isthmus.synth.world.people.physique import Body
from isthmus.synth.world.people.skeleton import ramp


def collar(body: Body, height: float, detail: int, opening: float) -> Surface:
    """A standing collar, `height` a share of the body's; open in front with an open garment."""
    h = body.traits.height
    sides = {2: 18, 1: 9, 0: 6}[detail]
    ring = flesh.trunk(body, np.array([4.72, 4.95]), sides, 0.008 * h)
    high = ring[1] + [0.0, height * h * 0.9, 0.012 * h]
    # A collar is lower in front.
    front = ramp(np.sin(circle(sides)), 0.2, 1.0)
    high[:, 1] -= front * height * h * 0.55
    inner = high + (high.mean(axis=0) - high) * 0.10
    low = ring[1] * 0.4 + inner * 0.6 + (inner.mean(axis=0) - inner) * 0.12
    whole = sheet(np.stack([ring[0], ring[1], high, inner, low]))
    if not opening:
        return whole
    middle = whole.points[whole.faces].mean(axis=1)
    shut = (middle[:, 2] < 0.0) | (np.abs(middle[:, 0]) > 0.030 * h)
    return Surface(whole.points, whole.faces[shut], whole.uv, whole.weld)


def scarf(body: Body, detail: int, rng: np.random.Generator) -> Surface:
    """A scarf wound round the neck."""
    h = body.traits.height
    sides, ring = {2: (16, 6), 1: (8, 4), 0: (5, 3)}[detail]
    angle, tube = circle(sides), circle(ring)
    base = flesh.trunk(body, np.array([5.0]), sides, 0.012 * h)[0] + [0.0, 0.008 * h, 0.006 * h]
    out = base - base.mean(axis=0)
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    thick = 0.017 * h * (1 + 0.22 * np.sin(3 * angle + float(rng.uniform(0, 6))))
    grid = (
        base[:, None]
        + out[:, None] * (np.cos(tube)[None] * thick[:, None] * 0.8)[..., None]
        - np.array([0.0, 1.0, 0.0]) * (np.sin(tube)[None] * thick[:, None])[..., None]
    )
    closed = np.concatenate([grid, grid[:1]])
    return sheet(closed)


def hood_down(body: Body, detail: int) -> Surface:
    """A hood that lies on the back of the neck."""
    h = body.traits.height
    sides, rings = {2: (10, 9), 1: (6, 5), 0: (4, 3)}[detail]
    t = np.linspace(-1.0, 1.0, rings)
    a = t * np.radians(115)
    base = flesh.trunk(body, np.array([4.75]), 4, 0.014 * h)[0]
    half, back = abs(base[0, 0]) * 0.72, base[3, 2]
    middle_z = float(base[:, 2].mean())
    depth = middle_z - back
    centres = np.stack([half * np.sin(a), np.full_like(a, body.level(4.86)) + 0.012 * h * np.cos(a),
                        middle_z - depth * np.cos(a) * 1.02], axis=1)  # fmt: skip
    size = h * (0.008 + 0.022 * np.cos(t * np.pi / 2))
    # The roll's axis runs from left to right behind the neck.
    along = np.gradient(centres, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    up = np.array([0.0, 1.0, 0.0])
    across = np.cross(up, along)
    section = oval(circle(sides), size, size * 0.9, size * 1.5)
    return sheet(swept(centres, across, np.cross(along, across), section), caps=(True, True))
