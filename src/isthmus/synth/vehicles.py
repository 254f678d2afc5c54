"""Vehicles as small solids: a side profile drawn out over the width, with wheels, glass and lamps.

Each style is a table of corners of the side view (metres from the centre along the length, height,
half width) running from the front bumper over the roof to the rear bumper. Two bends of that line
are the ends of the glasshouse. Everything else hangs on the faces between the corners.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

import numpy as np

from isthmus.synth.chance import weighted
from isthmus.synth.mesh import CORNERS, Floats, Material, Mesh, join, linear, mesh, patch

# Slots of a vehicle's palette.
PAINT, GLASS, TYRE, RIM, TAIL, HEAD, PLATE, TRIM, CARGO, DARK = range(10)
SLOT_MATERIAL = np.array(
    [
        Material.PAINT, Material.GLASS, Material.PLAIN, Material.PLAIN, Material.TAILLAMP,
        Material.HEADLAMP, Material.PLAIN, Material.PLAIN, Material.PAINT, Material.PLAIN,
    ]
)  # fmt: skip
PAINTS = {
    (228, 228, 226): 17,
    (150, 154, 158): 18,
    (92, 95, 100): 14,
    (32, 33, 36): 16,
    (24, 38, 74): 8,
    (44, 82, 140): 7,
    (140, 24, 26): 6,
    (168, 42, 34): 4,
    (46, 74, 52): 3,
    (196, 178, 140): 3,
    (206, 160, 40): 2,
    (70, 50, 42): 2,
}


@dataclass(frozen=True)
class Style:
    """Shape of one kind of vehicle.

    Attributes:
        category: word used in labels.
        profile: (k, 3) corners: position along the length (front positive), height, half width.
        glasshouse: indices of the first and last corner of the part with windows.
        glazed: strips (by index of their first corner) that are mostly glass.
        axles: positions of the axles along the length.
        wheel: radius of the wheels.
        cargo: (rear, front, height, half width, floor) of a load box behind the cab, if any.
        pillars: shares along the glasshouse at which pillars stand.
    """

    category: str
    profile: tuple[tuple[float, float, float], ...]
    glasshouse: tuple[int, int]
    glazed: tuple[int, ...]
    axles: tuple[float, ...]
    wheel: float = 0.32
    cargo: tuple[float, float, float, float, float] | None = None
    pillars: tuple[float, ...] = (0.5,)
    side_glass: tuple[float, float] = (0.06, 0.94)

    @property
    def size(self) -> tuple[float, float, float]:
        """Width, height, length in metres."""
        corners = np.array(self.profile)
        low, high = corners[:, 0].min(), corners[:, 0].max()
        width, height = 2 * corners[:, 2].max(), corners[:, 1].max()
        if self.cargo:
            low, height = min(low, self.cargo[0]), max(height, self.cargo[2])
            width = max(width, 2 * self.cargo[3])
        return float(width), float(height), float(high - low)


STYLES: dict[str, Style] = {
    "hatchback": Style(
        "car",
        ((2.0, 0.24, 0.78), (2.02, 0.62, 0.82), (1.75, 0.82, 0.84), (0.95, 0.98, 0.87),
         (0.15, 1.46, 0.64), (-1.35, 1.45, 0.64), (-1.88, 0.98, 0.83), (-2.0, 0.85, 0.83),
         (-2.0, 0.26, 0.80)),
        (3, 6), (3, 5), (1.25, -1.25),
    ),
    "saloon": Style(
        "car",
        ((2.28, 0.22, 0.80), (2.3, 0.6, 0.86), (2.0, 0.8, 0.88), (1.1, 0.95, 0.90),
         (0.3, 1.42, 0.66), (-0.85, 1.42, 0.66), (-1.55, 1.0, 0.86), (-2.25, 0.95, 0.85),
         (-2.3, 0.28, 0.82)),
        (3, 6), (3, 5), (1.4, -1.35), 0.32,
    ),
    "estate": Style(
        "car",
        ((2.25, 0.26, 0.80), (2.28, 0.68, 0.88), (2.0, 0.92, 0.9), (1.05, 1.08, 0.92),
         (0.35, 1.66, 0.70), (-1.75, 1.64, 0.70), (-2.2, 1.08, 0.88), (-2.28, 0.95, 0.88),
         (-2.28, 0.34, 0.84)),
        (3, 6), (3, 5), (1.4, -1.4), 0.36, None, (0.38, 0.7),
    ),
    "van": Style(
        "van",
        ((2.5, 0.28, 0.88), (2.52, 0.78, 0.94), (2.3, 1.1, 0.96), (1.85, 1.25, 0.97),
         (1.15, 2.15, 0.86), (-2.4, 2.2, 0.86), (-2.5, 1.25, 0.96), (-2.52, 1.0, 0.96),
         (-2.5, 0.34, 0.92)),
        (3, 6), (3, 5), (1.7, -1.6), 0.35, None, (), (0.05, 0.30),
    ),
    "truck": Style(
        "truck",
        ((3.6, 0.4, 1.15), (3.62, 0.95, 1.18), (3.6, 1.35, 1.18), (3.55, 1.4, 1.18),
         (3.3, 2.6, 1.10), (1.95, 2.65, 1.10), (1.9, 1.4, 1.18), (1.9, 1.0, 1.18),
         (1.9, 0.6, 1.15)),
        (3, 6), (3,), (2.7, -2.2), 0.48, (-3.7, 1.7, 3.3, 1.22, 0.95), (), (0.15, 0.7),
    ),
    "bus": Style(
        "bus",
        ((5.2, 0.35, 1.22), (5.25, 0.9, 1.25), (5.22, 1.15, 1.25), (5.2, 1.2, 1.25),
         (5.1, 2.95, 1.22), (-5.1, 2.95, 1.22), (-5.2, 1.25, 1.25), (-5.22, 1.1, 1.25),
         (-5.2, 0.4, 1.22)),
        (3, 6), (3, 5), (3.2, -2.8), 0.5, None, tuple(np.linspace(0.15, 0.85, 6)), (0.02, 0.98),
    ),
}  # fmt: skip
SHARES = {
    "hatchback": 0.30, "saloon": 0.26, "estate": 0.22, "van": 0.12, "truck": 0.06, "bus": 0.04,
}  # fmt: skip


def vehicle(style: str, palette: Floats, *, lamps: bool = True) -> Mesh:
    """A vehicle of `style` at the origin, front towards +Z, in the colours of `palette` (10, 3).

    `lamps`: they shine when it is dark; a parked vehicle's do not.
    """
    body = _template(style).coloured(palette)
    if lamps:
        return body
    shining = np.isin(body.material, (Material.HEADLAMP, Material.TAILLAMP))
    return replace(body, material=np.where(shining, Material.PLAIN, body.material))


def sample_palette(rng: np.random.Generator, style: str) -> Floats:
    """Colours (10, 3), linear, of one vehicle."""
    paint = weighted(rng, PAINTS)
    if style == "bus":
        paint = [(150, 24, 28), (30, 80, 150), (210, 205, 190), (40, 110, 70)][rng.integers(4)]
    if style == "van" and rng.random() < 0.5:
        paint = (226, 226, 224)
    cargo = [(214, 212, 206), (190, 176, 60), (60, 86, 130), (150, 150, 148)][rng.integers(4)]
    plate = [(224, 224, 218), (224, 224, 218), (222, 182, 40)][rng.integers(3)]
    colours = [
        paint, (26, 32, 36), (19, 19, 20), (120, 122, 124) if rng.random() < 0.75 else (50, 50, 52),
        (150, 14, 16), (222, 224, 220), plate, (36, 36, 38), cargo, (10, 10, 11),
    ]  # fmt: skip
    palette = linear(colours)
    palette[[PAINT, CARGO]] *= rng.uniform(0.8, 1.12, (2, 1))
    return palette.clip(0, 0.92).astype(np.float32)


@lru_cache(maxsize=16)
def _template(name: str) -> Mesh:
    style = STYLES[name]
    body = _body(style)
    if not style.cargo:
        return body
    rear, front, height, half, floor = style.cargo
    return join([_load_box(rear, front, height, half, floor), body])


def _parts(parts: list[tuple[Floats, int, int]], centre: tuple[float, float, float]) -> Mesh:
    """Mesh of (polygon, slot, group); the slot waits in the red channel for its palette."""
    slots = np.array([slot for _, slot, _ in parts])
    colour = np.repeat(slots[:, None], 3, axis=1)
    groups = [group for _, _, group in parts]
    return mesh(
        [polygon for polygon, _, _ in parts], colour, SLOT_MATERIAL[slots], group=groups,
        centre=centre,
    )  # fmt: skip


def _body(style: Style) -> Mesh:
    corners = np.array(style.profile, np.float32)
    parts: list[tuple[Floats, int, int]] = []
    for i in range(len(corners) - 1):
        parts += _strip(style, corners, i)
    first, last = style.glasshouse
    low, high = corners[:, 0].min(), corners[:, 0].max()
    for sign in (-1, 1):
        group = 20 if sign < 0 else 30
        lower = [*corners[: first + 1], *corners[last:]]
        side = np.array([(sign * c[2], c[1], c[0]) for c in lower], np.float32)
        parts.append((side[:CORNERS], PAINT, group))
        parts += _side_details(style, sign, group, float(low), float(high))
        upper = corners[[last, first, first + 1, last - 1]]
        glasshouse = np.array([(sign * c[2], c[1], c[0]) for c in upper], np.float32)
        parts.append((glasshouse, PAINT, group + 5))
        parts += _side_windows(style, glasshouse, group + 5)
    return _parts(parts, (0.0, 0.75, 0.5 * float(low + high)))


def _strip(style: Style, corners: Floats, i: int) -> list[tuple[Floats, int, int]]:
    """The face between corner i and i + 1 with what hangs on it; v runs from i to i + 1."""
    a, b = corners[i], corners[i + 1]
    quad = np.array(
        [(-a[2], a[1], a[0]), (a[2], a[1], a[0]), (b[2], b[1], b[0]), (-b[2], b[1], b[0])],
        np.float32,
    )
    parts = [(quad, PAINT, i)]
    last = len(corners) - 2
    rear_windowless = style.category == "truck" and i > style.glasshouse[0]
    if i in style.glazed and not rear_windowless:
        parts.append((patch(quad, (0.07, 0.93), (0.1, 0.92)), GLASS, i))
        if style.category == "van" and i == style.glasshouse[1] - 1:
            parts.append((patch(quad, (0.48, 0.52), (0.0, 1.0)), PAINT, i))
    elif i == 0:  # front bumper and grille
        parts.append((patch(quad, (0.02, 0.98), (0.0, 0.22)), TRIM, i))
        parts.append((patch(quad, (0.25, 0.75), (0.52, 0.9)), DARK, i))
        parts.append((patch(quad, (0.36, 0.64), (0.3, 0.5)), PLATE, i))
    elif i == 1:
        parts.append((patch(quad, (0.3, 0.7), (0.0, 0.55)), DARK, i))
        parts.append((patch(quad, (0.03, 0.2), (0.08, 0.8)), HEAD, i))
        parts.append((patch(quad, (0.8, 0.97), (0.08, 0.8)), HEAD, i))
    elif i == last:  # tailgate and rear bumper
        parts.append((patch(quad, (0.02, 0.98), (0.62, 1.0)), TRIM, i))
        parts.append((patch(quad, (0.36, 0.64), (0.25, 0.45)), PLATE, i))
        parts.append((patch(quad, (0.02, 0.15), (0.02, 0.3)), TAIL, i))
        parts.append((patch(quad, (0.85, 0.98), (0.02, 0.3)), TAIL, i))
    elif i == last - 1 and abs(a[0] - b[0]) < 0.3:
        parts.append((patch(quad, (0.02, 0.13), (0.0, 1.0)), TAIL, i))
        parts.append((patch(quad, (0.87, 0.98), (0.0, 1.0)), TAIL, i))
    return parts


def _disc(x: float, y: float, z: float, radius: float) -> Floats:
    angle = np.arange(CORNERS) * (2 * np.pi / CORNERS) + np.pi / CORNERS
    return np.stack(
        [np.full(CORNERS, x), y + radius * np.sin(angle), z + radius * np.cos(angle)], axis=1
    ).astype(np.float32)


def _side_details(
    style: Style, sign: int, group: int, low: float, high: float
) -> list[tuple[Floats, int, int]]:
    parts: list[tuple[Floats, int, int]] = []
    half = style.profile[3][2]
    for axle in style.axles:
        if style.cargo and axle < style.cargo[1] - 0.5:
            continue
        x = sign * half
        parts.append((_disc(x, style.wheel * 1.08, axle, style.wheel * 1.2), DARK, group))
        parts.append((_disc(x, style.wheel, axle, style.wheel), TYRE, group))
        parts.append((_disc(x, style.wheel, axle, style.wheel * 0.62), RIM, group))
        for z in (axle - style.wheel, axle + style.wheel):  # tread seen from ahead or behind
            inner = sign * (half - 0.2)
            tread = [(inner, 0, z), (x, 0, z), (x, 0.42, z), (inner, 0.42, z)]
            parts.append((np.array(tread, np.float32), TYRE, 40 + len(parts)))
    if not style.cargo:
        sill = [(low + 0.1, 0.2), (high - 0.1, 0.2), (high - 0.1, 0.3), (low + 0.1, 0.3)]
        skirt = np.array([(sign * half, y, z) for z, y in sill], np.float32)
        parts.insert(0, (skirt, TRIM, group))
    return parts


def _side_windows(style: Style, quad: Floats, group: int) -> list[tuple[Floats, int, int]]:
    begin, end = style.side_glass
    if style.category == "van" or style.cargo:  # counted from the front
        begin, end = 1 - end, 1 - begin
    posts = [begin, *(p for p in style.pillars if begin < p < end), end]
    return [
        (patch(quad, (left + 0.015, right - 0.015), (0.12, 0.86)), GLASS, group)
        for left, right in pairwise(posts)
    ]


def _load_box(rear: float, front: float, height: float, half: float, floor: float) -> Mesh:
    from isthmus.synth.mesh import box

    left, right, back, ahead, top = box((-half, half), (floor, height), (rear, front))
    parts: list[tuple[Floats, int, int]] = [
        (ahead, CARGO, 0), (top, CARGO, 1), (left, CARGO, 2), (right, CARGO, 3), (back, CARGO, 4),
        (patch(back, (0.03, 0.49), (0.03, 0.97)), CARGO, 4),
        (patch(back, (0.492, 0.508), (0.0, 1.0)), TRIM, 4),
    ]  # fmt: skip
    for sign in (-1, 1):
        x = sign * half * 0.96
        frame = [(x, 0.55, rear + 0.2), (x, 0.55, front), (x, floor, front), (x, floor, rear + 0.2)]
        parts.append((np.array(frame, np.float32), DARK, 5 + (sign > 0)))
        for axle in (rear + 1.5, rear + 2.6):
            parts.append((_disc(x, 0.48, axle, 0.48), TYRE, 5 + (sign > 0)))
            parts.append((_disc(x, 0.48, axle, 0.26), RIM, 5 + (sign > 0)))
        inner = sign * half * 0.55
        tread = [(inner, 0, rear + 1.0), (x, 0, rear + 1.0), (x, 0.9, rear + 1.0),
                 (inner, 0.9, rear + 1.0)]  # fmt: skip
        parts.append((np.array(tread, np.float32), TYRE, 8 + (sign > 0)))
    bar = [(-half, 0.5, rear), (half, 0.5, rear), (half, floor, rear), (-half, floor, rear)]
    parts.append((np.array(bar, np.float32), TRIM, 10))
    for u in ((0.03, 0.16), (0.84, 0.97)):
        parts.append((patch(bar, u, (0.3, 0.8)), TAIL, 10))
    parts.append((patch(bar, (0.4, 0.6), (0.3, 0.75)), PLATE, 10))
    return _parts(parts, (0.0, 1.5, 0.5 * (rear + front)))
