"""Lamps in the dark: one's own low beam, lamps of other vehicles, lit places of a street."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from isthmus.augment.linear import Bytes, Floats
from isthmus.data.frame import Box

VEHICLES = ("vehicle", "car", "van", "truck", "bus")
TAIL = np.array([0.95, 0.06, 0.03], np.float32)
HEAD = np.array([1.0, 0.97, 0.86], np.float32)
SODIUM = np.array([1.0, 0.72, 0.38], np.float32)
SMALLEST_BOX = 12.0
HEAD_POWER, TAIL_POWER = 800.0, 40.0
"""Of one lamp towards the road between it and an oncoming eye, candela: of a low beam
(UN R112), and of a tail lamp that may brake."""


def headlamp_beam(depth: Floats, shape: tuple[int, int], horizon: float = 0.5) -> Floats:
    """Relative illuminance (h, w) by a low beam: 1 on an upright surface 10 m ahead.

    Falls with the square of distance, is cut off above the horizon and narrow to the sides.
    """
    height, width = shape
    rows = (np.arange(height, dtype=np.float32) + 0.5)[:, None] / height
    columns = (np.arange(width, dtype=np.float32) + 0.5)[None] / width - 0.5
    cut = 1 / (1 + np.exp(np.clip((horizon - 0.015 - rows) / 0.018, -30, 30)))
    spread = np.exp(-((columns / 0.33) ** 2)) * 0.93 + 0.07
    falloff = 100 / np.maximum(depth, 6.0) ** 2
    # The road is struck at a grazing angle: far less light a square metre than on a wall.
    grazing = np.clip(1 - 0.55 * np.clip((rows - horizon) / (1 - horizon), 0, 1), 0.3, 1)
    return np.asarray(np.minimum(falloff, 2.2) * cut * spread * grazing, np.float32)


@dataclass(frozen=True)
class Lamp:
    """A lamp as the picture shows it.

    Attributes:
        spot: its middle (x, y), pixels.
        radius: of its bright disc, pixels.
        light: (3,) linear light of the disc.
        candela: (3,) what it sends towards the road.
    """

    spot: tuple[float, float]
    radius: float
    light: Floats
    candela: Floats


def shining(lamps: Iterable[Lamp], shape: tuple[int, int]) -> Floats:
    """Linear light (h, w, 3) of lamps and their glow."""
    light = np.zeros((*shape, 3), np.float32)
    for lamp in lamps:
        add_glow(light, lamp.spot, lamp.radius, lamp.light)
    return light


def at(spot: tuple[float, float], plane: Floats) -> float:
    """The value of (h, w) where a lamp is, or at the edge nearest to it."""
    x, y = (int(np.clip(v, 0, side - 1)) for v, side in zip(spot, plane.shape[::-1], strict=True))
    return float(plane[y, x])


def vehicle_lamps(
    boxes: Sequence[Box], shape: tuple[int, int], strength: float, rng: np.random.Generator,
    *, glare: float = 1.0, image: Bytes | None = None,
) -> list[Lamp]:  # fmt: skip
    """Pairs of lamps on vehicles, with a glow `glare` times as wide as a lamp's.

    Which way a vehicle faces is not labelled. Where the `image` by day shows red glass at both
    sides, these are its tail lamps; else, left of the middle or right of it, as traffic keeps to
    one side, most show their tail on one's own side and their front on the other.
    """
    lamps = []
    along = [box for box in boxes if _seen_along(box, shape)]
    glass = [[] if image is None else tail_lamps(image, box) for box in along]
    # Traffic keeps to the side on which most tails are seen.
    tails = sum(np.sign(spots[0][0] + spots[1][0] - shape[1]) for spots in glass if spots)
    own_side = np.sign(tails) or (1 if rng.random() < 0.5 else -1)
    for box, red in zip(along, glass, strict=True):
        draws = rng.random(2)
        if draws[0] < 0.45:  # parked, or not switched on
            continue
        x1, y1, x2, y2 = box.xyxy
        width, height = x2 - x1, y2 - y1
        side = np.sign(0.5 * (x1 + x2) - shape[1] / 2)
        front = not red and (draws[1] < 0.8) == (side != own_side)
        colour, power, candela = (HEAD, 1.3, HEAD_POWER) if front else (TAIL, 0.45, TAIL_POWER)
        row = y1 + (0.62 if front else 0.52) * height
        radius = glare * min(0.03 * width, 0.004 * shape[1]) + 0.4
        lamps += [
            Lamp(spot, radius, power * strength * colour, np.float32(candela) * colour)
            for spot in red or [(x1 + u * width, row) for u in (0.13, 0.87)]
        ]
    return lamps


def _seen_along(box: Box, shape: tuple[int, int]) -> bool:
    """Whether it is a vehicle, large enough, wholly in the picture and not seen from the side."""
    x1, y1, x2, y2 = box.xyxy
    cut = x1 <= 1 or y1 <= 1 or x2 >= shape[1] - 1 or y2 >= shape[0] - 1
    wide = x2 - x1 > 1.45 * (y2 - y1)
    return box.category in VEHICLES and x2 - x1 >= SMALLEST_BOX and not wide and not cut


def tail_lamps(image: Bytes, box: Box) -> list[tuple[float, float]]:
    """Middles (x, y) of the red glass left and right on a vehicle (2), or none.

    Args:
        image: (h, w, 3) of the frame by day.
        box: of a vehicle, wholly in the picture.
    """
    x1, y1, x2, y2 = (int(side) for side in box.xyxy)
    top, bottom = y1 + int(0.25 * (y2 - y1)), y1 + int(0.8 * (y2 - y1))
    part = image[top:bottom, x1:x2].astype(np.int16)
    red, green, blue = (part[..., c] for c in range(3))
    glass = (red > 70) & (red > 2 * np.maximum(green, blue))
    columns = np.arange(part.shape[1]) / max(part.shape[1], 1)
    if glass[:, (columns > 0.35) & (columns < 0.65)].mean() > 0.1:
        return []  # the vehicle itself is red
    spots = []
    for side in (columns < 0.35, columns > 0.65):
        rows, places = np.nonzero(glass & side)
        if len(rows) < max(2, 0.004 * part[..., 0].size):
            return []
        spots.append((x1 + float(places.mean()) + 0.5, top + float(rows.mean()) + 0.5))
    return spots


def street_glow(shape: tuple[int, int], strength: float, rng: np.random.Generator) -> Floats:
    """Linear light (h, w, 3) of a few street lamps along both sides, smaller with distance."""
    light = np.zeros((*shape, 3), np.float32)
    height, width = shape
    for _ in range(int(rng.integers(2, 6))):
        distance, side = rng.uniform(1.0, 7.0), rng.choice([-1, 1])
        spot = (
            width * (0.5 + side * 0.42 / distance + rng.normal(0, 0.01)),
            height * (0.48 - 0.42 / distance),
        )
        power = strength * rng.uniform(0.5, 1.1)
        add_glow(light, spot, 0.008 * width / np.sqrt(distance), power * SODIUM)
    return light


def add_glow(light: Floats, spot: tuple[float, float], radius: float, colour: Floats) -> None:
    """Add a lamp at (x, y) in place: a bright disc of `radius` px, a halo eight times as wide."""
    reach = int(np.ceil(8 * radius))
    x, y = int(spot[0]), int(spot[1])
    top, bottom = max(0, y - reach), min(light.shape[0], y + reach + 1)
    left, right = max(0, x - reach), min(light.shape[1], x + reach + 1)
    if top >= bottom or left >= right:
        return
    rows = (np.arange(top, bottom) + 0.5 - spot[1])[:, None] / radius
    columns = (np.arange(left, right) + 0.5 - spot[0])[None] / radius
    square = rows**2 + columns**2
    fade = np.clip(1 - square / 64, 0, 1)
    glow = np.exp(-0.7 * square) + 0.05 * fade**2 / (1 + 0.4 * square)
    light[top:bottom, left:right] += (glow[..., None] * colour).astype(np.float32)
