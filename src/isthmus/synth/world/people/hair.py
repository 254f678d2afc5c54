"""Hair and what is worn on heads: shells over the skull, cut where the hairline or a rim runs.

In units of the head's height, as in `head`. A shell dips under the skin where it ends, so that its
border is a clean line.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from isthmus.synth.world.people.head import Face, angles, levels, skull
from isthmus.synth.world.people.loft import (
    Reals,
    Surface,
    blob,
    circle,
    curve,
    joined,
    oval,
    path_frames,
    sheet,
    swept,
)
from isthmus.synth.world.people.skeleton import ramp

HairStyle = Literal["bald", "cropped", "short", "full", "bob", "long", "ponytail", "bun", "curly"]
Headwear = Literal[
    "none", "beanie", "cap", "hood", "headscarf", "helmet", "sunhat", "cycle", "full"
]  # fmt: skip

# Degrees from the face, height of the hairline.
_LINES: dict[str, Reals] = {
    "bald": np.array([[0, 1.2], [75, 1.0], [88, .55], [112, .40], [180, .30]]),
    "receding": np.array([[0, .93], [35, .95], [62, .80], [80, .52], [112, .40], [180, .28]]),
    "short": np.array([[0, .83], [35, .83], [60, .73], [78, .47], [108, .40], [180, .26]]),
    "full": np.array([[0, .81], [35, .78], [60, .68], [76, .42], [108, .34], [180, .18]]),
    "long": np.array([[0, .85], [22, .82], [48, .70], [62, .50], [74, .30], [108, .20],
                      [180, .10]]),
}  # fmt: skip


def hair(
    face: Face, style: HairStyle, receding: bool, detail: int, *, under_hat: bool = False
) -> list[Surface]:
    """The hair of a style, flat where a hat presses it."""
    thick = {"bald": 0.014, "cropped": 0.022, "short": 0.05, "full": 0.075, "bob": 0.075,
             "long": 0.06, "ponytail": 0.04, "bun": 0.04, "curly": 0.14}[style]  # fmt: skip
    line = {"bald": "bald", "bob": "long", "long": "long", "curly": "full", "full": "full"}.get(
        style, "receding" if receding else "short"
    )
    if under_hat:
        thick = min(thick, 0.02)
    parts = [_shell(face, detail, _LINES[line], thick, sides=0.55 if style != "curly" else 0.9,
                    hanging=style in ("long", "bob"))]  # fmt: skip
    if style in ("long", "bob"):
        parts.append(_curtain(detail, -0.15 if style == "bob" else -0.62))
    elif style == "ponytail":
        parts.append(_tail(detail))
    elif style == "bun" and not under_hat:
        rings, sides = {2: (5, 8), 1: (3, 6), 0: (2, 4)}[detail]
        parts.append(blob([0.0, 0.80, -0.46], [0.14, 0.13, 0.13], rings=rings, sides=sides))
    return parts


def _grid(face: Face, detail: int, out: Reals | float, low: float) -> Reals:
    """Rings of the skull from `low` upward, moved outwards by `out`."""
    at = levels(detail)
    at = np.concatenate([[low], at[at > low + 0.02]])
    grid = skull(face, at, angles(detail), relief=False)
    middle = np.array([0.0, 0.52, -0.03])
    direction = grid - middle
    direction /= np.linalg.norm(direction, axis=2, keepdims=True)
    return np.asarray(grid + direction * np.asarray(out)[..., None])


def _kept(grid: Reals, mask: Reals) -> Surface:
    """The faces of a capped grid at which `mask` is above 0 somewhere."""
    whole = sheet(grid, caps=(False, True))
    closed = np.concatenate([mask, mask[:, :1]], axis=1).ravel()
    worth = np.concatenate([closed, [1.0]])
    faces = whole.faces[(worth[whole.faces] > 0.0).any(axis=1)]
    return Surface(whole.points, faces, whole.uv, whole.weld)


def _shell(
    face: Face, detail: int, line: Reals, thick: float, sides: float, *, hanging: bool
) -> Surface:
    base = _grid(face, detail, 0.0, 0.06)
    around = np.degrees(np.arccos(np.clip(
        (base[..., 2] + 0.03) / np.maximum(np.hypot(base[..., 0], base[..., 2] + 0.03), 1e-6),
        -1, 1)))  # fmt: skip
    border = curve(line, around.ravel())[:, 0].reshape(around.shape)
    above = base[..., 1] - border
    # Hair rises gently over the brow, steeply at the nape.
    mask = ramp(above, -0.015, 0.05 + 0.07 * ramp(around, 70, 30))
    crown = ramp(base[..., 1], 0.45, 0.85)
    lock = 1 + 0.16 * np.sin(5.0 * np.radians(around) + 9.0 * base[..., 0] + 21.0 * base[..., 1])
    height = thick * (sides + (1 - sides) * crown) * lock
    if hanging:
        # What hangs from it takes over below the crown.
        height = height * ramp(base[..., 1] + 0.5 * ramp(base[..., 2], 0.0, 0.3), 0.30, 0.70)
    out = np.where(above > -0.10, -0.022 + mask * (0.022 + height), -0.022)
    return _kept(_grid(face, detail, out, 0.06), np.where(above > -0.03, 1.0, 0.0))


# Height, middle (z), half depth, half breadth of hair that hangs over neck and shoulders.
_CURTAIN = np.array([
    [.86, -.07, .30, .27], [.72, -.08, .385, .352], [.45, -.11, .375, .375], [.2, -.17, .32, .362],
    [0, -.28, .235, .335], [-.2, -.40, .19, .32], [-.45, -.48, .15, .30], [-.70, -.53, .10, .26],
])  # fmt: skip


@lru_cache(maxsize=8)
def _curtain(detail: int, end: float) -> Surface:
    rings, sides = {2: (9, 14), 1: (5, 7), 0: (3, 4)}[detail]
    y = np.linspace(0.82, end, rings)
    middle, depth, breadth = curve(_CURTAIN[::-1], y).T
    narrow = 1 - 0.35 * ramp(y, end + 0.18, end)
    angle = circle(sides)
    section = oval(angle, breadth * narrow, depth, depth * narrow, 2.4)
    wave = 1 + 0.03 * np.sin(6 * angle)[None] * ramp(y, 0.5, 0.1)[:, None]
    centres = np.stack([np.zeros_like(y), y, middle], axis=1)
    return sheet(swept(centres, [1.0, 0, 0], [0, 0, 1.0], section * wave[..., None]),
                 caps=(True, True))  # fmt: skip


@lru_cache(maxsize=8)
def _tail(detail: int) -> Surface:
    rings, sides = {2: (8, 8), 1: (4, 5), 0: (3, 3)}[detail]
    keys = np.array([
        [0, .72, -.38, .06], [.15, .72, -.50, .085], [.35, .56, -.57, .11], [.65, .22, -.56, .10],
        [1, -.15, -.54, .02],
    ])  # fmt: skip
    y, z, r = curve(keys, np.linspace(0, 1, rings)).T
    centres = np.stack([np.zeros_like(y), y, z], axis=1)
    frames = path_frames(centres, [1.0, 0.0, 0.0])
    return sheet(swept(centres, *frames, oval(circle(sides), r, r, r)), caps=(True, True))


def beard(face: Face, detail: int) -> Surface:
    """A short full beard."""
    at = np.array([y for y in levels(detail) if y < 0.36])
    angle = angles(detail)
    base = skull(face, at, angle)
    around = np.degrees(np.arctan2(np.abs(base[..., 0]), base[..., 2]))
    top = curve(
        [[0, 0.14], [14, 0.15], [24, 0.27], [60, 0.30], [80, 0.44], [180, 0.44]], around.ravel()
    )
    above = top[:, 0].reshape(around.shape) - base[..., 1]
    lip = (np.abs(base[..., 1] - 0.258) < 0.028) & (around < 24)
    inside = (np.maximum(above, np.where(lip, 0.02, -1.0)) > 0) & (around < 98)
    middle = np.array([0.0, 0.35, 0.0])
    direction = base - middle
    direction /= np.linalg.norm(direction, axis=2, keepdims=True)
    grid = base + direction * np.where(inside, 0.022, -0.02)[..., None]
    return _kept(grid, np.where(inside, 1.0, 0.0))


def headwear(face: Face, kind: Headwear, detail: int) -> tuple[Surface, Surface | None]:
    """What is worn on a head, and a second piece of other colour (a peak, a cuff), if any."""
    if kind == "beanie":
        return _hat(face, detail, 0.56, 0.055, 0.10), _band(face, detail, 0.55, 0.69, 0.072)
    if kind == "cap":
        return _hat(face, detail, 0.70, 0.05, 0.03), _peak(detail)
    if kind == "helmet":
        return _hat(face, detail, 0.64, 0.13, 0.07), _brim(detail, 0.66, 0.13)
    if kind == "cycle":
        return _cycle_helmet(face, detail), None
    if kind == "full":
        return _full_helmet(detail)
    if kind == "sunhat":
        return _hat(face, detail, 0.68, 0.06, 0.06), _brim(detail, 0.70, 0.26)
    return _wrap(face, detail, loose=0.10 if kind == "hood" else 0.035), None


def _hat(face: Face, detail: int, rim: float, thick: float, top: float) -> Surface:
    low = _grid(face, detail, 0.0, rim)
    out = thick + top * ramp(low[..., 1], 0.75, 1.0)
    grid = _grid(face, detail, out, rim)
    grid[0, :, 1] = rim + 0.02 * (grid[0, :, 2] > 0)
    inner = grid[:1] * np.array([0.88, 1.0, 0.88])
    return sheet(np.concatenate([inner, grid]), caps=(False, True))


def _cycle_helmet(face: Face, detail: int) -> Surface:
    """A bicycle helmet: long, ridged, higher at the brow than at the nape."""
    grid = _hat(face, detail, 0.66, 0.10, 0.05)
    around = np.arctan2(grid.points[:, 0], grid.points[:, 2])
    ridge = 0.022 * np.cos(7 * around) * ramp(grid.points[:, 1], 0.75, 0.9)
    points = grid.points * [1.0, 1.0, 1.10] + [0.0, 0.0, -0.02]
    points[:, 1] += ridge - 0.10 * ramp(points[:, 2], 0.0, -0.5) * ramp(points[:, 1], 0.95, 0.7)
    return Surface(points, grid.faces, grid.uv, grid.weld)


@lru_cache(maxsize=3)
def _full_helmet(detail: int) -> tuple[Surface, Surface]:
    """A motorcycle helmet and its dark visor."""
    rings, sides = {2: (12, 20), 1: (6, 12), 0: (4, 8)}[detail]
    shell = blob([0.0, 0.50, -0.01], [0.49, 0.61, 0.575], rings=rings, sides=sides, power=2.3)
    visor = blob([0.0, 0.53, 0.06], [0.46, 0.20, 0.53], rings=max(rings // 2, 2), sides=sides,
                 power=2.3)  # fmt: skip
    return shell, visor


def _band(face: Face, detail: int, low: float, high: float, out: float) -> Surface:
    at = np.array([low, low + 0.01, high, high + 0.005])
    grid = skull(face, at, angles(detail), relief=False)
    flat = np.array([1.0, 0.0, 1.0])
    direction = grid * flat
    direction /= np.maximum(np.linalg.norm(direction, axis=2, keepdims=True), 1e-6)
    step = np.array([0.0, out, out, out - 0.06])
    return sheet(grid + direction * step[:, None, None])


@lru_cache(maxsize=8)
def _peak(detail: int) -> Surface:
    rows, columns = {2: (4, 9), 1: (2, 5), 0: (2, 3)}[detail]
    a = np.linspace(np.radians(30), np.radians(150), columns)
    t = np.linspace(0, 1, rows)[:, None]
    edge = np.stack([0.33 * np.cos(a), 0.36 * np.sin(a) + 0.02], 1)
    far = np.stack([0.31 * np.cos(a), 0.40 + 0.30 * np.sin(a) ** 1.5], 1)
    flat = edge[None] * (1 - t[..., None]) + far[None] * t[..., None]
    y = 0.725 - 0.10 * t - 0.10 * np.abs(flat[..., 0])
    grid = np.stack([flat[..., 0], y, flat[..., 1]], axis=-1)
    under = grid - [0.0, 0.012, 0.0]
    return joined([sheet(grid[:, ::-1], around=False), sheet(under, around=False)])


@lru_cache(maxsize=8)
def _brim(detail: int, y: float, wide: float) -> Surface:
    sides = {2: 18, 1: 10, 0: 6}[detail]
    out = np.array([0.30, 0.33 + wide, 0.34 + wide, 0.30])
    deep = out + 0.06
    lift = np.array([y - 0.005, y - 0.055, y - 0.045, y + 0.012])
    section = oval(circle(sides), out, deep, deep + 0.05)
    centres = np.stack([np.zeros(4), lift, np.zeros(4)], axis=1)
    return sheet(swept(centres, [-1.0, 0, 0], [0, 0, 1.0], section))


def _wrap(face: Face, detail: int, loose: ArrayLike) -> Surface:
    """A hood or headscarf: all round the head but for the face."""
    base = _grid(face, detail, 0.0, 0.03)
    oval_share = ((base[..., 0] / 0.27) ** 2 + ((base[..., 1] - 0.42) / 0.40) ** 2) ** 0.5
    outside = oval_share - 1.0 + 1.2 * ramp(base[..., 2], 0.22, -0.05)
    out = -0.05 + (np.asarray(loose) + 0.05) * ramp(outside, -0.10, 0.10)
    shell = _kept(_grid(face, detail, out, 0.03), np.where(outside > -0.25, 1.0, 0.0))
    rings, sides = {2: (6, 16), 1: (4, 8), 0: (2, 6)}[detail]
    keys = np.array([
        [-.34, -.14, .36, .46], [-.2, -.12, .30, .36], [0, -.09, .27, .31],
        [.16, -.08, .30, .33], [.3, -.10, .30, .34],
    ])  # fmt: skip
    y = np.linspace(0.3, -0.32, rings)
    middle, depth, breadth = curve(keys, y).T
    centres = np.stack([np.zeros_like(y), y, middle], axis=1)
    neck = sheet(swept(centres, [1.0, 0, 0], [0, 0, 1.0],
                       oval(circle(sides), breadth, depth, depth * 1.3)))  # fmt: skip
    return joined([shell, neck])
